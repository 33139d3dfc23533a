"""The calls behind the commands, one a step; the command line only parses and prints."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

from riskmodel.attempts import compare, promote
from riskmodel.catalogue import called, find_municipalities
from riskmodel.checking import checked_backtest, write_findings
from riskmodel.errors import InputError
from riskmodel.explaining.contributions import by_driver, contributions_of
from riskmodel.explaining.explain import explanation_of
from riskmodel.forecasting import backtest as backtesting
from riskmodel.forecasting.experiment import load_experiment
from riskmodel.forecasting.origins import latest_origin
from riskmodel.forecasting.record import write_record
from riskmodel.forecasting.store import StoredForecast, load_forecast, save_forecast
from riskmodel.keeping import intact, put
from riskmodel.made_with import code_version, made_with
from riskmodel.manifest import sha256_of
from riskmodel.outcomes.lists import list_record, save_list
from riskmodel.panel.panel import Panel
from riskmodel.panel.store import Workspace
from riskmodel.products.audit import AUDIT_SHARE
from riskmodel.products.build import build_risk_list
from riskmodel.products.fill import filled
from riskmodel.products.forms import chosen_forms, write_forms
from riskmodel.products.risk_list import RiskList
from riskmodel.products.track_record import track_record
from riskmodel.questions import MAIN, experiment_file
from riskmodel.reports_skill import summary_table
from riskmodel.scoring.release import Release, load_release
from riskmodel.training import train
from riskmodel.writing import draft_folder

__all__ = ["backtest", "compare", "forecast", "promote", "risk_list", "train"]


def backtest(
    experiment: Path,
    workspace: Workspace,
    *,
    origins: Sequence[int] | None = None,
    level: str | None = None,
    progress: backtesting.Progress | None = None,
    leave_out: Literal["province"] | None = None,
    seeds: int = 0,
) -> backtesting.Backtest:
    """Backtest an experiment file, check it and log it to MLflow; see :func:`riskmodel.forecasting.backtest.run`.

    Writes ``backtests/NAME/forecasts.parquet`` and ``scores.csv`` in the workspace, and what the checks found; a
    later backtest of the same experiment takes their place, MLflow keeps every one.
    """
    from riskmodel.tracking.backtests import log_backtest

    experiment = experiment_file(experiment)
    question = load_experiment(experiment)
    panel = workspace.panel(level, allow_origin=question.allow_origin)
    done = backtesting.run(question, panel, origins, progress, leave_out=leave_out, seeds=seeds)
    record, findings = checked_backtest(done, panel, code_version())
    # Logged from a folder of its own: another process may put its backtest in place meanwhile.
    with draft_folder(workspace.path("backtests")) as draft:
        files = write_record(record, experiment.read_text(encoding="utf-8"), draft)
        files.append(write_findings(findings, draft))
        summary = summary_table(done.scores, done.paired, question)
        log_backtest(workspace, done, panel, files, findings, summary)
        put(workspace, {draft: workspace.path("backtests", question.name)})
    return done


def forecast(workspace: Workspace, *, experiment: str | None = None) -> list[StoredForecast]:
    """Forecast from the latest wave with the champion of one experiment, or of every trained one.

    Each forecast and its contributions are stored in ``forecasts/EXPERIMENT/ID``; the same model and input give
    the same forecast, which is then left as it is.
    """
    trained = sorted(path.name for path in workspace.path("models").glob("*") if path.is_dir())
    chosen = [experiment] if experiment else trained
    if not chosen or chosen[0] not in trained:
        raise InputError(
            workspace.folder,
            f"no trained model{f' for {experiment!r}' if experiment else ''}",
            f"one of {trained}" if trained else "a trained model",
            "Run: riskmodel train experiments/NAME.yaml",
        )
    return [_forecast_with_champion(workspace, name) for name in chosen]


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
        Part of the visits that is drawn from the areas further down, see :mod:`riskmodel.products.audit`.
    forms : sequence of str
        Of csv, xlsx, html, parquet, gpkg, geojson and pdf, or all of them: ``"all"``; by default the first three.
        See :mod:`riskmodel.products.forms`.

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


def _forecast_with_champion(workspace: Workspace, name: str) -> StoredForecast:
    from riskmodel.tracking import registry

    found = registry.release_by_alias(workspace, name, registry.CHAMPION)
    if found is None:
        raise InputError(workspace.folder, f"no champion for {name!r}", "one", f"Run: riskmodel train {name}.yaml")
    release = load_release(workspace.path("models", name, found[0]))
    panel = workspace.panel(release.level, allow_origin=release.experiment.allow_origin)
    return forecast_with(release, panel, workspace.path("forecasts", name), workspace)


def forecast_with(
    release: Release, panel: Panel, parent: Path, workspace: Workspace | None = None
) -> StoredForecast:
    """Forecast from the latest wave with a released model.

    Parameters
    ----------
    release : Release
        The model.
    panel : Panel
        What is known.
    parent : Path
        Folder that the forecast's own folder is made in.
    workspace : Workspace, optional
        In which that folder lies; left out for a forecast that is only compared.
    """
    origin = latest_origin(panel, release.experiment.horizon)
    made, features = backtesting.forecast_with(release.name, release.model, release.experiment, panel, origin)
    told = contributions_of(release.model, features)
    if told is None:
        raise InputError(release.folder, "a champion without drivers", "one whose contributions can be told")
    contributions = by_driver(features.names, told)
    contributions.insert(0, "location", made.locations)
    return save_forecast(
        parent,
        made,
        contributions,
        release.folder / "experiment.yaml",
        release_id=release.id,
        code_version=release.code_version,
        level=release.level,
        inputs=tuple(file.sha256 for file in panel.files),
        explanation=explanation_of(release.model, panel, release.wave, made, features, told),
        workspace=workspace,
        made_with=made_with(),
    )


def latest_forecast(workspace: Workspace, experiment: str | None) -> Path:
    """Folder of the newest forecast of an experiment; of the main one, or the only one, where none is named.

    Raises
    ------
    InputError
        If there is none, or it is not as it was written.
    """
    folders = [path for path in workspace.path("forecasts").glob("*/*") if not path.name.startswith(".")]
    names = sorted({path.parent.name for path in folders})
    if experiment is None and len(names) > 1 and MAIN not in names:
        raise InputError("--experiment", "nothing", f"one of {names}")
    chosen = experiment or (MAIN if MAIN in names else "".join(names[:1]))
    found = [path for path in folders if path.parent.name == chosen]
    if not found:
        raise InputError(
            workspace.folder,
            f"no forecast{f' for {experiment!r}' if experiment else ''}",
            f"one of {names}" if names else "a forecast",
            "Run: riskmodel forecast",
        )
    return intact(workspace, max(found, key=lambda path: (path / "about.json").stat().st_mtime_ns))


def municipality_codes(panel: Panel, asked: Sequence[str]) -> tuple[str, ...]:
    """Codes of the municipalities that are meant by names, codes or regions.

    Raises
    ------
    InputError
        If one is not in the panel, or its areas lie in no municipality.
    """
    present = frozenset(panel.municipality_codes().tolist())
    if asked and present == {""}:
        raise InputError(
            "--municipality", f"areas of level {panel.level!r}", "areas whose code names a municipality"
        )
    return tuple(sorted({code for name in asked for code in find_municipalities(name, present)}))
