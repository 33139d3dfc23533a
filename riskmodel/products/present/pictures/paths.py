"""Pictures of scores over time: an area at a time, and all areas at two waves."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Unpack

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from riskmodel.catalogue.units import decimal
from riskmodel.errors import InputError
from riskmodel.products.present.pictures.layout import (
    Texts,
    bare,
    framed,
    local_name,
    require,
    shorten,
    single,
    widest,
)
from riskmodel.products.rendering.labels import spread
from riskmodel.products.rendering.style import DOWN, FAINT, INK, MUTED, RULE, SAME, UP, comma_axis, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Most areas in one picture of small multiples: more would be a wall.
MOST = 120


@drawn
def small_multiples(
    scores: pd.DataFrame,
    country: pd.Series,
    *,
    direction: pd.Series | None = None,
    threshold: float | None = None,
    columns: int = 5,
    **texts: Unpack[Texts],
) -> Figure:
    """Draw a small panel for every area: its score over the waves, with the country behind it.

    ``direction`` is -1 (fell), 0 (within the noise) or 1 (rose); ``threshold`` is the lowest score of *voldoende*.
    """
    if not 0 < len(scores) <= MOST:
        raise InputError(
            "small multiples", f"{len(scores)} areas", f"1 to {MOST}", "Draw a municipality or a group at a time."
        )
    columns = min(columns, len(scores))
    rows = math.ceil(len(scores) / columns)
    width = 7.5 if columns > 3 else 1.0 + 2.1 * columns
    figure, room = framed(texts, width=width, height=rows * 1.05, left=0.45, right=0.35, below=0.3, above=0.15)
    grid = figure.add_gridspec(rows, columns, **room, hspace=0.5, wspace=0.28)
    years = np.array(scores.columns, dtype=float)
    both = np.concatenate([scores.to_numpy(dtype=float).ravel(), country.to_numpy(dtype=float)])
    low, high = np.nanmin(both), np.nanmax(both)
    margin = 0.1 * max(high - low, 0.1)
    per_panel = (room["right"] - room["left"]) * width / columns * 0.95
    for index, (name, values) in enumerate(scores.iterrows()):
        axes = figure.add_subplot(grid[index // columns, index % columns])
        last_row = index + columns >= len(scores)
        axes.plot(country.index.to_numpy(dtype=float), country.to_numpy(dtype=float), color=RULE, lw=2.4)
        sign = 0 if direction is None else int(direction.iloc[index])
        _line(axes, years, values.to_numpy(dtype=float), _colour(sign))
        if threshold is not None:
            axes.axhline(threshold, color=MUTED, lw=0.7, ls=(0, (1, 2)), zorder=0)
            if index == 0 and low - margin < threshold:
                axes.annotate(
                    "voldoende",
                    (years[0], threshold),
                    (0, -1),
                    textcoords="offset points",
                    fontsize=6.5,
                    color=MUTED,
                    va="top",
                )
        axes.set_title(shorten(local_name(str(name)), per_panel, 8), fontsize=8, pad=3)
        axes.set_xlim(years[0] - 0.5, years[-1] + 0.24 * (years[-1] - years[0]))
        axes.set_ylim(low - margin, high + margin)
        axes.set_xticks([years[0], years[-1]], [f"{years[0]:.0f}", f"{years[-1]:.0f}"] if last_row else ["", ""])
        axes.set_yticks(_two_ticks(low, high))
        comma_axis(axes, "y")
        axes.tick_params(labelsize=7, labelleft=index % columns == 0)
        bare(axes)
    return figure


def _colour(sign: int) -> str:
    return {-1: DOWN, 1: UP}.get(sign, INK)


def _two_ticks(low: float, high: float) -> list[float]:
    first, last = math.ceil(low * 5) / 5, math.floor(high * 5) / 5
    return [first, last] if last > first else [round((low + high) / 2, 1)]


def _line(axes: Axes, years: np.ndarray, values: np.ndarray, colour: str) -> None:
    there = ~np.isnan(values)
    if not there.any():
        axes.text(0.5, 0.5, "niet gemeten", transform=axes.transAxes, ha="center", fontsize=7, color=MUTED)
        return
    axes.plot(years[there], values[there], color=colour, lw=1.4)
    end = np.flatnonzero(there)[-1]
    axes.plot(years[end], values[end], "o", ms=3.2, color=colour)
    # A value of an earlier measurement must not pass for one of now.
    when = "" if end == len(values) - 1 else f"\n({years[end]:.0f})"
    axes.annotate(
        f"{decimal(values[end])}{when}",
        (years[end], values[end]),
        (4, 0),
        textcoords="offset points",
        fontsize=7,
        va="center",
    )


@drawn
def slope_chart(
    table: pd.DataFrame,
    start: int,
    end: int,
    *,
    most_labels: int = 18,
    **texts: Unpack[Texts],
) -> Figure:
    """Draw the scores of all areas at two waves, joined by a line; changes beyond the noise are coloured.

    At most ``most_labels`` areas are named: those with the largest changes beyond the noise.
    """
    require(table, ("name", "score_start", "score_end", "beyond_noise"), "slope chart")
    table = table.assign(change=table["score_end"] - table["score_start"]).dropna(subset="change")
    table = table.sort_values("change", key=np.abs, ascending=False, kind="stable")
    table = pd.concat([table[table["beyond_noise"]], table[~table["beyond_noise"]]])
    stands_out = int(table["beyond_noise"].sum())
    # A picture in which only some of the quiet areas are named makes the reader ask why these.
    named = len(table) if len(table) <= most_labels else min(stands_out, most_labels)
    if named < stands_out:
        first = f"Alleen de {named} grootste van {stands_out} duidelijke veranderingen hebben een naam."
        texts["note"] = f"{first} {texts.get('note', '')}".strip()
    height = max(3.4, 0.2 * named + 0.6)
    shown = table[["name", "score_start", "score_end", "change"]].iloc[:named].itertuples(index=False)
    labels = [_label(*row) for row in shown]
    right = widest(labels, 8) + 0.6
    figure, axes = single(texts, height=height, left=0.6, right=right, below=0.35, above=0.15)
    before, after = table["score_start"].to_numpy(dtype=float), table["score_end"].to_numpy(dtype=float)
    low, high = min(before.min(), after.min()), max(before.max(), after.max())
    margin = 0.04 * max(high - low, 0.05)
    low, high = low - margin, high + margin
    ends = spread(after[:named], 0.175 / height * (high - low), low, high)
    for row in range(len(table))[::-1]:
        out = bool(table["beyond_noise"].iloc[row])
        colour = (UP if after[row] > before[row] else DOWN) if out else SAME
        thick, dot, height = (1.7, 4.0, 3) if out else (0.8, 2.5, 2)
        axes.plot([0, 1], [before[row], after[row]], "-o", color=colour, lw=thick, ms=dot, zorder=height)
        if row < named:
            axes.plot([1.01, 1.07], [after[row], ends[row]], color=colour, lw=0.6, clip_on=False, zorder=1)
            axes.text(1.085, ends[row], labels[row], fontsize=8, color=colour if out else MUTED, va="center")
    axes.set_xlim(0, 1)
    axes.set_ylim(low, high)
    axes.set_xticks([0, 1], [f"meting {start}", f"meting {end}"], fontsize=9, color=INK, weight="bold")
    axes.locator_params(axis="y", nbins=6)
    comma_axis(axes, "y")
    axes.grid(axis="y", color=FAINT, lw=0.8)
    axes.tick_params(length=0, pad=6)
    axes.vlines([0, 1], low, high, color=RULE, lw=0.8, zorder=1, clip_on=False)
    bare(axes, ())
    return figure


def _label(name: str, before: float, after: float, change: float) -> str:
    short = shorten(local_name(str(name)), 1.9, 8)
    return f"{short}  {decimal(before)} → {decimal(after)}  ({decimal(change, sign=True)})"
