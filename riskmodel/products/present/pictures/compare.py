"""Picture of one figure of every area against another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Unpack

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from riskmodel.catalogue.units import decimal
from riskmodel.products.present.pictures.layout import (
    Texts,
    bare,
    leader,
    local_name,
    require,
    shorten,
    single,
    text_width,
    widest,
)
from riskmodel.products.rendering.labels import spread
from riskmodel.products.rendering.style import FAINT, INK, MUTED, ORANGE, SAME, comma_axis, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Most names beside dots: more would lie on top of each other.
MOST_NAMES = 14
#: More dots than this are one image within an SVG file, which would otherwise be slow to open.
MOST_DOTS = 2000


@drawn
def association_scatter(
    x: Sequence[float],
    y: Sequence[float],
    *,
    x_name: str,
    y_name: str,
    names: Sequence[str] | None = None,
    chosen: Sequence[bool] | None = None,
    chosen_name: str = "",
    **texts: Unpack[Texts],
) -> Figure:
    """Draw one figure of every area against another, with some areas in colour and by name."""
    table = pd.DataFrame({"x": np.asarray(x, dtype=float), "y": np.asarray(y, dtype=float)})
    table["name"] = [""] * len(table) if names is None else [str(name) for name in names]
    table["chosen"] = False if chosen is None else np.asarray(chosen, dtype=bool)
    missing = int(table[["x", "y"]].isna().any(axis=1).sum())
    table = table.dropna(subset=["x", "y"])
    require(table, ("x", "y"), "areas with both figures")
    some = bool(table["chosen"].any())
    counts = f"{decimal(len(table), 0)} gebieden" + (
        f"; {decimal(missing, 0)} zonder beide cijfers" if missing else ""
    )
    labels = [shorten(local_name(name), 1.7, 8) for name in table.loc[table["chosen"], "name"] if name][
        :MOST_NAMES
    ]
    right = widest(labels, 8) + 0.45 if labels else 0.3
    subtitle = texts.get("subtitle")
    texts["subtitle"] = f"{subtitle} ({counts})" if subtitle else counts
    figure, axes = single(texts, height=4.2, left=0.75, right=right, below=0.55, above=0.5 if some else 0.3)
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
    heights = spread(named["y"].to_numpy(), 0.18 / 4.2 * (high - low), low, high)
    for height, (x, y, name) in zip(heights, named[["x", "y", "name"]].itertuples(index=False), strict=True):
        axes.annotate(
            shorten(local_name(name), 1.7, 8),
            (x, y),
            (edge + 0.025 * (edge - left), height),
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
