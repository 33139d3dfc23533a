"""MLflow: one store a workspace, one experiment a question, one parent run a backtest.

The store is SQLite in the workspace, or the PostgreSQL database that ``RISKMODEL_MLFLOW`` names; artifacts lie in
the workspace either way. Nothing is reported to anyone: telemetry is switched off when the package is imported.
Who writes holds the workspace's lock, see :mod:`riskmodel.locking`.
"""

from __future__ import annotations

import logging
import math
import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

import riskmodel
from riskmodel.errors import InputError
from riskmodel.forecasting.backtest import Backtest
from riskmodel.forecasting.checks import Finding, findings_table
from riskmodel.keeping import writing_runs
from riskmodel.locking import only_writer
from riskmodel.moving import come_home
from riskmodel.panel.panel import Panel
from riskmodel.panel.store import Workspace
from riskmodel.sources.observations import SourceFile
from riskmodel.tracking_views import experiment_tags
from riskmodel.tracking_words import (
    EVALUATION,
    NOTE,
    dataset_input,
    experiment_note,
    first_figures,
    mean_figures,
)
from riskmodel.writing import draft_folder, put_in_place, sync

if TYPE_CHECKING:
    from mlflow import MlflowClient

#: Environment variable with the address of a store elsewhere: ``postgresql+psycopg://USER@HOST/NAME``.
STORE = "RISKMODEL_MLFLOW"
#: Kind of run, as a tag: what :mod:`riskmodel.runs` looks for.
KIND, BACKTEST, FORECAST, TRAIN = "riskmodel.kind", "backtest", "model at an origin", "train"
#: Table of findings among the artifacts of a run.
FINDINGS = "checks.json"
#: Most metrics that MLflow takes in one call.
BATCH = 1000


@cache
def code_version() -> str:
    """Version of the package and, in a git checkout, its commit when the process first asked."""
    try:
        asked = subprocess.run(
            ["git", "describe", "--always", "--dirty"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:  # an installation without git, such as a container
        return riskmodel.__version__
    commit = asked.stdout.strip() if asked.returncode == 0 else ""
    return f"{riskmodel.__version__}+{commit}" if commit else riskmodel.__version__


def _elsewhere() -> str:
    """Address of a store elsewhere, as the environment has it now; empty for the workspace's own."""
    return os.environ.get(STORE, "").strip()


def store_uri(workspace: Workspace) -> str:
    """Address of the workspace's MLflow store, as ``mlflow ui --backend-store-uri`` takes it.

    Raises
    ------
    InputError
        If ``RISKMODEL_MLFLOW`` names something else than a PostgreSQL database.
    """
    elsewhere = _elsewhere()
    if not elsewhere:
        return f"sqlite:///{workspace.path('mlflow.db').resolve()}"
    if not elsewhere.startswith("postgresql"):
        # The address may hold a password: only its kind is repeated.
        raise InputError(
            STORE, f"an address of {elsewhere.partition(':')[0]}", "postgresql+psycopg://USER@HOST/NAME"
        )
    return elsewhere


def has_store(workspace: Workspace) -> bool:
    """Whether there is a store to read from; asking makes none."""
    return bool(_elsewhere()) or workspace.path("mlflow.db").exists()


def client_of(workspace: Workspace) -> MlflowClient:
    """A client of the workspace's store; the first one makes the store.

    Raises
    ------
    InputError
        If the store is a database elsewhere that does not answer.
    """
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    from mlflow import MlflowClient

    address = store_uri(workspace)
    workspace.folder.mkdir(parents=True, exist_ok=True)
    if _elsewhere():
        _reach(address)
    else:
        _make_store(workspace)
        come_home(workspace)
    return MlflowClient(address, address)


def _make_store(workspace: Workspace) -> None:
    """Let MLflow make a store aside: one that is cut off between two of its tables can never be opened again."""
    from mlflow import MlflowClient

    place = workspace.path("mlflow.db")
    if place.exists():
        return
    with only_writer(workspace), draft_folder(workspace.folder) as draft:
        if place.exists():  # another process was first
            return
        made = draft / place.name
        address = f"sqlite:///{made.resolve()}"
        client = MlflowClient(address, address)
        client.search_experiments(max_results=1)
        client.search_registered_models(max_results=1)
        sync(made)
        put_in_place(made, place)


@cache
def _reach(address: str) -> None:
    """Knock once a process: MLflow itself would try for minutes before it says anything."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import ArgumentError, SQLAlchemyError

    try:
        engine = create_engine(address)
        with engine.connect():
            pass
        engine.dispose()
    except (ArgumentError, ModuleNotFoundError, SQLAlchemyError) as error:
        raise InputError(
            STORE,
            f"no answer ({type(error).__name__})",
            "a PostgreSQL database that can be reached and written to",
            "It needs: pip install 'riskmodel[postgres]'",
        ) from None


def experiment_id(client: MlflowClient, workspace: Workspace, name: str) -> str:
    """Id of an MLflow experiment, which is made when it is not there."""
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    place = workspace.path("mlartifacts", name).resolve().as_uri()
    return str(client.create_experiment(name, artifact_location=place))


def fingerprints(files: Sequence[SourceFile]) -> dict[str, str]:
    """Input files as parameters of a run."""
    return {f"input_{number}": f"{file.name} sha256:{file.sha256}" for number, file in enumerate(files, 1)}


def log_backtest(
    workspace: Workspace,
    backtest: Backtest,
    panel: Panel,
    files: Sequence[Path],
    findings: Sequence[Finding] = (),
    note: str = "",
) -> str:
    """Log a backtest: a parent run with its files and pictures, a nested run per model and origin.

    Parameters
    ----------
    workspace : Workspace
        Where the store is.
    backtest : Backtest
        What was done.
    panel : Panel
        What it was done on.
    files : sequence of Path
        Files to keep with the parent run: those of the record.
    findings : sequence of Finding
        What the checks found.
    note : str
        Its outcome in Markdown, shown with the parent run.

    Returns
    -------
    str
        Id of the parent run.
    """
    with writing_runs(workspace):
        return _log_backtest(workspace, backtest, panel, files, findings, note)


def _log_backtest(
    workspace: Workspace,
    backtest: Backtest,
    panel: Panel,
    files: Sequence[Path],
    findings: Sequence[Finding],
    note: str,
) -> str:
    from mlflow.entities import Param, RunTag

    client, question = client_of(workspace), backtest.experiment
    place = experiment_id(client, workspace, question.name)
    for key, value in {NOTE: experiment_note(question), **experiment_tags()}.items():
        client.set_experiment_tag(place, key, value)
    version = code_version()
    waves = ", ".join(str(origin.wave) for origin in backtest.origins)
    tags = {
        "mlflow.source.name": "riskmodel backtest",
        "code_version": version,
        "question": question.question,
        KIND: BACKTEST,
        NOTE: f"{question.question}\n\n{note}".strip(),
    }
    parent = client.create_run(place, run_name=f"backtest {waves}", tags=tags).info.run_id
    settings = {
        "horizon": question.horizon,
        "event": question.event.name,
        "origins": waves,
        "level": panel.level,
        "areas": len(panel.areas),
        "capacity": question.capacity,
        "allow_origin": question.allow_origin,
        **fingerprints(panel.files),
    }
    client.log_batch(parent, params=[Param(key, str(value)) for key, value in settings.items()])
    client.log_inputs(parent, [dataset_input(panel, EVALUATION)])
    # Logged before all others, they stand at the top of the page of a run.
    first = first_figures(backtest.scores, question)
    log_figures(client, parent, mean_figures(first, question.champion))
    _log_parent_files(client, parent, backtest, panel, files)
    log_findings(client, parent, findings)
    # Scores of other events stand in scores.csv: a run with thousands of metrics cannot be read.
    scores = backtest.scores[backtest.scores["target"] == question.event.name]
    for (model, origin_date), rows in scores.groupby(["model", "origin_date"], sort=False):
        spec = question.model(str(model))
        run = client.create_run(
            place,
            run_name=f"{model} {str(origin_date)[:4]}",
            tags={
                "mlflow.parentRunId": parent,
                "mlflow.source.name": "riskmodel backtest",
                "model": str(model),
                "role": question.role(str(model)),
                "code_version": version,
                KIND: FORECAST,
            },
        ).info.run_id
        origin = str(origin_date)[:4]
        known = {"model": model, "kind": spec.kind, "origin": origin, "origin_date": origin_date}
        parameters = {**known, **spec.parameters}
        client.log_batch(run, params=[Param(str(key), str(value)) for key, value in parameters.items()])
        log_figures(client, run, mean_figures(first.loc[[(model, origin_date)]], str(model)))
        _log_metrics(client, run, rows)
        client.set_terminated(run)
    champion = scores[scores["model"] == question.champion]
    means = champion.groupby(["metric", "cohort"])["value"].mean().reset_index()
    _log_metrics(client, parent, means)
    skipped = "; ".join(f"{s.model} {s.wave}: {s.reason}" for s in backtest.skipped)
    client.log_batch(parent, tags=[RunTag("skipped", skipped or "none")])
    client.set_terminated(parent)
    return str(parent)


def log_figures(client: MlflowClient, run: str, figures: Mapping[str, float]) -> None:
    """Log the figures of a run that are known."""
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    known = [Metric(key, value, now, 0) for key, value in figures.items() if math.isfinite(value)]
    client.log_batch(run, metrics=known)


def log_findings(client: MlflowClient, run: str, findings: Sequence[Finding]) -> None:
    """Log findings with a run: a table, their figures as metrics, and a tag for each that failed."""
    from mlflow.entities import RunTag

    if not findings:
        return
    values = {
        f"{found.code}.{name}": float(value) for found in findings for name, value in found.figures.items()
    } | {f"{found.code}.failed": float(found.outcome == "failed") for found in findings}
    wrong = [found for found in findings if found.outcome == "failed"]
    tags = [RunTag("checks", summary_of(findings))]
    tags += [RunTag(f"check.{found.code}", f"{found.severity}: {found.title}") for found in wrong]
    log_figures(client, run, values)
    client.log_batch(run, tags=tags)
    client.log_table(run, findings_table(findings).astype(object), FINDINGS)


def summary_of(findings: Sequence[Finding]) -> str:
    """Which checks failed, in a few words."""
    wrong = [f"{found.code} ({found.severity})" for found in findings if found.outcome == "failed"]
    return f"failed: {', '.join(wrong)}" if wrong else "none failed"


def _log_metrics(client: MlflowClient, run: str, rows: pd.DataFrame) -> None:
    values = _metrics(rows)
    for start in range(0, len(values), BATCH):
        client.log_batch(run, metrics=values[start : start + BATCH])


def _metrics(rows: pd.DataFrame) -> list[Any]:
    """One metric a cohort and score, with the counts beside them."""
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    values = {
        f"{metric}.{_plain(cohort)}": float(value)
        for metric, cohort, value in zip(rows["metric"], rows["cohort"], rows["value"], strict=True)
    }
    for count in ("n", "n_events"):
        if count in rows.columns:
            counted = rows.groupby("cohort")[count].first()
            values |= {f"{count}.{_plain(str(cohort))}": float(number) for cohort, number in counted.items()}
    return [Metric(key, value, now, 0) for key, value in values.items() if not math.isnan(value)]


def _plain(cohort: str) -> str:
    return cohort.replace("+", "_and_more").replace(",", "").replace(" ", "_")


def _log_parent_files(
    client: MlflowClient, run: str, backtest: Backtest, panel: Panel, files: Sequence[Path]
) -> None:
    from riskmodel import plots

    shown = [backtest.experiment.champion, backtest.experiment.challenger]
    pictures = {
        "splits.png": plots.split_picture(backtest.origins, panel.waves),
        "reliability.png": plots.reliability_picture(backtest, panel, shown),
        "precision_recall.png": plots.precision_recall_picture(backtest, panel, shown),
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, figure in pictures.items():
            figure.savefig(Path(folder, name), dpi=110)
        client.log_dict(run, asdict(backtest.experiment), "experiment.json")
        client.log_artifacts(run, folder)
    for path in files:
        client.log_artifact(run, str(path))
