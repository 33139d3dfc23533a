"""``riskmodel backtest``: forecast from every past origin and score the forecasts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from riskmodel.forecasting import backtest as backtesting
from riskmodel.forecasting.backtest_record import write_record
from riskmodel.forecasting.builtin_experiments import experiment_file
from riskmodel.forecasting.experiment import load_experiment
from riskmodel.products.governance.skill_tables import summary_table
from riskmodel.workflow.findings import checked_backtest, write_findings
from riskmodel.workspace.atomic import draft_folder
from riskmodel.workspace.store import Workspace
from riskmodel.workspace.transaction import put
from riskmodel.workspace.versions import code_version


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

    Writes ``backtests/NAME/forecasts.parquet``, ``scores.csv`` and the findings of the checks in the workspace; a
    later backtest of the same experiment replaces them, MLflow has every one.
    """
    from riskmodel.workflow.tracking.backtests import log_backtest

    experiment = experiment_file(experiment)
    question = load_experiment(experiment)
    panel = workspace.panel(level, allow_origin=question.allow_origin)
    done = backtesting.run(question, panel, origins, progress, leave_out=leave_out, seeds=seeds)
    record, findings = checked_backtest(done, panel, code_version())
    # Logged from a folder of its own: another process may write its backtest meanwhile.
    with draft_folder(workspace.path("backtests")) as draft:
        files = write_record(record, experiment.read_text(encoding="utf-8"), draft)
        files.append(write_findings(findings, draft))
        summary = summary_table(done.scores, done.paired, question)
        log_backtest(workspace, done, panel, files, findings, summary)
        put(workspace, {draft: workspace.path("backtests", question.name)})
    return done
