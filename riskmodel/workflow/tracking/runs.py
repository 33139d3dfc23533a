"""Find backtests among the runs of MLflow."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from riskmodel.errors import InputError
from riskmodel.workflow.tracking.log import BACKTEST, KIND
from riskmodel.workflow.tracking.store import client_of, has_store
from riskmodel.workspace.store import Workspace

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

#: Shortest beginning of a run id that may be used for the whole.
SHORTEST_ID = 6


def backtest_run(workspace: Workspace, asked: str) -> tuple[str, str, Path] | None:
    """The backtest in MLflow whose run id is, or begins with, what was asked.

    The id of a nested run means its model in the backtest it belongs to.
    """
    if not has_store(workspace) or len(asked) < SHORTEST_ID:
        return None
    client = client_of(workspace)
    experiments = [each.experiment_id for each in client.search_experiments()]
    found = [run for run in every_run(client, experiments) if run.info.run_id.startswith(asked)]
    if not found:
        return None
    if len(found) > 1:
        raise InputError("compare", f"{len(found)} runs that begin with {asked!r}", "one", "Give more of its id.")
    run, model = found[0], ""
    parent = run.data.tags.get("mlflow.parentRunId")
    if parent:
        run, model = client.get_run(parent), run.data.tags.get("model", "")
    if run.data.tags.get(KIND) != BACKTEST:
        raise InputError("compare", f"run {asked}, which is no backtest", "a run of riskmodel backtest")
    return str(run.info.run_id), model, Path(client.download_artifacts(run.info.run_id, ""))


def backtest_runs(workspace: Workspace, newest: int = 10) -> list[str]:
    """The newest backtests in MLflow, each as one line: id, experiment and name."""
    if not has_store(workspace):
        return []
    client = client_of(workspace)
    names = {each.experiment_id: each.name for each in client.search_experiments()}
    found = [run for run in every_run(client, list(names)) if run.data.tags.get(KIND) == BACKTEST]
    found.sort(key=lambda run: -run.info.start_time)
    return [
        f"{run.info.run_id[:8]} {names.get(run.info.experiment_id, '')} ({run.info.run_name})"
        for run in found[:newest]
    ]


def every_run(client: MlflowClient, experiments: Sequence[str]) -> list[Run]:
    """Return all runs of experiments by id, read page by page."""
    found: list[Run] = []
    token: str | None = None
    while experiments:
        page = client.search_runs(list(experiments), max_results=1000, page_token=token)
        found += page
        token = page.token
        if not token:
            break
    return found
