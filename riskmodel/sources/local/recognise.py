"""Recognise the format of a local file, and its columns of codes, names, years and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from riskmodel.catalogue import load
from riskmodel.errors import InputError
from riskmodel.sources.formats.delimited import split
from riskmodel.sources.formats.numbers import Evidence, evidence_of, is_number
from riskmodel.sources.formats.tables import Cell, as_text
from riskmodel.sources.local.keys import FIRST_YEAR, LAST_YEAR
from riskmodel.sources.local.persons import plain
from riskmodel.sources.local.table import KINDS, PARQUET, XLSX, Format, Table, content_of, read_sheets

#: Share of a column's distinct values that must look like codes; the rest may be totals.
MOST = 0.5
#: Rows in which the header is looked for.
HEAD = 25
_YEAR_LAST = re.compile(r"(?P<stem>.*?)[ _.(\-/]*(?P<year>(19|20)[0-9]{2})\)?")
_YEAR_FIRST = re.compile(r"(?P<year>(19|20)[0-9]{2})[ _.)\-/]+(?P<stem>.+)")


@dataclass(frozen=True)
class Seen:
    """The format in which a file seems to be written.

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
    """A column with area codes.

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
    """The format in which a file seems to be written."""
    content = content_of(file)
    if content.startswith(PARQUET):
        return Seen(Format(), "parquet")
    if content.startswith(XLSX):
        sheets = read_sheets(file, content)
        if not sheets:
            raise InputError(file, "a workbook without sheets", KINDS)
        names = tuple(sheets)
        first = _header_row(sheets[names[0]][:HEAD])
        sheet = names[0] if len(names) > 1 else ""
        # Not checked: a sheet may have a name that no mapping can give.
        return Seen(Format.model_construct(decimal=",", sheet=sheet, header_row=first), "xlsx", names)
    try:
        text, encoding = content.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        text, encoding = content.decode("cp1252", errors="replace"), "cp1252"
    head = text.splitlines()[:HEAD]
    # A semicolon on every line separates: the commas are decimal signs or parts of texts.
    counts = {sign: sum(line.count(sign) for line in head) for sign in (";", "\t", "|", ",")}
    separator = ";" if counts[";"] >= len(head) else max(counts, key=lambda sign: counts[sign])
    table = [cells for _, cells in split(file, text, separator, expected=KINDS)]
    commas = any(re.fullmatch(r"[+-]?[0-9]+,[0-9]+", cell.strip()) for row in table for cell in row)
    decimal, first = "," if commas else ".", _header_row(table[:HEAD])
    return Seen(Format(separator=separator, decimal=decimal, encoding=encoding, header_row=first), "csv")


def _header_row(rows: Sequence[Sequence[Cell]]) -> int:
    """Number, from 1, of the first row with as many filled cells as the fullest."""
    filled = [sum(bool(str(cell).strip()) for cell in row) for row in rows]
    return filled.index(max(filled)) + 1 if filled else 1


def usable(table: Table) -> list[str]:
    """Column names that occur once."""
    return [name for name in table.names if name and table.names.count(name) == 1]


def codes_in(table: Table) -> list[Code]:
    """Columns with area codes, with or without their letters."""
    found = []
    for name in usable(table):
        texts = list(dict.fromkeys(_texts(table.column(name))))
        for level, form in load("local")["levels"].items():
            letters, called = form["letters"], plain(name) in form["headers"]
            # Bare digits may be anything, so there the name of the column must be known.
            ways = [*((False,) if called or level != "pc4" else ()), *((True,) if called and letters else ())]
            for without in ways:
                pattern = re.compile(form["pattern"].removeprefix(letters) if without else form["pattern"])
                others = tuple(text for text in texts if not pattern.fullmatch(text))
                good = len(texts) - len(others)
                if good and good >= MOST * len(texts):
                    found.append(Code(name, level, without, others, good))
    return found


def name_column(table: Table, code: Code) -> str:
    """The column with a known header and one name for each code; empty when there is none."""
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
    """Whether a column has numbers, apart from the usual texts for missing ones."""
    known = load("local")["headers"]["missing"]
    values = [cell for cell in cells if isinstance(cell, float) or cell not in known]
    return bool(values) and all(isinstance(cell, float) or is_number(cell) for cell in values)


def evidence(table: Table, columns: Iterable[str] = ()) -> Evidence:
    """What the numbers of a file that are written as text say about their signs, in some columns at least."""
    names = dict.fromkeys([*columns, *(name for name in usable(table) if is_numeric(table.column(name)))])
    return evidence_of({name: [cell for cell in table.column(name) if isinstance(cell, str)] for name in names})


def missing_in(table: Table, names: Iterable[str]) -> list[str]:
    """The texts for missing numbers in some columns."""
    known: list[str] = load("local")["headers"]["missing"]
    found = {cell for name in names for cell in table.column(name) if isinstance(cell, str) and cell}
    return [each for each in known if each in found]


def year_column(table: Table) -> str:
    """The column whose values are years: one with a known name, or else the only one; empty when there is none."""
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
    return [as_text(cell) for cell in cells if cell != ""]


def _are_years(texts: Sequence[str]) -> bool:
    return bool(texts) and all(
        re.fullmatch("[0-9]{4}", text) and FIRST_YEAR <= int(text) <= LAST_YEAR for text in texts
    )
