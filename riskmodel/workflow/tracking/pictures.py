"""Pictures for analysts: how the origins are split, reliability, precision and recall."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from riskmodel.forecasting.backtest import Backtest, forecasts_at
from riskmodel.forecasting.evaluation.calibration import DECILE
from riskmodel.forecasting.features import Features
from riskmodel.forecasting.origins import Origin
from riskmodel.panel.panel import FloatArray, Panel
from riskmodel.products.rendering.reliability import chance_axis
from riskmodel.products.rendering.style import BLUE, GREEN, VERMILION, off_screen

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Chances that are labelled.
TICKS = (0.0, 0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
GREY = "#9A9A9A"


def split_picture(origins: Sequence[Origin], waves: Sequence[int]) -> Figure:
    """Which pairs of waves each origin learns from, and which it is tested on."""
    figure = Figure(figsize=(8, 1.2 + 0.9 * len(origins)), layout="constrained")
    axes = figure.subplots()
    for row, origin in enumerate(origins):
        for step, (start, end) in enumerate(origin.pairs):
            y = row - 0.12 * step
            axes.plot([start, end], [y, y], color=BLUE, lw=4, solid_capstyle="butt")
        y = row + 0.15
        axes.plot([origin.wave, origin.target_wave], [y, y], color=VERMILION, lw=6, solid_capstyle="butt")
        known = origin.known_at.year + (origin.known_at.timetuple().tm_yday - 1) / 365
        axes.plot([known, known], [row - 0.4, row + 0.35], color="black", lw=1, ls=":")
        axes.annotate(f"known at {origin.known_at}", (known, row + 0.36), fontsize=8, ha="center", va="bottom")
    axes.set_yticks(range(len(origins)), [f"origin {origin.wave}" for origin in origins])
    axes.set_xticks(list(waves), [str(wave) for wave in waves], rotation=45)
    axes.set_ylim(-0.8, len(origins) - 0.2)
    axes.plot([], [], color=BLUE, lw=4, label="training pairs (published in time)")
    axes.plot([], [], color=VERMILION, lw=6, label="tested on (published later)")
    axes.legend(loc="upper left", fontsize=8, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title("What each origin may learn from", loc="left")
    return figure


def reliability_picture(backtest: Backtest, panel: Panel, models: Sequence[str]) -> Figure:
    """Share of events against forecast chance in ten equally filled bins, a panel an origin.

    Both axes are stretched near zero, where most areas are. Vertical lines are 95% intervals of Wilson.
    """
    figure, panels = _row_of_axes(len(backtest.origins))
    rows = backtest.calibration[backtest.calibration["group_kind"] == DECILE]
    shown = rows[rows["model"].isin(models)]
    largest = float(np.max(shown[["mean_chance", "high95"]].to_numpy(), initial=0.01))
    for axes, origin in zip(panels, backtest.origins, strict=True):
        here = shown[shown["origin_date"] == origin.origin_date]
        axes.plot([0, largest], [0, largest], color=GREY, lw=1, ls="--", zorder=1)
        for name in models:
            own = here[here["model"] == name]
            x, colour = own["mean_chance"], _colour(models, name)
            axes.vlines(x, own["low95"], own["high95"], color=colour, lw=1.2, alpha=0.45)
            axes.plot(x, own["observed"], "o-", ms=4, lw=1.2, color=colour, label=name)
        for which, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
            chance_axis(axes, which, largest, TICKS)
            axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.set(title=f"origin {origin.wave}", xlabel="forecast chance")
    panels[0].set_ylabel("share where it happened")
    panels[0].legend(fontsize=8, frameon=False)
    return figure


def precision_recall_picture(backtest: Backtest, panel: Panel, models: Sequence[str]) -> Figure:
    """Precision against recall, a panel an origin; the dashed line is the base rate."""
    figure, panels = _row_of_axes(len(backtest.origins))
    for axes, origin in zip(panels, backtest.origins, strict=True):
        for name, chance, happened in _judged(backtest, panel, origin, models):
            hits = np.cumsum(happened[np.lexsort((happened, -chance))])
            if hits[-1] == 0:
                continue
            recall, precision = hits / hits[-1], hits / np.arange(1, len(hits) + 1)
            axes.plot(recall, precision, lw=1.3, color=_colour(models, name), label=name)
            axes.axhline(happened.mean(), color=GREY, lw=1, ls="--")
        axes.set(title=f"origin {origin.wave}", xlabel="recall", ylabel="precision", ylim=(0, 1))
    panels[0].legend(fontsize=8, frameon=False)
    return figure


def beeswarm_picture(features: Features, contributions: FloatArray) -> Figure:
    """Contributions of the strongest features over all areas, by shap's beeswarm."""
    import shap

    off_screen()
    from matplotlib import pyplot

    # A feature that nowhere has a value gets one colour; shap would warn of it.
    unknown = np.isnan(features.values).all(axis=0)
    explanation = shap.Explanation(
        values=contributions[:, :-1],
        base_values=contributions[:, -1],
        data=np.where(unknown, 0.0, features.values),
        feature_names=list(features.names),
    )
    with warnings.catch_warnings():
        # A feature that is known of no area has no range to colour by; it says so of every one.
        warnings.filterwarnings("ignore", "All-NaN slice encountered", RuntimeWarning)
        axes = shap.plots.beeswarm(explanation, max_display=15, show=False, plot_size=(9, 6))
    axes.set_xlabel("contribution to the expected change, in score points")
    axes.locator_params(axis="x", nbins=7)
    figure: Figure = axes.figure
    figure.tight_layout()
    pyplot.close(figure)
    return figure


def _row_of_axes(number: int) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(3.6 * number + 0.6, 3.6))
    figure.subplots_adjust(left=0.7 / (3.6 * number), right=0.98, bottom=0.17, top=0.88, wspace=0.35)
    panels = list(np.atleast_1d(figure.subplots(1, number)))
    for axes in panels:
        axes.spines[["top", "right"]].set_visible(False)
    return figure, panels


def _judged(
    backtest: Backtest, panel: Panel, origin: Origin, models: Sequence[str]
) -> list[tuple[str, np.ndarray, np.ndarray]]:
    event = backtest.experiment.event
    happened = event.happened(panel, origin.wave, origin.target_wave)
    judged = event.eligible(panel, origin.wave) & ~np.isnan(happened)
    found = []
    for forecast in forecasts_at(backtest, origin.wave):
        if forecast.model in models and judged.any():
            rows = forecast.positions(panel.areas[judged])
            found.append((forecast.model, forecast.chance_of(event)[rows], happened[judged]))
    return found


def _colour(models: Sequence[str], name: str) -> str:
    return (VERMILION, BLUE, GREEN, GREY)[list(models).index(name) % 4]
