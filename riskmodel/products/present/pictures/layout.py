"""Layout of pictures and their texts: headings, notes, widths of texts, frames."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Required, TypedDict

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from riskmodel.errors import InputError
from riskmodel.products.rendering.style import FAINT, FONT, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def local_name(name: str) -> str:
    """Return a name without the number that some municipalities put before it.

    Examples
    --------
    >>> local_name("Wijk 07 Wielwijk"), local_name("Wijk 07")
    ('Wielwijk', 'Wijk 07')
    """
    return re.sub(r"^Wijk \d+ (?=\S)", "", name)


@lru_cache(maxsize=4096)
def text_width(text: str, size: float = FONT) -> float:
    """Return the width of a line of text in inches."""
    font = FontProperties(family="DejaVu Sans", size=size)
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width) / 72


def widest(texts: Iterable[str], size: float = FONT) -> float:
    """Return the width of the widest of some texts in inches; zero without texts."""
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


class Texts(TypedDict, total=False):
    """Heading of a picture, the line under it and the note at its foot."""

    title: Required[str]
    subtitle: str
    note: str


def framed(
    texts: Texts,
    *,
    width: float = 7.5,
    height: float = 4.0,
    left: float = 0.6,
    right: float = 0.3,
    below: float = 0.35,
    above: float = 0.1,
) -> tuple[Figure, dict[str, float]]:
    """Return a figure with its texts, and the edges of the room for the drawing as fractions of the figure.

    All sizes in inches: ``height`` is that of the drawing alone, ``left, right, below, above`` are around it.
    """
    edge, inside = 0.2, width - 0.4
    heading = fold(texts["title"], inside, 13)
    under, foot = fold(texts.get("subtitle", ""), inside, 9), fold(texts.get("note", ""), inside, 7.5)
    title_height = 0.235 * (heading.count("\n") + 1)
    under_height = 0.17 * (under.count("\n") + 1) + 0.04 if under else 0.0
    foot_height = 0.145 * (foot.count("\n") + 1) + 0.1 if foot else 0.0
    top = edge + title_height + under_height + 0.12 + above
    total = top + height + below + foot_height + 0.12
    figure = Figure(figsize=(width, total), facecolor="white")
    figure.set_label(texts["title"])
    figure.text(edge / width, 1 - edge / total, heading, fontsize=13, weight="bold", va="top", linespacing=1.25)
    if under:
        y = 1 - (edge + title_height + 0.04) / total
        figure.text(edge / width, y, under, fontsize=9, color=MUTED, va="top", linespacing=1.35)
    if foot:
        figure.text(edge / width, 0.1 / total, foot, fontsize=7.5, color=MUTED, va="bottom", linespacing=1.35)
    bottom = (below + foot_height + 0.12) / total
    room = {
        "left": left / width,
        "right": 1 - right / width,
        "bottom": bottom,
        "top": bottom + height / total,
    }
    return figure, room


def single(texts: Texts, **size: float) -> tuple[Figure, Axes]:
    """Return a figure as :func:`framed` makes it, with one drawing."""
    figure, room = framed(texts, **size)
    return figure, figure.add_subplot(figure.add_gridspec(1, 1, **room)[0])


def row_bands(axes: Axes, rows: int) -> None:
    """Shade every other row of a drawing with a row an area."""
    for row in range(0, rows, 2):
        axes.axhspan(row - 0.5, row + 0.5, color=FAINT, alpha=0.45, lw=0, zorder=0)


def bare(axes: Axes, keep: Sequence[str] = ("bottom",)) -> None:
    """Remove the frame around a drawing, except for some sides."""
    axes.spines[[side for side in ("left", "right", "top", "bottom") if side not in keep]].set_visible(False)


def require(table: pd.DataFrame, columns: tuple[str, ...], where: str) -> None:
    """Refuse a table that lacks columns or rows."""
    missing = [name for name in columns if name not in table.columns]
    if missing or table.empty:
        found = f"no column {', '.join(missing)}" if missing else "no rows"
        raise InputError(where, found, f"a row or more with columns {', '.join(columns)}")


def leader(colour: str) -> dict[str, Any]:
    """Return the style of a thin line from a dot to the left side of its label."""
    return {"arrowstyle": "-", "color": colour, "lw": 0.6, "shrinkA": 1, "shrinkB": 3, "relpos": (0, 0.5)}
