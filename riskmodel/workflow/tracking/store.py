"""The store of MLflow: its address, and a client of it.

It is SQLite in the workspace, or the PostgreSQL database that ``RISKMODEL_MLFLOW`` names; artifacts are in the
workspace either way. Nothing is reported to anyone: telemetry is switched off when the package is imported.
"""

from __future__ import annotations

import logging
import os
from functools import cache
from typing import TYPE_CHECKING

from riskmodel.errors import InputError
from riskmodel.workspace.atomic import draft_folder, install, sync
from riskmodel.workspace.lock import only_writer
from riskmodel.workspace.mlflow_store import relocate_artifacts
from riskmodel.workspace.store import Workspace
from riskmodel.workspace.transaction import ARTIFACTS
from riskmodel.workspace.transaction import STORE as DATABASE

if TYPE_CHECKING:
    from mlflow import MlflowClient

#: Environment variable with the address of a store elsewhere: ``postgresql+psycopg://USER@HOST/NAME``.
STORE = "RISKMODEL_MLFLOW"


def _elsewhere() -> str:
    """Address of a store elsewhere, as the environment has it now; empty for the workspace's own."""
    return os.environ.get(STORE, "").strip()


def store_uri(workspace: Workspace) -> str:
    """Address of the workspace's MLflow store, as ``mlflow ui --backend-store-uri`` takes it."""
    elsewhere = _elsewhere()
    if not elsewhere:
        return f"sqlite:///{workspace.path(DATABASE).resolve()}"
    if not elsewhere.startswith("postgresql"):
        # The address may hold a password: only its kind is repeated.
        raise InputError(
            STORE, f"an address of {elsewhere.partition(':')[0]}", "postgresql+psycopg://USER@HOST/NAME"
        )
    return elsewhere


def has_store(workspace: Workspace) -> bool:
    """Whether there is a store to read from."""
    return bool(_elsewhere()) or workspace.path(DATABASE).exists()


def client_of(workspace: Workspace) -> MlflowClient:
    """A client of the workspace's store; the first one makes the store."""
    from mlflow import MlflowClient

    # Only now: MLflow sets the level of its own loggers while it is imported.
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.ERROR)
    address = store_uri(workspace)
    workspace.folder.mkdir(parents=True, exist_ok=True)
    if _elsewhere():
        _reach(address)
    else:
        _make_store(workspace)
        relocate_artifacts(workspace)
    return MlflowClient(address, address)


def _make_store(workspace: Workspace) -> None:
    """Let MLflow make a store aside: one that is cut off between two of its tables can never be opened again."""
    from mlflow import MlflowClient

    path = workspace.path(DATABASE)
    if path.exists():
        return
    with only_writer(workspace), draft_folder(workspace.folder) as draft:
        if path.exists():  # another process was first
            return
        made = draft / path.name
        address = f"sqlite:///{made.resolve()}"
        client = MlflowClient(address, address)
        client.search_experiments(max_results=1)
        client.search_registered_models(max_results=1)
        sync(made)
        install(made, path)


@cache
def _reach(address: str) -> None:
    """Connect once a process, or raise InputError: MLflow itself would try for minutes."""
    from sqlalchemy import create_engine
    from sqlalchemy.exc import ArgumentError, SQLAlchemyError

    try:
        engine = create_engine(address)
        with engine.connect():
            pass
        engine.dispose()
    except (ArgumentError, ModuleNotFoundError, SQLAlchemyError) as error:
        raise InputError(
            STORE,
            f"no answer ({type(error).__name__})",
            "a PostgreSQL database that can be reached and written to",
            "It needs: pip install 'riskmodel[postgres]'",
        ) from None


def experiment_id(client: MlflowClient, workspace: Workspace, name: str) -> str:
    """Id of an MLflow experiment, which is made when it is not there."""
    found = client.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    location = workspace.path(ARTIFACTS, name).resolve().as_uri()
    return str(client.create_experiment(name, artifact_location=location))
