"""Turning points of a short series of measurements.

A series has few measurements, so every set of turning points is tried. For each set a continuous line that
bends only there is fitted by weighted least squares. A further turning point must lower the misfit, in squared
standard errors, by more than chance would do to a straight line: the 95% point of chi-square with one degree of
freedom, the 5% divided over the years at which the line could bend (Bonferroni). Each piece then goes up, down or
neither, and neighbours that go the same way become one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2, norm

from riskmodel.errors import InputError
from riskmodel.panel.panel import FloatArray

Direction = Literal["up", "down", "flat"]
#: Smallest change that is called a change, in score points: less is of no meaning, however certain.
SMALLEST = 0.005
#: How sure one must be that a bend, or a change, is more than noise.
CONFIDENCE = 0.95
#: Most measurements for which every set of turning points is tried.
MOST = 12


@dataclass(frozen=True)
class Segment:
    """A stretch of time in which a series went one way.

    Attributes
    ----------
    start, end : int
        Measurements between which it lies.
    direction : {"up", "down", "flat"}
        ``"flat"`` when the change is within noise or smaller than :data:`SMALLEST`.
    change : float
        Fitted change over the stretch, in the unit of the series.
    """

    start: int
    end: int
    direction: Direction
    change: float


def turning_points(
    waves: Sequence[int],
    values: npt.ArrayLike,
    standard_error: npt.ArrayLike,
    *,
    smallest: float = SMALLEST,
) -> list[Segment]:
    """Return the stretches in which a series went up, down or neither.

    A NaN value is passed over. With a standard error of NaN only ``smallest`` decides. Neighbouring stretches
    differ in direction; there are none with fewer than two measurements.
    """
    years, series, spread = _checked(waves, values, standard_error)
    if len(years) < 2:
        return []
    # A noise of nothing would make every bend certain: what is too small to matter is the finest ruler.
    spread = np.where(np.isnan(spread), 0.0, spread)
    spread = np.maximum(spread, smallest / (2.0 * norm.ppf((1 + CONFIDENCE) / 2)))
    knots = _best_knots(years, series, spread)
    return _merged(years, series, spread, knots, smallest)


def _checked(
    waves: Sequence[int], values: npt.ArrayLike, standard_error: npt.ArrayLike
) -> tuple[npt.NDArray[np.int64], FloatArray, FloatArray]:
    years = np.asarray(waves, dtype=np.int64)
    series = np.asarray(values, dtype=float)
    if series.shape != years.shape:
        raise InputError("turning points", f"{series.shape} values", f"one a measurement: {years.shape}")
    spread = np.asarray(standard_error, dtype=float)
    if spread.shape not in ((), years.shape):
        raise InputError("turning points", f"{spread.shape} standard errors", f"one a measurement: {years.shape}")
    spread = np.broadcast_to(spread, years.shape)
    if np.any(np.diff(years) <= 0):
        raise InputError("turning points", f"measurements {years.tolist()}", "ascending years, each once")
    there = np.isfinite(series)
    if there.sum() > MOST:
        raise InputError("turning points", f"{there.sum()} measurements", f"at most {MOST}")
    return years[there], series[there], spread[there]


def _design(years: npt.NDArray[np.int64], knots: Sequence[int]) -> FloatArray:
    """Return the columns of a line that bends at the knots: level, slope, change of slope at each knot."""
    time = (years - years[0]).astype(float)
    bends = [np.maximum(years - knot, 0).astype(float) for knot in knots]
    return np.column_stack([np.ones(len(years)), time, *bends])


def _fit(
    years: npt.NDArray[np.int64], series: FloatArray, spread: FloatArray, knots: Sequence[int]
) -> tuple[float, FloatArray, FloatArray]:
    """Return the misfit in squared standard errors, the coefficients and their covariance."""
    design = _design(years, knots)
    scaled = design / spread[:, None]
    inverse = np.linalg.pinv(scaled)
    coefficients: FloatArray = inverse @ (series / spread)
    misfit = float(np.sum(((series - design @ coefficients) / spread) ** 2))
    return misfit, coefficients, inverse @ inverse.T


def _best_knots(years: npt.NDArray[np.int64], series: FloatArray, spread: FloatArray) -> list[int]:
    """Return the years at which the line bends: least misfit plus a price for every bend, else fewer bends."""
    inner = [int(year) for year in years[1:-1]]
    if not inner:
        return []
    price = float(chi2.ppf(1.0 - (1.0 - CONFIDENCE) / len(inner), df=1))
    sets = [knots for count in range(len(inner) + 1) for knots in combinations(inner, count)]
    costs = [_fit(years, series, spread, knots)[0] + price * len(knots) for knots in sets]
    return list(sets[int(np.argmin(np.round(costs, 9)))])


def _merged(
    years: npt.NDArray[np.int64],
    series: FloatArray,
    spread: FloatArray,
    knots: list[int],
    smallest: float,
) -> list[Segment]:
    """Return the pieces of the fitted line; neighbours that go the same way become one until none are left."""
    _, coefficients, covariance = _fit(years, series, spread, knots)
    surely = float(norm.ppf((1 + CONFIDENCE) / 2))

    def piece(start: int, end: int) -> Segment:
        at = np.array([years[0], start, end])
        before, after = _design(at, knots)[1:]
        change = float((after - before) @ coefficients)
        noise = float(np.sqrt((after - before) @ covariance @ (after - before)))
        beyond = abs(change) >= max(smallest, surely * noise)
        return Segment(start, end, ("up" if change > 0 else "down") if beyond else "flat", change)

    bounds = [int(years[0]), *knots, int(years[-1])]
    while True:
        pieces = [piece(*pair) for pair in pairwise(bounds)]
        same = [index for index, (one, next_) in enumerate(pairwise(pieces)) if one.direction == next_.direction]
        if not same:
            return pieces
        del bounds[same[0] + 1]
