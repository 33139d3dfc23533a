"""Recognise the format of a local file, and its columns of codes, names, years and numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from riskmodel.catalogue import load
from riskmodel.errors import InputError
from riskmodel.sources.formats.delimited import split
from riskmodel.sources.formats.numbers import Evidence, evidence_of, is_number
from riskmodel.sources.formats.tables import Cell, Row, as_text, quoted
from riskmodel.sources.formats.workbook import NO_RESULT, Sheets
from riskmodel.sources.local.header import HEAD, header_row, is_year, sheets_with_codes, width
from riskmodel.sources.local.keys import FIRST_YEAR, LAST_YEAR
from riskmodel.sources.local.persons import plain
from riskmodel.sources.local.table import KINDS, PARQUET, XLSX, Format, Table, content_of, nameless, read_sheets

#: Share of a column's distinct values that must look like codes; the rest may be totals.
MOST = 0.5
_YEAR_LAST = re.compile(r"(?P<stem>.*?)[ _.(\-/]*(?P<year>(19|20)[0-9]{2})\)?")
#: What is left of a code with a fault in it.
_NEARLY = re.compile(r"(WK|BU|GM|E)[0-9O][0-9A-Z]*|[0-9]{3,10}")
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
    sheets, with_codes : tuple of str
        Sheets of a workbook, and those with area codes, of which the first is used.
    """

    format: Format
    kind: str
    sheets: tuple[str, ...] = ()
    with_codes: tuple[str, ...] = ()


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
        return _look_at_sheets(file, read_sheets(file, content))
    try:
        text, encoding = content.decode("utf-8-sig"), "utf-8"
    except UnicodeDecodeError:
        text, encoding = content.decode("cp1252", errors="replace"), "cp1252"
    head = text.splitlines()[:HEAD]
    separator = max((";", "\t", "|", ","), key=lambda sign: _lines_alike(head, sign))
    records = islice(split(file, text, separator, expected=KINDS), 4 * HEAD)
    rows: list[Row] = [(line, [cell.strip() for cell in cells]) for line, cells in records]
    first = header_row(rows, lambda number: f"{file}, line {number}")
    return Seen(Format(separator=separator, encoding=encoding, header_row=first), "csv")


def _lines_alike(lines: Sequence[str], sign: str) -> int:
    """In how many lines a sign occurs equally often, as between columns; commas in numbers and texts do not."""
    return max(Counter(filter(None, (line.count(sign) for line in lines))).values(), default=0)


def _look_at_sheets(file: Path, sheets: Sheets) -> Seen:
    if not sheets:
        raise InputError(file, "a workbook without sheets", KINDS)
    with_codes = sheets_with_codes(sheets)
    widest = max(sheets, key=lambda name: max(map(width, sheets[name]), default=0))
    chosen = with_codes[0] if with_codes else widest
    rows = list(enumerate(sheets[chosen], 1))
    first = header_row(rows, lambda number: f"{file}, sheet {chosen!r}, row {number}")
    # Not checked: a sheet may have a name that no mapping can give.
    form = Format.model_construct(sheet=chosen if len(sheets) > 1 else "", header_row=first)
    return Seen(form, "xlsx", tuple(sheets), tuple(with_codes))


def usable(table: Table) -> list[str]:
    """Column names that occur once."""
    return [name for name in table.names if table.names.count(name) == 1]


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


def looks_like_code(text: str) -> bool:
    """Whether a text that is no area code may have been one: a zero lost, a letter for a zero, a sign too many.

    Examples
    --------
    >>> looks_like_code("WK98303"), looks_like_code("wk 098303"), looks_like_code("Totaal")
    (True, True, False)
    """
    forms = load("local")["levels"].values()
    if any(re.fullmatch(form["pattern"], text) for form in forms if form["letters"]):
        return False
    return _NEARLY.fullmatch("".join(sign for sign in text if sign.isalnum()).upper()) is not None


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


def why_no_number(text: str) -> str:
    """What makes that a text with a number in it is none; empty when that is not known."""
    bare = text.strip("€%$ \u00a0\u202f")
    if "€" in text or "$" in text:
        return "Save amounts as plain numbers, without the sign of the currency."
    if "%" in text:
        return "Save percentages as plain numbers, 12.5 for 12.5 %."
    if re.search(r"[0-9]\s[0-9]{3}", bare):
        return "Save numbers without blanks between thousands."
    if text == NO_RESULT:
        return "Open the workbook in a spreadsheet program and save it: the results of its formulas are not in it."
    return ""


def not_read(table: Table, taken: Collection[str]) -> dict[str, str]:
    """Why each other column is not read, by its name."""
    known = load("local")["headers"]
    found: dict[str, str] = {}
    for position, (name, cells) in enumerate(zip(table.names, table.columns, strict=True)):
        filled = [cell for cell in cells if isinstance(cell, float) or cell not in known["missing"]]
        texts = [cell for cell in filled if isinstance(cell, str) and not is_number(cell)]
        example = next(filter(why_no_number, texts), "")
        if table.names.count(name) > 1:
            found[name] = f"its name occurs {table.names.count(name)} times"
        elif name in taken or (name == nameless(position) and not filled):
            continue
        elif not filled:
            found[name] = "no values"
        elif example:
            found[name] = f"{quoted(example)} is no number. {why_no_number(example)}"
        elif texts and len(texts) < len(filled):
            found[name] = f"{quoted(texts[0])} is no number"
        else:
            numbers = "it has no name" if name == nameless(position) else "numbers of rows"
            found[name] = "texts" if texts else numbers
    return found


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
    return bool(texts) and all(map(is_year, texts))
