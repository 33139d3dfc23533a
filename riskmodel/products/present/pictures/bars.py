"""Pictures of dimensions: what each contributed to a change, and its share in the differences between areas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from riskmodel.catalogue.units import decimal
from riskmodel.errors import InputError
from riskmodel.products.present.pictures.layout import (
    Texts,
    bare,
    fold,
    framed,
    local_name,
    require,
    row_bands,
    shorten,
    single,
    widest,
)
from riskmodel.products.rendering.dutch import UNKNOWN
from riskmodel.products.rendering.dutch import share as share_text
from riskmodel.products.rendering.style import DOWN, INK, MUTED, SAME, SKY, UP, comma_axis, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Most rows in one picture.
MOST = 120


@drawn
def dimension_bars(table: pd.DataFrame, **texts: Unpack[Texts]) -> Figure:
    """Draw the contribution of every dimension to a change: a column a dimension, a row an area or group.

    Columns of bars on one scale, rather than one stacked bar: each dimension starts at its own zero, so that it
    can be compared down the column, and colour only says up or down.
    """
    if not 0 < len(table) <= MOST or table.shape[1] == 0:
        raise InputError("dimension bars", f"a table of {table.shape}", f"1 to {MOST} rows, a column a dimension")
    values = table.to_numpy(dtype=float)
    sums = values.sum(axis=1)
    names = [shorten(local_name(str(name)), 1.9, 8.5) for name in table.index]
    width, left, right = 7.5, widest(names, 8.5) + 0.35, 0.25
    low = min(float(np.nanmin(values, initial=0.0)), float(np.nanmin(sums, initial=0.0)))
    high = max(float(np.nanmax(values, initial=0.0)), float(np.nanmax(sums, initial=0.0)))
    high = high if high > low else 0.01
    # One scale for all columns; the first has room for its number on either side, the others for air.
    number = widest([decimal(value, 3, sign=True) for value in (low, high)], 7.5) * 1.12 + 0.1
    air = 0.16
    inch = (high - low) * (1 + table.shape[1]) / (width - left - right - 2 * number - 2 * air * table.shape[1])
    limits = [(low - side * inch, high + side * inch) for side in (number, *[air] * table.shape[1])]
    spans = [last - first for first, last in limits]
    inches = [span / inch for span in spans]
    words = [word for label in table.columns for word in str(label).split()]
    size = min(8.0, 8.0 * 0.94 * min(inches[1:]) / max(widest(words, 8), 0.1))
    heads = [
        fold(str(label), 0.98 * inch_wide, size)
        for label, inch_wide in zip(["totaal", *table.columns], inches, strict=True)
    ]
    above = 0.17 * (max(head.count("\n") for head in heads) + 1) + 0.05
    figure, room = framed(texts, height=0.235 * len(table) + 0.05, left=left, right=right, below=0.3, above=above)
    grid = figure.add_gridspec(1, len(heads), **room, wspace=0.0, width_ratios=spans)
    for column, (head, limit) in enumerate(zip(heads, limits, strict=True)):
        axes = figure.add_subplot(grid[column])
        _bars(axes, sums if column == 0 else values[:, column - 1], strong=column == 0)
        axes.set_title(
            head, fontsize=size, loc="center", pad=4, weight="bold" if column == 0 else "normal", color=INK
        )
        axes.set_ylim(len(table) - 0.5, -0.5)
        axes.set_yticks(range(len(table)), names if column == 0 else [""] * len(table), fontsize=8.5, color=INK)
        axes.set_xlim(*limit)
        axes.set_xticks([_tick(low, high)])
        comma_axis(axes, "x", sign=True)
        axes.tick_params(length=0, pad=4)
        axes.tick_params(axis="x", labelsize=7)
        bare(axes, ())
    return figure


def _tick(low: float, high: float) -> float:
    """Return one round number towards the farther end: with the line at zero enough to read a scale by."""
    far = high if high >= -low else low
    power = 10.0 ** np.floor(np.log10(abs(far)))
    step = max(factor for factor in (1.0, 2.0, 5.0) if factor * power <= abs(far) * (1 + 1e-9)) * power
    return float(np.copysign(step, far))


def _bars(axes: Axes, values: np.ndarray, *, strong: bool) -> None:
    rows = np.arange(len(values))
    row_bands(axes, len(rows))
    colours = [DOWN if value < 0 else UP for value in np.nan_to_num(values)]
    axes.barh(rows, np.nan_to_num(values), color=colours, height=0.62 if strong else 0.5, zorder=2)
    axes.axvline(0, color=MUTED, lw=0.7, zorder=3)
    for row, value in zip(rows, values, strict=True):
        known = not np.isnan(value)
        if known and not strong:
            continue
        text = decimal(value, 3, sign=True) if known else UNKNOWN
        falls = known and value < 0
        axes.annotate(
            text,
            (value if known else 0.0, row),
            (-3 if falls else 3, 0),
            textcoords="offset points",
            fontsize=7.5,
            ha="right" if falls else "left",
            va="center",
            color=INK if known else MUTED,
        )


@drawn
def decomposition_shares(
    table: pd.DataFrame,
    **texts: Unpack[Texts],
) -> Figure:
    """Draw the share of each dimension in the differences between areas in their change, with its interval."""
    require(table, ("label", "share"), "shares of dimensions")
    table = table.sort_values("share", ascending=False, kind="stable")
    shares = table["share"].to_numpy(dtype=float)
    banded = {"low95", "high95"} <= set(table.columns)
    low, high = (table[name].to_numpy(dtype=float) if banded else shares for name in ("low95", "high95"))
    ends = [
        f"{share_text(share)}  ({share_text(a)} tot {share_text(b)})" if banded else share_text(share)
        for share, a, b in zip(shares, low, high, strict=True)
    ]
    left, right = widest(table["label"], 9) + 0.4, widest(ends, 8.5) + 0.3
    height = 0.36 * len(table)
    figure, axes = single(texts, height=height, left=left, right=right, below=0.1, above=0.05)
    rows = np.arange(len(table))
    axes.barh(rows, shares, color=[SAME if share < 0 else SKY for share in shares], height=0.56)
    if banded:
        axes.hlines(rows, low, high, color=INK, lw=1.4, clip_on=False)
        axes.vlines(
            np.concatenate([low, high]), np.tile(rows, 2) - 0.13, np.tile(rows, 2) + 0.13, color=INK, lw=1.4
        )
    most = max(float(high.max()), float(shares.max()), 0.01)
    least = min(float(low.min()), float(shares.min()), 0.0)
    for row, text in enumerate(ends):
        axes.text(most * 1.03, row, text, va="center", fontsize=8.5)
    axes.axvline(0, color=MUTED, lw=0.7)
    axes.set_xlim(least, most)
    axes.set_ylim(len(table) - 0.5, -0.5)
    axes.set_yticks(rows, list(table["label"]), fontsize=9, color=INK)
    axes.set_xticks([])
    axes.tick_params(length=0)
    bare(axes, ())
    return figure
