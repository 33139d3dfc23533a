"""The likelihood of changes under a Student-t regression of location and scale, with its gradient.

Reference: Lange, Little and Taylor (1989), "Robust statistical modeling using the t distribution", JASA 84(408).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special
from threadpoolctl import threadpool_limits

from riskmodel.panel.panel import FloatArray

#: Score points of a coefficient of 1: keeps all coefficients of one size for the penalty.
UNIT = 0.03
LEAST_FREEDOM = 2.1


@dataclass(frozen=True)
class Loss:
    """Penalised negative log-likelihood of the changes, and its gradient.

    Attributes
    ----------
    change : numpy.ndarray, shape (rows,)
        In score points.
    expected : numpy.ndarray, shape (rows,)
        Logarithm of the spread that size implies.
    x : numpy.ndarray, shape (rows, locations)
        Terms of the expectation, the first one 1.
    z : numpy.ndarray, shape (rows, scales)
        Terms of the log scale: 1, unrest and the logarithm of the gap.
    weight : numpy.ndarray, shape (rows,)
        How much each example counts.
    penalty : numpy.ndarray, shape (locations + scales + 1,)
        On the square of each parameter.
    """

    change: FloatArray
    expected: FloatArray
    x: FloatArray
    z: FloatArray
    weight: FloatArray
    penalty: FloatArray

    def __call__(self, theta: FloatArray) -> tuple[float, FloatArray]:
        """Loss and gradient at a point."""
        n_x = self.x.shape[1]
        freedom = LEAST_FREEDOM + np.exp(theta[-1])
        log_scale = self.expected + self.z @ theta[n_x:-1]
        precision = np.exp(-log_scale)
        error = (self.change - UNIT * (self.x @ theta[:n_x])) * precision
        ratio = error**2 / freedom
        half = (freedom + 1) / 2
        tail = self.weight @ np.log1p(ratio)
        total = self.weight.sum()
        constant = special.gammaln(half) - special.gammaln(freedom / 2) - np.log(np.pi * freedom) / 2
        likelihood = constant * total - half * tail - self.weight @ log_scale
        pull = self.weight * (freedom + 1) * error / (freedom * (1 + ratio))
        by_freedom = (
            ((special.digamma(half) - special.digamma(freedom / 2)) / 2 - 0.5 / freedom) * total
            - tail / 2
            + (pull @ error) / (2 * freedom)
        )
        gradient = np.concatenate(
            [
                UNIT * self.x.T @ (pull * precision),
                self.z.T @ (pull * error - self.weight),
                [np.exp(theta[-1]) * by_freedom],
            ]
        )
        return float(self.penalty @ theta**2 - likelihood), 2 * self.penalty * theta - gradient

    def minimum(self) -> FloatArray:
        """The parameters of least loss."""
        free = len(self.penalty) - 1
        # A freedom beyond 50 is a normal distribution in all but name.
        bounds: Sequence[tuple[float | None, float | None]] = [(None, None)] * free + [(-5.0, 3.9)]
        # Products of a few columns are too small to share: threads that wait for each other made a fit forty times
        # slower on two busy cores.
        with threadpool_limits(1, user_api="blas"):
            found = optimize.minimize(self, np.zeros(free + 1), jac=True, method="L-BFGS-B", bounds=bounds)
        return found.x
