"""Attempts side by side: skill, paired differences, calibration and how far their lists agree.

An attempt is one model of one backtest. All attempts are judged anew by the same panel, on the origins and cohorts
they share and the same draws of municipalities, so that a difference is never one of data or of chance in drawing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from riskmodel.errors import InputError
from riskmodel.forecasting.backtest_record import Outcomes, Record, outcomes_of
from riskmodel.forecasting.evaluation.evaluate import Evaluation, evaluate_forecasts
from riskmodel.forecasting.evaluation.list_overlap import shared_areas
from riskmodel.forecasting.evaluation.ranked import TOP_SHARES
from riskmodel.forecasting.evaluation.resampling import interval
from riskmodel.forecasting.experiment import Cohort, Experiment
from riskmodel.forecasting.forecast import Forecast
from riskmodel.panel.panel import FloatArray, Panel

#: Scores that are put side by side, and those of which a paired difference is given.
SHOWN = (
    "base_rate",
    "average_precision",
    "auc",
    "precision_at_1pct",
    "precision_at_5pct",
    "calibration_error",
    "coverage_80",
    "crps",
)
PAIRED = ("average_precision", "auc", "precision_at_1pct", "precision_at_5pct", "crps")


@dataclass(frozen=True)
class Attempt:
    """One model of one backtest.

    Attributes
    ----------
    label : str
        Name in the tables.
    record : Record
        The backtest.
    model : str
        Name of the model in it.
    """

    label: str
    record: Record
    model: str

    def forecasts(self) -> dict[int, Forecast]:
        """Forecasts by wave."""
        return self.record.by_wave(self.model)


@dataclass(frozen=True)
class Comparison:
    """Tables of a comparison.

    Attributes
    ----------
    skill : pandas.DataFrame
        Columns ``attempt, cohort, origin, n, n_events``, :data:`SHOWN`, and the 95% interval of average precision
        as ``average_precision_low95`` and ``average_precision_high95``.
    differences : pandas.DataFrame
        Each later attempt minus the first: ``attempt, against, cohort, origin, n, n_events, metric, difference,
        low95, high95``; ``origin`` is ``"mean"`` for the mean over origins.
    overlap : pandas.DataFrame
        Shared areas of two lists: ``attempt, against, cohort, origin, list, k, shared, share``; ``list`` is
        ``"capacity"`` or a part of the areas such as ``"1%"``, ``k`` its length.
    """

    skill: pd.DataFrame
    differences: pd.DataFrame
    overlap: pd.DataFrame

    def as_dict(self) -> dict[str, list[dict[str, object]]]:
        """The three tables as plain rows, NaN as None."""
        tables = {"skill": self.skill, "differences": self.differences, "overlap": self.overlap}
        return {
            name: [{str(key): _known(value) for key, value in row.items()} for row in table.to_dict("records")]
            for name, table in tables.items()
        }


def compare(attempts: Sequence[Attempt], panel: Panel, cohorts: Sequence[str] = ()) -> Comparison:
    """Put attempts at one question side by side."""
    first, waves, shared = _shared(attempts, cohorts)
    experiment = first.record.experiment
    judged = {
        attempt.label: _judged(experiment, panel, [attempt.forecasts()[wave] for wave in waves], shared)
        for attempt in attempts
    }
    skill = [
        {"attempt": attempt.label, **_skill(each)}
        for attempt in attempts
        for each in judged[attempt.label].values()
    ]
    differences, overlap = [], []
    for attempt in attempts[1:]:
        pair = {"attempt": attempt.label, "against": first.label}
        for cohort in shared:
            both = [
                (judged[attempt.label][key], judged[first.label][key])
                for key in judged[first.label]
                if key[1] == cohort.name
            ]
            differences += [{**pair, **row} for row in _differences(both)]
            for wave in waves:
                sides = [
                    outcomes_of(experiment, panel, each.forecasts()[wave], cohort) for each in (attempt, first)
                ]
                overlap += [{**pair, **row} for row in _overlaps(cohort, sides[0], sides[1], experiment.capacity)]
    return Comparison(pd.DataFrame(skill), pd.DataFrame(differences), pd.DataFrame(overlap))


def against_best_ordering(record: Record, model: str, panel: Panel, cohort: Cohort) -> pd.DataFrame:
    """A model beside the best simple ordering at every origin, the ordering chosen with hindsight for each."""
    experiment = record.experiment
    own = _judged(experiment, panel, record.of(model), [cohort])
    others = [_judged(experiment, panel, record.of(name), [cohort]) for name in experiment.orderings]
    rows = []
    for key, judged in own.items():
        known = [each[key] for each in others if key in each and not math.isnan(_precision(each[key]))]
        if not known or math.isnan(_precision(judged)):
            continue
        best = max(known, key=_precision)
        low, high = interval(judged.drawn["average_precision"] - best.drawn["average_precision"])
        theirs = _precision(best)
        rows.append(
            {
                **_skill(judged),
                "ordering": best.model,
                "ordering_precision": theirs,
                "ratio": _precision(judged) / theirs,
                "difference": _precision(judged) - theirs,
                "low95": float(low),
                "high95": float(high),
            }
        )
    return pd.DataFrame(rows)


def overlap_share(one: FloatArray, other: FloatArray, k: int) -> tuple[int, float]:
    """Areas that the lists of length ``k`` of two forecasts share, as a number and a share of the list."""
    k = min(k, len(one))
    shared = shared_areas(one, other, k)
    return shared, shared / k if k else math.nan


def _shared(attempts: Sequence[Attempt], asked: Sequence[str]) -> tuple[Attempt, list[int], list[Cohort]]:
    if len(attempts) < 2:
        raise InputError(
            "compare",
            f"{len(attempts)} attempt(s)",
            "two or more",
            "For instance: riskmodel compare decline-2y decline-2y:structural",
        )
    first = attempts[0]
    for other in attempts[1:]:
        one, two = first.record.experiment, other.record.experiment
        if (one.event, one.horizon) != (two.event, two.horizon):
            raise InputError(
                f"compare {other.label}",
                f"{two.event.name} in {two.horizon} years",
                f"the question of {first.label}: {one.event.name} in {one.horizon} years",
            )
    waves = sorted(set.intersection(*(set(attempt.forecasts()) for attempt in attempts)))
    names = set.intersection(*({each.name for each in attempt.record.experiment.cohorts} for attempt in attempts))
    unknown = [name for name in asked if name not in names]
    if not waves or not names or unknown:
        found = f"no shared cohort {unknown[0]!r}" if unknown else "no shared origin or cohort"
        raise InputError("compare", found, f"one of {sorted(names)}" if names else "attempts at the same question")
    cohorts = [each for each in first.record.experiment.cohorts if each.name in (asked or names)]
    return first, waves, cohorts


def _judged(
    experiment: Experiment, panel: Panel, forecasts: Iterable[Forecast], cohorts: Sequence[Cohort]
) -> dict[tuple[int, str], Evaluation]:
    """Evaluations of forecasts of one model for the main event, by wave and cohort."""
    asked = replace(experiment, cohorts=tuple(cohorts), targets=())
    return {(each.origin_date.year, each.cohort): each for each in evaluate_forecasts(asked, panel, forecasts)}


def _precision(judged: Evaluation) -> float:
    return judged.values["average_precision"]


def _skill(judged: Evaluation) -> dict[str, object]:
    low, high = interval(judged.drawn["average_precision"])
    return {
        "cohort": judged.cohort,
        "origin": judged.origin_date.year,
        "n": judged.n,
        "n_events": judged.n_events,
        **{name: float(judged.values.get(name, math.nan)) for name in SHOWN},
        "average_precision_low95": float(low),
        "average_precision_high95": float(high),
    }


def _differences(both: Sequence[tuple[Evaluation, Evaluation]]) -> list[dict[str, object]]:
    """Paired differences at every origin and as a mean over origins, of one cohort."""
    rows = []
    groups: list[tuple[object, Sequence[tuple[Evaluation, Evaluation]]]] = [
        (own.origin_date.year, [(own, other)]) for own, other in both
    ]
    for origin, pairs in [*groups, ("mean", both)] if len(both) > 1 else groups:
        for metric in PAIRED:
            if not all(metric in own.drawn and metric in other.drawn for own, other in pairs):
                continue
            low, high = interval(
                np.mean([own.drawn[metric] - other.drawn[metric] for own, other in pairs], axis=0)
            )
            rows.append(
                {
                    "cohort": pairs[0][0].cohort,
                    "origin": origin,
                    "n": sum(own.n for own, _ in pairs),
                    "n_events": sum(own.n_events for own, _ in pairs),
                    "metric": metric,
                    "difference": float(
                        np.mean([own.values[metric] - other.values[metric] for own, other in pairs])
                    ),
                    "low95": float(low),
                    "high95": float(high),
                }
            )
    return rows


def _overlaps(cohort: Cohort, own: Outcomes, other: Outcomes, capacity: int) -> list[dict[str, object]]:
    n = len(own.rows)
    if not n:
        return []
    lengths: Mapping[str, int] = {f"{share:.0%}": math.ceil(share * n) for share in TOP_SHARES}
    rows = []
    for name, k in {**lengths, "capacity": min(capacity, n)}.items():
        shared, share = overlap_share(own.chance, other.chance, k)
        about = {"cohort": cohort.name, "origin": own.wave, "list": name}
        rows.append({**about, "k": k, "shared": shared, "share": share})
    return rows


def _known(value: object) -> object:
    return None if isinstance(value, float) and math.isnan(value) else value
