"""Accuracy of chances and intervals, as pure functions on arrays.

Ties: within a list of fixed length, areas with equal chances are counted at their worst (non-events first), since
a list must be cut somewhere. AUC counts a tie as half; average precision takes tied areas in at once.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from riskmodel.panel.panel import FloatArray

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
        How often each area counts; by default once.

    Returns
    -------
    auc, average_precision : numpy.ndarray, shape (weightings,)
        NaN for a weighting without events or without non-events.
    """
    order = np.argsort(-chance, kind="stable")
    weights = np.ones((1, len(chance))) if weights is None else weights
    last_of_tie = np.flatnonzero(np.diff(chance[order], append=-np.inf))
    # Weights are whole numbers, which single precision counts exactly up to 16 million.
    ordered = weights.astype(np.float32, copy=False).take(order, axis=1)
    so_far = ordered.cumsum(axis=1)
    events_so_far = (ordered * happened[order].astype(np.float32)).cumsum(axis=1)
    if len(last_of_tie) < len(order):
        so_far, events_so_far = so_far.take(last_of_tie, axis=1), events_so_far.take(last_of_tie, axis=1)
    others_so_far = so_far - events_so_far
    events = np.diff(events_so_far, axis=1, prepend=np.float32(0))
    others = np.diff(others_so_far, axis=1, prepend=np.float32(0))
    n_events, n_others = events_so_far[:, -1], others_so_far[:, -1]
    with np.errstate(invalid="ignore", divide="ignore"):
        above = events_so_far - events / 2
        auc = np.einsum("ij,ij->i", others, above, dtype=np.float64) / (n_events.astype(float) * n_others)
        precision = np.zeros(so_far.shape)
        np.divide(events_so_far, so_far, out=precision, where=so_far > 0, dtype=np.float64)
        average_precision = np.einsum("ij,ij->i", events, precision, dtype=np.float64) / n_events
    return auc, np.where(n_others > 0, average_precision, np.nan)


def top(happened: FloatArray, chance: FloatArray, k: int) -> tuple[float, float]:
    """Precision and recall of the ``k`` areas with the highest chance; ties at their worst.

    Recall is NaN without events.
    """
    order = np.lexsort((happened, -chance))
    hits = float(happened[order[:k]].sum())
    events = float(happened.sum())
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
    order = np.argsort(chance, kind="stable")
    ranked = chance[order]
    numbers = np.arange(len(order)) * bins // max(len(order), 1)
    numbers = numbers[np.searchsorted(ranked, ranked)]
    parts = np.split(order, np.flatnonzero(np.diff(numbers)) + 1)
    return [(float(chance[part].mean()), float(happened[part].mean()), len(part)) for part in parts]


def calibration_error(happened: FloatArray, chance: FloatArray, bins: int = 10) -> float:
    """Expected calibration error: mean gap between chance and share of events over equally filled bins."""
    parts = calibration_bins(happened, chance, bins)
    return sum(n * abs(expected - observed) for expected, observed, n in parts) / len(chance)


def coverage(change: FloatArray, lower: FloatArray, upper: FloatArray) -> float:
    """Share of changes inside their interval."""
    return float(np.mean((change >= lower) & (change <= upper)))


def resampled_weights(groups: npt.NDArray[np.str_], times: int, seed: int) -> npt.NDArray[np.float32]:
    """How often each area counts when whole groups are drawn with replacement.

    Areas of one municipality share their fate, so the municipality is what is drawn.

    Returns
    -------
    numpy.ndarray, shape (times, areas)
    """
    numbers = np.unique(groups, return_inverse=True)[1]
    n_groups = int(numbers.max()) + 1
    drawn = np.random.default_rng(seed).multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=times)
    weights: npt.NDArray[np.float32] = drawn[:, numbers].astype(np.float32)
    return weights
