"""Drawings on a sheet of the present, as numbers for its template: the course of the score, and a map of classes.

Colours stand in the drawings themselves and not in the style sheet, because what prints a page to PDF does not
look at the style sheet of the page for what is inside a drawing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from riskmodel.panel.panel import FloatArray
from riskmodel.products.present.pictures import CLASS_COLOURS, ink_on, outlines
from riskmodel.products.present.pictures.layout import spread
from riskmodel.products.present.sheet_data import Facts
from riskmodel.products.rendering.dutch import number
from riskmodel.products.rendering.style import NO_DATA

#: Size of the course in user units, and the room left for its numbers.
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
        Places of the measurements; those without a score are left out.
    years : list of tuple of float and int
        Where the years stand; those that would touch their neighbour are left out.
    lines : list of tuple of float and str
        Heights of the grid and their values.
    ends : list of tuple of float and str
        Heights and values at the right end: here, then the rest.
    told : str
        All values, for who cannot see the drawing.
    """

    here: list[tuple[float, float]]
    rest: list[tuple[float, float]]
    years: list[tuple[float, int]]
    lines: list[tuple[float, str]]
    ends: list[tuple[float, str]]
    told: str


def course(facts: Facts) -> Course | None:
    """Place the mean score over the measurements; None with fewer than two of them."""
    table = facts.course
    here, rest = table["here"].to_numpy(dtype=float), table["rest"].to_numpy(dtype=float)
    waves = table["wave"].to_numpy(dtype=float)
    if (~np.isnan(here)).sum() < 2:
        return None
    both = np.concatenate([here, rest])
    grid = _grid(float(np.nanmin(both)), float(np.nanmax(both)))
    low, high = min(grid[0], np.nanmin(both)), max(grid[-1], np.nanmax(both))
    x = LEFT + 6 + (waves - waves[0]) / max(waves[-1] - waves[0], 1) * (WIDTH - LEFT - RIGHT - 12)

    def y(values: FloatArray) -> FloatArray:
        placed: FloatArray = HEIGHT - BOTTOM - (values - low) / (high - low) * (HEIGHT - TOP - BOTTOM)
        return placed

    lasts = [(values[~np.isnan(values)][-1]) for values in (here, rest) if (~np.isnan(values)).any()]
    heights = spread(y(np.array(lasts)), 13.0, TOP, HEIGHT - BOTTOM)
    return Course(
        here=_points(x, y(here)),
        rest=_points(x, y(rest)),
        years=_years(x, waves),
        lines=[(round(float(y(np.array(value))), 1), number(value, 2)) for value in grid],
        ends=[(round(float(height), 1), number(value, 2)) for height, value in zip(heights, lasts, strict=True)],
        told=_told(facts, waves, here, rest),
    )


def _grid(low: float, high: float) -> list[float]:
    """Two to five round values around a range."""
    step = next(each for each in (0.02, 0.05, 0.1, 0.2, 0.5, 1.0) if (high - low) / each <= 3.5)
    return [round(float(value), 2) for value in np.arange(np.floor(low / step), np.ceil(high / step) + 1) * step]


def _points(x: FloatArray, y: FloatArray) -> list[tuple[float, float]]:
    return [(round(float(a), 1), round(float(b), 1)) for a, b in zip(x, y, strict=True) if not np.isnan(b)]


def _years(x: FloatArray, waves: FloatArray) -> list[tuple[float, int]]:
    """Years from the last back, so that the measurement of now always has its year."""
    kept: list[tuple[float, int]] = []
    for place, wave in zip(x[::-1], waves[::-1], strict=True):
        if not kept or kept[-1][0] - place >= 30:
            kept.append((round(float(place), 1), int(wave)))
    return kept[::-1]


def _told(facts: Facts, waves: FloatArray, here: FloatArray, rest: FloatArray) -> str:
    def series(values: FloatArray) -> str:
        pairs = zip(waves, values, strict=True)
        return ", ".join(f"{wave:.0f}: {number(value, 2)}" for wave, value in pairs if not np.isnan(value))

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
        Where the number stands.
    told : str
        Name and class.
    """

    path: str
    colour: str
    ink: str
    label: str
    x: float
    y: float
    told: str


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
    """Draw the classes of the areas on their boundaries."""
    areas = facts.areas.set_index("location")
    found = outlines(boundaries, areas.index.tolist())
    left, bottom, right, top = found.bounds
    scale = min(MAP_WIDTH / (right - left), MAP_HEIGHT / (top - bottom))
    rows = areas.loc[list(found.locations)]
    shapes = []
    for place, (name, score_class, class_name) in enumerate(
        rows[["name", "class", "class_name"]].itertuples(index=False)
    ):
        known = not np.isnan(score_class)
        colour = CLASS_COLOURS[int(score_class) - 1] if known else NO_DATA
        x, y = (found.inside[place] - (left, top)) * (scale, -scale)
        fits = found.room[place] * scale > np.hypot(DIGIT / 2, HALF_LINE)
        shapes.append(
            Shape(
                path="".join(_ring((ring - (left, top)) * (scale, -scale)) for ring in found.rings[place]),
                colour=colour,
                ink=ink_on(colour),
                label=str(int(score_class)) if known and fits else "",
                x=round(float(x), 1),
                y=round(float(y), 1),
                told=f"{name}: {class_name} ({int(score_class)})" if known else f"{name}: niet gemeten",
            )
        )
    return Map(round((right - left) * scale, 1), round((top - bottom) * scale, 1), shapes, len(found.missing))


def _ring(points: FloatArray) -> str:
    places: Sequence[str] = [f"{x:.1f} {y:.1f}" for x, y in points[:-1]]
    return f"M{'L'.join(places)}Z"
