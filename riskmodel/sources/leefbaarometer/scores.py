"""Leefbaarometer 3.0: the score files as the ministry publishes them.

One CSV a level: area code, name (not for PC4 and grids), year, total score ``lbm``, deviation ``afw`` and the
five dimensions, missing values as ``NA``. Dimensions are published for some waves only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from riskmodel.catalogue import DIMENSIONS, load
from riskmodel.errors import InputError
from riskmodel.sources.formats import delimited
from riskmodel.sources.formats.rows import lines, refuse
from riskmodel.sources.observations import Observations, SourceFile, require_files

Floats: TypeAlias = npt.NDArray[np.float64]
SOURCE = "leefbaarometer-3.0"
#: The two identities are exact to rounding in every published row; a larger gap is a damaged value.
TOLERANCE = 1e-6
#: Base constants of every release so far lie near 4.1; outside this range columns were swapped.
LOWEST_BASE, HIGHEST_BASE = 3.0, 5.0
FIRST_WAVE, LAST_WAVE = 1998, 2100


@dataclass(frozen=True)
class LevelFormat:
    """How areas of one level are written: code column, name column if any, and pattern of a code."""

    level: str
    code: str
    name: str | None
    pattern: str


#: Letters, digits and the signs between them; published ones look like E2330N5820.
GRID = r"^[0-9A-Za-z][0-9A-Za-z_.-]{0,39}$"

LEVELS: tuple[LevelFormat, ...] = (
    LevelFormat("wijk", "wk_code", "wk_naam", r"^WK[0-9]{4}[0-9A-Z]{2}$"),
    LevelFormat("buurt", "bu_code", "bu_naam", r"^BU[0-9]{4}[0-9A-Z]{4}$"),
    LevelFormat("gemeente", "gm_code", "gm_naam", r"^GM[0-9]{4}$"),
    LevelFormat("pc4", "PC4", None, r"^[1-9][0-9]{3}$"),
    *(LevelFormat("grid", code, None, GRID) for code in ("gridcode", "GRIDCODE", "grid_code", "grid_id", "grid")),
)


def read_scores(files: Sequence[Path], boundaries: int | None = None) -> list[Observations]:
    """Read score files of one release, any levels.

    Parameters
    ----------
    files : sequence of Path
        CSV files as published. Files of one level are joined.
    boundaries : int, optional
        Boundary vintage of the codes; by default that of the catalogue.

    Returns
    -------
    list of Observations
        One a level, with indicators ``score`` and the five dimensions.

    Raises
    ------
    InputError
        On any file that is not as published, on an area and wave given twice, and on files of two
        releases: those are two instruments.
    """
    vintage = boundaries or int(load("sources")[SOURCE]["boundaries"])
    require_files(files, "at least one score file")
    parts: dict[str, list[tuple[Path, pd.DataFrame, float]]] = {}
    for path in files:
        format_ = level_of(path)
        frame, base = _read_one(path, format_)
        parts.setdefault(format_.level, []).append((path, frame, base))
    _one_release([part for group in parts.values() for part in group])
    return [_combine(level, group, vintage) for level, group in parts.items()]


def level_of(path: Path) -> LevelFormat:
    """Recognise the level of a score file by its header."""
    names = delimited.header(path)
    for format_ in LEVELS:
        if format_.code in names:
            return format_
    hint = "Use the file 'Leefbaarometer-scores ...csv' of the open data."
    if "kscore" in names:
        hint = f"This is a WFS layer of one measurement, which has no score. {hint}"
    expected = f"a code column, one of {sorted({format_.code for format_ in LEVELS})}"
    raise InputError(f"{path}, line 1", f"columns {delimited.shown(names)}", expected, hint)


def _read_one(path: Path, format_: LevelFormat) -> tuple[pd.DataFrame, float]:
    numeric = ["jaar", "lbm", "afw", *DIMENSIONS]
    text = [format_.code] + ([format_.name] if format_.name else [])
    table = delimited.read(path, [*text, *numeric], numeric)
    _check_codes(path, table[format_.code], format_)
    numbers = {name: table[name].to_numpy() for name in numeric}
    check_years(path, numbers["jaar"], "jaar", FIRST_WAVE, LAST_WAVE, "a year such as 2020")
    base = _check_base(path, numbers["lbm"], numbers["afw"])
    _check_sum(path, numbers["afw"], np.column_stack([numbers[name] for name in DIMENSIONS]))
    chosen = table.select([*text, "jaar", "lbm", *DIMENSIONS])
    chosen = chosen.set_column(len(text), "jaar", pc.cast(chosen["jaar"], pa.int32()))
    if not format_.name:
        chosen = chosen.add_column(1, "name", chosen[format_.code])
    return chosen.rename_columns(["location", "name", "year", "score", *DIMENSIONS]).to_pandas(), base


def _check_codes(path: Path, codes: pa.ChunkedArray, format_: LevelFormat) -> None:
    # Every code is in several rows: the different ones are few.
    different = codes.unique()
    wrong = pc.index(pc.match_substring_regex(different, format_.pattern), False).as_py()
    if wrong >= 0:
        code = different[wrong].as_py()
        where = lines(path, format_.code)(pc.index(codes, code).as_py())
        raise InputError(where, repr(code), f"a code like {format_.pattern}")


def check_years(
    path: Path, years: Floats, column: str, first: int, last: int, expected: str, named: int | None = None
) -> None:
    """Refuse what is no year between two others, or another year than the file is named after."""
    good = (years >= first) & (years <= last) & (years == np.floor(years))
    good &= named is None or years == named
    refuse(~good, lines(path, column), lambda row: f"{years[row]:g}", expected)


def _check_base(path: Path, score: Floats, deviation: Floats) -> float:
    """Base constant of the file: score minus deviation, the same in every row of one release."""
    half = np.isnan(score) != np.isnan(deviation)
    refuse(half, lines(path), "only one of 'lbm' and 'afw'", "both or neither")
    gap = score - deviation
    if np.isnan(gap).all():
        raise InputError(path, "no score at all", "scores in column 'lbm'")
    # The lower median is the gap of some row, also when a file holds as many rows of two releases.
    base = float(np.nanquantile(gap, 0.5, method="lower"))
    if not LOWEST_BASE < base < HIGHEST_BASE:
        raise InputError(path, f"lbm - afw = {base:.6f}", "about 4.1", "The columns may have been swapped.")
    refuse(
        np.abs(gap - base) > TOLERANCE,
        lines(path),
        lambda row: f"lbm - afw = {gap[row]:.6f}",
        f"{base:.6f}, the base constant of the other rows",
        "A damaged value, or rows of two editions or releases in one file.",
    )
    return base


def _check_sum(path: Path, deviation: Floats, parts: Floats) -> None:
    known = ~np.isnan(parts)
    every = known.all(axis=1)
    refuse(known.any(axis=1) & ~every, lines(path), "some of the five dimensions", "all five or none")
    orphan = every & np.isnan(deviation)
    refuse(orphan, lines(path), "dimensions without a score", "'lbm' and 'afw' as well")
    check_sum(path, deviation, parts)


def check_sum(path: Path, deviation: Floats, parts: Floats, tolerance: float = TOLERANCE) -> None:
    """Refuse a row whose five dimensions do not add up to its deviation."""
    sums = parts.sum(axis=1)
    refuse(
        np.abs(sums - deviation) > tolerance,
        lines(path),
        lambda row: f"dimensions that add up to {sums[row]:.6f}",
        lambda row: f"{deviation[row]:.6f} (column 'afw')",
        "The file may be damaged, or its columns may have been swapped.",
    )


def _one_release(parts: Sequence[tuple[Path, pd.DataFrame, float]]) -> None:
    first_path, _, first_base = parts[0]
    for path, _, base in parts[1:]:
        if abs(base - first_base) > TOLERANCE:
            raise InputError(
                path,
                f"base constant {base:.6f}",
                f"{first_base:.6f} as in {first_path.name}",
                "Files of two releases or editions are two instruments; ingest them in two workspaces.",
            )


def joined(parts: Sequence[tuple[Path, pd.DataFrame]], expected: str) -> pd.DataFrame:
    """Rows of files of one level in order of area and year; an area and year in two rows is refused."""
    frame = pd.concat([part for _, part in parts], ignore_index=True) if len(parts) > 1 else parts[0][1]
    area, _ = pd.factorize(frame["location"], sort=True)
    key = area * np.int64(LAST_WAVE + 1) + frame["year"].to_numpy()
    # Published files are in order already; only others need sorting.
    if (np.diff(key) > 0).all():
        return frame
    order = np.argsort(key, kind="stable")
    repeated = np.flatnonzero(np.diff(key[order]) == 0)
    if len(repeated):
        row = int(order[repeated + 1].min())
        where = [lines(path)(line) for path, part in parts for line in range(len(part))]
        found = f"{frame['location'].iloc[row]} in {frame['year'].iloc[row]} twice"
        raise InputError(where[row], found, expected)
    return frame.iloc[order].reset_index(drop=True)


def _combine(level: str, group: Sequence[tuple[Path, pd.DataFrame, float]], vintage: int) -> Observations:
    frame = joined([(path, part) for path, part, _ in group], "every area and wave once")
    files = tuple(SourceFile.of(path) for path, _, _ in group)
    return Observations(SOURCE, level, vintage, frame, files, base=group[0][2])
