"""One indicator beside its nearest other year: unit, level, spread, order of the areas, what is missing or filled.

Limits are chosen from what official files do to each other and from what poison does to them;
``docs/reliability.md`` has both tables.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from riskmodel.workspace.ingest_checks.base import ENOUGH, MARGIN, Arrival, Column, Report, limit_with_margin

#: Middle of the ratios of an area's two values, in powers of ten: from a factor of 6.3 it is another unit. And the
#: share of areas, of the half with the largest values, in which it may be so.
OTHER_UNIT, PART_UNIT = 0.8, 0.03
#: Shift of the middle of all areas, in distances between quartiles: of scores, and of everything else.
SHIFT_SCORES, SHIFT = 0.3, 1.5
#: Factor by which the distance between quartiles grew or shrank.
SPREAD = 1.8
#: Rank correlation with the nearest year: of the total score, and of everything else.
ORDER_SCORES, ORDER = 0.85, 0.4
TOTALS = ("score", "lbm2_score")
#: Share of areas that lost their value.
LOST = 0.3
#: Share of areas that came to one and the same value at or beyond the edge of the old ones.
FILLED = 0.008
#: How many times as frequent as the next value at the edge a filling is.
ALONE = 3


def other_unit(column: Column) -> str | None:
    """Values that are ten, a hundred or a thousand times what they were, by the middle of the ratios."""
    if column.about.unit in ("score points", "class"):
        return None
    new, old = column.both
    positive = (new > 0) & (old > 0)
    if positive.sum() < ENOUGH:
        return None
    power = float(np.median(np.log10(new[positive] / old[positive])))
    if abs(power) > OTHER_UNIT:
        return f"values are {10**power:.3g} times those of {column.other}"
    return None


def other_unit_in_part(column: Column) -> str | None:
    """Values that are ten or more times what they were, or less than a tenth, in a part of the areas."""
    share = part_unit(column)
    if share > limit_with_margin(PART_UNIT, len(column.both[0]) // 2):
        times = f"values are many times, or a fraction of, those of {column.other}"
        return f"in {share:.0%} of the areas {times}"
    return None


def part_unit(column: Column) -> float:
    """Share of areas that came to another order of magnitude, the larger of up and down.

    Of the half of the areas with the largest values, where chance moves ratios least.
    """
    if column.about.unit in ("score points", "class"):
        return 0.0
    shares = [0.0]
    for one, other in (column.both, column.both[::-1]):
        large = (other > np.median(other)) & (one > 0) & (other > 0)
        if large.any():
            shares.append(float((np.log10(other[large] / one[large]) > OTHER_UNIT).mean()))
    return max(shares)


def sudden_shift(column: Column) -> str | None:
    """A middle of all areas that moved far, beside the distance between the quartiles of the old values."""
    shift = shift_of(column)
    if abs(shift) > (SHIFT_SCORES if column.about.unit == "score points" else SHIFT):
        return f"the middle moved by {shift:.2f} distances between quartiles since {column.other}"
    return None


def shift_of(column: Column) -> float:
    """Median change in distances between the quartiles of the old values; 0 where all are equal."""
    new, old = column.both
    return float(np.median(new - old) / column.spread) if column.spread > 0 else 0.0


def other_spread(column: Column) -> str | None:
    """Areas that differ far more, or far less, than they did."""
    ratio = spread_ratio(column)
    allowed = np.log(SPREAD) + MARGIN * 1.6 / np.sqrt(len(column.both[0]))
    if ratio > 0 and abs(np.log(ratio)) > allowed and column.about.unit != "class":
        return f"areas differ {ratio:.2f} times as much as in {column.other}"
    return None


def spread_ratio(column: Column) -> float:
    """Distance between the quartiles, new over old; 0 where the old one is 0."""
    new, old = column.widths
    return new / old if old > 0 else 0.0


def other_edition(column: Column) -> str | None:
    """Total scores in another order than official waves of one edition have."""
    return _other_order(column, ORDER_SCORES) if column.about.id in TOTALS else None


def other_order(column: Column) -> str | None:
    """Areas in another order than they were: other rows, or another column."""
    if column.about.unit == "class" or column.about.id in TOTALS:
        return None
    return _other_order(column, ORDER)


def _other_order(column: Column, lowest: float) -> str | None:
    order = column.order
    margin = MARGIN / np.sqrt(len(column.both[0]) - 3)
    if np.arctanh(np.clip(order, -0.999999, 0.999999)) + margin < np.arctanh(lowest):
        return f"rank correlation with {column.other} is {order:.2f}"
    return None


def one_value(column: Column) -> str | None:
    """One and the same value at the edge in many areas: zeros or a sentinel for what is missing."""
    value, share = filled_in(column)
    if share > limit_with_margin(FILLED, len(column.both[0])):
        return f"{share:.0%} of the areas came to {value:g}"
    return None


def filled_in(column: Column) -> tuple[float, float]:
    """The edge value to which most areas came, and the share of the areas that did."""
    known = ~np.isnan(column.new)
    new, old = column.new[known], column.old[known]
    low, high = np.quantile(column.both[1], [0.01, 0.99])
    edge = (new <= min(low, 0.0)) | (new < low) | (new > high)
    came = edge & (new != old)
    if column.about.unit == "class" or not came.any():
        return 0.0, 0.0
    values, counts = np.unique(new[came], return_counts=True)
    most = int(np.argmax(counts))
    left = int(((old == values[most]) & (new != old)).sum())
    # Where a whole scale moved, several values at its edge became frequent; a filling is one value alone.
    beside = int(np.delete(counts, most).max(initial=0))
    return float(values[most]), float(max(counts[most] - left - ALONE * beside, 0) / len(new))


def lost_values(arrival: Arrival) -> Iterator[Report]:
    """Areas of the new table that had a value and have none now."""
    for column in arrival.beside:
        had = ~np.isnan(column.old)
        if had.sum() < ENOUGH:
            continue
        lost = float(np.isnan(column.new[had]).mean())
        if lost > limit_with_margin(LOST, int(had.sum())):
            message = f"{lost:.0%} of the areas with a value in {column.other} have none now"
            yield column.about.id, column.year, message
