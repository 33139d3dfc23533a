"""The process in which uploaded files are read and scored, with limited memory and low priority.

It reads a task as one line of JSON from its standard input and writes lines of JSON. It has no access to the
database or to any secret, and ends with its whole group as soon as its input is closed, which happens when the
service is killed. Nothing of its work is visible before ``result.zip`` has its name.
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
from riskmodel.sources.formats.files import sha256_of
from riskmodel.workspace.atomic import sync

#: Seconds between two heartbeats, and between two reports of progress.
ALIVE, REPORT = 1.0, 0.2
#: Seconds in which a process of an earlier start must have released the output.
TIMEOUT = 30.0
#: Moment of every file in a result: the same input gives the same bytes.
MOMENT = (1980, 1, 1, 0, 0, 0)
#: Score with which the kernel prefers to kill this process when memory is short, of 1000.
OOM_SCORE = "800"
Send = Callable[[dict[str, Any]], None]


def main() -> int:
    """Do the task in the first line of the input."""
    # Libraries print to the standard output too: let them write to the standard error.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    task = json.loads(sys.stdin.buffer.readline())
    send = _sender(out)
    _limit_resources(int(task["memory"]))
    Thread(target=_end_with_the_service, args=(send,), daemon=True).start()
    try:
        if task["do"] == "inspect":
            from riskmodel.web.jobs.inspecting import inspect_file

            send({"done": inspect_file(Path(task["path"]), int(task["most_rows"]))})
        else:
            send({"done": score_upload(task, send)})
    except InputError as error:
        send({"refused": message(error, [str(value) for value in task.values() if str(value).startswith(os.sep)])})
    except MemoryError:
        send({"refused": f"It needs more memory than the {int(task['memory']) // 2**20:,} MB that it may have."})
    return 0


def message(error: InputError, paths: list[str]) -> str:
    """Return the message of an error without the paths of files, which must not leave the machine."""
    text = f"Found {error.found}; expected {error.expected}. {error.hint}".strip()
    for path in sorted(paths, key=len, reverse=True):
        text = text.replace(path, "(a file)")
    return text


def score_upload(task: dict[str, Any], send: Send) -> dict[str, Any]:
    """Score an upload and pack the output; parts that an earlier start finished are not done again.

    ``task`` has paths ``source``, ``release``, ``output`` and ``result``, and whether ``drivers`` are computed.
    Returns ``totals`` of the manifest, and ``sha256`` and ``bytes`` of the result.
    """
    output, result = Path(task["output"]), Path(task["result"])
    if not result.exists():
        _wait_for(output)
        try:
            _score(task, output, send)
            pack(output, result)
        except _IncompleteError:
            # After a power cut a file may exist without its contents. None of it was visible: begin again.
            shutil.rmtree(output)
            _score(task, output, send)
            pack(output, result)
    with zipfile.ZipFile(result) as archive:
        totals = json.loads(archive.read("manifest.json"))["totals"]
    return {"totals": totals, "sha256": sha256_of(result), "bytes": result.stat().st_size}


class _IncompleteError(Exception):
    """Raised when the output differs from its manifest."""


def pack(output: Path, result: Path) -> None:
    """Pack a finished run in one zip file, which then exists whole or not at all.

    It has scores, rejects, ``run.json`` and ``manifest.json``. Parquet is compressed already, so nothing is
    compressed again, and the same run gives the same bytes.
    """
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
                        raise _IncompleteError(each)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(0o640)
        Path(name).replace(result)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise _IncompleteError(str(error)) from error
    sync(result.parent)


def _add(archive: zipfile.ZipFile, path: Path, name: str) -> str:
    entry = zipfile.ZipInfo(name, MOMENT)
    entry.external_attr = 0o644 << 16
    digest = hashlib.sha256()
    with path.open("rb") as stream, archive.open(entry, "w", force_zip64=path.stat().st_size > 2**31) as target:
        while block := stream.read(2**20):
            digest.update(block)
            target.write(block)
    return digest.hexdigest()


def _score(task: dict[str, Any], output: Path, send: Send) -> None:
    from riskmodel.scoring.run import MANIFEST, RUN
    from riskmodel.workflow.score import score

    if (output / MANIFEST).exists():
        return
    last = -REPORT

    def progress(done: int, total: int) -> None:
        nonlocal last
        if done in (0, total) or time.monotonic() - last >= REPORT:
            last = time.monotonic()
            send({"rows": done, "of": total})

    for again in (False, True):
        try:
            score(task["source"], task["release"], output, drivers=bool(task["drivers"]), progress=progress)
        except InputError as error:
            # Interrupted under another version of riskmodel, or a damaged beginning: start again.
            if again or error.where != str(output / RUN):
                raise
            shutil.rmtree(output)
        else:
            return


def _wait_for(output: Path) -> None:
    """Wait for a process of an earlier start, which needs a moment to notice that its service is gone."""
    from riskmodel.workspace.folder import Folder
    from riskmodel.workspace.lock import only_writer

    try:
        with only_writer(Folder(output), timeout=TIMEOUT):
            pass
    except InputError as error:  # not caused by the input: another start may succeed
        raise RuntimeError(str(error)) from error


def _limit_resources(memory: int) -> None:
    if os.name != "posix":
        return
    import resource

    os.nice(10)
    # Data, not address space: libraries reserve far more of that than they use.
    for kind, most in ((resource.RLIMIT_DATA, memory), (resource.RLIMIT_CORE, 0)):
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
    score = Path("/proc/self/oom_score_adj")
    if score.exists():
        score.write_text(OOM_SCORE, encoding="ascii")


def _end_with_the_service(send: Send) -> None:
    """Send a heartbeat every second; end, with the whole group, when the input is closed."""
    while True:
        if os.name == "posix" and not select.select([sys.stdin.buffer], [], [], ALIVE)[0]:
            send({"alive": True})
        elif not os.read(0, 4096):
            break
    if os.name == "posix" and os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


def _sender(out: TextIO) -> Send:
    lock = Lock()

    def send(content: dict[str, Any]) -> None:
        with lock:
            try:
                out.write(json.dumps(content) + "\n")
                out.flush()
            except OSError:  # the service is gone
                os._exit(1)

    return send


if __name__ == "__main__":
    sys.exit(main())
