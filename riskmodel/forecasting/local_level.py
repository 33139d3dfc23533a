"""Local level model: the lasting level of an area, apart from measurement noise.

A measurement is the lasting level plus noise, and the lasting level drifts at random from year to year. Noise and
drift are smaller in larger areas. Kalman's filter then gives, for every area and at every
wave, the lasting level, how sure that is, and how surprising each measurement was. Reference: Durbin and Koopman
(2012), "Time Series Analysis by State Space Methods", chapter 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from riskmodel.errors import InputError
from riskmodel.panel.measurement_noise import SMALLEST, Noise, estimate_noise
from riskmodel.panel.panel import FloatArray

#: Smallest variances, in squared score points: neither noise nor drift is ever taken to be absent.
SMALLEST_CONSTANT, SMALLEST_PER_INHABITANT = 1e-5, 1e-3
#: A surprise counts for at most this many standard deviations, so that one measurement cannot decide alone.
LARGEST_SURPRISE = 5.0
#: Measurements that an area of ordinary unrest is taken to have had before its first.
PRIOR_MEASUREMENTS = 2.0
#: Used as size of every area where no size is known: then the noise of all areas is the same.
ANY_SIZE = 1000.0


@dataclass(frozen=True)
class LocalLevel:
    """Sizes of noise and drift.

    Attributes
    ----------
    noise : Noise
        Variance of the noise of one measurement.
    drift : Noise
        Variance by which the lasting level drifts in a year.
    """

    noise: Noise
    drift: Noise


@dataclass(frozen=True)
class Filtered:
    """What is known of every area after its last measurement.

    Attributes
    ----------
    level : numpy.ndarray, shape (areas,)
        Lasting level in score points; NaN for an area never measured.
    variance : numpy.ndarray, shape (areas,)
        Of the lasting level, in squared score points.
    unrest : numpy.ndarray, shape (areas,)
        Logarithm of how much larger than expected at its size the surprises of an area were; 0 is ordinary.
    """

    level: FloatArray
    variance: FloatArray
    unrest: FloatArray


def fit_local_level(scores: FloatArray, years: Sequence[int], inhabitants: FloatArray) -> LocalLevel:
    """Estimate noise and drift from the scores of successive waves.

    The noise is what makes successive changes turn back on each other
    (:func:`riskmodel.panel.measurement_noise.estimate_noise`); the drift is what remains of the changes, per year.
    """
    size = _sizes(inhabitants)
    steps, gaps = np.diff(scores, axis=1), np.diff(np.array(years, dtype=float))
    there = ~np.isnan(steps)
    typical = float(np.nanmedian(size))
    if not there.any():
        unknown = Noise(SMALLEST_CONSTANT, SMALLEST_PER_INHABITANT, typical)
        return LocalLevel(unknown, unknown)
    try:
        found = estimate_noise(scores, size)
        noise = (found.constant, found.per_inhabitant)
    except InputError:
        # Too little to see changes turn back: half of a change is then taken to be noise at its two ends.
        noise = (float(np.mean(steps[there] ** 2)) / 4, 0.0)
    noise = max(noise[0], SMALLEST_CONSTANT), max(noise[1], SMALLEST_PER_INHABITANT)
    ends = 2 * (noise[0] + noise[1] / size)[:, None] / gaps
    design = np.column_stack([np.ones(there.sum()), 1.0 / np.broadcast_to(size[:, None], steps.shape)[there]])
    scale = (ends + SMALLEST_CONSTANT)[there]
    constant, per_inhabitant = nnls(design / scale[:, None], (steps**2 / gaps - ends)[there] / scale)[0]
    drift = max(float(constant), SMALLEST_CONSTANT), max(float(per_inhabitant), SMALLEST_PER_INHABITANT)
    return LocalLevel(Noise(*noise, typical), Noise(*drift, typical))


def filter_levels(
    model: LocalLevel, scores: FloatArray, years: Sequence[int], inhabitants: FloatArray
) -> Filtered:
    """Lasting level of every area after its last wave, by Kalman's filter."""
    size = _sizes(inhabitants)
    noise, drift = model.noise.of_score(size) ** 2, model.drift.of_score(size) ** 2
    level, variance = np.full(len(scores), np.nan), np.full(len(scores), np.nan)
    squares, count = np.zeros(len(scores)), np.zeros(len(scores))
    for step, score in enumerate(scores.T):
        if step:
            variance = variance + drift * (years[step] - years[step - 1])
        measured, known = ~np.isnan(score), ~np.isnan(level)
        both, first = measured & known, measured & ~known
        surprise = score - level
        expected = variance + noise
        squares += np.where(both, np.minimum(surprise**2 / expected, LARGEST_SURPRISE**2), 0.0)
        count += both
        gain = variance / expected
        level = np.where(both, level + gain * surprise, np.where(first, score, level))
        variance = np.where(both, variance * (1 - gain), np.where(first, noise, variance))
    unrest = np.log((PRIOR_MEASUREMENTS + squares) / (PRIOR_MEASUREMENTS + count)) / 2
    return Filtered(level, variance, unrest)


def expected_spread(model: LocalLevel, now: Filtered, inhabitants: FloatArray, horizon: int) -> FloatArray:
    """Standard deviation of the next measurement, a horizon of years ahead, in score points, shape (areas,)."""
    size = _sizes(inhabitants)
    variance = now.variance + model.drift.of_score(size) ** 2 * horizon + model.noise.of_score(size) ** 2
    return np.sqrt(variance)


def _sizes(inhabitants: FloatArray) -> FloatArray:
    known = inhabitants[~np.isnan(inhabitants)]
    typical = float(np.median(known)) if len(known) else ANY_SIZE
    return np.maximum(np.where(np.isnan(inhabitants), typical, inhabitants), SMALLEST)
