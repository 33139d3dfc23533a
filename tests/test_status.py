"""Where a workspace stands: what follows from the files that are there, and from the store that MLflow made."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from workspace_worlds import NAME, small_question

import riskmodel
from riskmodel.cli.text import status_text
from riskmodel.workflow.status import SCORES, status_of
from riskmodel.workflow.tracking.store import client_of
from riskmodel.workspace.store import Workspace

MODEL = "change-2y-wijk"


class Made:
    """A workspace of empty files, each a second newer than the one before."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.now = folder, 1_700_000_000

    def write(self, name: str, text: str = "") -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        self.now += 1
        os.utime(path, (self.now, self.now))

    def state(self) -> tuple[str, ...]:
        return tuple(step.state for step in status_of(self.folder).steps)

    def next(self) -> str:
        following = status_of(self.folder).next
        return "" if following is None else following.command


def test_the_status_follows_the_way_and_asks_again_when_data_is_newer(tmp_path: Path) -> None:
    made = Made(tmp_path)
    made.write("observations/kwb_wijk_2022.parquet")
    assert made.next() == "riskmodel ingest leefbaarometer FILE.csv"
    made.write(f"observations/{SCORES}_wijk.parquet")
    assert made.next() == "riskmodel backtest slide-2y"
    made.write("backtests/decline-4y/scores.csv")
    assert made.next() == "riskmodel train slide-2y"
    made.write("models/decline-4y/lightgbm-2020-0a/release.json")
    made.write("models/decline-4y/.draft/release.json")
    assert made.next() == "riskmodel forecast"
    made.write("forecasts/decline-4y/2020-1b/about.json", '{"release": "lightgbm-2020-0a"}')
    assert made.next().startswith("riskmodel risk-list")
    made.write("lists/2020-2c.json", '{"title": "Risicolijst Venlo"}')
    assert made.next() == ""
    assert made.state() == ("done", "done", "later", "done", "done", "done", "done", "later")
    text = status_text(status_of(tmp_path))
    assert "decline-4y 2020-1b" in text
    assert "Risicolijst Venlo" in text
    assert "Everything is up to date." in text
    made.write("observations/rivm_wijk_2022.parquet")
    assert made.next() == "riskmodel backtest decline-4y"
    made.write("backtests/decline-4y/scores.csv")
    assert made.next() == "riskmodel forecast"
    assert "older than the data" in status_text(status_of(tmp_path))
    made.write("forecasts/decline-4y/2020-3d/about.json", '{"release": "lightgbm-2020-0a"}')
    assert made.state()[6] == "again"
    made.write("outcomes/2020-2c/visits.parquet")
    made.write("boundaries/wijk.parquet")
    assert made.state()[2] == "done"
    assert made.state()[7] == "done"


def test_a_forecast_by_another_model_than_the_champion_is_to_be_made_again(tmp_path: Path) -> None:
    made = Made(tmp_path)
    for name in (f"observations/{SCORES}_wijk.parquet", "backtests/decline-2y/scores.csv"):
        made.write(name)
    made.write("models/decline-2y/lightgbm-2020-0a/release.json")
    made.write("forecasts/decline-2y/2020-1b/about.json", '{"release": "lightgbm-2020-0a"}')
    # The columns of MLflow's own tables that are read; the test below asks a store that MLflow made.
    with sqlite3.connect(tmp_path / "mlflow.db") as store:
        store.execute("CREATE TABLE registered_model_aliases (alias TEXT, version INTEGER, name TEXT)")
        store.execute("CREATE TABLE model_version_tags (key TEXT, value TEXT, name TEXT, version INTEGER)")
        store.execute("INSERT INTO registered_model_aliases VALUES ('champion', 3, 'decline-2y')")
        store.execute("INSERT INTO model_version_tags VALUES ('release', 'lightgbm-2020-9z', 'decline-2y', 3)")
    assert made.next() == "riskmodel forecast"
    assert "champion: version 3" in status_text(status_of(tmp_path))
    with sqlite3.connect(tmp_path / "mlflow.db") as store:
        store.execute("UPDATE model_version_tags SET value = 'lightgbm-2020-0a'")
    assert made.next().startswith("riskmodel risk-list")
    # A store that cannot be read says nothing about champions; the rest is told all the same.
    made.write("mlflow.db", "no database")
    assert made.next().startswith("riskmodel risk-list")


@pytest.mark.long
def test_the_champion_is_read_from_a_store_that_mlflow_made(tmp_path: Path, example_workspace: Workspace) -> None:
    workspace = Workspace(tmp_path / "workspace")
    shutil.copytree(example_workspace.folder, workspace.folder)
    question = small_question(tmp_path / f"{NAME}.yaml")
    first = riskmodel.train(question, workspace)["champion"]
    [made] = riskmodel.forecast(workspace)

    def told() -> tuple[str, str]:
        steps = {step.name: step for step in status_of(workspace.folder).steps}
        return steps["model"].told, steps["forecast"].told

    assert first.alias == "champion"
    assert told() == (f"{MODEL} (champion: version {first.version})", f"{MODEL} {made.id}")
    # Another model takes the place, by MLflow itself; its store is still open then.
    client = client_of(workspace)
    other = client.create_model_version(MODEL, source="elsewhere", tags={"release": "lightgbm-2020-9z"})
    client.set_registered_model_alias(MODEL, "champion", other.version)
    assert told() == (
        f"{MODEL} (champion: version {other.version})",
        f"{MODEL} was made by another model than the champion",
    )
    client.delete_registered_model_alias(MODEL, "champion")
    assert told() == (MODEL, f"{MODEL} {made.id}")
