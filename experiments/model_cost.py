"""What depth and number of trees cost in accuracy and in the time drivers take.

    python experiments/model_cost.py WORKSPACE experiments/decline-2y.yaml

A row is a size of the champion's trees: skill and CRPS over all origins (as in ablation.py), the size of the
tables behind its drivers, and how many areas a second get their drivers, by the tables and by LightGBM's own
``pred_contrib``, both of the same trees and areas in the same run. Quantiles cost nothing: there is one
distribution, and every quantile is read off it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from ablation import Row, best_orderings, scored

from riskmodel.forecasting.experiment import Experiment, load_experiment
from riskmodel.forecasting.features import features_of, training_of
from riskmodel.forecasting.models.lightgbm import LightGBM
from riskmodel.forecasting.models.treeshap import compile_trees
from riskmodel.forecasting.origins import latest_origin
from riskmodel.panel.panel import Panel
from riskmodel.workspace.store import Workspace

#: Depth, leaves and number of trees.
SIZES = (
    (2, 4, 250),
    (3, 6, 250),
    (3, 6, 1000),
    (4, 12, 250),
    (6, 31, 250),
    (6, 31, 500),
    (8, 31, 500),
    (-1, 31, 500),
)
#: Areas of which drivers are timed: the country's, repeated.
ROWS = 100_000
#: LightGBM itself is timed on fewer, it takes that much longer.
FEWER = 5_000


def speed(job: Callable[[], Any], rows: int) -> float:
    """Rows a second, the faster of two runs."""
    took = []
    for _ in range(2):
        begin = time.perf_counter()
        job()
        took.append(time.perf_counter() - begin)
    return rows / min(took)


def drivers(settings: dict[str, float], question: Experiment, panel: Panel) -> tuple[float, float, float]:
    """MiB of tables, rows a second by tables, rows a second by LightGBM."""
    origin = latest_origin(panel, question.horizon)
    model = LightGBM(**settings).fit(training_of(panel, origin), np.array(question.outputs.thresholds))
    values = features_of(panel, origin).values
    many = np.resize(values, (ROWS, values.shape[1]))
    compiled = compile_trees(model.trees)
    tables = speed(lambda: compiled.contributions(many), ROWS)
    asked = speed(lambda: model.trees.predict(many[:FEWER], pred_contrib=True), FEWER)
    return compiled.table_bytes / 2**20, tables, asked


def main() -> None:
    """Print the table."""
    panel, question = Workspace(sys.argv[1]).panel(), load_experiment(Path(sys.argv[2]))
    best = best_orderings(question, panel)
    cohort = question.cohorts[1].name
    heads = ("depth", "leaves", "trees", f"ratio {cohort}", "skill", "CRPS x 1000")
    print("| " + " | ".join((*heads, "tables MiB", "rows/s", "pred_contrib", "times")) + " |")
    print("|---|" + "--:|" * 9)
    for depth, leaves, trees in SIZES:
        settings: dict[str, float] = {"depth": depth, "leaves": leaves, "trees": trees}
        figures = scored(Row("", settings), question, panel, best)
        size, tables, asked = drivers(settings, question, panel)
        shown = (figures[f"ratio {cohort}"], figures["skill"], figures["CRPS x 1000"])
        print(
            f"| {'any' if depth < 0 else depth} | {leaves} | {trees} | "
            f"{' | '.join(f'{value:.3f}' for value in shown)} | {size:.1f} | {tables:,.0f} | {asked:,.0f} | "
            f"{tables / asked:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
