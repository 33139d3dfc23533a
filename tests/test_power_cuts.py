"""``kill -9`` at random moments of every command: nothing is damaged, and the next run gives what it always gives.

    RISKMODEL_KILLS=50 python -m pytest -s tests/test_power_cuts.py

Half of the moments are drawn from the time that a command takes; the other half are steps at which it is about to
change a file of the workspace, because between two of those little else happens.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from kept_worlds import NAME, TOWN, contents, invented, small_question

import riskmodel
from riskmodel.keeping import KEPT
from riskmodel.panel.store import Workspace
from riskmodel.registry import CHAMPION, release_by_alias
from riskmodel.runs import backtest_runs

ROOT = Path(__file__).parents[1]
KILLS = int(os.environ.get("RISKMODEL_KILLS", "5"))
SEED = int(os.environ.get("RISKMODEL_SEED", "1"))

#: Runs a command; at the step of its work on files that is asked for, it is killed. Step 0 only counts them.
COMMAND = """
import os, signal, sys
folder, last = os.path.realpath(sys.argv[1]), int(sys.argv[2])
CHANGES = {"os.rename", "os.mkdir", "os.rmdir", "os.remove", "os.chmod", "os.link", "sqlite3.connect"}
seen = 0
def watch(event, arguments):
    global seen
    opens = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
    if not (opens or event in CHANGES) or isinstance(arguments[0], int):
        return
    if folder not in os.path.abspath(os.fsdecode(arguments[0])).removeprefix("file:"):
        return
    seen += 1
    if seen == last:
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(watch)
sys.argv = ["riskmodel", *sys.argv[3:]]
from riskmodel.cli import app
try:
    app()
finally:
    print(seen, file=sys.stderr)
"""


@dataclass(frozen=True)
class Step:
    """A command, the workspace before and after it, and how long it takes, in seconds and in changes of files."""

    name: str
    command: tuple[str, ...]
    before: Path
    after: dict[str, bytes]
    list_files: dict[str, bytes]
    seconds: float
    changes: int


def started(workspace: Path, at: int, command: tuple[str, ...]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, str(workspace), str(at), *command, "--workspace", str(workspace)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def own_files(workspace: Path) -> dict[str, bytes]:
    return {name: held for name, held in contents(workspace).items() if name.split("/")[0] in KEPT}


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> list[Step]:
    """The chain, undisturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    files, question = invented(folder / "files"), small_question(folder / f"{NAME}.yaml")
    workspace, out = folder / "workspace", folder / "list"
    commands = {
        "scores": ("ingest", "leefbaarometer", str(files.leefbaarometer)),
        "ingest": ("ingest", "kwb", *map(str, files.kwb)),
        "backtest": ("backtest", str(question), "--origins", "2018"),
        "train": ("train", str(question)),
        "forecast": ("forecast",),
        "risk-list": ("risk-list", "--municipality", TOWN, "--capacity", "5", "--out", str(out)),
    }
    made = []
    for name, command in commands.items():
        before = folder / "before" / name
        if workspace.exists():
            shutil.copytree(workspace, before)
        begun = time.perf_counter()
        process = started(workspace, 0, command)
        _, told = process.communicate(timeout=300)
        assert process.returncode == 0, told
        spent, changes = time.perf_counter() - begun, int(told.split()[-1])
        made.append(
            Step(
                name, command, before, own_files(workspace), contents(out) if out.exists() else {}, spent, changes
            )
        )
    return made[1:]


@pytest.mark.long
def test_a_power_cut_at_any_moment_costs_nothing(steps: list[Step]) -> None:
    rng, told = random.Random(SEED), Counter[str]()
    workspace, out = steps[0].before.parents[1] / "workspace", steps[0].before.parents[1] / "list"
    for number in range(KILLS):
        step = steps[number % len(steps)]
        by_time = number // len(steps) % 2 == 0
        for place in (workspace, out):
            shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(step.before, workspace)
        process = started(workspace, 0 if by_time else rng.randint(1, step.changes), step.command)
        if by_time:
            time.sleep(rng.uniform(0, step.seconds))
            process.kill()
        _, text = process.communicate(timeout=300)
        what = (step.name, "time" if by_time else "change", number)
        told[f"{step.name}: {'killed' if process.returncode == -9 else 'was done already'}"] += 1
        assert process.returncode in (-9, 0), (what, text)
        assert riskmodel.check_deep(Workspace(workspace)).damages == (), what
        again = started(workspace, 0, step.command)
        _, text = again.communicate(timeout=300)
        assert again.returncode == 0, (what, text)
        assert riskmodel.check_deep(Workspace(workspace)).damages == (), what
        assert own_files(workspace) == step.after, what
        if step.name == "risk-list":
            assert contents(out) == step.list_files, what
        if step.name == "train":
            champion = release_by_alias(Workspace(workspace), NAME, CHAMPION)
            assert champion is not None
            assert (workspace / "models" / NAME / champion[0]).is_dir(), what
        if step.name == "backtest":
            assert backtest_runs(Workspace(workspace)), what
    print(f"\n{KILLS} moments, seed {SEED}:", ", ".join(f"{name} {count}" for name, count in sorted(told.items())))
    assert sum(count for name, count in told.items() if name.endswith("killed")) >= KILLS / 2
