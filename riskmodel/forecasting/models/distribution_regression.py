"""Distribution regression: one logistic regression for each of a grid of changes.

P(change <= c | x) is estimated by a logistic regression at every c of a grid; a running maximum along the grid
keeps the curves from crossing. Reference: Foresi and Peracchi (1995), "The conditional distribution of excess
returns", JASA 90(430).
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from riskmodel.forecasting.distribution import GridCdf
from riskmodel.panel.panel import FloatArray

LEVELS = np.array([0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99])
#: No area has ever changed by this much in a few years: the ends of every distribution.
FURTHEST = 1.5
#: Slope that keeps the order where the training window contradicts it, too small to move a chance.
KEEPS_ORDER = 1e-6


def grid_of(change: FloatArray, thresholds: FloatArray) -> FloatArray:
    """Changes at which regressions are fitted: quantiles of the training changes and the thresholds asked."""
    inside = thresholds[(thresholds > change.min()) & (thresholds < change.max())]
    return np.unique(np.concatenate([np.quantile(change, LEVELS), inside]))


def fit_curves(
    x: FloatArray, change: FloatArray, weight: FloatArray, grid: FloatArray, strength: float
) -> tuple[FloatArray, FloatArray]:
    """Intercepts, shape (grid,), and slopes, shape (grid, columns), of the logistic regressions."""
    intercepts, slopes = [], []
    for point in grid:
        below = change <= point
        # Without anything to tell areas apart, the share itself is the estimate.
        if not x.any() or below.all() or not below.any():
            intercepts.append(logit(np.clip(np.average(below, weights=weight), 1e-6, 1 - 1e-6)))
            slopes.append(np.zeros(x.shape[1]))
            continue
        fitted = LogisticRegression(C=strength, solver="newton-cholesky", max_iter=200).fit(x, below, weight)
        intercepts.append(float(fitted.intercept_[0]))
        slopes.append(fitted.coef_[0])
    return np.array(intercepts), np.array(slopes)


def fit_ordered_curves(
    x: FloatArray, change: FloatArray, weight: FloatArray, grid: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """As :func:`fit_curves` for one column of which more means risk: the chance of a fall may only rise with it.

    Where the training window says otherwise, the share of the window is the chance, with a slope that keeps areas
    in order.
    """
    intercepts, slopes = fit_curves(x, change, weight, grid, strength=1.0)
    against = (grid <= 0)[:, None] & (slopes <= KEEPS_ORDER)
    share = np.array([np.average(change <= point, weights=weight) for point in grid])
    share_as_intercept = logit(np.clip(share, 1e-6, 1 - 1e-6))
    return np.where(against[:, 0], share_as_intercept, intercepts), np.where(against, KEEPS_ORDER, slopes)


def curves_at(x: FloatArray, grid: FloatArray, intercepts: FloatArray, slopes: FloatArray) -> GridCdf:
    """Distribution of every row of standardised features."""
    inner = expit(intercepts[None, :] + x @ slopes.T)
    inner = np.maximum.accumulate(inner, axis=1)
    ends = np.ones(len(x))
    return GridCdf(np.concatenate([[-FURTHEST], grid, [FURTHEST]]), np.column_stack([0.0 * ends, inner, ends]))
