"""MLflow from several processes at once, and folders that change in one step."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import yaml
from worlds import EXPERIMENTS

from riskmodel.errors import InputError
from riskmodel.workflow.tracking.log import failed_checks, log_findings
from riskmodel.workflow.tracking.runs import backtest_run, backtest_runs
from riskmodel.workflow.tracking.store import client_of, experiment_id
from riskmodel.workspace.atomic import install
from riskmodel.workspace.findings import Finding
from riskmodel.workspace.lock import only_writer
from riskmodel.workspace.store import Workspace

ROOT = Path(__file__).parents[1]
BACKTEST = (
    "import sys, time, riskmodel\n"
    "from pathlib import Path\n"
    "from riskmodel.workspace.store import Workspace\n"
    "while not Path(sys.argv[3]).exists():\n"
    "    time.sleep(0.01)\n"
    "riskmodel.backtest(Path(sys.argv[1]), Workspace(sys.argv[2]), origins=[2018])\n"
)
#: Writes to the same store without the lock, as a server of MLflow may: short transactions, again and again.
INTRUDER = (
    "import sqlite3, sys, time\n"
    "from pathlib import Path\n"
    "while not Path(sys.argv[2]).exists():\n"
    "    try:\n"
    "        with sqlite3.connect(sys.argv[1], timeout=30) as connection:\n"
    "            connection.execute('CREATE TABLE IF NOT EXISTS intruder (n INTEGER)')\n"
    "            connection.execute('INSERT INTO intruder VALUES (1)')\n"
    "        connection.close()\n"
    "    except sqlite3.OperationalError:\n"
    "        pass\n"
    "    time.sleep(0.02)\n"
)


@pytest.fixture
def workspace(tmp_path: Path, example_workspace: Workspace) -> Workspace:
    copy = Workspace(tmp_path / "workspace")
    shutil.copytree(example_workspace.folder, copy.folder)
    return copy


@pytest.fixture
def question(tmp_path: Path) -> Path:
    """A quick question: two models, few trees, one cohort."""
    content = yaml.safe_load((EXPERIMENTS / "decline-2y.yaml").read_text(encoding="utf-8"))
    content["models"] = [
        {"name": "lightgbm", "kind": "lightgbm", "trees": 10, "min_in_leaf": 20},
        {"name": "last_rise", "kind": "ordering", "feature": "history.change_last", "risk": "high"},
    ]
    content |= {"cohorts": [{"name": "all"}], "challenger": "lightgbm"}
    content.pop("targets", None)
    path = tmp_path / "question.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def start(code: str, *arguments: object) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MLFLOW_DISABLE_TELEMETRY": "true"}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def runs_of(workspace: Workspace) -> list[object]:
    client = client_of(workspace)
    places = [each.experiment_id for each in client.search_experiments()]
    return list(client.search_runs(places, max_results=1000))


@pytest.mark.long
def test_two_processes_on_a_fresh_store_are_both_recorded(
    workspace: Workspace, question: Path, tmp_path: Path
) -> None:
    go, stop = tmp_path / "go", tmp_path / "stop"
    processes = [start(BACKTEST, question, workspace.folder, go) for _ in range(2)]
    intruder = start(INTRUDER, workspace.path("mlflow.db"), stop)
    # The intruder must not make the store itself: it waits until MLflow has.
    time.sleep(0.2)
    go.touch()
    told = [process.communicate(timeout=400) for process in processes]
    stop.touch()
    intruder.wait(timeout=60)
    assert [process.returncode for process in processes] == [0, 0], told
    assert len(backtest_runs(workspace)) == 2
    runs = runs_of(workspace)
    assert {run.info.status for run in runs} == {"FINISHED"}
    parents = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    for parent in parents:
        nested = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == parent.info.run_id]
        assert sorted(run.info.run_name for run in nested) == ["last_rise 2018", "lightgbm 2018"]
        _, _, folder = backtest_run(workspace, parent.info.run_id)
        for name in ("forecasts.parquet", "scores.csv", "checks.json", "findings.json"):
            assert (folder / name).stat().st_size > 0, name
    # What is stored is whole and of one of the two; nothing half-made stays behind.
    stored = workspace.path("backtests", "decline-2y")
    assert (stored / "scores.csv").read_bytes() == (folder / "scores.csv").read_bytes()
    assert [path.name for path in workspace.path("backtests").iterdir()] == ["decline-2y"]


def test_a_store_that_was_cut_off_while_it_was_made_is_made_again(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    code = (
        "import sys\n"
        "from riskmodel.workspace.store import Workspace\n"
        "from riskmodel.workflow.tracking.store import client_of\n"
        "client_of(Workspace(sys.argv[1])).search_experiments()\n"
    )
    maker = start(code, workspace.folder)
    # Killed at the first of its tables: some forty are to come.
    while not any(path.stat().st_size for path in workspace.folder.rglob("mlflow.db")):
        assert maker.poll() is None
        time.sleep(0.001)
    maker.kill()
    maker.wait()
    assert not workspace.path("mlflow.db").exists()
    assert [each.name for each in client_of(workspace).search_experiments()] == ["Default"]


def test_who_waits_too_long_for_the_lock_is_told(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    code = (
        "import sys, time\n"
        "from riskmodel.workspace.lock import only_writer\n"
        "from riskmodel.workspace.store import Workspace\n"
        "with only_writer(Workspace(sys.argv[1])):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(60)\n"
    )
    holder = start(code, workspace.folder)
    assert holder.stdout is not None
    assert holder.stdout.readline().strip() == b"held"
    with pytest.raises(InputError, match="in use"), only_writer(workspace, timeout=0.3):
        pass
    # The lock goes with the process that held it.
    holder.kill()
    holder.wait()
    with only_writer(workspace, timeout=5):
        pass


def test_threads_wait_for_each_other_too(tmp_path: Path) -> None:
    workspace, order = Workspace(tmp_path / "workspace"), []

    def work(name: str) -> None:
        with only_writer(workspace):
            order.append(f"{name} in")
            time.sleep(0.1)
            order.append(f"{name} out")

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert order in (["a in", "a out", "b in", "b out"], ["b in", "b out", "a in", "a out"])


def test_the_lock_is_freed_when_the_work_fails(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    with pytest.raises(ZeroDivisionError), only_writer(workspace):
        _ = 1 / 0
    with only_writer(workspace, timeout=1):
        pass


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="folder"), only_writer(Workspace(tmp_path / "file")):
        pass


def test_a_draft_takes_the_place_of_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    for content in ("old", "new"):
        draft = tmp_path / ".draft"
        draft.mkdir()
        (draft / content).touch()
        install(draft, folder)
        assert [path.name for path in folder.iterdir()] == [content]
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_making_a_store_says_nothing(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from riskmodel.workspace.store import Workspace\n"
        "from riskmodel.workflow.tracking.store import client_of\n"
        "client_of(Workspace(sys.argv[1]))\n"
    )
    made = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True)
    assert (made.stdout, made.stderr) == ("", "")


def test_an_installation_without_git_has_a_version(tmp_path: Path) -> None:
    """As in a container: the service asks for its version at every answer."""
    code = "import riskmodel.workspace.versions as m, riskmodel; assert m.code_version() == riskmodel.__version__"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": str(tmp_path)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True)


# --- Findings ----------------------------------------------------------------------------------------------------

FOUND = (
    Finding("RM001", "one", "error", "passed", "well", {"a": 1.5, "b": float("nan")}),
    Finding("RM002", "two", "error", "failed", "badly", {"c": 2.0}),
    Finding("RM003", "three", "warning", "failed", "so so"),
    Finding("RM004", "four", "error", "not applicable", "nothing there"),
)


def test_findings_are_metrics_tags_and_a_table(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    client = client_of(workspace)
    run = client.create_run(experiment_id(client, workspace, "question")).info.run_id
    log_findings(client, run, FOUND)
    data = client.get_run(run).data
    assert data.metrics == {
        "RM001.a": 1.5, "RM002.c": 2.0,
        "RM001.failed": 0.0, "RM002.failed": 1.0, "RM003.failed": 1.0, "RM004.failed": 0.0,
    }  # fmt: skip
    tags = {key: value for key, value in data.tags.items() if key.startswith("check")}
    assert tags == {
        "checks": "failed: RM002 (error), RM003 (warning)",
        "check.RM002": "error: two",
        "check.RM003": "warning: three",
    }
    table = json.loads(Path(client.download_artifacts(run, "checks.json")).read_text(encoding="utf-8"))
    assert table["columns"] == ["code", "severity", "outcome", "title", "message"]
    assert table["data"] == [[f.code, f.severity, f.outcome, f.title, f.message] for f in FOUND]


def test_a_summary_says_which_checks_failed() -> None:
    assert failed_checks(FOUND[:1]) == failed_checks(FOUND[3:]) == "none failed"


def test_a_store_that_is_not_there_has_no_runs(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    assert backtest_runs(workspace) == []
    assert backtest_run(workspace, "0123456789") is None
    assert not workspace.path("mlflow.db").exists()
