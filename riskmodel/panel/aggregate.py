"""Values of higher areas from those of the areas within them: grid, buurt, wijk, gemeente, region."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from riskmodel.errors import InputError

#: How many characters of a buurt or wijk code name the wijk or gemeente it lies in.
PARENT = {("buurt", "wijk"): (2, 8, "WK"), ("buurt", "gemeente"): (2, 6, "GM"), ("wijk", "gemeente"): (2, 6, "GM")}


def parents_of(codes: pd.Series, level: str, higher: str) -> pd.Series:
    """Code of the higher area in which each area lies, read from CBS codes, which grids and postcodes lack.

    Examples
    --------
    >>> parents_of(pd.Series(["BU03440101"]), "buurt", "wijk").tolist()
    ['WK034401']
    """
    if (level, higher) not in PARENT:
        expected = f"one of {sorted(PARENT)}, or a table of parents for every area"
        raise InputError("aggregation", f"{level} to {higher}", expected)
    start, stop, prefix = PARENT[level, higher]
    return prefix + codes.str[start:stop]


def aggregate(
    frame: pd.DataFrame, parents: pd.Series, weights: pd.Series, kinds: Mapping[str, str]
) -> pd.DataFrame:
    """Values of higher areas, one row each, from a frame with one row an area; an area without parent is left out.

    A count (extensive) is the sum of its parts and missing when a part is missing: a sum that leaves out a
    part would look like a fall. A rate (intensive) is the mean of the parts that have a value, weighted by
    inhabitants or dwellings; parts without weight do not count. ``COLUMN_covered`` is the share of the weight that
    had a value.

    Examples
    --------
    >>> parts = pd.DataFrame({"people": [30.0, 10.0], "score": [4.0, 4.4]}, index=["a", "b"])
    >>> parents = pd.Series(["X", "X"], index=["a", "b"])
    >>> aggregate(parts, parents, parts["people"], {"people": "extensive", "score": "intensive"})
       people  score  score_covered
    X    40.0    4.1            1.0
    """
    inside = parents.notna()
    group = parents[inside].to_numpy()
    weight = weights.reindex(frame.index)[inside].fillna(0.0).to_numpy()
    columns: dict[str, pd.Series] = {}
    for name in frame.columns:
        values = frame.loc[inside, name].to_numpy(dtype=float)
        if kinds[name] == "extensive":
            parts = pd.Series(values).groupby(group)
            columns[name] = parts.sum().where(parts.count() == parts.size())
            continue
        there = ~np.isnan(values)
        known = pd.Series(np.where(there, weight, 0.0)).groupby(group).sum()
        total = pd.Series(np.where(there, values * weight, 0.0)).groupby(group).sum()
        columns[name] = total.where(known > 0) / known.where(known > 0)
        whole = pd.Series(weight).groupby(group).sum()
        columns[f"{name}_covered"] = known / whole.where(whole > 0)
    return pd.DataFrame(columns)
