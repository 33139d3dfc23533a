"""Scores: what forecasts were worth, from forecasts and observations only."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd

from riskmodel.forecasting import metrics
from riskmodel.forecasting.experiment import Cohort, Experiment
from riskmodel.forecasting.forecast import Forecast
from riskmodel.forecasting.targets import score_change
from riskmodel.panel.panel import FloatArray, Panel

#: Columns of the Scores container.
COLUMNS = ("model", "target", "cohort", "origin_date", "horizon", "metric", "value", "n", "n_events")
#: Resamples behind every 95% interval.
RESAMPLES = 200
TOP_SHARES = (0.01, 0.05)


def score_forecasts(experiment: Experiment, panel: Panel, forecasts: Iterable[Forecast]) -> pd.DataFrame:
    """Scores of forecasts whose outcome is in the panel.

    Intervals are rows of their own: ``auc_low95`` and ``auc_high95`` beside ``auc``, and so on; they come from
    drawing whole municipalities with replacement.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`COLUMNS`.
    """
    pairs = [(forecast, cohort) for forecast in forecasts for cohort in experiment.cohorts]
    outcomes = {
        (wave, cohort.name): _Outcome(experiment, panel, cohort, wave)
        for wave in sorted({forecast.origin_date.year for forecast, _ in pairs})
        for cohort in experiment.cohorts
    }
    judges = [outcomes[forecast.origin_date.year, cohort.name] for forecast, cohort in pairs]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        judged = pool.map(lambda judge, pair: judge.judge(pair[0]), judges, pairs)
        rows = [
            {
                "model": forecast.model,
                "target": experiment.event.name,
                "cohort": cohort.name,
                "origin_date": forecast.origin_date,
                "horizon": forecast.horizon,
                "metric": metric,
                "value": value,
                "n": outcome.n,
                "n_events": outcome.n_events,
            }
            for (forecast, cohort), outcome, values in zip(pairs, judges, judged, strict=True)
            for metric, value in values.items()
        ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


class _Outcome:
    """What happened to the areas of one cohort after one origin."""

    def __init__(self, experiment: Experiment, panel: Panel, cohort: Cohort, wave: int) -> None:
        end = wave + experiment.horizon
        happened = experiment.event.happened(panel, wave, end)
        judged = cohort.members(panel, wave) & experiment.event.eligible(panel, wave) & ~np.isnan(happened)
        self.experiment = experiment
        self.areas = panel.areas[judged]
        self.happened = happened[judged]
        self.change = score_change(panel, wave, end)[judged]
        self.n, self.n_events = int(judged.sum()), int(self.happened.sum())
        codes = panel.municipality_codes()
        # Postcodes and grids name no municipality: there each area is a group of its own.
        groups = np.where(codes == "", panel.areas, codes)[judged]
        self.weights = metrics.resampled_weights(groups, RESAMPLES, experiment.seed) if self.n else None

    def judge(self, forecast: Forecast) -> Mapping[str, float]:
        if self.n == 0:
            return {}
        position = forecast.positions(self.areas)
        chance = forecast.chance_of(self.experiment.event)[position]
        lower, upper = forecast.quantile(0.1)[position], forecast.quantile(0.9)[position]
        return {
            "base_rate": self.n_events / self.n,
            **self._ranking(chance),
            **self._lists(chance),
            "brier": metrics.brier(self.happened, chance),
            "log_loss": metrics.log_loss(self.happened, chance),
            "calibration_error": metrics.calibration_error(self.happened, chance),
            "mean_chance": float(chance.mean()),
            "coverage_80": metrics.coverage(self.change, lower, upper),
            "width_80": float(np.mean(upper - lower)),
        }

    def _ranking(self, chance: FloatArray) -> dict[str, float]:
        values: dict[str, float] = {}
        point = metrics.ranking(self.happened, chance)
        resampled = metrics.ranking(self.happened, chance, self.weights)
        for name, value, spread in zip(("auc", "average_precision"), point, resampled, strict=True):
            known = spread[~np.isnan(spread)]
            low, high = np.quantile(known, [0.025, 0.975]) if len(known) else (math.nan, math.nan)
            values |= {name: float(value[0]), f"{name}_low95": float(low), f"{name}_high95": float(high)}
        return values

    def _lists(self, chance: FloatArray) -> dict[str, float]:
        lengths = {f"{share:.0%}".replace("%", "pct"): math.ceil(share * self.n) for share in TOP_SHARES}
        lengths["k"] = min(self.experiment.capacity, self.n)
        values: dict[str, float] = {}
        for name, length in lengths.items():
            precision, recall = metrics.top(self.happened, chance, length)
            lift = precision / (self.n_events / self.n) if self.n_events else math.nan
            values |= {
                f"precision_at_{name}": precision,
                f"recall_at_{name}": recall,
                f"lift_at_{name}": lift,
            }
        return values
