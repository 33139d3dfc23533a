"""Uncertainty by drawing whole municipalities: areas of one municipality share their fate.

How often each municipality was drawn is a small table; nothing is ever counted area by area and draw by draw.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from riskmodel.forecasting.evaluation.metrics import divided
from riskmodel.panel.panel import FloatArray, Panel

IntArray = npt.NDArray[np.intp]
#: Draws behind every 95% interval of the scores.
DRAWS = 500
#: Where areas name no municipality each would be a group of its own; more of them than this are dealt into blocks.
MOST_GROUPS = 2_000
#: Ends of a 95% interval.
ENDS = (0.025, 0.975)


@dataclass(frozen=True)
class Draws:
    """Groups of areas drawn with replacement, many times.

    Attributes
    ----------
    counts : numpy.ndarray, shape (draws, groups)
        How often each group was drawn, whole numbers.
    group : numpy.ndarray of int, shape (areas,)
        Number of the group of each area.
    """

    counts: npt.NDArray[np.float32]
    group: IntArray

    @classmethod
    def once(cls, areas: int) -> Draws:
        """One draw in which every area counts once."""
        return cls(np.ones((1, 1), dtype=np.float32), np.zeros(areas, dtype=np.intp))

    def of(self, areas: npt.NDArray[np.bool_] | IntArray) -> Draws:
        """The same draws, for some of the areas."""
        return replace(self, group=self.group[areas])

    def sums(self, values: FloatArray) -> FloatArray:
        """Sum of a quantity of the areas in every draw; values of shape (areas,), sums of shape (draws,)."""
        by_group = np.bincount(self.group, weights=values, minlength=self.counts.shape[1])
        return self.counts.astype(np.float64) @ by_group

    def means(self, values: FloatArray) -> FloatArray:
        """Mean of a quantity of the areas in every draw, shape (draws,); NaN where no area was drawn."""
        return divided(self.sums(values), self.sums(np.ones(len(values))))


def draw(groups: npt.NDArray[np.str_], times: int, seed: int) -> Draws:
    """Draw groups with replacement, as many as there are."""
    number = np.unique(groups, return_inverse=True)[1]
    n = int(number.max()) + 1
    if n > MOST_GROUPS:
        number, n = number % MOST_GROUPS, MOST_GROUPS
    counts = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=times)
    return Draws(counts.astype(np.float32), number.astype(np.intp))


def draw_municipalities(panel: Panel, seed: int, times: int = DRAWS) -> Draws:
    """Draws of the municipalities of a panel: the same for every origin, cohort and model.

    Where codes name no municipality (postcodes, grids) areas are drawn one by one.
    """
    codes = panel.municipality_codes()
    return draw(np.where(codes == "", panel.areas, codes), times, seed)


def interval(drawn: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Ends of the 95% interval over the last axis; draws without a value are left out, NaN where none has one."""
    ordered = np.sort(drawn, axis=-1)
    known = (~np.isnan(ordered)).sum(axis=-1, keepdims=True)
    ends = []
    for level in ENDS:
        position = level * np.maximum(known - 1, 0)
        low, high = np.floor(position).astype(int), np.ceil(position).astype(int)
        at_low, at_high = (np.take_along_axis(ordered, each, axis=-1) for each in (low, high))
        ends.append((at_low + (position - low) * (at_high - at_low))[..., 0])
    return ends[0], ends[1]
