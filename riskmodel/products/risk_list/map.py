"""The map of a risk list: outlines of its areas, simplified together, in whole units."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from riskmodel.products.rendering.outlines import simplified
from riskmodel.products.risk_list.risk_list import RiskList

#: The longer side of the map in units, for one municipality and for many: a unit is about what an eye can see.
SIDE, SIDE_MANY = 1000, 3000
#: With more areas than this the map needs the finer side, because a reader will zoom in.
MANY = 400
#: Detail that may be lost, in units of the map.
TOLERANCE = {SIDE: 1.2, SIDE_MANY: 1.5}

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class MapDrawing:
    """Outlines of the areas of a list in the units of a drawing; y goes down.

    Attributes
    ----------
    width, height : int
        Size of the drawing.
    paths : tuple of str
        Path of every row of the list; empty where it has no boundary.
    centres : numpy.ndarray, shape (areas, 2)
        A point well within each area; NaN without a boundary.
    radius : numpy.ndarray, shape (areas,)
        Distance from that point to the border.
    borders : str
        Path of the borders between municipalities; empty when there is one.
    towns : tuple of tuple
        Name of each municipality with the point for its label, when there are a few.
    """

    width: int
    height: int
    paths: tuple[str, ...]
    centres: npt.NDArray[np.float64]
    radius: npt.NDArray[np.float64]
    borders: str
    towns: tuple[tuple[str, int, int], ...]

    @property
    def missing(self) -> int:
        """Number of areas without a boundary."""
        return sum(not path for path in self.paths)


def draw_map(risk_list: RiskList) -> MapDrawing | None:
    """Return the boundaries of a risk list as a drawing; None when there are none."""
    shapes = risk_list.shapes
    if all(shape is None for shape in shapes):
        return None
    shapely = importlib.import_module("shapely")
    there = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    if not there.any():
        return None
    side = SIDE_MANY if len(shapes) > MANY else SIDE
    left, bottom, right, top = shapely.total_bounds(shapes[there])
    scale = side / max(right - left, top - bottom)
    # Whole units come before the rest, so that two neighbours round a shared border the same way.
    placed = shapely.transform(shapes[there], lambda xy: (xy - (left, top)) * (scale, -scale))
    simple, inside, room = simplified(placed, TOLERANCE[side], 2.0)
    paths = np.full(len(shapes), "", dtype=object)
    paths[there] = _paths(shapely, simple)
    centres, radius = np.full((len(shapes), 2), np.nan), np.full(len(shapes), np.nan)
    centres[there], radius[there] = inside, room
    owners = risk_list.rows["municipality"].fillna("").to_numpy(str)[there]
    return MapDrawing(
        width=int(np.ceil((right - left) * scale)),
        height=int(np.ceil((top - bottom) * scale)),
        paths=tuple(paths),
        centres=centres,
        radius=radius,
        borders=_borders(shapely, simple, owners),
        towns=_towns(shapely, simple, owners),
    )


def _rings(shapely: Any, shapes: Any) -> tuple[Ints, Ints, Ints]:
    """Return all corners in whole units, the ring of every corner, and the area of every ring."""
    parts, area_of_part = shapely.get_parts(shapes, return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    corners, ring_of_corner = shapely.get_coordinates(rings, return_index=True)
    return np.rint(corners).astype(np.int64), ring_of_corner, area_of_part[part_of_ring]


def _paths(shapely: Any, shapes: Any) -> list[str]:
    """Return the path of every area in relative steps, without corners that coincide."""
    corners, ring, area_of_ring = _rings(shapely, shapes)
    new_ring = np.r_[True, ring[1:] != ring[:-1]]
    moved = np.r_[True, (corners[1:] != corners[:-1]).any(axis=1)]
    drawn = new_ring | moved
    corners, ring, new_ring = corners[drawn], ring[drawn], new_ring[drawn]
    steps = np.diff(corners, axis=0, prepend=corners[:1])
    written = np.where(new_ring[:, None], corners, steps)
    words = [
        f"M{x},{y}l" if first else f"{x},{y} "
        for (x, y), first in zip(written.tolist(), new_ring.tolist(), strict=True)
    ]
    starts = np.flatnonzero(new_ring)
    ends = np.r_[starts[1:], len(words)]
    paths = [""] * len(shapes)
    for area, start, end in zip(area_of_ring[ring[starts]].tolist(), starts.tolist(), ends.tolist(), strict=True):
        # A ring of one or two corners is nothing to look at, but an area that small must stay reachable.
        if end - start > 1:
            paths[area] += "".join(words[start:end]).rstrip() + "z"
        elif not paths[area]:
            paths[area] = f"{words[start][:-1]}h1v1h-1z"
    return paths


def _borders(shapely: Any, shapes: Any, owners: npt.NDArray[np.str_]) -> str:
    """Return the path of the sides of areas with another municipality, or nothing, on their other side."""
    names, owner = np.unique(owners, return_inverse=True)
    if len(names) < 2:
        return ""
    corners, ring, area_of_ring = _rings(shapely, shapes)
    same = ring[1:] == ring[:-1]
    start, end = corners[:-1][same], corners[1:][same]
    town = owner[area_of_ring[ring[:-1][same]]]
    moved = (start != end).any(axis=1)
    start, end, town = start[moved], end[moved], town[moved]
    turned = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    sides = np.where(turned[:, None], np.hstack([end, start]), np.hstack([start, end]))
    order = np.lexsort((town, *sides.T[::-1]))
    sides, town = sides[order], town[order]
    first = np.r_[True, (sides[1:] != sides[:-1]).any(axis=1)]
    group = np.cumsum(first) - 1
    lowest, highest = np.full(group[-1] + 1, len(names)), np.full(group[-1] + 1, -1)
    np.minimum.at(lowest, group, town)
    np.maximum.at(highest, group, town)
    count = np.bincount(group)
    between = sides[first][(lowest != highest) | (count == 1)]
    lines = shapely.line_merge(shapely.multilinestrings(shapely.linestrings(between.reshape(-1, 2, 2))))
    return "".join(_open_path(shapely.get_coordinates(line)) for line in shapely.get_parts(lines))


def _open_path(corners: npt.NDArray[np.float64]) -> str:
    whole = corners.astype(int)
    steps = np.diff(whole, axis=0).tolist()
    return f"M{whole[0][0]},{whole[0][1]}l" + " ".join(f"{x},{y}" for x, y in steps)


def _towns(shapely: Any, shapes: Any, owners: npt.NDArray[np.str_]) -> tuple[tuple[str, int, int], ...]:
    names = np.unique(owners[owners != ""])
    if not 2 <= len(names) <= 15:
        return ()
    merged = [shapely.union_all(shapely.make_valid(shapes[owners == name])) for name in names]
    points = shapely.get_coordinates(shapely.get_point(shapely.maximum_inscribed_circle(merged, tolerance=4.0), 0))
    return tuple((str(name), round(x), round(y)) for name, (x, y) in zip(names, points.tolist(), strict=True))
