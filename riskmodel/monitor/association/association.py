"""Association of two indicators over areas and over time: a description, without causes.

Four questions are easily confused: are areas that are higher on the one higher on the other (level,
between), do areas that rose on the one rise on the other (change), and do the two move together within an
area over the years (within). They can have opposite signs.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.catalogue import Indicator, indicators
from riskmodel.errors import InputError
from riskmodel.monitor.association.pair import Pair, pair_of
from riskmodel.monitor.groups import Group
from riskmodel.monitor.uncertainty import Draws, draw, estimate, pearson_and_slope, spearman
from riskmodel.panel.panel import FloatArray, Panel

#: Years that an indicator may lie from the year that is asked for.
WITHIN = 2
#: Fewest areas of which a correlation is calculated.
FEWEST_AREAS = 10


def association(
    source: Panel | pd.DataFrame,
    first: str,
    second: str,
    start: int,
    end: int,
    *,
    with_groups: Iterable[Group] = (),
    weights: FloatArray | pd.Series | None = None,
    within: int = WITHIN,
    draws: int = 500,
    seed: int = 1,
) -> Association:
    """Return the association of two indicators between two years, in the country and per group.

    ``source`` is a panel, or a table with ``location, year`` and a column an indicator. Areas without a weight do
    not count. Indicators of the origin of residents are refused.

    Notes
    -----
    ``within`` takes the mean of each area and the mean of each year away from both indicators, over the areas with
    a value in every year used. With two years it is the same as ``change``.
    """
    if first == second:
        raise InputError("association", f"{first!r} twice", "two indicators")
    if start >= end:
        raise InputError(f"years {start} and {end}", f"an end in {end}", f"an end after {start}")
    pair = pair_of(source, (first, second), start, end, within)
    weight = _weights(weights, pair)
    masks = {ALL: np.ones(len(pair.areas), dtype=bool)} | {
        each.title_nl: _members(each, pair) for each in with_groups
    }
    rows = [
        {"group": name, "kind": kind, **_row(values, weight[mask], pair.municipalities[mask], draws, seed)}
        for name, mask in masks.items()
        for kind, values in _kinds(pair.first[mask], pair.second[mask]).items()
    ]
    about = [_about(source, name) for name in (first, second)]
    return Association(
        table=pd.DataFrame(rows),
        first=first,
        second=second,
        labels=(_label(first, about[0]), _label(second, about[1])),
        proxies=tuple(each.id for each in about if each and each.sensitivity == "proxy"),
        leefbaarometer=sum(each is not None and each.source.startswith("leefbaarometer") for each in about),
        level=pair.level,
        start=start,
        end=end,
        years=pair.years,
        draws=draws,
        weighted=weights is not None,
    )


def _about(source: Panel | pd.DataFrame, name: str) -> Indicator | None:
    known = source.definitions if isinstance(source, Panel) else indicators()
    return known.get(name)


def _label(name: str, about: Indicator | None) -> str:
    if about is None:
        return name
    # A dimension bears the name of what is bad, and still a higher score is better.
    better = about.unit == "score points" and "score" not in about.label_nl
    return f"score voor {about.label_nl} (hoger is beter)" if better else about.label_nl


def _kinds(first: FloatArray, second: FloatArray) -> dict[str, tuple[FloatArray, FloatArray]]:
    """Return the pairs of values that are correlated, each of shape (areas, columns)."""
    columns = first.shape[1]
    steps = [each[:, -1:] - each[:, :1] if columns > 1 else each * np.nan for each in (first, second)]
    # The same areas for both: those with a value of each indicator in every year.
    whole = ~np.isnan(first + second).any(axis=1, keepdims=True)
    means = [np.where(whole, each, np.nan).mean(axis=1, keepdims=True) for each in (first, second)]
    return {
        "level": (first[:, -1:], second[:, -1:]),
        "change": (steps[0], steps[1]),
        "between": (means[0], means[1]),
        "within": (first - means[0], second - means[1]) if columns > 1 else (steps[0], steps[1]),
    }


def _row(
    values: tuple[FloatArray, FloatArray],
    weight: FloatArray,
    municipalities: npt.NDArray[np.str_],
    draws: int,
    seed: int,
) -> dict[str, float | bool]:
    there = ~np.isnan(values[0] + values[1]).any(axis=1) & (weight > 0)
    n, columns = int(there.sum()), values[0].shape[1]
    drawn = draw(municipalities[there], draws, seed)
    counts = {
        "n": n,
        "values": n * columns,
        "municipalities": drawn.municipalities,
        "whole_municipalities": drawn.whole_municipalities,
    }
    if n < FEWEST_AREAS:
        names = ("pearson", "spearman", "slope")
        return {f"{name}{end}": np.nan for name in names for end in ("", "_low", "_high")} | counts
    return _figures(values[0][there], values[1][there], weight[there], drawn) | counts


def _figures(first: FloatArray, second: FloatArray, weight: FloatArray, drawn: Draws) -> dict[str, float]:
    once, resampled = weight[None, :], drawn.weights * weight
    # Ranks need the mean of each year taken away beforehand; correlations do it in every draw.
    one, other = ((each - np.average(each, axis=0, weights=weight)).ravel() for each in (first, second))
    columns = first.shape[1]
    point, spread = pearson_and_slope(first, second, once), pearson_and_slope(first, second, resampled)
    figures = {
        "pearson": estimate(point[0][0], spread[0]),
        "spearman": estimate(
            spearman(one, other, np.repeat(once, columns, axis=1))[0],
            spearman(one, other, np.repeat(resampled, columns, axis=1)),
        ),
        "slope": estimate(point[1][0], spread[1]),
    }
    return {
        f"{name}{end}": value
        for name, found in figures.items()
        for end, value in {"": found.value, "_low": found.low, "_high": found.high}.items()
    }


def _weights(weights: FloatArray | pd.Series | None, pair: Pair) -> FloatArray:
    if weights is None:
        return np.ones(len(pair.areas))
    if isinstance(weights, pd.Series):
        weights = weights.reindex(pair.areas).to_numpy(dtype=float)
    if weights.shape != pair.areas.shape:
        raise InputError("weights", f"shape {weights.shape}", f"shape {pair.areas.shape}, one an area")
    if (weights < 0).any() or np.isinf(weights).any():
        raise InputError("weights", "a negative or infinite weight", "0 or more")
    return np.nan_to_num(weights)


def _members(group: Group, pair: Pair) -> npt.NDArray[np.bool_]:
    wijk = np.array(["WK" + code[2:8] if code[:2] in ("WK", "BU") else "" for code in pair.areas], dtype=str)
    mask = np.isin(np.stack([pair.municipalities, wijk, pair.areas]), list(group.members)).any(axis=0)
    if not mask.any():
        raise InputError(f"group {group.name}", f"none of its {len(group.members)} members", "some of the areas")
    return np.asarray(mask)


#: Name of the row about all areas.
ALL = "alle gebieden"


@dataclass(frozen=True)
class Association:
    """Association of two indicators.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a group and kind:

        - ``group``: :data:`ALL`, or the title of a group
        - ``kind``: ``"level"`` (values of the last year), ``"change"`` (first to last year), ``"between"`` (means
          of all years used, over areas) or ``"within"`` (the years of each area against its own mean, the mean of
          each year taken away)
        - ``pearson, spearman, slope`` (of the second on the first, in units of both), each with ``_low, _high``,
          the bounds of a 95% interval; NaN below ten areas, and the bounds where draws give none
        - ``n`` areas, ``values`` (areas times years), ``municipalities``, ``whole_municipalities``: whether these
          were drawn; areas that are drawn one by one give an interval that is too narrow
    first, second : str
        Indicators.
    labels : tuple of str
        Their Dutch names.
    proxies : tuple of str
        Those among them that are a named proxy of the origin of residents.
    leefbaarometer : int
        How many of the two come from the Leefbaarometer.
    level : str
        Level of the areas.
    start, end : int
        Years that were asked for.
    years : tuple of (int, int, int)
        A year asked for, and the years of the first and the second indicator that were used. One only where
        an indicator has no second year: nothing is known of change then.
    draws : int
        Draws behind each interval.
    weighted : bool
        Whether areas counted by a weight.
    """

    table: pd.DataFrame
    first: str
    second: str
    labels: tuple[str, str]
    proxies: tuple[str, ...]
    leefbaarometer: int
    level: str
    start: int
    end: int
    years: tuple[tuple[int, int, int], ...]
    draws: int
    weighted: bool

    def row(self, group: str, kind: str) -> Mapping[Hashable, Any]:
        """One row of the table."""
        chosen = self.table[(self.table["group"] == group) & (self.table["kind"] == kind)]
        if chosen.empty:
            known = ", ".join(dict.fromkeys(self.table["group"]))
            raise InputError("association", f"no {kind!r} of group {group!r}", f"one of {known}")
        return chosen.iloc[0].to_dict()
