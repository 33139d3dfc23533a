"""Give a risk list its sheets and its polygons."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.forecasting.store import StoredForecast
from riskmodel.panel.panel import Panel
from riskmodel.panel.store import Workspace
from riskmodel.products.how_sure import past_of
from riskmodel.products.risk_list import RiskList
from riskmodel.products.sheets import area_sheets

if TYPE_CHECKING:
    from geopandas import GeoDataFrame


def filled(made: RiskList, workspace: Workspace, panel: Panel, stored: StoredForecast) -> RiskList:
    """The same risk list with a sheet for every area and, where there are any, the polygons of its areas.

    Parameters
    ----------
    made : RiskList
        Rows and contributions.
    workspace : Workspace
        With boundaries and a backtest, or without.
    panel : Panel
        Panel of the forecast's level.
    stored : StoredForecast
        The forecast behind the list.
    """
    wave = stored.forecast.origin_date.year
    past = past_of(workspace, stored.experiment, stored.model, panel, before=wave)
    sheets = area_sheets(panel, stored, made.rows, past=past)
    return replace(made, sheets=sheets, boundaries=boundaries_of(workspace, panel.level, made.rows["location"]))


def boundaries_of(workspace: Workspace, level: str, locations: pd.Series[str]) -> GeoDataFrame | None:
    """Polygons of some areas; None when there are none, or no library to read them with.

    Parameters
    ----------
    workspace : Workspace
        With boundaries or without.
    level : str
        Level of the areas.
    locations : pandas.Series of str
        Their codes.
    """
    if find_spec("geopandas") is None:
        return None
    every = workspace.boundaries(level)
    if every is None:
        return None
    own = every[every["location"].isin(locations)].reset_index(drop=True)
    return own if len(own) else None
