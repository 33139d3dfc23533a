"""Open a local file: CSV, one sheet of a workbook, or Parquet, with every cell and where it stands.

Nothing is interpreted here. A cell is a text without blanks around it, or a number where the file itself holds
numbers; an empty one is ``""``.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from riskmodel.errors import InputError, unreadable
from riskmodel.sources.local.workbook import LARGEST_UNPACKED, MOST_CELLS, MOST_COLUMNS, rows_of

Cell: TypeAlias = str | float

LARGEST_FILE = 200 << 20
#: Encodings of CSV files that municipalities make: that of today, and that of older spreadsheets.
ENCODINGS = ("utf-8", "cp1252")
KINDS = "a CSV, XLSX or Parquet file"
XLSX, PARQUET, OLD_OFFICE = b"PK\x03\x04", b"PAR1", b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True)
class Format:
    """How a file writes its table.

    Attributes
    ----------
    separator : str
        Between the columns of a CSV.
    decimal : {",", "."}
        Decimal sign of numbers that are written as text.
    encoding : str
        One of :data:`ENCODINGS`, for a CSV.
    header_row : int
        Row with the column names, from 1.
    sheet : str
        Name of the sheet; may be empty when a workbook has one.
    missing : tuple of str
        What stands for a missing number; an empty cell always does.
    """

    separator: str = ","
    decimal: str = "."
    encoding: str = "utf-8"
    header_row: int = 1
    sheet: str = ""
    missing: tuple[str, ...] = ("",)


@dataclass(frozen=True)
class Table:
    """The rows below the header, without those that are empty.

    Attributes
    ----------
    path : Path
        The file.
    place : str
        What a row is called, such as ``"line"`` or ``"sheet 'Blad1', row"``.
    names : tuple of str
        Column names with single blanks; a column without one is ``""``.
    numbers : tuple of int
        Number of each row in the file.
    columns : tuple of list
        Cells of each column.
    header : str
        Words for the place of the names.
    """

    path: Path
    place: str
    names: tuple[str, ...]
    numbers: tuple[int, ...]
    columns: tuple[list[Cell], ...]
    header: str

    def at(self, row: int, column: str) -> str:
        """Words for the place of a cell."""
        return f"{self.path}, {self.place} {self.numbers[row]}, column {column!r}"

    def column(self, name: str) -> list[Cell]:
        """Cells of a column."""
        found = [number for number, each in enumerate(self.names) if each == name]
        if len(found) == 1:
            return self.columns[found[0]]
        if found:
            raise InputError(self.header, f"column {name!r} {len(found)} times", "every column once")
        known = ", ".join(each for each in self.names[:15] if each)
        raise InputError(
            self.header, f"no column {name!r} (columns: {known})", "the columns that the mapping names"
        )


def open_table(path: Path, form: Format) -> Table:
    """Read a file as its mapping says."""
    content = content_of(path)
    if content.startswith(XLSX):
        rows = [(number, [as_cell(cell) for cell in row]) for number, row in rows_of(path, content, form.sheet)]
        return _table(path, f"sheet {form.sheet!r}, row" if form.sheet else "row", rows, form.header_row)
    if content.startswith(PARQUET):
        return _parquet(path, content)
    return _table(path, "line", _csv(path, content, form), form.header_row)


def content_of(path: Path) -> bytes:
    """Bytes of a file that may be a table."""
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise InputError(path, f"{size >> 20:,} MB", f"at most {LARGEST_FILE >> 20:,} MB")
        content = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error
    if not content.strip():
        raise InputError(path, "an empty file", "a header and rows")
    if content.startswith(OLD_OFFICE):
        hint = "Save it as .xlsx without a password."
        raise InputError(path, "a workbook with a password, or an old .xls", KINDS, hint)
    start = content[:512].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise InputError(path, "a web page or XML", KINDS)
    binary = content.startswith((XLSX, PARQUET))
    if not binary and (b"\x00" in content or content.startswith((b"\xff\xfe", b"\xfe\xff"))):
        raise InputError(path, "bytes that are no text", KINDS, "Save it as CSV UTF-8.")
    return content


def _table(path: Path, place: str, rows: Sequence[tuple[int, Sequence[Cell]]], header_row: int) -> Table:
    header = f"{path}, {place} {header_row}"
    named = next((row for number, row in rows if number == header_row), ())
    if not any(cell != "" for cell in named):
        raise InputError(header, "no column names", "the header", "Say in which row it stands: 'header_row'.")
    kept = [(number, row) for number, row in rows if number > header_row and any(cell != "" for cell in row)]
    if not kept:
        raise InputError(path, "a header without rows", "rows below the header")
    for number, row in kept:
        if len(row) != len(named):
            raise InputError(
                f"{path}, {place} {number}",
                f"{len(row)} fields",
                f"{len(named)}, as in the header",
                "A text with the separator in it needs quotes; the file may also be cut off.",
            )
    columns = tuple([row[position] for _, row in kept] for position in range(len(named)))
    return Table(path, place, tuple(map(_name, named)), tuple(number for number, _ in kept), columns, header)


def _name(cell: Cell) -> str:
    return " ".join((f"{cell:.15g}" if isinstance(cell, float) else cell).split())


def _csv(path: Path, content: bytes, form: Format) -> list[tuple[int, Sequence[Cell]]]:
    try:
        text = content.decode("utf-8-sig" if form.encoding == "utf-8" else form.encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        hint = 'Older spreadsheets save CSV as encoding = "cp1252".' if form.encoding == "utf-8" else ""
        raise InputError(f"{path}, line {line}", f"bytes that are not {form.encoding}", "text", hint) from error
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=form.separator, strict=True)
    rows: list[tuple[int, Sequence[Cell]]] = []
    cells, line = 0, 1
    try:
        for row in reader:
            if row:
                rows.append((line, [cell.strip() for cell in row]))
                cells += len(row)
                _check_extent(path, len(row), cells)
            # A record begins where the one before it ended; a name or value may hold line ends.
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(f"{path}, line {line}", f"text that is no CSV ({error})", "a CSV file") from error
    return rows


def _check_extent(path: Path, columns: int, cells: int) -> None:
    if columns > MOST_COLUMNS or cells > MOST_CELLS:
        found = f"{columns:,} columns and {cells:,} cells"
        raise InputError(path, found, f"at most {MOST_COLUMNS:,} columns and {MOST_CELLS:,} cells")


def _parquet(path: Path, content: bytes) -> Table:
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        about = file.metadata
        unpacked = sum(about.row_group(number).total_byte_size for number in range(about.num_row_groups))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _damaged(path, error) from error
    _check_extent(path, about.num_columns, about.num_rows * about.num_columns)
    if unpacked > LARGEST_UNPACKED:
        raise InputError(path, f"{unpacked >> 20:,} MB unpacked", f"at most {LARGEST_UNPACKED >> 20:,} MB")
    try:
        table = file.read()
        columns = tuple([as_cell(cell) for cell in column.to_pylist()] for column in table.columns)
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise _damaged(path, error) from error
    if not table.num_rows:
        raise InputError(path, "a table without rows", "rows")
    names = tuple(map(_name, table.column_names))
    return Table(path, "row", names, tuple(range(1, table.num_rows + 1)), columns, f"{path}, schema")


def _damaged(path: Path, error: Exception) -> InputError:
    return InputError(path, f"a damaged Parquet file ({str(error)[:80]})", "a Parquet file")


def as_cell(value: object) -> Cell:
    """A value of a file as a cell."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float | Decimal):
        return float(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes | list | dict | tuple):
        return f"a {type(value).__name__}"
    return str(value).strip()
