"""Police open data: registered offences and nuisance per municipality, district and neighbourhood.

Tables 47018NED (offences a year), 47022NED (offences a month) and 47024NED (nuisance a month), as the open-data
service gives them: one row an area, period and kind, and one count. ``catalogue/police.toml`` says which kinds
make an indicator. An empty count is withheld, never zero, and a sum with a withheld part is missing. Months are
added up to years, and a year without all its months is left out; where both are published the yearly table is to
be preferred, because one withheld month makes the year of that area missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from riskmodel.catalogue import load
from riskmodel.errors import InputError
from riskmodel.sources.observations import Observations, require_files
from riskmodel.sources.statline import statline

SOURCE = "police"
AREA, PERIOD = "WijkenEnBuurten", "Perioden"
MONTHS = 12
#: A count belongs to one of these; a second row with the same is refused.
CELL = ["area", "year", "month", "kind"]


def read_counts(files: Sequence[Path], boundaries: int | None = None) -> list[Observations]:
    """Read police tables, yearly or monthly, offences and nuisance in any order.

    Parameters
    ----------
    files : sequence of Path
        CSV files with the columns of the open-data service. Files of one table are joined.
    boundaries : int, optional
        Boundary vintage of the codes; by default that of the catalogue.

    Returns
    -------
    list of Observations
        One a level, whole years only, one column an indicator of ``catalogue/police.toml``.

    Raises
    ------
    InputError
        On any deviation from the format, a count given twice, no complete year, or years later than the
        boundaries.
    """
    require_files(files, "at least one police table")
    catalogue = load("police")
    vintage = boundaries or int(catalogue["boundaries"])
    members: dict[str, list[tuple[Path, str]]] = {}
    for path in files:
        table, dimension = _recognise(path, catalogue["tables"])
        members.setdefault(table, []).append((path, dimension))
    frame = pd.DataFrame({"location": pd.Series(dtype="str"), "year": pd.Series(dtype="int32")})
    notes = []
    for table, group in members.items():
        indicators, own = _read_table(catalogue["tables"][table], group)
        frame = frame.merge(indicators, how="outer", on=["location", "year"])
        notes += own
    latest = int(frame["year"].max())
    if latest > vintage:
        expected = f"years up to {vintage}, the boundaries on which the codes are taken to stand"
        hint = "A later publication stands on later boundaries: say which."
        raise InputError(", ".join(path.name for path in files), f"figures of {latest}", expected, hint)
    notes.append(f"codes are taken to stand on the boundaries of {vintage}")
    frame = frame.sort_values(["location", "year"]).astype({"year": "int32"})
    frame.insert(1, "name", frame["location"])
    found = statline.by_level(SOURCE, frame, vintage, files, notes)
    return [replace(each, notes=(*each.notes, *_gaps(each))) for each in found]


def _recognise(path: Path, tables: Mapping[str, Any]) -> tuple[str, str]:
    """Which table a file is, and the name of its column with kinds."""
    _, names = statline.header(path)
    for table, entry in tables.items():
        for dimension in entry["dimensions"]:
            if entry["measure"] in names and dimension in names:
                return table, dimension
    known = "; ".join(
        f"{entry['label']}: {entry['dimensions'][0]}, {entry['measure']}" for entry in tables.values()
    )
    raise InputError(f"{path}, line 1", f"columns {', '.join(names[:8])[:300]}", f"one of: {known}")


def _read_table(entry: Mapping[str, Any], group: Sequence[tuple[Path, str]]) -> tuple[pd.DataFrame, list[str]]:
    """Indicators of the files of one table, and notes for the user."""
    wanted: dict[str, list[str]] = {entry["total_indicator"]: [entry["total"]], **entry.get("groups", {})}
    used = sorted({key for keys in wanted.values() for key in keys})
    areas: dict[str, int] = {}
    parts = [_read_rows(path, dimension, entry, used, areas) for path, dimension in group]
    rows = pd.concat([part for part, _ in parts], keys=range(len(parts)), names=["file", "row"])
    names = ", ".join(path.name for path, _ in group)
    if rows.empty:
        raise InputError(names, f"no row of {', '.join(used)}", "counts per gemeente, wijk or buurt")
    twice = rows.duplicated(CELL).to_numpy()
    if twice.any():
        file, row = rows.index[int(np.argmax(twice))]
        dimension, table = group[file][1], parts[file][1]
        found = ", ".join(table.column(column)[row] for column in (AREA, PERIOD, dimension))
        raise InputError(table.at(row), f"{found} twice", "every area, period and kind once")
    chosen, monthly, notes = _whole_years(rows)
    if chosen.empty:
        raise InputError(names, "; ".join(notes), "at least one year with all its months")
    there = {used[kind] for kind in chosen["kind"].unique()}
    frame = _sums(
        chosen,
        list(areas),
        {name: [used.index(key) for key in keys] for name, keys in wanted.items() if there >= set(keys)},
        monthly,
    )
    notes += [
        f"{name} left out: no rows of {', '.join(sorted(set(keys) - there))}"
        for name, keys in wanted.items()
        if name not in frame
    ]
    return frame, notes


def _read_rows(
    path: Path, dimension: str, entry: Mapping[str, Any], used: Sequence[str], areas: dict[str, int]
) -> tuple[pd.DataFrame, statline.StatLineTable]:
    """Rows of one file that count, as numbers, by their index; new areas are added to ``areas``."""
    table = statline.read(path, [dimension, AREA, PERIOD], [entry["measure"]])
    groups = entry.get("unused")
    known = {*used, *(key for keys in (groups or {}).values() for key in keys)}
    if groups is not None:
        table.check(dimension, lambda key: key in known, "a key of the list of offences (1.1.1 and so on)")
    counts = table.counts(entry["measure"])
    period = table.periods(PERIOD)
    codes, kinds = table.column(AREA), table.column(dimension)
    numbers = [
        -1 if level is None else areas.setdefault(code, len(areas))
        for code, level in zip(codes.texts, table.levels(AREA), strict=True)
    ]
    area = codes.each(numbers, np.int32)
    number = {key: position for position, key in enumerate(used)}
    kind = kinds.each([number.get(key, -1) for key in kinds.texts], np.int32)
    rows = pd.DataFrame(
        {"area": area, "year": period // 100, "month": period % 100, "kind": kind, "count": counts}, copy=False
    )
    return rows[(area >= 0) & (kind >= 0)], table


def _whole_years(rows: pd.DataFrame) -> tuple[pd.DataFrame, set[int], list[str]]:
    """Rows of whole years, the years that are given by month, and what was left out.

    A year that is given as a whole is not added up from its months as well.
    """
    pairs = rows[["year", "month"]].drop_duplicates().sort_values(["year", "month"])
    months: dict[int, set[int]] = {}
    for year, month in zip(pairs["year"].tolist(), pairs["month"].tolist(), strict=True):
        months.setdefault(year, set()).add(month)
    yearly = {year for year, given in months.items() if 0 in given}
    monthly = {year for year, given in months.items() if 0 not in given and len(given) == MONTHS}
    notes = [
        f"{year}: {len(given)} of {MONTHS} months, left out"
        for year, given in months.items()
        if year not in yearly | monthly
    ]
    doubled = [year for year in yearly if len(months[year]) > 1]
    notes += [f"{year}: given as a whole and by month, the months left out" for year in sorted(doubled)]
    whole = rows["year"].isin(yearly) & (rows["month"] == 0)
    return rows[whole | rows["year"].isin(monthly)], monthly, notes


def _sums(
    rows: pd.DataFrame, areas: Sequence[str], wanted: Mapping[str, list[int]], monthly: set[int]
) -> pd.DataFrame:
    """Sum of each group per area and year; missing unless every part of every month is there."""
    years = np.unique(rows["year"])
    cell = rows["area"].to_numpy().astype(np.int64) * len(years) + np.searchsorted(years, rows["year"])
    size = len(areas) * len(years)
    parts = np.tile([MONTHS if int(year) in monthly else 1 for year in years], len(areas))
    known = rows["count"].notna().to_numpy()
    columns = {}
    for name, kinds in wanted.items():
        mine = known & rows["kind"].isin(kinds).to_numpy()
        total = np.bincount(cell[mine], weights=rows["count"].to_numpy()[mine], minlength=size)
        complete = np.bincount(cell[mine], minlength=size) == parts * len(kinds)
        columns[name] = np.where(complete, total, np.nan)
    frame = pd.DataFrame(
        {"location": np.repeat(np.asarray(areas, dtype=object), len(years)), "year": np.tile(years, len(areas))}
        | columns
    )
    given = np.bincount(cell, minlength=size) > 0
    return frame[given].astype({"location": "str", "year": "int32"})


def _gaps(observations: Observations) -> list[str]:
    frame = observations.frame
    gaps = frame[list(observations.indicators)].isna().sum()
    return [f"{name}: missing in {gaps[name]} of {len(frame)} areas and years" for name in gaps.index]
