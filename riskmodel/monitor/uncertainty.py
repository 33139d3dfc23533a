"""Intervals of a share, a balance of two shares, a correlation and a slope.

Correlations and slopes take weights with one row a draw, so that a whole bootstrap is a few products of arrays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from riskmodel.panel.panel import FloatArray

#: Half the width of a 95% interval, in standard deviations.
HALF_95 = float(ndtri(0.975))
#: With fewer municipalities than this, areas are drawn instead.
FEWEST_MUNICIPALITIES = 10
#: Draws that are worked out at a time, which bounds the memory.
AT_ONCE = 100


def wilson(share: FloatArray, n: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the 95% interval of a share (Wilson 1927).

    ``n`` is the number of persons or areas behind each share; NaN stays NaN.
    """
    share, n = np.asarray(share, dtype=float), np.asarray(n, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = 1 + HALF_95**2 / n
        middle = (share + HALF_95**2 / (2 * n)) / scale
        half = HALF_95 * np.sqrt(share * (1 - share) / n + HALF_95**2 / (4 * n**2)) / scale
    # Rounding would leave a bound a hair beside 0 or 1 where every answer is the same.
    low: FloatArray = np.where(share == 0, 0.0, middle - half)
    high: FloatArray = np.where(share == 1, 1.0, middle + half)
    return low, high


def balance_interval(more: FloatArray, less: FloatArray, n: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the 95% interval of the difference between two answers that the same persons could give.

    Wilson's intervals of both shares are put together with the correlation that two answers of one question have
    (Zou and Donner 2008, the method of variance estimates recovery; for paired shares Newcombe 1998, method 10).
    """
    more_low, more_high = wilson(more, n)
    less_low, less_high = wilson(less, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        together = np.sqrt(more * less / ((1 - more) * (1 - less)))
    # Where everybody gave one answer the correlation has no value; -1 gives the widest interval.
    together = -np.minimum(np.where((more == 1) | (less == 1), 1.0, together), 1.0)
    below, above = more - more_low, less_high - less
    low = more - less - np.sqrt(below**2 + above**2 - 2 * together * below * above)
    below, above = more_high - more, less - less_low
    high = more - less + np.sqrt(below**2 + above**2 - 2 * together * below * above)
    return np.maximum(low, -1.0), np.minimum(high, 1.0)


@dataclass(frozen=True)
class Estimate:
    """A value with its 95% interval; NaN where it is not known.

    Attributes
    ----------
    value, low, high : float
        The value and the bounds of its interval.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Draws:
    """Areas or whole municipalities drawn with replacement.

    Attributes
    ----------
    weights : numpy.ndarray, shape (draws, areas)
        How often each area was drawn.
    whole_municipalities : bool
        Whether municipalities were drawn; otherwise areas, which share less than they do in reality.
    municipalities : int
        Number of municipalities in which the areas lie.
    """

    weights: FloatArray
    whole_municipalities: bool
    municipalities: int


def draw(municipalities: npt.NDArray[np.str_], times: int, seed: int) -> Draws:
    """Draw whole municipalities with replacement, or areas where municipalities are few.

    Areas of one municipality share what happens there, so the municipality is what is drawn.
    """
    if not len(municipalities):
        return Draws(np.zeros((times, 0)), False, 0)
    known = len(np.unique(municipalities[municipalities != ""]))
    whole = known >= FEWEST_MUNICIPALITIES and bool((municipalities != "").all())
    numbers = np.unique(municipalities, return_inverse=True)[1] if whole else np.arange(len(municipalities))
    groups = int(numbers.max()) + 1
    drawn = np.random.default_rng(seed).multinomial(groups, np.full(groups, 1 / groups), size=times)
    return Draws(drawn[:, numbers].astype(float), whole, known)


def pearson_and_slope(first: FloatArray, second: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the correlation, and the slope of the second on the first; every column has a mean of its own.

    Values of shape (areas, columns) without NaN, weights of shape (draws, areas); both results of shape (draws,),
    NaN where one of the two does not vary.
    """
    # Centring first keeps sums of squares from losing their digits.
    first, second = first - first.mean(axis=0), second - second.mean(axis=0)
    total = weights.sum(axis=1)[:, None]

    def spread(one: FloatArray, other: FloatArray) -> FloatArray:
        means = (weights @ one) * (weights @ other) / total
        moment: FloatArray = (weights @ (one * other) - means).sum(axis=1)
        return moment

    both, own, others = spread(first, second), spread(first, first), spread(second, second)
    # Of a constant, rounding leaves a crumb that would give a correlation of anything.
    own = np.where(own > 1e-12 * (weights @ first**2).sum(axis=1), own, np.nan)
    others = np.where(others > 1e-12 * (weights @ second**2).sum(axis=1), others, np.nan)
    return both / np.sqrt(own * others), both / own


def spearman(first: FloatArray, second: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the rank correlation; equal values share the middle of their ranks."""
    found = [
        _correlation(_ranks(first, part), _ranks(second, part), part)
        for part in np.array_split(weights, max(1, -(-len(weights) // AT_ONCE)))
    ]
    return np.concatenate(found)


def _ranks(values: FloatArray, weights: FloatArray) -> FloatArray:
    _, numbers = np.unique(values, return_inverse=True)
    order = np.argsort(numbers, kind="stable")
    starts = np.flatnonzero(np.diff(numbers[order], prepend=-1))
    at_value = np.add.reduceat(weights[:, order], starts, axis=1)
    middle: FloatArray = (np.cumsum(at_value, axis=1) - at_value / 2)[:, numbers]
    return middle


def _correlation(first: FloatArray, second: FloatArray, weights: FloatArray) -> FloatArray:
    total = weights.sum(axis=1, keepdims=True)
    first = first - (weights * first).sum(axis=1, keepdims=True) / total
    second = second - (weights * second).sum(axis=1, keepdims=True) / total
    both = np.einsum("dn,dn,dn->d", weights, first, second)
    own, others = (np.einsum("dn,dn,dn->d", weights, each, each) for each in (first, second))
    varies = (own > 1e-12 * total[:, 0] ** 3) & (others > 1e-12 * total[:, 0] ** 3)
    return np.where(varies, both / np.sqrt(np.where(varies, own * others, 1.0)), np.nan)


def estimate(value: float, drawn: FloatArray) -> Estimate:
    """Return a value with the middle 95% of its draws; NaN draws do not count."""
    known = drawn[~np.isnan(drawn)]
    if np.isnan(value) or not len(known) or len(known) < len(drawn) / 2:
        return Estimate(float(value), np.nan, np.nan)
    low, high = np.quantile(known, [0.025, 0.975])
    return Estimate(float(value), float(low), float(high))
