"""Evaluation of forecasts by every metric, also in draws of municipalities.

The same draws serve all models, cohorts, targets and origins, so that any two can be compared draw by draw.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from riskmodel.forecasting.evaluation import metrics
from riskmodel.forecasting.evaluation.ranked import TOP_SHARES, Ranked, rank
from riskmodel.forecasting.evaluation.resampling import Draws, draw_municipalities
from riskmodel.forecasting.experiment import Experiment
from riskmodel.forecasting.forecast import Forecast
from riskmodel.forecasting.targets import Event, score_change
from riskmodel.panel.panel import FloatArray, Panel

#: Central intervals, by the share of changes they should hold.
INTERVALS = {50: (0.25, 0.75), 80: (0.1, 0.9), 95: (0.025, 0.975)}


@dataclass(frozen=True)
class Evaluation:
    """Metrics of one forecast for one target in one cohort.

    Attributes
    ----------
    model, target, cohort : str
        What was evaluated.
    origin_date : datetime.date
        Reference date of the wave that the forecast starts from.
    horizon, n, n_events : int
        Years ahead, areas and events.
    values : mapping of str to float
        Metrics.
    drawn : mapping of str to numpy.ndarray, shape (draws,)
        Some of the metrics, in every draw of municipalities.
    """

    model: str
    target: str
    cohort: str
    origin_date: date
    horizon: int
    n: int
    n_events: int
    values: Mapping[str, float]
    drawn: Mapping[str, FloatArray] = field(repr=False)


@dataclass(frozen=True)
class _Question:
    """One event at one wave: the areas of the panel it applies to, and the change below which it happens."""

    event: Event
    happened: FloatArray
    asked: npt.NDArray[np.bool_]
    limits: FloatArray | None


@dataclass(frozen=True)
class _Wave:
    """All that is known of one wave, in the order of the panel's areas."""

    change: FloatArray
    questions: tuple[_Question, ...]
    cohorts: Mapping[str, npt.NDArray[np.bool_]]


def evaluate_forecasts(experiment: Experiment, panel: Panel, forecasts: Iterable[Forecast]) -> list[Evaluation]:
    """Evaluate forecasts whose outcome is in the panel, for every event and cohort of the experiment.

    Cohorts without areas are left out.
    """
    forecasts = list(forecasts)
    waves = {wave: _wave(experiment, panel, wave) for wave in {each.origin_date.year for each in forecasts}}
    draws = draw_municipalities(panel, experiment.seed)
    # One thread a forecast: products of small matrices only wait for each other.
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(
            lambda forecast: _judge(experiment, panel, forecast, waves[forecast.origin_date.year], draws),
            forecasts,
        )
        return [judged for each in found for judged in each]


def _wave(experiment: Experiment, panel: Panel, wave: int) -> _Wave:
    end = wave + experiment.horizon
    change = score_change(panel, wave, end)
    questions = []
    for event in experiment.events:
        happened = event.happened(panel, wave, end)
        asked = event.eligible(panel, wave) & ~np.isnan(happened)
        limits = event.limits(panel, wave) if event.limit_by_area else None
        questions.append(_Question(event, happened, asked, limits))
    cohorts = {cohort.name: cohort.members(panel, wave) for cohort in experiment.cohorts}
    return _Wave(change, tuple(questions), cohorts)


def _judge(
    experiment: Experiment, panel: Panel, forecast: Forecast, wave: _Wave, draws: Draws
) -> list[Evaluation]:
    found = []
    for question in wave.questions:
        areas = np.flatnonzero(question.asked)
        if not len(areas):
            continue
        rows = forecast.positions(panel.areas[areas])
        limits = None
        if question.limits is not None:
            limits = np.full(len(forecast.locations), np.nan)
            limits[rows] = question.limits[areas]
        chance = forecast.chance_of(question.event, limits)[rows]
        happened, change = question.happened[areas], wave.change[areas]
        main = question.event == experiment.event
        losses = _losses(forecast, rows, change) if main else {}
        for name, members in wave.cohorts.items():
            inside = members[areas]
            if not inside.any():
                continue
            values, drawn = _chances(
                happened[inside], chance[inside], draws.of(areas[inside]), experiment.capacity
            )
            if main:
                values |= {key: float(loss[inside].mean()) for key, loss in losses.items()}
                drawn["crps"] = draws.of(areas[inside]).means(losses["crps"][inside])
            found.append(
                Evaluation(
                    model=forecast.model,
                    target=question.event.name,
                    cohort=name,
                    origin_date=forecast.origin_date,
                    horizon=forecast.horizon,
                    n=int(inside.sum()),
                    n_events=int(happened[inside].sum()),
                    values=values,
                    drawn=drawn,
                )
            )
    return found


def _chances(
    happened: FloatArray, chance: FloatArray, draws: Draws, capacity: int
) -> tuple[dict[str, float], dict[str, FloatArray]]:
    """Metrics of chances; those of lists and rankings, Brier score and log loss in every draw too."""
    point, resampled = rank(happened, chance), rank(happened, chance, draws)
    squared, losses = (chance - happened) ** 2, metrics.log_losses(happened, chance)
    values = {
        "base_rate": float(happened.mean()),
        **{name: float(each[0]) for name, each in _rankings(point, capacity).items()},
        **_lists(point, capacity),
        "brier": float(squared.mean()),
        "log_loss": float(losses.mean()),
        "calibration_error": metrics.calibration_error(happened, chance),
        "mean_chance": float(chance.mean()),
    }
    drawn = {**_rankings(resampled, capacity), "brier": draws.means(squared), "log_loss": draws.means(losses)}
    return values, drawn


def _rankings(ranked: Ranked, capacity: int) -> dict[str, FloatArray]:
    """Metrics of the order of areas, shape (draws,) each."""
    hits = ranked.hits(np.minimum(capacity, ranked.total))
    lists = {f"precision_at_{_percent(share)}": ranked.precision(ranked.lengths(share)) for share in TOP_SHARES}
    return {"auc": ranked.auc(), "average_precision": ranked.average_precision(), "hits_at_k": hits, **lists}


def _lists(ranked: Ranked, capacity: int) -> dict[str, float]:
    n, events = float(ranked.total[0]), float(ranked.events[0])
    lengths = {_percent(share): float(ranked.lengths(share)[0]) for share in TOP_SHARES}
    lengths["k"] = min(float(capacity), n)
    values: dict[str, float] = {}
    for name, length in lengths.items():
        hits = float(ranked.hits(np.array([length]))[0])
        values |= {
            f"precision_at_{name}": hits / length,
            f"recall_at_{name}": hits / events if events else math.nan,
            f"lift_at_{name}": hits / length / (events / n) if events else math.nan,
        }
    return values


def _losses(forecast: Forecast, rows: npt.NDArray[np.intp], change: FloatArray) -> dict[str, FloatArray]:
    """Losses of the whole distribution by area; the mean over a cohort is the metric."""
    levels: Sequence[float] = forecast.outputs.quantiles
    quantiles = forecast.quantiles[rows]
    pinball = metrics.pinball(change, quantiles, np.array(levels))
    losses = {
        "crps": forecast.curve.rows(rows).crps(change),
        "pinball_mean": pinball.mean(axis=1),
        **{f"pinball_{level:g}": pinball[:, at] for at, level in enumerate(levels)},
        "error_of_mean": np.abs(change - forecast.mean[rows]),
    }
    for share, (low, high) in INTERVALS.items():
        if low in levels and high in levels:
            lower, upper = (quantiles[:, levels.index(level)] for level in (low, high))
            losses[f"coverage_{share}"] = ((change >= lower) & (change <= upper)).astype(float)
            losses[f"width_{share}"] = upper - lower
    return losses


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", "pct")
