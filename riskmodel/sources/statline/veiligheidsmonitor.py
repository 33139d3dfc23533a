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
from riskmodel.sources.observations import Observations, require_files
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
    require_files(files, "at least one file of the Veiligheidsmonitor")
    catalogue = load("veiligheidsmonitor")
    parts = [_read_one(path, catalogue) for path in files]
    expected = "every municipality and year once"
    frame = statline.together([part for part, _ in parts], lambda file, _: files[file], expected)
    notes = tuple(dict.fromkeys(note for _, own in parts for note in own))
    return statline.by_year(SOURCE, frame, None, files, lambda year: notes)


def _read_one(path: Path, catalogue: Mapping[str, Any]) -> tuple[pd.DataFrame, list[str]]:
    """Municipalities of one file with all indicators and their bounds, and notes for the user."""
    _, names = statline.header(path)
    scales = {stem: scale for scale, topics in catalogue["columns"].items() for stem in topics}
    stems = statline.by_stem(path, names, scales)
    if not stems:
        found = f"none of the topics (columns: {', '.join(names[:8])[:300]})"
        expected = f"columns of {catalogue['table']} such as {next(iter(scales))}_1"
        raise InputError(f"{path}, line 1", found, expected)
    table = statline.read(path, [MARGIN, AREA, PERIOD], stems.values())
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
        _check_interval(path, column, wide)
        for suffix in bounds:
            columns[name + suffix] = wide[suffix]
    frame = pd.DataFrame(columns).reset_index()
    frame.insert(1, "name", frame["location"])
    notes = [f"left out, not in {path.name}: {stem}" for stem in scales if stem not in stems]
    if rows["margin"].nunique() < len(catalogue["margins"]):
        notes.append(f"{path.name} has not both bounds of the 95% interval")
    return frame.astype({"location": "str", "name": "str", "year": "int32"}), notes


def _rows(table: statline.StatLineTable, catalogue: Mapping[str, Any]) -> pd.DataFrame:
    """Location, year and margin of the rows of municipalities, by the index of the row."""
    margins, area = table.column(MARGIN), table.column(AREA)
    table.check(MARGIN, lambda key: key in catalogue["margins"], f"one of {', '.join(catalogue['margins'])}")
    early = table.periods(PERIOD) // 100 < catalogue["first_year"]
    hint = "Questions and method changed in 2021; earlier years are another instrument. Leave them out."
    table.refuse(early, PERIOD, f"a year from {catalogue['first_year']}", hint)
    rows = pd.DataFrame(
        {
            "location": area.cells(),
            "year": table.years(PERIOD, np.ones(len(table), dtype=bool), "a year like 2021JJ00"),
            "margin": margins.each([catalogue["margins"][key] for key in margins.texts], object),
        }
    )[area.each([level == "gemeente" for level in table.levels(AREA)], bool)]
    if "" not in set(rows["margin"]):
        raise InputError(table.path, "no figures of municipalities", "rows of GM codes with margin MW00000")
    return rows


def _check_interval(path: Path, column: str, wide: pd.DataFrame) -> None:
    outside = (wide["_low"] > wide[""]) | (wide[""] > wide["_high"]) | (wide["_low"] > wide["_high"])
    if outside.any():
        location, year = wide.index[int(np.argmax(outside.to_numpy()))]
        low, value, high = (wide.loc[(location, year), suffix] for suffix in ("_low", "", "_high"))
        found = f"{value:g} with interval {low:g} to {high:g}"
        expected = "a figure inside its interval"
        raise InputError(f"{path}, column {column!r}, {location} in {year}", found, expected)
