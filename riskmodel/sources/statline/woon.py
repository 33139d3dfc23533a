"""WoON (Woononderzoek Nederland): results of the housing survey per municipality or region.

The ministry publishes the survey as reports and as a file of respondents, which stays with those who may use it.
What this reader takes is a table made from either, one row a result::

    area,year,indicator,share,margin
    GM0034,2021,woon_satisfied_dwelling,86.1,2.4
    Drechtsteden,2021,woon_satisfied_dwelling,84.9,1.9

``area`` is a municipality code or a region of the catalogue; ``share`` is in percent; ``margin`` is half the width
of the 95% interval in percentage points, and like the share ``.`` or nothing where it is unknown. Semicolons with
decimal commas do as well. A region's result counts for each of its municipalities that has none of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from riskmodel.catalogue import load, regions
from riskmodel.errors import InputError
from riskmodel.sources.observations import Observations, require_files
from riskmodel.sources.statline import statline

SOURCE = "woon"
COLUMNS = ("area", "year", "indicator", "share", "margin")
MUNICIPALITY = re.compile(r"GM[0-9]{4}")
YEAR = re.compile(r"20[0-4][0-9]")
#: A result belongs to one of these; a second row with the same is refused.
KEY = ["location", "year", "indicator"]


def read_results(files: Sequence[Path], boundaries: int | None = None) -> list[Observations]:
    """Read tables with WoON results.

    Parameters
    ----------
    files : sequence of Path
        CSV files with columns :data:`COLUMNS`.
    boundaries : int, optional
        Boundary vintage of the codes; by default the year of the results.

    Returns
    -------
    list of Observations
        One a year, level ``"gemeente"``. Each indicator has two companions, ``_low`` and ``_high``, the bounds of
        its 95% interval.

    Raises
    ------
    InputError
        If an area, year or indicator is unknown, a share or margin is impossible, or a result is given twice.
    """
    require_files(files, "at least one table of results")
    parts = [_read_one(path) for path in files]
    rows = pd.concat([part for part, _ in parts], keys=range(len(parts)), names=["file", "row"])
    # Own results come before those of a region, so that these only fill up.
    rows = rows.sort_values("regional", kind="stable")
    _refuse_twice(rows, [table for _, table in parts])
    rows = rows.drop_duplicates(KEY)
    low, high = rows["share"] - rows["margin"], rows["share"] + rows["margin"]
    bounds = {"": rows["share"], "_low": low.clip(lower=0.0), "_high": high.clip(upper=100.0)}
    long = pd.concat([rows[KEY].assign(indicator=rows["indicator"] + end, value=bounds[end]) for end in bounds])
    wide = long.pivot(index=["location", "year"], columns="indicator", values="value")
    order = [name + end for name in load("woon")["indicators"] for end in bounds]
    wide = wide[[name for name in order if name in wide]].rename_axis(columns=None).reset_index()
    known = wide.drop(columns=["location", "year"]).notna().any(axis=1).groupby(wide["year"]).any()
    if not known.all():
        where = ", ".join(file.name for file in files)
        raise InputError(where, f"no share at all in {known.idxmin()}", "a share a year, at least one")
    wide.insert(1, "name", wide["location"])
    wide = wide.astype({"location": "str", "name": "str", "year": "int32"})
    notes = {
        int(str(year)): (f"from a region's result: {', '.join(sorted(set(part['location'])))}",)
        for year, part in rows[rows["regional"]].groupby("year")
    }
    return statline.by_year(SOURCE, wide, boundaries, files, lambda year: notes.get(year, ()))


def _read_one(path: Path) -> tuple[pd.DataFrame, statline.StatLineTable]:
    """Results of one file, one row a municipality, by the index of their row."""
    table = statline.read(path, COLUMNS[:3], COLUMNS[3:])
    known = regions()
    indicators = set(load("woon")["indicators"])
    table.check(
        "area",
        lambda text: MUNICIPALITY.fullmatch(text) or text in known,
        f"a code like GM0344 or one of {', '.join(known)}",
    )
    table.check("year", YEAR.fullmatch, "a year such as 2021")
    table.check("indicator", lambda text: text in indicators, f"one of {', '.join(sorted(indicators))}")
    frame = pd.DataFrame({name: table.column(name).cells() for name in COLUMNS[:3]})
    frame["share"] = table.numbers("share", 0.0, 100.0)
    frame["margin"] = table.numbers("margin", 0.0, 100.0)
    frame["year"] = frame["year"].astype("int32")
    frame["regional"] = frame["area"].isin(list(known))
    frame["location"] = frame["area"].map(lambda area: list(known.get(area, (area,))))
    return frame.explode("location"), table


def _refuse_twice(rows: pd.DataFrame, tables: Sequence[statline.StatLineTable]) -> None:
    """Refuse two results of one municipality, or of two regions that share one."""
    twice = rows.duplicated([*KEY, "regional"]).to_numpy()
    if twice.any():
        first = int(np.argmax(twice))
        file, row = rows.index[first]
        location, year, indicator = rows.iloc[first][KEY]
        found = f"{indicator} of {location} in {year} twice"
        raise InputError(tables[file].at(row), found, "every result once")
