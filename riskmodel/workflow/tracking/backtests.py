"""Log a backtest: a parent run with its files and pictures, and a run below it for every model and origin."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.forecasting.backtest import Backtest
from riskmodel.forecasting.experiment import Experiment
from riskmodel.forecasting.origins import Origin
from riskmodel.panel.panel import Panel
from riskmodel.workflow.tracking.log import (
    BACKTEST,
    FORECAST,
    begin_run,
    fingerprints,
    log_figures,
    log_findings,
    run_tags,
)
from riskmodel.workflow.tracking.store import client_of, experiment_id
from riskmodel.workflow.tracking.views import experiment_tags
from riskmodel.workflow.tracking.words import (
    EVALUATION,
    NOTE,
    dataset_input,
    experiment_note,
    first_figures,
    forecast_note,
    mean_figures,
)
from riskmodel.workspace.findings import Finding
from riskmodel.workspace.store import Workspace
from riskmodel.workspace.transaction import writing_runs

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
    """Log a backtest: a parent run with its files and pictures, a nested run per model and origin."""
    with writing_runs(workspace):
        client, question = client_of(workspace), backtest.experiment
        experiment = experiment_id(client, workspace, question.name)
        for key, value in {NOTE: experiment_note(question), **experiment_tags()}.items():
            client.set_experiment_tag(experiment, key, value)
        first, data = first_figures(backtest.scores, question), dataset_input(panel, EVALUATION)
        # Scores of other events are in scores.csv only: a run with thousands of metrics cannot be read.
        scores = backtest.scores[backtest.scores["target"] == question.event.name]
        parent = _begin(client, experiment, backtest, panel, note)
        client.log_inputs(parent, [data])
        # Logged before all others, they are at the top of the page of a run.
        log_figures(client, parent, mean_figures(first, question.champion))
        _log_parent_files(client, parent, backtest, panel, files)
        log_findings(client, parent, findings)
        for (model, origin_date), rows in scores.groupby(["model", "origin_date"], sort=False):
            origin = next(each for each in backtest.origins if each.origin_date == origin_date)
            run = _begin_one(client, experiment, parent, question, str(model), origin)
            client.log_inputs(run, [data])
            log_figures(client, run, mean_figures(first.loc[[(model, origin_date)]], str(model)))
            log_figures(client, run, _figures(rows))
            client.set_terminated(run)
        champion = scores[scores["model"] == question.champion]
        means = champion.groupby(["metric", "cohort"])["value"].mean().reset_index()
        log_figures(client, parent, _figures(means))
        client.set_terminated(parent)
    return parent


def _begin(client: MlflowClient, experiment: str, backtest: Backtest, panel: Panel, note: str) -> str:
    """Begin the run of a whole backtest."""
    question, waves = backtest.experiment, [origin.wave for origin in backtest.origins]
    skipped = "; ".join(f"{each.model} {each.wave}: {each.reason}" for each in backtest.skipped)
    tags = {
        **run_tags("backtest", BACKTEST),
        "question": question.question,
        "skipped": skipped or "none",
        NOTE: f"{question.question}\n\n{note}".strip(),
    }
    name = "backtest " + "-".join(str(wave) for wave in dict.fromkeys((waves[0], waves[-1])))
    settings = {
        "horizon": question.horizon,
        "event": question.event.name,
        "origins": ", ".join(map(str, waves)),
        "leave_out": backtest.leave_out or "none",
        "seeds": backtest.seeds,
        "level": panel.level,
        "areas": len(panel.areas),
        "capacity": question.capacity,
        "allow_origin": question.allow_origin,
        **fingerprints(panel.files),
    }
    return begin_run(client, experiment, name, tags, settings)


def _begin_one(
    client: MlflowClient, experiment: str, parent: str, question: Experiment, model: str, origin: Origin
) -> str:
    """Begin the run of one model at one origin."""
    spec, role = question.model(model), question.role(model)
    tags = {
        **run_tags("backtest", FORECAST),
        "mlflow.parentRunId": parent,
        "model": model,
        "role": role,
        NOTE: forecast_note(model, role, origin),
    }
    known = {"model": model, "kind": spec.kind, "origin": origin.wave, "origin_date": origin.origin_date}
    return begin_run(client, experiment, f"{model} {origin.wave}", tags, {**known, **spec.parameters})


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
    from riskmodel.workflow.tracking import pictures as plots

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
