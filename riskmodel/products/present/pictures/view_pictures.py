"""Pictures of a view of the monitor and of the whole country, with their Dutch headings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from riskmodel.monitor.measured import Measured
from riskmodel.monitor.national import class_distribution
from riskmodel.monitor.view import View
from riskmodel.products.present import pictures
from riskmodel.products.present.group_words import coverage
from riskmodel.products.present.pictures.groups import bands
from riskmodel.products.rendering.dutch import areas_word

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: More areas than this are too many for a line or a drawing each.
MOST_AREAS = 60
#: Areas that fill less of the rectangle around them make a map of specks.
FILLED = 0.1


def pictures_of(view: View, tables: dict[str, pd.DataFrame], boundaries: Any = None) -> dict[str, Figure]:
    """Pictures of a municipality or a group, by file name."""
    many = areas_word(view.country.level)
    source = _source_of(view)
    span = f"{view.start} tot {view.end}"
    found = {
        "classes": class_picture(view.areas, f"Klassen in {view.title}", _coverage(view)),
        "transitions": pictures.transition_flow(
            tables["transitions"],
            view.start,
            view.end,
            view.country.scheme.names,
            title=f"Van klasse naar klasse in {view.title}",
            subtitle=f"Aantal {many} per klasse, {span}",
            note=source,
            unit=many,
        ),
        "trajectory": trajectory_picture(view, tables["trajectory"]),
    }
    changes = tables["development"]
    if 0 < len(changes) <= MOST_AREAS:
        found["changes"] = pictures.slope_chart(
            changes,
            view.start,
            view.end,
            title=f"Scores in {view.title}",
            subtitle=f"{span}. {_coloured(view)}",
            note=source,
        )
        found["areas"] = _areas(view, changes)
    if view.dimension_waves is not None:
        found |= _dimensions(view, tables["contributions_of_group"])
    if fills(view, boundaries):
        found |= _maps(view, changes, boundaries)
    return found


def class_picture(measured: Measured, title: str, remark: str = "") -> Figure:
    """People per class at every measurement; areas where at some measurement no people are known."""
    table = class_distribution(measured)
    unit, counts = "inwoners", table.pivot(index="wave", columns="class", values="inhabitants")
    known = counts.sum(axis=1) > 0
    if not known.any():
        unit, counts = areas_word(measured.level), table.pivot(index="wave", columns="class", values="areas")
        known = counts.sum(axis=1) > 0
    left_out = [str(wave) for wave in counts.index[~known]]
    note = f"Niet getekend: {', '.join(left_out)} (geen aantal inwoners bekend). " if left_out else ""
    return pictures.class_shares(
        counts[known],
        measured.scheme.names,
        title=title,
        subtitle=f"Aandeel van de {unit} per klasse en meting",
        note=" ".join([*filter(None, [remark]), note + source_line(measured)]),
        unit=unit,
    )


def trajectory_picture(view: View, table: pd.DataFrame) -> Figure:
    """Mean score of a group over the measurements, beside the rest and comparable areas."""
    many = areas_word(view.country.level)
    names = {
        "group": view.title,
        "rest": "rest van Nederland",
        "comparable": f"vergelijkbare {many}",
    }
    present = {part: name for part, name in names.items() if (table["part"] == part).any()}
    followed = table[table["part"] == "group"]
    weight = "naar inwoners" if (followed["inhabitants"] > 0).all() else f"alle {many} tellen even zwaar"
    note = f"{followed['areas'].iloc[0]} {many} met een score in elke meting. " if len(followed) else ""
    if "comparable" in present:
        note += (
            f"Vergelijkbaar: elders, even stedelijk en met een gelijke score in {view.country.waves[0]}. Een "
            "verschil zegt niet waardoor het komt. "
        )
    return pictures.group_trajectory(
        bands(table, present or {"all": "Nederland"}),
        title=f"Verloop van de score in {view.title}",
        subtitle=f"Gemiddelde {weight}{band_words(table)}",
        note=note + _source_of(view),
    )


def band_words(table: pd.DataFrame) -> str:
    """Return what the band around a trajectory is; empty where the noise is not known and none is drawn."""
    return "" if table["standard_error"].isna().all() else ", met een band van 80% voor de ruis van de meting"


def decomposition_picture(shares: pd.DataFrame, measured: Measured, start: int, end: int) -> Figure:
    """Share of each dimension in the differences between areas in their change."""
    many = areas_word(measured.level)
    return pictures.decomposition_shares(
        shares,
        title=f"Waaruit verschillen in verandering bestaan, {start} tot {end}",
        subtitle=f"Aandeel van elke dimensie in de verschillen tussen {many}, met 95%-interval",
        note="Dit is een optelling en geen oorzaak. " + source_line(measured),
    )


def source_line(measured: Measured) -> str:
    """Return edition and level for under a picture, and the years of the counts of inhabitants."""
    counted = sorted(set(measured.counted.values()))
    people = f", inwoners van {' en '.join(map(str, counted))}" if counted else ""
    return f"Bron: Leefbaarometer {measured.edition}, {areas_word(measured.level)}{people}."


def _areas(view: View, changes: pd.DataFrame) -> Figure:
    """Every area over all measurements, largest fall first."""
    ordered = changes.sort_values(["change", "location"])
    country = view.country
    rows = pd.Series(np.arange(len(country.areas)), index=country.areas)[ordered["location"]].to_numpy()
    weight = np.nan_to_num(country.inhabitants[:, -1])
    weight = weight if weight.any() else np.ones(len(weight))
    there = ~np.isnan(country.score)
    mean = np.nansum(country.score * weight[:, None], axis=0) / (there * weight[:, None]).sum(axis=0)
    signs = np.sign(ordered["change"]) * ordered["beyond_noise"]
    return pictures.small_multiples(
        pd.DataFrame(country.score[rows], index=ordered["name"], columns=list(country.waves)),
        pd.Series(mean, index=list(country.waves)),
        title=f"Elke score in {view.title}",
        subtitle=f"Grootste daling van {view.start} tot {view.end} eerst; grijs is Nederland",
        note=f"{_coloured(view)}. {_source_of(view)}",
        direction=pd.Series(signs.to_numpy(), index=ordered["name"]),
        threshold=float(country.scheme.cuts[3]) + (country.base if country.edition == "3.0" else 0.0),
    )


def _dimensions(view: View, table: pd.DataFrame) -> dict[str, Figure]:
    wide = table.pivot(index="group", columns="label", values="change")
    wide = wide.reindex(index=table["group"].unique(), columns=table["label"].unique())
    wide = wide.rename(index={"alle gebieden": "Nederland"}).dropna(how="all")
    if wide.empty:
        return {}
    assert view.dimension_waves is not None
    start, end = view.dimension_waves
    other = "" if (start, end) == (view.start, view.end) else " (andere metingen hebben geen dimensies)"
    return {
        "dimensions": pictures.dimension_bars(
            wide.iloc[::-1],
            title=f"Waaruit de verandering in {view.title} bestaat",
            subtitle=f"Gemiddelde verandering per inwoner in punten, {start} tot {end}{other}",
            note="Dit is een optelling en geen oorzaak. " + _source_of(view),
        )
    }


def _coloured(view: View) -> str:
    if np.isnan(view.noise.constant):
        return "De ruis van de meting is niet bekend: niets is gekleurd"
    return "Gekleurd: verandering groter dan de ruis van de meting"


def _coverage(view: View) -> str:
    found = coverage(view)
    return f"Gevonden: {found}." if found else ""


def _source_of(view: View) -> str:
    return " ".join(filter(None, [_coverage(view), source_line(view.country)]))


def fills(view: View, boundaries: Any) -> bool:
    """Return whether the areas lie close enough together for a map to show anything."""
    if boundaries is None:
        return False
    shapes = boundaries.loc[boundaries["location"].isin(view.areas.areas), "geometry"]
    if shapes.empty:
        return False
    left, bottom, right, top = shapes.total_bounds
    return bool(shapes.area.sum() >= FILLED * (right - left) * (top - bottom))


def _maps(view: View, changes: pd.DataFrame, boundaries: Any) -> dict[str, Figure]:
    areas, many = view.areas, areas_word(view.country.level)
    classes = dict(zip(areas.areas.tolist(), areas.classes[:, areas.column(view.end)], strict=True))
    moved = dict(zip(changes["location"], changes["change"], strict=True))
    beyond = dict(zip(changes["location"], changes["beyond_noise"], strict=True))
    return {
        "map-classes": pictures.class_map(
            boundaries,
            classes,
            areas.scheme.names,
            title=f"Klassen in {view.title}, {view.end}",
            note=source_line(areas),
            unit=many,
        ),
        "map-changes": pictures.change_map(
            boundaries,
            {code: moved.get(code, float("nan")) for code in areas.areas.tolist()},
            beyond,
            title=f"Verandering in {view.title}, {view.start} tot {view.end}",
            note=source_line(areas),
            unit=many,
        ),
    }
