"""Measurements of indicators in every area, on which conditions of mechanisms are judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from riskmodel.catalogue import class_scheme
from riskmodel.catalogue.units import Amount
from riskmodel.forecasting.features import neighbours_mean
from riskmodel.panel.panel import FloatArray, Panel

MEASURES = ("level", "count", "change", "growth", "against_neighbours", "neighbours_change", "above_cut")
#: Lowest class that is not weak: *voldoende*.
SUFFICIENT = 5


class Figures(NamedTuple):
    """What a sentence may say of one area; see ``mechanisms.toml``."""

    value: Amount
    now: Amount
    before: Amount
    country: Amount
    around: Amount
    year: int | None
    since: int | None


@dataclass(frozen=True)
class Measurement:
    """What was measured.

    Attributes
    ----------
    value : numpy.ndarray, shape (areas,)
        On which the condition is judged; NaN where it is not known.
    now, before, around : numpy.ndarray, shape (areas,)
        Newest value, earlier value, and mean of the neighbours.
    country : float
        Mean of the newest values, weighted by inhabitants.
    year, since : int or None
        Of ``now`` and ``before``.
    unit : str
        Unit of the values.
    signed : bool
        Whether ``value`` is a change in the same unit.
    """

    value: FloatArray
    now: FloatArray
    before: FloatArray
    around: FloatArray
    country: float
    year: int | None
    since: int | None
    unit: str
    signed: bool

    def figures(self, row: int) -> Figures:
        """The figures of the area at a row of the panel."""
        return Figures(
            value=Amount(float(self.value[row]), self.unit, self.signed),
            now=Amount(float(self.now[row]), self.unit),
            before=Amount(float(self.before[row]), self.unit),
            country=Amount(self.country, self.unit),
            around=Amount(float(self.around[row]), self.unit),
            year=self.year,
            since=self.since,
        )


def measure(known: Panel, indicators: Sequence[str], what: str, years: int = 1) -> Measurement:
    """Measure an indicator in every area."""
    there = [each for each in indicators if known.years_of(each)]
    nothing = np.full(len(known.areas), np.nan)
    if not there:
        return Measurement(nothing, nothing, nothing, nothing, float("nan"), None, None, "", signed=False)
    chosen = there[0]
    about, all_years = known.definitions[chosen], known.years_of(chosen)
    year = all_years[-1]
    earlier = [each for each in all_years if year - each >= years]
    since = earlier[-1] if earlier else None
    per_head = about.kind == "extensive" and chosen != "population" and what != "count"
    now = _values(known, chosen, year, per_head)
    before = nothing if since is None else _values(known, chosen, since, per_head)
    around = neighbours_mean(now, known.borders) if what == "against_neighbours" else nothing
    return Measurement(
        value=_value(known, what, now, before, around),
        now=now,
        before=before,
        around=around,
        country=country_mean(now, known.latest("population")),
        year=year,
        since=since,
        unit="per 1000 inhabitants" if per_head else about.unit,
        signed=what in ("change", "neighbours_change"),
    )


def _value(known: Panel, what: str, now: FloatArray, before: FloatArray, around: FloatArray) -> FloatArray:
    if what == "change":
        return now - before
    if what == "growth":
        return 100 * (now / np.where(before > 0, before, np.nan) - 1)
    if what == "against_neighbours":
        return now - around
    if what == "neighbours_change":
        change = now - before
        measured = change[~np.isnan(change)]
        return neighbours_mean(change, known.borders) - (measured.mean() if len(measured) else np.nan)
    if what == "above_cut":
        above: FloatArray = now - known.base - class_scheme(known.edition).cuts[SUFFICIENT - 2]
        return above
    return now


def _values(known: Panel, indicator: str, year: int, per_head: bool) -> FloatArray:
    values = known.at(indicator, year)
    if not per_head:
        return values
    people = known.latest("population")
    return 1000 * values / np.where(people > 0, people, np.nan)


def country_mean(values: FloatArray, inhabitants: FloatArray) -> float:
    """Mean weighted by inhabitants; of areas of which no inhabitants are known when that is so everywhere."""
    known = ~np.isnan(values)
    weight = np.where(known, np.nan_to_num(inhabitants), 0.0)
    if weight.sum() > 0:
        return float(weight @ np.where(known, values, 0.0) / weight.sum())
    return float(values[known].mean()) if known.any() else float("nan")
