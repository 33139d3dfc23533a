"""The Scores container, made from forecasts and observations only."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from riskmodel.forecasting.evaluation.evaluate import Evaluation, evaluate_forecasts
from riskmodel.forecasting.evaluation.resampling import interval
from riskmodel.forecasting.experiment import Experiment
from riskmodel.forecasting.forecast import Forecast
from riskmodel.panel.panel import Panel

#: Columns of the Scores container.
COLUMNS = ("model", "target", "cohort", "origin_date", "horizon", "metric", "value", "n", "n_events")


def score_forecasts(experiment: Experiment, panel: Panel, forecasts: Iterable[Forecast]) -> pd.DataFrame:
    """Scores of forecasts whose outcome is in the panel; see :func:`score_table`."""
    return score_table(evaluate_forecasts(experiment, panel, forecasts))


def score_table(judged: Iterable[Evaluation]) -> pd.DataFrame:
    """Put evaluations into the Scores container.

    Intervals are rows of their own: ``auc_low95`` and ``auc_high95`` beside ``auc``, and so on for average
    precision, hits among the first areas (as many as the capacity), precision at 1% and 5%, Brier score, log loss
    and CRPS; they come from drawing whole municipalities with replacement.
    Metrics of the whole distribution (CRPS, pinball loss, coverage and width of intervals) are with the main
    event: they do not depend on which event is asked for.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`COLUMNS`.
    """
    rows = []
    for each in judged:
        names = list(each.drawn)
        low, high = interval(np.stack([each.drawn[name] for name in names]))
        ends = {f"{name}_low95": float(end) for name, end in zip(names, low, strict=True)}
        ends |= {f"{name}_high95": float(end) for name, end in zip(names, high, strict=True)}
        about = {
            "model": each.model,
            "target": each.target,
            "cohort": each.cohort,
            "origin_date": each.origin_date,
            "horizon": each.horizon,
        }
        counts = {"n": each.n, "n_events": each.n_events}
        for metric, value in each.values.items():
            values = {metric: value}
            if metric in each.drawn:
                values |= {f"{metric}{end}": ends[f"{metric}{end}"] for end in ("_low95", "_high95")}
            rows += [{**about, "metric": name, "value": number, **counts} for name, number in values.items()]
    return pd.DataFrame(rows, columns=list(COLUMNS))
