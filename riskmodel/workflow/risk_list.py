"""The calls behind the commands, one a step; the command line only parses and prints."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from riskmodel.catalogue.places import called, find_municipalities
from riskmodel.errors import InputError
from riskmodel.forecasting.forecast_store import StoredForecast, load_forecast
from riskmodel.panel.panel import Panel
from riskmodel.products.outcomes.lists import list_record, save_list
from riskmodel.products.risk_list.build import build_risk_list, filled
from riskmodel.products.risk_list.formats import chosen_forms, write_forms
from riskmodel.products.risk_list.random_visits import AUDIT_SHARE
from riskmodel.products.risk_list.risk_list import RiskList
from riskmodel.products.risk_list.track_record import track_record
from riskmodel.workflow.forecast import latest_forecast
from riskmodel.workspace.manifest import sha256_of
from riskmodel.workspace.store import Workspace
from riskmodel.workspace.versions import made_with


def risk_list(
    workspace: Workspace,
    out: Path,
    *,
    municipality: Sequence[str] = (),
    capacity: int | None = None,
    experiment: str | None = None,
    made_on: date | None = None,
    audit_share: float = AUDIT_SHARE,
    forms: Sequence[str] = (),
) -> tuple[RiskList, dict[str, Path]]:
    """Risk list of municipalities or regions in several forms, from the latest stored forecast.

    With a capacity the list is also kept in ``lists/ID.json``, so that what visits find can be held against it.

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
        The question; by default decline-2y, or the only one there is.
    made_on : datetime.date, optional
        By default today.
    audit_share : float
        Part of the visits that is drawn from the areas further down, see :mod:`riskmodel.products.risk_list.random_visits`.
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
    asked_forms = chosen_forms(forms)
    if capacity is not None and capacity < 1:
        raise InputError("--capacity", str(capacity), "at least 1 area")
    stored = load_forecast(latest_forecast(workspace, experiment))
    panel = workspace.panel(stored.level, allow_origin=stored.experiment.allow_origin)
    codes = municipality_codes(panel, municipality)
    asked = ", ".join(map(called, municipality)) if municipality else "Nederland"
    day = made_on or datetime.now(tz=UTC).date()
    made = list_of(workspace, stored, panel, codes, f"Risicolijst {asked}", capacity, day, audit_share)
    paths = write_forms(made, out, asked_forms)
    if capacity is not None:
        sums = {form: sha256_of(path) for form, path in paths.items()}
        save_list(workspace, list_record(made, stored.level, codes, audit_share, made_with(), sums))
    return made, paths


def list_of(
    workspace: Workspace,
    stored: StoredForecast,
    panel: Panel,
    codes: tuple[str, ...],
    title: str,
    capacity: int | None,
    made_on: date,
    audit_share: float,
) -> RiskList:
    """Risk list of a stored forecast with all that its forms show; see :func:`risk_list`."""
    made = build_risk_list(
        panel,
        stored,
        codes,
        title=title,
        capacity=capacity,
        made_on=made_on,
        track_record=track_record(workspace.path("backtests", stored.experiment.name, "scores.csv"), stored),
        audit_share=audit_share,
    )
    return filled(made, workspace, panel, stored)


def municipality_codes(panel: Panel, asked: Sequence[str]) -> tuple[str, ...]:
    """Codes of the municipalities that are meant by names, codes or regions."""
    present = frozenset(panel.municipality_codes().tolist())
    if asked and present == {""}:
        raise InputError(
            "--municipality", f"areas of level {panel.level!r}", "areas whose code names a municipality"
        )
    return tuple(sorted({code for name in asked for code in find_municipalities(name, present)}))
