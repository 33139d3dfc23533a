"""Shares of sums over areas: of a group, of the rest of the country, and in every draw of municipalities.

What is told of a group (how often it is selected, where the list is wrong, whether chances are right) is always
a share of sums over areas, so that one origin, all of them together and every draw are counted by the same lines.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from riskmodel.forecasting.calibration import wilson
from riskmodel.forecasting.resampling import interval
from riskmodel.panel.panel import FloatArray

#: A share is told only when it is one of at least so many (areas, events, places), in at least so many
#: municipalities: below that an interval from drawing municipalities is not to be trusted.
FEWEST, FEWEST_MUNICIPALITIES = 10, 5
TOO_FEW = "too few to tell"
#: What is added up over areas, and where it stands in an array of sums.
AREAS, EVENTS, CHANCE, PLACES, HITS = range(5)
#: What is told when two groups are compared; NaN where it cannot be.
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


def _sum(place: int) -> Callable[[FloatArray], FloatArray]:
    return lambda sums: sums[..., place]


def _difference(one: int, other: int) -> Callable[[FloatArray], FloatArray]:
    return lambda sums: sums[..., one] - sums[..., other]


#: What is told of every group.
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
        """Whether a metric cannot be told of them."""
        whole = metric.whole(self.spread)
        return bool(whole.sum() < FEWEST or (whole > 0).sum() < FEWEST_MUNICIPALITIES)

    def told(self, metric: Metric) -> tuple[float, float, float]:
        """A metric and the ends of its 95% interval: Wilson's where none or all are counted."""
        value = float(metric.of(self.sums))
        if metric.kind == "share" and value in (0.0, 1.0):
            low, high = wilson(metric.part(self.drawn[:1]), metric.whole(self.drawn[:1]))
            return value, float(low[0]), float(high[0])
        ends = interval(metric.of(self.drawn[1:]))
        return value, float(ends[0]), float(ends[1])


def compared(own: Counted, rest: Counted, metric: Metric) -> dict[str, float]:
    """A metric of a group and of the rest of the country, their difference and ratio, with 95% intervals.

    Where none or all of one side are counted the interval of the difference is put together from those of the two
    sides, as drawing cannot show what was never seen.

    Returns
    -------
    dict
        Keys :data:`COMPARED`; NaN where there are too few to tell.

    References
    ----------
    Newcombe (1998), "Interval estimation for the difference between independent proportions: comparison of eleven
    methods", Statistics in Medicine 17(8), method 10.
    """
    found = dict.fromkeys(COMPARED, math.nan)
    if own.too_few(metric):
        return found
    value, low, high = own.told(metric)
    found |= {"value": value, "low95": low, "high95": high}
    if rest.too_few(metric):
        return found
    other, other_low, other_high = rest.told(metric)
    drawn, rest_drawn = metric.of(own.drawn[1:]), metric.of(rest.drawn[1:])
    ends = [float(end) for end in interval(drawn - rest_drawn)]
    gap = value - other
    if metric.kind == "share" and {value, other} & {0.0, 1.0}:
        ends = [
            gap - math.hypot(value - low, other_high - other),
            gap + math.hypot(high - value, other - other_low),
        ]
    found |= {"rest": other, "difference": gap, "difference_low95": ends[0], "difference_high95": ends[1]}
    if metric.kind != "gap" and other > 0:
        ends = [float(end) for end in interval(divided(drawn, rest_drawn))]
        found |= {"ratio": value / other, "ratio_low95": ends[0], "ratio_high95": ends[1]}
    return found


def divided(part: FloatArray, whole: FloatArray) -> FloatArray:
    """A part of a whole, NaN where there is none."""
    there = whole > 0
    return np.where(there, part / np.where(there, whole, 1.0), np.nan)
