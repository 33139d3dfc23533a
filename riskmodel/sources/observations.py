"""Observations, the result of every reader: one row an area and year, one column an indicator."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import pandas as pd

from riskmodel.catalogue import Indicator
from riskmodel.errors import InputError
from riskmodel.sources.formats.files import sha256_of


@dataclass(frozen=True)
class SourceFile:
    """An input file and its fingerprint.

    Attributes
    ----------
    name : str
        File name without folder.
    sha256 : str
        Fingerprint of its bytes.
    """

    name: str
    sha256: str

    @classmethod
    def of(cls, path: Path) -> SourceFile:
        """Fingerprint a file on disk."""
        return cls(path.name, sha256_of(path))


@dataclass(frozen=True)
class Observations:
    """Tidy values of one source at one level on one boundary vintage.

    Attributes
    ----------
    source : str
        Source id of the catalogue, for instance ``"leefbaarometer-3.0"``.
    level : str
        ``"grid"``, ``"pc4"``, ``"buurt"``, ``"wijk"`` or ``"gemeente"``.
    boundaries : int
        Year of the area classification of the codes.
    frame : pandas.DataFrame
        Columns ``location``, ``name``, ``year`` and one float column an indicator; sorted by location
        and year, no pair twice.
    files : tuple of SourceFile
        The files that were read.
    base : float or None
        Base constant of a score (score minus deviation), None for other sources.
    published : mapping of int to datetime.date
        Publication date of a year's values where the file has it; otherwise the catalogue's lag counts.
    definitions : tuple of Indicator
        Definitions of its indicators, for local sources that the catalogue does not know.
    notes : tuple of str
        Notes for the user: columns that were blocked, values that are missing.
    """

    source: str
    level: str
    boundaries: int
    frame: pd.DataFrame
    files: tuple[SourceFile, ...]
    base: float | None = None
    published: Mapping[int, date] = field(default_factory=dict)
    definitions: tuple[Indicator, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def indicators(self) -> tuple[str, ...]:
        """The indicator columns of the frame."""
        return tuple(c for c in self.frame.columns if c not in ("location", "name", "year"))

    @property
    def years(self) -> tuple[int, ...]:
        """The years in the frame, ascending."""
        return tuple(sorted(int(year) for year in self.frame["year"].unique()))


def require_files(files: Collection[Path], expected: str) -> None:
    """Refuse a call without files."""
    if not files:
        raise InputError("files", "none", expected)
