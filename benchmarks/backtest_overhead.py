"""How long a backtest takes beside LightGBM's own fitting and predicting, in the same run.

Run on a workspace into which scores were ingested:

    RISKMODEL_WORKSPACE=workspace python benchmarks/backtest_overhead.py [EXPERIMENT]
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import riskmodel

started = time.perf_counter()

import lightgbm as lgb  # noqa: E402

from riskmodel.panel.store import Workspace  # noqa: E402

spent = {"fit": 0.0, "predict": 0.0}


def timed(part: str, call: Callable[..., Any]) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        begin = time.perf_counter()
        result = call(*args, **kwargs)
        spent[part] += time.perf_counter() - begin
        return result

    return wrapper


def main() -> None:
    experiment = Path(sys.argv[1] if len(sys.argv) > 1 else "experiments/decline-2y.yaml")
    lgb.train = timed("fit", lgb.train)
    lgb.Booster.predict = timed("predict", lgb.Booster.predict)
    done = riskmodel.backtest(experiment, Workspace(os.environ.get("RISKMODEL_WORKSPACE", "workspace")))
    total = time.perf_counter() - started
    own = sum(spent.values())
    print(f"{experiment.name}: {len(done.origins)} origins, {len(done.forecasts)} forecasts")
    print(f"whole backtest, imports included  {total:6.1f} s")
    print(f"LightGBM fit {spent['fit']:.1f} s, predict and contributions {spent['predict']:.1f} s  {own:6.1f} s")
    print(f"everything else                   {total - own:6.1f} s, {(total - own) / own:.2f} times LightGBM")


if __name__ == "__main__":
    main()
