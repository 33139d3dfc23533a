"""Carry values from one boundary vintage to another along address-weighted links."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd


def links_between(links: pd.DataFrame, level: str, year_from: int, year_to: int) -> pd.DataFrame:
    """Links of one level and pair of years: columns ``code_from, code_to, addresses``."""
    chosen = (links["level"] == level) & (links["year_from"] == year_from) & (links["year_to"] == year_to)
    return links.loc[chosen, ["code_from", "code_to", "addresses"]]


def certainty(links: pd.DataFrame) -> pd.Series:
    """Share of each new area that comes from old areas merged into it whole, 0 to 1, indexed by new code.

    A renamed or merged area has 1. An area cut out of larger ones has less: its values are estimates that assume
    each address of the old area to be alike. For every link the share of the old area that went this way is
    averaged over the new area's addresses.

    Examples
    --------
    >>> links = pd.DataFrame({"code_from": ["A", "A"], "code_to": ["B", "C"], "addresses": [30, 10]})
    >>> certainty(links).to_dict()
    {'B': 0.75, 'C': 0.25}
    """
    links = links[links["addresses"] > 0]
    weight = links["addresses"].astype(float)
    whole = weight / links.groupby("code_from")["addresses"].transform("sum")
    target = links["code_to"]
    return (whole * weight).groupby(target).sum() / weight.groupby(target).sum()


def convert(frame: pd.DataFrame, links: pd.DataFrame, kinds: Mapping[str, str]) -> pd.DataFrame:
    """Convert values by area to the codes of another vintage.

    A count (extensive) is divided over the new areas in proportion to addresses, so that its total stays the
    same; it is missing where a part of it is missing, because a sum that leaves out a part would look like a fall.
    A rate (intensive) of a new area is the mean of the old areas, weighted by addresses; old areas without a value
    do not count. A code from which no link leads stays; if it receives addresses from elsewhere, counts add up and
    a rate stays that of the unchanged area, by far the larger part.

    Examples
    --------
    >>> old = pd.DataFrame({"population": [100.0], "age": [40.0]}, index=["A"])
    >>> links = pd.DataFrame({"code_from": ["A", "A"], "code_to": ["B", "C"], "addresses": [30, 10]})
    >>> convert(old, links, {"population": "extensive", "age": "intensive"})
       population   age
    B        75.0  40.0
    C        25.0  40.0
    """
    links = links[links["addresses"] > 0]
    target = links["code_to"]
    weight = links["addresses"].astype(float).set_axis(target)
    share = weight / links.groupby("code_from")["addresses"].transform("sum").to_numpy()
    moved = frame.reindex(links["code_from"]).set_axis(target)
    unchanged = frame.loc[~frame.index.isin(links["code_from"])]
    columns = {}
    for name in frame.columns:
        if kinds[name] == "extensive":
            parts = pd.concat([moved[name] * share, unchanged[name]])
            columns[name] = parts.groupby(level=0).sum(skipna=False)
        else:
            known = weight.where(moved[name].notna())
            total = (moved[name] * known).groupby(level=0).sum(min_count=1)
            columns[name] = unchanged[name].combine_first(total / known.groupby(level=0).sum(min_count=1))
    new = unchanged.index.union(pd.Index(target[links["code_from"].isin(frame.index)].unique()))
    return pd.DataFrame(columns).reindex(new)
