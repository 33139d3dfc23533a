"""Many inputs in a process with bounded memory and time, which may die: whoever watches it knows of what."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import resource
import signal
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .attempt import BrokenError, Numbered, attempt, playground
from .edits import Files
from .targets import TARGETS

#: What one input may take beside what the program has loaded already.
MEMORY = 1 << 30
SECONDS = 10
FOUND = Path(__file__).with_name("found")


@dataclass
class Tally:
    """What became of the inputs of one reader."""

    tried: int = 0
    read: int = 0
    refused: int = 0
    ended: int = 0
    seconds: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)

    def told(self) -> str:
        """One line for people."""
        faults = ", ".join(f"{kind} ({count})" for kind, count in sorted(self.faults.items())) or "none"
        rate = self.tried / max(self.seconds, 1e-9)
        ended = f", {self.ended:,} ended their own process" if self.ended else ""
        outcome = f"{self.read:,} read, {self.refused:,} refused{ended}; faults: {faults}"
        return f"{self.tried:,} inputs: {outcome}; {rate:,.0f} a second"


def save(target: str, kind: str, files: Files, folder: Path = FOUND) -> Path:
    """Keep files as a regression test, once a kind of fault."""
    digest = hashlib.sha256(b"".join(files[name] for name in sorted(files))).hexdigest()[:8]
    place = folder / target / f"{kind}-{digest}"
    place.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (place / name).write_bytes(content)
    return place


def _bounded() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * os.sysconf("SC_PAGE_SIZE") + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # By default the alarm ends the process, also where it is busy in a library that never looks up.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)


def _work(
    name: str, seed: int, start: int, end: int, until: float, shared: Any, faults: Any, temporary: str
) -> None:
    """Try inputs from ``start`` on; ``shared`` holds the number under way and how many were read and refused."""
    target = TARGETS[name]
    stream = Numbered(target, seed)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    with playground(Path(temporary)) as ground:
        # What is loaded at the first use counts as the program's own.
        for files in target.seeds():
            attempt(target, target.finish(files), ground)
        _bounded()
        for number in range(start, end):
            shared[0] = number
            files = stream.files(number)
            signal.setitimer(signal.ITIMER_REAL, SECONDS)
            try:
                shared[1 if attempt(target, files, ground) else 2] += 1
            except BrokenError as fault:
                faults.put((fault.kind, number, fault.story))
            except MemoryError:
                faults.put(("MemoryError", number, ""))
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
            if time.monotonic() > until:
                end = number + 1
                break
    shared[0] = end


def run(
    name: str,
    inputs: int,
    seed: int,
    *,
    seconds: float = float("inf"),
    folder: Path = FOUND,
    progress: Callable[[int], None] = lambda _: None,
) -> Tally:
    """Try a reader on a stream of inputs.

    Parameters
    ----------
    name : str
        Of the reader, in :data:`TARGETS`.
    inputs : int
        How many.
    seed : int
        Of the stream.
    seconds : float
        Stop after this.
    folder : Path
        Where inputs go that showed a fault, the first of each kind.
    progress : callable
        Is told how many were tried.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.fuzzing.targets"])
    shared: Any = context.Array("q", 3, lock=False)
    faults: Any = context.SimpleQueue()
    tally, begun = Tally(), time.monotonic()
    stream = Numbered(TARGETS[name], seed)

    def note(kind: str, number: int, story: str) -> None:
        if kind not in tally.faults:
            place = save(name, kind, stream.files(number), folder)
            print(f"{name}: {kind} at input {number}, kept in {place}\n{story}")
        tally.faults[kind] = tally.faults.get(kind, 0) + 1

    start = 0
    while start < inputs and time.monotonic() < begun + seconds:
        with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as temporary:
            arguments = (name, seed, start, inputs, begun + seconds, shared, faults, temporary)
            shared[0] = start
            worker = context.Process(target=_work, args=arguments)
            worker.start()
            while worker.is_alive():
                worker.join(0.5)
                progress(shared[0])
                while not faults.empty():
                    note(*faults.get())
        while not faults.empty():
            note(*faults.get())
        if worker.exitcode == 0:
            tally.tried = shared[0]
            break
        code = worker.exitcode or 0
        kind = f"killed-{signal.Signals(-code).name}" if code < 0 else f"exit-{code}"
        if TARGETS[name].contained:
            tally.ended += 1
        else:
            note(kind, shared[0], "the process ended")
        start = tally.tried = shared[0] + 1
    tally.read, tally.refused = shared[1], shared[2]
    tally.seconds = time.monotonic() - begun
    return tally
