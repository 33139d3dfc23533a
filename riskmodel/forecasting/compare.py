"""Attempts side by side: skill, paired differences, calibration and how far their lists agree.

An attempt is one model of one backtest. All attempts are judged by the same panel, on the origins and cohorts they
share, so that a difference is never one of data.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.errors import InputError
from riskmodel.forecasting import metrics
from riskmodel.forecasting.experiment import Cohort
from riskmodel.forecasting.forecast import Forecast
from riskmodel.forecasting.record import Judged, Record, best_ordering, judge
from riskmodel.panel.panel import FloatArray, Panel

#: Draws of municipalities behind a paired interval.
DRAWS = 400
#: Scores that are put side by side.
SHOWN = (
    "average_precision",
    "average_precision_low95",
    "average_precision_high95",
    "auc",
    "precision_at_1pct",
    "precision_at_5pct",
    "calibration_error",
    "coverage_80",
)


@dataclass(frozen=True)
class Attempt:
    """One model of one backtest.

    Attributes
    ----------
    label : str
        How it is told apart.
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
        return {forecast.origin_date.year: forecast for forecast in self.record.of(self.model)}


@dataclass(frozen=True)
class Comparison:
    """What a comparison gives.

    Attributes
    ----------
    skill : pandas.DataFrame
        Columns ``attempt, cohort, origin, n, n_events, base_rate`` and :data:`SHOWN`.
    differences : pandas.DataFrame
        Each later attempt minus the first: ``attempt, against, cohort, origin, n, n_events, metric, difference,
        low95, high95``.
    overlap : pandas.DataFrame
        Shared areas of two lists: ``attempt, against, cohort, origin, k, shared, share``.
    """

    skill: pd.DataFrame
    differences: pd.DataFrame
    overlap: pd.DataFrame

    def as_dict(self) -> dict[str, list[dict[str, object]]]:
        """The three tables as plain rows, NaN as None."""
        tables = {"skill": self.skill, "differences": self.differences, "overlap": self.overlap}
        return {
            name: [
                {
                    str(key): None if isinstance(value, float) and math.isnan(value) else value
                    for key, value in row.items()
                }
                for row in table.to_dict("records")
            ]
            for name, table in tables.items()
        }


@dataclass(frozen=True)
class PairedDifference:
    """A difference in skill between two forecasts of the same areas.

    Attributes
    ----------
    difference, low95, high95 : float
        First minus second, with its 95% interval from drawing municipalities; NaN without events.
    """

    difference: float
    low95: float
    high95: float


def paired_difference(
    happened: FloatArray, one: FloatArray, other: FloatArray, groups: npt.NDArray[np.str_], seed: int
) -> dict[str, PairedDifference]:
    """Difference in AUC and average precision of two forecasts, by drawing whole municipalities for both at once.

    Parameters
    ----------
    happened : numpy.ndarray, shape (areas,)
        1.0 for an event.
    one, other : numpy.ndarray, shape (areas,)
        Chances.
    groups : numpy.ndarray of str, shape (areas,)
        What is drawn with replacement.
    seed : int
        Seed of the draws.

    Returns
    -------
    dict
        :class:`PairedDifference` by ``"auc"`` and ``"average_precision"``.
    """
    weights = metrics.resampled_weights(groups, DRAWS, seed)
    points = [metrics.ranking(happened, chance) for chance in (one, other)]
    drawn = [metrics.ranking(happened, chance, weights) for chance in (one, other)]
    found = {}
    for place, name in enumerate(("auc", "average_precision")):
        spread = drawn[0][place] - drawn[1][place]
        known = spread[~np.isnan(spread)]
        low, high = np.quantile(known, [0.025, 0.975]) if len(known) else (math.nan, math.nan)
        difference = float(points[0][place][0] - points[1][place][0])
        found[name] = PairedDifference(difference, float(low), float(high))
    return found


def drawn_groups(panel: Panel, rows: npt.NDArray[np.intp]) -> npt.NDArray[np.str_]:
    """Municipality of every area; where codes name none, each area is a group of its own."""
    codes = panel.municipality_codes()
    return np.where(codes == "", panel.areas, codes)[rows]


def top_list(chance: FloatArray, k: int) -> npt.NDArray[np.intp]:
    """Places of the ``k`` highest chances; equal ones in the order in which they stand."""
    return np.argsort(-chance, kind="stable")[:k]


def overlap_share(one: FloatArray, other: FloatArray, k: int) -> tuple[int, float]:
    """Areas that the lists of length ``k`` of two forecasts share, as a number and a share of the list."""
    k = min(k, len(one))
    shared = len(np.intersect1d(top_list(one, k), top_list(other, k)))
    return shared, shared / k if k else math.nan


def compare(attempts: Sequence[Attempt], panel: Panel, cohorts: Sequence[str] = ()) -> Comparison:
    """Put attempts at one question side by side.

    Parameters
    ----------
    attempts : sequence of Attempt
        At least two; the first is what the others are held against.
    panel : Panel
        Says what happened.
    cohorts : sequence of str
        Names of cohorts; by default all that the attempts share.

    Raises
    ------
    InputError
        If there is nothing to compare: fewer than two attempts, other questions, no shared origin or cohort.
    """
    first, waves, shared = _shared(attempts, cohorts)
    rows = [_skill(attempt, cohort.name, wave) for attempt in attempts for cohort in shared for wave in waves]
    differences, overlap = [], []
    for cohort in shared:
        for wave in waves:
            judged = [_judged(attempt, panel, cohort, wave) for attempt in attempts]
            for attempt, own in zip(attempts[1:], judged[1:], strict=True):
                keys = {"attempt": attempt.label, "against": first.label, "cohort": cohort.name, "origin": wave}
                differences += _difference_rows(keys, own, judged[0], panel, first.record.experiment.seed)
                overlap += _overlap_rows(keys, own, judged[0], first.record.experiment.capacity)
    return Comparison(pd.DataFrame(rows), pd.DataFrame(differences), pd.DataFrame(overlap))


def _shared(attempts: Sequence[Attempt], asked: Sequence[str]) -> tuple[Attempt, list[int], list[Cohort]]:
    if len(attempts) < 2:
        raise InputError("compare", f"{len(attempts)} attempt(s)", "two or more")
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


def _judged(attempt: Attempt, panel: Panel, cohort: Cohort, wave: int) -> Judged:
    return judge(attempt.record.experiment, panel, attempt.forecasts()[wave], cohort)


def _skill(attempt: Attempt, cohort: str, wave: int) -> dict[str, object]:
    scores = attempt.record.scores
    rows = scores[
        (scores["model"] == attempt.model)
        & (scores["cohort"] == cohort)
        & (scores["origin_date"].str[:4] == str(wave))
        & (scores["target"] == attempt.record.experiment.event.name)
    ]
    values = rows.set_index("metric")["value"]
    counts = rows[["n", "n_events"]].max()
    return {
        "attempt": attempt.label,
        "cohort": cohort,
        "origin": wave,
        "n": int(counts["n"]) if len(rows) else 0,
        "n_events": int(counts["n_events"]) if len(rows) else 0,
        **{name: float(values.get(name, math.nan)) for name in ("base_rate", *SHOWN)},
    }


def _difference_rows(
    keys: dict[str, object], own: Judged, other: Judged, panel: Panel, seed: int
) -> list[dict[str, object]]:
    if not len(own.rows):
        return []
    found = paired_difference(own.happened, own.chance, other.chance, drawn_groups(panel, own.rows), seed)
    counts = {"n": len(own.rows), "n_events": int(own.happened.sum())}
    return [
        {
            **keys,
            **counts,
            "metric": metric,
            "difference": each.difference,
            "low95": each.low95,
            "high95": each.high95,
        }
        for metric, each in found.items()
    ]


def _overlap_rows(keys: dict[str, object], own: Judged, other: Judged, capacity: int) -> list[dict[str, object]]:
    n = len(own.rows)
    lengths = sorted({min(capacity, n), math.ceil(0.01 * n), math.ceil(0.05 * n)} - {0})
    found = {k: overlap_share(own.chance, other.chance, k) for k in lengths}
    return [{**keys, "k": k, "shared": shared, "share": share} for k, (shared, share) in found.items()]


def against_best_ordering(record: Record, model: str, panel: Panel, cohort: Cohort) -> pd.DataFrame:
    """A model beside the best simple ordering at every origin, the ordering chosen with hindsight for each.

    Parameters
    ----------
    record : Record
        A backtest.
    model : str
        Name of the model in it.
    panel : Panel
        Says what happened.
    cohort : Cohort
        Areas that are judged.

    Returns
    -------
    pandas.DataFrame
        A row an origin at which both have an average precision: ``origin, n, n_events, base_rate`` and
        :data:`SHOWN` of the model, ``ordering, ordering_precision, ratio`` of average precisions, and their
        ``difference, low95, high95`` from drawing municipalities for both at once.
    """
    best = best_ordering(record, cohort.name)
    forecasts = {(each.model, str(each.origin_date)): each for each in record.forecasts}
    own = Attempt(model, record, model)
    rows = []
    for day, name in best.items():
        pair = [forecasts.get((each, str(day))) for each in (model, str(name))]
        skill = _skill(own, cohort.name, int(str(day)[:4]))
        if None in pair or math.isnan(float(str(skill["average_precision"]))):
            continue
        judged = [judge(record.experiment, panel, each, cohort) for each in pair if each is not None]
        found = paired_difference(
            judged[0].happened,
            judged[0].chance,
            judged[1].chance,
            drawn_groups(panel, judged[0].rows),
            record.experiment.seed,
        )["average_precision"]
        theirs = float(record.score("average_precision", cohort.name)[str(name)][str(day)])
        rows.append(
            {
                **skill,
                "ordering": str(name),
                "ordering_precision": theirs,
                "ratio": float(str(skill["average_precision"])) / theirs,
                "difference": found.difference,
                "low95": found.low95,
                "high95": found.high95,
            }
        )
    return pd.DataFrame(rows)
