"""Veiligheidsmonitor (CBS 85146NED): how people in a municipality judge safety, nuisance and their neighbourhood.

A sample survey, so every figure comes with the bounds of its 95% interval in rows of their own. The table has
larger municipalities only. The method changed in 2021: earlier years are another instrument and are refused.
``catalogue/veiligheidsmonitor.toml`` says which column is which indicator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from riskmodel.catalogue import load
from riskmodel.errors import InputError
from riskmodel.sources.observations import Observations, SourceFile
from riskmodel.sources.statline import statline

SOURCE = "veiligheidsmonitor"
MARGIN, AREA, PERIOD = "Marges", "RegioS", "Perioden"
KEY = ["location", "year", "margin"]


def read_survey(files: Sequence[Path]) -> list[Observations]:
    """Read files of the Veiligheidsmonitor, any years from 2021.

    Parameters
    ----------
    files : sequence of Path
        CSV files with the columns of the open-data service.

    Returns
    -------
    list of Observations
        One a year, level ``"gemeente"``; the boundary vintage is the year. Each indicator has two companions,
        ``_low`` and ``_high``, the bounds of its 95% interval. A topic without any figure is left out.

    Raises
    ------
    InputError
        On any deviation from the format, a year before the break of method, a figure outside its scale or its
        interval, or an area and year given twice.
    """
    if not files:
        raise InputError("files", "none", "at least one file of the Veiligheidsmonitor")
    catalogue = load("veiligheidsmonitor")
    parts = []
    notes: list[str] = []
    for path in files:
        part, told = _read_one(path, catalogue)
        parts.append(part)
        notes += [each for each in told if each not in notes]
    frame = pd.concat(parts, keys=range(len(parts)), names=["file", "row"]).reset_index()
    twice = frame.duplicated(["location", "year"]).to_numpy()
    if twice.any():
        row = frame.iloc[int(np.argmax(twice))]
        found = f"{row['location']} in {row['year']} twice"
        raise InputError(files[int(row["file"])], found, "every municipality and year once")
    frame = frame.drop(columns=["file", "row"]).sort_values(["location", "year"])
    sources = tuple(SourceFile.of(path) for path in files)
    return [
        Observations(
            SOURCE,
            "gemeente",
            int(str(year)),
            part.dropna(axis=1, how="all").reset_index(drop=True),
            sources,
            notes=tuple(notes),
        )
        for year, part in frame.groupby("year")
    ]


def _read_one(path: Path, catalogue: Mapping[str, Any]) -> tuple[pd.DataFrame, list[str]]:
    """Municipalities of one file with all indicators and their bounds, and what to tell about the file."""
    _, names = statline.header(path)
    scales = {stem: scale for scale, topics in catalogue["columns"].items() for stem in topics}
    stems = statline.by_stem(path, names, scales)
    if not stems:
        raise InputError(
            f"{path}, line 1",
            f"none of the topics (columns: {', '.join(names[:8])[:300]})",
            f"columns of {catalogue['table']} such as {next(iter(scales))}_1",
        )
    table = statline.read(path, [MARGIN, AREA, PERIOD, *stems.values()])
    rows = _rows(table, catalogue)
    twice = rows.duplicated(KEY).to_numpy()
    if twice.any():
        row = int(rows.index[int(np.argmax(twice))])
        raise table.fault(row, AREA, "every municipality, year and margin once")
    columns = {}
    for stem, column in stems.items():
        name = catalogue["columns"][scales[stem]][stem]
        figures = table.numbers(column, *catalogue["scales"][scales[stem]])
        wide = rows.assign(figure=figures[rows.index]).pivot(index=KEY[:2], columns="margin", values="figure")
        bounds = list(catalogue["margins"].values())
        wide = wide.reindex(columns=bounds)
        _inside_interval(path, column, wide)
        for suffix in bounds:
            columns[name + suffix] = wide[suffix]
    frame = pd.DataFrame(columns).reset_index()
    frame.insert(1, "name", frame["location"])
    notes = [f"left out, not in {path.name}: {stem}" for stem in scales if stem not in stems]
    if rows["margin"].nunique() < len(catalogue["margins"]):
        notes.append(f"{path.name} has not both bounds of the 95% interval")
    return frame.astype({"location": "str", "name": "str", "year": "int32"}), notes


def _rows(table: statline.Table, catalogue: Mapping[str, Any]) -> pd.DataFrame:
    """Location, year and margin of the rows of municipalities, on their row numbers."""
    margins, area, period = (table.columns[name] for name in (MARGIN, AREA, PERIOD))
    table.check(MARGIN, lambda key: key in catalogue["margins"], f"one of {', '.join(catalogue['margins'])}")
    moments = table.periods(PERIOD)
    early = (moments // 100 < catalogue["first_year"])[period.index]
    if early.any():
        hint = "Questions and method changed in 2021; earlier years are another instrument. Leave them out."
        raise table.fault(int(np.argmax(early)), PERIOD, f"a year from {catalogue['first_year']}", hint)
    monthly = (moments % 100 > 0)[period.index]
    if monthly.any():
        raise table.fault(int(np.argmax(monthly)), PERIOD, "a year like 2021JJ00")
    chosen = np.array([level == "gemeente" for level in table.levels(AREA)])[area.index]
    suffixes = np.array([catalogue["margins"][key] for key in margins.texts], dtype=object)
    rows = pd.DataFrame(
        {
            "location": np.asarray(area.texts, dtype=object)[area.index],
            "year": (moments // 100)[period.index],
            "margin": suffixes[margins.index],
        }
    )[chosen]
    if "" not in set(rows["margin"]):
        raise InputError(table.path, "no figures of municipalities", "rows of GM codes with margin MW00000")
    return rows


def _inside_interval(path: Path, column: str, wide: pd.DataFrame) -> None:
    outside = (wide["_low"] > wide[""]) | (wide[""] > wide["_high"]) | (wide["_low"] > wide["_high"])
    if outside.any():
        location, year = wide.index[int(np.argmax(outside.to_numpy()))]
        low, value, high = (wide.loc[(location, year), suffix] for suffix in ("_low", "", "_high"))
        raise InputError(
            f"{path}, column {column!r}, {location} in {year}",
            f"{value:g} with interval {low:g} to {high:g}",
            "a figure inside its interval",
        )
