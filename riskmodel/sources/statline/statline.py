"""Read a table of CBS, police or RIVM open data strictly: keys as text, figures as numbers.

Such a table comes as the open-data service gives it (comma, decimal point, padded keys and figures) or as the
StatLine website saves it (semicolon, decimal comma, a last line "Bron: CBS"). A column is stored as its distinct
texts and, for each row, the index of its text: checks look at each distinct text once, and tens of millions of
rows fit in memory.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pv

from riskmodel.errors import InputError
from riskmodel.sources.formats import delimited, tables
from riskmodel.sources.formats.numbers import NumberFormat, settle
from riskmodel.sources.formats.tables import Cell, as_text, check_once
from riskmodel.sources.observations import Observations, SourceFile

#: Texts, after stripping, that mean a figure that is withheld or unknown; no others do.
MISSING = frozenset({"", ".", "NA", "null"})
LEVELS = {"GM": "gemeente", "WK": "wijk", "BU": "buurt"}
AREA = re.compile(r"GM[0-9]{4}|WK[0-9]{4}[0-9A-Z]{2}|BU[0-9]{4}[0-9A-Z]{4}")
#: Country, parts of the country, provinces, COROP, police units, districts and teams, GGD regions: not our levels.
LARGER_AREA = re.compile(r"(NL|LD|PV|CR|RE|PD|BT|GG)[0-9A-Z]{2,8}")
PERIOD = re.compile(r"(19|20)[0-9]{2}(JJ00|MM(0[1-9]|1[0-2]))")
#: R writes a hundred thousand as 1e+05. A point before three digits is a thousands separator: refused.
WHOLE = re.compile(r"[0-9]+(\.0)?|[0-9]e\+[0-9]{2}")
#: Reading needs memory for the distinct texts and four bytes a cell; a larger file is a download of everything.
MAX_BYTES = 1 << 30


@dataclass(frozen=True)
class Column:
    """One column: its distinct stripped texts and the index of the text of each row."""

    texts: tuple[str, ...]
    index: npt.NDArray[np.int32]

    @classmethod
    def of(cls, texts: Iterable[str], index: npt.NDArray[np.int32]) -> Column:
        """Strip the texts and join those that become equal."""
        numbers: dict[str, int] = {}
        target = np.array([numbers.setdefault(text.strip(), len(numbers)) for text in texts], dtype=np.int32)
        return cls(tuple(numbers), target[index] if len(target) else index)

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, row: int) -> str:
        return self.texts[int(self.index[row])]

    def first(self, text: str) -> int:
        """Index of the first row with a text."""
        return int(np.argmax(self.index == self.texts.index(text)))

    def each(self, values: Sequence[object], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """The value of each row, from one value for each distinct text."""
        return np.array(values, dtype=dtype)[self.index]

    def cells(self) -> npt.NDArray[np.object_]:
        """The text of each row."""
        return self.each(self.texts, object)


@dataclass(frozen=True)
class StatLineTable(tables.Table[Column]):
    """Columns of one file with checks and figures.

    Attributes
    ----------
    numeric : tuple of str
        Columns of numbers, which together settle how numbers are written.
    """

    numeric: tuple[str, ...] = ()

    @cached_property
    def number_format(self) -> NumberFormat:
        """The decimal sign of the file; nothing separates thousands in tables of StatLine."""
        columns = {name: self.column(name).texts for name in self.numeric}
        form = settle(columns, lambda name, text: self.at(self.column(name).first(text), name))
        return NumberFormat(form.decimal)

    def check(self, column: str, good: Callable[[str], object], expected: str, hint: str = "") -> None:
        """Refuse the first row whose text is not good."""
        found = self.column(column)
        self.refuse(found.each([not good(text) for text in found.texts], bool), column, expected, hint)

    def refuse(self, wrong: npt.NDArray[np.bool_], column: str, expected: str, hint: str = "") -> None:
        """Refuse the first row that is wrong, by its cell in a column."""
        if wrong.any():
            raise self.fault(int(np.argmax(wrong)), column, expected, hint)

    def numbers(self, column: str, lowest: float, highest: float) -> npt.NDArray[np.float64]:
        """Figures of a column, missing ones NaN; the first that is no number or out of range is refused."""
        found = self.column(column)
        values = [np.nan if text in MISSING else self.number_format.number(text) for text in found.texts]
        wrong = found.each([value is None for value in values], bool)
        self.refuse(wrong, column, "a number, or '.' or nothing")
        figures = found.each(values, np.float64)
        self.refuse((figures < lowest) | (figures > highest), column, f"{lowest:g} to {highest:g}")
        return figures

    def counts(self, column: str) -> npt.NDArray[np.float64]:
        """Whole numbers of a column, missing ones NaN; thousands separators are refused, not guessed."""
        self.check(
            column,
            lambda text: text in MISSING or WHOLE.fullmatch(text),
            "a whole number of 0 or more, or '.' or nothing",
        )
        return self.numbers(column, 0.0, 1e9)

    def levels(self, column: str) -> list[str | None]:
        """Level of each distinct area code of a column; None for larger areas and for "unknown"."""
        self.check(
            column,
            lambda text: AREA.fullmatch(text) or LARGER_AREA.fullmatch(text),
            "an area code like GM0344, WK034401 or BU03440101",
            "Save the table with codes, not with names.",
        )
        texts = self.column(column).texts
        known = [bool(AREA.fullmatch(text)) and text[2:6] != "0000" for text in texts]
        return [LEVELS[text[:2]] if good else None for text, good in zip(texts, known, strict=True)]

    def are_areas(self, column: str) -> npt.NDArray[np.bool_]:
        """Whether each row is about an area of one of the levels."""
        return self.column(column).each([level is not None for level in self.levels(column)], bool)

    def periods(self, column: str) -> npt.NDArray[np.int32]:
        """Year times 100 plus the month (0 for a whole year) of each row."""
        self.check(column, PERIOD.fullmatch, "a period like 2022JJ00 or 2022MM01")
        found = self.column(column)
        return found.each([int(text[:4]) * 100 + int(text[6:]) for text in found.texts], np.int32)

    def years(self, column: str, chosen: npt.NDArray[np.bool_], expected: str) -> npt.NDArray[np.int32]:
        """Year of each row; a month among the chosen rows is refused."""
        period = self.periods(column)
        self.refuse(chosen & (period % 100 > 0), column, expected)
        return period // np.int32(100)


def header(path: Path) -> tuple[str, list[str]]:
    """Separator and column names of a text table."""
    line = delimited.first_line(path)
    size = path.stat().st_size
    if size > MAX_BYTES:
        hint = "Select fewer years or regions and give several files."
        raise InputError(path, f"{size / 2**20:.0f} MB", f"at most {MAX_BYTES >> 20} MB", hint)
    separator = ";" if ";" in line else ","
    names = [name.strip() for _, row in delimited.split(path, line, separator) for name in row]
    if not any(names):
        raise InputError(path, "an empty first line" if line else "an empty file", "a header line and rows")
    check_once(f"{path}, line 1", names)
    return separator, names


def read(path: Path, columns: Iterable[str], numeric: Iterable[str]) -> StatLineTable:
    """Read the named columns of a text table, of texts and of numbers."""
    separator, names = header(path)
    numeric = tuple(numeric)
    wanted = list(dict.fromkeys((*columns, *numeric)))
    delimited.check_present(f"{path}, line 1", names, wanted, f"columns {', '.join(wanted)}")
    # StatLine ends a file with its source in a line of one field.
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 200))
        ends_with_source = re.search(rb'[\r\n]"?Bron: [^\r\n]*[\r\n]*\Z', file.read()) is not None

    def skip_source(row: pv.InvalidRow) -> str:
        return "skip" if re.match(r'"?Bron: ', row.text) else "error"

    options = pv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.dictionary(pa.int32(), pa.string())),
        include_columns=wanted,
        strings_can_be_null=False,
    )
    skip = skip_source if ends_with_source else None
    table = delimited.load(path, names, options, separator=separator, skip=skip)
    coded = [column.combine_chunks() for column in table.unify_dictionaries().columns]
    content = tuple(Column.of(column.dictionary.to_pylist(), column.indices.to_numpy()) for column in coded)

    def line(row: int) -> int:
        with path.open(encoding="utf-8-sig", newline="") as file:
            records = csv.reader(file, delimiter=separator)
            lines = (records.line_num for cells in records if cells)
            return next(islice(lines, row + 1, None), row + 2)

    where = f"{path}, line 1"
    return StatLineTable(
        path,
        tuple(wanted),
        lambda: (line, content),
        "line",
        str(path),
        where,
        separator=separator,
        numeric=numeric,
    )


def from_sheet(
    path: Path, rows: Sequence[Sequence[Cell]], columns: Sequence[str], numeric: Sequence[str]
) -> StatLineTable:
    """The named columns of a sheet, of texts and of numbers; the names must be those of its first row."""
    columns = (*columns, *numeric)
    names = [as_text(name) for name in rows[0]]
    doubled = [name for name in columns if names.count(name) > 1]
    if doubled:
        raise InputError(f"{path}, row 1", f"column {doubled[0]!r} twice", "every column once")
    if len(rows) == 1:
        raise InputError(path, "a header without rows", "rows below the header")

    def column(name: str) -> Column:
        position, numbers = names.index(name), dict[str, int]()
        texts = (as_text(row[position]) for row in rows[1:])
        index = np.array([numbers.setdefault(text, len(numbers)) for text in texts], dtype=np.int32)
        return Column(tuple(numbers), index)

    content = tuple(column(name) for name in columns)
    return StatLineTable(
        path,
        columns,
        lambda: (lambda row: row + 2, content),
        "row",
        str(path),
        f"{path}, row 1",
        numeric=tuple(numeric),
    )


def by_stem(path: Path, names: Sequence[str], stems: Iterable[str]) -> dict[str, str]:
    """Columns by their name without the number at the end.

    The number (``28`` in ``Eenzaam_28``) is the position of the topic in the table and moves when topics are
    added. Names that are absent are left out; two columns of one name are refused.
    """
    found: dict[str, str] = {}
    for stem in stems:
        fits = [name for name in names if re.fullmatch(re.escape(stem) + r"_[0-9]+", name)]
        if len(fits) > 1:
            raise InputError(f"{path}, line 1", f"columns {fits[0]!r} and {fits[1]!r}", f"one column {stem!r}")
        if fits:
            found[stem] = fits[0]
    return found


def together(parts: Sequence[pd.DataFrame], where: Callable[[int, int], object], expected: str) -> pd.DataFrame:
    """Rows of several files in order of location and year; a location and year in two rows is refused.

    ``where`` gives the position of a row for the message, from the index of its part and its own index.
    """
    frame = pd.concat(parts, keys=range(len(parts)))
    twice = frame.duplicated(["location", "year"]).to_numpy()
    if twice.any():
        first = int(np.argmax(twice))
        location, year = frame.iloc[first][["location", "year"]]
        raise InputError(where(*frame.index[first]), f"{location} in {year} twice", expected)
    return frame.sort_values(["location", "year"], ignore_index=True)


def by_level(
    source: str, frame: pd.DataFrame, boundaries: int, files: Sequence[Path], notes: Sequence[str]
) -> list[Observations]:
    """Observations of each level in a frame, in order of location and year."""
    sources = tuple(SourceFile.of(path) for path in files)
    return [
        Observations(source, level, boundaries, part.reset_index(drop=True), sources, notes=tuple(notes))
        for letters, level in LEVELS.items()
        if len(part := frame[frame["location"].str.startswith(letters)])
    ]


def by_year(
    source: str,
    frame: pd.DataFrame,
    boundaries: int | None,
    files: Sequence[Path],
    notes: Callable[[int], tuple[str, ...]],
) -> list[Observations]:
    """Observations of municipalities, one a year, without indicators that have no value in it."""
    sources = tuple(SourceFile.of(path) for path in files)
    parts = {int(str(year)): part.dropna(axis=1, how="all") for year, part in frame.groupby("year")}
    return [
        Observations(
            source, "gemeente", boundaries or year, part.reset_index(drop=True), sources, notes=notes(year)
        )
        for year, part in parts.items()
    ]
