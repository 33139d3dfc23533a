"""Write files and folders in one step, and report a full or read-only disk as bad input, without a traceback.

What is written here is there whole or not at all, also after a power cut: contents reach the disk before the name
does.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeAlias

from riskmodel.errors import InputError, StoreError

#: Bytes of a file, or a function that writes them to the path that it is given.
Content: TypeAlias = bytes | Callable[[Path], object]

#: Prefix of everything unfinished, which distinguishes what a killed process left from other files.
DRAFT = ".draft-"
#: Expected where nothing may be written.
TO_WRITE = "a folder to write into"

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_CLOSED = {errno.EROFS, errno.EACCES, errno.EPERM}
#: Messages of SQLite and of libraries upon it, in which a failed write has no errno.
_FULL_WORDS = (
    "disk is full",
    "disk I/O error",
    "No space left on device",
    "File too large",
    "No usable temporary directory",
)
_CLOSED_WORDS = ("readonly database", "unable to open database file", "Read-only file system", "Permission denied")


def disk_trouble(error: BaseException, where: object) -> StoreError | None:
    """The error to raise for a disk that is full or may not be written to; None for any other error."""
    seen: BaseException | None = error
    while seen is not None:
        path = getattr(seen, "filename", None) or where
        number, text = getattr(seen, "errno", None), str(seen)
        if number in _FULL or any(words in text for words in _FULL_WORDS):
            hint = "What was there is unharmed. Make room on this disk, then run the command again."
            return StoreError(path, f"no room to write ({_first_line(text)})", "a disk with room", hint)
        if number in _CLOSED or any(words in text for words in _CLOSED_WORDS):
            hint = "What was there is unharmed. Give this user the right to write there, or choose another folder."
            return StoreError(path, f"no right to write ({_first_line(text)})", TO_WRITE, hint)
        seen = seen.__cause__ or seen.__context__
    return None


@contextmanager
def report_disk_trouble(where: object) -> Iterator[None]:
    """Raise an :class:`~riskmodel.errors.InputError` where the body meets a full or read-only disk."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        trouble = disk_trouble(error, where)
        if trouble is None:
            raise
        raise trouble from error


def _first_line(text: str) -> str:
    return (text.splitlines() or [""])[0][:100]


def json_bytes(value: Any, indent: int = 1) -> bytes:
    """JSON in ASCII, indented, with a newline at the end."""
    return (json.dumps(value, indent=indent) + "\n").encode()


def write_content(path: Path, content: Content) -> None:
    """Write bytes to a path, or let a function do so."""
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        content(path)


def write_atomically(path: Path, content: Content) -> Path:
    """Write a draft of a file, then rename it to the file in one step."""
    with draft_folder(path.parent) as draft, report_disk_trouble(path):
        write_content(draft / path.name, content)
        (draft / path.name).chmod(0o644)
        sync(draft / path.name)
        (draft / path.name).replace(path)
        sync(path.parent)
    return path


@contextmanager
def draft_folder(parent: Path) -> Iterator[Path]:
    """Make a hidden folder in ``parent`` to fill; it is removed unless it was renamed."""
    try:
        parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=parent, prefix=DRAFT))
    except OSError as error:
        raise InputError(parent, error.strerror or "no folder", TO_WRITE) from error
    draft.chmod(0o755)
    try:
        with report_disk_trouble(parent):
            yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def install(draft: Path, path: Path) -> None:
    """Rename a finished draft to a file or folder, which it replaces."""
    if draft.is_file():
        draft.replace(path)
        return
    if not path.exists():
        draft.rename(path)
        return
    # A folder cannot replace another in one step; readers miss it for the moment between two renames.
    aside = Path(tempfile.mkdtemp(dir=path.parent, prefix=DRAFT))
    try:
        path.rename(aside / "old")
        draft.rename(path)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def sync(path: Path) -> None:
    """Flush a file, or the names in a folder, to the disk, so that they survive a power cut."""
    if os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_all(path: Path) -> None:
    """:func:`sync` of a file, or of a folder with everything in it."""
    for each in path.rglob("*") if path.is_dir() else ():
        sync(each)
    sync(path)
