"""Train, check, describe, release and register the models of an experiment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np

from riskmodel.checking import importance_of, reseeded, stored_record
from riskmodel.errors import InputError
from riskmodel.forecasting import backtest as backtesting
from riskmodel.forecasting.checks import Context, Finding, Stage, run_checks, stage_of
from riskmodel.forecasting.experiment import Experiment, load_experiment
from riskmodel.forecasting.origins import latest_origin
from riskmodel.panel.panel import Panel
from riskmodel.panel.store import Workspace
from riskmodel.products.model_card import CardFacts, card_files
from riskmodel.scoring.reference import REFERENCE, reference_file
from riskmodel.scoring.release import Release, ReleasedModel, save_release


@dataclass(frozen=True)
class Trained:
    """A model that was trained and registered.

    Attributes
    ----------
    release : Release
        The model on disk.
    version : str
        Its number in MLflow.
    alias : str
        ``"champion"``, ``"candidate"`` or ``"challenger"``; empty when it is the very model that is champion.
    findings : tuple of Finding
        What the checks found.
    """

    release: Release
    version: str
    alias: str
    findings: tuple[Finding, ...]


def train(experiment: Path, workspace: Workspace, *, level: str | None = None) -> dict[str, Trained]:
    """Train champion and challenger on all that is known at the latest wave, check them, register both in MLflow.

    Without a champion in the workspace the new one takes that place, whatever the checks say; otherwise it becomes
    ``candidate`` and is put in place by :func:`riskmodel.attempts.promote`.

    Returns
    -------
    dict
        What was trained, for ``"champion"`` and ``"challenger"``.
    """
    from riskmodel import tracking

    question = load_experiment(experiment)
    panel = workspace.panel(level, allow_origin=question.allow_origin)
    stage = stage_of(panel, latest_origin(panel, question.horizon))
    code = tracking.code_version()
    return {
        role: _train(question, experiment, role, name, workspace, panel, stage, code)
        for role, name in (("champion", question.champion), ("challenger", question.challenger))
    }


def _train(
    question: Experiment,
    file: Path,
    role: str,
    name: str,
    workspace: Workspace,
    panel: Panel,
    stage: Stage,
    code: str,
) -> Trained:
    from riskmodel.registering import register
    from riskmodel.registry import contributions_of

    spec = question.model(name)
    model = backtesting.fit(spec, question, stage.training)
    if not isinstance(model, get_args(ReleasedModel)) or (
        role == "champion" and not hasattr(model, "contributions")
    ):
        raise InputError(
            file,
            f"{role} {name!r} of kind {spec.kind!r}",
            "a champion whose contributions can be told, and a challenger that can be released",
        )
    made, features = backtesting.forecast_with(name, model, question, panel, stage.origin)
    importance = importance_of(contributions_of(model, features), stage)
    record, no_record = stored_record(workspace, question, name, panel.level, panel.files)
    again = reseeded(question, name, panel, stage, made) if role == "champion" else ()
    findings = run_checks(
        Context(question, name, panel, (stage,), record, no_record, importance=importance, reseeded=again)
    )
    # What the model learned from, in counts, so that new input can be held against it.
    reference = {REFERENCE: reference_file(stage.training.features)}
    facts = CardFacts(question, name, panel, stage, findings, record, no_record, importance, code)
    release = save_release(
        workspace.path("models", question.name),
        name,
        model,
        file,
        panel,
        stage.origin,
        code,
        {**card_files(facts), **reference},
    )
    deviation = panel.deviation(stage.origin.wave)
    version = register(
        workspace, release, made.locations, features, deviation[~np.isnan(deviation)], role, findings
    )
    return Trained(release, version.number, version.alias, findings)
