"""Tables of contributions against Shapley values by definition, LightGBM and shap."""

from __future__ import annotations

import dataclasses
import inspect
import itertools
import pickle
import re
import sys
import tracemalloc
from collections.abc import Callable
from math import factorial, isnan
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskmodel.errors import InputError
from riskmodel.forecasting.models.treeshap import compile_trees, kernels
from riskmodel.forecasting.models.treeshap.deep import DeepProgram
from riskmodel.forecasting.models.treeshap.tables import TableProgram
from riskmodel.forecasting.models.treeshap.text import UnsupportedModelError, read

QUIET = {"objective": "regression", "verbosity": -1, "num_threads": 1, "min_data_in_leaf": 5, "seed": 1}
ZERO = float(np.float32(1e-35))
#: Numbers at which LightGBM's decisions turn, and numbers nobody expects.
ODD = [0.0, -0.0, 1e-36, -1e-36, ZERO, -ZERO, 1.1e-35, -1.1e-35, 5e-324, 1e300, -1e300, np.inf, -np.inf, np.nan]
ODD_CATEGORIES = [-1.0, -0.5, 0.5, 3.7, 31.0, 32.0, 63.0, 64.0, 1000.0, 1e12, -1e12, np.inf, -np.inf, np.nan, -0.0]


def made(seed: int, rows: int = 600, numbers: int = 5, categories: int = 0, missing: float = 0.1) -> np.ndarray:
    """Numbers with ties, zeros and gaps, then columns of categories 0 to 79."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, numbers + categories))
    values[:, 0] = np.round(values[:, 0])
    values[rng.random(values.shape) < 0.15] = 0.0
    values[:, numbers:] = rng.integers(0, 80, (rows, categories))
    values[rng.random(values.shape) < missing] = np.nan
    return values


def grown(values: np.ndarray, seed: int = 0, trees: int = 12, categories: int = 0, **how: Any) -> lgb.Booster:
    """A model that needs several features at a time."""
    rng = np.random.default_rng(seed + 1)
    known = np.nan_to_num(values, nan=0.7)
    odd = np.where(np.isnan(values), 1.0, 0.0)
    label = known[:, 0] * known[:, 1] + np.abs(known[:, 2]) + odd @ rng.normal(size=values.shape[1])
    if categories:
        label = label + rng.normal(size=80)[known[:, -1].astype(int)] * (1 + known[:, 0])
    columns = list(range(values.shape[1] - categories, values.shape[1]))
    settings = QUIET | {"min_data_per_group": 5, "cat_smooth": 1.0, "max_cat_threshold": 64} | how
    data = lgb.Dataset(values, label, categorical_feature=columns or "auto", params=settings)
    return lgb.train(settings, data, trees)


def odd_rows(booster: lgb.Booster, values: np.ndarray, categories: int, seed: int) -> np.ndarray:
    """Known rows into which odd values and the model's own thresholds were put."""
    rng = np.random.default_rng(seed)
    rows = values[rng.integers(0, len(values), 400)].copy()
    table = booster.trees_to_dataframe()
    cuts = [float(cut) for cut in table.loc[table["decision_type"] == "<=", "threshold"]]
    beside = [float(np.nextafter(cut, side)) for cut in cuts for side in (-np.inf, np.inf)]
    for column in range(rows.shape[1]):
        pool = ODD_CATEGORIES if column >= rows.shape[1] - categories else ODD + cuts + beside
        chosen = rng.random(len(rows)) < 0.4
        rows[chosen, column] = rng.choice(pool, chosen.sum())
    return rows


def goes_left(node: dict[str, Any], value: float) -> bool:
    """LightGBM's decision, told from its documentation, for one value."""
    if node["decision_type"] == "==":
        return not isnan(value) and abs(value) < 2**31 and str(int(value)) in node["threshold"].split("||")
    if isnan(value) and node["missing_type"] != "NaN":
        value = 0.0
    if isnan(value) or (node["missing_type"] == "Zero" and abs(value) <= ZERO):
        return bool(node["default_left"])
    return value <= node["threshold"]


def by_definition(booster: lgb.Booster, row: np.ndarray) -> np.ndarray:
    """Shapley values by all subsets of features, a tree's worth with some features known by recursion."""
    count = booster.num_feature()
    result = np.zeros(count + 1)

    def worth(node: dict[str, Any], known: frozenset[int]) -> float:
        if "leaf_value" in node:
            return float(node["leaf_value"])
        left, right = node["left_child"], node["right_child"]
        if node["split_feature"] in known:
            return worth(left if goes_left(node, row[node["split_feature"]]) else right, known)
        rows = [side.get("internal_count", side.get("leaf_count")) for side in (left, right)]
        return (rows[0] * worth(left, known) + rows[1] * worth(right, known)) / sum(rows)

    for tree in booster.dump_model()["tree_info"]:
        root = tree["tree_structure"]
        worths = {
            frozenset(known): worth(root, frozenset(known))
            for size in range(count + 1)
            for known in itertools.combinations(range(count), size)
        }
        result[-1] += worths[frozenset()]
        for known, value in worths.items():
            for feature in set(range(count)) - known:
                weight = factorial(len(known)) * factorial(count - len(known) - 1) / factorial(count)
                result[feature] += weight * (worths[known | {feature}] - value)
    return result


@pytest.mark.parametrize("how", [{}, {"zero_as_missing": True}, {"use_missing": False}, {"max_depth": 2}])
def test_shapley_values_by_definition(how: dict[str, Any]) -> None:
    values = made(3, categories=1)
    booster = grown(values, trees=3, categories=1, num_leaves=12, **how)
    rows = odd_rows(booster, values, 1, 4)[:15]
    compiled = compile_trees(booster)
    assert compiled.how == "tables"
    told = compiled.contributions(rows)
    assert told == pytest.approx(np.array([by_definition(booster, row) for row in rows]), abs=1e-12)


def test_one_split_by_hand() -> None:
    """Two leaves: a row's contribution is its leaf less the mean of all."""
    values = np.repeat([[0.0], [1.0]], [30, 10], axis=0)
    booster = lgb.train(QUIET | {"num_leaves": 2, "learning_rate": 1.0}, lgb.Dataset(values, values[:, 0] * 8), 1)
    assert compile_trees(booster).contributions([[0.0], [1.0]]) == pytest.approx(
        np.array([[-2.0, 2.0], [6.0, 2.0]])
    )


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"zero_as_missing": True},
        {"use_missing": False},
        {"extra_trees": True, "max_bin": 6},
        {"bagging_fraction": 0.5, "bagging_freq": 1},
        {"boosting": "dart"},
        {"max_cat_to_onehot": 100},
    ],
)
@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    leaves=st.integers(2, 40),
    depth=st.sampled_from([1, 2, 4, 8, -1]),
    categories=st.integers(0, 2),
    missing=st.sampled_from([0.0, 0.2]),
)
def test_as_lightgbm(
    how: dict[str, Any], seed: int, leaves: int, depth: int, categories: int, missing: float
) -> None:
    values = made(seed, categories=categories, missing=missing)
    booster = grown(values, seed, categories=categories, num_leaves=leaves, max_depth=depth, **how)
    rows = np.vstack([values, odd_rows(booster, values, categories, seed)])
    compiled = compile_trees(booster)
    told = compiled.contributions(rows)
    assert compiled.how == "tables"
    assert np.abs(told - booster.predict(rows, pred_contrib=True)).max() < 1e-9
    assert np.abs(told.sum(axis=1) - booster.predict(rows, raw_score=True)).max() < 1e-9


def test_as_shap() -> None:
    shap = pytest.importorskip("shap")
    values = made(8)
    booster = grown(values, num_leaves=31, max_depth=6)
    told = compile_trees(booster).contributions(values)
    assert np.abs(told[:, :-1] - shap.TreeExplainer(booster).shap_values(values)).max() < 1e-9


def test_many_categories_and_steps() -> None:
    """Categories beyond 64 (several words), in sets that change too often to be compared by steps."""
    values = made(5, rows=4000, categories=2)
    booster = grown(values, categories=2, num_leaves=31)
    compiled = compile_trees(booster)
    assert compiled._tables is not None
    assert len(compiled._tables.looked) > 0
    rows = odd_rows(booster, values, 2, 1)
    assert np.abs(compiled.contributions(rows) - booster.predict(rows, pred_contrib=True)).max() < 1e-9


def test_constant_trees() -> None:
    values = made(1)
    booster = lgb.train(QUIET, lgb.Dataset(values, np.full(len(values), 3.5)), 5)
    compiled = compile_trees(booster)
    assert (compiled.how, compiled.contributions(values).tolist()) == (
        "tables",
        booster.predict(values, pred_contrib=True).tolist(),
    )


def test_best_iteration_only() -> None:
    values = made(2)
    booster = grown(values)
    booster.best_iteration = 3
    told = compile_trees(booster).contributions(values)
    assert np.abs(told - booster.predict(values, pred_contrib=True)).max() < 1e-9


def test_model_from_text_and_other_objectives() -> None:
    values = made(2)
    label = (np.nan_to_num(values[:, 1]) > 0).astype(int)
    for objective in ("binary", "poisson", "quantile"):
        booster = lgb.train(QUIET | {"objective": objective}, lgb.Dataset(values, label), 10)
        again = lgb.Booster(model_str=booster.model_to_string())
        told = compile_trees(again).contributions(values)
        assert np.abs(told - booster.predict(values, pred_contrib=True)).max() < 1e-9


def test_sums_by_group_and_the_same_bits_for_any_threads_and_order() -> None:
    values = made(6, rows=5000, categories=1)
    booster = grown(values, trees=30, categories=1, num_leaves=31)
    groups = [2, 0, 0, 1, 3, 1]
    one, two = compile_trees(booster), compile_trees(booster, groups=groups)
    whole, sums = one.contributions(values, threads=1), two.contributions(values, threads=1)
    expected = np.zeros((len(values), 5))
    for feature, group in enumerate([*groups, 4]):
        expected[:, group] += whole[:, feature]
    assert np.abs(sums - expected).max() < 1e-12
    shuffled = np.random.default_rng(0).permutation(len(values))
    for compiled, told in ((one, whole), (two, sums)):
        for threads in (2, 3):
            assert compiled.contributions(values, threads=threads).tobytes() == told.tobytes()
        assert compiled.contributions(values[shuffled]).tobytes() == told[shuffled].tobytes()
        assert compiled.contributions(values[17:18]).tobytes() == told[17:18].tobytes()
        assert compiled.contributions(np.asfortranarray(values)).tobytes() == told.tobytes()
        assert pickle.loads(pickle.dumps(compiled)).contributions(values).tobytes() == told.tobytes()


def test_no_rows_and_other_types() -> None:
    values = np.round(made(6, missing=0.0) * 4)
    booster = grown(values)
    compiled = compile_trees(booster)
    assert compiled.contributions(values[:0]).shape == (0, 6)
    told = compiled.contributions(values)
    assert compiled.contributions(values.astype(np.int32)).tobytes() == told.tobytes()
    assert compiled.contributions(values.astype(np.float32)).tobytes() == told.tobytes()


def test_sums_by_group_hold_no_rows_by_features() -> None:
    values = made(6, rows=60_000, numbers=40)
    booster = grown(values[:2000], trees=3)
    compiled = compile_trees(booster, groups=np.arange(40) % 3)
    compiled.contributions(values[:1])
    tracemalloc.start()
    told = compiled.contributions(values, threads=2)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # The answer, and room for one block a thread; rows x features would be 19 MB.
    assert peak < told.nbytes + 3_000_000


def without_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    kernels.compiled.cache_clear()
    monkeypatch.setitem(sys.modules, "numba", None)


def nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything as it is."""


@pytest.mark.parametrize(
    ("how", "prepare", "memory", "reason"),
    [
        ({}, nothing, 1000, "do not fit into 1,000 bytes"),
        ({}, without_numba, 2**30, "numba is not installed"),
        ({"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.5}, nothing, 2**30, "averaged"),
    ],
)
def test_falls_back_to_lightgbm(
    how: dict[str, Any],
    prepare: Callable[[pytest.MonkeyPatch], None],
    memory: int,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = made(9)
    booster = grown(values, num_leaves=8, **how)
    prepare(monkeypatch)
    compiled = compile_trees(booster, max_bytes=memory)
    assert compiled.how.startswith("pred_contrib: ")
    assert compiled.table_bytes == 0
    assert re.search(reason, compiled.how)
    expected = booster.predict(values, pred_contrib=True)
    assert compiled.contributions(values).tolist() == expected.tolist()
    sums = compile_trees(booster, groups=[0, 1, 0, 1, 0], max_bytes=memory).contributions(values, threads=1)
    by_group = np.column_stack([expected[:, [0, 2, 4]].sum(1), expected[:, [1, 3]].sum(1), expected[:, 5]])
    assert np.abs(sums - by_group).max() < 1e-9


def test_texts_that_are_left_to_lightgbm() -> None:
    told = grown(made(9)).model_to_string()
    for pattern, instead, reason in (
        (r"internal_count=.*", "internal_count=" + "0 " * 30, "a node without training rows"),
        (r"leaf_value=.*", "", "a text without 'leaf_value'"),
        (r"version=v4", "version=v9", "text format v9"),
    ):
        with pytest.raises(UnsupportedModelError, match=reason):
            read(re.sub(pattern, instead, told))


def deep_model(seed: int = 9) -> tuple[np.ndarray, lgb.Booster]:
    """Trees that grow one long branch, on more features than a table could be made for."""
    values = made(seed, rows=1000, numbers=24)
    label = np.minimum.accumulate(np.nan_to_num(values, nan=0.3), axis=1) @ np.linspace(1, 3, 24)
    return values, lgb.train(QUIET | {"num_leaves": 40}, lgb.Dataset(values, label), 6)


def test_leaves_on_many_features() -> None:
    values, booster = deep_model()
    compiled = compile_trees(booster)
    assert compiled._deep is not None
    assert np.diff(compiled._deep.players).max() > 16
    told = compiled.contributions(values)
    assert np.abs(told[:200] - booster.predict(values[:200], pred_contrib=True)).max() < 1e-9
    sums = compile_trees(booster, groups=np.arange(24) % 3).contributions(values)
    by_group = np.column_stack([told[:, :-1].reshape(-1, 8, 3).sum(axis=1), told[:, -1]])
    assert np.abs(sums - by_group).max() < 1e-12
    for threads in (1, 2):
        assert compiled.contributions(values[::-1], threads=threads)[::-1].tobytes() == told.tobytes()


def test_less_memory_gives_smaller_tables_and_the_same_numbers() -> None:
    values, booster = deep_model()
    large = compile_trees(booster)
    small = compile_trees(booster, max_bytes=large.table_bytes // 2)
    assert (large.how, small.how) == ("tables", "tables")
    assert small.table_bytes <= large.table_bytes // 2
    assert np.abs(small.contributions(values) - large.contributions(values)).max() < 1e-12


def test_arrays_stand_in_the_order_in_which_the_loops_take_them() -> None:
    for loop, program in ((kernels.add_up, TableProgram), (kernels.work_out, DeepProgram)):
        names = [field.name for field in dataclasses.fields(program)]
        assert list(inspect.signature(loop).parameters)[1 : 1 + len(names)] == names


def test_bad_input() -> None:
    values = made(9)
    booster = grown(values)
    compiled = compile_trees(booster)
    for bad in (values[:, :3], values[0], np.full((2, 5), "x"), np.full((2, 5), None)):
        with pytest.raises(InputError, match="values for contributions"):
            compiled.contributions(bad)
    for groups in ([0, 1], [0, 1, 2, 3, -1], [0.0, 1.0, 2.0, 3.0, 4.0]):
        with pytest.raises(InputError, match="groups of features"):
            compile_trees(booster, groups=groups)
    several = lgb.train(
        QUIET | {"objective": "multiclass", "num_class": 3}, lgb.Dataset(values, np.arange(len(values)) % 3), 2
    )
    with pytest.raises(InputError, match="one output"):
        compile_trees(several)
    whole = made(9, missing=0.0)
    with pytest.raises(InputError, match="linear"):
        compile_trees(grown(whole, linear_tree=True))


def test_released_model() -> None:
    files = sorted((Path(__file__).parents[1] / "models").glob("*/*/trees.txt"))
    assert files
    for file in files:
        booster = lgb.Booster(model_file=file)
        values = np.random.default_rng(1).normal(size=(2000, booster.num_feature()))
        values[:, ::7] = np.nan
        compiled = compile_trees(booster)
        assert compiled.how == "tables"
        assert np.abs(compiled.contributions(values) - booster.predict(values, pred_contrib=True)).max() < 1e-9
