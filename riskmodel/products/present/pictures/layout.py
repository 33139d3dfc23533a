"""Room for pictures and their texts: headings, notes, widths of texts, and labels that keep their distance."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from riskmodel.errors import InputError
from riskmodel.panel.panel import FloatArray
from riskmodel.products.rendering.style import FONT, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def local_name(name: str) -> str:
    """Take the number that some municipalities put before a name off: it takes the room of the name itself.

    Examples
    --------
    >>> local_name("Wijk 07 Wielwijk"), local_name("Wijk 07")
    ('Wielwijk', 'Wijk 07')
    """
    return re.sub(r"^Wijk \d+ (?=\S)", "", name)


@lru_cache(maxsize=4096)
def text_width(text: str, size: float = FONT) -> float:
    """Width of a line of text in inches."""
    font = FontProperties(family="DejaVu Sans", size=size)
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width) / 72


def widest(texts: Iterable[str], size: float = FONT) -> float:
    """Width of the widest of some texts in inches; nought when there is none."""
    return max((text_width(text, size) for text in texts), default=0.0)


def fold(text: str, width: float, size: float = FONT) -> str:
    """Fold a text into lines that are no wider than so many inches."""
    if not text:
        return ""
    letters = int(max(12, width / (text_width("n", size) * 1.08)))
    return "\n".join(textwrap.wrap(text, letters, break_long_words=False))


def shorten(text: str, width: float, size: float = FONT) -> str:
    """Cut a name that is wider than so many inches, with an ellipsis."""
    if text_width(text, size) <= width:
        return text
    cut = next((n for n in range(len(text), 0, -1) if text_width(f"{text[:n].rstrip()}…", size) <= width), 0)
    return f"{text[:cut].rstrip()}…"


@dataclass(frozen=True)
class Room:
    """Where the drawing may go in a figure with a heading and a note.

    Attributes
    ----------
    left, right, bottom, top : float
        Edges as fractions of the figure, for ``add_gridspec`` and ``subplots_adjust``.
    """

    left: float
    right: float
    bottom: float
    top: float

    def asdict(self) -> dict[str, float]:
        """The edges by name."""
        return {"left": self.left, "right": self.right, "bottom": self.bottom, "top": self.top}


def framed(
    title: str,
    subtitle: str = "",
    note: str = "",
    *,
    width: float = 7.5,
    height: float = 4.0,
    left: float = 0.6,
    right: float = 0.3,
    below: float = 0.35,
    above: float = 0.1,
) -> tuple[Figure, Room]:
    """Make a figure with a heading, a line under it and a note at the foot."""
    edge, inside = 0.2, width - 0.4
    heading, under, foot = fold(title, inside, 13), fold(subtitle, inside, 9), fold(note, inside, 7.5)
    title_height = 0.235 * (heading.count("\n") + 1)
    under_height = 0.17 * (under.count("\n") + 1) + 0.04 if under else 0.0
    foot_height = 0.145 * (foot.count("\n") + 1) + 0.1 if foot else 0.0
    top = edge + title_height + under_height + 0.12 + above
    total = top + height + below + foot_height + 0.12
    figure = Figure(figsize=(width, total), facecolor="white")
    figure.set_label(title)
    figure.text(edge / width, 1 - edge / total, heading, fontsize=13, weight="bold", va="top", linespacing=1.25)
    if under:
        place = 1 - (edge + title_height + 0.04) / total
        figure.text(edge / width, place, under, fontsize=9, color=MUTED, va="top", linespacing=1.35)
    if foot:
        figure.text(edge / width, 0.1 / total, foot, fontsize=7.5, color=MUTED, va="bottom", linespacing=1.35)
    bottom = (below + foot_height + 0.12) / total
    return figure, Room(left / width, 1 - right / width, bottom, bottom + height / total)


def spread(wanted: FloatArray, gap: float, low: float = -np.inf, high: float = np.inf) -> FloatArray:
    """Move places apart until neighbours are a gap away from each other, each as little as possible.

    Least squares under order and distance is an isotonic regression of the places less the gaps before them.
    """
    from scipy.optimize import isotonic_regression

    if len(wanted) == 0:
        return wanted
    order = np.argsort(wanted, kind="stable")
    before = gap * np.arange(len(wanted))
    moved = np.asarray(isotonic_regression(wanted[order] - before).x)
    room = max(high - before[-1], low)
    placed = np.empty(len(wanted))
    placed[order] = np.clip(moved, low, room) + before
    return placed


def bare(axes: Axes, keep: Sequence[str] = ("bottom",)) -> None:
    """Take the frame around a drawing away, except for some sides."""
    axes.spines[[side for side in ("left", "right", "top", "bottom") if side not in keep]].set_visible(False)


def require(table: pd.DataFrame, columns: tuple[str, ...], where: str) -> None:
    """Refuse a table that lacks columns or rows."""
    missing = [name for name in columns if name not in table.columns]
    if missing or table.empty:
        found = f"no column {', '.join(missing)}" if missing else "no rows"
        raise InputError(where, found, f"a row or more with columns {', '.join(columns)}")


def leader(colour: str) -> dict[str, Any]:
    """A thin line from a dot to the left side of its label."""
    return {"arrowstyle": "-", "color": colour, "lw": 0.6, "shrinkA": 1, "shrinkB": 3, "relpos": (0, 0.5)}
