"""Make the sheets of a risk list: the figures and the explanation of each of its areas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.catalogue import DIMENSIONS
from riskmodel.forecasting.drivers.comparable import nearest_areas, traits_of
from riskmodel.forecasting.drivers.measures import country_mean
from riskmodel.forecasting.drivers.mechanisms import Holding, stacking
from riskmodel.forecasting.forecast_store import StoredForecast
from riskmodel.forecasting.groups import abstains
from riskmodel.forecasting.targets import READINGS
from riskmodel.monitor.measured import municipality_names
from riskmodel.panel.panel import FloatArray, Panel
from riskmodel.products.risk_list.area_sheet import (
    AreaSheet,
    Comparable,
    DimensionRow,
    Fan,
    Mechanism,
    Past,
    Trend,
)
from riskmodel.products.risk_list.how_sure import frequency
from riskmodel.products.risk_list.ranks import rank_range
from riskmodel.products.risk_list.risk_list import silent
from riskmodel.products.risk_list.sheet_drivers import driver_rows
from riskmodel.products.risk_list.texts import Sentence

IntArray = npt.NDArray[np.intp]


@dataclass(frozen=True)
class _Sure:
    """Frequency, range of ranks and abstention of each area, in the order of the rows."""

    frequency: Sequence[str]
    low: IntArray
    high: IntArray
    abstain: npt.NDArray[np.bool_]


def area_sheets(
    panel: Panel,
    stored: StoredForecast,
    rows: pd.DataFrame,
    *,
    past: Mapping[str, tuple[Past, ...]] | None = None,
) -> tuple[AreaSheet, ...]:
    """Return the sheets of the areas of a risk list.

    Everything but the names is what was known when the forecast was made.
    """
    forecast = stored.forecast
    wave, known = forecast.origin_date.year, panel.known_at(forecast.known_at)
    everywhere = np.searchsorted(panel.areas, forecast.locations)
    at = forecast.positions(rows["location"].to_numpy(dtype=str))
    own = everywhere[at]
    nearest = nearest_areas(traits_of(known, wave)[everywhere], panel.municipality_codes()[everywhere], of=at)
    sure = _how_sure(panel, stored, rows, at)
    trends = _trends(panel, wave, own)
    fans = _fans(stored, panel.at("score", wave)[everywhere], at)
    dimensions = _dimensions(known, wave, own)
    drivers = driver_rows(known, stored, everywhere, nearest, at)
    stacked = stacking(known)
    comparable = _comparable(panel, stored, everywhere, nearest)
    earlier = past or {}
    return tuple(
        AreaSheet(
            location=location,
            trend=trends[row],
            fan=fans[row],
            dimensions=dimensions[row],
            # An area that is too small for a verdict gets no explanation either.
            drivers=() if sure.abstain[row] else drivers[row],
            mechanisms=() if sure.abstain[row] else tuple(map(_mechanism, stacked.of(int(own[row])))),
            comparable=comparable[row],
            # nor an account of earlier chances.
            past=() if sure.abstain[row] else earlier.get(location, ()),
            frequency="" if sure.abstain[row] else sure.frequency[row],
            rank_low=int(sure.low[row]),
            rank_high=int(sure.high[row]),
            abstain=bool(sure.abstain[row]),
        )
        for row, location in enumerate(rows["location"].tolist())
    )


def _mechanism(found: Holding) -> Mechanism:
    return Mechanism(found.id, Sentence(f"mechanism_{found.id}_{found.way}", found.values))


def _how_sure(panel: Panel, stored: StoredForecast, rows: pd.DataFrame, at: IntArray) -> _Sure:
    event, forecast = stored.experiment.event, stored.forecast
    abstain = abstains(rows["inhabitants"].to_numpy(dtype=float))
    limits = None
    if event.limit_by_area:
        row, wave = np.searchsorted(panel.areas, forecast.locations[at]), forecast.origin_date.year
        limits = event.limits(panel, wave)[row]
        # Areas of the lowest class are on a list about sliding by their chance of a clear slide.
        limits = np.where(np.isnan(limits), READINGS["clear_slide"].limits(panel, wave)[row], limits)
    low, high = rank_range(forecast, at, limits=limits, last=silent(rows))
    words = [frequency(chance, event, level=panel.level, years=forecast.horizon) for chance in rows["chance"]]
    return _Sure(words, low, high, abstain)


def _trends(panel: Panel, wave: int, own: IntArray) -> list[Trend]:
    years = tuple(year for year in panel.waves if year <= wave)
    scores = np.column_stack([panel.at("score", year) for year in years])
    people = panel.latest("population")
    towns, member = np.unique(panel.municipality_codes(), return_inverse=True)
    of_towns = np.column_stack([_means(column, people, member, len(towns)) for column in scores.T])
    country = tuple(country_mean(column, people) for column in scores.T)
    return [
        Trend(years, tuple(score), tuple(town), country)
        for score, town in zip(scores[own].tolist(), of_towns[member[own]].tolist(), strict=True)
    ]


def _means(values: FloatArray, people: FloatArray, member: IntArray, groups: int) -> FloatArray:
    """Return the mean of each group, weighted by inhabitants where any are known; NaN over nothing."""
    known = ~np.isnan(values)
    filled = np.where(known, values, 0.0)

    def mean(weight: FloatArray) -> FloatArray:
        total = np.bincount(member, weights=weight, minlength=groups)
        summed = np.bincount(member, weights=weight * filled, minlength=groups)
        return np.where(total > 0, summed / np.where(total > 0, total, 1.0), np.nan)

    weighted = mean(np.where(known, np.nan_to_num(people), 0.0))
    return np.where(np.isnan(weighted), mean(known.astype(float)), weighted)


def _fans(stored: StoredForecast, score: FloatArray, at: IntArray) -> list[Fan]:
    forecast = stored.forecast
    year = forecast.origin_date.year + forecast.horizon
    expected = (score + forecast.mean)[at].tolist()
    quantiles = (score[:, None] + forecast.quantiles)[at].tolist()
    return [
        Fan(year, mean, dict(zip(forecast.outputs.quantiles, own, strict=True)))
        for mean, own in zip(expected, quantiles, strict=True)
    ]


def _dimensions(known: Panel, wave: int, own: IntArray) -> list[tuple[DimensionRow, ...]]:
    people = known.latest("population")
    found: list[list[DimensionRow]] = [[] for _ in own]
    for dimension in DIMENSIONS:
        years = [year for year in known.years_of(dimension) if year <= wave]
        if not years:
            continue
        since = years[-2] if len(years) > 1 else None
        now = known.at(dimension, years[-1])
        before = np.full(len(now), np.nan) if since is None else known.at(dimension, since)
        country = country_mean(now, people)
        label = known.definitions[dimension].label_nl
        for rows, value, change in zip(found, now[own].tolist(), (now - before)[own].tolist(), strict=True):
            if value == value:  # not NaN
                rows.append(DimensionRow(dimension, label, value, country, change, years[-1], since))
    return [tuple(rows) for rows in found]


def _comparable(
    panel: Panel, stored: StoredForecast, everywhere: IntArray, nearest: IntArray
) -> list[tuple[Comparable, ...]]:
    forecast, event = stored.forecast, stored.experiment.event
    wave = forecast.origin_date.year
    limits = event.limits(panel, wave)[everywhere] if event.kind == "beyond_noise" else None
    locations, names = forecast.locations.tolist(), panel.names[everywhere].tolist()
    towns = municipality_names(panel.municipality_codes())[everywhere].tolist()
    score = panel.at("score", wave)[everywhere].tolist()
    small = abstains(panel.latest("population")[everywhere])
    chance = np.where(small, np.nan, forecast.chance_of(event, limits)).tolist()
    areas = [Comparable(*each) for each in zip(locations, names, towns, score, chance, strict=True)]
    return [tuple(areas[row] for row in alike) for alike in nearest.tolist()]
