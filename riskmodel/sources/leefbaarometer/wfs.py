"""Leefbaarometer 3.0: attribute tables of its WFS, one measurement of one level with the published classes.

A table has deviations and classes but no score, so it is no part of a panel of scores: it serves to compare
computed classes with published ones. ``catalogue/leefbaarometer_wfs.toml`` names layers and columns.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.catalogue import DIMENSIONS, load
from riskmodel.errors import InputError
from riskmodel.sources.formats import delimited
from riskmodel.sources.formats.rows import cell_of, lines, refuse
from riskmodel.sources.leefbaarometer.edition2_columns import level_of_codes
from riskmodel.sources.leefbaarometer.scores import check_sum, check_years, joined
from riskmodel.sources.observations import Observations, SourceFile, require_files

SOURCE = "leefbaarometer-3.0-wfs"
LAYER = re.compile(r"(?P<prefix>clippedgrid|pc4|buurt|wijk|gemeente)score(?P<year>\d\d)(?P<rest>_\w+)?")
FIRST_YEAR, LAST_YEAR = 1998, 2097
MISSING = ("", "NA")
#: The service writes six significant digits, so that five dimensions and their sum differ by a few millionths.
TOLERANCE = 1e-5
#: No deviation is near this; a value beyond it is a sentinel or of another column.
FURTHEST = 3.0


def read_layers(files: Sequence[Path], boundaries: int | None = None) -> list[Observations]:
    """Read attribute tables of WFS layers ``{clippedgrid|pc4|buurt|wijk|gemeente}score{YY}``.

    Parameters
    ----------
    files : sequence of Path
        CSV files, one a layer; measurements of one level are joined.
    boundaries : int, optional
        Boundary vintage of the codes; by default that of the catalogue.

    Returns
    -------
    list of Observations
        One a level: ``wfs_deviation``, the five dimensions, ``wfs_class`` and the other classes. Dimensions and
        their classes are NaN for layers that do not have them.

    Raises
    ------
    InputError
        On any table that is not as published, on layers of a single dimension, and on an area and year twice.
    """
    require_files(files, "at least one table of a WFS layer")
    vintage = boundaries or int(load("leefbaarometer_wfs")["boundaries"])
    parts: dict[str, list[tuple[Path, pd.DataFrame, bool]]] = {}
    for path in files:
        level, frame, complete = _read_one(path)
        parts.setdefault(level, []).append((path, frame, complete))
    return [_combine(level, group, vintage) for level, group in parts.items()]


def _read_one(path: Path) -> tuple[str, pd.DataFrame, bool]:
    facts = load("leefbaarometer_wfs")
    names = delimited.header(path)
    code = _code_column(path, names)
    # Without a name column an area goes by its code, as postcode areas do.
    name = next((each for each in facts["columns"]["names"] if each in names), code)
    values, complete = _columns(path, names)
    layer = _layer(path)
    dated = [facts["columns"]["year"]] if facts["columns"]["year"] in names else []
    if not dated and layer is None:
        hint = "Or name the file after its layer: buurtscore24.csv."
        raise InputError(f"{path}, line 1", "no column 'year'", "the year", hint)
    columns = [*dict.fromkeys([code, name]), *values, *dated]
    table = delimited.read(path, columns, [*values, *dated], MISSING).to_pandas()
    level = _level(path, code, table[code], layer)
    frame = pd.DataFrame({"location": table[code].str.strip(), "name": table[name].str.strip()})
    frame["year"] = _years(path, table[dated[0]] if dated else None, layer, len(table))
    for column, indicator in {**facts["values"], **facts["classes"]}.items():
        frame[indicator] = _known(path, column, table[column]) if column in values else np.nan
    _check_pairs(path, frame, values)
    return level, frame, complete


def _code_column(path: Path, names: list[str]) -> str:
    wanted: list[str] = load("leefbaarometer_wfs")["columns"]["codes"]
    for each in wanted:
        if each in names:
            return each
    expected = f"a column {' or '.join(repr(each) for each in wanted)}"
    hint = "Is it the table of a WFS layer such as buurtscore24?"
    raise InputError(f"{path}, line 1", f"columns {delimited.shown(names)}", expected, hint)


def _columns(path: Path, names: list[str]) -> tuple[list[str], bool]:
    """Columns with deviations and classes, and whether the dimensions are among them."""
    facts = load("leefbaarometer_wfs")
    dimensions = [*DIMENSIONS, *(f"k{each}" for each in DIMENSIONS)]
    totals = [each for each in [*facts["values"], *facts["classes"]] if each not in dimensions]
    complete = any(each in names for each in dimensions)
    needed = [*totals, *dimensions] if complete else totals
    expected = "afw, kafw and kscore, and all five dimensions with their classes or none"
    delimited.check_present(f"{path}, line 1", names, needed, expected)
    return needed, complete


def _layer(path: Path) -> tuple[str, int] | None:
    """Level and year of the layer after which a file is named, if it is."""
    match = LAYER.search(path.stem.lower())
    if match is None:
        return None
    if match["rest"] and match["rest"][1:] in DIMENSIONS:
        found = f"a layer of dimension {match['rest'][1:]!r} alone"
        hint = f"In it 'afw' is the dimension; use {match['prefix']}score{match['year']}."
        raise InputError(path, found, "the layer of the total", hint)
    # Measurements began in 1998 at the earliest.
    year = int(match["year"]) + (2000 if int(match["year"]) < FIRST_YEAR % 100 else 1900)
    return str(load("leefbaarometer_wfs")["layers"][match["prefix"]]), year


def _level(path: Path, column: str, cells: pd.Series, layer: tuple[str, int] | None) -> str:
    patterns: dict[str, str] = load("leefbaarometer_wfs")["patterns"]
    codes = cells.str.strip()
    level = level_of_codes(codes, patterns)
    expected = f"a code of level {level}" if level else f"a code of {', '.join(patterns)}"
    wrong = ~codes.str.match(patterns.get(level, "$."))
    refuse(wrong, lines(path, column), cell_of(codes), expected)
    if layer is not None and layer[0] != level:
        raise InputError(path, f"codes of level {level}", f"level {layer[0]}, as in the name of the file")
    return level


def _years(path: Path, cells: pd.Series | None, layer: tuple[str, int] | None, rows: int) -> npt.NDArray[np.int32]:
    named = layer[1] if layer else None
    if cells is None:
        return np.full(rows, named, dtype="int32")
    years = cells.to_numpy(dtype="float64")
    expected = f"{named}, as in the name of the file" if named else "a year such as 2024"
    check_years(path, years, "year", FIRST_YEAR, LAST_YEAR, expected, named)
    return years.astype("int32")


def _known(path: Path, column: str, cells: pd.Series) -> npt.NDArray[np.float64]:
    """Values of a column, NaN for the sentinels of geo services."""
    facts: dict[str, Any] = load("leefbaarometer_wfs")
    values = cells.to_numpy(dtype="float64")
    values = np.where(values <= facts["missing_from"], np.nan, values)
    if column in facts["classes"]:
        wrong = ~np.isnan(values) & ~np.isin(values, range(1, 10))
        expected = "a class from 1 to 9"
    else:
        wrong = np.abs(values) > FURTHEST
        expected = f"a deviation from {-FURTHEST:g} to {FURTHEST:g}"
    refuse(wrong, lines(path, column), lambda row: f"{values[row]:g}", expected)
    return values


def _check_pairs(path: Path, frame: pd.DataFrame, columns: list[str]) -> None:
    """Refuse a value without its class, a row with some of its dimensions, and a sum that is not the deviation."""
    facts = load("leefbaarometer_wfs")
    indicators = {**facts["values"], **facts["classes"]}
    known = {column: frame[indicators[column]].notna().to_numpy() for column in columns}
    for column in columns:
        value = "afw" if column == "kscore" else column.removeprefix("k")
        half = known[column] != known[value]
        refuse(half, lines(path), f"only one of {value!r} and {column!r}", "both or neither")
    if "onv" not in columns:
        return
    parts = frame[[indicators[each] for each in DIMENSIONS]].to_numpy()
    deviation = frame["wfs_deviation"].to_numpy()
    some = ~np.isnan(parts).all(axis=1) & np.isnan(np.column_stack([parts, deviation])).any(axis=1)
    refuse(some, lines(path), "some of deviation and dimensions", "all six, or no dimension")
    check_sum(path, deviation, parts, TOLERANCE)


def _combine(level: str, group: Sequence[tuple[Path, pd.DataFrame, bool]], vintage: int) -> Observations:
    frame = joined([(path, part) for path, part, _ in group], "every area and year once")
    notes = tuple(f"{path.name}: a layer without dimensions" for path, _, complete in group if not complete)
    files = tuple(SourceFile.of(path) for path, _, _ in group)
    return Observations(SOURCE, level, vintage, frame, files, notes=notes)
