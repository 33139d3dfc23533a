"""Measurement noise of a score, by the size of an area.

Noise of one measurement makes two successive changes turn back on each other: with score = lasting level + noise,
the covariance of two successive changes is minus the variance of the noise of the measurement between them. That
variance is fitted as ``constant + per_inhabitant / inhabitants``: few dwellings decide the score of a small area.
It holds as far as lasting changes of an area do not follow each other: where falls tend to be followed by falls
the estimate is too small, where lasting changes turn back by themselves too large.

It is a mean over measurements, and measurements differ: the noise of a change of a wijk of 5,000 inhabitants in
3.0 is .015 on the mean of all, .022 when read around 2016 alone and .007 around 2018 alone (drawing whole
municipalities: .012 to .017, with 95% certainty). A change just beyond the noise is therefore only a hint.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from riskmodel.errors import InputError
from riskmodel.panel.panel import FloatArray

#: Fewest areas with two successive changes for an estimate.
FEWEST = 100
#: Smaller areas count as areas of this many inhabitants: the fit would rest on a handful of dwellings.
SMALLEST = 50.0


@dataclass(frozen=True)
class Noise:
    """Variance of the noise of one measurement.

    Attributes
    ----------
    constant : float
        Part that does not depend on size, in squared score points.
    per_inhabitant : float
        Part that is divided by the number of inhabitants.
    typical : float
        Inhabitants of the typical area, used where the size is not known.
    """

    constant: float
    per_inhabitant: float
    typical: float

    def of_score(self, inhabitants: FloatArray) -> FloatArray:
        """Standard deviation of the noise of one measurement in score points, shape of ``inhabitants``."""
        known = np.where(np.isnan(inhabitants), self.typical, np.maximum(inhabitants, SMALLEST))
        spread: FloatArray = np.sqrt(self.constant + self.per_inhabitant / known)
        return spread

    def of_change(self, inhabitants: FloatArray, later: FloatArray | None = None) -> FloatArray:
        """Standard deviation of the noise of a change between two measurements, in score points.

        The years between the measurements do not matter: each has its noise once.
        """
        first = self.of_score(inhabitants)
        second = first if later is None else self.of_score(later)
        spread: FloatArray = np.hypot(first, second)
        return spread


#: Where the noise is not known: every spread is NaN.
UNKNOWN = Noise(np.nan, np.nan, np.nan)


def estimate_noise(scores: FloatArray, inhabitants: FloatArray) -> Noise:
    """Estimate the noise from successive changes of scores, shape (areas, measurements)."""
    size = np.broadcast_to(inhabitants if inhabitants.ndim == 2 else inhabitants[:, None], scores.shape)
    measured = ~np.isnan(scores).all(axis=0)
    scores, size = scores[:, measured], np.maximum(size[:, measured], SMALLEST)
    steps = np.diff(scores, axis=1)
    both = ~np.isnan(steps[:, 1:]) & ~np.isnan(steps[:, :-1]) & ~np.isnan(size[:, 1:-1])
    found = int(both.any(axis=1).sum())
    if found < FEWEST:
        expected = f"at least {FEWEST} such areas"
        raise InputError("noise", f"{found} areas with a size and two successive changes", expected)
    # A change that all areas share is not noise of one of them.
    steps = steps - np.nanmean(steps, axis=0)
    turned_back = -(steps[:, 1:] * steps[:, :-1])[both]
    spread = ((steps[:, 1:] ** 2 + steps[:, :-1] ** 2) / 2)[both]
    design = np.column_stack([np.ones(both.sum()), 1.0 / size[:, 1:-1][both]])
    # Squares scatter in proportion to their own mean, so small areas would otherwise decide everything.
    total = design @ nnls(design, spread)[0]
    if not (total > 0).all():
        raise InputError("noise", "scores that never change", "scores that do")
    constant, per_inhabitant = nnls(design / total[:, None], turned_back / total)[0]
    if constant == 0 and per_inhabitant == 0:
        raise InputError("noise", "changes that do not turn back on each other", "some that do")
    return Noise(float(constant), float(per_inhabitant), float(np.nanmedian(inhabitants)))
