"""Trees of a LightGBM model, read from its text.

The text (``Booster.model_to_string()``, ``save_model``) is what a released model consists of, holds every number
in full, and has one flat array a property: the format is read here, not the nested JSON of ``dump_model``.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from riskmodel.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Words = NDArray[np.uint16]

CATEGORICAL, DEFAULT_LEFT = 1, 2
#: Which values count as missing besides; where none do, LightGBM writes 0.
MISSING_ZERO, MISSING_NAN = 1, 2

#: LightGBM's kZeroThreshold, a single-precision 1e-35: what is nearer to zero is zero.
ZERO = float(np.float32(1e-35))


class UnsupportedModelError(Exception):
    """A model whose contributions are left to LightGBM; the message says why."""


@dataclass(frozen=True)
class Tree:
    """One tree; nodes are numbered from the root (0), a child below zero is the leaf ``-1 - child``.

    Attributes
    ----------
    feature, kind, left, right, count : numpy.ndarray, shape (leaves - 1,)
        Of each node: the feature it asks for, LightGBM's ``decision_type``, its children, its training rows.
    threshold : numpy.ndarray, shape (leaves - 1,)
        Of each numeric node: the highest value that goes left.
    categories : tuple of frozenset of int
        Of each node: the categories that go left; empty for a numeric node.
    leaf_value, leaf_count : numpy.ndarray, shape (leaves,)
        Output and training rows of each leaf.
    """

    feature: Ints
    kind: Ints
    left: Ints
    right: Ints
    count: Ints
    threshold: Floats
    categories: tuple[frozenset[int], ...]
    leaf_value: Floats
    leaf_count: Ints

    def expected(self) -> float:
        """Mean output over the training rows: what LightGBM counts as the base of this tree."""
        if len(self.leaf_value) == 1:
            return float(self.leaf_value[0])
        return float((self.leaf_count / self.count[0] * self.leaf_value).sum())


@dataclass(frozen=True)
class Ensemble:
    """Trees whose outputs are added, and the number of features they are given."""

    features: int
    trees: tuple[Tree, ...]


def read(text: str) -> Ensemble:
    """Read a model in LightGBM's text format."""
    head, *rest = text.split("\nTree=")
    lines = head.splitlines()
    about = dict(line.split("=", 1) for line in lines if "=" in line)
    if about.get("version") not in ("v3", "v4"):
        raise UnsupportedModelError(f"text format {about.get('version')}")
    if "average_output" in lines:
        raise UnsupportedModelError("trees that are averaged")
    try:
        return Ensemble(int(about["max_feature_idx"]) + 1, tuple(_tree(part) for part in rest))
    except (KeyError, IndexError) as error:
        raise UnsupportedModelError(f"a text without {error}") from error


def _tree(text: str) -> Tree:
    values = dict(line.split("=", 1) for line in text.split("\nend of trees", 1)[0].splitlines() if "=" in line)
    if values.get("is_linear", "0") != "0":
        raise InputError("model", "linear leaves", "constant leaves", "No exact contributions are known for them.")
    leaves = int(values["num_leaves"])
    if leaves == 1:
        none = np.zeros(0, dtype=np.int64)
        value = np.array([float(values["leaf_value"])])
        return Tree(none, none, none, none, none, np.zeros(0), (), value, np.ones(1, dtype=np.int64))
    tree = Tree(
        feature=_ints(values["split_feature"]),
        kind=_ints(values["decision_type"]),
        left=_ints(values["left_child"]),
        right=_ints(values["right_child"]),
        count=_ints(values["internal_count"]),
        threshold=np.array(values["threshold"].split(), dtype=np.float64),
        categories=_categories(values),
        leaf_value=np.array(values["leaf_value"].split(), dtype=np.float64),
        leaf_count=_ints(values["leaf_count"]),
    )
    if (tree.count < 1).any() or (tree.leaf_count < 1).any():
        raise UnsupportedModelError("a node without training rows")
    if any(
        (child >= 0).any() and (child <= np.arange(leaves - 1))[child >= 0].any()
        for child in (tree.left, tree.right)
    ):
        raise UnsupportedModelError("nodes that stand before their parent")
    return tree


def _ints(text: str) -> Ints:
    return np.array(text.split(), dtype=np.int64)


def _categories(values: dict[str, str]) -> tuple[frozenset[int], ...]:
    kinds = values["decision_type"].split()
    if values.get("num_cat", "0") == "0":
        return (frozenset(),) * len(kinds)
    bounds, words = _ints(values["cat_boundaries"]), _ints(values["cat_threshold"])
    sets = [_bits(words[low:high]) for low, high in pairwise(bounds.tolist())]
    thresholds = values["threshold"].split()
    return tuple(
        sets[int(float(threshold))] if int(kind) & CATEGORICAL else frozenset()
        for kind, threshold in zip(kinds, thresholds, strict=True)
    )


def _bits(words: Ints) -> frozenset[int]:
    """Which bits are set in words of 32 bits, the lowest first."""
    bits = np.unpackbits(words.astype("<u4").view(np.uint8), bitorder="little")
    return frozenset(np.flatnonzero(bits).tolist())
