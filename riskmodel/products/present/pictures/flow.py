"""Pictures of classes: how areas flow from class to class, and how many people live in each class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Unpack

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path as Outline

from riskmodel.catalogue.units import decimal
from riskmodel.errors import InputError
from riskmodel.products.present.pictures.layout import Texts, bare, require, single, text_width, widest
from riskmodel.products.rendering.dutch import share as share_text
from riskmodel.products.rendering.labels import spread
from riskmodel.products.rendering.style import CLASS_COLOURS, DOWN, INK, MUTED, SAME, UP, drawn, ink_on

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
    unit: str = "wijken",
    **texts: Unpack[Texts],
) -> Figure:
    """Draw the flows of areas from their class at one wave to that at another.

    Rows of :func:`riskmodel.monitor.transitions.transition_rows`; classes other than 1 to 9 are left out.
    """
    require(rows, ("from_class", "to_class", "areas"), "flow from class to class")
    counts = _square(rows)
    total = float(counts.sum())
    if len(names) != len(CLASSES) or total <= 0:
        raise InputError(
            "flow from class to class", f"{len(names)} class names, {total:g} {unit}", "nine, and some"
        )
    labels = [f"{number} {name}" for number, name in zip(CLASSES, names, strict=True)]
    side = widest(labels, 8.5) + widest([decimal(total, 0)], 8.5) + 0.45
    figure, axes = single(texts, height=4.6, left=side, right=side, below=0.1, above=0.3)
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


def _square(rows: pd.DataFrame) -> FloatArray:
    inside = rows["from_class"].isin(CLASSES) & rows["to_class"].isin(CLASSES)
    used = rows[inside]
    counts = np.zeros((9, 9))
    np.add.at(
        counts,
        (used["from_class"].to_numpy(dtype=int) - 1, used["to_class"].to_numpy(dtype=int) - 1),
        used["areas"].to_numpy(dtype=float),
    )
    return counts


def _stack(sums: FloatArray, gap: float) -> FloatArray:
    """Lower and upper edge of every node, shape (9, 2); worst class at the bottom, gaps after those that exist."""
    before = np.concatenate([[0.0], np.cumsum(sums + gap * (sums > 0))[:-1]])
    return np.column_stack([before, before + sums])


def _ribbons(axes: Axes, counts: FloatArray, left: FloatArray, right: FloatArray) -> None:
    out, into = left[:, 0].copy(), right[:, 0].copy()
    # Those that stayed are drawn first, so that what moved lies on top.
    pairs = [(int(a), int(b)) for a, b in np.argwhere(counts > 0)]
    edges = {}
    for a, b in pairs:
        edges[a, b] = (out[a], into[b], counts[a, b])
        out[a], into[b] = out[a] + counts[a, b], into[b] + counts[a, b]
    for a, b in sorted(pairs, key=lambda pair: pair[0] != pair[1]):
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
    heights = spread(wanted, 0.18 / 4.6 * top, 0.0, top)
    out = -1 if edge == "right" else 1
    for index, node, y in zip(there, wanted, heights, strict=True):
        low, high = nodes[index]
        box = Rectangle(
            (x - 0.02, low),
            0.04,
            high - low,
            facecolor=CLASS_COLOURS[index],
            edgecolor=MUTED,
            lw=0.6,
            clip_on=False,
        )
        axes.add_patch(box)
        axes.plot([x + out * 0.025, x + out * 0.045], [node, y], color=MUTED, lw=0.5, clip_on=False)
        count = decimal(float(sums[index]), 0)
        text = f"{labels[index]}  {count}" if edge == "right" else f"{count}  {labels[index]}"
        axes.text(x + out * 0.055, y, text, ha=edge, va="center", fontsize=8.5)


@drawn
def class_shares(
    table: pd.DataFrame,
    names: Sequence[str],
    *,
    unit: str = "inwoners",
    **texts: Unpack[Texts],
) -> Figure:
    """Draw the share of the people (or areas) in each class, one bar a wave, worst class at the left.

    Counts of shape (waves, 9), classes 1 to 9 in the columns.
    """
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
    keys, key_rows = _key_positions(names, 7.5 - left - 0.2)
    figure, axes = single(texts, height=height, left=left, right=right, below=0.15, above=0.24 * key_rows + 0.12)
    inches = 7.5 - left - right
    _bars(axes, shares, inches)
    for row, text in enumerate(ends):
        axes.text(1.012, row, text, va="center", fontsize=8, color=MUTED)
    for index, (x, line) in enumerate(keys):
        y = 1 + (0.1 + 0.24 * (key_rows - 1 - line)) / height
        _key(axes, x / inches, y, index, names[index], inches, height)
    axes.set_yticks(range(len(table)), [str(label) for label in table.index], color=INK, fontsize=9)
    axes.set_ylim(len(table) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.set_xticks([])
    axes.tick_params(length=0)
    bare(axes, ())
    return figure


def _bars(axes: Axes, shares: FloatArray, inches: float) -> None:
    """Stacked bars, a row each, so many inches wide; with the share in every part that has room for it."""
    starts = np.cumsum(shares, axis=1) - shares
    rows = range(len(shares))
    for share, start, colour in zip(shares.T, starts.T, CLASS_COLOURS, strict=True):
        axes.barh(rows, share, left=start, color=colour, edgecolor=MUTED, lw=0.5, height=0.76)
        for row in rows:
            text = share_text(share[row])
            if share[row] * inches > text_width(text, 8) + 0.06:
                middle = start[row] + share[row] / 2
                axes.text(middle, row, text, ha="center", va="center", fontsize=8, color=ink_on(colour))


def _key_positions(names: Sequence[str], width: float) -> tuple[list[tuple[float, int]], int]:
    """Return the position (inches from the left) and line of every key, and the number of lines."""
    positions, x, line = [], 0.0, 0
    for number, name in zip(CLASSES, names, strict=True):
        size = 0.17 + text_width(f"{number} {name}", 8) + 0.16
        if x + size > width and x > 0:
            x, line = 0.0, line + 1
        positions.append((x, line))
        x += size
    return positions, line + 1


def _key(axes: Axes, x: float, y: float, index: int, name: str, inches: float, height: float) -> None:
    box = Rectangle(
        (x, y),
        0.12 / inches,
        0.12 / height,
        transform=axes.transAxes,
        facecolor=CLASS_COLOURS[index],
        edgecolor=MUTED,
        lw=0.5,
        clip_on=False,
    )
    axes.add_patch(box)
    axes.text(
        x + 0.17 / inches,
        y + 0.06 / height,
        f"{index + 1} {name}",
        transform=axes.transAxes,
        fontsize=8,
        va="center",
    )
