"""Train, check, describe, release and register the models of an experiment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np

from riskmodel.errors import InputError
from riskmodel.forecasting import backtest as backtesting
from riskmodel.forecasting.builtin_experiments import experiment_file
from riskmodel.forecasting.checks import Context, Finding, Stage, run_checks, stage_of
from riskmodel.forecasting.drivers.contributions import contributions_of
from riskmodel.forecasting.experiment import Experiment, load_experiment
from riskmodel.forecasting.features import Features
from riskmodel.forecasting.forecast import Forecast
from riskmodel.forecasting.models import ChangeModel
from riskmodel.forecasting.origins import latest_origin, origin_at
from riskmodel.panel.panel import Panel
from riskmodel.products.governance.iama import DOCUMENT, iama_document
from riskmodel.products.governance.model_card import CardFacts, card_files
from riskmodel.products.governance.register_entry import ENTRY, entry_of
from riskmodel.products.governance.register_words import RegisterFacts, register_values, sources_of
from riskmodel.products.risk_list.track_record import record_in_words
from riskmodel.scoring.reference import REFERENCE, reference_file
from riskmodel.scoring.release import Release, ReleasedModel, describe_release, load_release, save_release
from riskmodel.workflow.findings import importance_of, reseeded, stored_record
from riskmodel.workspace.store import Workspace
from riskmodel.workspace.versions import code_version


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
    ``candidate`` and is put in place by :func:`riskmodel.workflow.promote.promote`.

    Returns
    -------
    dict
        What was trained, for ``"champion"`` and ``"challenger"``.
    """
    experiment = experiment_file(experiment)
    question = load_experiment(experiment)
    panel = workspace.panel(level, allow_origin=question.allow_origin)
    stage = stage_of(panel, latest_origin(panel, question.horizon))
    code = code_version()
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
    from riskmodel.workflow.tracking.registering import register

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
    facts, made, features = _facts(workspace, question, name, model, panel, stage, code)
    release = save_release(
        workspace.path("models", question.name),
        name,
        model,
        file,
        panel,
        stage.origin,
        code,
        lambda release_id: description_of(facts, release_id),
        workspace,
    )
    deviation = panel.deviation(stage.origin.wave)
    version = register(
        workspace,
        release,
        panel,
        made.locations,
        features,
        deviation[~np.isnan(deviation)],
        role,
        facts.findings,
        facts.record,
        facts.no_record,
    )
    return Trained(release, version.number, version.alias, tuple(facts.findings))


def describe(folder: Path, workspace: Workspace) -> Release:
    """Make card, audit, register entry and IAMA document of a released model anew; the model stays as it is.

    Parameters
    ----------
    folder : Path
        Of the released model, in a workspace or elsewhere.
    workspace : Workspace
        With the very files the model was trained on, and its backtest if the card shall tell of it.

    Raises
    ------
    InputError
        If the folder holds no released model, or the workspace holds other files than it was trained on.
    """
    release = load_release(folder)
    question = release.experiment
    panel = workspace.panel(release.level, allow_origin=question.allow_origin)
    if {file.sha256 for file in panel.files} != {file.sha256 for file in release.files}:
        names = ", ".join(file.name for file in release.files)
        raise InputError(workspace.folder, f"other files than {release.id} was trained on", names)
    stage = stage_of(panel, origin_at(panel, release.wave, question.horizon))
    facts, _, _ = _facts(workspace, question, release.name, release.model, panel, stage, release.code_version)
    within = folder.resolve().is_relative_to(workspace.folder.resolve())
    return describe_release(release, description_of(facts, release.id), workspace if within else None)


def description_of(facts: CardFacts, release_id: str) -> Mapping[str, bytes]:
    """Files that describe a model, by name."""
    record = facts.record
    about = RegisterFacts(
        event=facts.experiment.event.in_dutch,
        horizon=facts.experiment.horizon,
        level=facts.panel.level,
        model=facts.model,
        release_id=release_id,
        sources=sources_of(facts.panel.known_at(facts.stage.origin.known_at)),
        track_record="" if record is None else record_in_words(record.scores, record.experiment, facts.model),
    )
    return {
        **card_files(facts),
        ENTRY: entry_of(register_values(about)).text.encode(),
        DOCUMENT: iama_document(facts, release_id).encode(),
        # What the model learned from, in counts, so that new input can be held against it.
        REFERENCE: reference_file(facts.stage.training.features),
    }


def _facts(
    workspace: Workspace,
    question: Experiment,
    name: str,
    model: ChangeModel,
    panel: Panel,
    stage: Stage,
    code: str,
) -> tuple[CardFacts, Forecast, Features]:
    """What there is to tell of a model: what checks find and its stored backtest; and what it forecasts now."""
    made, features = backtesting.forecast_with(name, model, question, panel, stage.origin)
    importance = importance_of(contributions_of(model, features), stage)
    record, no_record = stored_record(workspace, question, name, panel.level, panel.files)
    again = reseeded(question, name, panel, stage, made) if name == question.champion else ()
    findings = run_checks(
        Context(question, name, panel, (stage,), record, no_record, importance=importance, reseeded=again)
    )
    return CardFacts(question, name, panel, stage, findings, record, no_record, importance, code), made, features
