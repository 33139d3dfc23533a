"""A backtest in MLflow: a parent run with its files and pictures, and a run below it for every model and origin.

Who writes holds the workspace's lock, see :mod:`riskmodel.locking`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.forecasting.backtest import Backtest
from riskmodel.forecasting.checks import Finding
from riskmodel.keeping import writing_runs
from riskmodel.made_with import code_version
from riskmodel.panel.panel import Panel
from riskmodel.panel.store import Workspace
from riskmodel.tracking.log import BACKTEST, FORECAST, KIND, fingerprints, log_figures, log_findings
from riskmodel.tracking.store import client_of, experiment_id
from riskmodel.tracking.views import experiment_tags
from riskmodel.tracking.words import EVALUATION, NOTE, dataset_input, experiment_note, first_figures, mean_figures

if TYPE_CHECKING:
    from mlflow import MlflowClient


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
        log_figures(client, run, _figures(rows))
        client.set_terminated(run)
    champion = scores[scores["model"] == question.champion]
    means = champion.groupby(["metric", "cohort"])["value"].mean().reset_index()
    log_figures(client, parent, _figures(means))
    skipped = "; ".join(f"{s.model} {s.wave}: {s.reason}" for s in backtest.skipped)
    client.log_batch(parent, tags=[RunTag("skipped", skipped or "none")])
    client.set_terminated(parent)
    return str(parent)


def _figures(rows: pd.DataFrame) -> dict[str, float]:
    """One figure a cohort and score, with the counts beside them."""
    values = {
        f"{metric}.{_plain(cohort)}": float(value)
        for metric, cohort, value in zip(rows["metric"], rows["cohort"], rows["value"], strict=True)
    }
    for count in ("n", "n_events"):
        if count in rows.columns:
            counted = rows.groupby("cohort")[count].first()
            values |= {f"{count}.{_plain(str(cohort))}": float(number) for cohort, number in counted.items()}
    return values


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
