"""The first wrong row of a table, as a refusal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.errors import InputError

#: Words of a message, or how they follow from the index of the row.
Words: TypeAlias = str | Callable[[int], str]


def refuse(
    wrong: npt.ArrayLike, where: Callable[[int], object], found: Words, expected: Words, hint: Words = ""
) -> None:
    """Refuse the first row that is wrong."""
    wrong, words = np.asarray(wrong, dtype=bool), (found, expected, hint)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(where(row), *(each if isinstance(each, str) else each(row) for each in words))


def lines(path: Path, column: str = "") -> Callable[[int], str]:
    """The position of a row, or of a cell of it, in a file with one line a row below its header."""
    of_column = f", column {column!r}" if column else ""
    return lambda row: f"{path}, line {row + 2}{of_column}"


def cell_of(values: pd.Series) -> Callable[[int], str]:
    """The cell of a row, for a message."""
    return lambda row: repr(values.iloc[row])
