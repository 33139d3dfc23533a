"""One origin: what models learn from and forecast from there, and the forecast of a fitted model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskmodel.catalogue import ClassScheme, class_scheme
from riskmodel.forecasting.curve import Outputs
from riskmodel.forecasting.distribution import ChangeDistribution
from riskmodel.forecasting.experiment import Experiment
from riskmodel.forecasting.features import Features, Training, features_of, training_of
from riskmodel.forecasting.forecast import Forecast
from riskmodel.forecasting.models import ChangeModel, ModelSpec, make
from riskmodel.forecasting.origins import Origin
from riskmodel.forecasting.targets import READINGS
from riskmodel.panel.panel import FloatArray, Panel

#: Readings whose limits are also those of all others, area by area, so that three chances are read and not six.
OWN_LIMITS = ("weak", "lower_class", "decline")


@dataclass(frozen=True)
class Stage:
    """What models learn from and forecast from at one origin.

    Attributes
    ----------
    origin : Origin
        The moment.
    training : Training
        Its examples.
    features : Features
        Of the areas with a score at the origin.
    areas : numpy.ndarray of str, shape (rows of features,)
        Codes of these areas.
    """

    origin: Origin
    training: Training
    features: Features
    areas: npt.NDArray[np.str_]


def stage_of(panel: Panel, origin: Origin) -> Stage:
    """Examples and features of an origin, as every model gets them."""
    areas = panel.areas[scored_areas(panel, origin)]
    return Stage(origin, training_of(panel, origin), present_features(panel, origin), areas)


def scored_areas(panel: Panel, origin: Origin) -> npt.NDArray[np.intp]:
    """Rows of the panel of the areas with a score at an origin."""
    return np.flatnonzero(~np.isnan(panel.at("score", origin.wave)))


def present_features(panel: Panel, origin: Origin) -> Features:
    """Features of the areas with a score at an origin."""
    return features_of(panel, origin).rows(scored_areas(panel, origin))


def fit(spec: ModelSpec, experiment: Experiment, training: Training) -> ChangeModel:
    """Fit one model on the training examples of an origin."""
    return make(spec).fit(training, np.array(experiment.outputs.thresholds))


def forecast_of(
    name: str,
    model: ChangeModel,
    experiment: Experiment,
    panel: Panel,
    origin: Origin,
    features: Features,
    rows: npt.NDArray[np.intp] | None = None,
) -> Forecast:
    """Forecast of a fitted model for the areas in these rows of the panel, by default all with a score."""
    rows = scored_areas(panel, origin) if rows is None else rows
    return forecast_from(
        model=name,
        origin=origin,
        outputs=experiment.outputs,
        locations=panel.areas[rows],
        deviation=panel.deviation(origin.wave)[rows],
        scheme=class_scheme(panel.edition),
        distribution=model.distribution(features),
    )


def forecast_with(
    name: str, model: ChangeModel, experiment: Experiment, panel: Panel, origin: Origin
) -> tuple[Forecast, Features]:
    """Forecast of a fitted model for every area with a score at the origin, and the features behind it."""
    present = present_features(panel, origin)
    return forecast_of(name, model, experiment, panel, origin, present), present


def forecast_from(
    model: str,
    origin: Origin,
    outputs: Outputs,
    locations: npt.NDArray[np.str_],
    deviation: FloatArray,
    scheme: ClassScheme,
    distribution: ChangeDistribution,
) -> Forecast:
    """Read a forecast off a distribution: quantiles, thresholds and classes cannot contradict each other."""
    below = distribution.cdf(scheme.cuts[None, :] - deviation[:, None])
    edges = np.column_stack([np.zeros(len(below)), below, np.ones(len(below))])
    thresholds = np.broadcast_to(np.array(outputs.thresholds), (len(locations), len(outputs.thresholds)))
    return Forecast(
        model=model,
        origin_date=origin.origin_date,
        known_at=origin.known_at,
        horizon=origin.horizon,
        outputs=outputs,
        locations=locations,
        mean=distribution.mean(),
        quantiles=distribution.quantiles(np.array(outputs.quantiles)),
        cdf=distribution.cdf(thresholds),
        pmf=np.diff(edges, axis=1),
        readings=readings_of(distribution, deviation, scheme),
    )


def readings_of(
    distribution: ChangeDistribution, deviation: FloatArray, scheme: ClassScheme
) -> dict[str, FloatArray]:
    """Chance of every reading, shape (areas,) each; NaN where it cannot happen."""
    limits = {name: event.limits_at(deviation, scheme) for name, event in READINGS.items()}
    points = np.column_stack([limits[name] for name in OWN_LIMITS])
    below, chances = distribution.cdf(points), {}
    for name, limit in limits.items():
        same = (limit[:, None] == points).argmax(axis=1)
        chance = np.where(np.isnan(limit), np.nan, below[np.arange(len(limit)), same])
        chances[name] = 1 - chance if READINGS[name].upward else chance
    return chances
