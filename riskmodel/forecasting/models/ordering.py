"""Simple orderings: rank areas by one thing everybody can look up.

They are the opponents every model must beat. An ordering becomes a forecast through distribution regression on
its one quantity. For falls the chance may only rise with the quantity, so that areas stand in exactly the order of
that quantity, whatever the training window says.
"""

from __future__ import annotations

from typing import Self

import numpy as np
from scipy.special import logit

from riskmodel.errors import InputError
from riskmodel.forecasting.distribution import ChangeDistribution
from riskmodel.forecasting.features import Features, Training
from riskmodel.forecasting.models.base import NotApplicableError, standardise
from riskmodel.forecasting.models.distribution_regression import curves_at, fit_curves, grid_of
from riskmodel.panel.panel import FloatArray

#: Slope that keeps the order where the training window contradicts it, too small to move a chance.
KEEPS_ORDER = 1e-6


class Ordering:
    """Rank by one feature.

    Parameters
    ----------
    feature : str, optional
        Feature name; none for persistence, where every area gets the same distribution.
    risk : {"low", "high"}
        Whether a low or a high value means risk.
    """

    def __init__(self, feature: str | None = None, risk: str = "high") -> None:
        if risk not in ("low", "high"):
            raise InputError("ordering", f"risk {risk!r}", "'low' or 'high'")
        self.feature = feature
        self.risk = risk

    def fit(self, training: Training, thresholds: FloatArray) -> Self:
        """See :class:`~riskmodel.forecasting.models.base.ChangeModel`."""
        value = self._value(training.features)
        if self.feature is not None and np.isnan(value).all():
            raise NotApplicableError(f"{self.feature} was not known for any training example")
        self.centre = np.nanmedian(value, keepdims=True)
        self.spread = np.nanstd(value, keepdims=True)
        self.grid = grid_of(training.change, thresholds)
        x = standardise(value[:, None], self.centre, self.spread)
        intercepts, slopes = fit_curves(x, training.change, training.weight, self.grid, strength=1.0)
        falls = (self.grid <= 0)[:, None] & (slopes <= KEEPS_ORDER)
        share = np.array([np.average(training.change <= point, weights=training.weight) for point in self.grid])
        self.slopes = np.where(falls, 0.0 if self.feature is None else KEEPS_ORDER, slopes)
        self.intercepts = np.where(falls[:, 0], logit(np.clip(share, 1e-6, 1 - 1e-6)), intercepts)
        return self

    def distribution(self, features: Features) -> ChangeDistribution:
        """See :class:`~riskmodel.forecasting.models.base.ChangeModel`."""
        value = self._value(features)
        if self.feature is not None and np.isnan(value).all():
            raise NotApplicableError(f"{self.feature} is not known for any area")
        x = standardise(value[:, None], self.centre, self.spread)
        return curves_at(x, self.grid, self.intercepts, self.slopes)

    def _value(self, features: Features) -> FloatArray:
        if self.feature is None:
            return np.zeros(len(features.values))
        if self.feature not in features.names:
            raise InputError("ordering", f"no feature {self.feature!r}", f"one of {', '.join(features.names)}")
        value = features.column(self.feature)
        return -value if self.risk == "low" else value
