"""Two indicators of the same areas in matched years, from a panel or a table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.catalogue import indicators
from riskmodel.errors import InputError
from riskmodel.panel.build import ORIGIN
from riskmodel.panel.panel import FloatArray, Panel
from riskmodel.sources.local.persons import origin_word

LEVELS = {"WK": "wijk", "BU": "buurt", "GM": "gemeente"}


@dataclass(frozen=True)
class Pair:
    """Two indicators of the same areas in years that were matched.

    Attributes
    ----------
    level : str
        Level of the areas.
    areas, municipalities : numpy.ndarray of str, shape (areas,)
        Codes, and codes of the municipalities; empty where the codes of areas do not contain them.
    first, second : numpy.ndarray, shape (areas, years)
        Values; NaN where there is none.
    years : tuple of (int, int, int)
        For each column the year that was asked for, and those of the first and second indicator.
    """

    level: str
    areas: npt.NDArray[np.str_]
    municipalities: npt.NDArray[np.str_]
    first: FloatArray
    second: FloatArray
    years: tuple[tuple[int, int, int], ...]


def pair_of(source: Panel | pd.DataFrame, names: tuple[str, str], start: int, end: int, within: int) -> Pair:
    """Return two indicators in the years between two years, or in those nearest to them."""
    if isinstance(source, Panel):
        values = [source[name] for name in names]
        years = [source.years_of(name) for name in names]
        axis, areas, level = source.years, source.areas, source.level
        towns = source.municipality_codes()
    else:
        wide = _wide(source, names)
        axis = tuple(int(year) for year in wide[0].columns)
        areas = wide[0].index.to_numpy(dtype=str)
        values = [each.to_numpy(dtype=float) for each in wide]
        years = [tuple(int(year) for year in each.columns[each.notna().any()]) for each in wide]
        kinds = {LEVELS.get(code[:2], "gebied") for code in areas}
        if len(kinds) > 1:
            raise InputError("frame", f"areas of levels {', '.join(sorted(kinds))}", "one level")
        [level] = kinds
        named = level in LEVELS.values()
        towns = np.array(["GM" + code[2:6] if named else "" for code in areas], dtype=str)
    matched = _matched(names, years, start, end, within)
    first, second = (
        each[:, [axis.index(row[column]) for row in matched]] for column, each in enumerate(values, start=1)
    )
    return Pair(level, areas, towns, first, second, matched)


def _wide(frame: pd.DataFrame, names: tuple[str, str]) -> list[pd.DataFrame]:
    absent = [name for name in ("location", "year", *names) if name not in frame.columns]
    if absent:
        raise InputError("frame", f"no column {absent[0]!r}", f"location, year, {', '.join(names)}")
    for name in ("year", *names):
        if not pd.api.types.is_numeric_dtype(frame[name]) or np.isinf(frame[name]).any():
            raise InputError("frame", f"column {name!r} with other things than finite numbers", "numbers")
    if frame["year"].isna().any() or (frame["year"] % 1 > 0).any() or frame["location"].isna().any():
        raise InputError("frame", "a row without area or year", "an area and a whole year in every row")
    if frame.empty:
        raise InputError("frame", "no rows", "rows of areas and years")
    for name in names:
        about = indicators().get(name)
        if (about is not None and about.sensitivity == ORIGIN) or origin_word([name]):
            raise InputError("frame", f"{name!r}, about the origin of residents", "another indicator")
    if frame.duplicated(["location", "year"]).any():
        raise InputError("frame", "an area and year twice", "every area and year once")
    return [frame.pivot(index="location", columns="year", values=name).sort_index() for name in names]


def _matched(
    names: tuple[str, str], years: list[tuple[int, ...]], start: int, end: int, within: int
) -> tuple[tuple[int, int, int], ...]:
    """Return the years asked for with the nearest year of each indicator; between them only shared years."""
    first, last = (
        (year, _nearest(names[0], years[0], year, within), _nearest(names[1], years[1], year, within))
        for year in (start, end)
    )
    if first[1] == last[1] or first[2] == last[2]:
        # An indicator with one year has no change: the last year alone is left, for levels.
        return (last,)
    shared = [year for year in years[0] if year in years[1] and max(first) < year < min(last)]
    return (first, *((year, year, year) for year in shared), last)


def _nearest(name: str, available: tuple[int, ...], year: int, within: int) -> int:
    near = [each for each in available if abs(each - year) <= within]
    if not near:
        found = f"{name!r} in {', '.join(map(str, available)) or 'no year'}"
        raise InputError(
            "association",
            found,
            f"a value within {within} years of {year}",
            "Ask for other years, or a larger `within`.",
        )
    return min(near, key=lambda each: (abs(each - year), each))
