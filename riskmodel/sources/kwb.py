"""Kerncijfers wijken en buurten (CBS): size and context of districts.

The table has been published in several dialects; ``catalogue/kwb.toml`` says which columns of each are read,
which are blocked (origin of residents), and what stands for missing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from riskmodel.catalogue import load
from riskmodel.errors import InputError
from riskmodel.sources import delimited
from riskmodel.sources.observations import Observations, SourceFile

SOURCE = "kwb"
CODE = r"^WK[0-9]{4}[0-9A-Z]{2}$"
FIRST_YEAR, LAST_YEAR = 1995, 2049
SHARES = re.compile(r"^(age_|single_|family_|owner_|low_income|high_income|higher_education|employment)")


def read_tables(files: Sequence[Path], year: int | None = None) -> list[Observations]:
    """Read KWB district tables, one year a file.

    Parameters
    ----------
    files : sequence of Path
        CSV files at wijk level.
    year : int, optional
        Year of the (single) file; by default the four digits in each file's name.

    Returns
    -------
    list of Observations
        One a file. The boundary vintage is the year itself.

    Raises
    ------
    InputError
        If a dialect or year is not recognised, or a value is impossible.
    """
    if year is not None and len(files) > 1:
        raise InputError("--year", "one year for several files", "one file with --year")
    if year is not None and not FIRST_YEAR <= year <= LAST_YEAR:
        raise InputError("--year", str(year), f"a year from {FIRST_YEAR} to {LAST_YEAR}")
    first: dict[int, Path] = {}
    for path in files:
        of = year_in_name(path) if year is None else year
        if of in first:
            raise InputError(path, f"a second file of {of}", f"one file a year; {first[of].name} is the first")
        first[of] = path
    return [_read_one(path, of) for of, path in first.items()]


def year_in_name(path: Path) -> int:
    """Year of a KWB file from its name.

    Raises
    ------
    InputError
        If there is not exactly one such number.
    """
    years = set(re.findall(r"(?<!\d)(20[0-4]\d)(?!\d)", path.stem))
    if len(years) != 1:
        raise InputError(
            path,
            f"{' and '.join(sorted(years)) or 'no year'} in the file name",
            "one year",
            "Say which with --year YEAR.",
        )
    return int(years.pop())


def _dialect(path: Path) -> dict[str, Any]:
    names = delimited.header(path)
    for entry in load("kwb").values():
        if set(names) >= set(entry["signature"]):
            return dict(entry)
    known = "; ".join(f"{e['label']}: {', '.join(e['signature'])}" for e in load("kwb").values())
    raise InputError(f"{path}, line 1", f"columns {delimited.shown(names)}", f"one of: {known}")


def _read_one(path: Path, year: int) -> Observations:
    dialect = _dialect(path)
    columns: dict[str, str] = dialect["columns"]
    words: dict[str, dict[str, int]] = dialect.get("words", {})
    missing = ("", "NA", ".")
    numeric = [column for column in columns if column not in words]
    table = delimited.read(path, [dialect["code"], *columns], numeric, missing).to_pandas()
    codes = table[dialect["code"]]
    wrong = ~codes.str.match(CODE)
    if wrong.any():
        row = int(np.argmax(wrong.to_numpy()))
        raise InputError(
            f"{path}, line {row + 2}, column {dialect['code']!r}",
            repr(codes.iloc[row]),
            "a code like WK034401",
        )
    if codes.duplicated().any():
        row = int(np.argmax(codes.duplicated().to_numpy()))
        raise InputError(f"{path}, line {row + 2}", f"{codes.iloc[row]} twice", "every area once")
    frame = pd.DataFrame({"location": codes, "name": codes, "year": np.int32(year)})
    for column, indicator in columns.items():
        if column in words:
            frame[indicator] = _numbers_of_words(path, table[column], words[column], missing)
        else:
            values = table[column].astype("float64")
            frame[indicator] = values.where(values > dialect["missing_from"])
            _check_range(path, column, indicator, frame[indicator])
    frame = frame.sort_values("location", ignore_index=True)
    notes = tuple(
        f"blocked ({reason}): {', '.join(blocked)}" for reason, blocked in dialect.get("blocked", {}).items()
    )
    return Observations(SOURCE, "wijk", year, frame, (SourceFile.of(path),), notes=notes)


def _numbers_of_words(path: Path, text: pd.Series, words: dict[str, int], missing: Sequence[str]) -> pd.Series:
    numbers = text.map(words)
    unknown = numbers.isna() & ~text.isin(list(missing))
    if unknown.any():
        row = int(np.argmax(unknown.to_numpy()))
        raise InputError(
            f"{path}, line {row + 2}, column {text.name!r}", repr(text.iloc[row]), f"one of {list(words)}"
        )
    return numbers.astype("float64")


def _check_range(path: Path, column: str, indicator: str, values: pd.Series) -> None:
    highest = 100.0 if SHARES.match(indicator) else np.inf
    wrong = (values < 0) | (values > highest)
    if wrong.any():
        row = int(np.argmax(wrong.to_numpy()))
        raise InputError(
            f"{path}, line {row + 2}, column {column!r}", repr(float(values.iloc[row])), f"0 to {highest:g}"
        )
