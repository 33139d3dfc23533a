"""The mapping of a local file: which columns are what, written by the municipality in a short TOML file.

Everything that decides what a number means stands in it, and nothing is guessed: a draft (see
:mod:`riskmodel.sources.local.draft`) leaves ``"..."`` for what a file cannot say of itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from dateutil.relativedelta import relativedelta

from riskmodel.catalogue import Indicator
from riskmodel.errors import InputError
from riskmodel.sources.formats.documents import read_toml
from riskmodel.sources.local import keys
from riskmodel.sources.local.persons import origin_word
from riskmodel.sources.local.table import Format

#: Counts of fewer persons than this could tell something about one of them.
SUPPRESS_BELOW = 5


@dataclass(frozen=True)
class Areas:
    """Which areas the rows are about.

    Attributes
    ----------
    column : str
        Column with area codes.
    level : str
        ``"wijk"``, ``"buurt"``, ``"gemeente"``, ``"pc4"`` or ``"grid"``.
    boundaries : int
        Year of the area classification on which the codes stand.
    name : str
        Column with names of areas; empty when there is none.
    without_letters : bool
        Whether the codes lack their first two letters.
    leave_out : tuple of str
        Values of the code column whose rows are no areas of this level, such as totals.
    """

    column: str
    level: str
    boundaries: int
    name: str = ""
    without_letters: bool = False
    leave_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class Years:
    """Which years the values are of, and since when they were known.

    Attributes
    ----------
    column : str
        Column with the year, for a row an area and year; otherwise empty.
    year : int or None
        The one year of the file, when it has no column for it.
    covers : {"1 January", "whole year"}
        Whether values are a state on 1 January or cover the year.
    published_after_months : int or None
        Months from the end of what a value covers to the day on which it was known.
    published : mapping of int to datetime.date
        That day itself, for years of which it is known.
    """

    column: str = ""
    year: int | None = None
    covers: str = keys.STATE
    published_after_months: int | None = None
    published: MappingOf[int, date] = field(default_factory=dict)

    def known_on(self, year: int) -> date | None:
        """Day on which the values of a year were known; None when the mapping does not say."""
        if year in self.published:
            return self.published[year]
        if self.published_after_months is None:
            return None
        covered = 12 if self.covers == keys.WHOLE_YEAR else 0
        day: date = date(year, 1, 1) + relativedelta(months=covered + self.published_after_months)
        return day

    @property
    def lag_months(self) -> int:
        """Most months from 1 January of a year to the day on which its values were known."""
        covered = 12 if self.covers == keys.WHOLE_YEAR else 0
        lags = [12 * (day.year - year) + day.month - 1 + (day.day > 1) for year, day in self.published.items()]
        if self.published_after_months is not None:
            lags.append(covered + self.published_after_months)
        return max(lags)


@dataclass(frozen=True)
class Column:
    """One indicator of a local file.

    Attributes
    ----------
    key : str
        Name in the mapping; the indicator is called ``local_KEY``.
    label_nl, label_en, driver, direction, kind, unit, structural, sensitivity
        As in :class:`riskmodel.catalogue.Indicator`.
    column : str
        Column with the values, in a file with a row an area and year.
    columns : mapping of int to str
        Column of each year, in a file with a column a year.
    respondents : str or mapping of int to str
        Column, or columns by year, with the number of persons on whom a value rests.
    largest : str or mapping of int to str
        Column, or columns by year, with the part of an amount that comes from its largest contributor.
    persons : bool
        Whether a count is one of persons, so that small ones are suppressed.
    lowest, highest : float or None
        Smallest and largest possible value, where the scale has them.
    """

    key: str
    label_nl: str
    driver: str
    direction: str
    kind: str
    label_en: str = ""
    unit: str = ""
    column: str = ""
    columns: MappingOf[int, str] = field(default_factory=dict)
    respondents: str | MappingOf[int, str] = ""
    largest: str | MappingOf[int, str] = ""
    persons: bool = True
    lowest: float | None = None
    highest: float | None = None
    structural: bool = False
    sensitivity: str = ""

    @property
    def id(self) -> str:
        """Id in the catalogue."""
        return f"local_{self.key}"


@dataclass(frozen=True)
class Mapping:
    """A complete mapping.

    Attributes
    ----------
    path : Path
        Where it was read.
    slug : str
        Short name; the source is called ``local-SLUG``.
    label : str
        Owner and subject, as people read it.
    suppress_below : int
        Counts of fewer persons are treated as missing.
    format : Format
        How the file writes its table.
    areas : Areas
        Which areas the rows are about.
    years : Years
        Which years, and since when known.
    indicators : tuple of Column
        What is read.
    """

    path: Path
    slug: str
    label: str
    format: Format
    areas: Areas
    years: Years
    indicators: tuple[Column, ...]
    suppress_below: int = SUPPRESS_BELOW

    @property
    def source(self) -> str:
        """Source id."""
        return f"local-{self.slug}"


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
    keys.refuse_blanks(path, document)
    top = keys.section(path, "", document, keys.TOP)
    mapping = Mapping(
        path=path,
        slug=top["slug"],
        label=top["label"],
        suppress_below=top.get("suppress_below", SUPPRESS_BELOW),
        format=Format(**keys.values(path, "file", top.get("file", {}), keys.FILE)),
        areas=Areas(**keys.values(path, "areas", top["areas"], keys.AREAS)),
        years=Years(**keys.values(path, "years", top["years"], keys.YEARS)),
        indicators=tuple(_indicator(path, key, entry) for key, entry in top["indicators"].items()),
    )
    _check_years(mapping)
    for each in mapping.indicators:
        _check_indicator(mapping, each)
    return mapping


def _indicator(path: Path, key: str, entry: dict[str, Any]) -> Column:
    name = f"indicators.{key}"
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,59}", key):
        raise InputError(f"{path}, [{name}]", repr(key), "a name of lower-case letters, digits and underscores")
    return Column(key=key, **keys.values(path, name, entry, keys.INDICATOR))


def _check_years(mapping: Mapping) -> None:
    years = mapping.years
    where = f"{mapping.path}, [years]"
    if years.column and years.year:
        raise InputError(where, "both 'column' and 'year'", "one of them")
    if years.published_after_months is None and not years.published:
        raise InputError(
            where,
            "nothing about publication",
            "'published_after_months', or 'published' with a day for every year",
            "A forecast may use a value only from the day on which it was known.",
        )
    for year, day in years.published.items():
        earliest = date(year, 12, 31) if years.covers == keys.WHOLE_YEAR else date(year, 1, 1)
        if day < earliest:
            raise InputError(
                where,
                f"values of {year} published on {day}",
                f"{earliest} or later, as they cover: {years.covers}",
                "A plan for later years belongs to the year in which it stood.",
            )


def _check_indicator(mapping: Mapping, each: Column) -> None:
    where = f"{mapping.path}, [indicators.{each.key}]"
    if bool(each.column) == bool(each.columns):
        found = "both 'column' and 'columns'" if each.column else "neither 'column' nor 'columns'"
        raise InputError(
            where, found, "'column' where rows have their year, 'columns' where years have their column"
        )
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
    word = origin_word([each.key, each.label_nl, each.label_en, each.column, *each.columns.values()])
    if word and each.sensitivity != "origin":
        hint = "Such indicators are blocked unless they are allowed explicitly."
        raise InputError(where, f"{word!r}, which is about origin", 'sensitivity = "origin"', hint)
