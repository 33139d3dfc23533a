"""Change of a group since a base measurement minus that of comparable areas, with an interval.

A difference in differences: it shows that the figures of two sets of areas diverged, never why.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.monitor.comparable import BoolArray, IntArray, Match, Weight, followed, match, weights_of
from riskmodel.monitor.measured import Measured
from riskmodel.panel.panel import FloatArray

#: Fewest municipalities of a group that are drawn as wholes; with fewer, its areas are drawn one by one.
FEWEST_MUNICIPALITIES = 12
#: Draws behind an interval.
DRAWS = 999
#: Areas of like score and urbanity whose mean change is taken off that of an area.
ALIKE = 41


def difference(
    measured: Measured,
    chosen: BoolArray,
    base_wave: int,
    urbanity: FloatArray,
    *,
    weight: Weight = "inhabitants",
    draws: int = DRAWS,
    seed: int = 1,
) -> pd.DataFrame:
    """Return the score of a group minus that of comparable areas, and its change since the base measurement.

    Whole municipalities are drawn with replacement: those of the group, with the comparable areas of their areas,
    and those of the comparable areas. Few municipalities do not show how far municipalities differ. For a group of
    fewer than :data:`FEWEST_MUNICIPALITIES` its areas are drawn, and what areas of one municipality share is added
    as a normal deviate with the variance that municipalities in the rest of the country have
    (:func:`shared_variance`). ``since_base`` is the difference minus that at the base, with its 95% interval.
    """
    found = match(measured, chosen, base_wave, urbanity, weight=weight)
    waves = [column for column in range(len(measured.waves)) if not np.isnan(measured.score[:, column]).all()]
    base = waves.index(measured.column(base_wave))
    scores = measured.score[:, waves]
    everyone = weights_of(measured, weight)
    weights = everyone[found.group]
    units = measured.municipality_codes()
    within = bool((units != "").all())
    # Areas whose code does not contain their municipality are drawn one by one.
    units = units if within else measured.areas
    own, place_of = np.unique(units[found.group], return_inverse=True)
    by_area = within and len(own) < FEWEST_MUNICIPALITIES
    group = np.average(scores[found.group], axis=0, weights=weights)
    similar = np.average(scores[found.nearest].mean(axis=1), axis=0, weights=weights)
    generator = np.random.default_rng(seed)
    drawn = _drawn(scores, found, weights, units, by_area, draws, generator)
    change = drawn - drawn[:, [base]]
    if by_area:
        rest = ~chosen & followed(measured, everyone) & ~np.isnan(urbanity)
        shared = shared_variance(scores[rest], base, everyone[rest], np.rint(urbanity[rest]), units[rest])
        parts = np.bincount(place_of, weights) / weights.sum()
        change = change + generator.standard_normal((draws, 1)) * np.sqrt(shared * (parts**2).sum())
    low, high = np.nanquantile(change, [0.025, 0.975], axis=0)
    return pd.DataFrame(
        {
            "wave": [measured.waves[column] for column in waves],
            "group": group,
            "comparable": similar,
            "difference": group - similar,
            "since_base": group - similar - (group - similar)[base],
            "low": low,
            "high": high,
            "areas": len(found.group),
            "municipalities": len(own) if within else 0,
            "comparable_areas": len(np.unique(found.nearest)),
            "comparable_municipalities": len(np.unique(units[found.nearest])) if within else 0,
            "drawn": "gemeenten" if within and not by_area else "gebieden",
        }
    )


def shared_variance(
    scores: FloatArray, base: int, weights: FloatArray, urbanity: FloatArray, units: npt.NDArray[np.str_]
) -> FloatArray:
    """Return the variance of what areas of one municipality share in their change since the base, shape (waves,).

    The covariance of two different areas of one municipality, after the mean change of the :data:`ALIKE` areas of
    the same urbanity with the nearest scores is taken off; the mean over municipalities of two areas or more.
    """
    change = scores - scores[:, [base]]
    left = np.zeros_like(change)
    for kind in np.unique(urbanity):
        at = np.flatnonzero(urbanity == kind)
        order = at[np.argsort(scores[at, base], kind="stable")]
        left[order] = change[order] - _moving_mean(change[order])
    _, unit = np.unique(units, return_inverse=True)
    share = weights / np.bincount(unit, weights)[unit]
    mean, own = np.zeros((unit.max() + 1, scores.shape[1])), np.zeros((unit.max() + 1, scores.shape[1]))
    np.add.at(mean, unit, share[:, None] * left)
    np.add.at(own, unit, (share[:, None] * left) ** 2)
    alone = np.bincount(unit, share**2)
    several = alone < 1 - 1e-9
    if not several.any():
        return np.zeros(scores.shape[1])
    together = (mean[several] ** 2 - own[several]) / (1 - alone[several])[:, None]
    variance: FloatArray = np.maximum(together.mean(axis=0), 0.0)
    return variance


def _moving_mean(values: FloatArray) -> FloatArray:
    """Return the mean of the :data:`ALIKE` rows around each row, fewer at the ends."""
    total = np.vstack([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    row = np.arange(len(values))
    start, end = np.maximum(row - ALIKE // 2, 0), np.minimum(row + ALIKE // 2 + 1, len(values))
    mean: FloatArray = (total[end] - total[start]) / (end - start)[:, None]
    return mean


def _drawn(
    scores: FloatArray,
    found: Match,
    weights: FloatArray,
    units: npt.NDArray[np.str_],
    by_area: bool,
    draws: int,
    generator: np.random.Generator,
) -> FloatArray:
    """Return the differences between group and comparable areas in every draw, shape (draws, waves)."""
    own: IntArray = np.arange(len(found.group))
    if not by_area:
        own = np.unique(units[found.group], return_inverse=True)[1]
    _, theirs = np.unique(units[found.nearest], return_inverse=True)
    theirs = theirs.reshape(found.nearest.shape)
    counts = _times(own.max() + 1, draws, generator)[:, own] * weights
    times = _times(theirs.max() + 1, draws, generator)
    group = counts @ scores[found.group] / counts.sum(axis=1, keepdims=True)
    total, mass = np.zeros_like(group), np.zeros((draws, 1))
    for column in range(found.nearest.shape[1]):
        load = counts * times[:, theirs[:, column]]
        total += load @ scores[found.nearest[:, column]]
        mass += load.sum(axis=1, keepdims=True)
    difference: FloatArray = group - np.divide(total, mass, out=np.full_like(total, np.nan), where=mass > 0)
    return difference


def _times(units: int, draws: int, generator: np.random.Generator) -> FloatArray:
    """Return how often each unit is drawn when as many are drawn with replacement, shape (draws, units)."""
    return generator.multinomial(units, np.full(units, 1.0 / units), size=draws).astype(float)
