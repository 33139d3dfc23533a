"""Tables of contributions of bundles of leaves, by state.

Definition: the contribution of feature i is its Shapley value in the game whose players are the features and whose
worth for a set S is the tree's output when only S is known; at a node that asks for an unknown feature both ways
are taken, in proportion to their training rows. For one leaf with output v, features N (d of them), shares z and
the features A that meet their conditions, the worth of S is v * prod_{S} [j in A] * prod_{N - S} z_j, and
therefore

    phi_i = v * Z * (1 - z_i) * f(A - i)     if i in A,    Z = prod_{N - A} z_j,
    phi_i = -v * Z * f(A)                    otherwise,
    f(B) = sum_k p_B(k) * k! (d - 1 - k)! / d!,   p_B(k) = sum of prod_{B - S} z_j over S in B with k members.

It depends on the row only through A, so it is worked out for all 2^d sets once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskmodel.forecasting.models.treeshap.bundles import Bundle
from riskmodel.forecasting.models.treeshap.paths import BinSet, Leaf
from riskmodel.forecasting.models.treeshap.text import Floats, Ints, Words

#: A feature whose parts change more often than this along its bins is looked up, not compared step by step.
MOST_STEPS = 12
#: Bundles whose leaves are worked out together.
TOGETHER = 16


@dataclass(frozen=True)
class Program:
    """Flat arrays for one of the loops."""

    def arrays(self) -> tuple[NDArray[Any], ...]:
        """All arrays, in the order the loop takes them."""
        return tuple(getattr(self, each.name) for each in fields(self))

    @property
    def bytes(self) -> int:
        """Memory of all arrays together."""
        return sum(array.nbytes for array in self.arrays())


@dataclass(frozen=True)
class TableProgram(Program):
    """Bundles with tables as flat arrays: per bundle steps, look-ups and additions (see ``kernels.add_up``).

    A row's state in a bundle is ``first`` plus the ``step_plus`` of every step whose edge lies below the row's
    bin, plus one entry of ``looked`` for every look-up; arithmetic is modulo 65,536. Then each addition adds
    ``table[add_at + state]`` to a column.
    """

    first: Words
    steps: Ints
    step_feature: Ints
    step_edge: Words
    step_plus: Words
    looks: Ints
    look_feature: Ints
    look_at: Ints
    looked: Words
    adds: Ints
    add_column: Ints
    add_at: Ints
    table: Floats


def leaf_tables(values: Floats, shares: Floats) -> Floats:
    """Contributions of leaves on equally many features, for every set of features that meet their conditions."""
    n, d = shares.shape
    weights = np.array([factorial(k) * factorial(d - 1 - k) / factorial(d) for k in range(d)])
    worths = np.zeros((n, d, 2**d))
    worths[:, 0, 0] = 1.0
    scale = np.empty((n, 2**d))
    scale[:, 0] = values
    for i in range(d):
        share, half = shares[:, i, None], 2**i
        # Sets with i from those without: i stays outside S (its share counts) or joins S.
        np.multiply(share[:, None], worths[:, :, :half], out=worths[:, :, half : 2 * half])
        worths[:, 1:, half : 2 * half] += worths[:, :-1, :half]
        scale[:, half : 2 * half] = scale[:, :half]
        scale[:, :half] *= share
    known = np.einsum("k,nks->ns", weights, worths)
    table: Floats = np.empty((n, d, 2**d))
    for i in range(d):
        # Sets in pairs that differ in i only.
        pairs, weighed = known.reshape(n, -1, 2, 2**i), scale.reshape(n, -1, 2, 2**i)
        own = table[:, i].reshape(n, -1, 2, 2**i)
        np.multiply(weighed[:, :, 0], -pairs[:, :, 0], out=own[:, :, 0])
        np.multiply(weighed[:, :, 1], (1.0 - shares[:, i, None, None]) * pairs[:, :, 0], out=own[:, :, 1])
    return table


def tables_of_leaves(leaves: Sequence[Leaf]) -> dict[int, Floats]:
    """Table of each leaf by its ``id``; leaves on equally many features are worked out together."""
    by_size: dict[int, list[Leaf]] = {}
    for leaf in leaves:
        by_size.setdefault(len(leaf.shares), []).append(leaf)
    found: dict[int, Floats] = {}
    for same in by_size.values():
        made = leaf_tables(np.array([leaf.value for leaf in same]), np.array([leaf.shares for leaf in same]))
        found.update(zip(map(id, same), made, strict=True))
    return found


def bundle_table(bundle: Bundle, column: Sequence[int], of_leaf: Mapping[int, Floats]) -> tuple[list[int], Floats]:
    """Contributions of a bundle for each of its states."""
    columns = sorted({column[feature] for feature in bundle.states})
    row = {one: number for number, one in enumerate(columns)}
    table: Floats = np.zeros((len(columns), bundle.size))
    for leaf in bundle.leaves:
        met = np.zeros(1, dtype=np.int64)
        position = {feature: i for i, feature in enumerate(leaf.features)}
        for feature, parts in bundle.states.items():
            i = position.get(feature)
            meets = [0 if i is None or not part & leaf.sets[i] else 1 << i for part in parts]
            met = (np.array(meets, dtype=np.int64)[:, None] + met).ravel()
        own = of_leaf[id(leaf)]
        for i, feature in enumerate(leaf.features):
            table[row[column[feature]]] += own[i].take(met)
    return columns, table


def runs(parts: Sequence[BinSet]) -> list[tuple[int, int]]:
    """Where along the bins the part changes: (first bin, part), beginning with bin 0."""
    starts: list[tuple[int, int]] = []
    for number, part in enumerate(parts):
        begins = part & ~(part << 1)
        while begins:
            starts.append(((begins & -begins).bit_length() - 1, number))
            begins &= begins - 1
    return sorted(starts)


def assemble(bundles: Sequence[Bundle], sizes: Sequence[int], column: Sequence[int]) -> TableProgram:
    """Lay bundles out as flat arrays."""
    first: list[int] = []
    steps, looks, adds = [0], [0], [0]
    step: list[tuple[int, int, int]] = []
    look: list[tuple[int, int]] = []
    add: list[tuple[int, int]] = []
    looked: list[Ints] = []
    # Room for all tables at once: they are never in memory twice.
    flat: Floats = np.empty(sum(bundle.columns * bundle.size for bundle in bundles))
    at = looked_at = 0
    for number, bundle in enumerate(bundles):
        if number % TOGETHER == 0:
            of_leaf = tables_of_leaves(
                [leaf for one in bundles[number : number + TOGETHER] for leaf in one.leaves]
            )
        stride, begin = 1, 0
        for feature, parts in bundle.states.items():
            changes = runs(parts)
            if len(changes) - 1 > MOST_STEPS:
                ends = [start for start, _ in changes[1:]] + [sizes[feature]]
                lengths = [end - start for end, (start, _) in zip(ends, changes, strict=True)]
                looked.append(np.repeat([part * stride for _, part in changes], lengths))
                look.append((feature, looked_at))
                looked_at += sizes[feature]
            else:
                begin += changes[0][1] * stride
                for (_, before), (start, part) in pairwise(changes):
                    step.append((feature, start - 1, (part - before) * stride % 2**16))
            stride *= len(parts)
        columns, table = bundle_table(bundle, column, of_leaf)
        add.extend((one, at + row * bundle.size) for row, one in enumerate(columns))
        flat[at : at + table.size] = table.ravel()
        at += table.size
        first.append(begin)
        steps.append(len(step))
        looks.append(len(look))
        adds.append(len(add))
    step_columns = np.array(step, dtype=np.int64).reshape(-1, 3).T
    look_columns = np.array(look, dtype=np.int64).reshape(-1, 2).T
    add_columns = np.array(add, dtype=np.int64).reshape(-1, 2).T
    return TableProgram(
        first=np.array(first, dtype=np.uint16),
        steps=np.array(steps, dtype=np.int64),
        step_feature=step_columns[0].copy(),
        step_edge=step_columns[1].astype(np.uint16),
        step_plus=step_columns[2].astype(np.uint16),
        looks=np.array(looks, dtype=np.int64),
        look_feature=look_columns[0].copy(),
        look_at=look_columns[1].copy(),
        looked=np.concatenate([*looked, np.zeros(0)]).astype(np.uint16),
        adds=np.array(adds, dtype=np.int64),
        add_column=add_columns[0].copy(),
        add_at=add_columns[1].copy(),
        table=flat,
    )
