"""Checks of new observations and what they compare: what arrives beside what is stored already."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.catalogue import Indicator, indicators
from riskmodel.panel.panel import FloatArray
from riskmodel.sources.observations import Observations
from riskmodel.workspace.findings import Finding, Severity

#: What a check reports: indicator (empty for all together), year, and message with the figure.
Report: TypeAlias = tuple[str, int, str]
#: Fewer areas than this show no pattern.
ENOUGH = 20
#: Standard errors of chance that a limit is widened by for a small number of areas.
MARGIN = 4.0
#: Of a larger level whole blocks of neighbouring codes are looked at, about as many areas as this.
MOST, BLOCK = 20_000, 50


@dataclass(frozen=True)
class Pair:
    """New values of a year beside others of the same areas, in the order of their codes.

    Attributes
    ----------
    year, other : int
        The new year and the one that it is compared with; of :attr:`Arrival.references` the nearest of several.
    new, old : numpy.ndarray, shape (indicators, areas)
        In the order of :attr:`Arrival.definitions`; NaN where there is no value.
    """

    year: int
    other: int
    new: FloatArray
    old: FloatArray


@dataclass(frozen=True)
class Column:
    """One indicator of a pair.

    Attributes
    ----------
    about : Indicator
        Its definition.
    year, other : int
        The new year and the one that it is compared with.
    new, old : numpy.ndarray, shape (areas,)
        Values in the order of the area codes; NaN where there is none.
    """

    about: Indicator
    year: int
    other: int
    new: FloatArray
    old: FloatArray

    @cached_property
    def known(self) -> npt.NDArray[np.bool_]:
        """Areas that have both values."""
        return ~np.isnan(self.new) & ~np.isnan(self.old)

    @cached_property
    def both(self) -> tuple[FloatArray, FloatArray]:
        """New and old values of the areas that have both."""
        return self.new[self.known], self.old[self.known]

    @cached_property
    def widths(self) -> tuple[float, float]:
        """Distance between the quartiles of the new and of the old values."""
        new, old = (np.subtract(*np.quantile(values, [0.75, 0.25])) for values in self.both)
        return float(new), float(old)

    @cached_property
    def spread(self) -> float:
        """Distance between the quartiles of the old values; of all values that differ where most are equal."""
        return self.widths[1] or float(1.349 * self.both[1].std())

    @cached_property
    def order(self) -> float:
        """Rank correlation of the new and old values."""
        return rank_correlation(*self.both)

    @cached_property
    def moved(self) -> FloatArray:
        """How far every change is from the middle change, in distances between the quartiles of the old values.

        NaN where unknown, for classes, and where the old values are all the same.
        """
        new, old, scale = self.new, self.old, self.spread
        # Counts grow in proportion; their changes are compared as ratios.
        if self.about.kind == "extensive":
            new, old = np.log1p(np.maximum(new, 0)), np.log1p(np.maximum(old, 0))
            scale = float(np.subtract(*np.nanquantile(old[~np.isnan(new)], [0.75, 0.25])))
        if self.about.unit == "class" or scale == 0:
            return np.full(len(new), np.nan)
        change = new - old
        return np.asarray(np.abs(change - np.nanmedian(change)) / scale)


@dataclass(frozen=True)
class IngestCheck:
    """A check of new observations.

    Attributes
    ----------
    code, title : str
        Its name.
    severity : {"refuse", "flag"}
        Whether observations with a finding stay out, or come in with a note.
    look : callable
        Gives its reports on an arrival.
    """

    code: str
    title: str
    severity: Severity
    look: Callable[[Arrival], Iterable[Report]]

    def run(self, arrival: Arrival) -> Iterator[Finding]:
        """Findings in what arrives."""
        for indicator, year, message in self.look(arrival):
            yield Finding(self.code, self.title, self.severity, "failed", message, indicator=indicator, year=year)


@dataclass(frozen=True)
class Arrival:
    """New observations, and those of the same source and level that are stored already.

    Attributes
    ----------
    new : Observations
        What arrives.
    existing : tuple of Observations
        What is stored of the same source and level, from other files.
    """

    new: Observations
    existing: tuple[Observations, ...] = ()

    @classmethod
    def of(cls, new: Observations, workspace: Iterable[Observations]) -> Arrival:
        """Put new observations beside those of their kind; the same files read again are no comparison."""
        alike = (each for each in workspace if (each.source, each.level) == (new.source, new.level))
        return cls(new, tuple(each for each in alike if each.files != new.files))

    @cached_property
    def definitions(self) -> Mapping[str, Indicator]:
        """Definitions of the new indicators."""
        known = {**indicators(), **{each.id: each for each in self.new.definitions}}
        return {key: known[key] for key in self.new.indicators if key in known}

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """Every new year beside every other: earlier ones that arrive with it, and all that are stored."""
        return tuple(
            Pair(year, other, table, known)
            for year, table in self._arriving.items()
            for other, known in self._others(year).items()
        )

    @cached_property
    def references(self) -> tuple[Pair, ...]:
        """Every new year beside the last value that each area had before it, and beside what it replaces.

        Where nothing earlier is known, the next value that is stored.
        """
        found = []
        for year, table in self._arriving.items():
            others = self._others(year)
            if others:
                earlier = sorted((other for other in others if other < year), reverse=True)
                nearest = [*earlier, *sorted(other for other in others if other > year)]
                last = others[nearest[0]]
                for other in nearest[1:]:
                    last = np.where(np.isnan(last), others[other], last)
                found.append(Pair(year, nearest[0], table, last))
            if year in self._stored:
                found.append(Pair(year, year, table, self._stored[year]))
        return tuple(found)

    @cached_property
    def beside(self) -> tuple[Column, ...]:
        """Every indicator of :attr:`references` that has a new value."""
        return tuple(
            Column(about, pair.year, pair.other, new, old)
            for pair in self.references
            for about, new, old in zip(self.definitions.values(), pair.new, pair.old, strict=True)
            if not np.isnan(new).all()
        )

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Those that enough areas have in both."""
        return tuple(column for column in self.beside if len(column.both[0]) >= ENOUGH)

    @cached_property
    def _areas(self) -> pd.Index:
        """New areas by code; of a large level, blocks of neighbouring codes spread evenly."""
        codes = pd.Index(self.new.frame["location"].unique()).sort_values()
        every = max(1, len(codes) // MOST)
        chosen: pd.Index = codes[np.arange(len(codes)) // BLOCK % every == 0]
        return chosen

    @cached_property
    def _arriving(self) -> dict[int, FloatArray]:
        return self._tables([self.new])

    @cached_property
    def _stored(self) -> dict[int, FloatArray]:
        return self._tables(self.existing)

    def _others(self, year: int) -> dict[int, FloatArray]:
        """Tables of the other years that a year may be compared with."""
        arriving = {other: table for other, table in self._arriving.items() if other < year}
        return {**arriving, **{other: table for other, table in self._stored.items() if other != year}}

    def _tables(self, observations: Sequence[Observations]) -> dict[int, FloatArray]:
        """Values by year, shape (indicators, areas); indicators of a year may come from several files."""
        tables: dict[int, FloatArray] = {}
        for each in observations:
            row_area, areas = pd.factorize(each.frame["location"])
            column = self._areas.get_indexer(pd.Index(areas))[row_area]
            years = np.where(column >= 0, each.frame["year"].to_numpy(), -1)
            for year in each.years:
                table = tables.setdefault(year, np.full((len(self.definitions), len(self._areas)), np.nan))
                rows = np.flatnonzero(years == year)
                for row, key in enumerate(self.definitions):
                    if key in each.frame:
                        values = each.frame[key].to_numpy(dtype="float64")[rows]
                        known = ~np.isnan(values)
                        table[row, column[rows[known]]] = values[known]
        return tables


def rank_correlation(one: FloatArray, other: FloatArray) -> float:
    """Spearman's rank correlation; 1 where either side is the same everywhere, which says nothing."""
    one, other = _ranks(one), _ranks(other)
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 1.0
    return float(np.corrcoef(one, other)[0, 1])


def _ranks(values: FloatArray) -> FloatArray:
    """Ranks from 1, the middle one where values are equal; SciPy's are the same and take three times as long."""
    _, index, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[index]


def limit_with_margin(limit: float, areas: int) -> float:
    """A limit on a share of so many areas, widened by what chance may do.

    Examples
    --------
    >>> round(limit_with_margin(0.2, 64), 2)
    0.4
    """
    return float(limit + MARGIN * np.sqrt(limit * (1 - limit) / max(areas, 1)))


def by_column(look: Callable[[Column], str | None]) -> Callable[[Arrival], Iterator[Report]]:
    """Let a function that gives a message look at every indicator that enough areas have in both years."""

    def look_at_columns(arrival: Arrival) -> Iterator[Report]:
        for column in arrival.columns:
            message = look(column)
            if message is not None:
                yield column.about.id, column.year, message

    return look_at_columns
