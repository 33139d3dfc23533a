"""The map of the invented country: an island in the North Sea, where no real area lies.

A municipality is one piece, but for an area at its edge now and then, and an area with more land is larger. The
shapes are Voronoi cells; points in the sea around the island give it its coast.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.spatial import Voronoi

Array: TypeAlias = npt.NDArray[np.float64]

#: Middle of the island and half its size, degrees east and north.
_MIDDLE, _HALF = np.array([3.6, 52.9]), np.array([0.75, 0.6])
#: How far out the sea begins, and how much a point may leave the middle of its rectangle (1 is half a side).
_SEA, _WANDER = 1.04, 0.55


def write_map(path: Path, codes: list[str], names: list[str], land: Array, rng: np.random.Generator) -> None:
    """Write a polygon for every area, as GeoJSON in degrees (OGC:CRS84)."""
    cells = _cells(_rectangles([code[:6] for code in codes], np.sqrt(land)), rng)
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "name": name},
            "geometry": {"type": "Polygon", "coordinates": [cell.round(5).tolist()]},
        }
        for code, name, cell in zip(codes, names, cells, strict=True)
    ]
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    page: dict[str, Any] = {"type": "FeatureCollection", "crs": crs, "features": features}
    path.write_text(json.dumps(page, ensure_ascii=False), encoding="utf-8")


def _rectangles(towns: list[str], weight: Array) -> Array:
    """Divide the square from -1 to 1 among towns, and each town among its areas: x, y, and half of each side."""
    firsts = [row for row, town in enumerate(towns) if row == 0 or town != towns[row - 1]]
    found = [
        _divide(own, box)
        for own, box in zip(
            np.split(weight, firsts[1:]),
            _divide(np.add.reduceat(weight, firsts), np.array([0.0, 0.0, 1.0, 1.0])),
            strict=True,
        )
    ]
    return np.concatenate(found)


def _divide(weight: Array, box: Array) -> Array:
    """Divide a rectangle by halving a row of areas across its longer side, again and again."""
    if len(weight) == 1:
        return box[None, :]
    sums = np.cumsum(weight)
    half = int(np.clip(np.searchsorted(sums, sums[-1] / 2), 1, len(weight) - 1))
    part = sums[half - 1] / sums[-1]
    side = int(np.argmax(box[2:]))
    lower, upper = box.copy(), box.copy()
    lower[side], lower[2 + side] = box[side] - (1 - part) * box[2 + side], part * box[2 + side]
    upper[side], upper[2 + side] = box[side] + part * box[2 + side], (1 - part) * box[2 + side]
    return np.concatenate([_divide(weight[:half], lower), _divide(weight[half:], upper)])


def _cells(rectangles: Array, rng: np.random.Generator) -> list[Array]:
    """Closed rings around the areas, counter-clockwise, in degrees."""
    n = len(rectangles)
    inside = rectangles[:, :2] + _WANDER * rng.uniform(-1, 1, (n, 2)) * rectangles[:, 2:]
    along = np.linspace(-1, 1, 2 * int(np.sqrt(n)) + 12)
    border = np.ones_like(along)
    sides = [(along, border), (along, -border), (border, along), (-border, along)]
    coast = _island(np.concatenate([np.column_stack(side) for side in sides]))
    sea = [coast * (_SEA + rng.uniform(-0.015, 0.015, (len(coast), 1))), 1.5 * coast]
    diagram = Voronoi(np.concatenate([_island(inside), *sea]))
    rings = []
    for point in range(n):
        corners = diagram.vertices[diagram.regions[diagram.point_region[point]]]
        around = corners - diagram.points[point]
        ring = corners[np.argsort(np.arctan2(around[:, 1], around[:, 0]))]
        rings.append(_MIDDLE + _HALF * np.concatenate([ring, ring[:1]]))
    return rings


def _island(points: Array) -> Array:
    """Bend the square to an island with bays."""
    x, y = points.T
    round_ = np.column_stack([x * np.sqrt(1 - y**2 / 2), y * np.sqrt(1 - x**2 / 2)])
    angle = np.arctan2(round_[:, 1], round_[:, 0])
    bays = 1 + 0.11 * np.sin(3 * angle + 0.7) + 0.07 * np.sin(5 * angle + 2.1) + 0.03 * np.sin(11 * angle)
    return np.asarray(round_ * bays[:, None])
