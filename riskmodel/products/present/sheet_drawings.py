"""Drawings on a sheet of the present as numbers for its template: the score over time, and a map of classes.

Colours are in the drawings themselves: what prints a page to PDF does not apply its style sheet inside a drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from riskmodel.panel.panel import FloatArray
from riskmodel.products.present.sheet_data import Facts
from riskmodel.products.rendering.dutch import number
from riskmodel.products.rendering.labels import readable, spread
from riskmodel.products.rendering.outlines import outlines
from riskmodel.products.rendering.style import CLASS_COLOURS, NO_DATA, ink_on
from riskmodel.products.rendering.trend import TrendFrame, grid_values

#: Size of the line drawing in user units, and the room left for its numbers.
WIDTH, HEIGHT = 360.0, 176.0
LEFT, RIGHT, TOP, BOTTOM = 34.0, 40.0, 10.0, 22.0
#: The largest a map may be, in user units.
MAP_WIDTH, MAP_HEIGHT = 360.0, 270.0
#: Rough width of a digit and half the height of a line, in user units, for the numbers on the map.
DIGIT, HALF_LINE = 5.5, 4.5


@dataclass(frozen=True)
class Course:
    """Two lines over the measurements.

    Attributes
    ----------
    here, rest : list of tuple of float
        Positions of the measurements with a score.
    years : list of tuple of float and str
        Positions and years, without those that would touch their neighbour.
    lines : list of tuple of float and str
        Heights of the grid and their values.
    ends : list of tuple of float and str
        Heights and values at the right end: here, then the rest.
    description : str
        All values, for a reader who cannot see the drawing.
    """

    here: list[tuple[float, float]]
    rest: list[tuple[float, float]]
    years: list[tuple[float, str]]
    lines: list[tuple[float, str]]
    ends: list[tuple[float, str]]
    description: str


def course(facts: Facts) -> Course | None:
    """Return the mean score over the measurements as a drawing; None with fewer than two of them."""
    table = facts.course
    here, rest = table["here"].to_numpy(dtype=float), table["rest"].to_numpy(dtype=float)
    waves = table["wave"].tolist()
    if (~np.isnan(here)).sum() < 2:
        return None
    both = np.concatenate([here, rest])
    low, high = float(np.nanmin(both)), float(np.nanmax(both))
    grid = [round(value, 2) for value in grid_values(low, high, 3.5, finest=0.02)]
    frame = TrendFrame(
        LEFT + 6,
        WIDTH - RIGHT - 6,
        TOP,
        HEIGHT - BOTTOM,
        waves[0],
        waves[-1],
        min(grid[0], low),
        max(grid[-1], high),
    )
    lasts = [values[~np.isnan(values)][-1] for values in (here, rest) if (~np.isnan(values)).any()]
    heights = spread([frame.y(value) for value in lasts], 13.0, TOP, HEIGHT - BOTTOM)
    return Course(
        here=_points(frame, waves, here),
        rest=_points(frame, waves, rest),
        # From the last back, so that the measurement of now always has its year.
        years=readable([(frame.x(wave), str(wave)) for wave in waves], 30),
        lines=[(frame.y(value), number(value, 2)) for value in grid],
        ends=[(round(float(height), 1), number(value, 2)) for height, value in zip(heights, lasts, strict=True)],
        description=_description(facts, waves, here, rest),
    )


def _points(frame: TrendFrame, waves: Sequence[int], values: FloatArray) -> list[tuple[float, float]]:
    pairs = zip(waves, values.tolist(), strict=True)
    return [(frame.x(wave), frame.y(value)) for wave, value in pairs if not np.isnan(value)]


def _description(facts: Facts, waves: Sequence[int], here: FloatArray, rest: FloatArray) -> str:
    def series(values: FloatArray) -> str:
        pairs = zip(waves, values, strict=True)
        return ", ".join(f"{wave}: {number(value, 2)}" for wave, value in pairs if not np.isnan(value))

    return f"Gemiddelde score per meting. {facts.title}: {series(here)}. Rest van Nederland: {series(rest)}."


@dataclass(frozen=True)
class Shape:
    """One area on a map.

    Attributes
    ----------
    path : str
        Outline, as the ``d`` of an SVG path.
    colour, ink : str
        Of its class, and of a number on it.
    label : str
        Its class number, where there is room; else empty.
    x, y : float
        Position of the number.
    description : str
        Name and class.
    """

    path: str
    colour: str
    ink: str
    label: str
    x: float
    y: float
    description: str


@dataclass(frozen=True)
class Map:
    """A map of classes.

    Attributes
    ----------
    width, height : float
        In user units.
    shapes : list of Shape
        The areas.
    missing : int
        Areas without a boundary.
    """

    width: float
    height: float
    shapes: list[Shape]
    missing: int


def class_map(facts: Facts, boundaries: Any) -> Map:
    """Return a map of the classes of the areas on their boundaries."""
    areas = facts.areas.set_index("location")
    found = outlines(boundaries, areas.index.tolist())
    left, bottom, right, top = found.bounds
    scale = min(MAP_WIDTH / (right - left), MAP_HEIGHT / (top - bottom))
    rows = areas.loc[list(found.locations)]
    shapes = []
    for row, (name, score_class, class_name) in enumerate(
        rows[["name", "class", "class_name"]].itertuples(index=False)
    ):
        known = not np.isnan(score_class)
        colour = CLASS_COLOURS[int(score_class) - 1] if known else NO_DATA
        x, y = (found.inside[row] - (left, top)) * (scale, -scale)
        fits = found.room[row] * scale > np.hypot(DIGIT / 2, HALF_LINE)
        shapes.append(
            Shape(
                path="".join(_ring((ring - (left, top)) * (scale, -scale)) for ring in found.rings[row]),
                colour=colour,
                ink=ink_on(colour),
                label=str(int(score_class)) if known and fits else "",
                x=round(float(x), 1),
                y=round(float(y), 1),
                description=f"{name}: {class_name} ({int(score_class)})" if known else f"{name}: niet gemeten",
            )
        )
    return Map(round((right - left) * scale, 1), round((top - bottom) * scale, 1), shapes, len(found.missing))


def _ring(points: FloatArray) -> str:
    return f"M{'L'.join(f'{x:.1f} {y:.1f}' for x, y in points[:-1])}Z"
