"""How much a score jitters from measurement to measurement, by the size of an area.

A jitter that lasts one measurement makes two successive changes turn back on each other: with score = lasting
level + jitter, the covariance of two successive changes is minus the variance of the jitter. That variance is fitted
as ``constant + per_inhabitant / inhabitants``: the score of a small area rests on few dwellings.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from riskmodel.errors import InputError
from riskmodel.panel.panel import FloatArray

#: Fewest areas with two successive changes from which a jitter is estimated.
FEWEST = 100
#: Fewest inhabitants with which an area is counted: below it the fit would rest on a handful of dwellings.
SMALLEST = 50.0


@dataclass(frozen=True)
class Noise:
    """Variance of the jitter of one measurement.

    Attributes
    ----------
    constant : float
        Part that no size takes away, in squared score points.
    per_inhabitant : float
        Divided by the number of inhabitants, the part that size takes away.
    typical : float
        Inhabitants of the typical area, used where the size is not known.
    """

    constant: float
    per_inhabitant: float
    typical: float

    def of_score(self, inhabitants: FloatArray) -> FloatArray:
        """Standard deviation of the jitter of one measurement in score points, shape of ``inhabitants``."""
        known = np.where(np.isnan(inhabitants), self.typical, np.maximum(inhabitants, SMALLEST))
        spread: FloatArray = np.sqrt(self.constant + self.per_inhabitant / known)
        return spread

    def of_change(self, inhabitants: FloatArray) -> FloatArray:
        """Standard deviation of the jitter of a change between two measurements, in score points."""
        spread: FloatArray = np.sqrt(2.0) * self.of_score(inhabitants)
        return spread


#: For where nothing is known of the jitter: every spread is NaN.
UNKNOWN = Noise(np.nan, np.nan, np.nan)


def estimate_noise(scores: FloatArray, inhabitants: FloatArray) -> Noise:
    """Estimate the jitter from successive changes.

    Parameters
    ----------
    scores : numpy.ndarray, shape (areas, waves)
        Scores of successive measurements, at least three.
    inhabitants : numpy.ndarray, shape (areas,)
        NaN where unknown.

    Raises
    ------
    InputError
        If fewer than :data:`FEWEST` areas have a size and two successive changes.
    """
    steps = np.diff(scores, axis=1)
    steps = steps - np.nanmean(steps, axis=0)
    turned_back = -(steps[:, 1:] * steps[:, :-1])
    spread = (steps[:, 1:] ** 2 + steps[:, :-1] ** 2) / 2
    size = np.broadcast_to(np.maximum(inhabitants, SMALLEST)[:, None], turned_back.shape)
    there = ~np.isnan(turned_back) & ~np.isnan(size)
    if there.any(axis=1).sum() < FEWEST:
        raise InputError(
            "noise",
            f"{there.any(axis=1).sum()} areas with a size and two successive changes",
            f"at least {FEWEST}",
        )
    design = np.column_stack([np.ones(there.sum()), 1.0 / size[there]])
    # Squares scatter in proportion to their own mean, so small areas would otherwise decide everything.
    total = design @ nnls(design, spread[there])[0]
    constant, per_inhabitant = nnls(design / total[:, None], turned_back[there] / total)[0]
    return Noise(float(constant), float(per_inhabitant), float(np.nanmedian(inhabitants)))
