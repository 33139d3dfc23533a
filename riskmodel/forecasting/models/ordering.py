"""Simple orderings: rank areas by one thing everybody can look up.

They are the opponents every model must beat. An ordering becomes a forecast through distribution regression on
its one quantity. For falls the chance may only rise with the quantity, so that areas are in exactly the order of
that quantity, whatever the training window says.
"""

from __future__ import annotations

from typing import Self

import numpy as np

from riskmodel.errors import InputError
from riskmodel.forecasting.distribution import ChangeDistribution
from riskmodel.forecasting.features import Features, Training
from riskmodel.forecasting.models.base import NotApplicableError, standardise
from riskmodel.forecasting.models.distribution_regression import curves_at, fit_ordered_curves, grid_of
from riskmodel.panel.panel import FloatArray


class Ordering:
    """Rank by one feature."""

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
        self.intercepts, self.slopes = fit_ordered_curves(x, training.change, training.weight, self.grid)
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
