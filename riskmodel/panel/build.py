"""Put observations of several sources together into one panel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from riskmodel.catalogue import indicators, published_on
from riskmodel.errors import InputError
from riskmodel.panel.crosswalk import convert, links_between
from riskmodel.panel.panel import Panel
from riskmodel.sources.observations import Observations


def build_panel(
    scores: Observations, others: Iterable[Observations] = (), links: pd.DataFrame | None = None
) -> Panel:
    """Join context observations to scores on area codes.

    Sources on other boundaries are converted along the links where those are given; without links they join on
    equal codes, and areas whose code changed stay without a value.

    Parameters
    ----------
    scores : Observations
        Leefbaarometer scores: they define the areas.
    others : iterable of Observations
        Context of the same level.
    links : pandas.DataFrame, optional
        Links between boundary vintages, see :mod:`riskmodel.sources.crosswalk`.

    Returns
    -------
    Panel
        With the union of all years on its year axis.
    """
    if scores.base is None:
        raise InputError("panel", f"source {scores.source!r} without base constant", "Leefbaarometer scores")
    context = [_on_boundaries(each, scores.boundaries, links) for each in others if each.level == scores.level]
    sources = [scores, *context]
    for source in sources:
        unknown = [key for key in source.indicators if key not in indicators()]
        if unknown:
            raise InputError(
                f"observations of {source.source!r}", f"indicator {unknown[0]!r}", "one of the catalogue"
            )
    names = scores.frame.drop_duplicates("location", keep="last").set_index("location")["name"].sort_index()
    areas = names.index
    years = sorted({year for source in sources for year in source.years})
    ids = [key for key in indicators() if any(key in source.indicators for source in sources)]
    values = np.full((len(ids), len(areas), len(years)), np.nan)
    for source in sources:
        _fill(values, source, areas, years, ids)
    there = ~np.isnan(values).all(axis=1)
    return Panel(
        level=scores.level,
        edition=scores.source.rsplit("-", 1)[1],
        base=scores.base,
        boundaries=scores.boundaries,
        areas=areas.to_numpy(dtype=str),
        names=names.to_numpy(dtype=str),
        years=tuple(years),
        indicators=tuple(ids),
        values=values,
        published=np.where(there, _publication(sources, years, ids), np.datetime64("NaT", "D")),
        files=tuple(file for source in sources for file in source.files),
    )


def _fill(
    values: np.ndarray, source: Observations, areas: pd.Index, years: Sequence[int], ids: Sequence[str]
) -> None:
    row = areas.get_indexer(pd.Index(source.frame["location"]))
    column = np.searchsorted(years, source.frame["year"].to_numpy())
    joined = row >= 0
    for key in source.indicators:
        values[ids.index(key), row[joined], column[joined]] = source.frame[key].to_numpy()[joined]


def _publication(sources: Sequence[Observations], years: Sequence[int], ids: Sequence[str]) -> np.ndarray:
    """Publication dates, shape (indicators, years); the latest where sources share an indicator and year."""
    dates = np.full((len(ids), len(years)), np.datetime64("NaT", "D"))
    for source in sources:
        for key in source.indicators:
            for year in source.years:
                place = ids.index(key), years.index(year)
                day = np.datetime64(source.published.get(year) or published_on(key, year), "D")
                dates[place] = np.fmax(dates[place], day)
    return dates


def _on_boundaries(source: Observations, vintage: int, links: pd.DataFrame | None) -> Observations:
    if links is None or source.boundaries == vintage:
        return source
    chosen = links_between(links, source.level, source.boundaries, vintage)
    if chosen.empty:
        return source
    kinds = {key: indicators()[key].kind for key in source.indicators}
    parts = []
    for year, part in source.frame.groupby("year"):
        converted = convert(part.set_index("location")[list(source.indicators)], chosen, kinds)
        parts.append(
            converted.rename_axis("location").reset_index().assign(name="", year=np.int32(int(str(year))))
        )
    frame = pd.concat(parts, ignore_index=True)
    return replace(source, boundaries=vintage, frame=frame)
