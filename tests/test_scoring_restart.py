"""A run that is killed goes on where it stopped and ends with the same bytes; nothing is ever written over."""

from __future__ import annotations

import json
import multiprocessing
import random
import threading
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from scoring_worlds import bytes_of, made_release, made_rows, rejects_of, scores_of, write

import riskmodel
from riskmodel.errors import InputError
from riskmodel.workflow.score import score
from riskmodel.workspace.lock import only_writer
from riskmodel.workspace.store import Workspace

pytestmark = pytest.mark.long

ROWS, FILES, KILLS = 200_000, 40, 10


def score_it(source: Path, model: Path, output: Path) -> None:
    """In a process of its own."""
    score(source, model, output)


def test_killed_ten_times_gives_the_same_bytes(tmp_path: Path) -> None:
    release = made_release(tmp_path / "models", trees=150)
    rows = made_rows(ROWS)
    rng = np.random.default_rng(8)
    bad = rng.choice(ROWS, 500, replace=False)
    rows.loc[bad, "deviation"] = np.nan
    for number, part in enumerate(np.array_split(np.arange(ROWS), FILES)):
        write(rows.iloc[part], tmp_path / "in" / f"half={number % 2}" / f"{number:02d}.parquet", 1_000)
    # Processes that have the libraries already, so that the kills hit the work and not the imports.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["riskmodel.scoring.run", "riskmodel.workflow.tracking.registry", "lightgbm", "test_scoring_restart"]
    )
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"

    def start(output: Path) -> multiprocessing.process.BaseProcess:
        process = context.Process(target=score_it, args=(tmp_path / "in", release.folder, output))
        process.start()
        return process

    def parts() -> int:
        return len(list(killed.glob("scores/*/[!.]*.parquet")))

    first = start(undisturbed)
    first.join()
    assert first.exitcode == 0
    moment, hits, were = random.Random(3), 0, []
    while hits < KILLS:
        before, process = parts(), start(killed)
        # Mostly once it works, at any moment of a part; and twice before it has begun.
        wanted = before + 1 if hits % 5 else before
        while parts() < wanted and process.is_alive():
            time.sleep(0.001)
        time.sleep(moment.uniform(0, 0.03))
        process.kill()
        process.join()
        assert process.exitcode == -9
        assert not (killed / "manifest.json").exists()
        were.append(parts())
        hits += 1
    assert 0 < were[-1] < FILES
    assert were == sorted(were)
    last = start(killed)
    last.join()
    assert last.exitcode == 0
    assert bytes_of(killed) == bytes_of(undisturbed)
    totals = json.loads((killed / "manifest.json").read_text())["totals"]
    assert totals == {"rows": ROWS, "scored": ROWS - 500, "rejected": 500, "reasons": {"missing": 500}}
    scored = set(scores_of(killed)["location"])
    rejects = rejects_of(killed)
    sizes = {f"half={n % 2}/{n:02d}.parquet": n * (ROWS // FILES) for n in range(FILES)}
    rejected = {f"C{sizes[file] + row - 1:07d}" for file, row in zip(rejects["file"], rejects["row"], strict=True)}
    assert rejected == {f"C{number:07d}" for number in bad}
    assert scored | rejected == set(rows["location"])
    assert not scored & rejected


@pytest.fixture
def run(tmp_path: Path) -> tuple[Path, Path, Path]:
    release = made_release(tmp_path / "models")
    source = write(made_rows(500), tmp_path / "in" / "a.parquet")
    write(made_rows(400, seed=9), tmp_path / "in" / "b.parquet")
    return source.parent, release.folder, tmp_path / "out"


def test_a_finished_run_is_never_written_over(run: tuple[Path, Path, Path]) -> None:
    source, model, out = run
    riskmodel.score(source, model, out)
    before = bytes_of(out)
    with pytest.raises(InputError, match="a finished run"):
        riskmodel.score(source, model, out)
    assert bytes_of(out) == before


def test_going_on_with_something_else_is_refused(run: tuple[Path, Path, Path], tmp_path: Path) -> None:
    source, model, out = run
    riskmodel.score(source, model, out)
    whole = bytes_of(out)
    (out / "manifest.json").unlink()
    (out / "scores" / "b-00000.parquet").unlink()
    (out / "scores" / ".draft.parquet").write_bytes(b"half")
    other = made_release(tmp_path / "others", trees=7)
    cases = {
        "another model": lambda: riskmodel.score(source, other.folder, out),
        "another settings": lambda: riskmodel.score(source, model, out, drivers=True),
        "another input": lambda: riskmodel.score(write(made_rows(500), tmp_path / "a.parquet"), model, out),
    }
    for said, call in cases.items():
        with pytest.raises(InputError, match=said):
            call()
    riskmodel.score(source, model, out)
    assert bytes_of(out) == whole


def test_a_part_that_is_damaged_is_told(run: tuple[Path, Path, Path]) -> None:
    source, model, out = run
    riskmodel.score(source, model, out)
    (out / "manifest.json").unlink()
    (out / "scores" / "a-00000.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match="a damaged part"):
        riskmodel.score(source, model, out)


def test_two_processes_do_not_write_one_folder(run: tuple[Path, Path, Path]) -> None:
    source, model, out = run
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with only_writer(Workspace(out)):
            held.set()
            done.wait(60)

    # Another thread stands for another process: one's own lock may be taken again.
    other = threading.Thread(target=hold)
    other.start()
    assert held.wait(60)
    try:
        with pytest.raises(InputError, match="in use"):
            riskmodel.score(source, model, out)
    finally:
        done.set()
        other.join()
    riskmodel.score(source, model, out)


def test_a_folder_with_other_things_is_left_alone(run: tuple[Path, Path, Path]) -> None:
    source, model, out = run
    out.mkdir()
    (out / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(InputError, match=r"'letter\.txt' in it"):
        riskmodel.score(source, model, out)
    assert [path.name for path in out.iterdir()] == ["letter.txt"]


def test_a_part_says_what_it_holds(run: tuple[Path, Path, Path]) -> None:
    source, model, out = run
    riskmodel.score(source, model, out)
    about = json.loads(pq.read_metadata(out / "scores" / "b-00000.parquet").metadata[b"riskmodel"])
    assert (about["file"], about["scored"], about["rejected"]) == ("b.parquet", 400, 0)
    assert sum(about["drift"]["bins"][0]) + about["drift"]["missing"][0] == 400
