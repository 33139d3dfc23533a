"""What the risk list page of the whole country costs beside its forecasts and contributions, and how large it is.

    RISKMODEL_WORKSPACE=workspace python benchmarks/page.py             the wijken of the workspace
    RISKMODEL_WORKSPACE=workspace python benchmarks/page.py --buurten   14,000 made-up buurten, cut from wijken

The workspace holds boundaries, a backtest, a trained champion and its forecast (see README.md). Seconds are
processor time of all threads, medians of three runs; the libraries are loaded before.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from report import ratio

from riskmodel.forecasting.drivers.alternative_models import explanation_of
from riskmodel.forecasting.drivers.contributions import contributions_of
from riskmodel.forecasting.origins import latest_origin
from riskmodel.forecasting.stage import forecast_with
from riskmodel.products.risk_list.page.page import write_page
from riskmodel.products.risk_list.risk_list import RiskList
from riskmodel.scoring.release import load_release
from riskmodel.workflow.questions import newest_forecast, release_folder
from riskmodel.workflow.risk_list import make_list
from riskmodel.workflow.tracking import registry
from riskmodel.workspace.store import Workspace

EXPERIMENT = "decline-2y"
BUURTEN = 14_000


def seconds(call: Callable[[], object], times: int = 3) -> float:
    """Median processor time of a call."""
    taken = []
    for _ in range(times):
        begin = time.process_time()
        call()
        taken.append(time.process_time() - begin)
    return float(np.median(taken))


def country(workspace: Workspace) -> RiskList:
    """The list of all areas, as the command makes it."""
    stored = newest_forecast(workspace, EXPERIMENT)
    panel = workspace.panel(stored.level)
    return make_list(workspace, stored, panel, (), "Risicolijst Nederland", 100, date(2022, 6, 1), 0.1)


def forecast(workspace: Workspace, *, stability: bool) -> None:
    """Forecast every area with the champion and tell the contributions, as ``riskmodel forecast`` does."""
    found = registry.release_by_alias(workspace, EXPERIMENT, registry.CHAMPION)
    assert found is not None
    release = load_release(release_folder(workspace, found[0]))
    panel = workspace.panel(release.level)
    origin = latest_origin(panel, release.experiment.horizon)
    made, features = forecast_with(release.name, release.model, release.experiment, panel, origin)
    told = contributions_of(release.model, features)
    assert told is not None
    if stability:
        explanation_of(release.model, panel, release.wave, made, features, told)


def quarters(made: RiskList, wanted: int) -> RiskList:
    """The same list with every area cut into parts: names, numbers and sheets are those of the whole."""
    areas: Any = made.boundaries
    shapes = areas.set_index("location").geometry.reindex(made.rows["location"]).to_numpy()
    left, bottom, right, top = shapely.bounds(shapes).T
    x, y = (left + right) / 2, (bottom + top) / 2
    cuts = [(left, bottom, x, y), (x, bottom, right, y), (left, y, x, top), (x, y, right, top)]
    places = np.tile(np.arange(len(shapes)), 5)[:wanted]
    part = np.arange(len(places)) // len(shapes)
    # The fifth part lies on the first again: no more than some hundreds of areas.
    pieces = [shapely.intersection(shapes, shapely.box(*cuts[each % 4])) for each in range(5)]
    codes = np.array(
        [f"BU{made.rows['location'][at][2:]}{n:02d}" for at, n in zip(places, part, strict=True)], dtype=object
    )
    rows = made.rows.iloc[places].reset_index(drop=True).assign(location=codes, rank=np.arange(1, len(places) + 1))
    contributions = made.contributions.iloc[places].reset_index(drop=True).assign(location=codes)
    sheets = tuple(replace(made.sheets[at], location=code) for at, code in zip(places, codes, strict=True))
    drawn = np.array([pieces[n][at] for at, n in zip(places, part, strict=True)], dtype=object)
    frame = gpd.GeoDataFrame({"location": codes}, geometry=drawn, crs=areas.crs)
    return replace(made, rows=pd.DataFrame(rows), contributions=contributions, sheets=sheets, boundaries=frame)


def main() -> None:
    workspace = Workspace(Path(os.environ["RISKMODEL_WORKSPACE"]))
    made = country(workspace)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "list.html")
        if "--buurten" in sys.argv:
            made = quarters(made, BUURTEN)
            write = seconds(lambda: write_page(made, file), times=1)
            print(f"page of {len(made.rows):,} areas        {write:6.1f} s  {file.stat().st_size / 1e6:5.1f} MB")
            return
        bare = seconds(lambda: forecast(workspace, stability=False))
        whole = seconds(lambda: forecast(workspace, stability=True), times=1)
        fill = seconds(lambda: country(workspace))
        write = seconds(lambda: write_page(made, file))
        size = file.stat().st_size / 1e6
    print(f"areas                                        {len(made.rows):6,}")
    print(f"panel, forecasts and contributions           {bare:6.2f} s")
    print(f"the same with how stable each explanation is {whole:6.2f} s")
    print(f"panel, list and sheets                       {fill:6.2f} s")
    print(f"page, from list and sheets                   {write:6.2f} s  {size:.1f} MB")
    ratio("all for the page / forecasts with stability", (fill + write) / whole)
    ratio("all for the page / forecasts without", (fill + write) / bare)


if __name__ == "__main__":
    main()
