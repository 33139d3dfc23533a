"""One indicator beside its nearest other year: unit, level, spread, order of the areas, what is missing or filled.

Limits are chosen from what official files do to each other and from what poison does to them;
``docs/reliability.md`` has both tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from riskmodel.workspace.ingest_checks.base import (
    ENOUGH,
    LUCK,
    Arrival,
    Check,
    Column,
    Finding,
    Severity,
    by_luck,
    finding,
)

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


@dataclass(frozen=True)
class OtherUnit:
    """Values that are ten, a hundred or a thousand times what they were."""

    code: ClassVar[str] = "AR04"
    title: ClassVar[str] = "another unit"
    severity: ClassVar[Severity] = "refuse"

    def run(self, arrival: Arrival) -> Iterator[Finding]:
        """Look at the middle of the ratios of every area's two values."""
        for column in arrival.columns:
            if column.about.unit in ("score points", "class"):
                continue
            new, old = column.both
            positive = (new > 0) & (old > 0)
            if positive.sum() < ENOUGH:
                continue
            power = float(np.median(np.log10(new[positive] / old[positive])))
            if abs(power) > OTHER_UNIT:
                message = f"values are {10**power:.3g} times those of {column.other}"
                yield finding(self, column, message, 10**power)


@dataclass(frozen=True)
class PartUnit:
    """Values that are ten or more times what they were, or less than a tenth, in a part of the areas."""

    code: ClassVar[str] = "AR17"
    title: ClassVar[str] = "another unit in a part of the areas"
    severity: ClassVar[Severity] = "flag"

    def run(self, arrival: Arrival) -> Iterator[Finding]:
        """Look at the ratios of the half of the areas with the largest values, where chance moves them least."""
        for column in arrival.columns:
            share = part_unit(column)
            if share > by_luck(PART_UNIT, len(column.both[0]) // 2):
                message = (
                    f"in {share:.0%} of the areas values are many times, or a fraction of, those of {column.other}"
                )
                yield finding(self, column, message, share)


def part_unit(column: Column) -> float:
    """Share of areas with large values that came to another order of magnitude, the larger of up and down."""
    if column.about.unit in ("score points", "class"):
        return 0.0
    shares = [0.0]
    for one, other in (column.both, column.both[::-1]):
        large = (other > np.median(other)) & (one > 0) & (other > 0)
        if large.any():
            shares.append(float((np.log10(other[large] / one[large]) > OTHER_UNIT).mean()))
    return max(shares)


@dataclass(frozen=True)
class LevelShift:
    """The middle of all areas moved far."""

    code: ClassVar[str] = "AR08"
    title: ClassVar[str] = "a sudden shift"
    severity: ClassVar[Severity] = "flag"

    def run(self, arrival: Arrival) -> Iterator[Finding]:
        """Hold the middle change against the distance between the quartiles of the old values."""
        for column in arrival.columns:
            shift = shift_of(column)
            if abs(shift) > (SHIFT_SCORES if column.about.unit == "score points" else SHIFT):
                message = f"the middle moved by {shift:.2f} distances between quartiles since {column.other}"
                yield finding(self, column, message, shift)


def shift_of(column: Column) -> float:
    """Median change in distances between the quartiles of the old values; 0 where all are equal."""
    new, old = column.both
    return float(np.median(new - old) / column.spread) if column.spread > 0 else 0.0


@dataclass(frozen=True)
class OtherSpread:
    """Areas differ far more, or far less, than they did."""

    code: ClassVar[str] = "AR09"
    title: ClassVar[str] = "another spread"
    severity: ClassVar[Severity] = "flag"

    def run(self, arrival: Arrival) -> Iterator[Finding]:
        """Hold the distances between quartiles against each other."""
        for column in arrival.columns:
            ratio = spread_ratio(column)
            allowed = np.log(SPREAD) + LUCK * 1.6 / np.sqrt(len(column.both[0]))
            if ratio > 0 and abs(np.log(ratio)) > allowed and column.about.unit != "class":
                message = f"areas differ {ratio:.2f} times as much as in {column.other}"
                yield finding(self, column, message, ratio)


def spread_ratio(column: Column) -> float:
    """Distance between the quartiles, new over old; 0 where it cannot be told."""
    new, old = column.widths
    return new / old if old > 0 else 0.0


@dataclass(frozen=True)
class OtherEdition:
    """Total scores that stand in another order than one edition of the score does from wave to wave."""

    code: ClassVar[str] = "AR15"
    title: ClassVar[str] = "another edition, or other areas"
    severity: ClassVar[Severity] = "refuse"

    def run(self, arrival: Arrival) -> Iterator[Finding]:
        """Hold the rank correlation of total scores against the lowest that official waves show."""
        for column in arrival.columns:
            if column.about.id in TOTALS:
                yield from _another_order(self, column, ORDER_SCORES)


@dataclass(frozen=True)
class OtherOrder:
    """Areas stand in another order than they did: other rows, or another column."""

    code: ClassVar[str] = "AR07"
    title: ClassVar[str] = "another order of the areas"
    severity: ClassVar[Severity] = "flag"

    def run(self, arrival: Arrival) -> Iterator[Finding]:
        """Hold the rank correlation against a low one."""
        for column in arrival.columns:
            if column.about.unit != "class" and column.about.id not in TOTALS:
                yield from _another_order(self, column, ORDER)


def _another_order(check: Check, column: Column, lowest: float) -> Iterator[Finding]:
    found = column.order
    luck = LUCK / np.sqrt(len(column.both[0]) - 3)
    if np.arctanh(np.clip(found, -0.999999, 0.999999)) + luck < np.arctanh(lowest):
        yield finding(check, column, f"rank correlation with {column.other} is {found:.2f}", found)


@dataclass(frozen=True)
class FilledIn:
    """One and the same value at the edge in many areas: zeros or a sentinel for what is missing."""

    code: ClassVar[str] = "AR11"
    title: ClassVar[str] = "one value filled in"
    severity: ClassVar[Severity] = "flag"

    def run(self, arrival: Arrival) -> Iterator[Finding]:
        """Look for the most frequent value at or beyond the edge of the old ones."""
        for column in arrival.columns:
            value, share = filled_in(column)
            if share > by_luck(FILLED, len(column.both[0])):
                message = f"{share:.0%} of the areas came to {value:g}"
                yield finding(self, column, message, share)


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


@dataclass(frozen=True)
class LostValues:
    """Many areas that had a value have none now."""

    code: ClassVar[str] = "AR12"
    title: ClassVar[str] = "values that went missing"
    severity: ClassVar[Severity] = "flag"

    def run(self, arrival: Arrival) -> Iterator[Finding]:
        """Count areas with an old value and no new one, among those of the new table."""
        for column in arrival.beside:
            had = ~np.isnan(column.old)
            if had.sum() < ENOUGH:
                continue
            lost = float(np.isnan(column.new[had]).mean())
            if lost > by_luck(LOST, int(had.sum())):
                message = f"{lost:.0%} of the areas with a value in {column.other} have none now"
                yield finding(self, column, message, lost)
