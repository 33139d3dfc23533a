"""Backtest: fit every model of an experiment at every origin and score its forecasts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from riskmodel.errors import InputError
from riskmodel.forecasting.evaluation.calibration import calibration_table
from riskmodel.forecasting.evaluation.evaluate import evaluate_forecasts
from riskmodel.forecasting.evaluation.list_overlap import reseeded_spec, stability_table
from riskmodel.forecasting.evaluation.paired import paired_table
from riskmodel.forecasting.evaluation.scores import score_table
from riskmodel.forecasting.experiment import HOLDOUT, Experiment
from riskmodel.forecasting.features import Features
from riskmodel.forecasting.forecast import Forecast
from riskmodel.forecasting.models import ModelSpec
from riskmodel.forecasting.models.base import NotApplicableError
from riskmodel.forecasting.models.lightgbm import WORTH_THREADS, LightGBM
from riskmodel.forecasting.origins import Origin, backtest_origins
from riskmodel.forecasting.province_holdout import check_provinces, forecast_holdout
from riskmodel.forecasting.stage import Stage, fit, forecast_of, stage_of
from riskmodel.panel.panel import Panel

#: Seeds of refits of the champion, far from those that a model may average over.
OTHER_SEEDS = range(1001, 1021)
#: Called with what is being done, the number of the step and the number of steps.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Skipped:
    """A model that was not applicable at an origin, and why."""

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
        Moments that forecasts start from, earliest first.
    forecasts : tuple of Forecast
        In order of origin and of the experiment's models; those of models that left provinces out come last.
    scores : pandas.DataFrame
        The Scores container.
    paired : pandas.DataFrame
        Champion and challenger against every other model, see :mod:`riskmodel.forecasting.evaluation.paired`.
    calibration : pandas.DataFrame
        Chances against shares per tenth and group, see :mod:`riskmodel.forecasting.evaluation.calibration`.
    stability : pandas.DataFrame
        Overlap of lists, see :mod:`riskmodel.forecasting.evaluation.list_overlap`.
    skipped : tuple of Skipped
        Models that were not applicable.
    importance : pandas.DataFrame
        Mean absolute SHAP contribution per feature: columns ``model, origin_date, feature, driver, value``.
    leave_out : str or None
        What was left out in addition, see :func:`run`.
    seeds : int
        How many times more the champion was fitted.
    """

    experiment: Experiment
    origins: tuple[Origin, ...]
    forecasts: tuple[Forecast, ...]
    scores: pd.DataFrame
    paired: pd.DataFrame
    calibration: pd.DataFrame
    stability: pd.DataFrame
    skipped: tuple[Skipped, ...]
    importance: pd.DataFrame
    leave_out: Literal["province"] | None = None
    seeds: int = 0


def run(
    experiment: Experiment,
    panel: Panel,
    waves: Sequence[int] | None = None,
    progress: Progress | None = None,
    *,
    leave_out: Literal["province"] | None = None,
    seeds: int = 0,
) -> Backtest:
    """Backtest an experiment."""
    if not 0 <= seeds <= len(OTHER_SEEDS):
        raise InputError("seeds", str(seeds), f"0 to {len(OTHER_SEEDS)}")
    if leave_out is not None:
        check_provinces(panel)
    tasks = _tasks(experiment, panel, backtest_origins(panel, experiment.horizon, waves), leave_out, seeds)
    done: list[_Answer | Skipped] = []
    # Fits of this size use one thread each, so several run side by side; large ones take all cores themselves.
    small = max(len(task.stage.training.change) for task in tasks) < WORTH_THREADS
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(os.cpu_count() if small else 1) as pool:
        for task, answer in zip(tasks, pool.map(partial(_answer, experiment, panel), tasks), strict=True):
            done.append(answer)
            if progress:
                progress(f"{task.stage.origin.wave} {task.spec.name}", len(done), len(tasks))
    by_axis: dict[str, list[Forecast]] = {"": [], HOLDOUT: []}
    for task, answer in zip(tasks, done, strict=True):
        if isinstance(answer, _Answer):
            by_axis.setdefault(task.axis, []).append(answer.forecast)
    forecasts = tuple(by_axis.pop("") + by_axis.pop(HOLDOUT))
    evaluations = evaluate_forecasts(experiment, panel, forecasts)
    tables = [answer.importance for answer in done if isinstance(answer, _Answer)]
    return Backtest(
        experiment=experiment,
        origins=tuple(dict.fromkeys(task.stage.origin for task in tasks)),
        forecasts=forecasts,
        scores=score_table(evaluations),
        paired=paired_table(experiment, evaluations),
        calibration=calibration_table(experiment, panel, forecasts),
        stability=stability_table(experiment, panel, forecasts, by_axis),
        skipped=tuple(each for each in done if isinstance(each, Skipped)),
        importance=pd.concat([pd.DataFrame(), *tables], ignore_index=True),
        leave_out=leave_out,
        seeds=seeds,
    )


@dataclass(frozen=True)
class _Task:
    """One fit; ``axis`` names the variant, empty for the model itself."""

    spec: ModelSpec
    stage: Stage
    axis: str = ""


@dataclass(frozen=True)
class _Answer:
    forecast: Forecast
    importance: pd.DataFrame = field(default_factory=pd.DataFrame)


def _tasks(
    experiment: Experiment, panel: Panel, origins: Sequence[Origin], leave_out: str | None, seeds: int
) -> list[_Task]:
    axes: list[tuple[ModelSpec, str]] = [(spec, "") for spec in experiment.models]
    if leave_out is not None:
        axes += [(spec, HOLDOUT) for spec in experiment.models]
    champion = experiment.model(experiment.champion)
    again = [reseeded_spec(champion, seed) for seed in OTHER_SEEDS[:seeds]]
    axes += [(spec, f"other seed {number}") for number, spec in enumerate(again, 1) if spec is not None]
    stages = [stage_of(panel, origin) for origin in origins]
    return [_Task(spec, stage, axis) for stage in stages for spec, axis in axes]


def _answer(experiment: Experiment, panel: Panel, task: _Task) -> _Answer | Skipped:
    spec, stage = task.spec, task.stage
    try:
        if task.axis == HOLDOUT:
            return _Answer(forecast_holdout(spec, experiment, panel, stage))
        model = fit(spec, experiment, stage.training)
        made = forecast_of(spec.name, model, experiment, panel, stage.origin, stage.features)
    except NotApplicableError as error:
        return Skipped(spec.name + (HOLDOUT if task.axis == HOLDOUT else ""), stage.origin.wave, str(error))
    if task.axis or not isinstance(model, LightGBM):
        return _Answer(made)
    return _Answer(made, importance_of(spec.name, model, stage.origin, stage.features))


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
