"""Open a local file with the format in its mapping: CSV, one sheet of a workbook, or Parquet."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, TypeAlias

from riskmodel.errors import InputError
from riskmodel.sources.formats import delimited, tables
from riskmodel.sources.formats.archives import SheetBounds, too_large
from riskmodel.sources.formats.files import read_bytes
from riskmodel.sources.formats.parquet import read_parquet
from riskmodel.sources.formats.tables import Cell, Row, filled, from_rows
from riskmodel.sources.formats.workbook import Sheets, read_workbook
from riskmodel.sources.local.keys import Section, Text, Texts, one_of, whole

Table: TypeAlias = tables.Table[Sequence[Cell]]

LARGEST_FILE = 200 << 20
#: A table of a municipality has some thousands of rows; a hundred years of all neighbourhoods fit as well.
BOUNDS = SheetBounds(unpacked=1 << 30, columns=2_000, cells=20_000_000)
KINDS = "a CSV, XLSX or Parquet file"
XLSX, PARQUET, OLD_OFFICE = b"PK\x03\x04", b"PAR1", b"\xd0\xcf\x11\xe0"


class Format(Section):
    """How a file writes its table."""

    separator: Annotated[str, one_of(",", ";", "\t", "|")] = ","
    """the sign between the columns of a CSV"""
    decimal: Annotated[str, one_of(",", ".")] = ""
    """the decimal sign of numbers that are written as text; the other sign may separate thousands"""
    encoding: Annotated[str, one_of("utf-8", "cp1252")] = "utf-8"
    """the encoding of a CSV: that of today, or that of older spreadsheets"""
    header_row: Annotated[int, *whole(1, 1000)] = 1
    """the row with the column names, from 1"""
    sheet: Text = ""
    """the name of the sheet, which may be left out where a workbook has one"""
    missing: Texts = ("",)
    """the texts that mean a missing number, as an empty cell always does"""


def open_table(path: Path, form: Format) -> Table:
    """Read a file with the format in its mapping."""
    content = content_of(path)
    if content.startswith(PARQUET):
        return read_parquet(path, content, BOUNDS)
    unit, rows = _rows(path, content, form)
    return _table(path, unit, rows, form.header_row)


def open_without_remarks(path: Path, form: Format) -> tuple[Table, list[str]]:
    """Read a file with the format in its mapping, without remarks below the table, and the positions of those."""
    content = content_of(path)
    if content.startswith(PARQUET):
        return read_parquet(path, content, BOUNDS), []
    unit, rows = _rows(path, content, form)
    above, remarks = _without_remarks(rows, form.header_row)
    return _table(path, unit, above, form.header_row), [f"{unit} {number}" for number in remarks]


def _rows(path: Path, content: bytes, form: Format) -> tuple[str, list[Row]]:
    """What a row is called, and the numbered rows of a workbook or CSV."""
    if not content.startswith(XLSX):
        return "line", _csv(path, content, form)
    unit = f"sheet {form.sheet!r}, row" if form.sheet else "row"
    return unit, list(enumerate(_sheet(path, read_sheets(path, content), form.sheet), 1))


def content_of(path: Path) -> bytes:
    """Bytes of a file that may be a table."""
    content = read_bytes(path, LARGEST_FILE, "a header and rows")
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


def read_sheets(path: Path, content: bytes) -> Sheets:
    """Rows of the sheets of a workbook, by name."""
    return read_workbook(path, content, BOUNDS, "Save it again.", KINDS)


def _sheet(path: Path, sheets: Sheets, name: str) -> list[list[Cell]]:
    known = ", ".join(map(repr, sheets))
    if name and name not in sheets:
        raise InputError(path, f"no sheet {name!r}", f"one of {known}")
    if not name and len(sheets) != 1:
        raise InputError(path, f"{len(sheets)} sheets", f"one of them as 'sheet' in the mapping: {known}")
    return sheets[name or next(iter(sheets))]


def _table(path: Path, unit: str, rows: Sequence[Row], header_row: int) -> Table:
    header = f"{path}, {unit} {header_row}"
    names = next((row for number, row in rows if number == header_row), ())
    if not any(cell != "" for cell in names):
        raise InputError(header, "no column names", "the header", "Say in which row it stands: 'header_row'.")
    below = filled((number, row) for number, row in rows if number > header_row)
    if not below:
        raise InputError(path, "a header without rows", "rows below the header")
    hint = "A text with the separator in it needs quotes; the file may also be cut off."
    texts = [" ".join(tables.as_text(name).split()) for name in names]
    # The first column of tables of pandas and R has no name; it is called by its position.
    called = [name or nameless(position) for position, name in enumerate(texts)]
    return from_rows(path, called, lambda: below, unit, header=header, width="{}, as in the header", hint=hint)


def nameless(position: int) -> str:
    """What a column without a name is called, by its position from 0."""
    return f"column {position + 1}"


def _without_remarks(rows: Sequence[Row], header_row: int) -> tuple[list[Row], list[int]]:
    """Rows without those at the end that have one text of several words only, and the numbers of those."""
    kept = filled(rows)
    remarks: list[int] = []
    while kept and kept[-1][0] > header_row and _is_remark(kept[-1][1]):
        remarks.insert(0, kept.pop()[0])
    return kept, remarks


def _is_remark(cells: Sequence[Cell]) -> bool:
    """Whether a row is a source or a sentence; one word may be a code or name that was cut off."""
    first, *more = (cell for cell in cells if cell != "")
    return not more and isinstance(first, str) and len(re.findall(r"[^\W\d_]\S*", first)) > 1


def _csv(path: Path, content: bytes, form: Format) -> list[Row]:
    hint = 'Older spreadsheets save CSV as encoding = "cp1252".' if form.encoding == "utf-8" else ""
    found = f"bytes that are not {form.encoding}"
    text = delimited.decode(path, content, form.encoding, found=found, expected="text", hint=hint)
    rows: list[Row] = []
    count = 0
    for line, cells in delimited.split(path, text, form.separator, expected="a CSV file", strict=True):
        count += len(cells)
        if len(cells) > BOUNDS.columns or count > BOUNDS.cells:
            raise too_large(path, len(cells), count, BOUNDS)
        if cells:
            rows.append((line, [cell.strip() for cell in cells]))
    return rows
