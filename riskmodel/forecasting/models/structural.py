"""The structural model: a regression of the change on a handful of terms.

The change of an area is expected to be a sum of few things everybody can look up: the return to its own lasting
level and mean, its level and that of its surroundings. How far it may lie from that is the spread its size
implies, wider for areas that have been restless. Errors follow a Student-t distribution. All is estimated at once
by penalised maximum likelihood. Reference: Lange, Little and Taylor (1989), "Robust statistical modeling using the
t distribution", JASA 84(408).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from riskmodel.forecasting.distribution import ChangeDistribution, StudentT
from riskmodel.forecasting.features import Features, Training
from riskmodel.forecasting.models.base import standardise
from riskmodel.forecasting.models.likelihood import LEAST_FREEDOM, UNIT, Loss
from riskmodel.forecasting.models.saved import SavedModel, names_of, number, numbers
from riskmodel.panel.panel import FloatArray

#: What the expected change is a sum of.
EXPECTATION = (
    "history.reversal",
    "history.level",
    "history.level_above",
    "history.above_own_mean",
    "surroundings.difference",
    "surroundings.change",
)
#: What makes the spread wider or narrower than size implies.
UNREST = "history.unrest"
SPREAD = "size.spread"
#: Standardised values are clipped at this many standard deviations.
EXTREME = 4.0
#: Penalty on the effect of the gap on the spread, so strong because a few pairs of waves must show it.
GAP_PENALTY = 200.0
#: How many times stronger the penalty on the effect of unrest is: thousands of areas share the luck of one period,
#: and early waves know unrest from a change or two (docs/decisions.md).
UNREST_PENALTY = 125.0
#: A spread of a standardised term is larger than this, and a logarithm of a spread in score points nearer to 0.
SMALLEST, LARGEST_LOG = 1e-12, 50.0


@dataclass(frozen=True)
class Fitted:
    """Learned parameters.

    Attributes
    ----------
    centre, spread : numpy.ndarray, shape (terms,)
        Training mean and standard deviation of the terms of the expectation.
    intercept : float
        Expected change in score points of an area that is ordinary in everything.
    coefficients : numpy.ndarray, shape (terms,)
        Score points for one standard deviation of each term.
    unrest_centre, unrest_spread : float
        Of the term of the scale.
    scale : numpy.ndarray, shape (2,)
        Of the logarithm of the spread: intercept and effect of unrest.
    freedom : float
        Degrees of freedom of the errors.
    """

    centre: FloatArray
    spread: FloatArray
    intercept: float
    coefficients: FloatArray
    unrest_centre: float
    unrest_spread: float
    scale: FloatArray
    freedom: float


class Structural(SavedModel):
    """Distribution of the change from a handful of coefficients."""

    kind = "structural"

    def __init__(self, penalty: float = 20.0) -> None:
        self.penalty = penalty

    def fit(self, training: Training, thresholds: FloatArray) -> Self:
        """See :class:`~riskmodel.forecasting.models.base.ChangeModel`; thresholds play no part here."""
        self.names = training.features.names
        values, unrest = self._columns(training.features), training.features.column(UNREST)
        centre, spread = _moments(values)
        unrest_centre, unrest_spread = (float(each[0]) for each in _moments(unrest[:, None]))
        terms = _scaled(values, centre, spread)
        restless = _scaled(unrest[:, None], np.array([unrest_centre]), np.array([unrest_spread]))[:, 0]
        log_gap = np.log(training.gap / training.horizon)
        expected = training.features.column(SPREAD)
        x = np.column_stack([np.ones(len(terms)), terms])
        z = np.column_stack([np.ones(len(terms)), restless, log_gap])
        n_terms = x.shape[1]
        penalty = np.array(
            [0.0, *[self.penalty] * (n_terms - 1), 0.0, UNREST_PENALTY * self.penalty, GAP_PENALTY, 0.0]
        )
        found = Loss(training.change, expected, x, z, training.weight, penalty).minimum()
        self.fitted = Fitted(
            centre=centre,
            spread=spread,
            intercept=float(UNIT * found[0]),
            coefficients=UNIT * found[1:n_terms],
            unrest_centre=unrest_centre,
            unrest_spread=unrest_spread,
            scale=found[n_terms : n_terms + 2],
            freedom=float(LEAST_FREEDOM + np.exp(found[-1])),
        )
        return self

    def distribution(self, features: Features) -> ChangeDistribution:
        """See :class:`~riskmodel.forecasting.models.base.ChangeModel`."""
        return StudentT(location=self.location(features), scale=self.scale(features), freedom=self.fitted.freedom)

    def location(self, features: Features) -> FloatArray:
        """Expected change in score points, shape (rows,)."""
        total: FloatArray = self.contributions(features).sum(axis=1)
        return total

    def scale(self, features: Features) -> FloatArray:
        """Scale of the Student-t distribution in score points, shape (rows,)."""
        size, unrest = self.log_scale_parts(features)
        spread: FloatArray = np.exp(size + self.fitted.scale[0] + unrest)
        return spread

    def log_scale_parts(self, features: Features) -> tuple[FloatArray, FloatArray]:
        """What size and unrest add to the logarithm of the scale, shape (rows,) each."""
        self.check_features(features)
        fitted = self.fitted
        unrest = features.column(UNREST)[:, None]
        restless = _scaled(unrest, np.array([fitted.unrest_centre]), np.array([fitted.unrest_spread]))[:, 0]
        return features.column(SPREAD), fitted.scale[1] * restless

    def contributions(self, features: Features) -> FloatArray:
        """Exact SHAP contributions to the expected change, the last column the base value.

        For a sum of terms the contribution of one is its coefficient times its distance to the training mean.
        """
        self.check_features(features)
        fitted = self.fitted
        terms = _scaled(self._columns(features), fitted.centre, fitted.spread)
        values = np.zeros((len(terms), len(self.names) + 1))
        values[:, [self.names.index(name) for name in EXPECTATION]] = terms * fitted.coefficients
        values[:, -1] = fitted.intercept
        return values

    def as_dict(self) -> dict[str, Any]:
        """Everything learned, fit for JSON."""
        return {
            "penalty": self.penalty,
            "features": list(self.names),
            **{key: np.asarray(value).tolist() for key, value in vars(self.fitted).items()},
        }

    @classmethod
    def from_dict(cls, about: dict[str, Any]) -> Self:
        """The model that :meth:`as_dict` describes."""
        model = cls(penalty=number(about, "penalty", 0.0))
        model.names = names_of(about)
        missing = {*EXPECTATION, UNREST, SPREAD} - set(model.names)
        if missing:
            raise ValueError(f"no feature {min(missing)}")
        terms = (len(EXPECTATION),)
        model.fitted = Fitted(
            centre=numbers(about, "centre", terms),
            spread=numbers(about, "spread", terms, SMALLEST),
            intercept=number(about, "intercept"),
            coefficients=numbers(about, "coefficients", terms),
            unrest_centre=number(about, "unrest_centre"),
            unrest_spread=number(about, "unrest_spread", SMALLEST),
            scale=numbers(about, "scale", (2,), -LARGEST_LOG, LARGEST_LOG),
            freedom=number(about, "freedom", LEAST_FREEDOM),
        )
        return model

    def _columns(self, features: Features) -> FloatArray:
        return np.column_stack([features.column(name) for name in EXPECTATION])


def _moments(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation of each column over what is known; 0 and 1 where nothing is known or varies."""
    known = ~np.isnan(values)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, values, 0.0).sum(axis=0) / count
    variance = np.where(known, (values - mean) ** 2, 0.0).sum(axis=0) / count
    return mean, np.where(variance > 0, np.sqrt(variance), 1.0)


def _scaled(values: FloatArray, centre: FloatArray, spread: FloatArray) -> FloatArray:
    return np.clip(standardise(values, centre, spread), -EXTREME, EXTREME)
