"""Fit every model of an experiment at every origin and score what it said."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from riskmodel.catalogue import class_scheme
from riskmodel.forecasting.experiment import Experiment
from riskmodel.forecasting.features import Features, Training, features_of, training_of
from riskmodel.forecasting.forecast import Forecast
from riskmodel.forecasting.models import ChangeModel, ModelSpec, make
from riskmodel.forecasting.models.base import NotApplicableError
from riskmodel.forecasting.models.lightgbm import WORTH_THREADS, LightGBM
from riskmodel.forecasting.origins import Origin, backtest_origins
from riskmodel.forecasting.read_off import forecast_from
from riskmodel.forecasting.scores import score_forecasts
from riskmodel.panel.panel import Panel

#: Called with what is being done, the number of the step and the number of steps.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Skipped:
    """A model that had nothing to go on at an origin, and why."""

    model: str
    wave: int
    reason: str


@dataclass(frozen=True)
class Backtest:
    """Forecasts and scores of an experiment.

    Attributes
    ----------
    experiment : Experiment
        The question.
    origins : tuple of Origin
        Where forecasts start, earliest first.
    forecasts : tuple of Forecast
        In order of origin and of the experiment's models.
    scores : pandas.DataFrame
        The Scores container.
    skipped : tuple of Skipped
        Models that were not applicable.
    importance : pandas.DataFrame
        Mean absolute SHAP contribution per feature: columns ``model, origin_date, feature, driver, value``.
    """

    experiment: Experiment
    origins: tuple[Origin, ...]
    forecasts: tuple[Forecast, ...]
    scores: pd.DataFrame
    skipped: tuple[Skipped, ...]
    importance: pd.DataFrame


def run(
    experiment: Experiment,
    panel: Panel,
    waves: Sequence[int] | None = None,
    progress: Progress | None = None,
) -> Backtest:
    """Backtest an experiment.

    Parameters
    ----------
    experiment : Experiment
        The question and the models.
    panel : Panel
        Everything measured; every origin sees only what was published in time.
    waves : sequence of int, optional
        Origins asked for, by default all that the panel allows.
    progress : callable, optional
        Told after each fit.

    Raises
    ------
    InputError
        If an origin has no history or no outcome.
    """
    tasks = [
        _Task(spec, origin, inputs)
        for origin in backtest_origins(panel, experiment.horizon, waves)
        for inputs in [_inputs_at(panel, origin)]
        for spec in experiment.models
    ]
    done: list[_Answer | Skipped] = []
    # Fits of this size use one thread each, so several run side by side; large ones take all cores themselves.
    small = len(tasks[0].inputs.training.change) < WORTH_THREADS
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(os.cpu_count() if small else 1) as pool:
        for task, answer in zip(tasks, pool.map(partial(_answer, experiment, panel), tasks), strict=True):
            done.append(answer)
            if progress:
                progress(f"{task.origin.wave} {task.spec.name}", len(done), len(tasks))
    answers = [answer for answer in done if isinstance(answer, _Answer)]
    forecasts = tuple(answer.forecast for answer in answers)
    return Backtest(
        experiment=experiment,
        origins=tuple(dict.fromkeys(task.origin for task in tasks)),
        forecasts=forecasts,
        scores=score_forecasts(experiment, panel, forecasts),
        skipped=tuple(each for each in done if isinstance(each, Skipped)),
        importance=pd.concat([pd.DataFrame(), *(answer.importance for answer in answers)], ignore_index=True),
    )


@dataclass(frozen=True)
class _Inputs:
    """What all models of an origin share."""

    training: Training
    features: Features
    there: np.ndarray


@dataclass(frozen=True)
class _Task:
    spec: ModelSpec
    origin: Origin
    inputs: _Inputs


@dataclass(frozen=True)
class _Answer:
    forecast: Forecast
    importance: pd.DataFrame


def _inputs_at(panel: Panel, origin: Origin) -> _Inputs:
    return _Inputs(training_of(panel, origin), *_present(panel, origin))


def _present(panel: Panel, origin: Origin) -> tuple[Features, np.ndarray]:
    """Features of the areas with a score at the origin, and which areas those are."""
    there = ~np.isnan(panel.at("score", origin.wave))
    features = features_of(panel, origin)
    return Features(features.names, features.values[there]), there


def _answer(experiment: Experiment, panel: Panel, task: _Task) -> _Answer | Skipped:
    spec, origin, inputs = task.spec, task.origin, task.inputs
    try:
        model = fit(spec, experiment, inputs.training)
        made = _forecast(spec.name, model, experiment, panel, origin, inputs.features, inputs.there)
    except NotApplicableError as error:
        return Skipped(spec.name, origin.wave, str(error))
    if not isinstance(model, LightGBM):
        return _Answer(made, pd.DataFrame())
    return _Answer(made, importance_of(spec.name, model, origin, inputs.features))


def fit(spec: ModelSpec, experiment: Experiment, training: Training) -> ChangeModel:
    """Fit one model on the training examples of an origin."""
    return make(spec).fit(training, np.array(experiment.outputs.thresholds))


def forecast_with(
    name: str, model: ChangeModel, experiment: Experiment, panel: Panel, origin: Origin
) -> tuple[Forecast, Features]:
    """Forecast of a fitted model for every area with a score at the origin, and the features behind it."""
    present, there = _present(panel, origin)
    return _forecast(name, model, experiment, panel, origin, present, there), present


def _forecast(
    name: str,
    model: ChangeModel,
    experiment: Experiment,
    panel: Panel,
    origin: Origin,
    features: Features,
    there: np.ndarray,
) -> Forecast:
    return forecast_from(
        model=name,
        origin=origin,
        outputs=experiment.outputs,
        locations=panel.areas[there],
        deviation=panel.deviation(origin.wave)[there],
        scheme=class_scheme(panel.edition),
        distribution=model.distribution(features),
    )


def importance_of(name: str, model: LightGBM, origin: Origin, features: Features) -> pd.DataFrame:
    """Mean absolute contribution of every feature to the expected change, in score points."""
    contributions = model.contributions(features)[:, :-1]
    return pd.DataFrame(
        {
            "model": name,
            "origin_date": origin.origin_date,
            "feature": features.names,
            "driver": [feature.split(".")[0] for feature in features.names],
            "value": np.abs(contributions).mean(axis=0),
        }
    )


def forecasts_at(backtest: Backtest, wave: int) -> Iterator[Forecast]:
    """Forecasts of a backtest that start from one wave."""
    return (forecast for forecast in backtest.forecasts if forecast.origin_date.year == wave)
