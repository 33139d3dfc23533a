"""Evaluate a list by visits: how often it was right, how many declines there are, and how many it missed.

The top of a list is visited because of the list, so it can only tell how often the list was right. How many
declines there are outside it follows from the areas that were drawn at random: each represents as many areas as
the inverse of its chance of being drawn (Horvitz and Thompson, 1952, "A generalization of sampling without
replacement from a finite universe", JASA 47(260)). The draws are few, so intervals come from the hypergeometric
distribution itself and are valid for any number of them (Buonaccorsi, 1987, "A note on confidence intervals for
proportions in finite populations", The American Statistician 41(3)).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from riskmodel.forecasting.targets import Event
from riskmodel.panel.panel import Panel
from riskmodel.products.outcomes.lists import DRAWN, PARTS, REST, SMALL, TOP, ListRecord
from riskmodel.products.outcomes.visits import DECLINE, NO_DECLINE, UNCLEAR

#: Confidence of every interval.
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A figure and its confidence interval; NaN where it cannot be estimated.

    Attributes
    ----------
    value, low, high : float
        The ends belong to the interval.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Measurement:
    """A list and its visits compared with the change that was measured later.

    Attributes
    ----------
    wave : int
        Wave at which it was measured.
    by_part : pandas.DataFrame
        Index ``top, drawn, rest, too_small``; columns ``areas`` (with a measurement) and ``declines``.
    agreement : pandas.DataFrame
        Counts of areas with a clear finding: index the finding, columns the measurement (``decline, no_decline``).
    """

    wave: int
    by_part: pd.DataFrame
    agreement: pd.DataFrame


@dataclass(frozen=True)
class Evaluation:
    """The evaluation of a list by its visits.

    Attributes
    ----------
    record : ListRecord
        The list.
    by_part : pandas.DataFrame
        Index ``top, drawn, rest, too_small``; columns ``areas, visited, decline, no_decline, unclear, done``:
        counts of areas, by the last visit to each. The visitors chose those of ``rest`` themselves.
    precision : Estimate
        Share of declines among the top; the interval is that of lists like this one.
    declines : Estimate
        Number of declines in all areas that are not too small.
    recall : Estimate
        Share of those declines that are at the top.
    measured : Measurement or None
        None until the wave that was forecast is known.
    """

    record: ListRecord
    by_part: pd.DataFrame
    precision: Estimate
    declines: Estimate
    recall: Estimate
    measured: Measurement | None


def evaluate(
    record: ListRecord, visits: pd.DataFrame, event: Event | None = None, panel: Panel | None = None
) -> Evaluation:
    """Evaluate a list by the visits to its areas.

    Areas that should have been visited and were not, or with an unclear finding, are taken to be like the others
    of their part; the intervals are those of a random sample.
    """
    last = visits.sort_values("visited_on", kind="stable").drop_duplicates("location", keep="last")
    areas = record.areas.merge(last[["location", "found", "done"]], on="location", how="left")
    by_part = _counts(areas)
    count = counts_of(by_part)
    top, drawn = count[TOP], count[DRAWN]
    rest = count[REST]["areas"] + drawn["areas"]
    clear = top[DECLINE] + top[NO_DECLINE], drawn[DECLINE] + drawn[NO_DECLINE]
    unsure = (clear[0] < top["areas"]) + (clear[1] < rest)
    confidence = 1 - (1 - CONFIDENCE) / max(unsure, 1)
    in_top = declines_among(top["areas"], clear[0], top[DECLINE], confidence)
    in_rest = declines_among(rest, clear[1], drawn[DECLINE], confidence)
    return Evaluation(
        record=record,
        by_part=by_part,
        precision=_share(top[DECLINE], clear[0]),
        declines=Estimate(in_top.value + in_rest.value, in_top.low + in_rest.low, in_top.high + in_rest.high),
        recall=Estimate(
            _ratio(in_top.value, in_top.value + in_rest.value),
            _ratio(in_top.low, in_top.low + in_rest.high, 0.0),
            _ratio(in_top.high, in_top.high + in_rest.low, 1.0),
        ),
        measured=_measured(record, areas, event, panel) if event and panel else None,
    )


def declines_among(areas: int, seen: int, declines: int, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate how many of some areas decline, when a random sample of them was seen.

    Examples
    --------
    >>> declines_among(30, 3, 1)
    Estimate(value=10.0, low=1.0, high=26.0)
    >>> declines_among(8, 8, 5)
    Estimate(value=5.0, low=5.0, high=5.0)
    """
    if not seen:
        return Estimate(float("nan") if areas else 0.0, 0.0, float(areas))
    tail = (1 - confidence) / 2
    possible = np.arange(declines, areas - seen + declines + 1)
    at_least = stats.hypergeom.sf(declines - 1, areas, possible, seen)
    at_most = stats.hypergeom.cdf(declines, areas, possible, seen)
    inside = possible[(at_least > tail) & (at_most > tail)]
    return Estimate(areas * declines / seen, float(inside.min()), float(inside.max()))


def counts_of(table: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Return a table of counts by row and column."""
    return {str(row): {str(key): int(count) for key, count in each.items()} for row, each in table.T.items()}


def _share(count: int, of: int) -> Estimate:
    """Return a share with Wilson's interval."""
    if not of:
        return Estimate(float("nan"), 0.0, 1.0)
    low, high = stats.binomtest(count, of).proportion_ci(CONFIDENCE, method="wilson")
    return Estimate(count / of, float(low), float(high))


def _ratio(part: float, whole: float, otherwise: float = float("nan")) -> float:
    return part / whole if whole else otherwise


def _counts(areas: pd.DataFrame) -> pd.DataFrame:
    columns = {
        "areas": np.ones(len(areas), dtype=bool),
        "visited": areas["found"].notna(),
        DECLINE: areas["found"] == DECLINE,
        NO_DECLINE: areas["found"] == NO_DECLINE,
        UNCLEAR: areas["found"] == UNCLEAR,
        "done": areas["done"].fillna("") != "",
    }
    counted = pd.DataFrame(columns).astype(int).groupby(areas["part"]).sum()
    return counted.reindex(list(PARTS), fill_value=0).rename_axis(None)


def _measured(record: ListRecord, areas: pd.DataFrame, event: Event, panel: Panel) -> Measurement | None:
    end = record.wave + record.horizon
    if end not in panel.waves or record.wave not in panel.waves:
        return None
    known = pd.Series(event.happened(panel, record.wave, end), index=panel.areas)
    happened = areas["location"].map(known)
    there = happened.notna()
    by_part = (
        pd.DataFrame({"areas": 1, "declines": happened[there].astype(int)}, index=areas.index[there])
        .groupby(areas.loc[there, "part"])
        .sum()
        .reindex([TOP, DRAWN, REST, SMALL], fill_value=0)
        .rename_axis(None)
    )
    clear = there & areas["found"].isin([DECLINE, NO_DECLINE])
    measured = np.where(happened[clear] == 1, DECLINE, NO_DECLINE)
    agreement = (
        pd.crosstab(areas.loc[clear, "found"], measured)
        .reindex(index=[DECLINE, NO_DECLINE], columns=[DECLINE, NO_DECLINE], fill_value=0)
        .rename_axis(index=None, columns=None)
    )
    return Measurement(end, by_part, agreement)
