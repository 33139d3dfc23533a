"""A regularised logistic scorecard: distribution regression on all features."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np

from riskmodel.errors import InputError
from riskmodel.forecasting.distribution import ChangeDistribution
from riskmodel.forecasting.features import Features, Training
from riskmodel.forecasting.models.base import standardise
from riskmodel.forecasting.models.distribution_regression import curves_at, fit_curves, grid_of
from riskmodel.forecasting.models.saved import names_of, number, numbers, parts_of, rising, write_about
from riskmodel.panel.panel import FloatArray

#: Standardised values are held at this many standard deviations: a linear score must not run away.
EXTREME = 4.0
#: What is learned, by attribute.
ARRAYS = ("used", "centre", "spread", "grid", "intercepts", "slopes")


class Scorecard:
    """L2-regularised logistic regressions on standardised features.

    Missing values take the training median; features never known in training take no part.
    """

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

    def save(self, folder: Path) -> None:
        """Write the model as JSON into an existing folder."""
        arrays = {key: getattr(self, key).tolist() for key in ARRAYS}
        write_about(folder, "scorecard", {"features": list(self.names), "strength": self.strength, **arrays})

    @classmethod
    def load(cls, folder: Path) -> Scorecard:
        """Read a model written by :meth:`save`."""
        with parts_of(folder) as about:
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
        if features.names != self.names:
            raise InputError("model input", f"features {features.names}", f"features {self.names}")
        scaled = standardise(features.values[:, self.used], self.centre, self.spread)
        tamed: FloatArray = np.clip(scaled, -EXTREME, EXTREME)
        return tamed
