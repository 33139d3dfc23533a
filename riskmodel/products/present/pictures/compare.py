"""Pictures of two things held against each other: a survey and the measurement, and one figure and another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from riskmodel.products.present.pictures.layout import (
    bare,
    framed,
    leader,
    local_name,
    require,
    shorten,
    spread,
    text_width,
    widest,
)
from riskmodel.products.rendering.style import BLUE, FAINT, INK, MUTED, ORANGE, SAME, comma_axis, decimal, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Most names beside dots: more would lie on top of each other.
MOST_NAMES = 14
#: More dots than this are one image within an SVG file, which would otherwise be slow to open.
MOST_DOTS = 2000


@drawn
def survey_against_measurement(
    table: pd.DataFrame,
    *,
    title: str,
    subtitle: str = "",
    note: str = "",
    measured_name: str = "gemeten verandering van de score",
    survey_name: str = "oordeel in de enquête",
) -> Figure:
    """Two dots an area, each with its interval: what was measured, and what a survey says."""
    parts = ("measured", "survey")
    require(table, ("name", *(f"{part}{end}" for part in parts for end in ("", "_low", "_high"))), "survey")
    names = [shorten(local_name(str(name)), 2.2, 8.5) for name in table["name"]]
    height = 0.25 * len(table) + 0.05
    figure, room = framed(
        title, subtitle, note, height=height, left=widest(names, 8.5) + 0.35, right=0.3, below=0.3, above=0.25
    )
    grid = figure.add_gridspec(1, 2, **room.asdict(), wspace=0.12)
    left, right = (figure.add_subplot(grid[place]) for place in (0, 1))
    for axes, part, colour, marker, head in (
        (left, "measured", BLUE, "o", measured_name),
        (right, "survey", ORANGE, "D", survey_name),
    ):
        _dots(axes, table, part, colour, marker)
        axes.set_title(head, fontsize=8.5, pad=6, weight="bold", color=INK)
        axes.locator_params(axis="x", nbins=5)
        comma_axis(axes, "x", sign=part == "measured")
        axes.set_yticks(
            range(len(table)), names if part == "measured" else [""] * len(table), fontsize=8.5, color=INK
        )
    left.axvline(0, color=MUTED, lw=0.8, zorder=1)
    return figure


def _dots(axes: Axes, table: pd.DataFrame, part: str, colour: str, marker: str) -> None:
    rows = np.arange(len(table))
    value, low, high = (table[f"{part}{end}"].to_numpy(dtype=float) for end in ("", "_low", "_high"))
    for row in rows[::2]:
        axes.axhspan(row - 0.5, row + 0.5, color=FAINT, alpha=0.45, lw=0, zorder=0)
    there = ~np.isnan(value)
    axes.hlines(rows[there], low[there], high[there], color=colour, lw=2.0, alpha=0.55, zorder=2)
    axes.plot(value, rows, marker, color=colour, ms=5, markeredgecolor="white", markeredgewidth=0.7, zorder=3)
    for row in rows[~there]:
        axes.text(
            0.5,
            row,
            "geen gegevens",
            transform=axes.get_yaxis_transform(),
            fontsize=7,
            color=MUTED,
            ha="center",
            va="center",
        )
    axes.set_ylim(len(table) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    bare(axes)


@drawn
def association_scatter(
    x: Sequence[float],
    y: Sequence[float],
    *,
    title: str,
    x_name: str,
    y_name: str,
    subtitle: str = "",
    note: str = "",
    names: Sequence[str] | None = None,
    chosen: Sequence[bool] | None = None,
    chosen_name: str = "",
) -> Figure:
    """One dot an area: a figure against another, with some areas in colour and by name."""
    table = pd.DataFrame({"x": np.asarray(x, dtype=float), "y": np.asarray(y, dtype=float)})
    table["name"] = [""] * len(table) if names is None else [str(name) for name in names]
    table["chosen"] = False if chosen is None else np.asarray(chosen, dtype=bool)
    missing = int(table[["x", "y"]].isna().any(axis=1).sum())
    table = table.dropna(subset=["x", "y"])
    require(table, ("x", "y"), "areas with both figures")
    some = bool(table["chosen"].any())
    said = f"{decimal(len(table), 0)} gebieden" + (
        f"; {decimal(missing, 0)} zonder beide cijfers" if missing else ""
    )
    labels = [shorten(local_name(name), 1.7, 8) for name in table.loc[table["chosen"], "name"] if name][
        :MOST_NAMES
    ]
    right = widest(labels, 8) + 0.45 if labels else 0.3
    figure, room = framed(
        title,
        f"{subtitle} ({said})" if subtitle else said,
        note,
        height=4.2,
        left=0.75,
        right=right,
        below=0.55,
        above=0.5 if some else 0.3,
    )
    axes = figure.add_subplot(figure.add_gridspec(1, 1, **room.asdict())[0])
    rest = table[~table["chosen"]]
    size = float(np.clip(450 / np.sqrt(len(table)), 4, 26))
    axes.scatter(rest["x"], rest["y"], s=size, color=SAME, alpha=0.4, lw=0, rasterized=len(rest) > MOST_DOTS)
    if some:
        shown = table[table["chosen"]]
        axes.scatter(shown["x"], shown["y"], s=size + 12, color=ORANGE, edgecolor=INK, lw=0.6, zorder=3)
        _named(axes, shown)
    axes.set_xlabel(x_name, fontsize=8.5)
    axes.set_title(f"{y_name}", fontsize=8.5, color=MUTED, pad=22 if some and chosen_name else 6)
    if some and chosen_name:
        _key(axes, chosen_name, 7.5 - 0.75 - right)
    axes.grid(color=FAINT, lw=0.8)
    comma_axis(axes, "x")
    comma_axis(axes, "y")
    axes.tick_params(length=0)
    bare(axes)
    return figure


def _named(axes: Axes, shown: pd.DataFrame) -> None:
    """Names at the right edge, in the order of the dots' heights, each joined to its dot."""
    low, high = axes.get_ylim()
    axes.set_ylim(low, high)
    left, edge = axes.get_xlim()
    axes.set_xlim(left, edge)
    named = shown[shown["name"] != ""].iloc[:MOST_NAMES]
    places = spread(named["y"].to_numpy(), 0.18 / 4.2 * (high - low), low, high)
    for place, (x, y, name) in zip(places, named[["x", "y", "name"]].itertuples(index=False), strict=True):
        axes.annotate(
            shorten(local_name(name), 1.7, 8),
            (x, y),
            (edge + 0.025 * (edge - left), place),
            fontsize=8,
            va="center",
            annotation_clip=False,
            arrowprops=leader(MUTED),
        )


def _key(axes: Axes, chosen_name: str, inches: float) -> None:
    x = 0.0
    for colour, edge, text in ((ORANGE, INK, chosen_name), (SAME, SAME, "andere gebieden")):
        axes.plot(
            x + 0.05 / inches,
            1.035,
            "o",
            ms=5,
            color=colour,
            markeredgecolor=edge,
            markeredgewidth=0.6,
            transform=axes.transAxes,
            clip_on=False,
        )
        axes.text(x + 0.14 / inches, 1.035, text, transform=axes.transAxes, fontsize=8, va="center")
        x += (0.14 + text_width(text, 8) + 0.25) / inches
