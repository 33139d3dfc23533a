"""``riskmodel train`` and ``riskmodel describe``: fit, check, release and register models, and describe them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from riskmodel.errors import InputError
from riskmodel.forecasting.builtin_experiments import experiment_file
from riskmodel.forecasting.checks import Context, run_checks
from riskmodel.forecasting.drivers.contributions import contributions_of
from riskmodel.forecasting.experiment import Experiment, load_experiment
from riskmodel.forecasting.models import ChangeModel
from riskmodel.forecasting.origins import latest_origin, origin_at
from riskmodel.forecasting.stage import Stage, fit, forecast_of, stage_of
from riskmodel.panel.panel import Panel
from riskmodel.products.governance.iama import DOCUMENT, iama_document
from riskmodel.products.governance.model_card import JSON as CARD
from riskmodel.products.governance.model_card import CardFacts, card_files
from riskmodel.products.governance.register_entry import ENTRY, entry_of
from riskmodel.products.governance.register_words import RegisterFacts, register_values, sources_of
from riskmodel.products.risk_list.texts import event_in_dutch, in_dutch
from riskmodel.products.risk_list.track_record import track_record
from riskmodel.scoring.reference import REFERENCE, reference_file
from riskmodel.scoring.release import Release, ReleasedModel, describe_release, load_release, save_release
from riskmodel.workflow.findings import importance_of, read_findings, reseeded, stored_record
from riskmodel.workspace.findings import Finding
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
        Of the checks.
    again : bool
        Whether it was trained now; False for the same model, trained before for another question.
    """

    release: Release
    version: str
    alias: str
    findings: tuple[Finding, ...]
    again: bool = True


def train(experiment: Path, workspace: Workspace, *, level: str | None = None) -> dict[str, Trained]:
    """Train champion and challenger on all that is known at the latest wave, check them, register both in MLflow.

    They are the models of a horizon and level, see
    :meth:`~riskmodel.forecasting.experiment.Experiment.model_name`. Where another question trained the very same
    model on the same files, nothing is fitted again.

    Without a champion in the workspace the new model becomes that, whatever the checks say; otherwise it becomes
    ``candidate``, until :func:`riskmodel.workflow.promote.promote`.

    Returns
    -------
    dict
        What was trained, for ``"champion"`` and ``"challenger"``.
    """
    file = experiment_file(experiment)
    question = load_experiment(file)
    panel = workspace.panel(level, allow_origin=question.allow_origin)
    stage = stage_of(panel, latest_origin(panel, question.horizon))
    names = {"champion": question.champion, "challenger": question.challenger}
    return {
        role: _trained_before(workspace, question, panel, stage, name)
        or _train(workspace, file, question, panel, stage, role, name)
        for role, name in names.items()
    }


def _trained_before(
    workspace: Workspace, question: Experiment, panel: Panel, stage: Stage, name: str
) -> Trained | None:
    """The same model, trained for another question; None where there is none, or this question trained it."""
    from riskmodel.workflow.tracking import registry

    sums = [file.sha256 for file in panel.files]
    asked = (question.model(name), question.outputs, stage.origin.wave, sums, code_version())
    for folder in sorted(workspace.path("models", question.model_name(panel.level)).glob(f"{name}-*")):
        release = load_release(folder)
        own = release.experiment
        there = (own.model(release.name), own.outputs, release.wave, [file.sha256 for file in release.files])
        if own.name == question.name or (*there, release.code_version) != asked:
            continue
        versions = [
            each for each in registry.versions(workspace, release.model_name) if each.release_id == release.id
        ]
        if versions:
            findings = read_findings(folder / CARD) if (folder / CARD).exists() else ()
            return Trained(release, versions[0].number, versions[0].alias, findings, again=False)
    return None


def _train(
    workspace: Workspace, file: Path, question: Experiment, panel: Panel, stage: Stage, role: str, name: str
) -> Trained:
    from riskmodel.workflow.tracking.registering import register

    spec = question.model(name)
    model = fit(spec, question, stage.training)
    if not isinstance(model, get_args(ReleasedModel)) or (
        role == "champion" and not hasattr(model, "contributions")
    ):
        raise InputError(
            file,
            f"{role} {name!r} of kind {spec.kind!r}",
            "a champion whose contributions can be told, and a challenger that can be released",
        )
    facts = _facts(workspace, question, name, model, panel, stage, code_version())
    release = save_release(
        workspace.path("models", question.model_name(panel.level)),
        name,
        model,
        file,
        panel,
        stage.origin,
        facts.code_version,
        lambda release_id: description_of(facts, release_id),
        workspace,
    )
    version = register(workspace, release, facts, role)
    return Trained(release, version.number, version.alias, tuple(facts.findings))


def describe(folder: Path, workspace: Workspace) -> Release:
    """Make card, audit, register entry and IAMA document of a released model anew; the model stays as it is.

    Parameters
    ----------
    folder : Path
        Of the released model, in a workspace or elsewhere.
    workspace : Workspace
        With the very files the model was trained on, and its backtest if the card shall report it.

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
    facts = _facts(workspace, question, release.name, release.model, panel, stage, release.code_version)
    within = folder.resolve().is_relative_to(workspace.folder.resolve())
    return describe_release(release, description_of(facts, release.id), workspace if within else None)


def description_of(facts: CardFacts, release_id: str) -> Mapping[str, bytes]:
    """Files that describe a model, by name."""
    record = facts.record
    about = RegisterFacts(
        event=event_in_dutch(facts.experiment.event),
        horizon=facts.experiment.horizon,
        level=facts.panel.level,
        model=facts.model,
        release_id=release_id,
        sources=sources_of(facts.panel.known_at(facts.stage.origin.known_at)),
        track_record=in_dutch(track_record(record.scores, record.experiment, facts.model) if record else None),
    )
    return {
        **card_files(facts),
        ENTRY: entry_of(register_values(about)).text.encode(),
        DOCUMENT: iama_document(facts, release_id).encode(),
        # What the model learned from, in counts, so that new input can be compared with it.
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
) -> CardFacts:
    """Findings of the checks on a model, its stored backtest, and all else that describes it."""
    made = forecast_of(name, model, question, panel, stage.origin, stage.features)
    importance = importance_of(contributions_of(model, stage.features), stage)
    record, no_record = stored_record(workspace, question, name, panel.level, panel.files)
    again = reseeded(question, name, panel, stage, made) if name == question.champion else ()
    findings = run_checks(
        Context(question, name, panel, (stage,), record, no_record, importance=importance, reseeded=again)
    )
    return CardFacts(question, name, panel, stage, findings, record, no_record, importance, code)
