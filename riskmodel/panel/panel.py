"""The panel: areas x years x indicators, and the date on which every value became public."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import numpy.typing as npt

from riskmodel import catalogue
from riskmodel.catalogue import DIMENSIONS, Indicator, class_scheme
from riskmodel.errors import InputError
from riskmodel.sources.observations import SourceFile

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Panel:
    """One level, one boundary vintage, one edition.

    Attributes
    ----------
    level : str
        ``"wijk"``, ``"buurt"``, ...
    edition : str
        Edition of the Leefbaarometer, for instance ``"3.0"``.
    base : float
        Base constant: score minus deviation.
    boundaries : int
        Boundary vintage of the area codes.
    areas, names : numpy.ndarray of str, shape (areas,)
        Codes (sorted, unique) and names.
    years : tuple of int
        The year axis: every year in which some indicator has a value.
    indicators : tuple of str
        The indicator axis; ``"score"`` is the total score.
    values : numpy.ndarray, shape (indicators, areas, years)
        NaN where there is no value.
    published : numpy.ndarray of datetime64[D], shape (indicators, years)
        Publication dates of the values; NaT where there are none.
    files : tuple of SourceFile
        The files behind the values.
    certainty : mapping of (str, int) to numpy.ndarray, shape (areas,)
        For an indicator and year converted from other boundaries: the share of each area's value that comes from
        old areas merged into it whole, 0 to 1. Absent for values that were not converted.
    definitions : mapping of str to Indicator
        What the panel's indicators are: those of the catalogue and local ones.
    borders : numpy.ndarray of int, shape (borders, 2)
        Positions of areas that share a border, each pair once; no rows where boundaries are not known.
    """

    level: str
    edition: str
    base: float
    boundaries: int
    areas: npt.NDArray[np.str_]
    names: npt.NDArray[np.str_]
    years: tuple[int, ...]
    indicators: tuple[str, ...]
    values: FloatArray
    published: npt.NDArray[np.datetime64]
    files: tuple[SourceFile, ...] = ()
    certainty: Mapping[tuple[str, int], FloatArray] = field(default_factory=dict)
    definitions: Mapping[str, Indicator] = field(default_factory=catalogue.indicators)
    borders: npt.NDArray[np.intp] = field(default_factory=lambda: np.empty((0, 2), dtype=np.intp))

    def __post_init__(self) -> None:
        shape = (len(self.indicators), len(self.areas), len(self.years))
        if self.values.shape != shape or self.published.shape != (shape[0], shape[2]):
            raise InputError("panel", f"values of shape {self.values.shape}", f"shape {shape}")
        if len(np.unique(self.areas)) != len(self.areas):
            raise InputError("panel", "an area twice", "every area once")
        if tuple(sorted(set(self.years))) != self.years:
            raise InputError("panel", f"years {self.years}", "ascending years, each once")
        if "score" not in self.indicators:
            raise InputError("panel", "no indicator 'score'", "the total score")
        undated = np.isnat(self.published)[:, None, :] & ~np.isnan(self.values)
        if undated.any():
            indicator = self.indicators[int(np.argmax(undated.any(axis=(1, 2))))]
            raise InputError("panel", f"values of {indicator!r} without a publication date", "a date")

    def __getitem__(self, indicator: str) -> FloatArray:
        """Values of one indicator, shape (areas, years)."""
        view: FloatArray = self.values[self._position(indicator)]
        return view

    def _position(self, indicator: str) -> int:
        if indicator not in self.indicators:
            raise InputError("panel", f"no indicator {indicator!r}", f"one of {', '.join(self.indicators)}")
        return self.indicators.index(indicator)

    def at(self, indicator: str, year: int) -> FloatArray:
        """Values of one indicator in one year, shape (areas,); NaN for a year outside the panel."""
        if year not in self.years:
            return np.full(len(self.areas), np.nan)
        column: FloatArray = self[indicator][:, self.years.index(year)]
        return column

    def years_of(self, indicator: str) -> tuple[int, ...]:
        """Years in which an indicator has any value, ascending; empty for an unknown indicator."""
        if indicator not in self.indicators:
            return ()
        present = ~np.isnat(self.published[self._position(indicator)])
        return tuple(year for year, there in zip(self.years, present, strict=True) if there)

    def for_forecasts(self) -> dict[Indicator, tuple[int, ...]]:
        """Indicators that forecasts use (score, dimensions, features), each with the years of its values."""
        found = {self.definitions[key]: self.years_of(key) for key in self.indicators if key in self.definitions}
        return {
            about: years
            for about, years in found.items()
            if years and (about.feature or about.id == "score" or about.id in DIMENSIONS)
        }

    @property
    def waves(self) -> tuple[int, ...]:
        """Years in which the total score was measured."""
        return self.years_of("score")

    def published_on(self, indicator: str, year: int) -> date:
        """Date on which an indicator's values for a year were published.

        Raises
        ------
        InputError
            If the panel has no value of the indicator for that year.
        """
        if year not in self.years_of(indicator):
            raise InputError("panel", f"no {indicator!r} for {year}", f"one of {self.years_of(indicator)}")
        moment: date = self.published[self._position(indicator), self.years.index(year)].astype(object)
        return moment

    def known_at(self, moment: date) -> Panel:
        """The panel as published at a moment: everything published later is missing.

        Parameters
        ----------
        moment : datetime.date
            Values published on this day count as known.
        """
        known = self.published <= np.datetime64(moment, "D")
        if (known | np.isnat(self.published)).all():
            # A copy of a large panel would cost more than its features.
            return self
        return replace(
            self,
            values=np.where(known[:, None, :], self.values, np.nan),
            published=np.where(known, self.published, np.datetime64("NaT", "D")),
        )

    def without(self, indicators: Collection[str], areas: npt.NDArray[np.bool_]) -> Panel:
        """The panel without the values of some indicators in some areas, shape (areas,)."""
        values = self.values.copy()
        for indicator in indicators:
            values[self._position(indicator), areas] = np.nan
        return replace(self, values=values)

    def latest(self, indicator: str, year: int | None = None) -> FloatArray:
        """Last value of every area, shape (areas,); with ``year``, the last up to and including it."""
        if indicator not in self.indicators:
            return np.full(len(self.areas), np.nan)
        upto = len(self.years) if year is None else int(np.searchsorted(self.years, year, side="right"))
        if upto == 0:
            return np.full(len(self.areas), np.nan)
        values = self[indicator][:, :upto]
        there = ~np.isnan(values)
        last = upto - 1 - np.argmax(there[:, ::-1], axis=1)
        picked: FloatArray = np.where(there.any(axis=1), values[np.arange(len(values)), last], np.nan)
        return picked

    def deviation(self, year: int) -> FloatArray:
        """Total score minus the base constant, shape (areas,)."""
        return self.at("score", year) - self.base

    def classes(self, year: int) -> FloatArray:
        """Class 1 to 9 of every area, shape (areas,); NaN without a score."""
        return class_scheme(self.edition).classify(self.deviation(year))

    def municipality_codes(self) -> npt.NDArray[np.str_]:
        """``GM`` code of every area; empty text for levels whose codes do not carry one."""
        if self.level in ("wijk", "buurt", "gemeente"):
            return np.array(["GM" + code[2:6] for code in self.areas], dtype=str)
        return np.full(len(self.areas), "", dtype="<U6")
