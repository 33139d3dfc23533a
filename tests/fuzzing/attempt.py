"""One spoiled input and what became of it."""

from __future__ import annotations

import os
import random
import shutil
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from riskmodel.errors import InputError

from .edits import RANGE, Edit, Files, draw, spoil
from .targets import Target

#: Longer messages fill a screen.
LONGEST_MESSAGE = 3_000
INPUT, ELSEWHERE, TEMPORARY = "input", "elsewhere", "temporary"


class BrokenError(Exception):
    """A reader did what it may not do; ``kind`` is the same for the same fault."""

    def __init__(self, kind: str, story: str) -> None:
        super().__init__(f"{kind}\n{story}")
        self.kind = kind
        self.story = story


@dataclass(frozen=True)
class Numbered:
    """An input by its number in a stream: the same number and seed give the same input, on any machine."""

    target: Target
    seed: int

    def files(self, number: int) -> Files:
        """Files of that number; 0 and the next few are the good ones."""
        good = self.target.seeds()
        if number < len(good):
            return self.target.finish(good[number])
        numbers = random.Random(f"{self.target.name} {self.seed} {number}")
        chosen = good[numbers.randrange(len(good))]
        return self.target.finish(spoil(chosen, draw(lambda: numbers.randrange(RANGE))))


def edited(target: Target, chosen: int, edits: Sequence[Edit]) -> Files:
    """One of the good inputs after edits."""
    good = target.seeds()
    return target.finish(spoil(good[chosen % len(good)], edits))


@contextmanager
def playground(parent: Path) -> Iterator[Path]:
    """A folder to read in, from which relative and temporary files would be seen if they were left behind."""
    for name in (INPUT, ELSEWHERE, TEMPORARY):
        (parent / name).mkdir(exist_ok=True)
    before, temporary = Path.cwd(), tempfile.tempdir
    try:
        os.chdir(parent / ELSEWHERE)
        tempfile.tempdir = str(parent / TEMPORARY)
        yield parent
    finally:
        os.chdir(before)
        tempfile.tempdir = temporary


def attempt(target: Target, files: Files, ground: Path) -> bool:
    """Read files, in a playground.

    Returns
    -------
    bool
        Whether they were read; False when they were refused as they should be.

    Raises
    ------
    BrokenError
        On any other outcome: another exception, a message that says nothing, something written.
    """
    folder = ground / INPUT
    for old in folder.iterdir():
        old.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    try:
        target.read(folder)
        read = True
    except InputError as error:
        _check_message(error)
        read = False
    except Exception as error:
        raise BrokenError(_signature(error), traceback.format_exc(limit=-12)) from error
    finally:
        left = [path for name in (ELSEWHERE, TEMPORARY) for path in (ground / name).iterdir()]
        for path in left:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    now = {path.name: path.read_bytes() for path in folder.iterdir()}
    if left or now != files:
        raise BrokenError("written", f"left behind: {[path.name for path in left]}, {sorted(now)}")
    return read


def _check_message(error: InputError) -> None:
    text = str(error)
    if not (error.where and error.found and error.expected):
        raise BrokenError("message-empty", text)
    if len(text) > LONGEST_MESSAGE:
        raise BrokenError("message-long", text[:500])
    odd = [letter for letter in text if not (letter.isprintable() or letter == "\n")]
    if odd:
        raise BrokenError("message-control", ascii(text))
    try:
        text.encode()
    except UnicodeEncodeError as wrong:
        raise BrokenError("message-surrogate", ascii(text)) from wrong


def _signature(error: BaseException) -> str:
    """Kind of fault: the exception and the last place in our own code."""
    frames = [
        each for each in traceback.extract_tb(error.__traceback__) if "riskmodel" in Path(each.filename).parts
    ]
    last = frames[-1] if frames else None
    place = f"{Path(last.filename).stem}-{last.name}" if last else "elsewhere"
    return f"{type(error).__name__}-{place}".replace("<", "").replace(">", "")
