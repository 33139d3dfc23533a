"""How long a backtest takes beside LightGBM's own fitting and predicting.

Run on a workspace into which scores were ingested:

    RISKMODEL_WORKSPACE=workspace python benchmarks/backtest_overhead.py [EXPERIMENT]

The whole backtest is timed first, as a user runs it: reading the panel, features, all models, scores with their
intervals, files, pictures and MLflow. Then LightGBM's own calls of the same backtest are repeated alone, one after
the other, in the same process.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

started = time.perf_counter()

import lightgbm as lgb  # noqa: E402
from report import ratio  # noqa: E402

import riskmodel  # noqa: E402
from riskmodel.workspace.store import Workspace  # noqa: E402

Call = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]


def remember(call: Callable[..., Any], calls: list[Call]) -> Callable[..., Any]:
    """Do as before, and keep what was asked."""

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        calls.append((call, args, kwargs))
        return call(*args, **kwargs)

    return wrapper


def main() -> None:
    """Time a backtest, then LightGBM alone."""
    experiment = Path(sys.argv[1] if len(sys.argv) > 1 else "experiments/decline-2y.yaml")
    calls: list[Call] = []
    own_train, own_predict = lgb.train, lgb.Booster.predict
    own_dataset = lgb.Dataset

    def dataset(*args: Any, **kwargs: Any) -> Any:
        made = own_dataset(*args, **kwargs)
        made.again = lambda: own_dataset(*args, **kwargs)
        return made

    lgb.Dataset = dataset
    lgb.train, lgb.Booster.predict = remember(own_train, calls), remember(own_predict, calls)
    imported = time.perf_counter()
    done = riskmodel.backtest(experiment, Workspace(os.environ.get("RISKMODEL_WORKSPACE", "workspace")))
    total = time.perf_counter() - imported
    lgb.train, lgb.Booster.predict = own_train, own_predict
    begin = time.perf_counter()
    for call, args, kwargs in calls:
        # A dataset is binned once and then kept: binning is part of the fit, so it is made anew.
        call(*(arg.again() if hasattr(arg, "again") else arg for arg in args), **kwargs)
    alone = time.perf_counter() - begin
    print(f"{experiment.name}: {len(done.origins)} origins, {len(done.forecasts)} forecasts")
    print(f"imports before the backtest            {imported - started:6.1f} s")
    print(f"whole backtest                         {total:6.1f} s")
    print(f"LightGBM fit and predict alone         {alone:6.1f} s ({len(calls)} calls)")
    ratio("whole backtest / LightGBM alone", total / alone)


if __name__ == "__main__":
    main()
