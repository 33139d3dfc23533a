"""Register a released model as a version, with its explanation, its checks and its alias."""

from __future__ import annotations

import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from riskmodel.forecasting.drivers.contributions import contributions_of
from riskmodel.forecasting.stage import Stage, scored_areas
from riskmodel.products.governance.model_card import CardFacts
from riskmodel.scoring.predict import predict
from riskmodel.scoring.release import Release
from riskmodel.workflow.tracking.log import (
    TRAIN,
    failed_checks,
    fingerprints,
    log_figures,
    log_findings,
    log_parameters,
    run_tags,
)
from riskmodel.workflow.tracking.registry import CANDIDATE, CHAMPION, Version, promoter, tag, version_at
from riskmodel.workflow.tracking.store import client_of, experiment_id, store_uri
from riskmodel.workflow.tracking.words import (
    NOTE,
    TRAINING,
    dataset_input,
    first_figures,
    mean_figures,
    model_note,
    version_note,
)
from riskmodel.workspace.safe_text import write_table
from riskmodel.workspace.store import Workspace
from riskmodel.workspace.transaction import writing_runs

if TYPE_CHECKING:
    from mlflow import MlflowClient

#: Versions that a registered model needs to run elsewhere.
REQUIREMENTS = [f"riskmodel=={version('riskmodel')}"]
#: Files of a released model that describe it.
DESCRIBING = ("model_card*", "register_entry.json", "iama.md")


def register(workspace: Workspace, release: Release, facts: CardFacts, role: str) -> Version:
    """Register a released model as a new version of the model of its horizon and level, and give it its alias."""
    import mlflow

    with writing_runs(workspace):
        client, question, record = client_of(workspace), release.experiment, facts.record
        tags = {"code_version": release.code_version, "release": release.id, "model": release.name}
        described = version_note(release, record, facts.no_record)
        about_run = {**run_tags("train", TRAIN), **tags, "role": role, NOTE: described}
        mlflow.set_tracking_uri(store_uri(workspace))
        mlflow.set_experiment(experiment_id=experiment_id(client, workspace, question.name))
        with mlflow.start_run(run_name=f"train {release.name} {release.wave}", tags=about_run) as active:
            run = active.info.run_id
            log_parameters(client, run, _settings(release))
            client.log_inputs(run, [dataset_input(facts.panel, TRAINING)])
            if record is not None:
                log_figures(client, run, mean_figures(first_figures(record.scores, question), release.name))
            _log_explanation(release, facts.stage)
            for pattern in DESCRIBING:
                for path in sorted(release.folder.glob(pattern)):
                    mlflow.log_artifact(str(path))
            log_findings(client, run, facts.findings)
            model_uri = _log_model(release, facts)
        _ensure_registered(client, release)
        version = client.create_model_version(
            release.model_name,
            model_uri,
            run_id=run,
            tags={**tags, "checks": failed_checks(facts.findings)},
            description=described,
        ).version
        return Version(str(version), release.id, _give_alias(client, release, role, str(version)))


def _settings(release: Release) -> dict[str, object]:
    return {
        "origin": release.wave,
        "known_at": release.known_at,
        "pairs": release.pairs,
        "level": release.level,
        "allow_origin": release.experiment.allow_origin,
        **fingerprints(release.files),
    }


def _log_model(release: Release, facts: CardFacts) -> str:
    """Log the model itself with an example of its input, and return its address."""
    import mlflow
    from mlflow.models import infer_signature

    features, origin = facts.stage.features, facts.stage.origin
    deviation = facts.panel.deviation(origin.wave)[scored_areas(facts.panel, origin)]
    example = pd.DataFrame(features.values[:5], columns=list(features.names)).assign(deviation=deviation[:5])
    logged = mlflow.pyfunc.log_model(
        name="model",
        python_model=str(Path(__file__).parents[2] / "scoring" / "pyfunc.py"),
        artifacts={"release": str(release.folder)},
        signature=infer_signature(example, predict(release, example)),
        input_example=example,
        pip_requirements=REQUIREMENTS,
    )
    return str(logged.model_uri)


def _give_alias(client: MlflowClient, release: Release, role: str, version: str) -> str:
    """Give a new version its alias, and return it; empty for none."""
    name, alias = release.model_name, role
    current = version_at(client, name, CHAMPION)
    if role == CHAMPION and current is None:
        tag(client, name, version, {"promoted.gate": "first model of this workspace: not asked", **promoter()})
    elif role == CHAMPION and current is not None:
        # The very model that is champion already needs no second alias.
        alias = "" if current.release_id == release.id else CANDIDATE
    if alias:
        client.set_registered_model_alias(name, alias, version)
    return alias


def _log_explanation(release: Release, stage: Stage) -> None:
    """Log contributions of every area and feature, and their beeswarm, for models that have them."""
    import mlflow

    from riskmodel.workflow.tracking import pictures as plots

    contributions = contributions_of(release.model, stage.features)
    if contributions is None:
        return
    table = pd.DataFrame(contributions, columns=[*stage.features.names, "base"])
    table.insert(0, "location", stage.areas)
    with tempfile.TemporaryDirectory() as folder:
        write_table(table, Path(folder, "shap_values.csv"))
        plots.beeswarm_picture(stage.features, contributions).savefig(Path(folder, "shap_beeswarm.png"), dpi=110)
        mlflow.log_artifacts(folder)


def _ensure_registered(client: MlflowClient, release: Release) -> None:
    from mlflow.exceptions import MlflowException

    name, note = release.model_name, model_note(release.experiment)
    try:
        client.update_registered_model(name, description=note)
    except MlflowException:
        client.create_registered_model(name, description=note)
