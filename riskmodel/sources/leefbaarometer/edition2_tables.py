"""Tables of a workbook, CSV or dBase file with their cells as they stand, for its reader."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.errors import InputError, unreadable
from riskmodel.sources.formats import delimited
from riskmodel.sources.formats.archives import SheetBounds, blocks, check_workbook, opened
from riskmodel.sources.formats.dbase import read_records

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


@dataclass(frozen=True)
class Table:
    """Cells of one table, and where they stand.

    Attributes
    ----------
    where : str
        File, and sheet if there are sheets.
    unit : str
        What a row is called: line, row or record.
    first : int
        Number of the first row below the header.
    text : bool
        Whether numbers are written as text, as in a CSV file.
    frame : pandas.DataFrame
        The cells, ``""`` where nothing stands.
    """

    where: str
    unit: str
    first: int
    text: bool
    frame: pd.DataFrame

    def at(self, row: int, column: str = "") -> str:
        """Tell where a cell stands, counting as the user's programs do."""
        place = f"{self.where}, {self.unit} {row + self.first}"
        return f"{place}, column {column!r}" if column else place

    def codes(self, column: str) -> pd.Series:
        """Cells of a column of codes as text without padding; a whole number becomes its digits."""
        cells = self.frame[column]
        return cells.map(lambda c: str(int(c)) if isinstance(c, float) and c.is_integer() else str(c).strip())

    def numbers(self, column: str, lowest: float, highest: float, whole: bool = False) -> npt.NDArray[np.float64]:
        """Cells of a column of numbers, NaN where nothing stands."""
        cells = self.frame[column]
        empty = cells.map(lambda c: isinstance(c, str) and c == "").to_numpy(dtype=bool)
        typed = cells.map(lambda c: isinstance(c, str) if self.text else type(c) in (int, float))
        values = pd.to_numeric(cells.where(typed & ~empty), errors="coerce").to_numpy(dtype="float64")
        good = empty | ((values >= lowest) & (values <= highest) & (not whole or values == np.floor(values)))
        if not good.all():
            row = int(np.argmin(good))
            kind = "a whole number" if whole else "a number"
            cell = cells.iloc[row]
            comma = isinstance(cell, str) and "," in cell
            raise InputError(
                self.at(row, column),
                repr(cell),
                f"{kind} from {lowest:g} to {highest:g}, or nothing",
                "Numbers need a decimal point." if comma else "",
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
    with opened(path, "a workbook", HINT):
        check_workbook(path, content, SheetBounds(LARGEST_UNPACKED, MOST_COLUMNS, MOST_CELLS), HINT)
        _refuse_errors(path, content)
        sheets = pd.read_excel(
            io.BytesIO(content),
            sheet_name=None,
            header=None,
            dtype=object,
            keep_default_na=False,
            engine="calamine",
        )
    return [
        _sheet(path, str(name), cells) for name, cells in sheets.items() if not cells.isin([""]).all(axis=None)
    ]


def _refuse_errors(path: Path, content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for member in archive.infolist():
            rest = b""
            for block in blocks(archive, member):
                match = OTHER_ERROR.search(rest + block)
                if match:
                    raise InputError(path, f"a cell {match[1].decode()[:40]}", "numbers", HINT)
                rest = block[-500:]


def _sheet(path: Path, name: str, cells: pd.DataFrame) -> Table:
    where = f"{path}, sheet {name!r}"
    filled = ~cells.isin([""])
    # A sheet may count formatted but empty cells below and beside the table as its own.
    cells = cells.loc[: int(np.flatnonzero(filled.any(axis=1))[-1]), filled.any(axis=0)]
    names = [str(cell).strip() for cell in cells.iloc[0]]
    doubled = sorted({each for each in names if names.count(each) > 1})
    if doubled:
        raise InputError(f"{where}, row 1", f"column {doubled[0]!r} twice", "every column once")
    return Table(where, "row", 2, False, cells.iloc[1:].set_axis(names, axis=1).reset_index(drop=True))


def _of_csv(path: Path) -> tuple[list[Table], tuple[str, ...]]:
    names = delimited.header(path)
    rows: list[list[str]] = []
    short = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file)
            next(reader)
            for row in reader:
                if not 0 < len(row) <= len(names):
                    raise InputError(
                        f"{path}, line {reader.line_num}",
                        f"{len(row)} fields" if row else "an empty line",
                        f"{len(names)} fields, as in the header, or fewer where the last are missing",
                        "Numbers may be written with a decimal comma." if row else "",
                    )
                short += len(row) < len(names)
                rows.append(row + [""] * (len(names) - len(row)))
    except UnicodeDecodeError as error:
        raise InputError(path, "bytes that are not UTF-8 text", "a UTF-8 CSV file", HINT) from error
    except csv.Error as error:
        raise InputError(path, f"text that is no CSV ({error})", "a comma separated file", HINT) from error
    if short and not path.read_bytes().endswith(b"\n"):
        # Published rows stop where everything after is missing, so only the end of the last line tells a cut.
        raise InputError(f"{path}, line {len(rows) + 1}", "the end of the file", "the end of a line", HINT)
    notes = (f"{path.name}: {short} rows stop before the last column; the rest is missing",) if short else ()
    return [Table(str(path), "line", 2, True, pd.DataFrame(rows, columns=names, dtype=object))], notes


def _of_dbase(path: Path) -> list[Table]:
    held = read_records(path, path.read_bytes())
    if not held.numbers:
        raise InputError(path, "no records", "a table with areas")
    doubled = sorted({name for name in held.names if held.names.count(name) > 1})
    if doubled:
        raise InputError(path, f"column {doubled[0]!r} twice", "every column once")
    # A number that is missing is written as stars.
    columns = [[cell.strip("*") and cell for cell in column] for column in held.columns]
    frame = pd.DataFrame(dict(zip(held.names, columns, strict=True)), dtype=object)
    return [Table(str(path), "record", 1, True, frame)]
