"""The inner loops, compiled by numba.

Written as plain Python over arrays; numba is imported when they are first asked for. Rows are worked through in
blocks, in each block bundle after bundle, so that a bundle's table is brought into cache once a block; within a
bundle every loop runs along the rows of the block, which lets the processor compare sixteen rows at a time. A
row is summed by one thread in the order of the bundles: its bits depend neither on the number of threads nor on
its position. Numba's ``fastmath`` stays off.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskmodel.forecasting.models.treeshap.text import ZERO, Floats, Ints, Words

#: Rows a block: contributions of 60 features then take half a mebibyte.
BLOCK = 1024
#: Rows at a time for deep leaves, which need several numbers a row.
DEEP_ROWS = 256


def into_bins(
    values: Floats, features: Ints, categorical: NDArray[np.bool_], start: Ints, edges: Floats, bins: Words
) -> None:
    """Fill ``bins`` (used features, rows) with the bin of each value (rows, features)."""
    for used in range(features.shape[0]):
        feature = features[used]
        begin, size = start[used], start[used + 1] - start[used]
        for row in range(values.shape[0]):
            value = values[row, feature]
            if categorical[used]:
                # Beyond every category that is asked for: NaN, negative, infinite. The rest by its whole part.
                value = np.trunc(value) if -1.0 < value < 2147483648.0 else -1.0
            elif np.isnan(value):
                bins[used, row] = size + 1
                continue
            elif abs(value) <= ZERO:
                value = 0.0
            low, left = begin, size
            while left > 0:
                half = left >> 1
                if edges[low + half] < value:
                    low += half + 1
                    left -= half + 1
                else:
                    left = half
            low -= begin
            if categorical[used] and (low == size or edges[begin + low] != value):
                low = size
            bins[used, row] = low


def add_up(
    bins: Words,
    first: Words,
    steps: Ints,
    step_feature: Ints,
    step_edge: Words,
    step_plus: Words,
    looks: Ints,
    look_feature: Ints,
    look_at: Ints,
    looked: Words,
    adds: Ints,
    add_column: Ints,
    add_at: Ints,
    table: Floats,
    state: Words,
    total: Floats,
) -> None:
    """Add the contributions of all bundles to ``total`` (columns, rows); ``state`` is room for a number a row."""
    rows = bins.shape[1]
    nothing = np.uint16(0)
    for bundle in range(first.shape[0]):
        begin = first[bundle]
        for row in range(rows):
            state[row] = begin
        for step in range(steps[bundle], steps[bundle + 1]):
            own, edge, plus = bins[step_feature[step]], step_edge[step], step_plus[step]
            for row in range(rows):
                state[row] += plus if own[row] > edge else nothing
        for look in range(looks[bundle], looks[bundle + 1]):
            own, part = bins[look_feature[look]], looked[look_at[look] :]
            for row in range(rows):
                state[row] += part[own[row]]
        for add in range(adds[bundle], adds[bundle + 1]):
            column, entries = total[add_column[add]], table[add_at[add] :]
            for row in range(rows):
                column[row] += entries[state[row]]


def work_out(
    bins: Words,
    players: Ints,
    column: Ints,
    feature: Ints,
    first: Words,
    steps: Ints,
    step_edge: Words,
    step_plus: Words,
    weights: Ints,
    weight: Floats,
    factors: Ints,
    unmet: Floats,
    met: Floats,
    unmet_own: Floats,
    met_own: Floats,
    meets: Words,
    product: Floats,
    total: Floats,
) -> None:
    """Add the contributions of deep leaves to ``total`` (columns, rows).

    ``meets`` (players, rows) and ``product`` (points, rows) are room for as many rows as are done at a time.
    """
    nothing = np.uint16(0)
    for at in range(0, bins.shape[1], meets.shape[1]):
        rows = min(meets.shape[1], bins.shape[1] - at)
        for leaf in range(players.shape[0] - 1):
            begin, points = weights[leaf], weights[leaf + 1] - weights[leaf]
            for point in range(points):
                for row in range(rows):
                    product[point, row] = weight[begin + point]
            for player in range(players[leaf], players[leaf + 1]):
                own, flags = bins[feature[player], at : at + rows], meets[player - players[leaf]]
                start = first[player]
                for row in range(rows):
                    flags[row] = start
                for step in range(steps[player], steps[player + 1]):
                    edge, plus = step_edge[step], step_plus[step]
                    for row in range(rows):
                        flags[row] += plus if own[row] > edge else nothing
                for point in range(points):
                    line, low, high = product[point], unmet[factors[player] + point], met[factors[player] + point]
                    for row in range(rows):
                        line[row] *= high if flags[row] != nothing else low
            for player in range(players[leaf], players[leaf + 1]):
                flags, sums = meets[player - players[leaf]], total[column[player], at : at + rows]
                for point in range(points):
                    index = factors[player] + point
                    line, low, high = product[point], unmet_own[index], met_own[index]
                    for row in range(rows):
                        sums[row] += line[row] * (high if flags[row] != nothing else low)


Loop = Callable[..., None]

_WORDS, _WORD_TABLE, _INTS = "uint16[::1]", "uint16[:,::1]", "int64[::1]"
_FLOATS, _FLOAT_TABLE = "float64[::1]", "float64[:,::1]"
_PROGRAM = [_WORDS, _INTS, _INTS, _WORDS, _WORDS, _INTS, _INTS, _INTS, _WORDS, _INTS, _INTS, _INTS, _FLOATS]
_DEEP = [_INTS, _INTS, _INTS, _WORDS, _INTS, _WORDS, _WORDS, _INTS, _FLOATS, _INTS, *[_FLOATS] * 4]
_TYPES: dict[Loop, list[str]] = {
    into_bins: [_FLOAT_TABLE, _INTS, "boolean[::1]", _INTS, _FLOATS, _WORD_TABLE],
    add_up: [_WORD_TABLE, *_PROGRAM, _WORDS, _FLOAT_TABLE],
    work_out: [_WORD_TABLE, *_DEEP, _WORD_TABLE, _FLOAT_TABLE, _FLOAT_TABLE],
}


@cache
def compiled(loop: Loop) -> Loop:
    """One of the loops above, compiled; once a process, a second or less.

    Nothing is written to disk: numba reads its cache back through pickle, so whoever can write there could run
    code here.
    """
    numba: Any = importlib.import_module("numba")
    fast: Loop = numba.njit(f"void({','.join(_TYPES[loop])})", nogil=True)(loop)
    return fast
