"""Accuracy of chances and intervals, as pure functions on arrays.

Metrics of the order of areas (AUC, average precision, lists) are in
:mod:`riskmodel.forecasting.evaluation.ranked`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from riskmodel.panel.panel import FloatArray

#: Chances are clipped this far from 0 and 1 in the logarithmic loss, so that one area cannot make it infinite.
CLIP = 1e-4


def log_loss(happened: FloatArray, chance: FloatArray) -> float:
    """Mean of :func:`log_losses`."""
    return float(log_losses(happened, chance).mean())


def log_losses(happened: FloatArray, chance: FloatArray) -> FloatArray:
    """Negative logarithm of the chance given to what happened, area by area; chances clipped by :data:`CLIP`."""
    clipped = np.clip(chance, CLIP, 1 - CLIP)
    return -(happened * np.log(clipped) + (1 - happened) * np.log1p(-clipped))


def calibration_bins(happened: FloatArray, chance: FloatArray, bins: int = 10) -> list[tuple[float, float, int]]:
    """Mean chance, share of events and number of areas in bins of equally many areas, lowest chance first.

    Areas of equal chance share the bin of the first of them: which of them comes first says nothing.
    """
    number = bin_numbers(chance, bins)
    parts = [number == each for each in np.unique(number)]
    return [(float(chance[part].mean()), float(happened[part].mean()), int(part.sum())) for part in parts]


def bin_numbers(chance: FloatArray, bins: int = 10) -> npt.NDArray[np.intp]:
    """Number of the bin of every area, from 0 for the lowest chances; equally many areas a bin but for ties.

    Areas of equal chance share the bin of the first of them: which of them comes first says nothing.
    """
    first = np.searchsorted(np.sort(chance), chance)
    return first * bins // len(chance)


def calibration_error(happened: FloatArray, chance: FloatArray, bins: int = 10) -> float:
    """Expected calibration error: mean gap between chance and share of events over equally filled bins."""
    parts = calibration_bins(happened, chance, bins)
    return sum(n * abs(expected - observed) for expected, observed, n in parts) / len(chance)


def coverage(change: FloatArray, lower: FloatArray, upper: FloatArray) -> float:
    """Share of changes inside their interval."""
    return float(np.mean((change >= lower) & (change <= upper)))


def pinball(change: FloatArray, quantiles: FloatArray, levels: FloatArray) -> FloatArray:
    """Pinball loss of every area and quantile, in score points: lower is better.

    Parameters
    ----------
    change : numpy.ndarray, shape (areas,)
        What happened.
    quantiles : numpy.ndarray, shape (areas, levels)
        Forecast quantiles.
    levels : numpy.ndarray, shape (levels,)
        Their levels.

    Returns
    -------
    numpy.ndarray, shape (areas, levels)

    References
    ----------
    Koenker and Bassett (1978), "Regression quantiles", Econometrica 46(1).
    """
    short = change[:, None] - quantiles
    return np.maximum(levels * short, (levels - 1) * short)


def divided(part: npt.NDArray[Any], whole: npt.NDArray[Any]) -> FloatArray:
    """Ratio of a part to its whole, NaN where the whole is 0."""
    known = whole > 0
    return np.where(known, part / np.where(known, whole, 1.0), np.nan)
