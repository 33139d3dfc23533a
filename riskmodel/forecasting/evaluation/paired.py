"""Paired differences: a model against its opponents, on the same areas and the same draws of municipalities.

The hardest opponent is the best simple ordering chosen with hindsight: for each origin, cohort and metric the one
that came out best there. The choice is made once, from what happened; it is not made again in every draw. So the
interval shows how much the difference to that ordering depends on which municipalities were drawn, and the
mean over origins is against a user who knew beforehand which ordering would win each time.

The best ordering chosen beforehand is what a user could have known: at each origin the one with the highest mean
average precision at the earlier origins whose outcome had been measured by then; the first ordering of the
experiment where there is none yet. It serves all metrics.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from riskmodel.forecasting.evaluation.evaluate import Evaluation
from riskmodel.forecasting.evaluation.resampling import interval
from riskmodel.forecasting.experiment import HOLDOUT, Experiment
from riskmodel.panel.panel import FloatArray

#: Columns of the table.
COLUMNS = (
    "model",
    "opponent",
    "best",
    "beforehand",
    "target",
    "cohort",
    "origin_date",
    "horizon",
    "metric",
    "value",
    "opponent_value",
    "difference",
    "difference_low95",
    "difference_high95",
    "ratio",
    "ratio_low95",
    "ratio_high95",
    "origins",
    "n",
    "n_events",
)
#: Metrics that are compared, and whether more is better.
METRICS = {
    "average_precision": True,
    "auc": True,
    "hits_at_k": True,
    "precision_at_1pct": True,
    "precision_at_5pct": True,
    "log_loss": False,
    "brier": False,
    "crps": False,
}
#: Opponent of the mean over origins when each origin has its own.
BEST = "best ordering"
#: Opponent of the mean over origins when each origin has the one that could be chosen by then.
BEFOREHAND = "best beforehand"


@dataclass(frozen=True)
class _Pair:
    """A model and one opponent at one or more origins."""

    model: str
    opponent: str
    best: bool
    beforehand: bool
    origins: tuple[tuple[Evaluation, Evaluation], ...]

    def measured(self, metric: str) -> tuple[float, float, float, float]:
        """Mean over origins: own metric, that of the opponent, difference and ratio."""
        own, other = (np.array([each.values[metric] for each in side]) for side in zip(*self.origins, strict=True))
        return (
            float(own.mean()),
            float(other.mean()),
            float((own - other).mean()),
            float(_ratio(own, other).mean()),
        )

    def drawn(self, metric: str) -> tuple[FloatArray, FloatArray]:
        """Mean over origins of difference and ratio in every draw, shape (draws,) each."""
        own, other = (np.stack([each.drawn[metric] for each in side]) for side in zip(*self.origins, strict=True))
        return (own - other).mean(axis=0), _ratio(own, other).mean(axis=0)


def paired_table(experiment: Experiment, judged: Iterable[Evaluation]) -> pd.DataFrame:
    """Champion and challenger against every other model, per origin and as a mean over origins."""
    groups: dict[tuple[str, str], list[Evaluation]] = {}
    for one in judged:
        groups.setdefault((one.target, one.cohort), []).append(one)
    found = [
        (metric, pair, at)
        for group in groups.values()
        for metric, better in METRICS.items()
        for pair, at in _pairs(experiment, [each for each in group if metric in each.drawn], metric, better)
    ]
    if not found:
        return pd.DataFrame(columns=list(COLUMNS))
    drawn = np.array([pair.drawn(metric) for metric, pair, _ in found])
    low, high = interval(drawn)
    rows = []
    for (metric, pair, at), lows, highs in zip(found, low, high, strict=True):
        own, other, difference, ratio = pair.measured(metric)
        sides = [one for one, _ in pair.origins]
        rows.append(
            {
                "model": pair.model,
                "opponent": pair.opponent,
                "best": pair.best,
                "beforehand": pair.beforehand,
                "target": sides[0].target,
                "cohort": sides[0].cohort,
                "origin_date": at,
                "horizon": sides[0].horizon,
                "metric": metric,
                "value": own,
                "opponent_value": other,
                "difference": difference,
                "difference_low95": lows[0],
                "difference_high95": highs[0],
                "ratio": ratio,
                "ratio_low95": lows[1],
                "ratio_high95": highs[1],
                "origins": len(sides),
                "n": sum(each.n for each in sides),
                "n_events": sum(each.n_events for each in sides),
            }
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _pairs(
    experiment: Experiment, judged: Sequence[Evaluation], metric: str, more_is_better: bool
) -> Iterator[tuple[_Pair, date | None]]:
    """Pairs of one target, cohort and metric; the origin, or None for means over origins."""
    by_origin: dict[date, dict[str, Evaluation]] = {}
    for each in judged:
        by_origin.setdefault(each.origin_date, {})[each.model] = each
    names = [spec.name for spec in experiment.models]
    for ending in ("", HOLDOUT):
        orderings = [name + ending for name in experiment.orderings]
        best = {day: _best(models, orderings, metric, more_is_better) for day, models in by_origin.items()}
        beforehand = {day: _beforehand(by_origin, orderings, day, experiment.horizon) for day in by_origin}
        for model in dict.fromkeys([experiment.champion + ending, experiment.challenger + ending]):
            where = [day for day, models in by_origin.items() if model in models]
            for opponent in [name + ending for name in names if name + ending != model]:
                both = [day for day in where if opponent in by_origin[day]]
                pairs = tuple((by_origin[day][model], by_origin[day][opponent]) for day in both)
                for day, pair in zip(both, pairs, strict=True):
                    yield _Pair(model, opponent, opponent == best[day], opponent == beforehand[day], (pair,)), day
                if both:
                    yield _Pair(model, opponent, False, False, pairs), None
            for chosen, label in ((best, BEST), (beforehand, BEFOREHAND)):
                against = [(by_origin[day][model], by_origin[day][name]) for day in where if (name := chosen[day])]
                if against:
                    yield _Pair(model, label + ending, chosen is best, chosen is beforehand, tuple(against)), None


def _best(
    models: Mapping[str, Evaluation], orderings: Sequence[str], metric: str, more_is_better: bool
) -> str | None:
    """Name of the ordering that came out best, the first among equals; None where none has a value."""
    values = {name: models[name].values[metric] for name in orderings if name in models}
    known = {name: value if more_is_better else -value for name, value in values.items() if not np.isnan(value)}
    return max(known, key=lambda name: known[name]) if known else None


def _beforehand(
    by_origin: Mapping[date, Mapping[str, Evaluation]], orderings: Sequence[str], day: date, horizon: int
) -> str | None:
    """Name of the ordering that did best at origins whose outcome was measured by then; else the first one."""
    here = [name for name in orderings if name in by_origin[day]]
    earlier = [models for past, models in by_origin.items() if past.year + horizon <= day.year]
    means = {}
    for name in here:
        values = [models[name].values["average_precision"] for models in earlier if name in models]
        known = [value for value in values if not np.isnan(value)]
        if known:
            means[name] = np.mean(known)
    return max(means, key=lambda name: means[name]) if means else next(iter(here), None)


def _ratio(own: FloatArray, other: FloatArray) -> FloatArray:
    return np.where(other != 0, own / np.where(other != 0, other, 1.0), np.nan)
