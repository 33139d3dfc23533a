"""Safe reading of a LightGBM model from a text that somebody else may have written.

LightGBM's own reader trusts its text: a wrong count, a child that does not exist or a size that is too large makes
it read outside its memory, and the process ends without a message. So the text is compared with the format first,
line by line, and only a text that LightGBM itself could have written for these features reaches it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import numpy.typing as npt

from riskmodel.errors import InputError

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Released models have 250 trees of 6 leaves in 200 kB. Depth is bounded because LightGBM recurses into a tree.
LARGEST, MOST_TREES, MOST_LEAVES, DEEPEST = 256 << 20, 20_000, 4_096, 128
MOST_WORDS = 1 << 16

INTEGER = r"-?[0-9]{1,10}"
NUMBER = r"-?[0-9]+(?:\.[0-9]+)?(?:e[+-][0-9]{1,3})?"
_INTEGERS = re.compile(rf"(?:{INTEGER}(?: {INTEGER})*)?")
_NUMBERS = re.compile(rf"(?:{NUMBER}(?: {NUMBER})*)?")
#: A split between all numbers and the missing ones has no bound.
_THRESHOLDS = re.compile(rf"(?:(?:{NUMBER}|inf)(?: (?:{NUMBER}|inf))*)?")
_INFO = re.compile(rf"none|\[{NUMBER}:{NUMBER}\]|{INTEGER}(?::{INTEGER})*")
_PARAMETER = re.compile(r"\[([a-z0-9_]{1,60}): ([ -Z^-~]{0,200})\]")
#: Parameters on which predictions rest: where they are given, they are these.
PARAMETERS = {"boosting": "gbdt", "objective": "regression", "linear_tree": "0", "num_class": "1"}
#: ``decision_type``: one bit for a category, one for the way of missing values, two for what counts as missing.
CATEGORICAL = 1
_DECISIONS = frozenset(range(12))

#: Arrays of a tree in the order of the text, whether they hold whole numbers, and how many fewer than its leaves.
ARRAYS: dict[str, tuple[bool, int]] = {
    "split_feature": (True, 1),
    "split_gain": (False, 1),
    "threshold": (False, 1),
    "decision_type": (True, 1),
    "left_child": (True, 1),
    "right_child": (True, 1),
    "leaf_value": (False, 0),
    "leaf_weight": (False, 0),
    "leaf_count": (True, 0),
    "internal_value": (False, 1),
    "internal_weight": (False, 1),
    "internal_count": (True, 1),
}


def read_booster(path: Path, features: Sequence[str]) -> Any:
    """Read a booster after checking its text."""
    try:
        size = path.stat().st_size
        if size > LARGEST:
            raise InputError(path, f"{size:,} bytes", f"at most {LARGEST:,}")
        text = path.read_bytes().decode("ascii")
    except OSError as error:
        raise InputError(path, error.strerror or "an unreadable file", "the text of a LightGBM model") from error
    except UnicodeDecodeError as error:
        raise InputError(path, "bytes that are not ASCII", "the text of a LightGBM model") from error
    check_text(path, text, features)
    try:
        return lgb.Booster(model_str=text)
    except (lgb.basic.LightGBMError, ValueError) as error:
        raise InputError(path, f"a text that LightGBM refuses ({error})", "the text of a model") from error


def check_text(path: Path, text: str, features: Sequence[str]) -> None:
    """Check a text against the format of LightGBM."""
    lines = _Lines(path, text)
    for expected_line in ("tree", "version=v4", "num_class=1", "num_tree_per_iteration=1", "label_index=0"):
        lines.exactly(expected_line)
    lines.exactly(f"max_feature_idx={len(features) - 1}")
    lines.exactly("objective=regression")
    lines.exactly(f"feature_names={' '.join(features)}")
    infos = lines.value("feature_infos").split(" ")
    if len(infos) != len(features) or not all(map(_INFO.fullmatch, infos)):
        raise lines.wrong(f"{len(features)} ranges of features")
    sizes = lines.integers("tree_sizes")
    if not 1 <= len(sizes) <= MOST_TREES:
        raise lines.wrong(f"sizes of 1 to {MOST_TREES:,} trees")
    lines.exactly("")
    for number, size in enumerate(sizes):
        begun = lines.offset
        lines.exactly(f"Tree={number}")
        _check_tree(lines, len(features))
        lines.exactly("")
        lines.exactly("")
        if lines.offset - begun != size:
            raise lines.wrong(f"tree {number} of {size} characters, as 'tree_sizes' says")
    lines.exactly("end of trees")
    _check_rest(lines, features)


class _Lines:
    """Lines of a text, one after the other."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.left: Iterator[str] = iter(text.split("\n"))
        self.line, self.number, self.offset = "", 0, 0

    def next(self) -> str:
        self.line = next(self.left, "")
        self.number += 1
        self.offset += len(self.line) + 1
        return self.line

    def wrong(self, expected: str) -> InputError:
        found = repr(self.line[:80]) if self.line else "nothing"
        return InputError(f"{self.path}, line {self.number}", found, expected, "The model may be damaged.")

    def exactly(self, expected: str) -> None:
        if self.next() != expected:
            raise self.wrong(repr(expected[:80]) if expected else "an empty line")

    def value(self, key: str) -> str:
        name, is_there, value = self.next().partition("=")
        if name != key or not is_there:
            raise self.wrong(f"{key}=...")
        return value

    def integers(self, key: str) -> Ints:
        value = self.value(key)
        if not _INTEGERS.fullmatch(value):
            raise self.wrong("whole numbers")
        return np.array(value.split(), dtype=np.int64)

    def numbers(self, key: str) -> Floats:
        value, form = self.value(key), _THRESHOLDS if key == "threshold" else _NUMBERS
        if not form.fullmatch(value):
            raise self.wrong("finite numbers")
        found = np.array(value.split(), dtype=np.float64)
        if value.count("inf") != np.isinf(found).sum():
            raise self.wrong("finite numbers")
        return found


def _check_tree(lines: _Lines, features: int) -> None:
    (leaves,) = _one(lines, "num_leaves", 1, MOST_LEAVES)
    (categories,) = _one(lines, "num_cat", 0, leaves - 1)
    arrays: dict[str, Any] = {}
    for key, (whole, fewer) in ARRAYS.items():
        arrays[key] = lines.integers(key) if whole else lines.numbers(key)
        if len(arrays[key]) != leaves - fewer:
            raise lines.wrong(f"{leaves - fewer} numbers")
        _check_array(lines, key, arrays[key], features, leaves)
    _check_shape(lines, arrays["left_child"], arrays["right_child"])
    asks_category = arrays["decision_type"] & CATEGORICAL != 0
    if arrays["threshold"][asks_category].tolist() != list(range(categories)):
        raise lines.wrong(f"{categories} nodes that ask for a category, numbered in order")
    if categories:
        bounds = lines.integers("cat_boundaries").tolist()
        rising = all(low < high for low, high in pairwise(bounds))
        if len(bounds) != categories + 1 or bounds[0] != 0 or not rising or bounds[-1] > MOST_WORDS:
            raise lines.wrong(f"{categories + 1} rising numbers from 0")
        words = lines.integers("cat_threshold")
        if len(words) != bounds[-1] or (words < 0).any() or (words >= 2**32).any():
            raise lines.wrong(f"{bounds[-1]} words of 32 bits")
    lines.exactly("is_linear=0")
    if len(lines.numbers("shrinkage")) != 1:
        raise lines.wrong("one number")


def _one(lines: _Lines, key: str, lowest: int, highest: int) -> tuple[int]:
    found = lines.integers(key).tolist()
    if len(found) != 1 or not lowest <= found[0] <= highest:
        raise lines.wrong(f"a whole number from {lowest} to {highest:,}")
    return (found[0],)


def _check_array(lines: _Lines, key: str, values: Any, features: int, leaves: int) -> None:
    if key == "split_feature" and ((values < 0) | (values >= features)).any():
        raise lines.wrong(f"features from 0 to {features - 1}")
    if key == "decision_type" and not _DECISIONS.issuperset(values.tolist()):
        raise lines.wrong("known kinds of decision")
    if key in ("left_child", "right_child") and ((values < -leaves) | (values >= leaves - 1)).any():
        raise lines.wrong(f"children from {-leaves} to {leaves - 2}")
    if key.endswith("_count") and (values < 0).any():
        raise lines.wrong("numbers of rows")


def _check_shape(lines: _Lines, left: Ints, right: Ints) -> None:
    """Check that every node and leaf is below exactly one node, which comes before it."""
    nodes = len(left)
    children = np.concatenate([left, right]) if nodes else np.zeros(0, dtype=np.int64)
    parents = np.tile(np.arange(nodes), 2)
    inner = children >= 0
    expected = [*range(-nodes - 1, 0), *range(1, nodes)] if nodes else []
    if sorted(children.tolist()) != expected or (children[inner] <= parents[inner]).any():
        raise lines.wrong("children that form a tree")
    depth = np.zeros(nodes, dtype=np.int64)
    for node in range(nodes):
        for child in (left[node], right[node]):
            if child >= 0:
                depth[child] = depth[node] + 1
    if nodes and depth.max() >= DEEPEST:
        raise lines.wrong(f"a tree of at most {DEEPEST} levels")


def _check_rest(lines: _Lines, features: Sequence[str]) -> None:
    """Importances, parameters and the end, which LightGBM reads as well."""
    lines.exactly("")
    lines.exactly("feature_importances:")
    known = set(features)
    while lines.next():
        name, _, count = lines.line.rpartition("=")
        if name not in known or not re.fullmatch("[0-9]{1,9}", count):
            raise lines.wrong("a feature and how often it is asked for")
        known.remove(name)
    lines.exactly("parameters:")
    asked = dict(PARAMETERS)
    while lines.next():
        found = _PARAMETER.fullmatch(lines.line)
        if found is None:
            raise lines.wrong("a parameter such as [num_leaves: 6]")
        if asked.pop(found[1], found[2]) != found[2]:
            raise lines.wrong(f"[{found[1]}: {PARAMETERS[found[1]]}]")
    for expected_line in ("end of parameters", "", "pandas_categorical:null", ""):
        lines.exactly(expected_line)
    if next(lines.left, None) is not None:
        raise lines.wrong("the end of the file")
