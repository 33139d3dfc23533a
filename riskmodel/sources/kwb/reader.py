"""Kerncijfers wijken en buurten (CBS): size and context of municipalities, districts and neighbourhoods.

The table has been published every year in several dialects and containers. ``catalogue/kwb.toml`` says which
columns of each are read, which are blocked (origin of residents), and which counts become shares, so that one
indicator means the same in every year.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.catalogue import indicators, load
from riskmodel.errors import InputError
from riskmodel.sources.formats.numbers import NumberFormat, settle
from riskmodel.sources.formats.tables import Cell, quoted
from riskmodel.sources.kwb import values as kwb_values
from riskmodel.sources.kwb.containers import KwbTable, open_tables
from riskmodel.sources.kwb.dialects import Dialect, Rows, present, read_rows, recognise, unknown
from riskmodel.sources.kwb.values import Floats
from riskmodel.sources.observations import Observations, SourceFile

SOURCE = "kwb"
FIRST_YEAR, LAST_YEAR = 1995, 2049
LEVELS = {"GM": "gemeente", "WK": "wijk", "BU": "buurt"}
EXAMPLES = {"gemeente": "GM0344", "wijk": "WK034401", "buurt": "BU03440101"}
CODE = r"NL[0-9]{2}|GM[0-9]{4}|WK[0-9]{4}[0-9A-Z]{2}|BU[0-9]{4}[0-9A-Z]{4}"
KINDS = {"land": "NL", "gemeente": "GM", "wijk": "WK", "buurt": "BU", "n": "NL", "g": "GM", "w": "WK", "b": "BU"}
WIDTHS = {"NL": 2, "GM": 4, "WK": 6, "BU": 8}
YEAR = r"(?<!\d)(20[0-4]\d)(?!\d)"
TABLE = r"[0-9]{5}NED"
CHANGES = {"1": "unchanged", "2": "another code", "3": "another boundary"}


@dataclass(frozen=True)
class _Part:
    """The figures of one level in one table."""

    path: Path
    dialect: str
    level: str
    frame: pd.DataFrame
    notes: tuple[str, ...]


def read_tables(
    files: Sequence[Path], year: int | None = None, *, allow_origin: bool = False
) -> list[Observations]:
    """Read KWB tables of any year and dialect: gemeente, wijk and buurt, whichever are in a file.

    Parameters
    ----------
    files : sequence of Path
        CSV, ``.xls``, ``.xlsx``, JSON of OData, or ``.dbf``, ``.shp`` and ``.gpkg`` of the Wijk- en Buurtkaart.
    year : int, optional
        Year of the (single) file; by default the four digits, or the OData table, in each file's name.
    allow_origin : bool
        Whether to read the shares of residents by origin, which are blocked otherwise.

    Returns
    -------
    list of Observations
        One a year and level. The boundary vintage is the year itself: the same code can be another area in
        another year.

    Raises
    ------
    InputError
        If a dialect or year is not recognised, an area is there twice, or a value is impossible.
    """
    if year is not None and len(files) > 1:
        raise InputError("--year", "one year for several files", "one file with --year")
    if year is not None and not FIRST_YEAR <= year <= LAST_YEAR:
        raise InputError("--year", str(year), f"a year from {FIRST_YEAR} to {LAST_YEAR}")
    parts: dict[tuple[int, str], list[_Part]] = {}
    unfinished: dict[int, Path] = {}
    finished: set[int] = set()
    for path in files:
        for table, dialect in _kwb_tables(path):
            of = _year(table, year)
            if table.continues:
                unfinished[of] = path
            else:
                finished.add(of)
            for part in _read_table(table, dialect, of, allow_origin=allow_origin):
                parts.setdefault((of, part.level), []).append(part)
    for of in unfinished.keys() - finished:
        hint = "Fetch the pages after it and give all of them together."
        raise InputError(unfinished[of], "a page with a link to the next page", "the last page as well", hint)
    return [_combine(of, level, group) for (of, level), group in parts.items()]


def year_in_name(path: Path) -> int:
    """Year of a KWB file from its name: four digits, or the number of an OData table."""
    # CBS names a corrected table kwb-2009-versie-2014-06-01: the second year is that of the correction.
    stem = re.sub(r"(?i)[-_ ]versie[-_ ].*$", "", path.stem)
    years = set(map(int, re.findall(YEAR, stem))) | _years_of_tables(stem)
    if len(years) != 1:
        found = f"{' and '.join(map(str, sorted(years))) or 'no year'} in the file name"
        raise InputError(path, found, "one year", "Say which with --year YEAR.")
    return years.pop()


def _years_of_tables(text: str) -> set[int]:
    known: dict[str, int] = load("kwb")["tables"]
    return {known[number] for number in re.findall(TABLE, text) if number in known}


def _year(table: KwbTable, asked: int | None) -> int:
    inside = set(map(int, re.findall(YEAR, table.clue))) | _years_of_tables(table.clue)
    inside |= {2000 + int(year) for name in table.names for year in re.findall(r"(?i)^gwb_code(\d\d)$", name)}
    try:
        year = year_in_name(table.path) if asked is None else asked
    except InputError:
        if len(inside) != 1:
            raise
        return inside.pop()
    if inside and year not in inside:
        found = f"a table of {' and '.join(map(str, sorted(inside)))} in a file of {year}"
        raise InputError(table.path, found, f"a table of {year}")
    return year


def _kwb_tables(path: Path) -> list[tuple[KwbTable, Dialect]]:
    tables = open_tables(path)
    found = [(table, dialect) for table in tables if (dialect := recognise(table)) is not None]
    if not found:
        raise unknown(tables[0]) if tables else InputError(path, "no sheet with anything on it", "a KWB table")
    return found


def _read_table(table: KwbTable, dialect: Dialect, year: int, *, allow_origin: bool) -> list[_Part]:
    rows = read_rows(table, dialect, allow_origin=allow_origin)
    every = _codes(rows)
    areas = [code[:2] in LEVELS for code in every]
    codes = [code for code, area in zip(every, areas, strict=True) if area]
    if not codes:
        raise InputError(table.path, "only the whole country", "areas: gemeente, wijk or buurt")
    rows = rows.only(areas)
    values, notes, withheld = _quantities(rows)
    notes += _origin_notes(rows, allow_origin=allow_origin)
    if rows.dropped:
        chosen = ", ".join(f"{column} {value}" for column, value in dialect.keep.items())
        notes.append(f"left out: {rows.dropped} rows that are not {chosen}")
    frame = pd.DataFrame({"location": codes, "name": _names(rows, codes), "year": np.int32(year)})
    figures = pd.DataFrame({key: values[key] for key in indicators() if key in values})
    frame = pd.concat([frame, figures], axis=1)
    changed = pd.Series(rows.text(dialect.changed) or [""] * len(codes), dtype="str")
    parts = []
    for prefix, level in LEVELS.items():
        here = frame["location"].str.startswith(prefix).to_numpy(dtype=bool)
        part = frame[here]
        if not part.empty:
            # CBS fills the newest year in over about three releases.
            empty = [key for key in part.columns if part[key].isna().all()]
            own = _level_notes(changed[here], int(withheld[here].sum()), empty)
            parts.append(_Part(table.path, dialect.id, level, part.drop(columns=empty), (*notes, *own)))
    return parts


def _codes(rows: Rows) -> list[str]:
    """Codes with their prefix, each of a known form and of the kind of region in its row, and there once."""
    column = rows.column(*rows.dialect.code)
    title = rows.title(column)
    kinds = rows.text(rows.dialect.kind)
    level = _level_in_name(rows.table.path) if rows.dialect.one_level else ""
    examples = EXAMPLES[level] if level else ", ".join(EXAMPLES.values())
    codes: list[str] = []
    first: dict[str, int] = {}
    at = rows.positions(title)
    for row, raw in enumerate(rows.text(column) or []):
        code = raw
        if kinds is not None:
            prefix = KINDS.get(kinds[row].casefold(), "")
            if not prefix:
                where = rows.positions(rows.title(rows.dialect.kind))(row)
                raise InputError(where, quoted(kinds[row]), "a kind of region: Land, Gemeente, Wijk or Buurt")
            # Until 2012 codes have no prefix, and a spreadsheet may have taken their leading zeros.
            if re.fullmatch("[0-9]+", raw):
                code = "NL00" if prefix == "NL" else f"{prefix}{raw.zfill(WIDTHS[prefix])}"
            if not code.startswith(prefix):
                raise InputError(at(row), f"{quoted(raw)} called {quoted(kinds[row])}", f"a code with {prefix}")
        if not re.fullmatch(CODE, code) or (level and LEVELS.get(code[:2]) != level):
            raise InputError(at(row), quoted(raw), f"a code like {examples}")
        if code in first:
            expected = f"every area once; {rows.positions()(first[code])} is the first"
            raise InputError(rows.positions()(row), f"{code} twice", expected)
        first[code] = row
        codes.append(code)
    return codes


def _level_in_name(path: Path) -> str:
    """Level in a file's name, ``""`` if it names none or several."""
    named = [level for level in LEVELS.values() if level in path.stem.casefold()]
    return named[0] if len(named) == 1 else ""


def _quantities(rows: Rows) -> tuple[dict[str, Floats], list[str], npt.NDArray[np.bool_]]:
    """Values of every quantity, notes for the user, and the areas of which shares are withheld."""
    dialect, titles = rows.dialect, {quantity: rows.table.names[column] for quantity, column in rows.at.items()}
    groups = kwb_values.parts_of_groups()
    raw = {quantity: rows.raw(at) for quantity, at in rows.at.items() if quantity not in dialect.words}
    form, taken = _number_format(rows, {titles[quantity]: cells for quantity, cells in raw.items()})
    values: dict[str, Floats] = {}
    for quantity, position in rows.at.items():
        title = titles[quantity]
        if quantity in dialect.words:
            texts, words = rows.cells[position].tolist(), dialect.words[quantity]
            read = kwb_values.numbers_of_words(texts, title, rows.positions, words, dialect.missing)
        else:
            read = kwb_values.numbers(raw[quantity], title, rows.positions, dialect.missing, form)
        unsure = groups.get(quantity.removeprefix("n_")) in dialect.unsure
        values[quantity] = kwb_values.check_limits(read, quantity, title, rows.positions, unsure=unsure)
    notes = taken + kwb_values.settle_units(values, titles, rows.positions, dialect.unsure)
    withheld = kwb_values.withhold_rounded(values, dialect.rounded)
    derived, also = kwb_values.derive(values, titles, rows.positions)
    return values | derived, notes, withheld | also


def _number_format(rows: Rows, raw: Mapping[str, Sequence[Cell]]) -> tuple[NumberFormat, list[str]]:
    """The format of the numbers in columns that are written as text, and what was taken to separate thousands."""
    columns = {column: [cell for cell in cells if isinstance(cell, str)] for column, cells in raw.items()}
    form = settle(columns, lambda column, text: rows.positions(column)(raw[column].index(text)))
    return form, list(filter(None, (form.note(column, texts) for column, texts in columns.items())))


def _names(rows: Rows, codes: Sequence[str]) -> list[str]:
    labels = rows.text(*rows.dialect.name) or codes
    # Some copies of OData tables repeat the code in place of the name.
    usable = [bool(label) and re.fullmatch(CODE, label) is None for label in labels]
    return [label if good else code for label, good, code in zip(labels, usable, codes, strict=True)]


def _origin_notes(rows: Rows, *, allow_origin: bool) -> list[str]:
    asked = present(rows.dialect, rows.table, tuple(rows.dialect.origin))
    never = present(rows.dialect, rows.table, rows.dialect.never)
    if not allow_origin:
        return [f"blocked (origin): {', '.join([*asked, *never])}"] if asked or never else []
    notes = [f"read on request (origin): {', '.join(asked)}"] if asked else []
    return [*notes, *([f"never read (origin): {', '.join(never)}"] if never else [])]


def _level_notes(changed: pd.Series, withheld: int, empty: Sequence[str]) -> list[str]:
    notes = []
    counts = Counter(changed.map(CHANGES).dropna())
    if counts:
        changes = ", ".join(f"{counts[word]} {word}" for word in CHANGES.values() if counts[word])
        notes.append(f"since the year before: {changes}")
    if withheld:
        minimum = load("kwb")["derived"]["minimum"]
        notes.append(f"withheld: shares of {withheld} areas with fewer than {minimum} inhabitants or households")
    if empty:
        notes.append(f"not published yet, or not at this level: {', '.join(empty)}")
    return notes


def _combine(year: int, level: str, parts: Sequence[_Part]) -> Observations:
    """Observations of one level and year from the pages of one table, or from tables of several cities."""
    first = parts[0]
    known: set[str] = set()
    for part in parts:
        if part.dialect != first.dialect or not known.isdisjoint(part.frame["location"]):
            expected = f"one table of {level} {year}, or parts of one; {first.path.name} is the first"
            raise InputError(part.path, f"a second file of {year}", expected)
        known |= set(part.frame["location"])
    frame = pd.concat([part.frame for part in parts]).sort_values("location", ignore_index=True)
    files = {part.path: SourceFile.of(part.path) for part in parts}
    notes = dict.fromkeys(note for part in parts for note in part.notes)
    return Observations(SOURCE, level, year, frame, tuple(files.values()), notes=tuple(notes))
