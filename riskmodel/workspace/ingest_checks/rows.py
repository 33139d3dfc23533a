"""Misplaced rows and columns: another year's values, shifted rows, swapped columns, replaced rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from riskmodel.panel.panel import FloatArray
from riskmodel.workspace.ingest_checks.base import (
    ENOUGH,
    MARGIN,
    Arrival,
    Column,
    Pair,
    Report,
    limit_with_margin,
    rank_correlation,
)

#: Share of areas of which a value with decimals, or every value together, is that of another year.
SAME = 0.5
#: By how much the rank correlation with the row before or after is higher than with the own row.
SHIFTED = 0.05
#: Distance of a column to another one's past, as a share of the distance to its own, and by how much its rank
#: correlation with that past is higher.
SWAPPED, CLOSER = 0.7, 0.05
#: Share of areas that moved further than FAR robust standard deviations of a change, and than a part of the
#: distance between the quartiles.
JUMPED, FAR, PART = 0.12, 6.0, 0.5
#: Share of areas of which most indicators moved by more than a whole distance between the quartiles.
REPLACED = 0.02


def other_year(arrival: Arrival) -> Iterator[Report]:
    """Values of another year under this year's name: areas of which every value is that of the other."""
    for pair in arrival.pairs:
        share, areas = same_rows(pair)
        if areas >= ENOUGH and share > SAME:
            yield "", pair.year, f"{share:.0%} of {areas:,} areas have exactly the values of {pair.other}"


def same_rows(pair: Pair) -> tuple[float, int]:
    """Share of areas with the same values in both years, and how many could be compared.

    Whole numbers are the same by chance now and then, so at least three values must be, or one with decimals.
    """
    broken = ~np.isnan(pair.new) & (pair.new != np.floor(pair.new))
    telling = broken.any(axis=1) | (np.nanmax(np.abs(pair.new), axis=1, initial=0.0) >= 10)
    new, old = pair.new[telling], pair.old[telling]
    known = ~np.isnan(new) & ~np.isnan(old)
    weight = known.sum(axis=0) + 2 * (known & broken[telling]).sum(axis=0)
    judged = weight >= 3
    same = ((new == old) | ~known).all(axis=0)
    return float(same[judged].mean()) if judged.any() else 0.0, int(judged.sum())


def shifted_rows(column: Column) -> str | None:
    """Values that are one row away from their area: they follow the past of the row before or after better."""
    limit = SHIFTED + MARGIN * (2 / len(column.both[0])) ** 0.5
    # No correlation is above 1: a row that follows its own past well has nothing to gain beside it.
    if column.order < 1 - limit and shift_gain(column) > limit:
        return f"values follow those of {column.other} one row away better than in the same row"
    return None


def shift_gain(column: Column) -> float:
    """Rank correlation with the better neighbour's past minus that with the own past."""
    gains = [-1.0]
    for step in (-1, 1):
        beside = np.roll(column.old, step)
        both = column.known & ~np.isnan(beside)
        if both.sum() >= ENOUGH:
            found = rank_correlation(column.new[both], beside[both])
            gains.append(found - column.order if found < 1 else -1.0)
    return max(gains)


def swapped_columns(arrival: Arrival) -> Iterator[Report]:
    """Columns that follow the past of another one, in level and in order, better than their own."""
    columns = [each for each in arrival.columns if each.about.unit != "class" and each.spread > 0]
    for pair in _by_years(columns):
        alike = _likenesses(pair)
        # One that looks like another is a coincidence while that other looks like itself.
        displaced = {one.about.id for one, _ in alike}
        for one, two in alike:
            if two.about.id in displaced:
                yield one.about.id, one.year, f"looks like {two.about.id} of {two.other}"


def _by_years(columns: Sequence[Column]) -> list[list[Column]]:
    """Columns grouped by the two years that they compare."""
    groups: dict[tuple[int, int], list[Column]] = {}
    for each in columns:
        groups.setdefault((each.year, each.other), []).append(each)
    return [groups[years] for years in sorted(groups)]


def _likenesses(columns: Sequence[Column]) -> list[tuple[Column, Column]]:
    """Columns that are nearer to the past of another one, in level and in order, than to their own."""
    found = []
    for one in columns:
        own = max(_gap(one.new, one), 1e-12)
        for two in columns:
            ratio = 1.0 if one is two else _gap(one.new, two) / own
            closer = CLOSER + len(one.both[0]) ** -0.5
            if ratio < SWAPPED and _order(one.new, two.old) > one.order + closer:
                found.append((one, two))
    return found


def _gap(new: FloatArray, column: Column) -> float:
    """Middle distance of new values to the old ones of a column, in distances between their quartiles."""
    gap = np.abs(new - column.old)
    gap = gap[~np.isnan(gap)]
    return float(np.median(gap)) / column.spread if len(gap) >= ENOUGH else np.inf


def _order(new: FloatArray, old: FloatArray) -> float:
    known = ~np.isnan(new) & ~np.isnan(old)
    return rank_correlation(new[known], old[known])


def jumped_column(column: Column) -> str | None:
    """A large part of the areas that moved further than areas do, in one indicator."""
    share = float(jumped(column)[column.known].mean())
    if share > limit_with_margin(JUMPED, len(column.both[0])):
        return f"{share:.0%} of the areas moved far from where they were in {column.other}"
    return None


def rows_of_other_areas(arrival: Arrival) -> Iterator[Report]:
    """Areas of which most indicators jumped at once."""
    for columns in _by_years(arrival.columns):
        share, first = replaced_rows(columns), columns[0]
        if share > limit_with_margin(REPLACED, len(first.new)):
            message = f"{share:.0%} of the areas moved far from {first.other} in most indicators at once"
            yield "", first.year, message


def replaced_rows(columns: Sequence[Column]) -> float:
    """Share of areas of which more than half of their known indicators moved by more than a whole spread."""
    moves = np.array([each.moved for each in columns])
    known = (~np.isnan(moves)).sum(axis=0)
    judged = known > 0
    return float(((moves > 1).sum(axis=0)[judged] > known[judged] / 2).mean()) if judged.any() else 0.0


def jumped(column: Column) -> npt.NDArray[np.bool_]:
    """Areas of which the change is further from the middle change than areas move; False where unknown."""
    away = column.moved
    if np.isnan(away).all():
        return np.zeros(len(away), dtype=bool)
    return np.asarray(away > max(FAR * 1.4826 * float(np.nanmedian(away)), PART))
