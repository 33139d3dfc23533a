"""Accuracy of chances and intervals, as pure functions on arrays.

Ties: areas with equal chances are counted at their worst (non-events first) in lists and in average precision; AUC
counts a tie as half. See :mod:`riskmodel.forecasting.evaluation.ranked`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from riskmodel.forecasting.evaluation.ranked import rank
from riskmodel.forecasting.evaluation.resampling import Draws, resampled_weights
from riskmodel.panel.panel import FloatArray

__all__ = [
    "CLIP",
    "bin_numbers",
    "brier",
    "calibration_bins",
    "calibration_error",
    "coverage",
    "log_loss",
    "pinball",
    "ranking",
    "resampled_weights",
    "top",
]

#: Chances are held this far from 0 and 1 in the logarithmic loss, so that one area cannot make it infinite.
CLIP = 1e-4


def ranking(
    happened: FloatArray, chance: FloatArray, weights: npt.NDArray[np.floating] | None = None
) -> tuple[FloatArray, FloatArray]:
    """AUC and average precision, for one or many weightings of the areas at once.

    Parameters
    ----------
    happened : numpy.ndarray, shape (areas,)
        1.0 for an event, 0.0 otherwise.
    chance : numpy.ndarray, shape (areas,)
        Forecast chance.
    weights : numpy.ndarray, shape (weightings, areas), optional
        How often each area counts, whole numbers; by default once.

    Returns
    -------
    auc, average_precision : numpy.ndarray, shape (weightings,)
        NaN for a weighting without events or without non-events.
    """
    ranked = rank(happened, chance, None if weights is None else Draws.weighted(weights))
    return ranked.auc(), ranked.average_precision()


def top(happened: FloatArray, chance: FloatArray, k: int) -> tuple[float, float]:
    """Precision and recall of the ``k`` areas with the highest chance; ties at their worst.

    Recall is NaN without events.
    """
    ranked = rank(happened, chance)
    hits, events = float(ranked.hits(np.array([float(k)]))[0]), float(ranked.events[0])
    return hits / k, hits / events if events else float("nan")


def brier(happened: FloatArray, chance: FloatArray) -> float:
    """Mean squared difference between chance and outcome."""
    return float(np.mean((chance - happened) ** 2))


def log_loss(happened: FloatArray, chance: FloatArray) -> float:
    """Mean negative logarithm of the chance given to what happened; chances held at :data:`CLIP` from 0 and 1."""
    held = np.clip(chance, CLIP, 1 - CLIP)
    return float(-np.mean(happened * np.log(held) + (1 - happened) * np.log1p(-held)))


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
    loss: FloatArray = np.maximum(levels * short, (levels - 1) * short)
    return loss
