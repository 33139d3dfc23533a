"""A worker process as the service sees it: started, listened to, and ended with everything it started."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from threading import Thread
from typing import Any

from riskmodel.web.problems import Problem

#: What a worker may know of the environment: no addresses of databases, no passwords.
KNOWN = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "SYSTEMROOT", "NUMBA_CACHE_DIR")
#: Memory of the process that reads an uploaded file, and seconds it may take.
MEMORY, SECONDS = 2 * 2**30, 100.0
#: Bytes of what a worker complained that are kept.
MOST_LOG = 20_000


class Worker:
    """One worker process.

    Attributes
    ----------
    done : dict or None
        What it found, when it is done.
    refused : str
        Why it cannot be done, when it said so.
    rows, total : int
        Rows done, and rows in all.
    heard, moved : float
        When it last said something, and when it last did a row, on the monotonic clock.
    rate : float or None
        Rows a second since this process did its first.
    """

    def __init__(self, task: Mapping[str, Any]) -> None:
        self.done: dict[str, Any] | None = None
        self.refused = ""
        self.rows, self.total = 0, 0
        self.rate: float | None = None
        self.heard = self.moved = time.monotonic()
        self._began: tuple[float, int] | None = None
        self._log = b""
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "riskmodel.web.jobs.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env=_environment(),
        )
        self._threads = [
            Thread(target=self._listen, name="job", daemon=True),
            Thread(target=self._keep_log, name="job log", daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(dict(task)).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:  # it fell over already, which is seen when it is asked
            pass

    @property
    def pid(self) -> int:
        """Number of the process and of its group."""
        return self._process.pid

    @property
    def log(self) -> str:
        """The last it complained."""
        return self._log.decode(errors="replace")

    def ended(self, patience: float = 0.0) -> bool:
        """Whether it is gone and everything it said was heard."""
        try:
            self._process.wait(patience)
        except subprocess.TimeoutExpired:
            return False
        for thread in self._threads:
            thread.join(5)
        self._close()
        return True

    @property
    def how(self) -> str:
        """How it ended, in words."""
        code = self._process.returncode
        return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"

    def kill(self) -> None:
        """End it and its group at once."""
        if self._process.poll() is None:
            if os.name == "posix":
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()
        self.ended(10)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            try:
                said = json.loads(line)
            except ValueError:
                continue
            self.heard = time.monotonic()
            if "rows" in said:
                self._moved(int(said["rows"]), int(said["of"]))
            self.refused = said.get("refused", self.refused)
            self.done = said.get("done", self.done)

    def _moved(self, rows: int, total: int) -> None:
        if self._began is None:
            self._began = self.heard, rows
        seconds = self.heard - self._began[0]
        if rows > self._began[1] and seconds > 0:
            self.rate = (rows - self._began[1]) / seconds
        if rows != self.rows:
            self.moved = self.heard
        self.rows, self.total = rows, total

    def _keep_log(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._log = (self._log + line)[-MOST_LOG:]

    def _close(self) -> None:
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None and not stream.closed:
                try:
                    stream.close()
                except OSError:
                    continue


def inspected(path: Path, most_rows: int) -> dict[str, Any]:
    """What :func:`riskmodel.web.jobs.inspecting.inspect_file` says of a file, read by a process of its own."""
    worker = Worker({"do": "inspect", "path": str(path), "most_rows": most_rows, "memory": MEMORY})
    try:
        ended = worker.ended(SECONDS)
    finally:
        worker.kill()
    if worker.done is not None:
        return worker.done
    if worker.refused:
        raise Problem(422, worker.refused)
    why = f"made its reader fall over ({worker.how})" if ended else f"took more than {SECONDS:g} s to read"
    raise Problem(422, f"Found a file that {why}; expected a table of areas.")


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in KNOWN}
    parts = [str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")]
    # Two arenas: with one a thread, memory that was freed stays taken.
    return {**kept, "PYTHONPATH": os.pathsep.join(part for part in parts if part), "MALLOC_ARENA_MAX": "2"}
