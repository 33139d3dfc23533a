"""Which points of a distribution a forecast reports, and the curve between those points.

A forecast reports quantiles, and the chance of staying below a few changes. Between these points the chance is
interpolated linearly on the logistic scale, ``log(p / (1 - p))``; beyond the outermost ones the curve goes on with
its mean slope. That is one logistic curve after another, so it never falls, is exact at every reported point, and
the integrals behind the CRPS have a closed form. For nine quantiles from .025 to .975 the chance lies within .003
of a normal and .002 of a Student-t distribution with 5 degrees of freedom (.005 with 2.5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from riskmodel.errors import InputError
from riskmodel.panel.panel import FloatArray
from riskmodel.sources.formats.settings import settings

#: Chances are clipped this far from 0 and 1, where the logistic scale is infinite.
CLIP = 1e-9
#: Steps on the logistic scale below which a piece counts as flat: the closed form would divide by it.
FLAT = 1e-6


@settings("")
class Outputs:
    """Which points of the distribution a forecast reports."""

    quantiles: tuple[float, ...]
    """Probabilities between 0 and 1, ascending; with .1 and .9 among them for the 80% interval."""
    thresholds: tuple[float, ...]
    """Changes at which the distribution function is reported, ascending."""

    def __post_init__(self) -> None:
        if list(self.quantiles) != sorted(set(self.quantiles)) or not {0.1, 0.9} <= set(self.quantiles):
            raise InputError("quantiles", str(self.quantiles), "ascending levels with 0.1 and 0.9 among them")
        if not 0 < self.quantiles[0] <= self.quantiles[-1] < 1:
            raise InputError("quantiles", str(self.quantiles), "levels between 0 and 1")
        if list(self.thresholds) != sorted(set(self.thresholds)):
            raise InputError("thresholds", str(self.thresholds), "ascending changes")


@dataclass(frozen=True)
class Curve:
    """Distribution function through the reported points, one an area.

    Attributes
    ----------
    points : numpy.ndarray, shape (areas, knots)
        Changes, ascending along each row.
    logits : numpy.ndarray, shape (areas, knots)
        Chance of staying at or below them on the logistic scale, non-decreasing along each row.
    """

    points: FloatArray
    logits: FloatArray

    @classmethod
    def through(cls, outputs: Outputs, quantiles: FloatArray, cdf: FloatArray) -> Self:
        """The curve through reported quantiles, shape (areas, levels), and chances, shape (areas, thresholds)."""
        n = len(quantiles)
        points = np.column_stack([quantiles, np.broadcast_to(np.array(outputs.thresholds), (n, cdf.shape[1]))])
        chance = np.column_stack([np.broadcast_to(np.array(outputs.quantiles), quantiles.shape), cdf])
        order = np.lexsort((chance, points))
        logits = logit(np.clip(np.take_along_axis(chance, order, axis=1), CLIP, 1 - CLIP))
        # Points of two kinds agree but for rounding.
        return cls(np.take_along_axis(points, order, axis=1), np.maximum.accumulate(logits, axis=1))

    def at(self, points: FloatArray) -> FloatArray:
        """Chance of a change of at most each point; points of shape (areas, k), NaN gives NaN."""
        return expit(self._logits_at(points, self._knots_upto(points)))

    def rows(self, chosen: npt.NDArray[np.intp]) -> Curve:
        """Curves of some areas."""
        return Curve(self.points[chosen], self.logits[chosen])

    def crps(self, change: FloatArray) -> FloatArray:
        """Continuous ranked probability score of every area, in score points: lower is better.

        The integral of the squared gap between the curve and the step at what happened, in closed form:
        ``integral of expit(u)**2 du = log(1 + exp(u)) - expit(u)``. With nine quantiles from .025 to .975 the mean
        over outcomes lies within .0005 of its own size of that of a normal or Student-t (5) distribution, and
        the score of a single area within 1%; within .001 and 2% with 2.5 degrees of freedom.

        References
        ----------
        Gneiting and Raftery (2007), "Strictly proper scoring rules, prediction, and estimation", JASA 102(477).
        """
        upto = self._knots_upto(change[:, None])
        here = self._logits_at(change[:, None], upto)[:, 0]
        upto, slope, last = upto[:, 0], self._slope()[:, 0], self.points.shape[1] - 1
        left, right = np.clip(upto - 1, 0, last), np.clip(upto, 0, last)
        knots, point = _Areas.at(self.logits), _Areas.at(here)
        rise, width = np.diff(self.logits, axis=1), np.diff(self.points, axis=1)
        under = _piece(np.diff(knots.below, axis=1), rise, width, knots.chance[:, :-1] ** 2)
        over = _piece(-np.diff(knots.above, axis=1), rise, width, (1 - knots.chance[:, :-1]) ** 2)
        # From one end up to each knot.
        under = np.cumsum(np.column_stack([knots.below[:, 0] / slope, under]), axis=1)
        over = np.cumsum(np.column_stack([knots.above[:, -1] / slope, over[:, ::-1]]), axis=1)[:, ::-1]
        from_left = _piece(
            point.below - _of(knots.below, left),
            here - _of(self.logits, left),
            change - _of(self.points, left),
            point.chance**2,
        )
        from_right = _piece(
            point.above - _of(knots.above, right),
            _of(self.logits, right) - here,
            _of(self.points, right) - change,
            (1 - point.chance) ** 2,
        )
        return np.where(upto > 0, _of(under, left) + from_left, point.below / slope) + np.where(
            upto <= last, _of(over, right) + from_right, point.above / slope
        )

    def _knots_upto(self, points: FloatArray) -> npt.NDArray[np.intp]:
        """Number of knots at or below each point, shape of ``points``."""
        counted: npt.NDArray[np.intp] = (self.points[:, None, :] <= points[:, :, None]).sum(axis=2)
        return counted

    def _logits_at(self, points: FloatArray, upto: npt.NDArray[np.intp]) -> FloatArray:
        last = self.points.shape[1] - 1
        left, right = np.clip(upto - 1, 0, last), np.clip(upto, 0, last)
        x0, x1 = (np.take_along_axis(self.points, side, axis=1) for side in (left, right))
        l0, l1 = (np.take_along_axis(self.logits, side, axis=1) for side in (left, right))
        with np.errstate(invalid="ignore", divide="ignore"):
            between = l0 + (points - x0) * (l1 - l0) / (x1 - x0)
        beyond = l0 + (points - x0) * self._slope()
        return np.where((upto > 0) & (upto <= last), between, beyond)

    def _slope(self) -> FloatArray:
        """Mean slope of each curve, shape (areas, 1)."""
        rise = self.logits[:, -1:] - self.logits[:, :1]
        return rise / np.maximum(self.points[:, -1:] - self.points[:, :1], 1e-12)


@dataclass(frozen=True)
class _Areas:
    """Areas under the squared logistic function, and above it, on its own scale.

    Attributes
    ----------
    chance : numpy.ndarray
        The function itself at some logits.
    below : numpy.ndarray
        Integral of its square up to there.
    above : numpy.ndarray
        Integral of the square of what it lacks to 1, from there on.
    """

    chance: FloatArray
    below: FloatArray
    above: FloatArray

    @classmethod
    def at(cls, logits: FloatArray) -> Self:
        chance: FloatArray = expit(logits)
        below = np.logaddexp(0.0, logits) - chance
        # The same of minus the logits, without another logarithm.
        return cls(chance, below, below - logits + 2 * chance - 1)


def _piece(gained: FloatArray, rise: FloatArray, width: FloatArray, square: FloatArray) -> FloatArray:
    """Integral over a piece of a curve: what the area gains, from the scale of the logits to that of the changes.

    ``square`` is the height of a piece that is flat.
    """
    flat = np.abs(rise) < FLAT
    return width * np.where(flat, square, gained / np.where(flat, 1.0, rise))


def _of(values: FloatArray, column: npt.NDArray[np.intp]) -> FloatArray:
    """One column of each row."""
    return np.take_along_axis(values, column[:, None], axis=1)[:, 0]
