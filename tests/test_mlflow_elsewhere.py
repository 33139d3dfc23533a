"""The MLflow store in a PostgreSQL database: the whole chain, the service, and what is said when it is away."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import yaml
from postgres_server import postgres
from sqlalchemy import create_engine, text
from worlds import EXPERIMENTS

import riskmodel
from riskmodel.errors import InputError
from riskmodel.workflow import ingest as ingesting
from riskmodel.workflow.example import write_example
from riskmodel.workflow.tracking import registry
from riskmodel.workflow.tracking.runs import backtest_runs
from riskmodel.workflow.tracking.store import STORE, client_of, has_store, store_uri
from riskmodel.workspace.store import Workspace

__all__ = ["postgres"]


def quick(folder: Path, trees: int) -> Path:
    """The question of two years with few trees."""
    content = yaml.safe_load((EXPERIMENTS / "decline-2y.yaml").read_text(encoding="utf-8"))
    content["models"] = [
        {"name": "lightgbm", "kind": "lightgbm", "trees": trees, "min_in_leaf": 20},
        {"name": "last_rise", "kind": "ordering", "feature": "history.change_last", "risk": "high"},
    ]
    content |= {"cohorts": [{"name": "all"}], "challenger": "lightgbm"}
    content.pop("targets", None)
    path = folder / f"{trees}" / "decline-2y.yaml"
    path.parent.mkdir()
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


@pytest.mark.long
def test_the_whole_chain_with_the_store_in_postgresql(
    tmp_path: Path, postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("fastapi", reason="the extra riskmodel[web] is not installed")
    from web_worlds import Client, serving

    monkeypatch.setenv(STORE, postgres)
    workspace = Workspace(tmp_path / "workspace")
    files = write_example(tmp_path / "files", n_areas=150)
    ingesting.ingest_leefbaarometer([files.leefbaarometer], workspace)
    ingesting.ingest_kwb(files.kwb, workspace)
    assert has_store(workspace) and registry.versions(workspace, "decline-2y") == []
    riskmodel.backtest(quick(tmp_path, 5), workspace, origins=[2018])
    assert len(backtest_runs(workspace)) == 1
    riskmodel.train(quick(tmp_path, 6), workspace)
    riskmodel.train(quick(tmp_path, 7), workspace)
    [made] = riskmodel.forecast(workspace)
    found = {each.alias: each for each in registry.versions(workspace, "decline-2y")}
    assert made.release_id == found["champion"].release_id != found["candidate"].release_id

    # Everything is in the database, and nothing in a file of its own.
    assert not workspace.path("mlflow.db").exists()
    engine = create_engine(postgres)
    with engine.connect() as connection:
        runs = connection.execute(text("SELECT count(*) FROM runs")).scalar_one()
        champion = connection.execute(
            text("SELECT version FROM registered_model_aliases WHERE alias = 'champion'")
        ).scalar_one()
    engine.dispose()
    # A parent with a nested run a model, and a run for each of the two models of both trainings.
    assert runs == 3 + 4
    assert champion == int(found["champion"].number)

    # The service reads it, and follows its alias.
    service = serving(workspace)
    client = Client(service)
    assert client.get("/api/v1/models/decline-2y").json()["champion"] == found["champion"].number
    client_of(workspace).set_registered_model_alias("change-2y-wijk", registry.CHAMPION, found["candidate"].number)
    service.snapshots.refresh()  # makes the forecast of the new champion in a process of its own
    assert service.snapshots.refresh()
    assert (
        client.get("/api/v1/models/decline-2y").json()["serving"]["model_version"] == found["candidate"].release_id
    )


def test_a_store_that_does_not_answer_is_told_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("psycopg", reason="the extra riskmodel[postgres] is not installed")
    monkeypatch.setenv(STORE, "postgresql+psycopg://me:hush@127.0.0.1:1/none")
    begin = time.monotonic()
    with pytest.raises(InputError, match=STORE) as told:
        client_of(Workspace(tmp_path))
    assert "hush" not in str(told.value) and time.monotonic() - begin < 10


@pytest.mark.parametrize("address", ["mysql://me:hush@host/db", "file:///tmp/mlruns", "https://mlflow.example.nl"])
def test_only_postgresql_may_stand_elsewhere(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STORE, address)
    with pytest.raises(InputError, match="postgresql") as told:
        store_uri(Workspace(tmp_path))
    assert "hush" not in str(told.value)
