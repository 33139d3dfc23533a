"""Complementary suppression: further values to hide, so that no total minus the rest discloses a small count.

A count below the threshold is hidden by itself. Whoever knows the total of the surrounding area gets it back when
it is the only one hidden, and nearly so when the others that are hidden are as small. So a further count is hidden
beside it; and the total of several columns is hidden in every row in which one of them is.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

#: Code of the surrounding area, whose total may be known elsewhere: its letters and digits, by level.
PARENT = {"buurt": slice(2, 8), "wijk": slice(2, 6)}
#: With more columns of counts than this only the sum of all others is looked for.
MOST_COLUMNS = 8
#: Part of an amount that may come from one contributor.
DOMINATED = 0.75


def protect(
    frame: pd.DataFrame, hidden: pd.DataFrame, level: str, least: Mapping[str, int]
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Hide the values that would disclose a hidden count; return how many were hidden so, by column."""
    around = frame["location"].str[PARENT[level]] if level in PARENT else pd.Series("", index=frame.index)
    group, _ = pd.factorize(around + " " + frame["year"].astype(str))
    masks = {key: hidden[key].to_numpy(dtype=bool) for key in map(str, hidden.columns)}
    totals = _totals({key: frame[key].to_numpy(dtype="float64") for key, threshold in least.items() if threshold})
    for key, threshold in least.items():
        if key not in totals:
            masks[key] = complement(frame[key].to_numpy(dtype="float64"), masks[key], group, threshold)
    for key, parts in totals.items():
        masks[key] = np.any([masks[key], *(masks[part] for part in parts)], axis=0)
    shown = frame.copy()
    for key, mask in masks.items():
        shown[key] = frame[key].mask(mask)
    more = {
        key: int((mask & ~hidden[key].to_numpy(dtype=bool) & frame[key].notna().to_numpy()).sum())
        for key, mask in masks.items()
    }
    return shown, {key: count for key, count in more.items() if count}


def complement(values: Floats, hidden: Bools, group: npt.NDArray[np.intp], least: int) -> Bools:
    """Hide one more value in every group with a hidden one; more where one is not enough.

    After it, somebody who knows the total of a group, and which values are hidden because they are small, still
    finds every count from 0 up to the threshold possible for each of them.

    Examples
    --------
    >>> complement(np.array([3.0, 40.0, 12.0]), np.array([True, False, False]), np.zeros(3, int), 5).tolist()
    [True, False, True]
    """
    chosen = hidden.copy()
    for number in np.unique(group[hidden]):
        rows = np.flatnonzero((group == number) & ~np.isnan(values))
        own, there = rows[hidden[rows]], rows[~hidden[rows]]
        # Sum that an observer can derive for the hidden counts, given that added ones reach the threshold.
        room = float(values[own].sum())
        for row in there[np.argsort(values[there], kind="stable")]:
            if room >= least - 1 and chosen[there].any():
                break
            enough = room + values[row] - least >= least - 1
            if enough or not (room + values[there] - least >= least - 1).any():
                chosen[row] = True
                room += values[row] - least
    return chosen


def _totals(counts: Mapping[str, Floats]) -> dict[str, tuple[str, ...]]:
    """Columns that are the sum of others in every row where all are known, each with its parts."""
    found: dict[str, tuple[str, ...]] = {}
    # A sum of counts is no smaller than any of them, so that parts precede their total.
    ordered = sorted(counts, key=lambda key: float(np.nansum(counts[key])))
    for rank, key in enumerate(ordered):
        smaller = ordered[:rank]
        sizes = range(1, rank + 1) if len(counts) <= MOST_COLUMNS else [rank]
        every = (parts for size in sizes for parts in combinations(smaller, size))
        parts = next((each for each in every if _adds_up(counts[key], [counts[part] for part in each])), None)
        if parts:
            found[key] = parts
    return found


def _adds_up(total: Floats, parts: list[Floats]) -> bool:
    gap = np.sum(parts, axis=0) - total
    gap = gap[~np.isnan(gap)]
    return len(gap) > 1 and bool((gap == 0).all())
