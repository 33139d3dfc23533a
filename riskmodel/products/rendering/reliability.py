"""Axes of chances on a square-root scale: small ones and large ones have room in one picture."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.ticker import Formatter, FuncFormatter

from riskmodel.panel.panel import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def _root(values: FloatArray) -> FloatArray:
    return np.sqrt(np.maximum(values, 0.0))


def _percent(value: float, _: int = 0) -> str:
    return f"{value:.0%}" if not math.isclose(value, 0.0) else "0"


#: Ticks in whole percents; zero has no sign.
PERCENT: Formatter = FuncFormatter(_percent)


def end_of(highest: float, ticks: Sequence[float]) -> float:
    """Return the tick at which an axis ends: the first that is a little beyond the highest chance."""
    return float(next((tick for tick in ticks[1:] if tick >= 1.15 * highest), 1.0))


def chance_axis(axes: Axes, which: str, top: float, ticks: Sequence[float]) -> None:
    """Let an axis (``"x"`` or ``"y"``) run from 0 to a chance on a square-root scale."""
    shown = [tick for tick in ticks if tick <= top]
    scale = {"functions": (_root, np.square)}
    if which == "x":
        axes.set_xscale("function", **scale)
        axes.set(xlim=(0, top), xticks=shown)
    else:
        axes.set_yscale("function", **scale)
        axes.set(ylim=(0, top), yticks=shown)


def dots_with_intervals(
    axes: Axes, x: npt.ArrayLike, observed: npt.ArrayLike, low: npt.ArrayLike, high: npt.ArrayLike, colour: str
) -> None:
    """Draw observed shares as dots with a line for the interval of each."""
    axes.vlines(x, low, high, color=colour, lw=1.2, alpha=0.55, zorder=2)
    axes.plot(x, observed, "o", ms=4.5, color=colour, zorder=3)


def png(figure: Figure, dpi: int) -> bytes:
    """Return a figure as a PNG file."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=dpi)
    return file.getvalue()
