"""Maps of classes and of changes, from boundaries as :mod:`riskmodel.sources.boundaries` reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import numpy.typing as npt
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.path import Path as Outline

from riskmodel.catalogue.units import decimal
from riskmodel.errors import InputError
from riskmodel.products.present.pictures.layout import Texts, framed, text_width
from riskmodel.products.rendering.outlines import Outlines, outlines
from riskmodel.products.rendering.style import CLASS_COLOURS, DOWN, FAINT, INK, MUTED, NO_DATA, UP, drawn, ink_on

if TYPE_CHECKING:
    from riskmodel.panel.panel import FloatArray

HATCH = "////"


@drawn
def class_map(
    boundaries: Any,
    classes: Mapping[str, float],
    names: Sequence[str],
    *,
    unit: str = "gebieden",
    **texts: Unpack[Texts],
) -> Figure:
    """Draw a map of classes, with the class number in every area that has room for it.

    Boundaries in metres; class 1 to 9 by code, NaN where not measured.
    """
    if len(names) != len(CLASS_COLOURS):
        raise InputError("map of classes", f"{len(names)} class names", "nine")
    found = outlines(boundaries, list(classes))
    values = np.array([classes[code] for code in found.locations], dtype=float)
    colours = [NO_DATA if np.isnan(value) else CLASS_COLOURS[int(value) - 1] for value in values]
    counts = [int((values == number).sum()) for number in range(1, 10)]
    legend = [
        (colour, f"{number} {name}", str(count))
        for number, (colour, name, count) in enumerate(zip(CLASS_COLOURS, names, counts, strict=True), start=1)
    ][::-1]
    unknown = int(np.isnan(values).sum())
    legend += [(NO_DATA, "niet gemeten", str(unknown))] if unknown else []
    labels = ["" if np.isnan(value) else str(int(value)) for value in values]
    return _map(found, colours, labels, legend, texts, unit, MUTED)


@drawn
def change_map(
    boundaries: Any,
    change: Mapping[str, float],
    beyond_noise: Mapping[str, bool],
    *,
    unit: str = "gebieden",
    **texts: Unpack[Texts],
) -> Figure:
    """Draw a map of changes beyond the noise, with the change in every area that has room for it.

    Change in score points by code, NaN where unknown.
    """
    found = outlines(boundaries, list(change))
    values = np.array([change[code] for code in found.locations], dtype=float)
    out = np.array([bool(beyond_noise.get(code, False)) for code in found.locations]) & ~np.isnan(values)
    kinds = np.select([np.isnan(values), out & (values > 0), out], [3, 0, 2], 1)
    looks = (
        (UP, "duidelijk omhoog"),
        (FAINT, "geen duidelijke verandering"),
        (DOWN, "duidelijk omlaag"),
        (NO_DATA, "niet te vergelijken"),
    )
    legend = [
        (colour, name, str(int((kinds == kind).sum())))
        for kind, (colour, name) in enumerate(looks)
        if kind < 3 or (kinds == 3).any()
    ]
    labels = [decimal(value, sign=True) if there else "" for value, there in zip(values, out, strict=True)]
    colours = [looks[kind][0] for kind in kinds]
    return _map(found, colours, labels, legend, texts, unit, "white")


def _map(
    found: Outlines,
    colours: list[str],
    labels: list[str],
    legend: list[tuple[str, str, str]],
    texts: Texts,
    unit: str,
    edge: str,
) -> Figure:
    if found.missing:
        note = texts.get("note", "")
        texts["note"] = f"{note} Zonder grens in het bestand, niet op de kaart: {len(found.missing)}.".strip()
    left, bottom, right, top = found.bounds
    aside = max(text_width(text, 8.5) for _, text, _ in legend) + 0.85
    wide = 7.5 - aside - 0.5
    height = float(np.clip(wide * (top - bottom) / (right - left), 2.6, 5.2))
    figure, room = framed(texts, height=height, left=0.2, right=aside + 0.3, below=0.1)
    axes = figure.add_subplot(figure.add_gridspec(1, 1, **room)[0])
    paths = [_compound(rings) for rings in found.rings]
    # Blue and vermilion are about as dark: on a black-and-white printer only the hatching tells them apart.
    falls = [path for path, colour in zip(paths, colours, strict=True) if colour == DOWN]
    axes.add_collection(
        PathCollection(paths, facecolors=colours, edgecolors=edge, linewidths=0.6, joinstyle="round")
    )
    axes.add_collection(PathCollection(falls, facecolors="none", edgecolors="white", hatch=HATCH, linewidths=0))
    inches = min(wide / (right - left), height / (top - bottom))
    for row, label in enumerate(labels):
        # Half the diagonal of the text must fit in the circle around its centre.
        if label and found.room[row] * inches > np.hypot(text_width(label, 7.5) / 2, 0.05):
            x, y = found.inside[row]
            axes.text(x, y, label, fontsize=7.5, ha="center", va="center", color=ink_on(colours[row]))
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    axes.set_aspect("equal", anchor="NW")
    axes.axis("off")
    _legend(figure, legend, unit, 7.5 - aside - 0.1, room["top"])
    return figure


def _compound(rings: Sequence[FloatArray]) -> Outline:
    codes: list[npt.NDArray[np.uint8]] = []
    for ring in rings:
        code = np.full(len(ring), Outline.LINETO, dtype=np.uint8)
        code[0], code[-1] = Outline.MOVETO, Outline.CLOSEPOLY
        codes.append(code)
    return Outline(np.concatenate(rings), np.concatenate(codes))


def _legend(figure: Figure, legend: list[tuple[str, str, str]], unit: str, left: float, top: float) -> None:
    width, height = figure.get_size_inches()
    edge = (width - 0.25) / width
    figure.text(edge, top, unit, fontsize=8, color=MUTED, ha="right", va="top")
    for row, (colour, text, count) in enumerate(legend):
        y = top - (0.3 + 0.225 * row) / height
        box = Rectangle((left / width, y - 0.08 / height), 0.2 / width, 0.16 / height, lw=0.5, facecolor=colour)
        box.set(transform=figure.transFigure, edgecolor=MUTED)
        if colour == DOWN:
            box.set(hatch=HATCH, edgecolor="white")
        figure.add_artist(box)
        ink = INK if count != "0" else MUTED
        figure.text((left + 0.28) / width, y, text, fontsize=8.5, va="center", color=ink)
        figure.text(edge, y, count, fontsize=8.5, va="center", ha="right", color=ink)
