"""Binning of feature values: one small whole number a feature is all that trees see of a row.

All values between two neighbouring thresholds of the whole model meet the same decisions everywhere, so a value is
replaced by the number of its bin once, and every question a node can ask becomes a set of bins. Missing values,
zeros that count as missing, and categories are bins like any other: each node's set is made by asking LightGBM's
decision (``Tree::Decision``, restated in :func:`goes_left`) of one representative of each bin.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from riskmodel.forecasting.models.treeshap.text import (
    CATEGORICAL,
    DEFAULT_LEFT,
    MISSING_NAN,
    MISSING_ZERO,
    ZERO,
    Ensemble,
    Floats,
    Ints,
    Tree,
    UnsupportedModelError,
)

#: Bins are numbered in 16 bits.
MOST_BINS = 2**16 - 1
#: The number nearest to zero from below that is not zero to LightGBM.
BELOW_ZERO = float(np.nextafter(-ZERO, -1.0))


@dataclass(frozen=True)
class Bins:
    """Bins of the features that some tree asks for.

    A numeric value lies in the first bin whose edge is not below it, one beyond the last edge if there is none,
    and two beyond if it is missing. A category lies in the bin of its own edge, one beyond the last edge if it
    has none.

    Attributes
    ----------
    features : numpy.ndarray, shape (used,)
        Numbers of the features in use, ascending.
    categorical : numpy.ndarray, shape (used,)
        Whether the feature is one of categories.
    start : numpy.ndarray, shape (used + 1,)
        Where each feature's edges begin in ``edges``.
    edges : numpy.ndarray
        Ascending within a feature.
    """

    features: Ints
    categorical: NDArray[np.bool_]
    start: Ints
    edges: Floats

    def size(self, used: int) -> int:
        """Number of bins of a used feature."""
        return int(self.start[used + 1] - self.start[used]) + (1 if self.categorical[used] else 2)

    def representatives(self, used: int) -> Floats:
        """One value out of each bin of a used feature."""
        edges = self.edges[self.start[used] : self.start[used + 1]]
        return np.append(edges, [-1.0] if self.categorical[used] else [np.inf, np.nan])


def make_bins(model: Ensemble) -> Bins:
    """Bins of a model."""
    edges: dict[int, set[float]] = {}
    kinds: dict[int, bool] = {}
    for tree, node in nodes(model):
        feature, categorical = int(tree.feature[node]), bool(tree.kind[node] & CATEGORICAL)
        if kinds.setdefault(feature, categorical) != categorical:
            raise UnsupportedModelError(f"feature {feature} both as a number and as a category")
        own = edges.setdefault(feature, set())
        if categorical:
            own.update(map(float, tree.categories[node]))
        else:
            own.add(float(tree.threshold[node]))
            if missing_type(int(tree.kind[node])) == MISSING_ZERO:
                own.update((BELOW_ZERO, 0.0))
    features = sorted(edges)
    sizes = [len(edges[feature]) for feature in features]
    if sizes and max(sizes) + 2 > MOST_BINS:
        raise UnsupportedModelError(f"a feature with {max(sizes)} thresholds")
    return Bins(
        features=np.array(features, dtype=np.int64),
        categorical=np.array([kinds[feature] for feature in features], dtype=np.bool_),
        start=np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)]).astype(np.int64),
        edges=np.array([edge for feature in features for edge in sorted(edges[feature])], dtype=np.float64),
    )


def nodes(model: Ensemble) -> Iterator[tuple[Tree, int]]:
    """Every node of every tree."""
    return ((tree, node) for tree in model.trees for node in range(len(tree.feature)))


def missing_type(kind: int) -> int:
    """LightGBM's missing type out of its ``decision_type``."""
    return (kind >> 2) & 3


def goes_left(tree: Tree, node: int, values: Floats) -> NDArray[np.bool_]:
    """LightGBM's decision at a node for each value.

    Numbers: NaN is zero unless the node knows NaN as missing; what is missing to the node goes its default way;
    the rest goes left up to the threshold. Categories: whole part of the number; left if in the set; NaN,
    negative and unseen ones go right.
    """
    kind = int(tree.kind[node])
    if kind & CATEGORICAL:
        wanted = np.array(sorted(tree.categories[node]), dtype=np.float64)
        return np.isin(np.trunc(values), wanted) & (values > -1)
    missing = missing_type(kind)
    seen = np.where(np.isnan(values) & (missing != MISSING_NAN), 0.0, values)
    if missing == MISSING_ZERO:
        absent = np.abs(seen) <= ZERO
    elif missing == MISSING_NAN:
        absent = np.isnan(seen)
    else:
        absent = np.zeros(len(seen), dtype=np.bool_)
    return np.where(absent, bool(kind & DEFAULT_LEFT), seen <= tree.threshold[node])
