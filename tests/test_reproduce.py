"""What was made can be made again, here and in a copy elsewhere, to the last bit."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner
from workspace_worlds import DAY, NAME, TOWN, contents, walk
from worlds import made_features, training_from

import riskmodel
from riskmodel.cli import app
from riskmodel.errors import InputError
from riskmodel.forecasting.models.lightgbm import LightGBM
from riskmodel.workflow.tracking import registry
from riskmodel.workflow.tracking.runs import backtest_run, backtest_runs
from riskmodel.workflow.tracking.store import client_of
from riskmodel.workspace.store import Workspace
from riskmodel.workspace.transaction import MANAGED

#: The model of the experiments of two years.
MODEL = "change-2y-wijk"
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace after the whole chain. Shared: a test that changes it takes a copy."""
    folder = tmp_path_factory.mktemp("made")
    workspace = Workspace(folder / "workspace")
    walk(workspace, folder / "made")
    return workspace


@pytest.fixture
def copy(made: Workspace, tmp_path: Path) -> Workspace:
    """The same at another place, copied while nothing ran."""
    workspace = Workspace(tmp_path / "restored")
    shutil.copytree(made.folder, workspace.folder)
    return workspace


def name_in(workspace: Workspace, kind: str) -> str:
    [path] = [path for path in workspace.folder.glob(kind) if not path.name.startswith(".")]
    return path.name.removesuffix(".json")


def test_everything_can_be_made_again(made: Workspace) -> None:
    before = contents(made.folder)
    expected = {
        "forecast": (
            name_in(made, f"forecasts/{MODEL}/*"),
            {"forecast.parquet", "contributions.parquet", "about.json"},
        ),
        "backtest": (NAME, {"forecasts.parquet", "scores.csv", "findings.json", "about.json"}),
        "list": (name_in(made, "lists/*.json"), {"risicolijst.csv", "risicolijst.xlsx", "risicolijst.html"}),
        "model": (name_in(made, f"models/{MODEL}/*"), {"trees.txt", "model.json"}),
    }
    for kind, (identity, files) in expected.items():
        found = riskmodel.reproduce(made, identity)
        assert (found.kind, found.differs) == (kind, ()), found
        assert files <= set(found.same), found
    assert contents(made.folder) == before


def test_what_differs_is_named_and_ends_with_1(copy: Workspace) -> None:
    record = copy.path("backtests", NAME, "scores.csv")
    record.write_text(record.read_text(encoding="utf-8").replace("0.", "1.", 1), encoding="utf-8")
    run = ["reproduce", NAME, "--workspace", str(copy.folder)]
    # A file that was changed is first of all damage ...
    assert isinstance(CliRunner().invoke(app, run).exception, InputError)
    # ... and once it is taken for good, it is not what this version makes.
    riskmodel.adopt(copy, [record])
    told = CliRunner().invoke(app, run)
    assert told.exit_code == 1
    assert "DIFFERS  scores.csv" in told.output
    assert told.output.count("DIFFERS") == 1
    result = CliRunner().invoke(app, [*run, "--json"])
    found = json.loads(result.stdout)
    assert (result.exit_code, found["kind"], found["id"], found["same"]) == (1, "backtest", NAME, False)
    assert [each["name"] for each in found["files"] if not each["same"]] == ["scores.csv"]
    assert CliRunner().invoke(app, ["reproduce", name_in(copy, "lists/*.json"), *run[2:]]).exit_code == 1


def test_an_id_that_does_not_exist_is_told_with_those_that_do(made: Workspace) -> None:
    with pytest.raises(InputError) as told:
        riskmodel.reproduce(made, "2020-nothing")
    for kind in (f"forecasts/{MODEL}/*", "lists/*.json", f"models/{MODEL}/*"):
        assert name_in(made, kind) in told.value.expected
    with pytest.raises(InputError, match="a forecast, backtest, list or model"):
        riskmodel.reproduce(Workspace(made.folder / "nothing"), "x")


def test_other_input_files_are_told_before_anything_is_compared(copy: Workspace) -> None:
    [path] = copy.path("observations").glob("kwb_wijk_2016*")
    path.unlink()
    riskmodel.adopt(copy, [path])
    with pytest.raises(InputError, match=r"other input files \(not here any more: [0-9a-f]{12}; new: none\)"):
        riskmodel.reproduce(copy, name_in(copy, f"forecasts/{MODEL}/*"))


def test_other_versions_are_told_beside_the_comparison(copy: Workspace) -> None:
    [path] = copy.path("forecasts").glob("*/*/about.json")
    about = json.loads(path.read_text(encoding="utf-8"))
    assert set(about["made_with"]) >= {"riskmodel", "python", "numpy", "lightgbm", "machine"}
    about["made_with"]["numpy"] = "1.0"
    path.write_text(json.dumps(about), encoding="utf-8")
    riskmodel.adopt(copy)
    found = riskmodel.reproduce(copy, path.parent.name)
    assert found.differs == ()
    assert found.notes == (f"numpy 1.0 then, {np.__version__} now",)


def test_a_restored_workspace_gives_identical_forecasts(made: Workspace, copy: Workspace) -> None:
    assert riskmodel.check_deep(copy).damages == ()
    shutil.rmtree(copy.path("forecasts"))
    riskmodel.adopt(copy, ["forecasts"])
    riskmodel.forecast(copy)
    own = {name: held for name, held in contents(copy.folder).items() if name.split("/")[0] in MANAGED}
    assert own == {name: held for name, held in contents(made.folder).items() if name.split("/")[0] in MANAGED}
    _, forms = riskmodel.risk_list(copy, copy.folder.parent / "list", municipality=[TOWN], capacity=3, made_on=DAY)
    for path in forms.values():
        assert path.read_bytes() == (made.folder.parent / "made" / "list" / path.name).read_bytes(), path.name


@pytest.mark.long
def test_a_copy_never_touches_the_artifacts_of_what_it_was_copied_from(made: Workspace, copy: Workspace) -> None:
    before = contents(made.folder)
    [line] = backtest_runs(copy)
    found = backtest_run(copy, line.split()[0])
    assert found is not None and found[2].is_relative_to(copy.folder)
    question = made.folder.parent / "made" / f"{NAME}.yaml"
    riskmodel.backtest(question, copy, origins=[2018])
    riskmodel.train(question, copy)
    client = client_of(copy)
    places = [each.artifact_location for each in client.search_experiments() if each.name == NAME]
    runs = client.search_runs([each.experiment_id for each in client.search_experiments()])
    versions = client.search_model_versions(f"name = '{MODEL}'")
    places += [run.info.artifact_uri for run in runs] + [
        client.get_model_version_download_uri(MODEL, each.version) for each in versions
    ]
    assert len(places) > 6
    assert all(place.startswith(copy.folder.as_uri()) for place in places), places
    assert contents(made.folder) == before
    assert riskmodel.check_deep(copy).damages == ()


def test_a_registered_model_is_read_from_the_copy(made: Workspace, copy: Workspace) -> None:
    import mlflow

    client_of(copy)
    hidden = made.folder.rename(made.folder.with_name("away"))
    try:
        mlflow.set_tracking_uri(f"sqlite:///{copy.path('mlflow.db')}")
        model = mlflow.pyfunc.load_model(f"models:/{MODEL}@{registry.CHAMPION}")
        example = model.input_example
        assert len(model.predict(example)) == len(example)
    finally:
        hidden.rename(made.folder)


FIT = """
import sys
sys.path.insert(0, "tests")
from test_reproduce import trees_of
sys.stdout.write(trees_of(int(sys.argv[1])))
"""


def trees_of(rows: int) -> str:
    """Text of a fit on so many examples; above 100,000 LightGBM takes as many threads as there are."""
    features, rng = made_features(rows, ["extra"])
    change = 0.02 * features.values[:, -1] + 0.03 * rng.standard_normal(rows)
    fitted = LightGBM(trees=8, min_in_leaf=20).fit(training_from(features, change), np.array([-0.05]))
    return json.dumps(fitted.structural.as_dict()) + fitted.trees.model_to_string()


def test_training_is_the_same_for_a_seed() -> None:
    once = trees_of(3_000)
    assert trees_of(3_000) == once
    assert once.count("Tree=") == 8


@pytest.mark.long
def test_training_is_the_same_for_any_number_of_threads() -> None:
    texts = set()
    for threads in ("1", "2", "2"):
        told = subprocess.run(
            [sys.executable, "-c", FIT, "120000"],
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": threads},
            capture_output=True,
            text=True,
            check=True,
        )
        texts.add(told.stdout)
    assert len(texts) == 1
