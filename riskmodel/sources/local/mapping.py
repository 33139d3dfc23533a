"""The mapping of a local file: which columns are what, written by the municipality in a short TOML file.

Everything that decides what a number means is in it, and nothing is guessed: a draft (see
:mod:`riskmodel.sources.local.draft`) leaves ``"..."`` for what cannot be seen in a file.
"""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from datetime import date
from pathlib import Path
from typing import Annotated

from dateutil.relativedelta import relativedelta
from pydantic import Field, PrivateAttr, StringConstraints

from riskmodel.catalogue import Indicator, load
from riskmodel.errors import InputError
from riskmodel.sources.formats.documents import read_toml
from riskmodel.sources.local import keys
from riskmodel.sources.local.persons import origin_word
from riskmodel.sources.local.table import Format

#: Counts of fewer persons than this could disclose something about one of them.
SUPPRESS_BELOW = 5
LEVELS = tuple(load("local")["levels"])
#: Drivers that have indicators.
DRIVERS = tuple(key for key, entry in load("drivers").items() if not entry.get("of_chance"))
SLUG = "lower-case letters, digits and single hyphens, such as 'venlo-meldingen'"


class Areas(keys.Section):
    """Which areas the rows are about."""

    column: keys.Text
    """the name of a column of the file"""
    level: Annotated[str, keys.one_of(*LEVELS)] = Field(description=f"one of {', '.join(LEVELS)}")
    boundaries: keys.Year
    """the year of the area classification on which the codes stand"""
    name: keys.Text = ""
    """the column with names of areas"""
    without_letters: keys.YesNo = False
    """whether the codes lack their first two letters"""
    leave_out: keys.Texts = ()
    """values of the code column whose rows are no areas of this level, such as totals"""


class Years(keys.Section):
    """Which years the values are of, and since when they were known."""

    column: keys.Text = ""
    """the column with the year, for a row an area and year"""
    year: keys.Year | None = None
    """the year of the values"""
    covers: Annotated[str, keys.one_of(keys.STATE, keys.WHOLE_YEAR)] = Field(
        keys.STATE,
        description=f'"{keys.STATE}" for a state on that day or "{keys.WHOLE_YEAR}" for what happened in a year',
    )
    published_after_months: Annotated[int | None, *keys.whole(0, 120)] = None
    """the number of months from the end of what a value covers to the day on which it was known"""
    published: keys.Days = Field(default_factory=dict)
    """that day itself, for years of which it is known"""

    @property
    def covered_months(self) -> int:
        """Months of a year that a value covers."""
        return 12 if self.covers == keys.WHOLE_YEAR else 0

    def known_on(self, year: int) -> date | None:
        """Day on which the values of a year were known; None when the mapping does not have it."""
        if year in self.published or self.published_after_months is None:
            return self.published.get(year)
        months = self.covered_months + self.published_after_months
        day: date = date(year, 1, 1) + relativedelta(months=months)
        return day

    @property
    def lag_months(self) -> int:
        """Most months from 1 January of a year to the day on which its values were known."""
        lags = [12 * (day.year - year) + day.month - 1 + (day.day > 1) for year, day in self.published.items()]
        if self.published_after_months is not None:
            lags.append(self.covered_months + self.published_after_months)
        return max(lags)


class Column(keys.Section):
    """One indicator of a local file; the catalogue calls it ``local_KEY``."""

    _key: str = PrivateAttr("")

    column: keys.Text = ""
    """the column with the values, in a file with a row an area and year"""
    columns: keys.Columns = Field(default_factory=dict)
    """the column of each year, in a file with a column a year"""
    label_nl: keys.Text
    """the Dutch name that people read"""
    label_en: keys.AnyText = ""
    """the English name"""
    driver: Annotated[str, keys.one_of(*DRIVERS)] = Field(description=f"one of {', '.join(DRIVERS)}")
    direction: Annotated[str, keys.one_of("good", "bad", "neutral")]
    """"good", "bad" or "neutral", for what more of it means for liveability"""
    kind: Annotated[str, keys.one_of("extensive", "intensive")]
    """"extensive" for a count and "intensive" for a rate, share or score"""
    unit: keys.AnyText = ""
    """the unit; "%" bounds values to 0 to 100"""
    respondents: keys.Beside = ""
    """the column, or columns by year, with the number of persons on whom a value rests"""
    largest: keys.Beside = ""
    """the column, or columns by year, with the part of an amount that comes from its largest contributor"""
    persons: keys.YesNo = True
    """whether a count is one of persons, so that small ones are suppressed"""
    lowest: keys.Number | None = None
    """the smallest possible value, where the scale has one"""
    highest: keys.Number | None = None
    """the largest possible value, where the scale has one"""
    structural: keys.YesNo = False
    """whether the latest known value also describes earlier years"""
    sensitivity: Annotated[str, keys.one_of("", "proxy", "origin")] = ""
    """"proxy" for a named proxy of origin, "origin" for origin itself"""

    @property
    def id(self) -> str:
        """Id in the catalogue."""
        return f"local_{self._key}"


class Mapping(keys.Section):
    """A complete mapping."""

    _path: Path = PrivateAttr(Path())

    slug: Annotated[str, StringConstraints(pattern="^[a-z0-9]+(-[a-z0-9]+)*$"), keys.Expected(SLUG)]
    """the short name; the source is called ``local-SLUG``"""
    label: keys.Text
    """owner and subject, as people read them"""
    suppress_below: Annotated[int, Field(ge=0, le=100), keys.Expected("a whole number from 0 to 100")] = (
        SUPPRESS_BELOW
    )
    """the number of persons below which counts are treated as missing"""
    format: Annotated[Format, keys.Expected("a table")] = Field(Format(), alias="file")
    areas: Annotated[Areas, keys.Expected("a table")]
    years: Annotated[Years, keys.Expected("a table")]
    columns: Annotated[
        dict[Annotated[str, StringConstraints(pattern="^[a-z][a-z0-9_]{0,59}$")], Column],
        Field(min_length=1),
        keys.Expected("at least one section [indicators.NAME]"),
    ] = Field(alias="indicators")

    def model_post_init(self, context: object) -> None:
        """Give every indicator its name."""
        for key, each in self.columns.items():
            each._key = key

    @property
    def path(self) -> Path:
        """Where it was read."""
        return self._path

    @property
    def indicators(self) -> tuple[Column, ...]:
        """What is read."""
        return tuple(self.columns.values())

    @property
    def source(self) -> str:
        """Source id."""
        return f"local-{self.slug}"


SECTIONS: MappingOf[str, type[keys.Section]] = {
    "file": Format,
    "areas": Areas,
    "years": Years,
    "indicators": Column,
}
#: What may be written in place of a blank, by key.
MEANINGS: dict[str, str] = {}
for _model in SECTIONS.values():
    for _name, _field in _model.model_fields.items():
        MEANINGS.setdefault(_name, str(_field.description))


def local_indicators(mapping: Mapping) -> dict[str, Indicator]:
    """Indicators of a mapping as the catalogue describes national ones, by id."""
    return {
        each.id: Indicator(
            id=each.id,
            label_nl=each.label_nl,
            label_en=each.label_en or each.label_nl,
            driver=each.driver,
            unit=each.unit,
            direction=each.direction,
            kind=each.kind,
            source=mapping.source,
            lag_months=mapping.years.lag_months,
            reference=mapping.years.covers,
            structural=each.structural,
            sensitivity=each.sensitivity,
        )
        for each in mapping.indicators
    }


def read_mapping(path: Path) -> Mapping:
    """Read and check a mapping.

    Raises
    ------
    InputError
        If it is no TOML, something is still blank, a key is unknown or missing, or a value is not possible.
    """
    document = read_toml(path, "a mapping in TOML")
    keys.refuse_blanks(path, document, MEANINGS)
    mapping = keys.checked(path, Mapping, document, SECTIONS)
    mapping._path = path
    _check_years(mapping)
    for each in mapping.indicators:
        _check_indicator(mapping, each)
    return mapping


def _check_years(mapping: Mapping) -> None:
    years = mapping.years
    where = f"{mapping.path}, [years]"
    if years.column and years.year:
        raise InputError(where, "both 'column' and 'year'", "one of them")
    if years.published_after_months is None and not years.published:
        expected = "'published_after_months', or 'published' with a day for every year"
        hint = "A forecast may use a value only from the day on which it was known."
        raise InputError(where, "nothing about publication", expected, hint)
    for year, day in years.published.items():
        earliest = date(year, 12, 31) if years.covers == keys.WHOLE_YEAR else date(year, 1, 1)
        if day < earliest:
            found = f"values of {year} published on {day}"
            hint = "A plan for later years belongs to the year in which it stood."
            raise InputError(where, found, f"{earliest} or later, as they cover: {years.covers}", hint)


def _check_indicator(mapping: Mapping, each: Column) -> None:
    where = f"{mapping.path}, [indicators.{each._key}]"
    if bool(each.column) == bool(each.columns):
        found = "both 'column' and 'columns'" if each.column else "neither 'column' nor 'columns'"
        expected = "'column' where rows have their year, 'columns' where years have their column"
        raise InputError(where, found, expected)
    dated = bool(mapping.years.column or mapping.years.year)
    if each.column and not dated:
        raise InputError(where, "'column', but no year", "'column' or 'year' in [years], or 'columns' by year")
    if each.columns and dated:
        raise InputError(where, "'columns' by year, and a year in [years]", "one of them")
    for name, beside in (("respondents", each.respondents), ("largest", each.largest)):
        years = None if isinstance(beside, str) else set(beside)
        if beside and years != (set(each.columns) or None):
            raise InputError(where, f"{name!r} of another form or other years", "those of the values")
    if each.lowest is not None and each.highest is not None and each.lowest >= each.highest:
        raise InputError(where, f"lowest {each.lowest:g} and highest {each.highest:g}", "lowest below highest")
    word = origin_word([each._key, each.label_nl, each.label_en, each.column, *each.columns.values()])
    if word and each.sensitivity != "origin":
        hint = "Such indicators are blocked unless they are allowed explicitly."
        raise InputError(where, f"{word!r}, which is about origin", 'sensitivity = "origin"', hint)
