"""Markov chains of classes: the change of an area is distributed as that of areas of the same class.

A classical Markov chain looks at nothing but the class of an area now; a spatial one also at the class of its
surroundings. Here a chain gives the whole distribution of the change of an area of that class, from which the
chance of ending in any other class follows. Classes are equally filled by position against the country, as is
usual for such chains; distributions of classes with few examples lean on those of larger groups.

References: Quah (1993), "Empirical cross-section dynamics in economic growth", European Economic Review 37(2-3);
Rey (2001), "Spatial empirics for economic growth and convergence", Geographical Analysis 33(3).
"""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt

from riskmodel.errors import InputError
from riskmodel.forecasting.distribution import ChangeDistribution, GridCdf
from riskmodel.forecasting.features import Features, Training
from riskmodel.forecasting.models.base import NotApplicableError
from riskmodel.forecasting.models.distribution_regression import FURTHEST
from riskmodel.panel.panel import FloatArray

LEVEL, SURROUNDINGS = "history.level", "surroundings.level"
#: Quantiles of the training changes between which a distribution is a straight line.
STEPS = np.linspace(0.005, 0.995, 67)


class Markov:
    """Distribution of the changes of areas that were in the same class."""

    def __init__(self, spatial: bool = False, classes: int = 9, prior: float = 50.0) -> None:
        if classes < 2 or prior <= 0:
            raise InputError("markov", f"{classes} classes, prior {prior}", "two classes or more, a prior above 0")
        self.spatial = spatial
        self.classes = classes
        self.prior = prior

    def fit(self, training: Training, thresholds: FloatArray) -> Self:
        """See :class:`~riskmodel.forecasting.models.base.ChangeModel`."""
        change, weight = training.change, training.weight
        if self.spatial and np.isnan(training.features.column(SURROUNDINGS)).all():
            raise NotApplicableError(f"{SURROUNDINGS} was not known for any training example")
        shares = np.arange(1, self.classes) / self.classes
        self.cuts = np.nanquantile(training.features.column(LEVEL), shares)
        self.cuts_around = (
            np.nanquantile(training.features.column(SURROUNDINGS), shares) if self.spatial else np.empty(0)
        )
        inside = thresholds[(thresholds > change.min()) & (thresholds < change.max())]
        self.grid = np.unique(np.concatenate([np.quantile(change, STEPS), inside]))
        own, around = self._states(training.features)
        overall = _counts(np.zeros_like(own), 1, change, weight, self.grid)
        everybody = _leaning(overall, np.zeros(len(self.grid)), 0.0)
        by_class = _counts(own, self.classes, change, weight, self.grid)
        chances = _leaning(by_class, everybody, self.prior)[:, None, :]
        if self.spatial:
            n = self.classes
            both = np.where((own < n) & (around < n), own * n + around, n * n)
            by_both = _counts(both, n * n, change, weight, self.grid).reshape(n, n, -1)
            # One column more for unknown surroundings.
            chances = np.concatenate([_leaning(by_both, chances, self.prior), chances], axis=1)
        # One row more for an unknown class.
        self.chances = np.concatenate([chances, np.broadcast_to(everybody, (1, *chances.shape[1:]))])
        return self

    def distribution(self, features: Features) -> ChangeDistribution:
        """See :class:`~riskmodel.forecasting.models.base.ChangeModel`."""
        own, around = self._states(features)
        inner = self.chances[own, around]
        ends = np.ones(len(inner))
        grid = np.concatenate([[-FURTHEST], self.grid, [FURTHEST]])
        return GridCdf(grid, np.column_stack([0.0 * ends, inner, ends]))

    def _states(self, features: Features) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
        """Class of every area and of its surroundings, from 0; the number of classes where unknown."""
        own = _class_of(features.column(LEVEL), self.cuts)
        if not self.spatial:
            return own, np.zeros(len(own), dtype=np.intp)
        return own, _class_of(features.column(SURROUNDINGS), self.cuts_around)


def _class_of(value: FloatArray, cuts: FloatArray) -> npt.NDArray[np.intp]:
    return np.where(np.isnan(value), len(cuts) + 1, np.searchsorted(cuts, value, side="right"))


def _counts(
    group: npt.NDArray[np.intp], groups: int, change: FloatArray, weight: FloatArray, grid: FloatArray
) -> FloatArray:
    """Weight of the examples of each group at or below each change of the grid, and in the last column of all.

    Examples whose group is no number below ``groups`` are left out.
    """
    known = group < groups
    group, change, weight = group[known], change[known], weight[known]
    width = len(grid) + 1
    first = np.searchsorted(grid, change)
    by_group = np.bincount(group * width + first, weights=weight, minlength=groups * width)
    return by_group.reshape(groups, width).cumsum(axis=1)


def _leaning(counts: FloatArray, larger: FloatArray, prior: float) -> FloatArray:
    """Chances of each group, leaning on those of the larger group it belongs to."""
    return (counts[..., :-1] + prior * larger) / (counts[..., -1:] + prior)
