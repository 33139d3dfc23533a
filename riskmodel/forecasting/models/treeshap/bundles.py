"""Division of the leaves of a tree into bundles that share one table.

What a set of leaves adds to the contributions of a row depends on the joint state of the features on their paths.
A table over these states costs memory and cache; several tables cost an addition for every feature they share.
Leaves below one node share most of their path, so the candidates are the leaves below each node, and the
cheapest division of the tree into such bundles is found exactly, from the leaves upwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from riskmodel.forecasting.models.treeshap.paths import BinSet, Leaf
from riskmodel.forecasting.models.treeshap.text import Tree

#: States of one table are numbered in 16 bits.
MOST_STATES = 2**16
#: Costs in nanoseconds a row, measured: one look-up and addition; the same a state, for bringing a table into
#: cache once a block; a bundle of its own; a feature of a deep leaf at one point of its integral.
ADDITION, STATE, BUNDLE, POINT = 0.75, 0.0008, 0.4, 0.8

Conditions = dict[int, frozenset[BinSet]]


@dataclass(frozen=True)
class Bundle:
    """Leaves that share one table, or one deep leaf.

    Attributes
    ----------
    leaves : tuple of Leaf
        Of one tree.
    states : dict of int to tuple of int
        Of each feature on their paths: a division of its bins, finest that the leaves can tell apart. A state of
        the bundle is one part for each feature.
    size : int
        Number of states; 0 for a deep leaf, which has no table.
    columns : int
        Number of columns of contributions the leaves add to.
    """

    leaves: tuple[Leaf, ...]
    states: dict[int, tuple[BinSet, ...]]
    size: int
    columns: int

    def cost(self, dear: float) -> float:
        """Nanoseconds a row, with memory ``dear`` times as dear as measured."""
        if self.size == 0:
            return BUNDLE + POINT * len(self.states) * points(len(self.states))
        return BUNDLE + self.columns * (ADDITION + STATE * dear * self.size)


def points(features: int) -> int:
    """Points of Gauss and Legendre that integrate a polynomial of degree features - 1 exactly."""
    return (features + 1) // 2


def divide(everything: BinSet, sets: frozenset[BinSet]) -> tuple[BinSet, ...]:
    """The coarsest division of the bins of which every set is a union."""
    parts = [everything]
    for one in sets:
        parts = [part for old in parts for part in (old & one, old & ~one) if part]
    return tuple(parts)


def bundles(
    tree: Tree, leaves: Sequence[Leaf], everything: Sequence[BinSet], column: Sequence[int], dear: float = 1.0
) -> list[Bundle]:
    """The cheapest division of a tree's leaves into bundles."""

    def gather(members: tuple[Leaf, ...], sets: Conditions) -> Bundle | None:
        states: dict[int, tuple[BinSet, ...]] = {}
        size = 1
        for feature, own in sets.items():
            states[feature] = divide(everything[feature], own)
            size *= len(states[feature])
            if size > MOST_STATES:
                return None
        return Bundle(members, states, size, len({column[feature] for feature in sets}))

    def alone(leaf: Leaf) -> _Below:
        sets = {feature: frozenset((one,)) for feature, one in zip(leaf.features, leaf.sets, strict=True)}
        table = gather((leaf,), sets)
        deep = Bundle((leaf,), {feature: tuple(own) for feature, own in sets.items()}, 0, len(sets))
        cheapest = deep if table is None or deep.cost(dear) < table.cost(dear) else table
        return _Below(cheapest.cost(dear), [cheapest], table, sets)

    below = {~number: alone(leaf) for number, leaf in enumerate(leaves)}
    for node in range(len(tree.feature) - 1, -1, -1):
        left, right = below.pop(int(tree.left[node])), below.pop(int(tree.right[node]))
        apart = _Below(left.cost + right.cost, left.best + right.best, None, {})
        below[node] = apart
        if left.together is None or right.together is None:
            continue
        sets = {**left.sets, **right.sets}
        sets |= {
            feature: left.sets[feature] | right.sets[feature] for feature in left.sets.keys() & right.sets.keys()
        }
        together = gather(left.together.leaves + right.together.leaves, sets)
        if together is not None:
            cost = together.cost(dear)
            cost, best = (cost, [together]) if cost <= apart.cost else (apart.cost, apart.best)
            below[node] = _Below(cost, best, together, sets)
    return below[0].best


@dataclass(frozen=True)
class _Below:
    """The leaves below a node: their cheapest division, and all of them in one table if that fits."""

    cost: float
    best: list[Bundle]
    together: Bundle | None
    sets: Conditions
