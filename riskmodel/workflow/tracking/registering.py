"""A released model becomes a version in the registry, with its explanation, its checks and its alias."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.forecasting.backtest_record import Record
from riskmodel.forecasting.checks import Finding
from riskmodel.forecasting.drivers.contributions import contributions_of
from riskmodel.forecasting.features import Features
from riskmodel.panel.panel import FloatArray, Panel
from riskmodel.scoring.predict import predict
from riskmodel.scoring.release import Release
from riskmodel.workflow.tracking.log import (
    TRAIN,
    fingerprints,
    log_figures,
    log_findings,
    log_parameters,
    summary_of,
    tags_of,
)
from riskmodel.workflow.tracking.registry import CANDIDATE, CHAMPION, Version, tag, version_at, who
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


def register(
    workspace: Workspace,
    release: Release,
    panel: Panel,
    locations: npt.NDArray[np.str_],
    features: Features,
    deviation: FloatArray,
    role: str,
    findings: Sequence[Finding] = (),
    record: Record | None = None,
    no_record: str = "",
) -> Version:
    """Register a released model as a new version of its experiment's model and give it its alias."""
    import mlflow

    with writing_runs(workspace):
        client, question = client_of(workspace), release.experiment
        tags = {"code_version": release.code_version, "release": release.id, "model": release.name}
        described = version_note(release, record, no_record)
        about_run = {**tags_of("train", TRAIN), **tags, "role": role, NOTE: described}
        mlflow.set_tracking_uri(store_uri(workspace))
        mlflow.set_experiment(experiment_id=experiment_id(client, workspace, question.name))
        with mlflow.start_run(run_name=f"train {release.name} {release.wave}", tags=about_run) as active:
            run = active.info.run_id
            log_parameters(client, run, _settings(release))
            client.log_inputs(run, [dataset_input(panel, TRAINING)])
            if record is not None:
                log_figures(client, run, mean_figures(first_figures(record.scores, question), release.name))
            _log_explanation(release, locations, features)
            for pattern in DESCRIBING:
                for path in sorted(release.folder.glob(pattern)):
                    mlflow.log_artifact(str(path))
            log_findings(client, run, findings)
            model_uri = _log_model(release, features, deviation)
        _ensure_registered(client, release)
        version = client.create_model_version(
            question.name,
            model_uri,
            run_id=run,
            tags={**tags, "checks": summary_of(findings)},
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


def _log_model(release: Release, features: Features, deviation: FloatArray) -> str:
    """Log the model itself with an example of its input; gives its address."""
    import mlflow
    from mlflow.models import infer_signature

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
    """Give a new version the alias that it comes to; empty for none."""
    name, alias = release.experiment.name, role
    standing = version_at(client, name, CHAMPION)
    if role == CHAMPION and standing is None:
        told = {"promoted.gate": "first model of this workspace: not asked", **who()}
        tag(client, name, version, told)
    elif role == CHAMPION and standing is not None:
        # The very model that is champion already needs no second place.
        alias = "" if standing.release_id == release.id else CANDIDATE
    if alias:
        client.set_registered_model_alias(name, alias, version)
    return alias


def _log_explanation(release: Release, locations: npt.NDArray[np.str_], features: Features) -> None:
    """Log contributions of every area and feature, and their beeswarm, for models that have them."""
    import mlflow

    from riskmodel.workflow.tracking import pictures as plots

    contributions = contributions_of(release.model, features)
    if contributions is None:
        return
    table = pd.DataFrame(contributions, columns=[*features.names, "base"])
    table.insert(0, "location", locations)
    with tempfile.TemporaryDirectory() as folder:
        write_table(table, Path(folder, "shap_values.csv"))
        plots.beeswarm_picture(features, contributions).savefig(Path(folder, "shap_beeswarm.png"), dpi=110)
        mlflow.log_artifacts(folder)


def _ensure_registered(client: MlflowClient, release: Release) -> None:
    from mlflow.exceptions import MlflowException

    name, note = release.experiment.name, model_note(release.experiment)
    try:
        client.update_registered_model(name, description=note)
    except MlflowException:
        client.create_registered_model(name, description=note)
