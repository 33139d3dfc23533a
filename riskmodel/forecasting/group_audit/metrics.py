"""Shares of sums over areas: of a group, of the rest of the country, and in every draw of municipalities.

What is reported of a group (how often it is selected, where the list is wrong, whether chances are right) is
always a share of sums over areas, so that one origin, all of them together and every draw use the same lines.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from riskmodel.forecasting.evaluation.calibration import wilson
from riskmodel.forecasting.evaluation.metrics import divided
from riskmodel.forecasting.evaluation.resampling import interval
from riskmodel.panel.panel import FloatArray

#: A share is reported only when it is one of at least so many (areas, events, places), in at least so many
#: municipalities: below that an interval from drawing municipalities is not to be trusted.
FEWEST, FEWEST_MUNICIPALITIES = 10, 5
TOO_FEW = "too few to tell"
#: What is added up over areas, and its column in an array of sums.
AREAS, EVENTS, CHANCE, PLACES, HITS = range(5)
#: What is reported when two groups are compared; NaN where it cannot be.
COMPARED = (
    *("value", "low95", "high95", "rest", "difference", "difference_low95", "difference_high95"),
    *("ratio", "ratio_low95", "ratio_high95"),
)


@dataclass(frozen=True)
class Metric:
    """A share of sums over areas.

    Attributes
    ----------
    part, whole : callable
        From sums, shape (..., 5), to what is divided and by what.
    of_list : bool
        Whether it depends on where the list ends.
    kind : {"share", "rate", "gap"}
        Between 0 and 1, from 0 up, or with a sign: the last knows no ratio.
    """

    part: Callable[[FloatArray], FloatArray]
    whole: Callable[[FloatArray], FloatArray]
    of_list: bool = True
    kind: Literal["share", "rate", "gap"] = "share"

    def of(self, sums: FloatArray) -> FloatArray:
        """The metric, NaN where there is nothing to divide by; shape of ``sums`` without its last axis."""
        return divided(self.part(sums), self.whole(sums))


def _sum(column: int) -> Callable[[FloatArray], FloatArray]:
    return lambda sums: sums[..., column]


def _difference(one: int, other: int) -> Callable[[FloatArray], FloatArray]:
    return lambda sums: sums[..., one] - sums[..., other]


#: What is reported of every group.
METRICS: Mapping[str, Metric] = {
    "base_rate": Metric(_sum(EVENTS), _sum(AREAS), of_list=False),
    "mean_chance": Metric(_sum(CHANCE), _sum(AREAS), of_list=False),
    # Calibration in the large: mean chance minus observed share; above 0 is too gloomy.
    "chance_minus_share": Metric(_difference(CHANCE, EVENTS), _sum(AREAS), of_list=False, kind="gap"),
    "selection_rate": Metric(_sum(PLACES), _sum(AREAS)),
    # Above that of the rest: more places than its part in the events.
    "places_per_event": Metric(_sum(PLACES), _sum(EVENTS), kind="rate"),
    "precision": Metric(_sum(HITS), _sum(PLACES)),
    "recall": Metric(_sum(HITS), _sum(EVENTS)),
    "false_negative_rate": Metric(_difference(EVENTS, HITS), _sum(EVENTS)),
    "false_positive_rate": Metric(_difference(PLACES, HITS), _difference(AREAS, EVENTS)),
}


@dataclass(frozen=True)
class Counted:
    """Sums over some areas.

    Attributes
    ----------
    drawn : numpy.ndarray, shape (1 + draws, 5)
        Of the areas themselves, and below it in every draw of municipalities.
    spread : numpy.ndarray, shape (municipalities, 5)
        Of the areas themselves by municipality.
    """

    drawn: FloatArray
    spread: FloatArray

    def __add__(self, other: Counted) -> Counted:
        return Counted(self.drawn + other.drawn, self.spread + other.spread)

    @property
    def sums(self) -> FloatArray:
        """Of the areas themselves, shape (5,)."""
        own: FloatArray = self.drawn[0]
        return own

    def too_few(self, metric: Metric) -> bool:
        """Whether there are too few of them to report a metric."""
        whole = metric.whole(self.spread)
        return bool(whole.sum() < FEWEST or (whole > 0).sum() < FEWEST_MUNICIPALITIES)

    def wilson(self, metric: Metric) -> tuple[float, float]:
        """Interval of Wilson around a share."""
        low, high = wilson(metric.part(self.drawn[:1]), metric.whole(self.drawn[:1]))
        return float(low[0]), float(high[0])


def compared(own: Counted, rest: Counted, metric: Metric) -> dict[str, float]:
    """A metric of a group and of the rest of the country, their difference and ratio, with 95% intervals.

    Where none or all of one side are counted the interval of the difference is put together from those of the two
    sides, as drawing cannot show what was never seen.

    References
    ----------
    Newcombe (1998), "Interval estimation for the difference between independent proportions: comparison of eleven
    methods", Statistics in Medicine 17(8), method 10.
    """
    found = dict.fromkeys(COMPARED, math.nan)
    if own.too_few(metric):
        return found
    mine, others = metric.of(own.drawn), metric.of(rest.drawn)
    rows = np.stack([mine, others, mine - others, divided(mine, others)])
    low, high = (ends.tolist() for ends in interval(rows[:, 1:]))
    value, other, gap, ratio = rows[:, 0].tolist()
    ends = {float(value), float(other)} & {0.0, 1.0} if metric.kind == "share" else set()
    if value in ends:
        low[0], high[0] = own.wilson(metric)
    found |= {"value": value, "low95": low[0], "high95": high[0]}
    if rest.too_few(metric):
        return found
    if other in ends:
        low[1], high[1] = rest.wilson(metric)
    if ends:
        low[2] = gap - math.hypot(value - low[0], high[1] - other)
        high[2] = gap + math.hypot(high[0] - value, other - low[1])
    found |= {"rest": other, "difference": gap, "difference_low95": low[2], "difference_high95": high[2]}
    # Of zero, or relative to what is zero in some draws, a ratio says nothing: the difference does.
    if metric.kind != "gap" and value > 0 and not (others == 0).any():
        found |= {"ratio": ratio, "ratio_low95": low[3], "ratio_high95": high[3]}
    return found
