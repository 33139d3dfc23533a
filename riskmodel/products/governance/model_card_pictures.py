"""Pictures of a model card: calibration at every origin and in every kind of area."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from riskmodel.forecasting.backtest_record import Record, outcomes_of
from riskmodel.forecasting.evaluation.calibration import over_origins, wilson
from riskmodel.forecasting.evaluation.metrics import calibration_bins
from riskmodel.forecasting.experiment import Cohort
from riskmodel.forecasting.groups import LABELS, labels_of
from riskmodel.panel.panel import FloatArray, Panel
from riskmodel.products.rendering.reliability import PERCENT, chance_axis, dots_with_intervals, end_of, png
from riskmodel.products.rendering.style import BLUE, VERMILION

GREY = "#767676"
Part = TypeVar("Part")
#: Bins of equally many areas: ten an origin; fewer for a group, which has fewer events.
BINS, GROUP_BINS = 10, 5
#: Chances that are labelled on the axes; a square-root scale shows small ones and large ones in one picture.
TICKS = (0.0, 0.02, 0.1, 0.25, 0.5, 0.75, 1.0)
#: How to read them.
NOTE = "Dots on the dashed line: it happened as often as was forecast. Lines: 95% interval (Wilson)."
#: Sizes on the page in inches: a panel, the gaps between panels, the margins, the narrowest page.
SIDE, ACROSS, DOWN = 1.75, 0.5, 0.75
LEFT, RIGHT, TOP, BOTTOM, NARROWEST = 0.75, 0.3, 1.05, 0.55, 6.0
#: Kinds of groups that are shown.
SHOWN = ("size", "urbanity")
PERIOD_NOTE = (
    "Diamond: mean chance that was forecast. Dot: share it happened to, with its 95% interval (Wilson). "
    "Mean over origins: interval of Student, origins as the unit."
)


@dataclass(frozen=True)
class Reliability:
    """Chances and outcomes of some areas.

    Attributes
    ----------
    title : str
        The origin or the class of areas.
    chance, happened : numpy.ndarray, shape (areas,)
        Forecast chance and 1.0 where it happened.
    """

    title: str
    chance: FloatArray
    happened: FloatArray


def by_origin(record: Record, model: str, panel: Panel, cohort: Cohort) -> list[Reliability]:
    """Return chances and outcomes at every origin."""
    judged = [outcomes_of(record.experiment, panel, forecast, cohort) for forecast in record.of(model)]
    return [Reliability(f"origin {each.wave}", each.chance, each.happened) for each in judged if len(each.rows)]


def by_group(record: Record, model: str, panel: Panel, cohort: Cohort) -> dict[str, list[Reliability]]:
    """Return chances and outcomes in every class of size and urbanity, over all origins together."""
    judged = [outcomes_of(record.experiment, panel, forecast, cohort) for forecast in record.of(model)]
    found: dict[str, list[Reliability]] = {}
    for kind in SHOWN if judged else ():
        labels = np.concatenate([labels_of(panel, each.wave, kind)[each.rows] for each in judged])
        chance = np.concatenate([each.chance for each in judged])
        happened = np.concatenate([each.happened for each in judged])
        parts = [(label, labels == label) for label in LABELS[kind]]
        found[kind] = [Reliability(label, chance[rows], happened[rows]) for label, rows in parts if rows.any()]
    return {kind: each for kind, each in found.items() if each}


def reliability_of_origins(parts: Sequence[Reliability]) -> bytes:
    """Return a PNG with a diagram for every origin: share where it happened against forecast chance, ten bins."""
    top = _top(parts, BINS)
    title = "Did what was forecast happen? By origin"
    return _panels([parts], lambda axes, part: _diagram(axes, part, BINS, top), title)


def reliability_of_groups(groups: dict[str, list[Reliability]]) -> bytes:
    """Return a PNG with a diagram for every class of size (above) and urbanity (below), five bins each."""
    top = max(_top(parts, GROUP_BINS) for parts in groups.values())
    title = "Did what was forecast happen? By inhabitants and urbanity, all origins together"
    return _panels(list(groups.values()), lambda axes, part: _diagram(axes, part, GROUP_BINS, top), title)


def by_period(record: Record, model: str) -> dict[str, list[pd.DataFrame]]:
    """Return chances and shares of every class of size and urbanity, a row an origin, from the backtest."""
    table = record.tables.get("calibration", pd.DataFrame())
    if table.empty:
        return {}
    own = table[(table["model"] == model) & (table["target"] == record.experiment.event.name)]
    found = {}
    for kind in SHOWN:
        rows = own[(own["group_kind"] == kind) & own["group"].isin(LABELS[kind])]
        found[kind] = [part for _, part in rows.groupby("group", sort=False)]
    return {kind: parts for kind, parts in found.items() if parts}


def reliability_of_periods(groups: dict[str, list[pd.DataFrame]]) -> bytes:
    """Return a PNG with a panel for every class of size and urbanity: chance and share at every origin."""
    highest = max(
        float(part[["mean_chance", "observed"]].max().max()) for each in groups.values() for part in each
    )
    top = end_of(highest, TICKS)
    return _panels(
        list(groups.values()),
        lambda axes, part: _periods(axes, part, top),
        "Does a chance mean the same in every kind of area? By origin",
        PERIOD_NOTE,
        across="origin →",
    )


def _periods(axes: Axes, part: pd.DataFrame, top: float) -> None:
    chance, observed = part["mean_chance"].to_numpy(), part["observed"].to_numpy()
    origins, last = np.arange(len(part)), len(part) + 0.4
    mean = over_origins(part).iloc[0]
    middle = float(mean["mean_chance"])
    dots_with_intervals(axes, origins, observed, part["low95"], part["high95"], BLUE)
    axes.plot([*origins, last], [*chance, middle], "D", ms=4.5, mfc="white", mec=VERMILION, mew=1.3, zorder=4)
    if not math.isnan(mean["gap_low95"]):
        low, high = (max(middle + float(mean[f"gap_{end}95"]), 0.0) for end in ("low", "high"))
        axes.vlines(last, low, high, color=BLUE, lw=1.2, alpha=0.55, zorder=2)
    axes.plot(last, float(mean["observed"]), "o", ms=4.5, color=BLUE, zorder=3)
    chance_axis(axes, "y", top, TICKS)
    axes.set(xlim=(-0.5, last + 0.5))
    axes.set_xticks([*origins, last], [*(f"'{str(day)[2:4]}" for day in part["origin_date"]), "mean"])
    axes.yaxis.set_major_formatter(PERCENT)
    axes.axvline(last - 0.7, color="#dddddd", lw=0.8)
    events, areas = int(part["n_events"].sum()), int(part["n"].sum())
    _headed(axes, str(part["group"].iloc[0]), events, areas, float((chance * part["n"]).sum()))


def _headed(axes: Axes, title: str, events: int, areas: int, expected: float) -> None:
    axes.tick_params(labelsize=7.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(title, loc="left", fontsize=9, fontweight="bold", pad=14)
    counts = f"{events:,} of {areas:,} areas, {expected:,.0f} expected"
    axes.text(0, 1.03, counts, transform=axes.transAxes, fontsize=7.5, color="#444444")


def _bins(part: Reliability, number: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    bins = np.array(calibration_bins(part.happened, part.chance, min(number, len(part.chance))), dtype=float)
    return bins[:, 0], bins[:, 1], bins[:, 2]


def _top(parts: Sequence[Reliability], number: int) -> float:
    """Return where the axes end: a little beyond the highest chance or share."""
    return end_of(max(max(float(each.max()) for each in _bins(part, number)[:2]) for part in parts), TICKS)


def _diagram(axes: Axes, part: Reliability, number: int, top: float) -> None:
    expected, observed, n = _bins(part, number)
    low, high = wilson(observed * n, n)
    axes.plot([0, top], [0, top], color=GREY, lw=1, ls=(0, (4, 3)), zorder=1)
    for which in ("x", "y"):
        chance_axis(axes, which, top, TICKS)
    axes.xaxis.set_major_formatter(PERCENT)
    axes.yaxis.set_major_formatter(PERCENT)
    dots_with_intervals(axes, expected, observed, low, np.minimum(high, top), BLUE)
    _headed(axes, part.title, int(part.happened.sum()), len(part.happened), float(part.chance.sum()))


def _panels(
    rows: Sequence[Sequence[Part]],
    draw: Callable[[Axes, Part], None],
    title: str,
    note: str = NOTE,
    across: str = "forecast chance →",
) -> bytes:
    """Return a PNG with a panel for every part, a row of panels for every sequence of parts."""
    figure, grid = _grid(len(rows), max(len(parts) for parts in rows))
    for panels, parts in zip(grid, rows, strict=True):
        for axes, part in zip(panels, parts, strict=False):
            draw(axes, part)
        for axes in panels[len(parts) :]:
            axes.set_visible(False)
    _frame(figure, title, note, across)
    return png(figure, 150)


def _grid(rows: int, columns: int) -> tuple[Figure, list[list[Axes]]]:
    """Return square panels of one size on a page that fits them."""
    width = max(LEFT + columns * SIDE + (columns - 1) * ACROSS + RIGHT, NARROWEST)
    height = TOP + rows * SIDE + (rows - 1) * DOWN + BOTTOM
    figure = Figure(figsize=(width, height))
    corners = [
        [(LEFT + column * (SIDE + ACROSS), height - TOP - SIDE - row * (SIDE + DOWN)) for column in range(columns)]
        for row in range(rows)
    ]
    grid = [
        [figure.add_axes((x / width, y / height, SIDE / width, SIDE / height)) for x, y in row] for row in corners
    ]
    return figure, grid


def _frame(figure: Figure, title: str, note: str, across: str) -> None:
    width, height = figure.get_size_inches()
    figure.text(0.1 / width, 1 - 0.12 / height, title, fontsize=11.5, va="top")
    figure.text(0.1 / width, 1 - 0.38 / height, note, fontsize=8, color="#444444", va="top")
    figure.text(LEFT / width, 0.1 / height, across, fontsize=8.5, va="bottom")
    figure.text(
        0.1 / width,
        (height - TOP) / height,
        "observed share →",
        fontsize=8.5,
        rotation=90,
        va="top",
    )
