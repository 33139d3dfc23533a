"""Positions of the events in an order of areas, from which lists, AUC and average precision follow.

Ties are counted at their worst, since a list must be cut somewhere and nobody can know where: among areas of equal
chance those without event come first. AUC alone counts a tie as half, as its definition says.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskmodel.forecasting.evaluation.resampling import Draws, IntArray
from riskmodel.panel.panel import FloatArray

#: Lengths of lists beside the capacity of an experiment, as shares of the areas.
TOP_SHARES = (0.01, 0.05)


@dataclass(frozen=True)
class Ranked:
    """Positions of the events, for one or many draws of the areas.

    An area that was drawn several times is in the order several times.

    Attributes
    ----------
    before : numpy.ndarray, shape (draws, events)
        Number of areas before each event, ties at their worst.
    own : numpy.ndarray, shape (draws, events)
        How often the event itself was drawn.
    above : numpy.ndarray, shape (draws, events)
        Number of areas without event that have a higher chance; equal chances count half.
    total : numpy.ndarray, shape (draws,)
        Number of areas.
    """

    before: FloatArray
    own: FloatArray
    above: FloatArray
    total: FloatArray

    @property
    def events(self) -> FloatArray:
        """Number of events, shape (draws,)."""
        number: FloatArray = self.own.sum(axis=1)
        return number

    def auc(self) -> FloatArray:
        """Area under the ROC curve, shape (draws,); NaN without events or without other areas."""
        pairs = self.events * (self.total - self.events)
        wrong = (self.own * self.above).sum(axis=1)
        return _where(pairs > 0, 1 - wrong / np.maximum(pairs, 1.0))

    def average_precision(self) -> FloatArray:
        """Mean over the events of the precision of the list that ends with them, shape (draws,).

        NaN without events or without other areas. Copies of one event follow each other, at lengths
        ``b + 1 ... b + w`` with ``o`` other areas before: their precisions add up to
        ``w - o (H(b + w) - H(b))`` with harmonic numbers ``H``.
        """
        harmonic = np.concatenate([[0.0], np.cumsum(1 / np.arange(1, self.total.max() + 1))])
        earlier = self.own.cumsum(axis=1) - self.own
        start = self.before.astype(np.intp)
        end = start + self.own.astype(np.intp)
        added = self.own - (self.before - earlier) * (harmonic[end] - harmonic[start])
        events = self.events
        known = (events > 0) & (events < self.total)
        return _where(known, added.sum(axis=1) / np.maximum(events, 1.0))

    def hits(self, length: FloatArray) -> FloatArray:
        """Number of events among the first areas, shape (draws,); the length of the list may differ by draw."""
        found: FloatArray = np.clip(length[:, None] - self.before, 0, self.own).sum(axis=1)
        return found

    def lengths(self, share: float) -> FloatArray:
        """Length of a list of that share of the areas, at least one, shape (draws,)."""
        return np.ceil(share * self.total - 1e-9)

    def precision(self, length: FloatArray) -> FloatArray:
        """Share of events among the first areas, shape (draws,); NaN for an empty list."""
        return _where(length > 0, self.hits(length) / np.maximum(length, 1.0))


def rank(happened: FloatArray, chance: FloatArray, draws: Draws | None = None) -> Ranked:
    """Find the positions of the events.

    Parameters
    ----------
    happened : numpy.ndarray, shape (areas,)
        1.0 for an event, 0.0 otherwise.
    chance : numpy.ndarray, shape (areas,)
        Forecast chance, highest first in the order.
    draws : Draws, optional
        Draws of these areas; by default every area once.
    """
    draws = Draws.once(len(chance)) if draws is None else draws
    order = np.lexsort((happened, -chance))
    group, event = draws.group[order], happened[order] > 0
    positions = np.flatnonzero(event)
    n_groups = draws.counts.shape[1]
    own = draws.counts[:, group[positions]].astype(np.float64)
    before = _counted(draws, group, np.arange(len(order)), positions)
    earlier = own.cumsum(axis=1) - own
    others = before - earlier
    falling = -chance[order]
    higher = np.searchsorted(falling, falling[positions], side="left")
    # An event comes after the others of its chance; without such ties no area is counted as half.
    tied = ~event[np.minimum(higher, len(order) - 1)]
    above = others
    if tied.any():
        without = np.flatnonzero(~event)
        above = (others + _counted(draws, group[without], without, higher)) / 2
    total = draws.counts @ np.bincount(group, minlength=n_groups)
    return Ranked(before, own, above, total.astype(np.float64))


def _counted(draws: Draws, group: IntArray, position: IntArray, border: IntArray) -> FloatArray:
    """Number of areas whose position is before each border, shape (draws, borders); borders ascending."""
    width, n_groups = len(border) + 1, draws.counts.shape[1]
    first = np.searchsorted(border, position, side="right")
    by_group = np.bincount(group * width + first, minlength=n_groups * width).reshape(n_groups, width)
    upto = by_group.cumsum(axis=1)[:, :-1]
    # Whole numbers, which single precision counts exactly up to 16 million.
    return (draws.counts @ upto.astype(np.float32)).astype(np.float64)


def _where(known: np.ndarray, value: FloatArray) -> FloatArray:
    return np.where(known, value, np.nan)
