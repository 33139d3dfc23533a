"""Checks of a training or backtest: what they look at, and the files with their findings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from riskmodel.errors import InputError, refuse_damage
from riskmodel.forecasting.backtest import Backtest
from riskmodel.forecasting.backtest_record import Record, read_record, record_of
from riskmodel.forecasting.checks import Context, run_checks
from riskmodel.forecasting.evaluation.list_overlap import reseeded_spec
from riskmodel.forecasting.experiment import Experiment
from riskmodel.forecasting.forecast import Forecast
from riskmodel.forecasting.group_audit.attributes import attributes_of
from riskmodel.forecasting.group_audit.audit import places_table
from riskmodel.forecasting.stage import Stage, fit, forecast_with, stage_of
from riskmodel.panel.panel import FloatArray, Panel
from riskmodel.sources.observations import SourceFile
from riskmodel.workspace.atomic import json_bytes
from riskmodel.workspace.findings import Finding
from riskmodel.workspace.store import Workspace
from riskmodel.workspace.versions import versions

#: File with the findings of a backtest, beside its record.
FINDINGS = "findings.json"
#: Seed of a second fit, which shows how much of a list depends on the seed.
OTHER_SEED = 1000
NO_BACKTEST = "there is no backtest yet: riskmodel backtest experiments/NAME.yaml"


def checked_backtest(backtest: Backtest, panel: Panel, code: str) -> tuple[Record, tuple[Finding, ...]]:
    """Record of a backtest, and the findings on its champion over all its origins."""
    champion, table = backtest.experiment.champion, backtest.importance
    record = record_of(backtest, panel, code, versions())
    attributes = attributes_of(panel, [origin.wave for origin in backtest.origins])
    places = places_table(record, champion, panel, attributes)
    record = replace(record, tables={**record.tables, "places": places})
    context = Context(
        experiment=backtest.experiment,
        model=champion,
        panel=panel,
        stages=tuple(stage_of(panel, origin) for origin in backtest.origins),
        record=record,
        importance=table[table["model"] == champion] if len(table) else None,
    )
    return record, run_checks(context)


def stored_record(
    workspace: Workspace, experiment: Experiment, model: str, level: str, files: Sequence[SourceFile]
) -> tuple[Record | None, str]:
    """The stored backtest of a model on some input files, or why there is none."""
    folder = workspace.path("backtests", experiment.name)
    if not folder.exists():
        return None, NO_BACKTEST
    try:
        record = read_record(folder, [model, *experiment.orderings])
    except InputError as error:
        return None, f"the stored backtest cannot be read ({error.found}): backtest again"
    reason = record.differs(experiment, model, level, [file.sha256 for file in files])
    return (None, f"{reason}: backtest again") if reason else (record, "")


def importance_of(contributions: FloatArray | None, stage: Stage) -> pd.DataFrame | None:
    """Mean absolute contribution of every feature at a stage; None for a model without contributions."""
    if contributions is None:
        return None
    return pd.DataFrame(
        {
            "origin_date": str(stage.origin.origin_date),
            "feature": stage.features.names,
            "value": np.abs(contributions[:, :-1]).mean(axis=0),
        }
    )


def reseeded(
    experiment: Experiment, model: str, panel: Panel, stage: Stage, own: Forecast
) -> tuple[FloatArray, ...]:
    """Chances of a forecast and of one from the same model with another seed; empty for a model without seed."""
    spec = reseeded_spec(experiment.model(model), OTHER_SEED)
    if spec is None:
        return ()
    fitted = fit(spec, experiment, stage.training)
    forecast, _ = forecast_with(model, fitted, experiment, panel, stage.origin)
    return own.chance_of(experiment.event), forecast.chance_of(experiment.event)


def write_findings(findings: Sequence[Finding], folder: Path) -> Path:
    """Write findings as JSON into an existing folder."""
    path = folder / FINDINGS
    path.write_bytes(json_bytes([each.as_dict() for each in findings], indent=2))
    return path


def read_findings(path: Path) -> tuple[Finding, ...]:
    """Read findings from a file with a list of them, or with one under ``findings`` (a model card)."""
    with refuse_damage(path, "no findings", "what riskmodel wrote"):
        content = json.loads(path.read_text(encoding="utf-8"))
        listed = content["findings"] if isinstance(content, dict) else content
        return tuple(Finding(**each) for each in listed)


def findings_of(workspace: Workspace, experiment: str) -> tuple[Finding, ...]:
    """Read the findings on the latest backtest of an experiment."""
    return read_findings(workspace.path("backtests", experiment, FINDINGS))
