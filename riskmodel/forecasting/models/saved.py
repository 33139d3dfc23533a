"""``model.json`` of a released model: written, and read with every part there, of its size, and finite."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from riskmodel.errors import InputError, damage_told
from riskmodel.panel.panel import FloatArray
from riskmodel.sources.formats.documents import read_json

MODEL = "model.json"
EXPECTED = "a model written by riskmodel"
MOST_NAMES, LONGEST_NAME = 10_000, 200


def write_about(folder: Path, kind: str, about: Mapping[str, Any]) -> None:
    """Write ``model.json`` into an existing folder: the kind of model, then what it learned."""
    (folder / MODEL).write_text(json.dumps({"kind": kind, **about}, indent=1) + "\n", encoding="utf-8")


def read_about(folder: Path) -> dict[str, Any]:
    """What ``model.json`` in a folder holds."""
    about = read_json(folder / MODEL, EXPECTED)
    if not isinstance(about, dict):
        raise InputError(folder / MODEL, f"a {type(about).__name__}", EXPECTED)
    return about


@contextmanager
def parts_of(folder: Path) -> Iterator[dict[str, Any]]:
    """What ``model.json`` in a folder holds, to make a model of."""
    about = read_about(folder)
    with damage_told(folder / MODEL, "no readable model", EXPECTED):
        try:
            yield about
        except InputError as error:  # of a part, which does not know the file
            raise ValueError(str(error)) from error


def names_of(about: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the features: texts without blanks that can be printed, every one once."""
    names = about["features"]
    if not isinstance(names, list) or not 1 <= len(names) <= MOST_NAMES or len({*map(str, names)}) != len(names):
        raise ValueError("features that are no names, each once")
    for name in names:
        if (
            not isinstance(name, str)
            or not name
            or len(name) > LONGEST_NAME
            or not name.isprintable()
            or " " in name
        ):
            raise ValueError(f"a feature {name!r}"[:80])
    return tuple(names)


def numbers(
    about: Mapping[str, Any],
    key: str,
    shape: tuple[int | None, ...],
    lowest: float = -np.inf,
    highest: float = np.inf,
    kind: str = "if",
) -> FloatArray:
    """Finite numbers of a shape."""
    values = np.array(about[key])
    fits = len(values.shape) == len(shape) and all(
        size is None or size == there for size, there in zip(shape, values.shape, strict=True)
    )
    if values.size and (not fits or values.dtype.kind not in kind):
        raise ValueError(f"{key} is not numbers of shape {shape}")
    if not fits:
        raise ValueError(f"{key} is empty")
    made: FloatArray = values.astype(bool if kind == "b" else float)
    if not np.isfinite(made).all() or (made < lowest).any() or (made > highest).any():
        raise ValueError(f"{key} is not numbers from {lowest:g} to {highest:g}")
    return made


def number(about: Mapping[str, Any], key: str, lowest: float = -np.inf, highest: float = np.inf) -> float:
    """One finite number; see :func:`numbers`."""
    return float(numbers(about, key, (), lowest, highest))


def rising(about: Mapping[str, Any], key: str) -> FloatArray:
    """Two or more finite numbers, each larger than the one before; see :func:`numbers`."""
    values = numbers(about, key, (None,))
    if len(values) < 2 or (np.diff(values) <= 0).any():
        raise ValueError(f"{key} does not rise")
    return values
