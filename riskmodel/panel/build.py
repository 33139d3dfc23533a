"""Join observations of several sources into one panel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.catalogue import Indicator, indicators, published_on
from riskmodel.errors import InputError
from riskmodel.panel.crosswalk import certainty, convert, links_between
from riskmodel.panel.panel import FloatArray, Panel
from riskmodel.sources.observations import Observations, SourceFile

#: Sensitivity of indicators that are blocked by default.
ORIGIN = "origin"


@dataclass(frozen=True)
class _Converted:
    """Observations on the boundaries of the panel, with how certain the conversion is per area."""

    observations: Observations
    certainty: pd.Series | None = None


def build_panel(
    scores: Observations,
    others: Iterable[Observations] = (),
    links: pd.DataFrame | None = None,
    borders: tuple[pd.DataFrame, SourceFile] | None = None,
    *,
    allow_origin: bool = False,
) -> Panel:
    """Join context observations to scores on area codes.

    The scores define the areas; observations of another level are left out. Sources on other boundaries are
    converted along the links where those are given; without links they join on equal codes, and areas whose code
    changed stay without a value. ``borders`` has columns ``location`` and ``neighbour``, and their file.
    """
    if scores.base is None:
        raise InputError("panel", f"source {scores.source!r} without base constant", "Leefbaarometer scores")
    context = [each for each in others if each.level == scores.level]
    known = _definitions([scores, *context])
    converted = [_Converted(scores), *(_on_boundaries(each, scores.boundaries, links, known) for each in context)]
    sources = [each.observations for each in converted]
    names = scores.frame.drop_duplicates("location", keep="last").set_index("location")["name"].sort_index()
    areas = names.index
    years = sorted({year for source in sources for year in source.years})
    ids = [
        key
        for key, about in known.items()
        if any(key in source.indicators for source in sources) and (allow_origin or about.sensitivity != ORIGIN)
    ]
    values = np.full((len(ids), len(areas), len(years)), np.nan)
    for source in sources:
        _fill(values, source, areas, years, ids)
    there = ~np.isnan(values).all(axis=1)
    dates = _publication(sources, years, ids, known)
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
        published=np.where(there, dates, np.datetime64("NaT", "D")),
        files=tuple(
            dict.fromkeys(
                [*(file for source in sources for file in source.files), *([borders[1]] if borders else [])]
            )
        ),
        certainty=_certainty(converted, areas),
        definitions={key: known[key] for key in ids},
        borders=_positions(borders[0], areas) if borders else np.empty((0, 2), dtype=np.intp),
    )


def _positions(borders: pd.DataFrame, areas: pd.Index) -> npt.NDArray[np.intp]:
    pairs = np.column_stack([areas.get_indexer(pd.Index(borders[key])) for key in ("location", "neighbour")])
    return pairs[(pairs >= 0).all(axis=1)]


def _definitions(sources: Sequence[Observations]) -> dict[str, Indicator]:
    known = dict(indicators())
    for source in sources:
        for definition in source.definitions:
            if known.setdefault(definition.id, definition) != definition:
                found = f"indicator {definition.id!r} described in two ways"
                hint = "Give one of the two another name in its mapping."
                raise InputError(f"observations of {source.source!r}", found, "one description", hint)
        unknown = [key for key in source.indicators if key not in known]
        if unknown:
            found = f"indicator {unknown[0]!r}"
            raise InputError(f"observations of {source.source!r}", found, "one of the catalogue")
    return known


def _fill(
    values: np.ndarray, source: Observations, areas: pd.Index, years: Sequence[int], ids: Sequence[str]
) -> None:
    row = areas.get_indexer(pd.Index(source.frame["location"]))
    column = np.searchsorted(years, source.frame["year"].to_numpy())
    joined = row >= 0
    for key in set(source.indicators) & set(ids):
        values[ids.index(key), row[joined], column[joined]] = source.frame[key].to_numpy()[joined]


def _publication(
    sources: Sequence[Observations], years: Sequence[int], ids: Sequence[str], known: Mapping[str, Indicator]
) -> np.ndarray:
    """Publication dates, shape (indicators, years); the latest where sources share an indicator and year."""
    dates = np.full((len(ids), len(years)), np.datetime64("NaT", "D"))
    for source in sources:
        for key in set(source.indicators) & set(ids):
            for year in source.years:
                index = ids.index(key), years.index(year)
                day = np.datetime64(source.published.get(year) or published_on(known[key], year), "D")
                dates[index] = np.fmax(dates[index], day)
    return dates


def _on_boundaries(
    source: Observations, vintage: int, links: pd.DataFrame | None, known: Mapping[str, Indicator]
) -> _Converted:
    if links is None or source.boundaries == vintage:
        return _Converted(source)
    chosen = links_between(links, source.level, source.boundaries, vintage)
    if chosen.empty:
        return _Converted(source)
    kinds = {key: known[key].kind for key in source.indicators}
    parts = []
    for year, part in source.frame.groupby("year"):
        values = convert(part.set_index("location")[list(source.indicators)], chosen, kinds)
        parts.append(values.rename_axis("location").reset_index().assign(name="", year=np.int32(int(str(year)))))
    frame = pd.concat(parts, ignore_index=True)
    return _Converted(replace(source, boundaries=vintage, frame=frame), certainty(chosen))


def _certainty(converted: Sequence[_Converted], areas: pd.Index) -> dict[tuple[str, int], FloatArray]:
    return {
        (key, year): each.certainty.reindex(areas).fillna(1.0).to_numpy()
        for each in converted
        if each.certainty is not None
        for key in each.observations.indicators
        for year in each.observations.years
    }
