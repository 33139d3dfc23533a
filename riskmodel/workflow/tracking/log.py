"""Log what runs of every kind have: tags, parameters, input files, figures and findings."""

from __future__ import annotations

import getpass
import math
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from riskmodel.forecasting.checks import findings_table
from riskmodel.sources.observations import SourceFile
from riskmodel.workspace.findings import Finding
from riskmodel.workspace.versions import code_version

if TYPE_CHECKING:
    from mlflow import MlflowClient

#: Tag with the kind of a run, by which :mod:`riskmodel.workflow.tracking.runs` finds it.
KIND = "riskmodel.kind"
BACKTEST, FORECAST, TRAIN, AUDIT = "backtest", "model at an origin", "train", "audit"
#: Most metrics that MLflow takes in one call.
BATCH = 1000
#: Table of findings among the artifacts of a run.
FINDINGS = "checks.json"


def run_tags(command: str, kind: str) -> dict[str, str]:
    """Tags of every run: its command, its kind, the version of the code and the user."""
    return {
        "mlflow.source.name": f"riskmodel {command}",
        KIND: kind,
        "code_version": code_version(),
        "mlflow.user": user(),
    }


def user() -> str:
    """Name of the user, for the record in the workspace."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without a user table
        return "unknown"


def fingerprints(files: Sequence[SourceFile]) -> dict[str, str]:
    """Input files with their fingerprints, as parameters of a run."""
    return {f"input_{number}": f"{file.name} sha256:{file.sha256}" for number, file in enumerate(files, 1)}


def begin_run(
    client: MlflowClient, experiment: str, name: str, tags: Mapping[str, str], parameters: Mapping[str, object]
) -> str:
    """Begin a run with its parameters, and return its id."""
    run = str(client.create_run(experiment, run_name=name, tags=dict(tags)).info.run_id)
    log_parameters(client, run, parameters)
    return run


def log_parameters(client: MlflowClient, run: str, parameters: Mapping[str, object]) -> None:
    """Log parameters of a run, as texts."""
    from mlflow.entities import Param

    client.log_batch(run, params=[Param(key, str(value)) for key, value in parameters.items()])


def log_figures(client: MlflowClient, run: str, figures: Mapping[str, float]) -> None:
    """Log the figures of a run that are known."""
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    known = [Metric(key, value, now, 0) for key, value in figures.items() if math.isfinite(value)]
    for start in range(0, len(known), BATCH):
        client.log_batch(run, metrics=known[start : start + BATCH])


def log_findings(client: MlflowClient, run: str, findings: Sequence[Finding]) -> None:
    """Log findings with a run: a table, their figures as metrics, and a tag for each that failed."""
    from mlflow.entities import RunTag

    if not findings:
        return
    values = {
        f"{found.code}.{name}": float(value) for found in findings for name, value in found.figures.items()
    } | {f"{found.code}.failed": float(found.outcome == "failed") for found in findings}
    wrong = [found for found in findings if found.outcome == "failed"]
    tags = [RunTag("checks", failed_checks(findings))]
    tags += [RunTag(f"check.{found.code}", f"{found.severity}: {found.title}") for found in wrong]
    log_figures(client, run, values)
    client.log_batch(run, tags=tags)
    client.log_table(run, findings_table(findings).astype(object), FINDINGS)


def failed_checks(findings: Sequence[Finding]) -> str:
    """The checks that failed, in a few words."""
    wrong = [f"{found.code} ({found.severity})" for found in findings if found.outcome == "failed"]
    return f"failed: {', '.join(wrong)}" if wrong else "none failed"
