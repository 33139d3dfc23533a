"""Features of every area at a wave, from a panel cut off at what was known.

A feature is named ``driver.what``; the part before the dot is the driver that its contribution counts for.
Area codes and names are never features: codes only tell which areas share a municipality.
All levels are taken against the country's mean of the same wave, so that the country's own ups and downs are not
mistaken for those of an area.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from riskmodel.catalogue import DIMENSIONS
from riskmodel.forecasting.evaluation.metrics import divided
from riskmodel.forecasting.local_level import LocalLevel, expected_spread, filter_levels, fit_local_level
from riskmodel.forecasting.origins import Origin, publication_dates
from riskmodel.forecasting.targets import score_change
from riskmodel.panel.panel import FloatArray, Panel

#: Weight of a training example over another number of years than is asked for.
OTHER_GAP = 0.5


@dataclass(frozen=True)
class Features:
    """A feature table.

    Attributes
    ----------
    names : tuple of str
        Feature names, ``driver.what``.
    values : numpy.ndarray, shape (rows, features)
        NaN where unknown.
    """

    names: tuple[str, ...]
    values: FloatArray

    def column(self, name: str) -> FloatArray:
        """One feature, shape (rows,)."""
        return self.values[:, self.names.index(name)]

    def rows(self, chosen: npt.NDArray[Any]) -> Features:
        """The features of some rows."""
        return Features(self.names, self.values[chosen])


@dataclass(frozen=True)
class Training:
    """Training examples of an origin, the pairs below each other.

    Attributes
    ----------
    features : Features
        At the start wave of each pair.
    change : numpy.ndarray, shape (rows,)
        Change of the score over the pair, in score points.
    score_start : numpy.ndarray, shape (rows,)
        Score at the start.
    municipality : numpy.ndarray of str, shape (rows,)
        For grouping only, never a feature.
    start, end : numpy.ndarray of int, shape (rows,)
        Waves of each example.
    horizon : int
        Years ahead that are asked for.
    """

    features: Features
    change: FloatArray
    score_start: FloatArray
    municipality: npt.NDArray[np.str_]
    start: npt.NDArray[np.int_]
    end: npt.NDArray[np.int_]
    horizon: int

    @property
    def gap(self) -> FloatArray:
        """Years over which each change was measured, shape (rows,)."""
        return (self.end - self.start).astype(float)

    @property
    def weight(self) -> FloatArray:
        """How much each example counts, shape (rows,): 1 over the horizon itself, :data:`OTHER_GAP` otherwise."""
        return np.where(self.gap == self.horizon, 1.0, OTHER_GAP)

    def rows(self, chosen: npt.NDArray[Any]) -> Training:
        """Some of the examples."""
        columns = ("change", "score_start", "municipality", "start", "end")
        picked = {name: getattr(self, name)[chosen] for name in columns}
        return replace(self, features=self.features.rows(chosen), **picked)


def features_at(known: Panel, wave: int, structural: Panel, local_level: LocalLevel, horizon: int) -> Features:
    """Features of all areas at a wave."""
    columns = {
        **_history(known, wave),
        **_lasting(known, wave, structural, local_level, horizon),
        **_surroundings(known, wave),
        **_dimensions(known, wave),
        **_size(structural),
        **_other_sources(known, structural),
    }
    return Features(tuple(columns), np.column_stack(list(columns.values())))


def training_of(panel: Panel, origin: Origin) -> Training:
    """Training examples of an origin, made only of what was published by ``origin.known_at``."""
    known = panel.known_at(origin.known_at)
    dates = publication_dates(known)
    local_level = local_level_of(known)
    municipality = known.municipality_codes()
    parts = []
    for start, end in origin.pairs:
        features = features_at(known.known_at(dates[start]), start, known, local_level, origin.horizon)
        change = score_change(known, start, end)
        there = ~np.isnan(change)
        parts.append((features, change, known.at("score", start), there, (start, end)))
    names = parts[0][0].names
    starts, ends = zip(*(np.full((int(there.sum()), 2), pair).T for *_, there, pair in parts), strict=True)
    return Training(
        features=Features(names, np.concatenate([f.values[there] for f, _, _, there, _ in parts])),
        change=np.concatenate([change[there] for _, change, _, there, _ in parts]),
        score_start=np.concatenate([score[there] for _, _, score, there, _ in parts]),
        municipality=np.concatenate([municipality[there] for _, _, _, there, _ in parts]),
        start=np.concatenate(starts),
        end=np.concatenate(ends),
        horizon=origin.horizon,
    )


def features_of(panel: Panel, origin: Origin) -> Features:
    """Features from which an origin's forecast is made."""
    known = panel.known_at(origin.known_at)
    return features_at(known, origin.wave, known, local_level_of(known), origin.horizon)


def local_level_of(known: Panel) -> LocalLevel:
    """Measurement noise and drift of the scores of a country, estimated from all its waves."""
    return fit_local_level(relative_scores(known, known.waves), known.waves, known.latest("population"))


def relative_scores(known: Panel, waves: Sequence[int]) -> FloatArray:
    """Scores against the country's mean of each wave, shape (areas, waves)."""
    scores = np.column_stack([known.at("score", wave) for wave in waves])
    relative: FloatArray = scores - np.nanmean(scores, axis=0)
    return relative


def _history(known: Panel, wave: int) -> dict[str, FloatArray]:
    waves = [year for year in known.waves if year <= wave]
    level = relative_scores(known, waves)
    now, steps = level[:, -1], np.diff(level, axis=1)
    nothing = np.full(len(now), np.nan)
    return {
        "history.level": now,
        "history.level_above": np.maximum(now, 0.0),
        "history.change_last": steps[:, -1] if len(waves) > 1 else nothing,
        "history.change_previous": steps[:, -2] if len(waves) > 2 else nothing,
        "history.change_long": now - level[:, 0] if len(waves) > 2 else nothing,
        "history.above_own_mean": now - _mean(level[:, :-1]),
        "history.slope": _slope(np.array(waves[-4:], dtype=float), level[:, -4:]),
        "history.restlessness": _mean(np.abs(steps)),
    }


def _lasting(
    known: Panel, wave: int, structural: Panel, local_level: LocalLevel, horizon: int
) -> dict[str, FloatArray]:
    """Lasting level against the measured one, and how far the next measurement may lie from it."""
    waves = [year for year in known.waves if year <= wave]
    inhabitants = structural.latest("population")
    level = relative_scores(known, waves)
    now = filter_levels(local_level, level, waves, inhabitants)
    return {
        "history.reversal": now.level - level[:, -1],
        "history.unrest": now.unrest,
        "size.spread": np.log(expected_spread(local_level, now, inhabitants, horizon)),
    }


def _surroundings(known: Panel, wave: int) -> dict[str, FloatArray]:
    waves = [year for year in known.waves if year <= wave][-2:]
    level = relative_scores(known, waves)
    if len(known.borders):
        around_of = partial(neighbours_mean, borders=known.borders)
    else:
        groups = np.unique(known.municipality_codes(), return_inverse=True)[1]
        around_of = partial(_others_mean, groups=groups)
    around = around_of(level[:, -1])
    change = level[:, -1] - level[:, 0] if len(waves) > 1 else np.full(len(level), np.nan)
    return {
        "surroundings.level": around,
        "surroundings.difference": level[:, -1] - around,
        "surroundings.change": around_of(change),
    }


def _dimensions(known: Panel, wave: int) -> dict[str, FloatArray]:
    columns = {}
    for dimension in DIMENSIONS:
        years = [year for year in known.years_of(dimension) if year <= wave]
        now = known.latest(dimension, wave)
        before = known.at(dimension, years[-2]) if len(years) > 1 else np.full(len(now), np.nan)
        columns[f"{dimension}.level"] = now - _overall_mean(now)
        columns[f"{dimension}.change"] = now - before - _overall_mean(now - before)
    return columns


def _size(structural: Panel) -> dict[str, FloatArray]:
    return {"size.inhabitants": log_inhabitants(structural.latest("population"))}


def log_inhabitants(population: FloatArray) -> FloatArray:
    """Logarithm, to the base 10, of the number of inhabitants and ten more; NaN where unknown."""
    return np.where(np.isnan(population), np.nan, np.log10(np.fmax(population, 0) + 10))


def _other_sources(known: Panel, structural: Panel) -> dict[str, FloatArray]:
    """Every other indicator of the panel: its newest known value and, where it varies, its last change.

    Structural ones are taken as they are, the last value of each area. The others are taken in the newest year
    that was known, against the country's mean; counts per 1,000 inhabitants.
    """
    population = structural.latest("population")
    columns = {}
    for key, about in known.definitions.items():
        if key == "score" or key in DIMENSIONS or not about.feature or about.driver == "size":
            continue
        name = f"{about.driver}.{key}"
        if about.structural:
            columns[name] = structural.latest(key)
            continue
        scale = 1000 / np.where(population > 0, population, np.nan) if about.kind == "extensive" else 1.0
        newest = [known.at(key, year) * scale for year in known.years_of(key)[-2:]]
        now = newest[-1] if newest else np.full(len(known.areas), np.nan)
        change = now - newest[0] if len(newest) > 1 else np.full(len(known.areas), np.nan)
        columns[name] = now - _overall_mean(now)
        columns[f"{name}_change"] = change - _overall_mean(change)
    return columns


def _mean(values: FloatArray) -> FloatArray:
    """Mean over the last axis of what is known; NaN where nothing is."""
    known = ~np.isnan(values)
    return divided(np.where(known, values, 0.0).sum(axis=-1), known.sum(axis=-1))


def _overall_mean(values: FloatArray) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")


def _slope(years: FloatArray, values: FloatArray) -> FloatArray:
    """Least-squares slope per year of each row; NaN with fewer than two known values."""
    known = ~np.isnan(values)
    count = np.maximum(known.sum(axis=1), 1)
    x = np.where(known, years, 0.0)
    x = np.where(known, x - (x.sum(axis=1) / count)[:, None], 0.0)
    spread = (x**2).sum(axis=1)
    return divided((x * np.where(known, values, 0.0)).sum(axis=1), spread)


def neighbours_mean(values: FloatArray, borders: npt.NDArray[np.intp]) -> FloatArray:
    """Mean of the areas that share a border; NaN for an area whose neighbours are all unknown."""
    one, other = np.concatenate([borders, borders[:, ::-1]]).T
    known = ~np.isnan(values[other])
    count = np.bincount(one, weights=known, minlength=len(values))
    total = np.bincount(one, weights=np.where(known, values[other], 0.0), minlength=len(values))
    return divided(total, count)


def _others_mean(values: FloatArray, groups: npt.NDArray[np.int_]) -> FloatArray:
    """Mean of the other areas in the same group; NaN for an area that is alone in its group."""
    known = ~np.isnan(values)
    own = np.where(known, values, 0.0)
    total = np.bincount(groups, weights=own)[groups] - own
    return divided(total, np.bincount(groups, weights=known)[groups] - known)
