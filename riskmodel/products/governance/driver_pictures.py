"""Pictures of drivers in Dutch: one area, and all areas."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from riskmodel.catalogue import drivers
from riskmodel.forecasting.drivers.contributions import definitional
from riskmodel.products.rendering.dutch import signed
from riskmodel.products.rendering.style import DOWN, UP, off_screen

GREY, INK = "#8A8A8A", "#222222"


def waterfall(contributions: pd.Series[float], *, title: str, most: int = 9) -> Figure:
    """Draw the contributions to the expected change of one area, by shap's waterfall, from bottom to top."""
    import shap

    labels = _labels(contributions)
    explanation = shap.Explanation(
        values=contributions[list(labels)].to_numpy(dtype=float),
        base_values=float(contributions["base"]),
        feature_names=list(labels.values()),
    )
    with _drawing(title) as figure:
        shap.plots.waterfall(explanation, max_display=most, show=False)
        _in_dutch_waterfall(figure, contributions, most)
    return figure


def beeswarm(table: pd.DataFrame, *, title: str, most: int = 14) -> Figure:
    """Draw the contributions of every area, a dot an area, by shap's beeswarm."""
    import shap

    strong = table[[each.id for each in drivers() if each.id in table.columns]]
    strong = strong.loc[:, strong.abs().max() > 0]
    labels = _labels(strong.iloc[0]) if len(strong) else {}
    values = strong[list(labels)].to_numpy(dtype=float)
    explanation = shap.Explanation(
        values=values, base_values=table["base"].to_numpy(), data=values, feature_names=list(labels.values())
    )
    with _drawing(title) as figure:
        shap.plots.beeswarm(
            explanation, max_display=most, show=False, plot_size=(9, 6), color=DOWN_UP, color_bar=False, s=9
        )
        axes = figure.axes[0]
        axes.set_xlabel(
            "bijdrage aan de verwachte verandering, in scorepunten\n* deel van de score zelf",
            fontsize=10,
            color=INK,
        )
        axes.tick_params(axis="y", labelsize=11)
        axes.locator_params(axis="x", nbins=7)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: signed(value, 2)))
        axes.text(0.0, 1.02, "\N{LEFTWARDS ARROW} omlaag", transform=axes.transAxes, color=DOWN, fontsize=10)
        axes.text(
            1.0, 1.02, "omhoog \N{RIGHTWARDS ARROW}", transform=axes.transAxes, color=UP, fontsize=10, ha="right"
        )
    return figure


@contextmanager
def _drawing(title: str) -> Iterator[Figure]:
    """Open a figure of pyplot for shap; afterwards add its title and close it."""
    off_screen()
    from matplotlib import pyplot

    figure = pyplot.figure()
    try:
        yield figure
        figure.suptitle(title, x=0.02, ha="left", fontsize=14, weight="bold", parse_math=False)
        figure.tight_layout(rect=(0, 0, 1, 0.98))
    finally:
        pyplot.close(figure)


DOWN_UP = LinearSegmentedColormap.from_list("down-up", [DOWN, "#CFCFCF", UP])


def _labels(row: pd.Series[float]) -> dict[str, str]:
    own = definitional()
    return {
        each.id: f"{each.label} *" if each.id in own else each.label for each in drivers() if each.id in row.index
    }


def _in_dutch_waterfall(figure: Figure, contributions: pd.Series[float], most: int) -> None:
    """Redraw arrows and numbers of a waterfall of shap, with Dutch words.

    Shap turns the arrow of a contribution smaller than an arrow's head around, and writes over the edge of narrow
    bars: here arrows end where they must, and numbers stand beside them.
    """
    axes, other = figure.axes[0], figure.axes[1:]
    for each in other:
        each.set_visible(False)
    for drawn in (*axes.patches, *axes.texts, *axes.collections):
        drawn.remove()
    labels = _labels(contributions)
    values = contributions[list(labels)].sort_values(key=np.abs, ascending=False, kind="stable")
    shown = values if len(values) <= most else values.iloc[: most - 1]
    names = [labels[name] for name in shown.index]
    if len(shown) < len(values):
        shown = pd.concat([shown, pd.Series({"": values.iloc[most - 1 :].sum()})])
        names.append(f"{len(values) - most + 1} andere")
    steps = shown.to_numpy(dtype=float)[::-1]
    base = float(contributions["base"])
    ends = base + np.cumsum(steps)
    starts = ends - steps
    reach = np.ptp([base, *ends]) or 1.0
    head = 0.012 * reach
    for row, (start, end, step) in enumerate(zip(starts, ends, steps, strict=True)):
        colour, sign = (DOWN, -1) if step < 0 else (UP, 1)
        neck = end - sign * min(abs(step), head)
        edge = [(start, row - 0.36), (neck, row - 0.36), (end, row), (neck, row + 0.36), (start, row + 0.36)]
        axes.fill(*zip(*edge, strict=True), color=colour, lw=0)
        axes.text(
            end + sign * 0.012 * reach,
            row,
            signed(step),
            ha="right" if step < 0 else "left",
            va="center",
            fontsize=10,
            color=INK,
        )
    axes.axvline(base, color=GREY, lw=0.8, ls=":")
    axes.set_yticks(range(len(steps)), names[::-1], fontsize=11, color=INK)
    axes.set_ylim(-0.7, len(steps) - 0.3)
    axes.set_xlim(min(base, *ends) - 0.16 * reach, max(base, *ends) + 0.16 * reach)
    axes.locator_params(axis="x", nbins=5)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: signed(value, 2)))
    axes.tick_params(axis="x", labelsize=10)
    total = base + float(values.sum())
    axes.set_xlabel(
        f"verwachte verandering in scorepunten: landelijk gemiddelde {signed(base)}, dit gebied {signed(total)}\n"
        "* deel van de score zelf",
        fontsize=10,
        color=INK,
    )
    figure.set_size_inches(9, 5.5)
