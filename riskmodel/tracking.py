"""MLflow: one store a workspace, one experiment a question, one parent run a backtest.

The store is SQLite; artifacts lie beside it. Nothing is reported to anyone: telemetry is switched off when the
package is imported.
"""

from __future__ import annotations

import logging
import math
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

import riskmodel
from riskmodel.forecasting.backtest import Backtest
from riskmodel.forecasting.features import Features
from riskmodel.forecasting.models.lightgbm import LightGBM
from riskmodel.panel.panel import FloatArray, Panel
from riskmodel.panel.store import Workspace
from riskmodel.scoring.predict import predict
from riskmodel.scoring.release import Release
from riskmodel.sources.observations import SourceFile

if TYPE_CHECKING:
    from mlflow import MlflowClient

#: Versions that a registered model needs to run elsewhere.
REQUIREMENTS = [f"riskmodel=={riskmodel.__version__}"]


def code_version() -> str:
    """Version of the package and, in a git checkout, its commit."""
    asked = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    commit = asked.stdout.strip() if asked.returncode == 0 else ""
    return f"{riskmodel.__version__}+{commit}" if commit else riskmodel.__version__


def store_uri(workspace: Workspace) -> str:
    """Address of the workspace's MLflow store, as ``mlflow ui --backend-store-uri`` takes it."""
    return f"sqlite:///{workspace.path('mlflow.db').resolve()}"


def log_backtest(workspace: Workspace, backtest: Backtest, panel: Panel, files: list[Path]) -> str:
    """Log a backtest: a parent run with its files and pictures, a nested run per model and origin.

    Parameters
    ----------
    workspace : Workspace
        Where the store is.
    backtest : Backtest
        What was done.
    panel : Panel
        What it was done on.
    files : list of Path
        Files to keep with the parent run: forecasts and scores.

    Returns
    -------
    str
        Id of the parent run.
    """
    from mlflow.entities import Param, RunTag

    client = _client(workspace)
    experiment_id = _experiment_id(client, workspace, backtest.experiment.name)
    version = code_version()
    waves = ", ".join(str(origin.wave) for origin in backtest.origins)
    tags = {
        "mlflow.source.name": "riskmodel backtest",
        "code_version": version,
        "question": backtest.experiment.question,
    }
    parent = client.create_run(experiment_id, run_name=f"backtest {waves}", tags=tags).info.run_id
    settings = {
        "horizon": backtest.experiment.horizon,
        "event": backtest.experiment.event.name,
        "origins": waves,
        "level": panel.level,
        "areas": len(panel.areas),
        "capacity": backtest.experiment.capacity,
        "allow_origin": backtest.experiment.allow_origin,
        **_fingerprints(panel.files),
    }
    client.log_batch(parent, params=[Param(key, str(value)) for key, value in settings.items()])
    _log_parent_files(client, parent, backtest, panel, files)
    for (model, origin_date), rows in backtest.scores.groupby(["model", "origin_date"], sort=False):
        spec = backtest.experiment.model(str(model))
        run = client.create_run(
            experiment_id,
            run_name=f"{model} {str(origin_date)[:4]}",
            tags={"mlflow.parentRunId": parent, "model": str(model), "code_version": version},
        ).info.run_id
        parameters = {"model": model, "kind": spec.kind, "origin_date": origin_date, **spec.parameters}
        client.log_batch(
            run,
            metrics=_metrics(rows),
            params=[Param(str(key), str(value)) for key, value in parameters.items()],
        )
        client.set_terminated(run)
    champion = backtest.scores[backtest.scores["model"] == backtest.experiment.champion]
    means = champion.groupby(["metric", "cohort"])["value"].mean().reset_index()
    client.log_batch(
        parent,
        metrics=_metrics(means),
        tags=[RunTag("skipped", "; ".join(f"{s.model} {s.wave}: {s.reason}" for s in backtest.skipped) or "none")],
    )
    client.set_terminated(parent)
    return str(parent)


def _fingerprints(files: Sequence[SourceFile]) -> dict[str, str]:
    """Input files as parameters of a run."""
    return {f"input_{number}": f"{file.name} sha256:{file.sha256}" for number, file in enumerate(files, 1)}


def register(
    workspace: Workspace,
    release: Release,
    locations: npt.NDArray[np.str_],
    features: Features,
    deviation: FloatArray,
    alias: str,
) -> str:
    """Register a released model as a new version of its experiment's model and give it an alias.

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
    alias : str
        ``"champion"`` or ``"challenger"``.

    Returns
    -------
    str
        The version number.
    """
    import mlflow
    from mlflow.models import infer_signature

    client = _client(workspace)
    example = pd.DataFrame(features.values[:5], columns=list(features.names)).assign(deviation=deviation[:5])
    mlflow.set_tracking_uri(store_uri(workspace))
    mlflow.set_experiment(experiment_id=_experiment_id(client, workspace, release.experiment.name))
    tags = {"code_version": release.code_version, "release": release.id, "model": release.name}
    with mlflow.start_run(run_name=f"train {release.name} {release.wave}", tags=tags) as run:
        mlflow.log_params(
            {
                "origin": release.wave,
                "known_at": str(release.known_at),
                "pairs": str(release.pairs),
                "level": release.level,
                "allow_origin": release.experiment.allow_origin,
                **_fingerprints(release.files),
            }
        )
        _log_explanation(release, locations, features)
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
        release.experiment.name, logged.model_uri, run_id=run.info.run_id, tags=tags, description=release.id
    ).version
    client.set_registered_model_alias(release.experiment.name, alias, version)
    return str(version)


def _log_explanation(release: Release, locations: npt.NDArray[np.str_], features: Features) -> None:
    """Log contributions of every area and feature, and their beeswarm, for models that have them."""
    import mlflow

    from riskmodel import plots

    if not isinstance(release.model, LightGBM):
        return
    contributions = release.model.contributions(features)
    table = pd.DataFrame(contributions, columns=[*features.names, "base"])
    table.insert(0, "location", locations)
    with tempfile.TemporaryDirectory() as folder:
        table.to_csv(Path(folder, "shap_values.csv"), index=False)
        plots.beeswarm_picture(features, contributions).savefig(Path(folder, "shap_beeswarm.png"), dpi=110)
        mlflow.log_artifacts(folder)


def release_by_alias(workspace: Workspace, experiment: str, alias: str) -> tuple[str, str] | None:
    """Release id and version of the registered model that carries an alias, None when there is none."""
    from mlflow.exceptions import MlflowException

    if not workspace.path("mlflow.db").exists():
        return None
    try:
        version = _client(workspace).get_model_version_by_alias(experiment, alias)
    except MlflowException:
        return None
    return str(version.tags["release"]), str(version.version)


def _client(workspace: Workspace) -> MlflowClient:
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    from mlflow import MlflowClient

    workspace.folder.mkdir(parents=True, exist_ok=True)
    return MlflowClient(store_uri(workspace), store_uri(workspace))


def _experiment_id(client: MlflowClient, workspace: Workspace, name: str) -> str:
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    place = workspace.path("mlartifacts", name).resolve().as_uri()
    return str(client.create_experiment(name, artifact_location=place))


def _ensure_registered(client: MlflowClient, release: Release) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.get_registered_model(release.experiment.name)
    except MlflowException:
        client.create_registered_model(release.experiment.name, description=release.experiment.question)


def _metrics(rows: pd.DataFrame) -> list[Any]:
    """One metric a cohort and score, with the counts beside them."""
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    values = {
        f"{metric}.{_plain(cohort)}": float(value)
        for metric, cohort, value in zip(rows["metric"], rows["cohort"], rows["value"], strict=True)
    }
    for count in ("n", "n_events"):
        if count in rows.columns:
            counted = rows.groupby("cohort")[count].first()
            values |= {f"{count}.{_plain(str(cohort))}": float(number) for cohort, number in counted.items()}
    return [Metric(key, value, now, 0) for key, value in values.items() if not math.isnan(value)]


def _plain(cohort: str) -> str:
    return cohort.replace("+", "_and_more").replace(",", "").replace(" ", "_")


def _log_parent_files(client: MlflowClient, run: str, backtest: Backtest, panel: Panel, files: list[Path]) -> None:
    from riskmodel import plots

    shown = [backtest.experiment.champion, backtest.experiment.challenger]
    pictures = {
        "splits.png": plots.split_picture(backtest.origins, panel.waves),
        "reliability.png": plots.reliability_picture(backtest, panel, shown),
        "precision_recall.png": plots.precision_recall_picture(backtest, panel, shown),
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, figure in pictures.items():
            figure.savefig(Path(folder, name), dpi=110)
        backtest.importance.to_csv(Path(folder, "shap_importance.csv"), index=False)
        client.log_dict(run, asdict(backtest.experiment), "experiment.json")
        client.log_artifacts(run, folder)
    for path in files:
        client.log_artifact(run, str(path))
