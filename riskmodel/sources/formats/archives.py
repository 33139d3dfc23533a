"""Check archives and workbooks from outside before anything is unpacked or opened."""

from __future__ import annotations

import copy
import io
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PureWindowsPath

from riskmodel.errors import InputError

#: What Python's reader of archives raises on damage.
DAMAGED = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, EOFError, OSError)
MOST_MEMBERS = 1_000
BLOCK = 1 << 20
#: Most cells up to the last of a table, or that many for each cell that is there: the library of workbooks makes
#: room for all of them.
ROOM, ROOM_A_CELL = 1_000_000, 20
#: The part of a workbook that names its sheets.
WORKBOOK = "xl/workbook.xml"
#: Other kinds of workbook, which the library would open as well, without bounds.
OTHER_WORKBOOKS = {"content.xml", "xl/workbook.bin"}
_CELL = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?c[\s/>]")
_POSITION = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?c\s[^<>]*?\br=[\"']([A-Z]{1,3})([0-9]{1,7})[\"']")
_ROW = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?row\s[^<>]*?\br=[\"']([0-9]{1,7})[\"']")


@dataclass(frozen=True)
class Bounds:
    """Size limits of an archive.

    Attributes
    ----------
    total : int
        Bytes unpacked, of all members together.
    member : int, optional
        Bytes unpacked, of one member.
    ratio : int, optional
        How many times its packed size a member of more than a megabyte may unpack to.
    """

    total: int
    member: int = 1 << 62
    ratio: int = 1 << 62


def check_members(where: object, archive: zipfile.ZipFile, bounds: Bounds, hint: str) -> list[zipfile.ZipInfo]:
    """Members of an archive that is safe to read: nothing points outside it and its size is bounded."""
    members = archive.infolist()
    if len(members) > MOST_MEMBERS:
        raise InputError(where, f"{len(members):,} members", f"at most {MOST_MEMBERS:,}", hint)
    names: set[str] = set()
    for member in members:
        windows = PureWindowsPath(member.filename)
        outside = windows.is_absolute() or windows.drive or windows.root or ".." in windows.parts
        nameless = not windows.name and not windows.drive and not member.filename.endswith("/")
        special = stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR)
        ratio = member.file_size // max(member.compress_size, 1)
        packed = member.file_size > BLOCK and ratio > bounds.ratio
        for wrong, found, expected in (
            (nameless, "no name", "a name"),
            (outside, "a path that leads outside the archive", "paths inside it"),
            (special, "a link or special file", "plain files"),
            (member.flag_bits & 0x1, "a member protected by a password", "an open archive"),
            (member.filename in names, "two members of that name", "every member once"),
            (member.file_size > bounds.member, f"{member.file_size:,} bytes", f"at most {bounds.member:,}"),
            (packed, f"text packed {ratio:,} to 1", f"at most {bounds.ratio} to 1"),
        ):
            if wrong:
                raise InputError(f"{where}, member {member.filename!r}", found, expected, hint)
        names.add(member.filename)
    total = sum(member.file_size for member in members)
    if total > bounds.total:
        raise InputError(where, f"{total:,} bytes unpacked", f"at most {bounds.total:,}", hint)
    return [member for member in members if not member.is_dir()]


def blocks(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Content of a member, refused where its length differs from the announced one."""
    # A reader that stops at the announced size never sees the bytes after it; other programs do.
    asked = copy.copy(member)
    asked.file_size += 1
    read = 0
    with archive.open(asked) as file:
        while block := file.read(BLOCK):
            read += len(block)
            if read > member.file_size:
                break
            yield block
    if read != member.file_size:
        raise zipfile.BadZipFile(f"{member.filename} holds another number of bytes than it says")


@dataclass(frozen=True)
class SheetBounds:
    """Size limits of a workbook: bytes unpacked, columns of a sheet, cells up to the last of all sheets."""

    unpacked: int
    columns: int
    cells: int


def too_large(path: object, columns: int, cells: int, bounds: SheetBounds) -> InputError:
    """The refusal of a table with more columns or cells than the bounds allow."""
    expected = f"at most {bounds.columns:,} columns and {bounds.cells:,} cells"
    return InputError(path, f"{columns:,} columns and {cells:,} cells", expected)


def check_workbook(path: object, content: bytes, bounds: SheetBounds, hint: str, other: str = "") -> None:
    """Refuse an ``.xlsx`` that would fill the memory when it is opened, or is no workbook."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            if WORKBOOK not in names or OTHER_WORKBOOKS.intersection(map(str.lower, names)):
                found = f"an archive of {', '.join(sorted(names)[:3])[:120] or 'nothing'}"
                raise InputError(path, found, other or "an .xlsx workbook", "Unpack it first.")
            members = check_members(path, archive, Bounds(bounds.unpacked), hint)
            room = 0
            for member in members:
                rows, columns, cells = _extent(path, archive, member)
                room += rows * columns
                if columns > bounds.columns or room > min(bounds.cells, ROOM + ROOM_A_CELL * cells):
                    raise InputError(
                        path,
                        f"a sheet of {rows:,} rows and {columns:,} columns",
                        f"at most {bounds.columns:,} columns and {bounds.cells:,} cells, most of them filled",
                        "Delete cells far from the table.",
                    )
    except InputError:
        raise
    except DAMAGED as error:
        raise InputError(path, f"a damaged workbook ({str(error)[:120]})", "an .xlsx workbook", hint) from error


def _extent(path: object, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> tuple[int, int, int]:
    """Last row and column of a part of a workbook, and how many cells it has; any part may be a sheet."""
    rows = columns = cells = 0
    for text in _whole_tags(blocks(archive, member)):
        positions = _POSITION.findall(text)
        there = len(_CELL.findall(text))
        if len(positions) != there:
            where = f"{path}, {member.filename}"
            raise InputError(where, "a cell without its place", "cells such as B2", "Save it again.")
        cells += there
        columns = max([columns, *map(column_number, {letters for letters, _ in positions})])
        rows = max([rows, *map(int, {digits for _, digits in positions}.union(_ROW.findall(text)))])
    return rows, columns, cells


def _whole_tags(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same text, cut so that no piece ends inside a tag."""
    rest = b""
    for piece in pieces:
        text = rest + piece
        cut = text.rfind(b"<")
        # A tag that was opened and not closed goes into the next piece.
        cut = len(text) if cut < 0 or b">" in text[cut:] else cut
        yield text[:cut]
        rest = text[cut:]
        if len(rest) > BLOCK:
            raise zipfile.BadZipFile("a tag without an end")
    yield rest


def column_number(letters: bytes) -> int:
    """Number of a column of a sheet, from 1, by its letters."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


@contextmanager
def opened(path: object, expected: str, hint: str) -> Iterator[None]:
    """Turn any error of a library on a damaged workbook into a refusal, and keep its output off the screen."""
    screen, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nothing, 2)
        yield
    except (InputError, KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:
        cause = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise InputError(path, f"a workbook that cannot be read ({cause})", expected, hint) from error
    finally:
        os.dup2(screen, 2)
        os.close(screen)
        os.close(nothing)
