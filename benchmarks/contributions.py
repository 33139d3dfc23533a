"""Exact contributions: riskmodel's tables beside LightGBM's own recursion and shap, on the same models and rows.

    python benchmarks/contributions.py [--rows 4000] [--rounds 3] [--trees 500] [--only WORD]

For every model they are asked in turn for the same rows (shap, which hands them to LightGBM, for the first
quarter), in several rounds; the best round of each counts. On a machine that others use as well, the clock on the
wall favours whoever is interrupted less: both are also run on one thread, and compared by the processor time that
took.

Models have 60 features and 31 leaves a tree, of several depths, once on numbers only and once with a tenth missing
and eight features of 50 categories; the released models come on top.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
from report import machine, ratio

from riskmodel.forecasting.models.treeshap import compile_trees, kernels

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import shap

FEATURES, CATEGORICAL, CATEGORIES, DRIVERS = 60, 8, 50, 6
MANY = 50_000


def made(rows: int, *, mixed: bool, seed: int = 1) -> np.ndarray:
    """Numbers; or numbers and categories with a tenth missing."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, FEATURES))
    if mixed:
        values[:, -CATEGORICAL:] = rng.integers(0, CATEGORIES, (rows, CATEGORICAL))
        values[rng.random(values.shape) < 0.1] = np.nan
    return values


def grown(depth: int, trees: int, *, mixed: bool) -> lgb.Booster:
    """A model in which most features count, some of them together."""
    rng = np.random.default_rng(2)
    values = made(20_000, mixed=mixed)
    known = np.nan_to_num(values)
    label = known[:, :20] @ rng.normal(size=20) + np.abs(known[:, 25:40]).sum(axis=1)
    label += np.sin(3 * known[:, 20]) * known[:, 21] + known[:, 22] * known[:, 23] * known[:, 24]
    if mixed:
        worth = rng.normal(size=(CATEGORICAL, CATEGORIES))
        for place in range(CATEGORICAL):
            label += worth[place][known[:, place - CATEGORICAL].astype(int)] * (1 + known[:, place] / 2)
    settings = {
        "objective": "regression",
        "num_leaves": 31,
        "max_depth": depth,
        "learning_rate": 0.05,
        "feature_fraction": 0.8,
        "verbosity": -1,
        "seed": 1,
    }
    categorical = list(range(FEATURES - CATEGORICAL, FEATURES)) if mixed else "auto"
    data = lgb.Dataset(values, label + rng.normal(size=len(label)), categorical_feature=categorical)
    return lgb.train(settings, data, trees)


def cases(trees: int, only: str) -> Iterator[tuple[str, lgb.Booster, np.ndarray]]:
    """Name of a model, the model, and many rows for it; of those with a word in their name."""
    for file in sorted((Path(__file__).parents[1] / "models").glob("*/*/trees.txt")):
        name = f"released {file.parent.parent.name}"
        if only in name:
            booster = lgb.Booster(model_file=file)
            values = np.random.default_rng(3).normal(size=(MANY, booster.num_feature())) / 5
            values[np.random.default_rng(4).random(values.shape) < 0.05] = np.nan
            yield f"{name}, {booster.num_trees()} trees", booster, values
    for mixed in (False, True):
        for depth in (4, 6, 8, -1):
            name = "no limit" if depth < 0 else f"depth {depth}"
            name += ", missing, categories" if mixed else ", numbers"
            if only in name:
                yield name, grown(depth, trees, mixed=mixed), made(MANY, mixed=mixed, seed=5)


def seconds(what: Callable[[], Any], clock: Callable[[], float]) -> tuple[float, Any]:
    begin = clock()
    result = what()
    return clock() - begin, result


def measured(booster: lgb.Booster, many: np.ndarray, rows: int, rounds: int) -> list[str]:
    """One row of the table."""
    few = many[:rows]
    groups = np.arange(booster.num_feature()) % DRIVERS
    all_loops = (kernels.into_bins, kernels.add_up, kernels.work_out)
    loops, _ = seconds(lambda: [kernels.compiled(loop) for loop in all_loops], time.perf_counter)
    tables, compiled = seconds(lambda: compile_trees(booster), time.perf_counter)
    by_driver = compile_trees(booster, groups=groups)
    explainer = shap.TreeExplainer(booster)
    asked: dict[str, Callable[[], Any]] = {
        "lightgbm": lambda: booster.predict(few, pred_contrib=True),
        "shap": lambda: explainer.shap_values(few[: rows // 4]),
        "tables": lambda: compiled.contributions(few),
        "many": lambda: compiled.contributions(many),
        "drivers": lambda: by_driver.contributions(many),
        "lightgbm alone": lambda: booster.predict(few[: rows // 4], pred_contrib=True, num_threads=1),
        "tables alone": lambda: compiled.contributions(few, threads=1),
    }
    best = dict.fromkeys(asked, np.inf)
    answers: dict[str, Any] = {}
    for _ in range(rounds):
        for name, ask in asked.items():
            clock = time.thread_time if name.endswith("alone") else time.perf_counter
            took, answers[name] = seconds(ask, clock)
            best[name] = min(best[name], took)
    size = {"shap": rows // 4, "lightgbm alone": rows // 4, "many": len(many), "drivers": len(many)}
    rate = {name: size.get(name, rows) / took for name, took in best.items()}
    difference = max(
        np.abs(answers["tables"] - answers["lightgbm"]).max(),
        np.abs(answers["tables"][: rows // 4, :-1] - answers["shap"]).max(),
    )
    rates = [f"{rate[name]:,.0f}" for name in ("lightgbm", "shap", "tables")]
    return [
        *rates,
        f"{rate['tables'] / rate['lightgbm']:.0f}",
        f"{rate['tables alone'] / rate['lightgbm alone']:.0f}",
        f"{rate['many']:,.0f}",
        f"{rate['drivers']:,.0f}",
        f"{compiled.table_bytes / 2**20:.1f}",
        f"{tables:.1f}",
        f"{loops:.1f}",
        f"{difference:.0e}",
        compiled.how,
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--trees", type=int, default=500)
    parser.add_argument("--only", default="", help="only models with this in their name")
    chosen = parser.parse_args()
    print(f"{machine()}; best of {chosen.rounds} rounds\n")
    head = ["model", "`pred_contrib` rows/s", "`shap` rows/s", "tables rows/s", "ratio", "processor time"]
    head += [f"{MANY:,} rows: rows/s", f"by {DRIVERS} drivers", "MiB", "making s", "numba s", "difference", "how"]
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    found = []
    for name, booster, many in cases(chosen.trees, chosen.only):
        row = measured(booster, many, chosen.rows, chosen.rounds)
        print("| " + " | ".join([name, *row]) + " |", flush=True)
        found.append((name, float(row[3]), float(row[4])))
    print(f"\nload after: {os.getloadavg()[0]:.1f}")
    for name, wall, processor in found:
        aim = "" if "no limit" in name else "at least 25"
        ratio(f"contributions by tables / pred_contrib: {name}", wall, aim=aim)
        ratio("the same in processor time of one thread", processor)


if __name__ == "__main__":
    main()
