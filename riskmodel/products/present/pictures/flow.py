"""Pictures of classes: how areas flow from class to class, and how many people live in each class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as Outline

from riskmodel.errors import InputError
from riskmodel.products.present.pictures.layout import bare, framed, require, spread, text_width, widest
from riskmodel.products.rendering.style import (
    CLASS_COLOURS,
    DOWN,
    INK,
    MUTED,
    SAME,
    UP,
    decimal,
    drawn,
    ink_on,
    percent,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from riskmodel.panel.panel import FloatArray

CLASSES = range(1, 10)


@drawn
def transition_flow(
    rows: pd.DataFrame,
    start: int,
    end: int,
    names: Sequence[str],
    *,
    title: str,
    subtitle: str = "",
    note: str = "",
    weight: Literal["areas", "inhabitants"] = "areas",
    unit: str = "wijken",
) -> Figure:
    """Flows of areas from their class at one wave to that at another."""
    require(rows, ("from_class", "to_class", weight), "flow from class to class")
    counts = _square(rows, weight)
    total = float(counts.sum())
    if len(names) != len(CLASSES) or total <= 0:
        raise InputError(
            "flow from class to class", f"{len(names)} class names, {total:g} {unit}", "nine, and some"
        )
    labels = [f"{place} {name}" for place, name in zip(CLASSES, names, strict=True)]
    side = widest(labels, 8.5) + widest([decimal(total, 0)], 8.5) + 0.45
    figure, room = framed(title, subtitle, note, height=4.6, left=side, right=side, below=0.1, above=0.3)
    axes = figure.add_subplot(figure.add_gridspec(1, 1, **room.asdict())[0])
    gap = 0.022 * total
    left, right = _stack(counts.sum(axis=1), gap), _stack(counts.sum(axis=0), gap)
    top = max(left[-1, 1], right[-1, 1])
    _ribbons(axes, counts, left, right)
    for x, nodes, sums, edge in (
        (0.0, left, counts.sum(axis=1), "right"),
        (1.0, right, counts.sum(axis=0), "left"),
    ):
        _nodes(axes, x, nodes, sums, labels, edge, top)
    for x, wave, edge in ((0.0, start, "left"), (1.0, end, "right")):
        axes.text(x, top * 1.035, f"meting {wave}", weight="bold", ha=edge)
    axes.set_xlim(-0.03, 1.03)
    axes.set_ylim(-0.01 * top, top * 1.01)
    axes.axis("off")
    return figure


def _square(rows: pd.DataFrame, weight: str) -> FloatArray:
    inside = rows["from_class"].isin(CLASSES) & rows["to_class"].isin(CLASSES)
    used = rows[inside]
    counts = np.zeros((9, 9))
    np.add.at(
        counts,
        (used["from_class"].to_numpy(dtype=int) - 1, used["to_class"].to_numpy(dtype=int) - 1),
        used[weight].to_numpy(dtype=float),
    )
    return counts


def _stack(sums: FloatArray, gap: float) -> FloatArray:
    """Lower and upper edge of every node, shape (9, 2); worst class at the bottom, gaps after those that exist."""
    before = np.concatenate([[0.0], np.cumsum(sums + gap * (sums > 0))[:-1]])
    return np.column_stack([before, before + sums])


def _ribbons(axes: Axes, counts: FloatArray, left: FloatArray, right: FloatArray) -> None:
    out, into = left[:, 0].copy(), right[:, 0].copy()
    # Those that stayed are drawn first, so that what moved lies on top.
    places = [(int(a), int(b)) for a, b in np.argwhere(counts > 0)]
    edges = {}
    for a, b in places:
        edges[a, b] = (out[a], into[b], counts[a, b])
        out[a], into[b] = out[a] + counts[a, b], into[b] + counts[a, b]
    for a, b in sorted(places, key=lambda pair: pair[0] != pair[1]):
        low, arrival, size = edges[a, b]
        colour, alpha = (SAME, 0.25) if a == b else (UP if b > a else DOWN, 0.55)
        points = [
            (0.02, low), (0.5, low), (0.5, arrival), (0.98, arrival),
            (0.98, arrival + size), (0.5, arrival + size), (0.5, low + size), (0.02, low + size), (0.02, low),
        ]  # fmt: skip
        codes = [Outline.MOVETO, *[Outline.CURVE4] * 3, Outline.LINETO, *[Outline.CURVE4] * 3, Outline.CLOSEPOLY]
        axes.add_patch(PathPatch(Outline(points, codes), facecolor=colour, alpha=alpha, lw=0))


def _nodes(
    axes: Axes, x: float, nodes: FloatArray, sums: FloatArray, labels: list[str], edge: str, top: float
) -> None:
    there = np.flatnonzero(sums > 0)
    wanted = nodes[there].mean(axis=1)
    places = spread(wanted, 0.18 / 4.6 * top, 0.0, top)
    out = -1 if edge == "right" else 1
    for place, node, y in zip(there, wanted, places, strict=True):
        low, high = nodes[place]
        box = Rectangle(
            (x - 0.02, low),
            0.04,
            high - low,
            facecolor=CLASS_COLOURS[place],
            edgecolor=MUTED,
            lw=0.6,
            clip_on=False,
        )
        axes.add_patch(box)
        axes.plot([x + out * 0.025, x + out * 0.045], [node, y], color=MUTED, lw=0.5, clip_on=False)
        count = decimal(float(sums[place]), 0)
        text = f"{labels[place]}  {count}" if edge == "right" else f"{count}  {labels[place]}"
        axes.text(x + out * 0.055, y, text, ha=edge, va="center", fontsize=8.5)


@drawn
def class_shares(
    table: pd.DataFrame,
    names: Sequence[str],
    *,
    title: str,
    subtitle: str = "",
    note: str = "",
    unit: str = "inwoners",
) -> Figure:
    """Share of the people (or areas) in each class, one bar a wave, worst class at the left."""
    if not np.array_equal(table.columns, list(CLASSES)) or len(names) != len(CLASSES) or table.empty:
        raise InputError(
            "class shares", f"columns {list(table.columns)}", "counts of classes 1 to 9, and nine names"
        )
    counts = table.to_numpy(dtype=float)
    totals = counts.sum(axis=1)
    if not (totals > 0).all():
        raise InputError("class shares", f"nothing counted in {table.index[int(np.argmin(totals > 0))]}", "counts")
    shares = counts / totals[:, None]
    ends = [f"{decimal(total, 0)} {unit}" for total in totals]
    height = 0.36 * len(table) + 0.1
    left, right = widest(map(str, table.index)) + 0.4, widest(ends, 8) + 0.35
    keys, key_rows = _key_places(names, 7.5 - left - 0.2)
    figure, room = framed(
        title, subtitle, note, height=height, left=left, right=right, below=0.15, above=0.24 * key_rows + 0.12
    )
    axes = figure.add_subplot(figure.add_gridspec(1, 1, **room.asdict())[0])
    inches = 7.5 - left - right
    _bars(axes, shares, inches)
    for row, text in enumerate(ends):
        axes.text(1.012, row, text, va="center", fontsize=8, color=MUTED)
    for place, (x, line) in enumerate(keys):
        y = 1 + (0.1 + 0.24 * (key_rows - 1 - line)) / height
        _key(axes, x / inches, y, place, names[place], inches, height)
    axes.set_yticks(range(len(table)), [str(label) for label in table.index], color=INK, fontsize=9)
    axes.set_ylim(len(table) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.set_xticks([])
    axes.tick_params(length=0)
    bare(axes, ())
    return figure


def _bars(axes: Axes, shares: FloatArray, inches: float) -> None:
    """Stacked bars, a row each, so many inches wide; the share stands in every part that has room for it."""
    starts = np.cumsum(shares, axis=1) - shares
    rows = range(len(shares))
    for share, start, colour in zip(shares.T, starts.T, CLASS_COLOURS, strict=True):
        axes.barh(rows, share, left=start, color=colour, edgecolor=MUTED, lw=0.5, height=0.76)
        for row in rows:
            text = percent(share[row])
            if share[row] * inches > text_width(text, 8) + 0.06:
                middle = start[row] + share[row] / 2
                axes.text(middle, row, text, ha="center", va="center", fontsize=8, color=ink_on(colour))


def _key_places(names: Sequence[str], width: float) -> tuple[list[tuple[float, int]], int]:
    """Place (inches from the left) and line of every key, and the number of lines."""
    places, x, line = [], 0.0, 0
    for number, name in zip(CLASSES, names, strict=True):
        size = 0.17 + text_width(f"{number} {name}", 8) + 0.16
        if x + size > width and x > 0:
            x, line = 0.0, line + 1
        places.append((x, line))
        x += size
    return places, line + 1


def _key(axes: Axes, x: float, y: float, place: int, name: str, inches: float, height: float) -> None:
    box = Rectangle(
        (x, y),
        0.12 / inches,
        0.12 / height,
        transform=axes.transAxes,
        facecolor=CLASS_COLOURS[place],
        edgecolor=MUTED,
        lw=0.5,
        clip_on=False,
    )
    axes.add_patch(box)
    axes.text(
        x + 0.17 / inches,
        y + 0.06 / height,
        f"{place + 1} {name}",
        transform=axes.transAxes,
        fontsize=8,
        va="center",
    )
