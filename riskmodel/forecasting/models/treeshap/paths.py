"""Conditions of leaves: the bins that every feature on a path must be in, and their share of the training rows.

Source: Lundberg, Erion & Lee (2018), Consistent individualized feature attribution for tree ensembles
(arXiv:1802.03888). A leaf's share in the path-dependent game depends on a row only through which of the features
on its path meet all their conditions there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskmodel.forecasting.models.treeshap.bins import Bins, goes_left
from riskmodel.forecasting.models.treeshap.text import Tree

#: A set of bins: bit b is set if bin b is in it.
BinSet = int


@dataclass(frozen=True)
class Leaf:
    """A leaf and its conditions.

    Attributes
    ----------
    value : float
        Its output.
    features : tuple of int
        Distinct features on its path (numbers within :class:`~riskmodel.forecasting.models.treeshap.bins.Bins`).
    sets : tuple of int
        Of each feature: the bins that meet all its conditions on the path.
    shares : tuple of float
        Of each feature: product, over its nodes on the path, of the share of the node's training rows that goes on
        towards the leaf. It is used where the feature is unknown.
    """

    value: float
    features: tuple[int, ...]
    sets: tuple[BinSet, ...]
    shares: tuple[float, ...]


class Decisions:
    """The bins that go left at a node, cached: trees of one model ask the same questions again and again."""

    def __init__(self, bins: Bins) -> None:
        self.bins = bins
        self.number = {int(feature): used for used, feature in enumerate(bins.features)}
        self.everything = [(1 << bins.size(used)) - 1 for used in range(len(bins.features))]
        self.values = [bins.representatives(used) for used in range(len(bins.features))]
        self._known: dict[tuple[int, int, float, frozenset[int]], BinSet] = {}

    def left(self, tree: Tree, node: int) -> tuple[int, BinSet]:
        """Used feature of a node, and the bins that go left."""
        used = self.number[int(tree.feature[node])]
        question = (used, int(tree.kind[node]), float(tree.threshold[node]), tree.categories[node])
        if question not in self._known:
            answer = goes_left(tree, node, self.values[used])
            self._known[question] = int.from_bytes(np.packbits(answer, bitorder="little").tobytes(), "little")
        return used, self._known[question]


def leaves(tree: Tree, decisions: Decisions) -> list[Leaf]:
    """All leaves of a tree of two or more, in the order of their numbers."""
    found: list[Leaf | None] = [None] * len(tree.leaf_value)
    paths: list[dict[int, tuple[BinSet, float]]] = [{} for _ in range(len(tree.feature))]
    counts, leaf_counts = tree.count.tolist(), tree.leaf_count.tolist()
    sides = list(zip(tree.left.tolist(), tree.right.tolist(), strict=True))
    for node, (left, right) in enumerate(sides):
        used, goes = decisions.left(tree, node)
        everything = decisions.everything[used]
        for child, allowed in ((left, goes), (right, everything & ~goes)):
            before, share = paths[node].get(used, (everything, 1.0))
            count = counts[child] if child >= 0 else leaf_counts[~child]
            path = paths[node] | {used: (before & allowed, share * (count / counts[node]))}
            if child >= 0:
                paths[child] = path
            else:
                sets, shares = zip(*path.values(), strict=True)
                found[~child] = Leaf(float(tree.leaf_value[~child]), tuple(path), sets, shares)
    return [leaf for leaf in found if leaf is not None]
