"""``riskmodel risk-list``: make a risk list from the latest stored forecast and write it in several formats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.catalogue.area_names import all_called, find_municipalities
from riskmodel.errors import InputError
from riskmodel.forecasting.backtest_record import FORECASTS, QUESTION, SCORES
from riskmodel.forecasting.experiment import load_experiment
from riskmodel.forecasting.forecast import read_forecasts
from riskmodel.forecasting.forecast_store import StoredForecast
from riskmodel.panel.panel import Panel
from riskmodel.products.outcomes.lists import list_record
from riskmodel.products.risk_list.area_sheet import Past
from riskmodel.products.risk_list.build import build_risk_list
from riskmodel.products.risk_list.formats import chosen_formats, write_formats
from riskmodel.products.risk_list.how_sure import past_by_area
from riskmodel.products.risk_list.random_visits import RANDOM_SHARE
from riskmodel.products.risk_list.risk_list import RiskList
from riskmodel.products.risk_list.texts import Sentence
from riskmodel.products.risk_list.track_record import places_sentences, track_record
from riskmodel.sources.formats.files import sha256_of
from riskmodel.workflow.outcomes import save_list
from riskmodel.workflow.questions import newest_forecast, other_horizon
from riskmodel.workspace.store import Workspace
from riskmodel.workspace.versions import versions

if TYPE_CHECKING:
    from geopandas import GeoDataFrame


def risk_list(
    workspace: Workspace,
    out: Path,
    *,
    municipality: Sequence[str] = (),
    capacity: int | None = None,
    experiment: str | None = None,
    made_on: date | None = None,
    audit_share: float = RANDOM_SHARE,
    forms: Sequence[str] = (),
) -> tuple[RiskList, dict[str, Path]]:
    """Make the risk list of municipalities or regions in several formats, from the latest stored forecast.

    With a capacity the list is also recorded in ``lists/ID.json``, so that it can be evaluated by visits.

    Parameters
    ----------
    workspace : Workspace
        With a stored forecast.
    out : Path
        Folder to write into.
    municipality : sequence of str
        Names, ``GM`` codes or regions; by default the whole country.
    capacity : int, optional
        How many areas can be visited.
    experiment : str, optional
        The question; by default that of the only model, or of the one whose moment lies ahead.
    made_on : datetime.date, optional
        By default today.
    audit_share : float
        Part of the visits that is drawn from the areas further down the list, at random.
    forms : sequence of str
        Of csv, xlsx, html, parquet, gpkg, geojson and pdf, or all of them: ``"all"``; by default the first three.
        See :mod:`riskmodel.products.risk_list.formats`.

    Returns
    -------
    RiskList
        The list.
    dict
        Path of each form.

    Raises
    ------
    InputError
        If there is no forecast, the arguments make no sense, or a form cannot be made; nothing is written then.
    """
    asked_forms = chosen_formats(forms)
    if capacity is not None and capacity < 1:
        raise InputError("--capacity", str(capacity), "at least 1 area")
    day = made_on or datetime.now(tz=UTC).date()
    stored = newest_forecast(workspace, experiment, day)
    panel = workspace.panel(stored.level, allow_origin=stored.experiment.allow_origin)
    codes = municipality_codes(panel, municipality)
    asked = all_called(municipality) if municipality else "Nederland"
    made = make_list(workspace, stored, panel, codes, f"Risicolijst {asked}", capacity, day, audit_share)
    paths = write_formats(made, out, asked_forms)
    if capacity is not None:
        sums = {form: sha256_of(path) for form, path in paths.items()}
        save_list(workspace, list_record(made, stored.level, codes, audit_share, versions(), sums))
    return made, paths


def make_list(
    workspace: Workspace,
    stored: StoredForecast,
    panel: Panel,
    codes: tuple[str, ...],
    title: str,
    capacity: int | None,
    made_on: date,
    audit_share: float,
) -> RiskList:
    """Return the risk list of a stored forecast, with everything that the workspace holds about its areas."""
    return build_risk_list(
        panel,
        stored,
        codes,
        title=title,
        capacity=capacity,
        made_on=made_on,
        track_record=stored_track_record(workspace, stored),
        places=stored_places(workspace, stored),
        past=past_forecasts(workspace, stored, panel),
        boundaries=stored_boundaries(workspace, stored.level),
        audit_share=audit_share,
        other=other_horizon(workspace, stored),
    )


def stored_track_record(workspace: Workspace, stored: StoredForecast) -> Sentence | None:
    """Return how well the method did according to the backtest in the workspace; None without one."""
    path = workspace.path("backtests", stored.experiment.name, SCORES)
    return track_record(pd.read_csv(path), stored.experiment, stored.model) if path.exists() else None


def stored_places(workspace: Workspace, stored: StoredForecast) -> tuple[Sentence, ...]:
    """Return which kinds of areas had more or fewer places than events, by the backtest in the workspace."""
    path = workspace.path("backtests", stored.experiment.name, "places.csv")
    own = path.exists() and stored.model == stored.experiment.champion
    return places_sentences(pd.read_csv(path)) if own else ()


def past_forecasts(workspace: Workspace, stored: StoredForecast, panel: Panel) -> Mapping[str, tuple[Past, ...]]:
    """Return earlier forecasts of the backtest by area; none when the backtest was about another question."""
    experiment = stored.experiment
    folder = workspace.path("backtests", experiment.name)
    if not (folder / FORECASTS).exists():
        return {}
    if (folder / QUESTION).exists():
        tested = load_experiment(folder / QUESTION)
        if any(getattr(tested, key) != getattr(experiment, key) for key in ("event", "horizon", "allow_origin")):
            return {}
    forecasts = read_forecasts(folder / FORECASTS, stored.model)
    return past_by_area(forecasts, experiment, panel, before=stored.forecast.origin_date.year)


def stored_boundaries(workspace: Workspace, level: str) -> GeoDataFrame | None:
    """Return the polygons of all areas of a level; None when there are none, or no library to read them with."""
    return None if find_spec("geopandas") is None else workspace.boundaries(level)


def municipality_codes(panel: Panel, asked: Sequence[str]) -> tuple[str, ...]:
    """Return the codes of municipalities, asked for by name, code or region."""
    present = frozenset(panel.municipality_codes().tolist())
    if asked and present == {""}:
        raise InputError(
            "--municipality",
            f"areas of level {panel.level!r}",
            "areas whose code names a municipality",
            "Leave --municipality out for the whole country, or read scores of wijken or buurten as well.",
        )
    return tuple(sorted({code for name in asked for code in find_municipalities(name, present)}))
