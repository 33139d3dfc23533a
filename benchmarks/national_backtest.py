"""A rolling-origin backtest of a made national panel, beside the same job in mlforecast.

python benchmarks/national_backtest.py [--areas 14000] [--runs 3]

The panel has 9 waves and 60 indicators. Both sides make features from what came before each of four origins, train
LightGBM with the same parameters and number of trees, and forecast the next wave. Features here are those of the
package (level and last change of every indicator, history, neighbours, spread by size), and the champion's
structural model gives a whole distribution. mlforecast makes three lags, a difference and a rolling mean of the
score; level and last change of the indicators it gets ready-made, outside its time, because it takes values of the
forecast moment itself, which nobody has. It gives a point forecast, or, in the last row, an 80% interval too, by
conformal windows (two, its least).
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import riskmodel  # noqa: F401  sets how OpenMP waits, before LightGBM is imported

# isort: split
import lightgbm as lgb
import numpy as np
import pandas as pd
from features import WAVES, made_panel
from report import machine, ratio
from threadpoolctl import threadpool_limits

from riskmodel.forecasting.features import features_of, training_of
from riskmodel.forecasting.models.lightgbm import LightGBM, Settings
from riskmodel.forecasting.origins import Origin, backtest_origins
from riskmodel.panel.panel import Panel

ORIGINS = 4
THRESHOLDS = np.array([-0.05])


def forecast_at(panel: Panel, origin: Origin) -> int:
    """Features, fit and forecast of one origin; the number of forecasts."""
    model = LightGBM().fit(training_of(panel, origin), THRESHOLDS)
    return len(model.distribution(features_of(panel, origin)).mean())


def ours(panel: Panel) -> tuple[int, float]:
    """Backtest with the champion: number of forecasts, and seconds in LightGBM, added up over threads."""
    inside, train = 0.0, lgb.train

    def timed(*args, **kwargs):  # type: ignore[no-untyped-def]
        nonlocal inside
        begin = time.perf_counter()
        try:
            return train(*args, **kwargs)
        finally:
            inside += time.perf_counter() - begin

    lgb.train = timed
    try:
        # As `riskmodel.backtest` does: a thread a fit, as many fits at a time as there are processors.
        with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(os.cpu_count()) as pool:
            made = sum(pool.map(partial(forecast_at, panel), backtest_origins(panel, 2)[-ORIGINS:]))
    finally:
        lgb.train = train
    return made, inside


def theirs(table: pd.DataFrame, interval: bool) -> tuple[int, float]:
    """The same in mlforecast: number of forecasts, and seconds in LightGBM."""
    from mlforecast import MLForecast
    from mlforecast.lag_transforms import RollingMean
    from mlforecast.target_transforms import Differences
    from mlforecast.utils import PredictionIntervals

    inside = 0.0
    settings = Settings()
    parameters = settings.for_lightgbm(10**6)
    parameters.pop("objective")

    class Timed(lgb.LGBMRegressor):  # type: ignore[misc]
        def fit(self, *args, **kwargs):  # type: ignore[no-untyped-def]
            nonlocal inside
            begin = time.perf_counter()
            try:
                return super().fit(*args, **kwargs)
            finally:
                inside += time.perf_counter() - begin

    model = Timed(n_estimators=settings.trees, **parameters)
    forecaster = MLForecast(
        models={"trees": model},
        freq=1,
        lags=[1, 2, 3],
        lag_transforms={1: [RollingMean(window_size=3, min_samples=1)]},
        target_transforms=[Differences([1])],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = forecaster.cross_validation(
            table,
            n_windows=ORIGINS,
            h=1,
            refit=True,
            static_features=[],
            dropna=False,
            prediction_intervals=PredictionIntervals(n_windows=2, h=1) if interval else None,
            level=[80] if interval else None,
        )
    return len(found), inside


def as_table(panel: Panel) -> pd.DataFrame:
    """The panel as mlforecast wants it: a row an area and wave, indicators of the wave before."""
    columns = {
        "unique_id": np.repeat(panel.areas, len(WAVES)),
        "ds": np.tile(np.arange(1, len(WAVES) + 1), len(panel.areas)),
        "y": panel["score"].ravel(),
    }
    for indicator in panel.indicators:
        lagged = np.full(panel[indicator].shape, np.nan)
        lagged[:, 1:] = panel[indicator][:, :-1]
        columns[f"level_{indicator}"] = lagged.ravel()
        columns[f"change_{indicator}"] = np.diff(lagged, axis=1, prepend=np.nan).ravel()
    return pd.DataFrame(columns)


def main() -> None:
    """Time both in turn and print the ratio of the fastest runs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--areas", type=int, default=14_000)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    panel = made_panel(asked.areas)
    table = as_table(panel)
    jobs: dict[str, Callable[[], tuple[int, float]]] = {
        "riskmodel: distribution": lambda: ours(panel),
        "mlforecast: point": lambda: theirs(table, interval=False),
        "mlforecast: point and interval": lambda: theirs(table, interval=True),
    }
    times: dict[str, list[tuple[float, float, int]]] = {name: [] for name in jobs}
    for _ in range(asked.runs):
        for name, job in jobs.items():
            begin = time.perf_counter()
            made, inside = job()
            times[name].append((time.perf_counter() - begin, inside, made))
    print(f"{machine()}\n")
    print("| | seconds, each run | LightGBM's training, added up over threads | forecasts |")
    print("|---|---|---|--:|")
    for name, each in times.items():
        whole, training = (", ".join(f"{run[part]:.1f}" for run in each) for part in (0, 1))
        print(f"| {name} | {whole} | {training} | {each[0][2]:,} |")
    own, *peers = times.items()
    for name, each in peers:
        rounds = [theirs[0] / mine[0] for theirs, mine in zip(each, own[1], strict=True)]
        ratio(f"{name} / {own[0]}, seconds", float(np.median(rounds)), rounds, "at least 3")


if __name__ == "__main__":
    main()
