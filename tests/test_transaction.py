"""What lies in a workspace stays as it was written, or is named when it does not."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from test_formats import FORMAT_0
from typer.testing import CliRunner
from workspace_worlds import NAME, TOWN, contents

import riskmodel
from riskmodel.cli import app
from riskmodel.errors import InputError
from riskmodel.workspace.lock import only_writer
from riskmodel.workspace.manifest import Database, Manifest, Pending, read_manifest, write_manifest
from riskmodel.workspace.store import Workspace
from riskmodel.workspace.transaction import MANAGED, put_file, recover

ROOT = Path(__file__).parents[1]
#: Bits that are flipped in every file; more with RISKMODEL_FLIPS.
FLIPS = int(os.environ.get("RISKMODEL_FLIPS", "1"))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace with everything that one can hold."""
    with tarfile.open(FORMAT_0) as archive:
        archive.extractall(tmp_path, filter="data")
    workspace = Workspace(tmp_path / "workspace")
    riskmodel.adopt(workspace)
    put_file(workspace, workspace.path("audits", NAME, "audit.csv"), lambda path: path.write_text("group,share\n"))
    return workspace


def damaged(workspace: Workspace) -> set[str]:
    return {each.path for each in riskmodel.check_deep(workspace).damages}


def flips(content: bytes, times: int, rng: random.Random) -> Iterator[bytes]:
    for _ in range(times):
        flipped = bytearray(content)
        flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
        yield bytes(flipped)


def test_every_flipped_bit_is_found_and_named(workspace: Workspace) -> None:
    assert damaged(workspace) == set()
    rng, tried = random.Random(9), 0
    files = [name for name, content in contents(workspace.folder).items() if content]
    # Every kind of file, the databases and the manifest itself.
    assert {name.split("/")[0] for name in files} == {*MANAGED, "mlartifacts", "mlflow.db", "manifest.json"}
    for name in files:
        path = workspace.path(name)
        content = path.read_bytes()
        for flipped in flips(content, 10 * FLIPS if name == "mlflow.db" else FLIPS, rng):
            path.write_bytes(flipped)
            assert damaged(workspace) == {name}, name
            tried += 1
        path.write_bytes(content)
    assert damaged(workspace) == set()
    print(f"bits flipped and found: {tried}, in {len(files)} files")


def test_a_flip_in_each_byte_of_the_databases_header_is_found(workspace: Workspace) -> None:
    path = workspace.path("mlflow.db")
    content = path.read_bytes()
    for position in (*range(0, 28), *range(92, 100)):
        path.write_bytes(content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :])
        assert damaged(workspace) == {"mlflow.db"}, position


def test_what_another_program_wrote_to_the_database_is_no_damage(workspace: Workspace) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(workspace.path("mlflow.db"))) as connection, connection:
        connection.execute("UPDATE experiments SET last_update_time = 7")
    found = riskmodel.check_deep(workspace)
    assert found.damages == ()
    assert any("mlflow.db" in note and "only its structure" in note for note in found.notes)


def test_what_is_gone_or_was_put_there_by_hand_is_named(workspace: Workspace) -> None:
    [folder] = workspace.path("forecasts", NAME).iterdir()
    (folder / "forecast.parquet").unlink()
    other = workspace.path("observations", "strange_wijk_2020.parquet")
    other.write_bytes(b"PAR1")
    found = {each.path: each.what for each in riskmodel.check_deep(workspace).damages}
    assert found == {
        f"forecasts/{NAME}/{folder.name}/forecast.parquet": "gone",
        "observations/strange_wijk_2020.parquet": "not put there by riskmodel",
    }
    other.unlink()
    # Removed on purpose: said once, it is no damage any more.
    (folder / "about.json").unlink()
    assert len(riskmodel.adopt(workspace, [folder])) == 2
    assert damaged(workspace) == set()


def test_the_command_tells_and_its_exit_code_too(workspace: Workspace) -> None:
    run = CliRunner().invoke
    option = ["--workspace", str(workspace.folder)]
    whole = run(app, ["check", "--deep", *option])
    assert (whole.exit_code, "nothing damaged" in whole.output) == (0, True)
    path = sorted(workspace.path("lists").glob("*.json"))[0]
    path.write_bytes(path.read_bytes().replace(b"WK", b"VK", 1))
    broken = run(app, ["check", "--deep", *option])
    assert broken.exit_code == 1
    assert f"lists/{path.name}: other bytes than were written" in broken.output
    assert run(app, ["adopt", *option, str(path)]).exit_code == 0
    assert run(app, ["check", "--deep", *option]).exit_code == 0


def test_no_list_is_made_from_a_damaged_forecast(workspace: Workspace, tmp_path: Path) -> None:
    [path] = workspace.path("forecasts", NAME).glob("*/forecast.parquet")
    content = path.read_bytes()
    path.write_bytes(content[:2000] + bytes([content[2000] ^ 4]) + content[2001:])
    with pytest.raises(InputError, match="damaged file"):
        riskmodel.risk_list(workspace, tmp_path / "list", municipality=[TOWN])
    assert not (tmp_path / "list").exists()


def test_a_damaged_manifest_is_reported_and_can_be_started_again(workspace: Workspace) -> None:
    path = workspace.path("manifest.json")
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(InputError, match="damaged manifest"):
        riskmodel.current(workspace)
    riskmodel.adopt(workspace, anew=True)
    assert damaged(workspace) == set()
    riskmodel.current(workspace)


def test_a_flip_in_any_byte_of_a_manifest_is_found(tmp_path: Path) -> None:
    pending = Pending({"lists/.draft-1/x": "lists/x"}, {"lists/x": "c" * 64})
    manifest = Manifest({"lists/x": "a" * 64, "lists/ë": "b" * 64}, {"mlflow.db": Database("d" * 64, 12)}, pending)
    write_manifest(tmp_path, manifest)
    path = tmp_path / "manifest.json"
    content = path.read_bytes()
    assert read_manifest(tmp_path) == manifest
    for index in range(len(content)):
        path.write_bytes(content[:index] + bytes([content[index] ^ 1 << index % 8]) + content[index + 1 :])
        with pytest.raises(InputError, match="damaged manifest"):
            read_manifest(tmp_path)


def test_a_path_outside_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="outside the workspace"):
        riskmodel.adopt(workspace, [tmp_path / "elsewhere"])


def test_threads_that_write_together_are_all_noted(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")

    def write(number: int) -> None:
        put_file(workspace, workspace.path("lists", f"{number}.json"), lambda path: path.write_text(str(number)))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(24)))
    manifest = read_manifest(workspace.folder)
    assert manifest is not None and manifest.pending is None
    assert set(manifest.files) == {f"lists/{number}.json" for number in range(24)}
    assert damaged(workspace) == set()


#: Replaces a folder and a file together, each time in a process that is killed at one step later.
KILLED = """
import os, signal, sys
from itertools import count
from riskmodel.workspace.verify import check_deep
from riskmodel.workspace.transaction import put
from riskmodel.workspace.store import Workspace
from riskmodel.workspace.atomic import draft_folder

workspace = Workspace(sys.argv[1])
places = workspace.path("backtests", "x"), workspace.path("lists", "y.json")
CHANGES = ("os.rename", "os.mkdir", "os.rmdir", "os.remove", "os.chmod", "tempfile.mkstemp")
seen, last = 0, 0

def replace(content):
    with draft_folder(workspace.path("backtests")) as draft:
        (draft / "folder").mkdir()
        (draft / "folder" / "part").write_text(content)
        (draft / "file").write_text(content)
        put(workspace, {draft / "folder": places[0], draft / "file": places[1]})

def watch(event, arguments):
    global seen
    opens = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
    if event in CHANGES or opens:
        seen += 1
        if seen == last:
            os.kill(os.getpid(), signal.SIGKILL)

places[1].parent.mkdir(parents=True)
for last in count(1):
    replace("old")
    child = os.fork()
    if child == 0:
        sys.addaudithook(watch)
        replace("new")
        os._exit(0)
    _, status = os.waitpid(child, 0)
    wrong = [each.path for each in check_deep(workspace).damages]
    print(os.WIFSIGNALED(status), wrong, (places[0] / "part").read_text(), places[1].read_text(), flush=True)
    if not os.WIFSIGNALED(status):
        break
"""


def test_whenever_it_is_killed_all_is_old_or_all_is_new(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "workspace")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    kills = [line for line in lines if line.startswith("True")]
    assert set(kills) == {"True [] old old", "True [] new new"}
    # Early kills leave the old, late ones the new; the last run was not killed.
    assert kills == sorted(kills, reverse=True)
    assert lines[-1] == "False [] new new"
    assert len(kills) > 10


def test_what_a_killed_process_left_goes_away_after_a_day(workspace: Workspace) -> None:
    for age, there in ((23, True), (25, False)):
        draft = workspace.path("backtests", ".draft-left")
        draft.mkdir()
        (draft / "part").touch()
        moment = draft.stat().st_mtime - age * 3600
        os.utime(draft, (moment, moment))
        assert damaged(workspace) == set()
        with only_writer(workspace):
            recover(workspace)
        riskmodel.adopt(workspace)
        assert draft.exists() == there
        if there:
            (draft / "part").unlink()
            draft.rmdir()
