"""The process in which strangers' files are read and scored: poor, patient, and gone when the service is gone.

It gets one line of JSON on its standard input and answers with lines of JSON. It knows no database and no secret,
has a limit of memory, gives way to everybody, and ends with its whole group as soon as its input is closed, which
is what happens when the service is killed. Nothing of it is visible before ``result.zip`` has its name.
"""

from __future__ import annotations

import hashlib
import json
import os
import select
import shutil
import signal
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from threading import Lock, Thread
from typing import Any, TextIO

from riskmodel.errors import InputError

#: Seconds between two signs of life, and between two reports of progress.
ALIVE, REPORT = 1.0, 0.2
#: Seconds in which a process of an earlier start must have let go of the output.
PATIENCE = 30.0
#: Moment of every file in a result: the same input gives the same bytes.
MOMENT = (1980, 1, 1, 0, 0, 0)
#: How much the kernel prefers this process when memory is short, of 1000.
PREFERRED = "800"
Say = Callable[[dict[str, Any]], None]


def main() -> int:
    """Do what the first line of the input says."""
    # Libraries print to the standard output too; ours is kept apart.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    task = json.loads(sys.stdin.buffer.readline())
    say = _sayer(out)
    _be_modest(int(task["memory"]))
    Thread(target=_end_with_the_service, args=(say,), daemon=True).start()
    try:
        if task["do"] == "inspect":
            from riskmodel.web.jobs.inspecting import inspect_file

            say({"done": inspect_file(Path(task["path"]), int(task["most_rows"]))})
        else:
            say({"done": score_upload(task, say)})
    except InputError as error:
        say({"refused": told(error, [str(value) for value in task.values() if str(value).startswith(os.sep)])})
    except MemoryError:
        say({"refused": f"It needs more memory than the {int(task['memory']) // 2**20:,} MB that it may have."})
    return 0


def told(error: InputError, places: list[str]) -> str:
    """An error in words that may leave the machine: without the places of files."""
    text = f"Found {error.found}; expected {error.expected}. {error.hint}".strip()
    for place in sorted(places, key=len, reverse=True):
        text = text.replace(place, "(a file)")
    return text


def score_upload(task: dict[str, Any], say: Say) -> dict[str, Any]:
    """Score an upload and pack what came out; what an earlier start finished is not done again."""
    output, result = Path(task["output"]), Path(task["result"])
    if not result.exists():
        _wait_for(output)
        try:
            _score(task, output, say)
            pack(output, result)
        except _NotWholeError:
            # After a power cut a file may be there without its contents. None of it was visible: begin again.
            shutil.rmtree(output)
            _score(task, output, say)
            pack(output, result)
    with zipfile.ZipFile(result) as archive:
        totals = json.loads(archive.read("manifest.json"))["totals"]
    with result.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return {"totals": totals, "sha256": sha256, "bytes": result.stat().st_size}


class _NotWholeError(Exception):
    """The output is not what its manifest says."""


def pack(output: Path, result: Path) -> None:
    """Put a finished run in one file: scores, rejects, ``run.json`` and ``manifest.json``; whole or not there."""
    try:
        manifest = json.loads((output / "manifest.json").read_text(encoding="utf-8"))
        sums = {f"scores/{part['part']}": part["sha256"] for part in manifest["parts"]}
        sums |= {
            f"rejects/{part['part']}": part["rejects_sha256"]
            for part in manifest["parts"]
            if "rejects_sha256" in part
        }
        for left in result.parent.glob(".*.zip"):
            left.unlink()
        handle, name = tempfile.mkstemp(dir=result.parent, prefix=".", suffix=".zip")
        with os.fdopen(handle, "wb") as stream:
            with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
                for each in ("manifest.json", "run.json", *sorted(sums)):
                    if _add(archive, output / each, each) != sums.get(each, "") and each in sums:
                        raise _NotWholeError(each)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(0o640)
        Path(name).replace(result)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise _NotWholeError(str(error)) from error
    sync_folder(result.parent)


def sync_folder(folder: Path) -> None:
    """Let names in a folder survive a power cut too."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _add(archive: zipfile.ZipFile, path: Path, name: str) -> str:
    about = zipfile.ZipInfo(name, MOMENT)
    about.external_attr = 0o644 << 16
    digest = hashlib.sha256()
    with path.open("rb") as stream, archive.open(about, "w", force_zip64=path.stat().st_size > 2**31) as target:
        while block := stream.read(2**20):
            digest.update(block)
            target.write(block)
    return digest.hexdigest()


def _score(task: dict[str, Any], output: Path, say: Say) -> None:
    from riskmodel.scoring.run import MANIFEST, RUN
    from riskmodel.workflow.score import score

    if (output / MANIFEST).exists():
        return
    last = -REPORT

    def progress(done: int, total: int) -> None:
        nonlocal last
        if done in (0, total) or time.monotonic() - last >= REPORT:
            last = time.monotonic()
            say({"rows": done, "of": total})

    for again in (False, True):
        try:
            score(task["source"], task["release"], output, drivers=bool(task["drivers"]), progress=progress)
        except InputError as error:
            # Broken off under another version of riskmodel, or a damaged beginning: then from the start.
            if again or error.where != str(output / RUN):
                raise
            shutil.rmtree(output)
        else:
            return


def _wait_for(output: Path) -> None:
    """A process of an earlier start may need a moment to notice that it is on its own."""
    from riskmodel.workspace.lock import only_writer
    from riskmodel.workspace.store import Workspace

    try:
        with only_writer(Workspace(output), patience=PATIENCE):
            pass
    except InputError as error:  # no fault of the input: another start may be luckier
        raise RuntimeError(str(error)) from error


def _be_modest(memory: int) -> None:
    if os.name != "posix":
        return
    import resource

    os.nice(10)
    # Written data, not addresses: libraries reserve far more of those than they use.
    for kind, most in ((resource.RLIMIT_DATA, memory), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
    score = Path("/proc/self/oom_score_adj")
    if score.exists():
        score.write_text(PREFERRED, encoding="ascii")


def _end_with_the_service(say: Say) -> None:
    """Give a sign of life every second; end, with the whole group, when the input is closed."""
    while True:
        if os.name == "posix" and not select.select([sys.stdin.buffer], [], [], ALIVE)[0]:
            say({"alive": True})
        elif not os.read(0, 4096):
            break
    if os.name == "posix" and os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


def _sayer(out: TextIO) -> Say:
    lock = Lock()

    def say(what: dict[str, Any]) -> None:
        with lock:
            try:
                out.write(json.dumps(what) + "\n")
                out.flush()
            except OSError:  # nobody listens any more
                os._exit(1)

    return say


if __name__ == "__main__":
    sys.exit(main())
