"""Columns of a Leefbaarometer 2.0 table: their kind of value, areas and years, and whether they add up."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.catalogue import load
from riskmodel.errors import InputError
from riskmodel.sources.formats.rows import cell_of, refuse
from riskmodel.sources.leefbaarometer.edition2_tables import Table, codes, numbers

KEYS = ["location", "begin", "end"]
#: A column is a stem, a part (total or dimension) for positions and changes, and the two-digit years it is about;
#: in long tables the years have columns of their own.
COLUMN = re.compile(r"(?P<stem>KL|VKL|RLB|DLB)(?P<part>[A-Z]*)(?P<years>(?:\d\d)*)")
SHAPES = {
    ("KL", 1): "classes",
    ("VKL", 2): "classes",
    ("RLB", 0): "positions",
    ("RLB", 1): "positions",
    ("DLB", 0): "changes",
    ("DLB", 2): "changes",
}
YEAR_COLUMNS = {"classes": (), "positions": ("JAAR",), "changes": ("BEGIN", "EINDE")}
HIGHEST_CLASS = {"KL": 9, "VKL": 7}
#: Identities are exact to 1e-13 in workbooks; the CSV files are published with three decimals.
TOLERANCE, HALF_STEP = 1e-6, 0.0005
#: No position or change is near this; a value beyond it is a sentinel or of another column.
FURTHEST = 3.0


def code_columns(table: Table) -> list[str]:
    """Columns of a table with area codes, by their names."""
    return [name for name in load("leefbaarometer2")["codes"]["columns"] if name in table.names]


def tidy(table: Table) -> tuple[str, str, pd.DataFrame]:
    """Level, kind and tidy rows of a table: one row an area and period."""
    code = code_columns(table)[0]
    locations = codes(table, code)
    level = _level(table, code, locations)
    kind, periods = _plan(table, code)
    waves = load("leefbaarometer2")["waves"]
    blocks = []
    for years, columns in periods.items():
        block = pd.DataFrame({"location": locations})
        given = [numbers(table, name, waves[0], waves[-1], True) for name in YEAR_COLUMNS[kind] if not years]
        block["begin"], block["end"] = (years or given)[0], (years or given)[-1]
        for name, column in columns.items():
            highest = HIGHEST_CLASS.get(name)
            lowest, top = (1, highest) if highest else (-FURTHEST, FURTHEST)
            block[name] = numbers(table, column, lowest, top, highest is not None)
        _check_block(table, kind, block)
        blocks.append(block)
    frame = pd.concat(blocks, ignore_index=True).astype({"begin": "int32", "end": "int32"})
    return level, kind, frame


def _check_block(table: Table, kind: str, block: pd.DataFrame) -> None:
    waves = load("leefbaarometer2")["waves"]
    odd = ~(block["begin"].isin(waves) & block["end"].isin(waves))
    if kind == "changes" or "VKL" in block:
        odd |= block["begin"] >= block["end"]

    def period(row: int) -> str:
        return f"period {block['begin'].iloc[row]:g} to {block['end'].iloc[row]:g}"

    refuse(odd, table.at, period, f"measurements of {waves}")
    twice, codes = block.duplicated(KEYS), block["location"]
    refuse(twice, table.at, lambda row: f"{codes.iloc[row]} twice", "every area once a measurement")
    if kind == "classes":
        return
    total, *dimensions = load("leefbaarometer2")["indicators"]
    values = block[[total, *dimensions]].to_numpy()
    known = ~np.isnan(values)
    some = known.any(axis=1) & ~known.all(axis=1)
    refuse(some, table.at, "some of total and dimensions", "all six or none")
    gap = np.abs(values[:, 1:].sum(axis=1) - values[:, 0])
    if (gap > tolerance(values, 6)).any():
        row = int(np.nanargmax(gap))
        found = f"dimensions that add up to {values[row, 1:].sum():.6f}"
        hint = "The file may be damaged, or its columns may have been swapped."
        raise InputError(table.at(row), found, f"{values[row, 0]:.6f}, the total", hint)


def tolerance(values: npt.NDArray[np.float64], terms: int) -> float:
    """How far an identity of so many terms may be off: nothing, or their rounding to three decimals."""
    steps = values[~np.isnan(values)] * 1000
    rounded = np.allclose(steps, np.round(steps), rtol=0, atol=TOLERANCE)
    return TOLERANCE + (terms * HALF_STEP if rounded else 0.0)


def level_of_codes(codes: pd.Series, patterns: Mapping[str, str]) -> str:
    """The level whose pattern the first code has, otherwise ``""``."""
    return next((level for level, pattern in patterns.items() if re.match(pattern, codes.iloc[0])), "")


def _level(table: Table, code: str, locations: pd.Series) -> str:
    patterns: dict[str, str] = load("leefbaarometer2")["codes"]["patterns"]
    if locations.empty:
        raise InputError(table.where, "a header without rows", "rows below the header")
    level = level_of_codes(locations, patterns)
    expected = f"a code of level {level}" if level else "BU03440101, WK034401, GM0344 or 3511, for instance"
    wrong = ~locations.str.match(patterns.get(level, "$."))
    refuse(wrong, lambda row: table.at(row, code), cell_of(locations), expected)
    return level


def _plan(table: Table, code: str) -> tuple[str, dict[tuple[int, ...], dict[str, str]]]:
    """Kind of a table, and the column of each quantity by period; no years where the rows have them."""
    parts: list[str] = list(load("leefbaarometer2")["indicators"])
    where = f"{table.where}, header"
    periods: dict[tuple[int, ...], dict[str, str]] = {}
    kinds = set()
    for name in table.names:
        if name == code or name in ("JAAR", "BEGIN", "EINDE"):
            continue
        match = COLUMN.fullmatch(name)
        years = tuple(2000 + int(digits) for digits in re.findall(r"\d\d", match["years"])) if match else ()
        kind = SHAPES.get((match["stem"], len(years))) if match else None
        if match is None or kind is None or (match["part"] not in parts if kind != "classes" else match["part"]):
            raise InputError(where, f"column {name!r}", "columns KL.., VKL...., RLB* or DLB*")
        periods.setdefault(years, {})[match["part"] or match["stem"]] = name
        kinds.add(kind)
    if len(kinds) != 1 or (() in periods and len(periods) > 1):
        found = " and ".join(sorted(kinds)) if len(kinds) != 1 else "years in columns and in rows"
        raise InputError(where, found or "no values", "one kind of value, in one form")
    kind = kinds.pop()
    present = set(table.names)
    for years, columns in periods.items():
        absent = [] if years else [name for name in YEAR_COLUMNS[kind] if name not in present]
        absent += [] if kind == "classes" else [part for part in parts if part not in columns]
        if absent:
            raise InputError(where, f"no {absent[0]} {years or ''}".strip(), "total and five dimensions a year")
    return kind, periods


def check_same(where: str, first: pd.DataFrame, other: pd.DataFrame) -> None:
    """Refuse two sheets of a workbook that differ; they give the same values in two forms."""
    left, right = (each.set_index(KEYS).dropna(how="all").sort_index() for each in (first, other))
    differ = left.index.symmetric_difference(right.index)
    if differ.empty:
        close = np.isclose(left, right[left.columns], rtol=0, atol=TOLERANCE, equal_nan=True)
        differ = left.index[np.flatnonzero(~close.all(axis=1))]
    if not differ.empty:
        location, begin, end = differ[0]
        period = str(end) if begin == end else f"{begin}-{end}"
        found = f"another value of {location} in {period} than on the first sheet"
        raise InputError(where, found, "the same value")
