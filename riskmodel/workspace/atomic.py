"""Write files and folders in one step, and tell a full or closed disk as bad input, without a traceback.

What is written here is there whole or not at all, also after a power cut: contents reach the disk before the name
does.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from riskmodel.errors import InputError

#: Before the name of everything unfinished, so that what a killed process left can be told from other files.
DRAFT = ".draft-"
#: What is expected where nothing may be written.
TO_WRITE = "a folder to write into"

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_CLOSED = {errno.EROFS, errno.EACCES, errno.EPERM}
#: How SQLite and what stands on it tell the same; a failed write has no errno there.
_FULL_WORDS = (
    "disk is full",
    "disk I/O error",
    "No space left on device",
    "File too large",
    "No usable temporary directory",
)
_CLOSED_WORDS = ("readonly database", "unable to open database file", "Read-only file system", "Permission denied")


def disk_trouble(error: BaseException, where: object) -> InputError | None:
    """What the user must know when a disk is full or may not be written to; None for any other error."""
    seen: BaseException | None = error
    while seen is not None:
        place = getattr(seen, "filename", None) or where
        number, text = getattr(seen, "errno", None), str(seen)
        if number in _FULL or any(words in text for words in _FULL_WORDS):
            hint = "What was there is unharmed. Make room on this disk, then run the command again."
            return InputError(place, f"no room to write ({_first_line(text)})", "a disk with room", hint)
        if number in _CLOSED or any(words in text for words in _CLOSED_WORDS):
            hint = "What was there is unharmed. Give this user the right to write there, or choose another folder."
            return InputError(place, f"no right to write ({_first_line(text)})", TO_WRITE, hint)
        seen = seen.__cause__ or seen.__context__
    return None


@contextmanager
def told_plainly(where: object) -> Iterator[None]:
    """Raise a full or closed disk in the body as an :class:`~riskmodel.errors.InputError`."""
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        told = disk_trouble(error, where)
        if told is None:
            raise
        raise told from error


def _first_line(text: str) -> str:
    return (text.splitlines() or [""])[0][:100]


def write_atomically(path: Path, write: Callable[[Path], object]) -> Path:
    """Let ``write`` fill a temporary sibling, then put it in place in one step."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=DRAFT, suffix=path.suffix)
    except OSError as error:
        raise InputError(path.parent, error.strerror or "no folder", TO_WRITE) from error
    os.close(handle)
    temporary = Path(name)
    try:
        with told_plainly(path):
            write(temporary)
            temporary.chmod(0o644)
            sync(temporary)
            temporary.replace(path)
            sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)
    return path


@contextmanager
def draft_folder(parent: Path) -> Iterator[Path]:
    """Give a hidden folder under ``parent`` to fill; it goes away unless it is renamed into place."""
    try:
        parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=parent, prefix=DRAFT))
    except OSError as error:
        raise InputError(parent, error.strerror or "no folder", TO_WRITE) from error
    draft.chmod(0o755)
    try:
        with told_plainly(parent):
            yield draft
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def put_in_place(draft: Path, place: Path) -> None:
    """Rename a finished draft to a file or folder, in the place of what stood there."""
    if draft.is_file():
        draft.replace(place)
        return
    if not place.exists():
        draft.rename(place)
        return
    # A folder cannot replace another in one step; readers miss it for the moment between two renames.
    aside = Path(tempfile.mkdtemp(dir=place.parent, prefix=DRAFT))
    try:
        place.rename(aside / "old")
        draft.rename(place)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk itself: they survive a power cut then."""
    if os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_all(place: Path) -> None:
    """:func:`sync` of a file, or of a folder with everything in it."""
    for path in place.rglob("*") if place.is_dir() else ():
        sync(path)
    sync(place)
