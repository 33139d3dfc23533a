"""Tables of a workbook, CSV or dBase file of Leefbaarometer 2.0, and their codes and numbers."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from itertools import compress, islice
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.errors import InputError, unreadable
from riskmodel.sources.formats import delimited, tables
from riskmodel.sources.formats.archives import SheetBounds, blocks
from riskmodel.sources.formats.dbase import read_dbase
from riskmodel.sources.formats.rows import refuse
from riskmodel.sources.formats.tables import Cell, Row, check_once, filled, from_rows
from riskmodel.sources.formats.workbook import read_workbook

Table: TypeAlias = tables.Table[Sequence[Cell]]

#: The largest published file is 2 MB; a workbook may unpack to thirty times its size.
LARGEST_FILE = 64 * 1024**2
LARGEST_UNPACKED = 512 * 1024**2
#: The largest published sheet has some 80,000 rows of 20 columns.
MOST_COLUMNS, MOST_CELLS = 700, 10_000_000
#: The publisher writes a missing class as the error #N/A. The reader of workbooks gives every error as an empty
#: cell, so the others (#REF!, #DIV/0!: damage) have to be found before.
OTHER_ERROR = re.compile(rb"\st=[\"']e[\"'][^>]*>(?:<f[^>]*>[^<]*</f>)?<v>(?!#N/A<)([^<]*)</v>")
SUFFIXES = (".xlsx", ".csv", ".dbf")
HINT = "Use the file as published."


def codes(table: Table, column: str) -> pd.Series:
    """Cells of a column of codes as text; a whole number becomes its digits."""
    return pd.Series([tables.as_text(cell) for cell in table.column(column)], dtype="str")


def numbers(
    table: Table, column: str, lowest: float, highest: float, whole: bool = False
) -> npt.NDArray[np.float64]:
    """Cells of a column of numbers, NaN for empty ones; a workbook must have numbers and not texts."""
    cells = pd.Series(table.column(column), dtype=object)
    empty = (cells == "").to_numpy()
    typed = cells.map(type) == (float if table.path.suffix.lower() == ".xlsx" else str)
    values = pd.to_numeric(cells.where(typed & ~empty), errors="coerce").to_numpy(dtype="float64")
    good = empty | ((values >= lowest) & (values <= highest) & (not whole or values == np.floor(values)))
    kind = "a whole number" if whole else "a number"
    refuse(
        ~good,
        lambda row: table.at(row, column),
        lambda row: tables.quoted(cells[row]),
        f"{kind} from {lowest:g} to {highest:g}, or nothing",
        lambda row: "Numbers need a decimal point." if "," in str(cells[row]) else "",
    )
    return values


def read_tables(path: Path) -> tuple[list[Table], tuple[str, ...]]:
    """Read every table of a file.

    Parameters
    ----------
    path : Path
        Workbook (``.xlsx``), comma separated UTF-8 text (``.csv``) or dBase table (``.dbf``).

    Returns
    -------
    list of Table
        One a sheet; one for other files.
    tuple of str
        What the user should know about them.

    Raises
    ------
    InputError
        If the file cannot be read, or is larger than the limits of this module.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise unreadable(path, error) from error
    if path.is_dir() or path.suffix.lower() not in SUFFIXES:
        found = "a folder" if path.is_dir() else f"a file ending in {path.suffix!r}"
        raise InputError(path, found, "a file ending in .xlsx, .csv or .dbf")
    if not 0 < size <= LARGEST_FILE:
        raise InputError(path, f"{size:,} bytes", f"1 to {LARGEST_FILE:,}", HINT)
    if path.suffix.lower() == ".csv":
        return _of_csv(path)
    tables = _of_dbase(path) if path.suffix.lower() == ".dbf" else _of_workbook(path)
    return tables, ()


def _of_workbook(path: Path) -> list[Table]:
    content = path.read_bytes()
    sheets = read_workbook(path, content, SheetBounds(LARGEST_UNPACKED, MOST_COLUMNS, MOST_CELLS), HINT)
    _refuse_errors(path, content)
    return [_sheet(path, name, rows) for name, rows in sheets.items() if filled(enumerate(rows))]


def _refuse_errors(path: Path, content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for member in archive.infolist():
            rest = b""
            for block in blocks(archive, member):
                match = OTHER_ERROR.search(rest + block)
                if match:
                    raise InputError(path, f"a cell {match[1].decode()[:40]}", "numbers", HINT)
                rest = block[-500:]


def _sheet(path: Path, name: str, rows: Sequence[Sequence[Cell]]) -> Table:
    where = f"{path}, sheet {name!r}"
    # A sheet may count formatted but empty cells below and beside the table as its own.
    last = filled(enumerate(rows))[-1][0]
    used = [any(cell != "" for cell in column) for column in zip(*rows, strict=True)]
    names, *below = [list(compress(row, used)) for row in rows[: last + 1]]
    table = from_rows(path, names, lambda: list(enumerate(below, 2)), "row", where=where)
    check_once(table.header, table.names)
    return table


def _of_csv(path: Path) -> tuple[list[Table], tuple[str, ...]]:
    names = delimited.header(path)
    text = delimited.decode(path, path.read_bytes(), expected=delimited.UTF8_CSV, hint=HINT)
    rows: list[Row] = []
    short = 0
    for line, cells in islice(delimited.split(path, text), 1, None):
        if not 0 < len(cells) <= len(names):
            found = f"{len(cells)} fields" if cells else "an empty line"
            expected = f"{len(names)} fields, as in the header, or fewer where the last are missing"
            hint = "Numbers may be written with a decimal comma." if cells else ""
            raise InputError(f"{path}, line {line}", found, expected, hint)
        short += len(cells) < len(names)
        rows.append((line, cells + [""] * (len(names) - len(cells))))
    if short and not text.endswith("\n"):
        # Published rows stop where everything after is missing, so only the end of the last line shows a cut.
        raise InputError(f"{path}, line {len(rows) + 1}", "the end of the file", "the end of a line", HINT)
    notes = (f"{path.name}: {short} rows stop before the last column; the rest is missing",) if short else ()
    return [from_rows(path, names, lambda: rows, "line")], notes


def _of_dbase(path: Path) -> list[Table]:
    table = read_dbase(path, path.read_bytes())
    if not len(table):
        raise InputError(path, "no records", "a table with areas")
    check_once(path, table.names)
    # A number that is missing is written as stars.
    columns = tuple([str(cell).strip("*") and cell for cell in column] for column in table.columns)
    return [replace(table, load=lambda: (table.number, columns))]
