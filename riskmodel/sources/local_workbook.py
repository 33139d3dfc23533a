"""Rows of a sheet of an .xlsx workbook, held against what would fill the memory before it is opened."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook

from riskmodel.errors import InputError

#: A table of a municipality has some thousands of rows; a hundred years of all neighbourhoods fit as well.
MOST_CELLS, MOST_COLUMNS = 20_000_000, 2_000
LARGEST_UNPACKED = 1 << 30
_REFERENCE = re.compile(rb' r="([A-Z]{1,3})([0-9]{1,7})"')


def sheets_of(path: Path, content: bytes) -> list[str]:
    """Names of the sheets of a workbook.

    Raises
    ------
    InputError
        If it is damaged or too large.
    """
    return list(_workbook(path, content).sheet_names)


def rows_of(path: Path, content: bytes, sheet: str = "") -> list[tuple[int, list[Any]]]:
    """Rows of a sheet with their numbers, all as wide as the sheet.

    Parameters
    ----------
    path : Path
        The file, for messages.
    content : bytes
        Its bytes.
    sheet : str
        Name of the sheet; may be empty when there is one.

    Raises
    ------
    InputError
        If there is no such sheet, or the workbook is damaged or too large.
    """
    workbook = _workbook(path, content)
    names = list(workbook.sheet_names)
    known = ", ".join(map(repr, names))
    if sheet and sheet not in names:
        raise InputError(path, f"no sheet {sheet!r}", f"one of {known}")
    if not sheet and len(names) != 1:
        raise InputError(path, f"{len(names)} sheets", f"one of them as 'sheet' in the mapping: {known}")
    try:
        rows = workbook.get_sheet_by_name(sheet or names[0]).to_python(skip_empty_area=False)
    except BaseException as error:
        raise _damaged(path, error) from error
    return list(enumerate(rows, 1))


def _workbook(path: Path, content: bytes) -> Any:
    _check_archive(path, content)
    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(content))
    except BaseException as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: BaseException) -> InputError:
    # A damaged workbook can make the library panic, which is no Exception; what stops the program does so.
    if isinstance(error, KeyboardInterrupt | SystemExit | MemoryError):
        raise error
    return InputError(path, f"a damaged workbook ({error})", "an .xlsx file", "Save it again.")


def _check_archive(path: Path, content: bytes) -> None:
    """Refuse what unpacks to too much, or has a cell so far away that those before it would fill the memory."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            unpacked = sum(member.file_size for member in archive.infolist())
            if "xl/workbook.xml" in names and unpacked <= LARGEST_UNPACKED:
                extents = [_extent(archive, name) for name in names if name.startswith("xl/worksheets/")]
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        RuntimeError,
        EOFError,
        ValueError,
        OSError,
        zlib.error,
    ) as error:
        raise _damaged(path, error) from error
    if "xl/workbook.xml" not in names:
        found = f"an archive of {', '.join(sorted(names)[:3]) or 'nothing'}"
        raise InputError(path, found, "a CSV, XLSX or Parquet file", "Unpack it first.")
    if unpacked > LARGEST_UNPACKED:
        found = f"a workbook that unpacks to {unpacked >> 20:,} MB"
        raise InputError(path, found, f"at most {LARGEST_UNPACKED >> 20:,} MB")
    for rows, columns in extents:
        if columns > MOST_COLUMNS or rows * columns > MOST_CELLS:
            found = f"a sheet of {rows:,} rows and {columns:,} columns"
            expected = f"at most {MOST_COLUMNS:,} columns and {MOST_CELLS:,} cells"
            raise InputError(path, found, expected, "Delete cells far from the table.")


def _extent(archive: zipfile.ZipFile, name: str) -> tuple[int, int]:
    """Last row and column of a sheet."""
    rows = columns = 0
    rest = b""
    with archive.open(name) as file:
        while block := file.read(1 << 20):
            text = rest + block
            for letters, digits in set(_REFERENCE.findall(text)):
                rows = max(rows, int(digits))
                columns = max(columns, _position(letters))
            rest = text[-32:]
    return rows, columns


def _position(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
