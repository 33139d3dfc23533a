"""What can be seen in a local file: how it writes its table, and what its columns seem to hold."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from riskmodel.catalogue import load
from riskmodel.errors import InputError
from riskmodel.sources.local.keys import FIRST_YEAR, LAST_YEAR
from riskmodel.sources.local.persons import plain
from riskmodel.sources.local.table import KINDS, PARQUET, XLSX, Cell, Format, Table, content_of
from riskmodel.sources.local.workbook import rows_of, sheets_of

#: Share of a column's distinct values that must look like codes; the rest may be totals.
MOST = 0.5
#: Rows in which the header is looked for.
HEAD = 25
_NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?([eE][+-]?[0-9]{1,3})?")
_YEAR_LAST = re.compile(r"(?P<stem>.*?)[ _.(\-/]*(?P<year>(19|20)[0-9]{2})\)?")
_YEAR_FIRST = re.compile(r"(?P<year>(19|20)[0-9]{2})[ _.)\-/]+(?P<stem>.+)")


@dataclass(frozen=True)
class Seen:
    """How a file seems to write its table.

    Attributes
    ----------
    format : Format
        To open it with.
    kind : {"csv", "xlsx", "parquet"}
        What it is.
    sheets : tuple of str
        Sheets of a workbook.
    """

    format: Format
    kind: str
    sheets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Code:
    """A column that holds area codes.

    Attributes
    ----------
    name, level : str
        Its name, and the level of its codes.
    without_letters : bool
        Whether the codes lack their first two letters.
    others : tuple of str
        Values that are no such codes.
    distinct : int
        Number of different codes.
    """

    name: str
    level: str
    without_letters: bool
    others: tuple[str, ...]
    distinct: int


def look_at(file: Path) -> Seen:
    """How a file seems to write its table."""
    content = content_of(file)
    if content.startswith(PARQUET):
        return Seen(Format(), "parquet")
    if content.startswith(XLSX):
        sheets = tuple(sheets_of(file, content))
        if not sheets:
            raise InputError(file, "a workbook without sheets", KINDS)
        rows = [
            ["" if cell is None else str(cell) for cell in row]
            for _, row in rows_of(file, content, sheets[0])[:HEAD]
        ]
        form = Format(decimal=",", sheet=sheets[0] if len(sheets) > 1 else "", header_row=_header_row(rows))
        return Seen(form, "xlsx", sheets)
    try:
        text, encoding = content.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        text, encoding = content.decode("cp1252", errors="replace"), "cp1252"
    head = text.splitlines()[:HEAD]
    # Where a semicolon stands at all it separates: the commas are decimal signs or stand in texts.
    counts = {sign: sum(line.count(sign) for line in head) for sign in (";", "\t", "|", ",")}
    separator = ";" if counts[";"] >= len(head) else max(counts, key=lambda sign: counts[sign])
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as error:
        raise InputError(file, f"text that is no CSV ({error})", KINDS) from error
    commas = any(re.fullmatch(r"[+-]?[0-9]+,[0-9]+", cell.strip()) for row in table for cell in row)
    return Seen(Format(separator, "," if commas else ".", encoding, _header_row(table[:HEAD])), "csv")


def _header_row(rows: Sequence[Sequence[str]]) -> int:
    """First row that is filled as far as the fullest of those at the top."""
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    return filled.index(max(filled)) + 1 if filled else 1


def usable(table: Table) -> list[str]:
    """Names of columns that can be asked for."""
    return [name for name in table.names if name and table.names.count(name) == 1]


def codes_in(table: Table) -> list[Code]:
    """Columns with area codes, with or without their letters."""
    found = []
    for name in usable(table):
        texts = list(dict.fromkeys(_texts(table.column(name))))
        for level, form in load("local")["levels"].items():
            letters, called = form["letters"], plain(name) in form["headers"]
            # Bare digits may be anything, so there the name of the column must say what they are.
            ways = [*((False,) if called or level != "pc4" else ()), *((True,) if called and letters else ())]
            for without in ways:
                pattern = re.compile(form["pattern"].removeprefix(letters) if without else form["pattern"])
                others = tuple(text for text in texts if not pattern.fullmatch(text))
                good = len(texts) - len(others)
                if good and good >= MOST * len(texts):
                    found.append(Code(name, level, without, others, good))
    return found


def name_column(table: Table, code: Code) -> str:
    """The column that is called a name and has one for each code; empty when there is none."""
    known = load("local")["headers"]["names"]
    cells = table.column(code.name)
    for name in usable(table):
        called = table.column(name)
        if name == code.name or plain(name) not in known or is_numeric(called):
            continue
        pairs = set(zip(cells, called, strict=True))
        if len(pairs) == len({cell for cell, _ in pairs}):
            return name
    return ""


def is_numeric(cells: Sequence[Cell]) -> bool:
    """Whether a column holds numbers, apart from what usually stands for missing ones."""
    known = load("local")["headers"]["missing"]
    values = [cell for cell in cells if isinstance(cell, float) or cell not in known]
    return bool(values) and all(isinstance(cell, float) or _NUMBER.fullmatch(cell) for cell in values)


def missing_in(table: Table, names: Iterable[str]) -> list[str]:
    """What stands for missing numbers in some columns."""
    known: list[str] = load("local")["headers"]["missing"]
    found = {cell for name in names for cell in table.column(name) if isinstance(cell, str) and cell}
    return [each for each in known if each in found]


def year_column(table: Table) -> str:
    """The column whose values are years: one that is called so, or else the only one; empty when there is none."""
    known = load("local")["headers"]["years"]
    found = [name for name in usable(table) if _are_years(_texts(table.column(name)))]
    called = [name for name in found if plain(name) in known]
    if called:
        return called[0]
    return found[0] if len(found) == 1 else ""


def columns_by_year(names: Iterable[str]) -> dict[str, dict[int, str]]:
    """Columns with a year in their name, by the rest of the name."""
    found: dict[str, dict[int, str]] = {}
    for name in names:
        match = _YEAR_LAST.fullmatch(name) or _YEAR_FIRST.fullmatch(name)
        if match and FIRST_YEAR <= int(match["year"]) <= LAST_YEAR:
            found.setdefault(match["stem"].strip(" _-."), {}).setdefault(int(match["year"]), name)
    return found


def _texts(cells: Iterable[Cell]) -> list[str]:
    return [f"{cell:.15g}" if isinstance(cell, float) else cell for cell in cells if cell != ""]


def _are_years(texts: Sequence[str]) -> bool:
    return bool(texts) and all(
        re.fullmatch("[0-9]{4}", text) and FIRST_YEAR <= int(text) <= LAST_YEAR for text in texts
    )
