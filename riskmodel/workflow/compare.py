"""``riskmodel compare``: backtests or models side by side."""

from __future__ import annotations

from collections.abc import Sequence

from riskmodel.errors import InputError
from riskmodel.forecasting import compare as comparing
from riskmodel.forecasting.backtest_record import read_record
from riskmodel.forecasting.compare import Attempt, Comparison
from riskmodel.workspace.store import Workspace


def compare(workspace: Workspace, asked: Sequence[str], *, cohorts: Sequence[str] = ()) -> Comparison:
    """Put attempts side by side; see :func:`riskmodel.forecasting.compare.compare`.

    Parameters
    ----------
    workspace : Workspace
        Where the backtests are.
    asked : sequence of str
        Each ``NAME`` (the latest backtest of an experiment) or the id of a run in MLflow, or the beginning of one;
        with ``:MODEL`` behind it for another model than the champion.
    cohorts : sequence of str
        Names of cohorts; by default all that are shared.
    """
    attempts = [find_attempt(workspace, each) for each in asked]
    labels = [attempt.label for attempt in attempts]
    if len(set(labels)) < len(labels):
        raise InputError("compare", f"the same attempt twice ({', '.join(labels)})", "different ones")
    levels = sorted({attempt.record.level for attempt in attempts})
    if len(levels) > 1:
        raise InputError("compare", f"attempts at levels {', '.join(levels)}", "one level")
    allow = any(attempt.record.experiment.allow_origin for attempt in attempts)
    panel = workspace.panel(levels[0] if levels else None, allow_origin=allow)
    return comparing.compare(attempts, panel, cohorts)


def find_attempt(workspace: Workspace, asked: str) -> Attempt:
    """Find an attempt by its name or the id of its run."""
    from riskmodel.workflow.tracking import runs

    name, _, model = asked.partition(":")
    folder = workspace.path("backtests", name)
    if name and folder.is_dir():
        record, label = read_record(folder), name
    else:
        found = runs.backtest_run(workspace, name)
        if found is None:
            stored = sorted(path.name for path in workspace.path("backtests").glob("[!.]*"))
            known = [*stored, *runs.backtest_runs(workspace)]
            hint = "" if known else "Run: riskmodel backtest experiments/NAME.yaml"
            raise InputError(f"compare {asked}", "no such backtest", "; ".join(known) or "a backtest", hint)
        run, own, artifacts = found
        record, label, model = read_record(artifacts), run[:8], model or own
    model = model or record.experiment.champion
    if not record.of(model):
        models = sorted({forecast.model for forecast in record.forecasts})
        raise InputError(f"compare {asked}", f"no model {model!r}", f"one of {', '.join(models)}")
    return Attempt(f"{label}:{model}", record, model)
