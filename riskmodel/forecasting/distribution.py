"""Distributions of the change of the score, one an area; every risk is read off one of these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import stats

from riskmodel.panel.panel import FloatArray


class ChangeDistribution(Protocol):
    """A distribution of the change for each area, which is what every model forecasts."""

    def cdf(self, points: FloatArray) -> FloatArray:
        """Chance that the change is at most each point; points of shape (areas, k)."""
        ...

    def quantiles(self, levels: FloatArray) -> FloatArray:
        """Quantiles of shape (areas, levels)."""
        ...

    def mean(self) -> FloatArray:
        """Expected change, shape (areas,)."""
        ...


@dataclass(frozen=True)
class StudentT:
    """Location-scale Student-t distribution an area.

    Attributes
    ----------
    location, scale : numpy.ndarray, shape (areas,)
        In score points.
    freedom : float
        Degrees of freedom, above 1.
    """

    location: FloatArray
    scale: FloatArray
    freedom: float

    def cdf(self, points: FloatArray) -> FloatArray:
        """See :class:`ChangeDistribution`."""
        errors = (points - self.location[:, None]) / self.scale[:, None]
        return stats.t.cdf(errors, self.freedom)

    def quantiles(self, levels: FloatArray) -> FloatArray:
        """See :class:`ChangeDistribution`."""
        errors = stats.t.ppf(levels, self.freedom)
        return self.location[:, None] + self.scale[:, None] * errors[None, :]

    def mean(self) -> FloatArray:
        """See :class:`ChangeDistribution`."""
        return self.location


@dataclass(frozen=True)
class GridCdf:
    """Piecewise linear distribution function on one grid for all areas.

    Attributes
    ----------
    grid : numpy.ndarray, shape (points,)
        Ascending changes.
    values : numpy.ndarray, shape (areas, points)
        Non-decreasing from 0 to 1 along the grid.
    """

    grid: FloatArray
    values: FloatArray

    def cdf(self, points: FloatArray) -> FloatArray:
        """See :class:`ChangeDistribution`."""
        right = np.clip(np.searchsorted(self.grid, points), 1, len(self.grid) - 1)
        row = np.arange(len(self.values))[:, None]
        left_x, right_x = self.grid[right - 1], self.grid[right]
        left, upper = self.values[row, right - 1], self.values[row, right]
        share = np.clip((points - left_x) / (right_x - left_x), 0.0, 1.0)
        return left + share * (upper - left)

    def quantiles(self, levels: FloatArray) -> FloatArray:
        """See :class:`ChangeDistribution`."""
        row = np.arange(len(self.values))
        columns = []
        for level in levels:
            right = np.clip((self.values < level).sum(axis=1), 1, len(self.grid) - 1)
            left, upper = self.values[row, right - 1], self.values[row, right]
            rise = np.where(upper > left, upper - left, 1.0)
            share = np.clip((level - left) / rise, 0.0, 1.0)
            columns.append(self.grid[right - 1] + share * (self.grid[right] - self.grid[right - 1]))
        return np.column_stack(columns)

    def mean(self) -> FloatArray:
        """See :class:`ChangeDistribution`."""
        middles = (self.grid[1:] + self.grid[:-1]) / 2
        return np.diff(self.values, axis=1) @ middles
