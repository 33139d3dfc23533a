"""``model.json`` of a released model: written, and read with every part present, of its size, and finite."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from riskmodel.errors import InputError, refuse_damage
from riskmodel.forecasting.features import Features
from riskmodel.panel.panel import FloatArray
from riskmodel.sources.formats.documents import read_json
from riskmodel.workspace.atomic import json_bytes

MODEL = "model.json"
EXPECTED = "a model written by riskmodel"
MOST_NAMES = 10_000
PRINTABLE = re.compile("[^ ]{1,200}")


class SavedModel(ABC):
    """A fitted model that is saved as ``model.json``, its kind first."""

    kind: ClassVar[str]
    names: tuple[str, ...]

    @abstractmethod
    def as_dict(self) -> dict[str, Any]:
        """Everything learned, fit for JSON."""

    @classmethod
    @abstractmethod
    def from_dict(cls, about: dict[str, Any]) -> Self:
        """The model that :meth:`as_dict` describes."""

    def save(self, folder: Path) -> None:
        """Write the model into an existing folder."""
        (folder / MODEL).write_bytes(json_bytes({"kind": self.kind, **self.as_dict()}))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a model written by :meth:`save`."""
        about = read_about(folder)
        with refuse_damage(folder / MODEL, "no readable model", EXPECTED):
            try:
                return cls.from_dict(about)
            except InputError as error:  # of a part, which does not know the file
                raise ValueError(str(error)) from error

    def check_features(self, features: Features) -> None:
        """Refuse features other than those of the training."""
        if features.names != self.names:
            raise InputError("model input", f"features {features.names}", f"features {self.names}")


def read_about(folder: Path) -> dict[str, Any]:
    """Content of ``model.json`` in a folder."""
    about = read_json(folder / MODEL, EXPECTED)
    if not isinstance(about, dict):
        raise InputError(folder / MODEL, f"a {type(about).__name__}", EXPECTED)
    return about


def names_of(about: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the features: texts without blanks that can be printed, every one once."""
    names = about["features"]
    if not isinstance(names, list) or not 1 <= len(names) <= MOST_NAMES or len({*map(str, names)}) != len(names):
        raise ValueError("features that are no names, each once")
    for name in names:
        if not isinstance(name, str) or not PRINTABLE.fullmatch(name) or not name.isprintable():
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
        size is None or size == found for size, found in zip(shape, values.shape, strict=True)
    )
    if not fits or (values.size and values.dtype.kind not in kind):
        raise ValueError(f"{key} is not numbers of shape {shape}")
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
