"""A worker process as the service sees it: start it, read its messages, and kill it with its children."""

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

from riskmodel.web.import_path import import_path
from riskmodel.web.problems import Problem

#: Environment variables that a worker inherits: no addresses of databases, no passwords.
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "LD_LIBRARY_PATH", "SYSTEMROOT", "NUMBA_CACHE_DIR")
#: Memory of the process that reads an uploaded file, and seconds it may take.
MEMORY, SECONDS = 2 * 2**30, 100.0
#: Most bytes of the log of a worker in memory.
MOST_LOG = 20_000


class Worker:
    """One worker process, which does a task of :mod:`riskmodel.web.jobs.worker`.

    Attributes
    ----------
    done : dict or None
        The result of the task.
    refused : str
        Why the task cannot be done, as the worker reported it.
    rows, total : int
        Rows done, and rows in all.
    heard, moved : float
        Time of the last message, and of the last row done, on the monotonic clock.
    rate : float or None
        Rows a second since the first row of this process.
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
            Thread(target=self._read_log, name="job log", daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(dict(task)).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:  # it ended already, which ``ended`` finds out
            pass

    @property
    def pid(self) -> int:
        """Id of the process and of its group."""
        return self._process.pid

    @property
    def log(self) -> str:
        """End of its standard error."""
        return self._log.decode(errors="replace")

    def ended(self, timeout: float = 0.0) -> bool:
        """Return whether it ended, after reading all its messages."""
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        for thread in self._threads:
            thread.join(5)
        self._close()
        return True

    @property
    def how(self) -> str:
        """Signal or exit code with which it ended."""
        code = self._process.returncode
        return f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"

    def kill(self) -> None:
        """Kill it and its group at once."""
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
                message = json.loads(line)
            except ValueError:
                continue
            self.heard = time.monotonic()
            if "rows" in message:
                self._moved(int(message["rows"]), int(message["of"]))
            self.refused = message.get("refused", self.refused)
            self.done = message.get("done", self.done)

    def _moved(self, rows: int, total: int) -> None:
        if self._began is None:
            self._began = self.heard, rows
        seconds = self.heard - self._began[0]
        if rows > self._began[1] and seconds > 0:
            self.rate = (rows - self._began[1]) / seconds
        if rows != self.rows:
            self.moved = self.heard
        self.rows, self.total = rows, total

    def _read_log(self) -> None:
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


def inspect_apart(path: Path, most_rows: int) -> dict[str, Any]:
    """Run :func:`riskmodel.web.jobs.inspecting.inspect_file` in a process of its own.

    A problem with status 422 where the file is no whole table, or crashes the process.
    """
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
    inherited = {name: value for name, value in os.environ.items() if name in INHERITED}
    # Two arenas: with one a thread, memory that was freed is not returned.
    return {**inherited, "PYTHONPATH": import_path(), "MALLOC_ARENA_MAX": "2"}
