"""Local sources of a municipality: nuisance reports, rent arrears, turnover, demolition plans, surveys.

Any CSV, XLSX or Parquet file with a row an area and year (long form), or a row an area and a column a year (wide
form), joins through a short mapping: see ``docs/local-sources.md``. Areas only: a file with persons or addresses
is refused, and counts of few persons are treated as missing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.catalogue import load
from riskmodel.errors import InputError
from riskmodel.sources.formats.numbers import OTHER, Doubt, NumberFormat
from riskmodel.sources.formats.rows import refuse
from riskmodel.sources.formats.tables import Cell, as_text
from riskmodel.sources.local import recognise
from riskmodel.sources.local.disclosure import DOMINATED, protect
from riskmodel.sources.local.draft import draft_mapping
from riskmodel.sources.local.keys import FIRST_YEAR, LAST_YEAR
from riskmodel.sources.local.mapping import SUPPRESS_BELOW, Column, Mapping, local_indicators, read_mapping
from riskmodel.sources.local.persons import refuse_persons
from riskmodel.sources.local.table import Table, open_without_remarks
from riskmodel.sources.observations import Observations, SourceFile

__all__ = ["Mapping", "draft_mapping", "local_indicators", "read_local", "read_mapping"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
#: Values of rows that are left out, as many as a note lists.
MOST_SHOWN = 5


@dataclass(frozen=True)
class _Rows:
    """The rows that are about areas: their indices in the table, codes and names; and a note on the others."""

    table: Table
    index: list[int]
    codes: list[str]
    names: list[str]
    left_out: list[str]

    def positions(self, column: str) -> Callable[[int], str]:
        """The position in the file of a cell, by the index of its row among these."""
        return lambda row: self.table.at(self.index[row], column)


def read_local(file: Path, mapping: Mapping, *, allow_origin: bool = False) -> list[Observations]:
    """Read a local file as its mapping says.

    Parameters
    ----------
    file : Path
        CSV, XLSX or Parquet file.
    mapping : Mapping
        See :func:`read_mapping`.
    allow_origin : bool
        Whether to read indicators about the origin of residents, which are blocked otherwise.

    Returns
    -------
    list of Observations
        One, of all years, with the columns of :func:`local_indicators` that are not blocked. Every year has its
        day of publication; notes list what was blocked, suppressed or is missing altogether.

    Raises
    ------
    InputError
        If the file is about persons or addresses, is not as the mapping says, has an area and year twice, or has
        an impossible value.
    """
    table, remarks = open_without_remarks(file, mapping.format)
    refuse_persons(table, mapping.areas.column)
    rows = _areas(table, mapping)
    read = [each for each in mapping.indicators if allow_origin or each.sensitivity != "origin"]
    blocked = [each.id for each in mapping.indicators if each not in read]
    notes = [f"blocked (origin): {', '.join(blocked)}"] if blocked else []
    if not read:
        raise InputError(mapping.path, "only indicators about origin, which are blocked", "another indicator")
    form, taken = _number_format(table, mapping, read)
    notes += [*taken, *rows.left_out]
    notes += [f"left out, remarks below the table: {', '.join(remarks)}"] if remarks else []
    parts: dict[int | None, dict[str, Floats]] = {}
    small: dict[int | None, dict[str, Floats]] = {}
    for each in read:
        for year, columns in _columns(each):
            found, few = _values(rows, mapping, form, each, columns)
            parts.setdefault(year, {})[each.id] = found
            small.setdefault(year, {})[each.id] = few.astype("float64")
    frame, hidden = _suppressed(_frame(rows, mapping, parts), _frame(rows, mapping, small), mapping, read)
    notes += hidden
    for each in read:
        if frame[each.id].isna().all():
            notes.append(f"no value at all: {each.id}")
        elif each.unit == "%" and frame[each.id].max() <= 1:
            notes.append(f"no value of {each.id} is above 1 %: are they fractions?")
    if mapping.suppress_below < SUPPRESS_BELOW:
        notes.append(f"counts of persons are suppressed below {mapping.suppress_below} only")
    published = _published(mapping, sorted({int(year) for year in frame["year"]}))
    files = (SourceFile.of(file),)
    level, boundaries = mapping.areas.level, mapping.areas.boundaries
    return [Observations(mapping.source, level, boundaries, frame, files, published=published, notes=tuple(notes))]


def _areas(table: Table, mapping: Mapping) -> _Rows:
    areas = mapping.areas
    form = load("local")["levels"][areas.level]
    letters = form["letters"] if areas.without_letters else ""
    pattern = re.compile(form["pattern"])
    cells = table.column(areas.column)
    called = table.column(areas.name) if areas.name else cells
    index, codes, names = [], [], []
    others: Counter[str] = Counter()
    for row, cell in enumerate(cells):
        text = as_text(cell)
        if text in areas.leave_out:
            others[text] += 1
            continue
        code = letters + text
        if not pattern.fullmatch(code):
            expected = f"a code like {form['example'].removeprefix(letters)} ({areas.level})"
            raise InputError(table.at(row, areas.column), repr(text), expected, _code_hint(text, form, letters))
        index.append(row)
        codes.append(code)
        names.append(str(called[row]) if areas.name and called[row] != "" else code)
    if not index:
        raise InputError(table.path, "no rows beside those that are left out", "rows of areas")
    shown = ", ".join(f"{text!r} ({count})" for text, count in others.most_common(MOST_SHOWN))
    more = f" and {len(others) - MOST_SHOWN} others" if len(others) > MOST_SHOWN else ""
    note = f"left out, as the mapping says: rows of {shown}{more}"
    return _Rows(table, index, codes, names, [note] if others else [])


def _code_hint(text: str, form: MappingOf[str, str], letters: str) -> str:
    digits = len(form["example"]) - len(form["letters"])
    if form["letters"] and text.isdigit() and len(text) == digits and not letters:
        return "For codes without letters: without_letters = true in [areas]."
    if form["letters"] and text.isdigit() and len(text) == digits - 1:
        return "A spreadsheet may have removed the zero in front: save the column as text."
    if recognise.looks_like_code(text):
        return "It looks like a code: a zero may be lost, or a sign in it may be another one than it seems."
    return 'Rows of totals can be left out: leave_out = ["..."] in [areas].'


def _suppressed(
    frame: pd.DataFrame, small: pd.DataFrame, mapping: Mapping, read: list[Column]
) -> tuple[pd.DataFrame, list[str]]:
    """Values without those that are too small to be shown or would give one away, and what was hidden."""
    hidden = small.assign(**{each.id: small[each.id] == 1 for each in read})[[each.id for each in read]]
    least = {each.id: mapping.suppress_below * each.persons for each in read if each.kind == "extensive"}
    shown, more = protect(frame, hidden, mapping.areas.level, least)
    notes = []
    for each in read:
        few = f"fewer than {mapping.suppress_below} persons" + (", or one contributor" if each.largest else "")
        if hidden[each.id].any():
            count = int(hidden[each.id].sum())
            notes.append(f"suppressed: {count} of {each.id}, {few}; they are treated as missing")
        if each.id in more:
            notes.append(f"suppressed beside them: {more[each.id]} of {each.id}, or a total would give them away")
    return shown, notes


def _columns(each: Column) -> list[tuple[int | None, tuple[str, str, str]]]:
    """Year (None where rows have their own), and columns of values, of respondents and of the largest part."""
    if each.column:
        return [(None, (each.column, str(each.respondents), str(each.largest)))]
    bases, parts = ({} if isinstance(of, str) else of for of in (each.respondents, each.largest))
    return [(year, (column, bases.get(year, ""), parts.get(year, ""))) for year, column in each.columns.items()]


def _values(
    rows: _Rows, mapping: Mapping, form: NumberFormat, each: Column, columns: tuple[str, str, str]
) -> tuple[Floats, Bools]:
    """Values of one column, and which of them are too small to be shown."""
    column, base, largest = columns
    missing = {"", *mapping.format.missing}
    lowest = 0.0 if each.kind == "extensive" or each.unit == "%" else -np.inf
    highest = 100.0 if each.unit == "%" else np.inf
    lowest = lowest if each.lowest is None else max(lowest, each.lowest)
    highest = highest if each.highest is None else min(highest, each.highest)
    values = _numbers(rows, missing, form, column, lowest, highest)
    few = np.zeros(len(values), dtype=bool)
    if each.kind == "extensive" and each.persons:
        _check_whole(rows, column, values)
        few = values < mapping.suppress_below
    if base:
        persons = _numbers(rows, missing, form, base, 0.0, np.inf)
        # Without a number of respondents it is not known whether they were enough.
        few |= ~np.isnan(values) & ~(persons >= mapping.suppress_below)
    if largest:
        # Nor is it known whether one contributor has nearly all where the largest part is missing.
        most = _numbers(rows, missing, form, largest, 0.0, np.inf)
        few |= ~np.isnan(values) & ~(most <= DOMINATED * values)
    return values, few


def _check_whole(rows: _Rows, column: str, values: Floats) -> None:
    hint = "Is the sign between thousands read as a decimal sign? For a count of other things: persons = false."
    refuse(values % 1 > 0, rows.positions(column), lambda row: f"{values[row]:g} persons", "a whole number", hint)


def _number_format(table: Table, mapping: Mapping, read: list[Column]) -> tuple[NumberFormat, list[str]]:
    """The format of all numbers that are written as text, and what was taken where a number can be two."""
    names = dict.fromkeys(name for each in read for _, names in _columns(each) for name in names if name)
    said, evidence = mapping.format.decimal, recognise.evidence(table, names)
    form, alone = evidence.number_format(said), evidence.number_format()
    if isinstance(form, Doubt):
        at = table.at(table.column(form.column).index(form.text), form.column)
        hint = f'Say which sign is decimal: decimal = "..." in [file]. {form.hint}' if not said else form.hint
        raise InputError(at, form.found, form.expected, hint)
    notes = [form.note(name, (cell for cell in table.column(name) if isinstance(cell, str))) for name in names]
    if isinstance(alone, Doubt) and alone.sign == said and alone.column in names:
        notes.append(f"column {alone.column!r}: {form.meaning(said)}, as the mapping says")
    return form, list(filter(None, notes))


def _numbers(
    rows: _Rows, missing: Collection[str], form: NumberFormat, column: str, lowest: float, highest: float
) -> Floats:
    cells = rows.table.column(column)

    def number(row: int) -> float:
        cell: Cell = cells[row]
        if isinstance(cell, float):
            value = cell
        elif cell in missing:
            return float("nan")
        elif (read := form.number(cell)) is not None:
            value = read
        else:
            hint = _number_hint(cell, form.decimal)
            raise InputError(rows.table.at(row, column), repr(cell), "a number, or what stands for missing", hint)
        if not lowest <= value <= highest or np.isinf(value):
            raise InputError(rows.table.at(row, column), f"{value:g}", _range(lowest, highest))
        return value

    return np.array([number(row) for row in rows.index])


def _range(lowest: float, highest: float) -> str:
    if np.isinf(highest):
        return "a finite number" if np.isinf(lowest) else f"{lowest:g} or more"
    return f"at most {highest:g}" if np.isinf(lowest) else f"{lowest:g} to {highest:g}"


def _number_hint(text: str, decimal: str) -> str:
    other = OTHER[decimal]
    if NumberFormat(other, decimal).number(text) is not None:
        return f'If {other!r} is the decimal sign: decimal = "{other}" in [file].'
    return recognise.why_no_number(text) or "If it stands for missing, add it to 'missing' in [file]."


def _years(rows: _Rows, mapping: Mapping) -> list[int]:
    """Year of each row, where rows have one."""
    column = mapping.years.column
    if not column:
        return [int(mapping.years.year or 0)] * len(rows.index)
    cells = rows.table.column(column)
    years = []
    for row in rows.index:
        cell = cells[row]
        text = as_text(cell)
        if not re.fullmatch("[0-9]{4}", text) or not FIRST_YEAR <= int(text) <= LAST_YEAR:
            raise InputError(rows.table.at(row, column), repr(text), f"a year from {FIRST_YEAR} to {LAST_YEAR}")
        years.append(int(text))
    return years


def _frame(rows: _Rows, mapping: Mapping, parts: MappingOf[int | None, MappingOf[str, Floats]]) -> pd.DataFrame:
    ids = list(dict.fromkeys(key for part in parts.values() for key in part))
    frames = []
    for year, part in parts.items():
        years = _years(rows, mapping) if year is None else [year] * len(rows.index)
        frame = pd.DataFrame({"location": rows.codes, "name": rows.names, "year": np.array(years, dtype=np.int32)})
        for key in ids:
            frame[key] = part.get(key, np.full(len(frame), np.nan))
        _refuse_twice(rows, frame, mapping)
        frames.append(frame)
    together = pd.concat(frames, ignore_index=True)
    last = together.sort_values("year", kind="stable").drop_duplicates("location", keep="last")
    together["name"] = together["location"].map(last.set_index("location")["name"])
    return together.sort_values(["location", "year"], ignore_index=True)


def _refuse_twice(rows: _Rows, frame: pd.DataFrame, mapping: Mapping) -> None:
    refuse(
        frame.duplicated(["location", "year"]),
        rows.positions(mapping.areas.column),
        lambda row: f"{frame['location'].iloc[row]} in {frame['year'].iloc[row]} again",
        "every area and year once",
        "Rows of persons, addresses or months need to be added up to areas and years first.",
    )


def _published(mapping: Mapping, years: list[int]) -> dict[int, date]:
    known = {year: mapping.years.known_on(year) for year in years}
    open_ = [str(year) for year, day in known.items() if day is None]
    if open_:
        found = f"no day of publication for {', '.join(open_)}"
        expected = "a day for each, or 'published_after_months'"
        raise InputError(f"{mapping.path}, [years]", found, expected)
    return {year: day for year, day in known.items() if day is not None}
