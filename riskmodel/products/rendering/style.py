"""Style of all pictures: colours, fonts, ticks with a decimal comma, and reproducible files.

Figures are made without pyplot, and the settings apply only while a picture is drawn.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

import matplotlib
import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import Formatter

from riskmodel.catalogue.units import decimal
from riskmodel.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

P = ParamSpec("P")

#: Colours of Okabe and Ito, safe for the colour blind.
BLUE, VERMILION, GREEN, ORANGE, SKY = "#0072B2", "#D55E00", "#009E73", "#E69F00", "#56B4E9"
INK, MUTED, RULE, FAINT = "#17242F", "#5A6874", "#C9D1D8", "#E6EAEE"
#: What fell, what rose, and what stayed within the noise.
DOWN, UP, SAME = VERMILION, BLUE, "#8A959E"

#: Classes 1 to 9, worst first: brown over *voldoende* (almost white) to blue. Lightness falls step by step along
#: both arms, so that the order within an arm survives a black-and-white printer; the class number tells the arms
#: apart.
CLASS_COLOURS: tuple[str, ...] = (
    "#6B2A02", "#A84A05", "#DB7B2B", "#F5BC82", "#F1EDE4", "#C6DDEC", "#86B8D9", "#2C76AA", "#0B4470",
)  # fmt: skip
NO_DATA = "#FFFFFF"

DPI = 150
FONT = 9.0

_SETTINGS: dict[Any, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": FONT,
    "text.color": INK,
    # A name with two dollar signs in it is a name, and no formula.
    "text.parse_math": False,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": RULE,
    "axes.linewidth": 0.8,
    "axes.titlelocation": "left",
    "axes.axisbelow": True,
    "xtick.color": RULE,
    "ytick.color": RULE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.labelsize": FONT - 1,
    "ytick.labelsize": FONT - 1,
    "xtick.major.size": 3.0,
    "ytick.major.size": 3.0,
    "hatch.linewidth": 0.6,
    # Identifiers in an SVG file follow from its contents, so that the same picture is the same file.
    "svg.hashsalt": "riskmodel",
    "svg.fonttype": "path",
}


def drawn(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Run a function with the settings of this module instead of those of matplotlib."""

    @wraps(draw)
    def in_style(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with mpl.rc_context():
            mpl.rcdefaults()
            mpl.rcParams.update(_SETTINGS)
            return draw(*args, **kwargs)

    return in_style


def save(figure: Figure, folder: str | Path, name: str) -> dict[str, Path]:
    """Write a picture as PNG and as SVG; the same picture gives the same bytes."""
    if not re.fullmatch(r"[\w][\w.-]*", name):
        raise InputError("picture", f"name {name!r}", "letters, digits, '-', '_' and '.'")
    target = Path(folder)
    paths = {form: target / f"{name}.{form}" for form in ("png", "svg")}
    title = str(figure.get_label())
    try:
        target.mkdir(parents=True, exist_ok=True)
        with mpl.rc_context():
            mpl.rcdefaults()
            mpl.rcParams.update(_SETTINGS)
            figure.savefig(paths["png"], dpi=DPI, metadata={"Software": None, "Title": title})
            figure.savefig(paths["svg"], metadata={"Date": None, "Creator": None, "Title": title})
    except OSError as error:
        raise InputError(target, error.strerror or "no folder", "a folder to write into") from error
    return paths


class CommaFormatter(Formatter):
    """Ticks with a decimal comma and as many decimals as distinguish them."""

    def __init__(self, sign: bool = False) -> None:
        self.sign = sign
        self.decimals = 0

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        """Return the texts of all ticks."""
        exact = (n for n in range(6) if np.allclose(np.round(values, n), values, rtol=0, atol=1e-7))
        self.decimals = next(exact, 6)
        return [self(value) for value in values]

    def __call__(self, x: float, pos: int | None = None) -> str:
        """Return the text of one tick."""
        return decimal(x, self.decimals, sign=self.sign)


def comma_axis(axes: Axes, which: str, *, sign: bool = False) -> None:
    """Write the numbers of an axis (``"x"`` or ``"y"``) with a decimal comma."""
    (axes.xaxis if which == "x" else axes.yaxis).set_major_formatter(CommaFormatter(sign))


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour such as ``"#0072B2"``, 0 to 1 (IEC 61966-2-1, as in WCAG)."""
    parts = np.array([int(colour[index : index + 2], 16) for index in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ np.array([0.2126, 0.7152, 0.0722]))


def ink_on(colour: str) -> str:
    """Return the colour of text on a background: dark ink or white, whichever has more contrast (WCAG)."""
    light = luminance(colour)
    return INK if (light + 0.05) / (luminance(INK) + 0.05) > 1.05 / (light + 0.05) else "#FFFFFF"


def off_screen() -> None:
    """Make pyplot draw into memory, unless it was imported before."""
    if "matplotlib.pyplot" not in sys.modules:
        matplotlib.use("Agg")
