"""Outlines of areas, simplified together for drawing."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from riskmodel.errors import InputError

if TYPE_CHECKING:
    from riskmodel.panel.panel import FloatArray


#: Detail of an outline: this part of the larger side of the map.
DETAIL = 1 / 600


@dataclass(frozen=True)
class Outlines:
    """Outlines of areas, simplified together so that neighbours share one border.

    Attributes
    ----------
    locations : tuple of str
        Codes, ascending.
    rings : tuple of tuple of numpy.ndarray
        For every area its rings (outer ones and holes), each of shape (points, 2), closed, in metres.
    inside : numpy.ndarray, shape (areas, 2)
        A point well within each area, for its label.
    room : numpy.ndarray, shape (areas,)
        Distance from that point to the border in metres.
    bounds : tuple of float
        Left, bottom, right, top of them all.
    missing : tuple of str
        Codes that were asked for and have no boundary.
    """

    locations: tuple[str, ...]
    rings: tuple[tuple[FloatArray, ...], ...]
    inside: FloatArray
    room: FloatArray
    bounds: tuple[float, float, float, float]
    missing: tuple[str, ...]


def outlines(boundaries: Any, locations: Sequence[str]) -> Outlines:
    """Return the outlines of some areas, simplified to the detail that a map shows."""
    if not {"location", "geometry"} <= set(getattr(boundaries, "columns", ())):
        raise InputError("boundaries", type(boundaries).__name__, "a table with location and geometry")
    shapely = importlib.import_module("shapely")
    wanted = sorted(set(map(str, locations)))
    found = boundaries[boundaries["location"].isin(wanted)].sort_values("location")
    if found.empty:
        raise InputError(
            "boundaries",
            f"none of {len(wanted)} areas, such as {wanted[0] if wanted else 'none'}",
            "boundaries of these areas",
            "Take the file of the same level and of the boundary year of the scores.",
        )
    shapes = np.asarray(found.geometry.array, dtype=object)
    left, bottom, right, top = (float(edge) for edge in shapely.total_bounds(shapes))
    tolerance = DETAIL * max(right - left, top - bottom)
    simple, inside, room = simplified(shapes, tolerance, tolerance)
    codes = tuple(found["location"].astype(str))
    return Outlines(
        locations=codes,
        rings=tuple(_rings(shapely, shape) for shape in simple),
        inside=inside,
        room=room,
        bounds=(left, bottom, right, top),
        missing=tuple(code for code in wanted if code not in codes),
    )


def simplified(shapes: Any, tolerance: float, precision: float) -> tuple[Any, FloatArray, FloatArray]:
    """Return shapes simplified together, a point well within each, and its distance to the border."""
    shapely = importlib.import_module("shapely")
    simple = shapely.coverage_simplify(shapes, tolerance)
    # An area smaller than the detail would vanish; its own outline remains.
    simple = np.where(shapely.is_empty(simple), shapes, simple)
    circles = shapely.maximum_inscribed_circle(simple, tolerance=precision)
    return simple, shapely.get_coordinates(shapely.get_point(circles, 0)), shapely.length(circles)


def _rings(shapely: Any, shape: Any) -> tuple[FloatArray, ...]:
    return tuple(shapely.get_coordinates(ring) for ring in shapely.get_rings(shapely.get_parts(shape)))
