"""Registered models: versions of an experiment's model, who is champion, and how that came about.

The alias ``champion`` is the model that forecasts. Training gives it only where there is none yet; afterwards it
moves by promotion alone. ``candidate`` is the newest model trained as champion while another one holds that place,
``challenger`` the newest of the experiment's challenger.
"""

from __future__ import annotations

import getpass
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

import riskmodel
from riskmodel.errors import InputError
from riskmodel.forecasting.checks import Finding
from riskmodel.forecasting.features import Features
from riskmodel.locking import only_writer
from riskmodel.panel.panel import FloatArray
from riskmodel.panel.store import Workspace
from riskmodel.scoring.predict import predict
from riskmodel.scoring.release import Release
from riskmodel.tracking import (
    client_of,
    experiment_id,
    fingerprints,
    has_store,
    log_findings,
    store_uri,
    summary_of,
)

if TYPE_CHECKING:
    from mlflow import MlflowClient

#: Versions that a registered model needs to run elsewhere.
REQUIREMENTS = [f"riskmodel=={riskmodel.__version__}"]
CHAMPION, CANDIDATE, CHALLENGER = "champion", "candidate", "challenger"
#: Longest text of a tag.
LONGEST = 4000


@dataclass(frozen=True)
class Version:
    """A version of a registered model.

    Attributes
    ----------
    number : str
        Version number in MLflow.
    release_id : str
        Released model behind it: the name of its folder.
    alias : str
        Alias it was found by or given; empty for none.
    """

    number: str
    release_id: str
    alias: str = ""


def register(
    workspace: Workspace,
    release: Release,
    locations: npt.NDArray[np.str_],
    features: Features,
    deviation: FloatArray,
    role: str,
    findings: Sequence[Finding] = (),
) -> Version:
    """Register a released model as a new version of its experiment's model and give it its alias.

    Parameters
    ----------
    workspace : Workspace
        Where the store is.
    release : Release
        The model.
    locations : numpy.ndarray of str, shape (areas,)
        Area codes.
    features : Features
        Features of these areas at the training origin; the first rows are the input example.
    deviation : numpy.ndarray, shape (areas,)
        Score minus base constant of the same areas.
    role : {"champion", "challenger"}
        What the experiment trained it as. A champion becomes ``candidate`` where another model is champion, and
        gets no alias where the champion is the same model.
    findings : sequence of Finding
        What the checks found.
    """
    with only_writer(workspace):
        return _register(workspace, release, locations, features, deviation, role, findings)


def _register(
    workspace: Workspace,
    release: Release,
    locations: npt.NDArray[np.str_],
    features: Features,
    deviation: FloatArray,
    role: str,
    findings: Sequence[Finding],
) -> Version:
    import mlflow
    from mlflow.models import infer_signature

    client, name = client_of(workspace), release.experiment.name
    example = pd.DataFrame(features.values[:5], columns=list(features.names)).assign(deviation=deviation[:5])
    mlflow.set_tracking_uri(store_uri(workspace))
    mlflow.set_experiment(experiment_id=experiment_id(client, workspace, name))
    tags = {"code_version": release.code_version, "release": release.id, "model": release.name}
    with mlflow.start_run(run_name=f"train {release.name} {release.wave}", tags=tags) as run:
        mlflow.log_params(
            {
                "origin": release.wave,
                "known_at": str(release.known_at),
                "pairs": str(release.pairs),
                "level": release.level,
                "allow_origin": release.experiment.allow_origin,
                **fingerprints(release.files),
            }
        )
        _log_explanation(release, locations, features)
        for path in sorted(release.folder.glob("model_card*")):
            mlflow.log_artifact(str(path))
        log_findings(client, run.info.run_id, findings)
        logged = mlflow.pyfunc.log_model(
            name="model",
            python_model=str(Path(__file__).parent / "scoring" / "pyfunc.py"),
            artifacts={"release": str(release.folder)},
            signature=infer_signature(example, predict(release, example)),
            input_example=example,
            pip_requirements=REQUIREMENTS,
        )
    _ensure_registered(client, release)
    version = client.create_model_version(
        name,
        logged.model_uri,
        run_id=run.info.run_id,
        tags={**tags, "checks": summary_of(findings)},
        description=release.id,
    ).version
    alias = role
    standing = _version_at(client, name, CHAMPION)
    if role == CHAMPION and standing is None:
        told = {"promoted.gate": "first model of this workspace: not asked", **_who()}
        _tag(client, name, str(version), told)
    elif role == CHAMPION and standing is not None:
        # The very model that is champion already needs no second place.
        alias = "" if standing.release_id == release.id else CANDIDATE
    if alias:
        client.set_registered_model_alias(name, alias, version)
    return Version(str(version), release.id, alias)


def _log_explanation(release: Release, locations: npt.NDArray[np.str_], features: Features) -> None:
    """Log contributions of every area and feature, and their beeswarm, for models that have them."""
    import mlflow

    from riskmodel import plots

    contributions = contributions_of(release.model, features)
    if contributions is None:
        return
    table = pd.DataFrame(contributions, columns=[*features.names, "base"])
    table.insert(0, "location", locations)
    with tempfile.TemporaryDirectory() as folder:
        table.to_csv(Path(folder, "shap_values.csv"), index=False)
        plots.beeswarm_picture(features, contributions).savefig(Path(folder, "shap_beeswarm.png"), dpi=110)
        mlflow.log_artifacts(folder)


def contributions_of(model: object, features: Features) -> FloatArray | None:
    """Contributions of a model that has them, shape (rows, features + 1); None for others."""
    made = getattr(model, "contributions", None)
    return None if made is None else made(features)


def release_by_alias(workspace: Workspace, experiment: str, alias: str) -> tuple[str, str] | None:
    """Release id and version of the registered model that carries an alias, None when there is none."""
    if not has_store(workspace):
        return None
    found = _version_at(client_of(workspace), experiment, alias)
    return None if found is None else (found.release_id, found.number)


def find_version(workspace: Workspace, experiment: str, asked: str) -> Version:
    """The version of a registered model by number or alias.

    Raises
    ------
    InputError
        If there is none.
    """
    there = versions(workspace, experiment)
    chosen = [each for each in there if asked in (each.number, each.alias)]
    if not chosen:
        told = [f"{each.number}{f' ({each.alias})' if each.alias else ''}" for each in there]
        raise InputError(
            f"--version {asked}",
            f"no such version of {experiment!r}",
            f"one of {', '.join(told)}" if told else "a trained model",
            "" if told else "Run: riskmodel train experiments/NAME.yaml",
        )
    return chosen[0]


def versions(workspace: Workspace, experiment: str) -> list[Version]:
    """Versions of a registered model, oldest first, a row for each alias; empty when there are none."""
    from mlflow.exceptions import MlflowException

    if not has_store(workspace):
        return []
    client = client_of(workspace)
    try:
        aliases: Mapping[str, object] = client.get_registered_model(experiment).aliases
    except MlflowException:
        return []
    found = []
    for each in client.search_model_versions(f"name = '{experiment}'"):
        own = [alias for alias, number in aliases.items() if str(number) == str(each.version)] or [""]
        found += [Version(str(each.version), str(each.tags.get("release", "")), alias) for alias in sorted(own)]
    return sorted(found, key=lambda version: (int(version.number), version.alias))


def make_champion(
    workspace: Workspace, experiment: str, version: Version, *, reasons: Sequence[str], reason: str
) -> None:
    """Move the alias ``champion`` to a version, and record who did so, when and why.

    Parameters
    ----------
    workspace : Workspace
        Where the store is.
    experiment : str
        Name of the registered model.
    version : Version
        The new champion.
    reasons : sequence of str
        What spoke against it; empty when the gate held.
    reason : str
        Why it was promoted all the same.
    """
    with only_writer(workspace):
        client = client_of(workspace)
        before = _version_at(client, experiment, CHAMPION)
        told = {
            "promoted.gate": "forced" if reasons else "held",
            "promoted.after": before.number if before else "none",
            "promoted.against": "; ".join(reasons)[:LONGEST] or "nothing",
            "promoted.reason": reason[:LONGEST] or "the gate held",
            **_who(),
        }
        _tag(client, experiment, version.number, told)
        summary = f"version {version.number} after {told['promoted.after']} by {told['promoted.by']}, "
        summary += f"gate {told['promoted.gate']}: {told['promoted.reason']}"
        client.set_registered_model_tag(experiment, f"promotion {told['promoted.at']}", summary[:LONGEST])
        client.set_registered_model_alias(experiment, CHAMPION, version.number)
        candidate = _version_at(client, experiment, CANDIDATE)
        if candidate is not None and candidate.number == version.number:
            client.delete_registered_model_alias(experiment, CANDIDATE)


def _version_at(client: MlflowClient, experiment: str, alias: str) -> Version | None:
    from mlflow.exceptions import MlflowException

    try:
        found = client.get_model_version_by_alias(experiment, alias)
    except MlflowException:
        return None
    return Version(str(found.version), str(found.tags["release"]), alias)


def _tag(client: MlflowClient, experiment: str, number: str, tags: Mapping[str, str]) -> None:
    for key, value in tags.items():
        client.set_model_version_tag(experiment, number, key, value)


def _who() -> dict[str, str]:
    """Who does this now, for the record that is kept in this workspace."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container without a user table
        user = "unknown"
    return {"promoted.by": user, "promoted.at": f"{datetime.now(tz=UTC):%Y-%m-%dT%H:%M:%SZ}"}


def _ensure_registered(client: MlflowClient, release: Release) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.get_registered_model(release.experiment.name)
    except MlflowException:
        client.create_registered_model(release.experiment.name, description=release.experiment.question)
