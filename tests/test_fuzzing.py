"""Hostile input: whatever is in a file, it is read or refused with our one error, and nothing is left behind.

``python -m tests.fuzzing`` tries many more inputs, in a process with bounded memory and time; what it finds is
kept under ``tests/fuzzing/found`` and tried here for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fuzzing.attempt import attempt, edited, playground
from fuzzing.edits import RANGE, Edit
from fuzzing.runner import FOUND
from fuzzing.targets import TARGETS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

NUMBERS = st.integers(0, RANGE - 1)
EDITS = st.lists(st.builds(Edit, NUMBERS, NUMBERS, NUMBERS), min_size=1, max_size=4)
MANAGED = sorted(path for path in FOUND.glob("*/*") if path.is_dir())
QUICK = settings(
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with playground(tmp_path_factory.mktemp("fuzzing")) as folder:
        yield folder


@pytest.mark.parametrize("name", TARGETS)
def test_every_file_to_start_from_is_read(name: str, ground: Path) -> None:
    for files in TARGETS[name].seeds():
        assert attempt(TARGETS[name], TARGETS[name].finish(files), ground), sorted(files)


@pytest.mark.parametrize("kept", MANAGED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_once_broke_a_reader_is_refused_or_read(kept: Path, ground: Path) -> None:
    attempt(TARGETS[kept.parent.name], {path.name: path.read_bytes() for path in kept.iterdir()}, ground)


#: Readers that only run in a process of their own, which these tests do not give them.
HERE = [name for name, target in TARGETS.items() if not target.contained]
#: Readers that start a process for every file.
SLOW = {"kwb-xls"}

# The engine makes archives with two members of one name.
pytestmark = pytest.mark.filterwarnings("ignore:Duplicate name", "ignore:Value .* parsed incompletely")


def try_many(name: str, ground: Path, inputs: int) -> None:
    @settings(QUICK, max_examples=inputs // 10 if name in SLOW else inputs)
    @given(chosen=st.integers(0, 9), edits=EDITS)
    def tried(chosen: int, edits: list[Edit]) -> None:
        attempt(TARGETS[name], edited(TARGETS[name], chosen, edits), ground)

    tried()


@pytest.mark.parametrize("name", HERE)
def test_spoiled_files_are_refused_or_read(name: str, ground: Path) -> None:
    try_many(name, ground, 25)


@pytest.mark.long
@pytest.mark.parametrize("name", HERE)
def test_many_spoiled_files_are_refused_or_read(name: str, ground: Path) -> None:
    try_many(name, ground, 150)
