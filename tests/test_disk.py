"""A full disk and a folder that may not be written to: one message, and everything as it was."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from workspace_worlds import DAY, NAME, TOWN, contents, invented, small_question, walk

import riskmodel
from riskmodel.errors import InputError
from riskmodel.workspace.store import Workspace

ROOT = Path(__file__).parents[1]


pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace after the whole chain; its files lie in ``made`` beside it."""
    folder = tmp_path_factory.mktemp("whole")
    workspace = Workspace(folder / "workspace")
    walk(workspace, folder / "made")
    return workspace


class Disk:
    """A small disk of its own."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def mount(self, *options: str) -> None:
        subprocess.run(["mount", *options, str(self.place)], check=True, capture_output=True)

    def fill(self, left: int) -> None:
        """Leave this many bytes."""
        free = shutil.disk_usage(self.place).free
        with (self.place / "ballast").open("wb") as file:
            file.write(b"\0" * max(free - left, 0))

    def empty(self) -> None:
        (self.place / "ballast").unlink(missing_ok=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    place = tmp_path / "disk"
    place.mkdir()
    made = Disk(place)
    try:
        made.mount("-t", "tmpfs", "-o", "size=64m", "tmpfs")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("a disk of its own needs the right to mount one")
    try:
        yield made
    finally:
        while subprocess.run(["umount", "--lazy", str(place)], check=False, capture_output=True).returncode == 0:
            pass


def acts(workspace: Workspace, made: Path, out: Path) -> dict[str, Callable[[], object]]:
    """What writes to a workspace that holds everything."""
    files = invented(made / "files")
    question = small_question(made / f"{NAME}.yaml")
    return {
        "ingest": lambda: riskmodel.ingest_kwb(list(files.kwb), workspace, replace=True),
        "current": lambda: riskmodel.current(workspace),
        "backtest": lambda: riskmodel.backtest(question, workspace, origins=[2018]),
        "train": lambda: riskmodel.train(question, workspace),
        "risk list": lambda: riskmodel.risk_list(workspace, out, municipality=[TOWN], capacity=4, made_on=DAY),
    }


def without_runs(workspace: Workspace) -> dict[str, bytes]:
    """All but what MLflow adds with every run."""
    every = contents(workspace.folder)
    return {name: held for name, held in every.items() if name.split("/")[0] not in ("mlflow.db", "mlartifacts")}


def test_a_full_disk_costs_nothing_but_the_command(whole: Workspace, disk: Disk) -> None:
    workspace = Workspace(disk.place / "workspace")
    shutil.copytree(whole.folder, workspace.folder)
    before = without_runs(workspace)
    every = acts(workspace, whole.folder.parent / "made", disk.place / "list")
    for name, act in every.items():
        for left in (0, 12_000):
            disk.fill(left)
            with pytest.raises(InputError, match="no room to write"):
                act()
            disk.empty()
            now = without_runs(workspace)
            # Of MLflow's artifacts a run that broke off may leave some; nothing else differs.
            assert {key: held for key, held in now.items() if key != "manifest.json"} == {
                key: held for key, held in before.items() if key != "manifest.json"
            }, (name, left)
            assert riskmodel.check_deep(workspace).damages == (), (name, left)
            assert not (disk.place / "list").exists() or not list((disk.place / "list").iterdir())
        act()
        before = without_runs(workspace)
        assert riskmodel.check_deep(workspace).damages == (), name


def test_a_read_only_disk_is_told_and_can_still_be_looked_at(whole: Workspace, disk: Disk, tmp_path: Path) -> None:
    shutil.copytree(whole.folder, tmp_path / "writable" / "workspace")
    # Seen through a second door that is closed: what MLflow holds open elsewhere does not matter then.
    disk.mount("--bind", str(tmp_path / "writable"))
    disk.mount("-o", "remount,bind,ro")
    workspace = Workspace(disk.place / "workspace")
    before = contents(workspace.folder)
    for name, act in acts(workspace, whole.folder.parent / "made", tmp_path / "list").items():
        with pytest.raises(InputError, match=r"no right to write|Read-only file system|unable to open"):
            act()
        assert contents(workspace.folder) == before, name
    assert riskmodel.check_deep(workspace).damages == ()
    made, _ = riskmodel.risk_list(workspace, tmp_path / "other", municipality=[TOWN], made_on=DAY)
    assert len(made.rows)


#: Commands whose files may only become so long: what a full disk is where none can be mounted.
LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
sys.argv = ["riskmodel", *sys.argv[2:]]
from riskmodel.cli import main
main()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of file sizes are asked of Linux")
def test_files_that_may_not_grow_end_in_one_message(whole: Workspace, tmp_path: Path) -> None:
    workspace, made = Workspace(tmp_path / "workspace"), whole.folder.parent / "made"
    shutil.copytree(whole.folder, workspace.folder)
    files, question = invented(made / "files"), small_question(made / f"{NAME}.yaml")
    commands = {
        "ingest": ["ingest", "kwb", "--replace", *map(str, files.kwb)],
        "backtest": ["backtest", str(question), "--origins", "2018"],
        "train": ["train", str(question)],
        "risk list": ["risk-list", "--municipality", TOWN, "--capacity", "5", "--out", str(tmp_path / "list")],
    }
    for name, limit in (("ingest", 0), ("backtest", 30_000), ("train", 30_000), ("risk list", 0)):
        told = subprocess.run(
            [sys.executable, "-c", LIMITED, str(limit), *commands[name], "--workspace", str(workspace.folder)],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={**os.environ, "MPLCONFIGDIR": str(tmp_path)},
            check=False,
        )
        assert told.returncode == 2, (name, told.stderr)
        assert "Traceback" not in told.stderr, told.stderr
        assert told.stderr.count("riskmodel:") == 1
        assert riskmodel.check_deep(workspace).damages == (), (name, limit)
