"""A workspace as an earlier version wrote it: it can be read, and is brought to this format without a loss."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest
from workspace_worlds import NAME, TOWN, contents

import riskmodel
from riskmodel.errors import InputError
from riskmodel.forecasting.forecast_store import load_forecast
from riskmodel.scoring.release import load_release
from riskmodel.workflow.outcomes import load_list, load_visits
from riskmodel.workflow.tracking import registry
from riskmodel.workflow.tracking.runs import backtest_run, backtest_runs
from riskmodel.workspace.manifest import FORMAT, Manifest, manifest_text, read_manifest
from riskmodel.workspace.store import Workspace
from riskmodel.workspace.transaction import ARTIFACTS, MANAGED

FORMAT_0 = Path(__file__).parent / "data" / "format-0.tar.xz"


@pytest.fixture
def old(tmp_path: Path) -> Workspace:
    """A workspace of format 0: no manifest, made at another path; see ``workspace_worlds.py``."""
    with tarfile.open(FORMAT_0) as archive:
        archive.extractall(tmp_path, filter="data")
    return Workspace(tmp_path / "workspace")


def own_files(workspace: Workspace) -> dict[str, bytes]:
    return {name: held for name, held in contents(workspace.folder).items() if name.split("/")[0] in MANAGED}


def test_reading_an_old_workspace_changes_nothing(old: Workspace, tmp_path: Path) -> None:
    before = contents(old.folder)
    [place] = old.path("forecasts", NAME).iterdir()
    assert len(load_forecast(place).forecast.locations) == len(old.panel("wijk").areas)
    made, _ = riskmodel.risk_list(old, tmp_path / "list", municipality=[TOWN])
    assert set(made.rows["location"]) == set(load_list(old).areas["location"])
    assert contents(old.folder) == before


def test_the_first_to_write_brings_it_to_this_format(old: Workspace) -> None:
    before = contents(old.folder)
    with pytest.raises(InputError, match=r"no manifest.*riskmodel adopt"):
        riskmodel.check_deep(old)
    riskmodel.current(old)
    after = contents(old.folder)
    manifest = read_manifest(old.folder)
    assert manifest is not None
    noted = {name for name in before if name.split("/")[0] in (*MANAGED, ARTIFACTS)}
    assert set(manifest.files) == noted
    # There were no audits yet.
    assert {name.split("/")[0] for name in noted} == {*MANAGED, ARTIFACTS} - {"audits"}
    assert {name: held for name, held in after.items() if name in noted} == {name: before[name] for name in noted}
    assert riskmodel.check_deep(old).damages == ()


def test_adopting_twice_is_adopting_once(old: Workspace) -> None:
    assert riskmodel.adopt(old)
    once = old.path("manifest.json").read_bytes()
    assert riskmodel.adopt(old) == []
    assert old.path("manifest.json").read_bytes() == once


def test_everything_in_it_is_still_known(old: Workspace) -> None:
    riskmodel.adopt(old)
    champion = registry.release_by_alias(old, NAME, registry.CHAMPION)
    assert champion is not None
    assert load_release(old.path("models", NAME, champion[0])).name == "lightgbm"
    [line] = backtest_runs(old)
    found = backtest_run(old, line.split()[0])
    assert found is not None
    # It was made at another path; what MLflow knows of places is put right, and the artifacts here are read.
    assert found[2].resolve().is_relative_to(old.folder.resolve())
    kept = old.path("backtests", NAME, "scores.csv")
    assert (found[2] / "scores.csv").read_bytes() == kept.read_bytes()
    assert len(load_visits(old, load_list(old))) == 1
    assert riskmodel.check_deep(old).damages == ()


@pytest.mark.parametrize("kind", ["observations/*.parquet", "models/*/*/model.json"])
def test_a_damaged_old_workspace_is_not_taken_for_good(old: Workspace, kind: str) -> None:
    path = sorted(old.folder.glob(kind))[0]
    held = bytearray(path.read_bytes())
    held[len(held) // 3] ^= 1
    path.write_bytes(held)
    with pytest.raises(InputError):
        riskmodel.adopt(old)
    assert not old.path("manifest.json").exists()


def test_a_newer_format_is_refused(old: Workspace, tmp_path: Path) -> None:
    import hashlib

    content = json.loads(manifest_text(Manifest()))
    del content["seal"]
    content |= {"format": FORMAT + 1, "something": "new"}
    seal = hashlib.sha256(json.dumps(content, indent=1).encode()).hexdigest()
    old.path("manifest.json").write_text(json.dumps({**content, "seal": seal}, indent=1) + "\n", encoding="utf-8")
    before = contents(old.folder)
    for act in (
        lambda: old.panel(),
        lambda: riskmodel.current(old),
        lambda: riskmodel.forecast(old),
        lambda: riskmodel.risk_list(old, tmp_path / "list"),
        lambda: riskmodel.check_deep(old),
        lambda: riskmodel.adopt(old),
    ):
        with pytest.raises(
            InputError, match=rf"format {FORMAT + 1}; expected at most {FORMAT}\. .*newer riskmodel"
        ):
            act()
    assert contents(old.folder) == before
