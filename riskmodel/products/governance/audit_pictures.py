"""Pictures of an audit: one for every attribute, with a dot and its interval for every group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, PercentFormatter

from riskmodel.forecasting.group_audit.audit import BEST_ORDERING
from riskmodel.forecasting.group_audit.metrics import TOO_FEW
from riskmodel.products.rendering.reliability import png
from riskmodel.products.rendering.style import BLUE, VERMILION

GREY = "#767676"
#: Metrics from left to right with their headings; the first has the forecast chance beside it.
PANELS: Mapping[str, str] = {
    "base_rate": "happened, and mean chance",
    "selection_rate": "areas on the list",
    "precision": "hits on the list",
    "false_negative_rate": "events missed",
    "false_positive_rate": "false alarms",
}
#: Sizes in inches: a panel, the gap between panels, a row, and the margins.
PANEL, GAP, ROW = 1.9, 0.42, 0.62
LEFT, RIGHT, TOP, BOTTOM = 2.3, 0.25, 1.25, 0.45
#: How far the two dots of a group stand apart, in rows.
APART = 0.17


def attribute_picture(rows: pd.DataFrame, groups: Sequence[str], title: str, model: str) -> bytes:
    """Return a PNG with a panel for chances, selection and each kind of error, and a line for every group."""
    there = [group for group in groups if (rows["group"] == group).any()]
    width = LEFT + len(PANELS) * PANEL + (len(PANELS) - 1) * GAP + RIGHT
    height = TOP + ROW * len(there) + BOTTOM
    figure = Figure(figsize=(width, height))
    for number, (metric, heading) in enumerate(PANELS.items()):
        left = LEFT + number * (PANEL + GAP)
        axes = figure.add_axes((left / width, BOTTOM / height, PANEL / width, ROW * len(there) / height))
        _panel(axes, rows, there, metric, model)
        axes.set_title(heading, loc="left", fontsize=9, fontweight="bold", pad=6)
        axes.set_yticks([])
        if number == 0:
            _names(axes, rows, there, model)
    _frame(figure, title, model)
    return png(figure, 130)


def _panel(axes: Axes, rows: pd.DataFrame, groups: Sequence[str], metric: str, model: str) -> None:
    drawn = [(model, metric, BLUE, "o", -APART)]
    if metric == "base_rate":
        drawn.append((model, "mean_chance", "white", "D", APART))
    elif (rows["model"] == BEST_ORDERING).any():
        drawn.append((BEST_ORDERING, metric, VERMILION, "s", APART))
    right = 0.01
    for name, key, colour, marker, aside in drawn:
        chosen = rows[(rows["model"] == name) & (rows["metric"] == key)].set_index("group")
        right = max(right, float(chosen["high95"].fillna(0).max()))
        for row_number, group in enumerate(groups):
            _dot(axes, chosen.loc[group].to_dict(), row_number + aside, colour, marker)
    axes.set_ylim(len(groups) - 0.5, -0.5)
    axes.set_xlim(0, 1.0 if right > 0.6 else right * 1.12)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=None if right < 0.05 else 0))
    axes.tick_params(axis="x", labelsize=8)
    axes.grid(axis="x", color="#e4e4e4", lw=0.7)
    axes.set_axisbelow(True)
    axes.spines[["top", "right", "left"]].set_visible(False)
    for border in range(1, len(groups)):
        axes.axhline(border - 0.5, color="#eeeeee", lw=0.7, zorder=0)


def _dot(axes: Axes, row: Mapping[Any, Any], height: float, colour: str, marker: str) -> None:
    if row["told"]:
        across = axes.get_yaxis_transform()
        axes.text(0.02, height, TOO_FEW, transform=across, fontsize=7.5, color=GREY, va="center")
        return
    edge = VERMILION if colour == "white" else colour
    axes.plot(
        [row["low95"], row["high95"]], [height, height], color=edge, lw=1.6, alpha=0.55, zorder=2, clip_on=False
    )
    axes.plot([row["value"]], [height], marker, ms=5.5, mfc=colour, mec=edge, mew=1.3, zorder=3, clip_on=False)


def _names(axes: Axes, rows: pd.DataFrame, groups: Sequence[str], model: str) -> None:
    """Names of the groups and how many areas and events are in them, left of the first panel."""
    counted = rows[(rows["model"] == model) & (rows["metric"] == "base_rate")].set_index("group")
    for row_number, group in enumerate(groups):
        row = counted.loc[group]
        counts = f"{row['n']:,} areas, {row['n_events']:,} events"
        for down, text, size, colour in ((-0.1, group, 9.0, "black"), (0.22, counts, 7.5, GREY)):
            axes.text(
                -0.04,
                row_number + down,
                text,
                fontsize=size,
                color=colour,
                transform=axes.get_yaxis_transform(),
                ha="right",
                va="center",
                # A name with two dollar signs in it is a name, and no formula.
                parse_math=False,
            )


def _frame(figure: Figure, title: str, model: str) -> None:
    width, height = figure.get_size_inches()
    figure.text(0.12 / width, 1 - 0.12 / height, title, fontsize=11.5, va="top", parse_math=False)
    note = (
        "All origins together; the list is the top 5% of each origin, without areas below 200 inhabitants. "
        "Lines: 95% interval from drawing whole municipalities."
    )
    figure.text(0.12 / width, 1 - 0.38 / height, note, fontsize=8, color="#444444", va="top")
    x = 0.12
    for marker, face, edge, words in (
        ("o", BLUE, BLUE, f"{model} (in the first panel: what happened)"),
        ("D", "white", VERMILION, "mean chance that was forecast"),
        ("s", VERMILION, VERMILION, "best simple ordering of each origin"),
    ):
        y = 1 - 0.68 / height
        line = Line2D([(x + 0.06) / width], [y], marker=marker, ms=5.5, mfc=face, mec=edge, mew=1.3, ls="")
        figure.add_artist(line)
        figure.text((x + 0.16) / width, y, words, fontsize=8, va="center", parse_math=False)
        x += 0.4 + 0.062 * len(words)
