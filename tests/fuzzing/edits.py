"""One engine that spoils files: an edit is three numbers, a spoiled file follows from a good one and its edits.

Whoever draws the numbers decides what is tried: a pseudo-random stream (``python -m tests.fuzzing``), hypothesis,
which then finds the smallest edits that still fail, or atheris, which looks for edits that reach new code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from .archive_changes import ARCHIVE
from .changes import RAW, TABLE, TEXT, TREE, Change

Files = dict[str, bytes]
#: Numbers of an edit lie below this.
RANGE = 2**20


@dataclass(frozen=True)
class Edit:
    """One change: which, where, and with what; numbers from 0 to :data:`RANGE`, taken modulo what there is."""

    kind: int
    place: int
    other: int


def spoil(files: Mapping[str, bytes], edits: Sequence[Edit]) -> Files:
    """Files after edits, one after the other; each is made in one of the files."""
    spoiled = dict(files)
    names = sorted(spoiled)
    for edit in edits:
        name = names[edit.place % len(names)] if len(names) > 1 else names[0]
        spoiled[name] = _changed(name, spoiled[name], Edit(edit.kind, edit.place // len(names), edit.other))
    return spoiled


def _changed(name: str, content: bytes, edit: Edit) -> bytes:
    """One file after one edit; a change that does not fit the file leaves it as it is."""
    known = changes_for(name, content)
    try:
        return known[edit.kind % len(known)](content, edit.place, edit.other)
    except Exception:
        # A table without cells, an archive that is broken already: this edit has nothing to hold on to.
        return content


def changes_for(name: str, content: bytes) -> tuple[Change, ...]:
    """Changes that make sense for a file; those that know its form count more than once."""
    if content.startswith(b"PK\x03\x04"):
        return (*ARCHIVE, *ARCHIVE, *ARCHIVE, *RAW)
    if name.endswith((".json", ".geojson")):
        return (*TREE, *TREE, *TEXT, *RAW)
    if name.endswith(".csv"):
        return (*TABLE, *TABLE, *TEXT, *RAW)
    if name.endswith((".txt", ".yaml", ".toml", ".prj", ".md")):
        return (*TEXT, *TEXT, *RAW)
    return RAW


def draw(numbers: Callable[[], int], most: int = 4) -> list[Edit]:
    """Some edits from a stream of numbers; one is most likely."""
    count = 1 + (numbers() % 8 >= 4) + sum(numbers() % 4 == 0 for _ in range(most - 2))
    return reduce(lambda made, _: [*made, Edit(numbers(), numbers(), numbers())], range(count), list[Edit]())
