"""Exact contributions of a LightGBM model: by tables where they fit, by LightGBM itself where they do not."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from riskmodel.errors import InputError
from riskmodel.forecasting.models.treeshap import deep, kernels, tables
from riskmodel.forecasting.models.treeshap.bins import Bins, make_bins
from riskmodel.forecasting.models.treeshap.bundles import bundles, points
from riskmodel.forecasting.models.treeshap.paths import Decisions, leaves
from riskmodel.forecasting.models.treeshap.text import Ensemble, Floats, Ints, UnsupportedModelError, read

#: Memory that tables may take by default.
MOST_BYTES = 512 * 2**20
#: Where tables of the fastest size are too large, memory is counted dearer: this often, four times each.
DEARER = 6
#: Rows a thread takes at a time; and rows LightGBM is asked for at a time where drivers are added up.
SPAN = 16 * kernels.BLOCK


@dataclass(frozen=True)
class Compiled:
    """A model compiled for fast contributions.

    Attributes
    ----------
    features : int
        Number of features of the model.
    columns : int
        Number of columns of contributions: features, or groups of them.
    how : str
        ``"tables"``, or ``"pred_contrib: "`` and the reason why LightGBM itself is asked.
    table_bytes : int
        Memory of all tables.
    """

    features: int
    columns: int
    how: str
    table_bytes: int = 0
    _base: float = 0.0
    _bins: Bins | None = None
    _tables: tables.TableProgram | None = None
    _deep: deep.DeepProgram | None = None
    _groups: Ints | None = None
    _booster: Any = None

    def contributions(self, values: ArrayLike, *, threads: int | None = None) -> Floats:
        """Exact path-dependent SHAP contributions, those of ``Booster.predict(pred_contrib=True)``."""
        matrix = np.asarray(values)
        if matrix.ndim != 2 or matrix.shape[1] != self.features or matrix.dtype.kind not in "fiub":
            raise InputError(
                "values for contributions",
                f"an array of shape {matrix.shape} and type {matrix.dtype}",
                f"numbers, {self.features} columns",
            )
        if self._bins is None:
            return self._asked(matrix, threads)
        result: Floats = np.empty((len(matrix), self.columns + 1))
        workers = threads or processors()
        span = max(1, min(SPAN, -(-len(matrix) // workers)))
        starts = range(0, len(matrix), span)
        if workers == 1 or len(starts) <= 1:
            for start in starts:
                self._fill(matrix[start : start + span], result[start : start + span])
        else:
            with ThreadPoolExecutor(workers) as pool:
                for _ in pool.map(lambda at: self._fill(matrix[at : at + span], result[at : at + span]), starts):
                    pass
        return result

    def _fill(self, matrix: Any, result: Floats) -> None:
        assert self._bins is not None and self._tables is not None and self._deep is not None
        into_bins, add_up = kernels.compiled(kernels.into_bins), kernels.compiled(kernels.add_up)
        used, with_tables, without = self._bins, self._tables.arrays(), self._deep.arrays()
        players = int(np.diff(self._deep.players).max(initial=0))
        for start in range(0, len(matrix), kernels.BLOCK):
            block = np.ascontiguousarray(matrix[start : start + kernels.BLOCK], dtype=np.float64)
            bins = np.empty((len(used.features), len(block)), dtype=np.uint16)
            total = np.zeros((self.columns, len(block)))
            into_bins(block, used.features, used.categorical, used.start, used.edges, bins)
            add_up(bins, *with_tables, np.empty(len(block), dtype=np.uint16), total)
            if players:
                meets = np.empty((players, kernels.DEEP_ROWS), dtype=np.uint16)
                product = np.empty((points(players), kernels.DEEP_ROWS))
                kernels.compiled(kernels.work_out)(bins, *without, meets, product, total)
            result[start : start + kernels.BLOCK, :-1] = total.T
        result[:, -1] = self._base

    def _asked(self, matrix: Any, threads: int | None) -> Floats:
        asked = {} if threads is None else {"num_threads": threads}
        if self._groups is None:
            whole: Floats = self._booster.predict(np.asarray(matrix, dtype=np.float64), pred_contrib=True, **asked)
            return whole
        result: Floats = np.zeros((len(matrix), self.columns + 1))
        for start in range(0, len(matrix), SPAN):
            rows = slice(start, start + SPAN)
            part = self._booster.predict(np.asarray(matrix[rows], dtype=np.float64), pred_contrib=True, **asked)
            for feature, group in enumerate(self._groups):
                result[rows, group] += part[:, feature]
            result[rows, -1] = part[:, -1]
        return result


def compile_trees(booster: Any, *, groups: ArrayLike | None = None, max_bytes: int = MOST_BYTES) -> Compiled:
    """Make a LightGBM model ready for fast exact contributions.

    Trees up to its best iteration, as ``predict`` uses them. Where tables are not possible (see ``how``) the
    result answers all the same, by asking LightGBM.
    """
    features = int(booster.num_feature())
    if booster.num_model_per_iteration() != 1:
        raise InputError("model", f"{booster.num_model_per_iteration()} outputs", "a model with one output")
    column = _columns(groups, features)
    columns = int(column.max(initial=-1)) + 1
    own_groups = None if groups is None else column
    try:
        bins, with_tables, without, base = _laid_out(read(booster.model_to_string()), column, max_bytes)
        _make_loops(deep_leaves=len(without.players) > 1)
    except UnsupportedModelError as reason:
        return Compiled(features, columns, f"pred_contrib: {reason}", _groups=own_groups, _booster=booster)
    return Compiled(
        features=features,
        columns=columns,
        how="tables",
        table_bytes=with_tables.bytes + without.bytes,
        _base=base,
        _bins=bins,
        _tables=with_tables,
        _deep=without,
    )


def _columns(groups: ArrayLike | None, features: int) -> Ints:
    if groups is None:
        return np.arange(features)
    column = np.asarray(groups)
    if column.shape != (features,) or column.dtype.kind not in "iu" or (column < 0).any():
        found = f"an array of shape {column.shape} and type {column.dtype}"
        raise InputError("groups of features", found, f"{features} whole numbers from 0")
    return column.astype(np.int64)


def _make_loops(*, deep_leaves: bool) -> None:
    try:
        for loop in (kernels.into_bins, kernels.add_up, *[kernels.work_out] * deep_leaves):
            kernels.compiled(loop)
    except ImportError as error:
        raise UnsupportedModelError("numba is not installed") from error


def _laid_out(
    model: Ensemble, column: Ints, max_bytes: int
) -> tuple[Bins, tables.TableProgram, deep.DeepProgram, float]:
    bins = make_bins(model)
    decisions = Decisions(bins)
    own = column[bins.features].tolist()
    # Constant trees add to the base value only.
    grown = [(tree, leaves(tree, decisions)) for tree in model.trees if len(tree.feature)]
    base = sum(tree.expected() for tree in model.trees)
    sizes = [bins.size(used) for used in range(len(bins.features))]
    for attempt in range(DEARER):
        division = [
            bundle
            for tree, found in grown
            for bundle in bundles(tree, found, decisions.everything, own, dear=4.0**attempt)
        ]
        if 8 * sum(bundle.columns * bundle.size for bundle in division) > max_bytes:
            continue
        with_tables = tables.assemble([bundle for bundle in division if bundle.size], sizes, own)
        without = deep.assemble([bundle for bundle in division if not bundle.size], decisions.everything, own)
        if with_tables.bytes + without.bytes <= max_bytes:
            return bins, with_tables, without, base
    raise UnsupportedModelError(f"tables that do not fit into {max_bytes:,} bytes")


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
