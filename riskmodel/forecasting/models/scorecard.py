"""A regularised logistic scorecard: distribution regression on all features."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from riskmodel.forecasting.distribution import ChangeDistribution
from riskmodel.forecasting.features import Features, Training
from riskmodel.forecasting.models.base import standardise
from riskmodel.forecasting.models.distribution_regression import curves_at, fit_curves, grid_of
from riskmodel.forecasting.models.saved import SavedModel, names_of, number, numbers, rising
from riskmodel.panel.panel import FloatArray

#: Standardised values are clipped at this many standard deviations: a linear score must not run away.
EXTREME = 4.0
#: What is learned, by attribute.
ARRAYS = ("used", "centre", "spread", "grid", "intercepts", "slopes")


class Scorecard(SavedModel):
    """L2-regularised logistic regressions on standardised features.

    Missing values take the training median; features never known in training take no part.
    """

    kind = "scorecard"

    def __init__(self, strength: float = 0.05) -> None:
        self.strength = strength

    def fit(self, training: Training, thresholds: FloatArray) -> Self:
        """See :class:`~riskmodel.forecasting.models.base.ChangeModel`."""
        values = training.features.values
        self.names = training.features.names
        self.used = ~np.isnan(values).all(axis=0)
        self.centre = np.nanmedian(values[:, self.used], axis=0)
        self.spread = np.nanstd(values[:, self.used], axis=0)
        self.grid = grid_of(training.change, thresholds)
        self.intercepts, self.slopes = fit_curves(
            self._scaled(training.features), training.change, training.weight, self.grid, self.strength
        )
        return self

    def distribution(self, features: Features) -> ChangeDistribution:
        """See :class:`~riskmodel.forecasting.models.base.ChangeModel`."""
        return curves_at(self._scaled(features), self.grid, self.intercepts, self.slopes)

    def as_dict(self) -> dict[str, Any]:
        """Everything learned, fit for JSON."""
        arrays = {key: getattr(self, key).tolist() for key in ARRAYS}
        return {"features": list(self.names), "strength": self.strength, **arrays}

    @classmethod
    def from_dict(cls, about: dict[str, Any]) -> Self:
        """The model that :meth:`as_dict` describes."""
        model = cls(strength=number(about, "strength", 0.0))
        model.names = names_of(about)
        model.used = numbers(about, "used", (len(model.names),), kind="b").astype(bool)
        terms = int(model.used.sum())
        model.centre, model.spread = (numbers(about, key, (terms,)) for key in ("centre", "spread"))
        model.grid = rising(about, "grid")
        points = len(model.grid)
        model.intercepts = numbers(about, "intercepts", (points,))
        model.slopes = numbers(about, "slopes", (points, terms))
        return model

    def _scaled(self, features: Features) -> FloatArray:
        self.check_features(features)
        scaled = standardise(features.values[:, self.used], self.centre, self.spread)
        return np.clip(scaled, -EXTREME, EXTREME)
