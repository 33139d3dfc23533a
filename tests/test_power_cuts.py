"""``kill -9`` at random moments of every command: nothing is damaged, and the next run gives what it always gives.

    RISKMODEL_KILLS=50 python -m pytest -s tests/test_power_cuts.py

Half of the moments are drawn from the time that a command takes; the other half are steps at which it is about to
change a file of the workspace, because between two of those little else happens.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest
from workspace_worlds import NAME, TOWN, contents, invented, small_question

import riskmodel
from riskmodel.workflow.questions import model_of
from riskmodel.workflow.tracking.registry import CHAMPION, release_by_alias
from riskmodel.workflow.tracking.runs import backtest_runs
from riskmodel.workspace.store import Workspace
from riskmodel.workspace.transaction import MANAGED

ROOT = Path(__file__).parents[1]
KILLS = int(os.environ.get("RISKMODEL_KILLS", "5"))
SEED = int(os.environ.get("RISKMODEL_SEED", "1"))

#: Forks a process for every command, so that none of them has to import again what the others did. At the step of
#: its work on files that is asked for, a command is killed; at step 0 it only counts them.
SERVER = """
import json, os, signal, sys, traceback
import lightgbm, matplotlib.pyplot, mlflow.pyfunc, mlflow.store.tracking.sqlalchemy_store, numba, shap
import riskmodel.workflow.tracking.registering, riskmodel.workflow.train, riskmodel.workflow.risk_list
from riskmodel.cli import app

CHANGES = {"os.rename", "os.mkdir", "os.rmdir", "os.remove", "os.chmod", "os.link", "sqlite3.connect"}
seen = 0

def run(folder, last, command, told):
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

    sys.stdout = sys.stderr = open(told, "w")
    sys.addaudithook(watch)
    sys.argv = ["riskmodel", *command]
    code = 1
    try:
        app()
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:
        traceback.print_exc()
    print(seen, flush=True)
    os._exit(code)

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        run(*json.loads(line))
    print(child, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Commands:
    """Runs commands of riskmodel in processes of their own."""

    def __init__(self, folder: Path) -> None:
        self._told = folder / "told.txt"
        self._server = subprocess.Popen(
            [sys.executable, "-c", SERVER], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, workspace: Path, command: tuple[str, ...], *, at: int = 0, after: float = 0) -> tuple[int, str]:
        """Exit code and what was said; with ``at`` or ``after`` it is killed at that step, or after seconds."""
        assert self._server.stdin is not None and self._server.stdout is not None
        whole = [*command, "--workspace", str(workspace)]
        print(
            json.dumps([str(workspace.resolve()), at, whole, str(self._told)]), file=self._server.stdin, flush=True
        )
        process = int(self._server.stdout.readline())
        if after:
            time.sleep(after)
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        return int(self._server.stdout.readline()), self._told.read_text(encoding="utf-8")

    def close(self) -> None:
        self._server.communicate(timeout=60)


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    made = Commands(tmp_path_factory.mktemp("told"))
    yield made
    made.close()


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


def own_files(workspace: Path) -> dict[str, bytes]:
    return {name: held for name, held in contents(workspace).items() if name.split("/")[0] in MANAGED}


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory, commands: Commands) -> list[Step]:
    """The chain, undisturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    files, question = invented(folder / "files"), small_question(folder / f"{NAME}.yaml")
    workspace, out = folder / "workspace", folder / "list"
    chain = {
        "scores": ("ingest", "leefbaarometer", str(files.leefbaarometer)),
        "ingest": ("ingest", "kwb", *map(str, files.kwb)),
        "backtest": ("backtest", str(question), "--origins", "2018"),
        "train": ("train", str(question)),
        "forecast": ("forecast",),
        "risk-list": ("risk-list", "--municipality", TOWN, "--capacity", "5", "--out", str(out)),
    }
    made = []
    for name, command in chain.items():
        before = folder / "before" / name
        if workspace.exists():
            shutil.copytree(workspace, before)
        begun = time.perf_counter()
        code, told = commands.run(workspace, command)
        assert code == 0, told
        spent, changes = time.perf_counter() - begun, int(told.split()[-1])
        list_files = contents(out) if out.exists() else {}
        made.append(Step(name, command, before, own_files(workspace), list_files, spent, changes))
    return made[1:]


@pytest.mark.long
def test_a_power_cut_at_any_moment_costs_nothing(steps: list[Step], commands: Commands) -> None:
    rng, told = random.Random(SEED), Counter[str]()
    workspace, out = steps[0].before.parents[1] / "workspace", steps[0].before.parents[1] / "list"
    for number in count():
        if sum(told.values()) == KILLS:
            break
        assert number < 3 * KILLS + 10, told
        step = steps[number % len(steps)]
        by_time = number // len(steps) % 2 == 0
        for place in (workspace, out):
            shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(step.before, workspace)
        if by_time:
            code, text = commands.run(workspace, step.command, after=rng.uniform(0.001, step.seconds))
        else:
            code, text = commands.run(workspace, step.command, at=rng.randint(1, step.changes))
        what = (step.name, "time" if by_time else "change", number)
        assert code in (-9, 0), (what, text)
        if code == 0:  # the moment came after the end: no power cut
            continue
        told[step.name] += 1
        assert riskmodel.check_deep(Workspace(workspace)).damages == (), what
        code, text = commands.run(workspace, step.command)
        assert code == 0, (what, text)
        assert riskmodel.check_deep(Workspace(workspace)).damages == (), what
        assert own_files(workspace) == step.after, what
        if step.name == "risk-list":
            assert contents(out) == step.list_files, what
        if step.name == "train":
            champion = release_by_alias(Workspace(workspace), NAME, CHAMPION)
            assert champion is not None
            model = model_of(Workspace(workspace), NAME)
            assert (workspace / "models" / model / champion[0]).is_dir(), what
        if step.name == "backtest":
            assert backtest_runs(Workspace(workspace)), what
    print(f"\n{KILLS} kills, seed {SEED}:", ", ".join(f"{name} {times}" for name, times in sorted(told.items())))
