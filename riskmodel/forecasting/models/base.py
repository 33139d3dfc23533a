"""The interface of models of the change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Protocol, Self

import numpy as np

from riskmodel.forecasting.distribution import ChangeDistribution
from riskmodel.forecasting.features import Features, Training
from riskmodel.forecasting.groups import Label
from riskmodel.panel.panel import FloatArray
from riskmodel.sources.formats.settings import settings


@settings("model")
class ModelSpec:
    """A model as an experiment names it."""

    name: Label
    """Name in forecasts and scores."""
    kind: str
    """One of :data:`riskmodel.forecasting.models.KINDS`, for instance ``"lightgbm"``."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of that kind."""


class NotApplicableError(Exception):
    """Raised when a model lacks its input at an origin, for instance size before any size was published."""


class ChangeModel(Protocol):
    """A model of the change of the score.

    ``fit`` learns from training examples only; ``distribution`` turns features into one distribution an area.
    """

    def __init__(self, **parameters: Any) -> None: ...

    def fit(self, training: Training, thresholds: FloatArray) -> Self:
        """Learn from training examples.

        Parameters
        ----------
        training : Training
            Examples of one origin.
        thresholds : numpy.ndarray
            Changes at which the distribution function will be asked.

        Raises
        ------
        NotApplicableError
            If the examples hold nothing this model could use.
        """
        ...

    def distribution(self, features: Features) -> ChangeDistribution:
        """Distribution of the change for every row of features."""
        ...


def standardise(values: FloatArray, centre: FloatArray, spread: FloatArray) -> FloatArray:
    """Put columns on one scale; missing values become 0, the training median."""
    scaled = (values - centre) / np.where(spread > 0, spread, 1.0)
    return np.where(np.isnan(scaled), 0.0, scaled)
