"""Boundaries of areas: polygons from GeoJSON, GeoPackage or shapefile, and which areas share a border.

The libraries for geometry are the extra ``riskmodel[geo]``; they are imported when a file is read, so that
everything else works without them.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.catalogue import load
from riskmodel.errors import InputError
from riskmodel.sources.formats.rows import cell_of, refuse

#: A ``geopandas.GeoDataFrame``; geopandas is an extra and carries no types.
GeoDataFrame: TypeAlias = Any

SUFFIXES = (".geojson", ".json", ".gpkg", ".shp")
LARGEST_FILE = 2 * 1024**3
RD = 28992
#: Borders closer than this (metres) count as one. Coordinates are published rounded, and an edge with a corner
#: of the neighbour halfway bends by millimetres when it is converted from degrees.
SNAP = 0.5
#: Areas that share less border than this (metres) meet in a corner.
SHORTEST_BORDER = 10.0


def read_boundaries(path: Path, level: str | None = None) -> GeoDataFrame:
    """Read the polygons of areas.

    Parameters
    ----------
    path : Path
        GeoJSON, GeoPackage or shapefile, in RD (EPSG:28992) or WGS84 (longitude, latitude).
    level : str, optional
        ``"buurt"``, ``"wijk"``, ``"gemeente"``, ``"pc4"`` or ``"grid"``; by default recognised. A GeoPackage with
        several layers needs it.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns ``location``, ``name`` (the code where the file has no names) and ``geometry`` in EPSG:28992;
        sorted by location, no location twice. Polygons that cross themselves have been repaired; rows that
        the CBS map marks as water are left out.

    Raises
    ------
    InputError
        If the extra is not installed, the file or its reference system is not as expected, coordinates lie
        outside the Netherlands, or a code is unknown or occurs twice.
    """
    geopandas = geo_library("geopandas", path)
    table = _read(path, level)
    level, column = _code_column(path, table, level)
    table = _land(table)
    codes = table[column].astype("string").str.strip()
    _check_codes(path, column, codes, load("boundaries")["levels"][level]["pattern"])
    names = _name_column(table, level)
    frame = geopandas.GeoDataFrame(
        {
            "location": codes.astype(str),
            "name": table[names].fillna(codes).astype(str) if names else codes.astype(str),
        },
        geometry=_polygons(path, codes, table.geometry),
        crs=_recognised(path, table),
    )
    _check_extent(path, codes, frame)
    try:
        made = frame.to_crs(epsg=RD)
    except geo_library("shapely.errors", path).ShapelyError as error:
        raise InputError(path, f"outlines that cannot be converted ({str(error)[:80]})", "polygons") from error
    return made.sort_values("location", ignore_index=True)


def level_of(areas: GeoDataFrame) -> str:
    """Level of polygons as :func:`read_boundaries` gives them, from their area codes."""
    first = str(areas["location"].iloc[0])
    levels: dict[str, dict[str, Any]] = load("boundaries")["levels"]
    return next(level for level, about in levels.items() if re.match(about["pattern"], first))


def neighbours(areas: GeoDataFrame) -> pd.DataFrame:
    """Pairs of areas that share a border."""
    shapely = geo_library("shapely", "areas")
    shapes = np.asarray(areas.geometry.array, dtype=object)
    codes = areas["location"].to_numpy(dtype=object)
    left, right = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=SNAP)
    once = codes[left] < codes[right]
    left, right = left[once], right[once]
    reach = shapely.buffer(shapes, SNAP, quad_segs=2)
    border = shapely.length(shapely.intersection(shapely.boundary(shapes)[left], reach[right]))
    pairs = pd.DataFrame({"location": codes[left], "neighbour": codes[right], "border": border})
    pairs = pairs.loc[pairs["border"] >= SHORTEST_BORDER].astype({"location": str, "neighbour": str})
    return pairs.sort_values(["location", "neighbour"], ignore_index=True)


def geo_library(name: str, where: object) -> ModuleType:
    """Import a library of the extra ``riskmodel[geo]``."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        found = f"no library {name!r} in this installation"
        hint = "Install the extra with: pip install 'riskmodel[geo]'"
        raise InputError(where, found, "the libraries for geographic files", hint) from error


def _read(path: Path, level: str | None) -> GeoDataFrame:
    geopandas, pyogrio = geo_library("geopandas", path), geo_library("pyogrio", path)
    if path.suffix.lower() not in SUFFIXES:
        hint = "Unpack the archive first." if path.suffix.lower() == ".zip" else ""
        raise InputError(path, f"a file ending in {path.suffix!r}", f"one of {', '.join(SUFFIXES)}", hint)
    known = load("boundaries")["levels"]
    if level is not None and level not in known:
        raise InputError("level", repr(level), f"one of {', '.join(known)}")
    try:
        if not path.is_file():
            raise InputError(path, "no such file", "a file with boundaries")
        if path.stat().st_size > LARGEST_FILE:
            raise InputError(path, f"{path.stat().st_size:,} bytes", f"at most {LARGEST_FILE:,}")
        layers = [str(name) for name, geometry in pyogrio.list_layers(path) if geometry is not None]
        table = geopandas.read_file(path, engine="pyogrio", layer=_layer(path, layers, level))
    except InputError:
        raise
    # GDAL and its wrapper report damage in many ways, by format and position; shapely does so for
    # outlines that do not close.
    except Exception as error:
        found = f"a file that cannot be read ({str(error)[:120]})"
        raise InputError(path, found, "boundaries, as published") from error
    if "geometry" not in table or len(table) == 0:
        raise InputError(path, "no areas", "a polygon an area")
    return table


def _layer(path: Path, layers: list[str], level: str | None) -> str:
    if not layers:
        raise InputError(path, "no layer with geometry", "a polygon an area")
    if len(layers) == 1:
        return layers[0]
    words = load("boundaries")["levels"][level]["layers"] if level else []
    fitting = [layer for layer in layers if any(word in layer.lower() for word in words)]
    if len(fitting) != 1:
        found = f"{len(layers)} layers ({', '.join(layers[:8])})"
        expected = "one layer" if level is None else f"one layer of level {level}"
        raise InputError(path, found, expected, "Say which level to read." if level is None else "")
    return fitting[0]


def _code_column(path: Path, table: GeoDataFrame, level: str | None) -> tuple[str, str]:
    """Level of the file and its code column: the smallest level for which a column has codes."""
    levels: dict[str, dict[str, Any]] = load("boundaries")["levels"]
    lower = {str(name).lower(): str(name) for name in table.columns if name != "geometry"}
    for each in levels if level is None else [level]:
        for candidate in (lower[name] for name in levels[each]["codes"] if name in lower):
            codes = table[candidate].astype("string").str.strip()
            # One good code makes the column; the others are checked against the same pattern later.
            if codes.str.match(levels[each]["pattern"]).fillna(False).any():
                return each, candidate
    found = f"no column with codes of level {level or ', '.join(levels)} (columns: {', '.join(lower.values())})"
    raise InputError(path, found, "a column such as 'code' with WK034401")


def _name_column(table: GeoDataFrame, level: str) -> str | None:
    lower = {str(name).lower(): str(name) for name in table.columns if name != "geometry"}
    return next((lower[name] for name in load("boundaries")["levels"][level]["names"] if name in lower), None)


def _land(table: GeoDataFrame) -> GeoDataFrame:
    water = load("boundaries")["water"]
    for name in table.columns:
        if str(name).lower() in water["columns"]:
            table = table[table[name].astype("string").str.strip().str.upper().eq(water["land"]).fillna(False)]
    return table.reset_index(drop=True)


def _check_codes(path: Path, column: str, codes: pd.Series, pattern: str) -> None:
    wrong = ~codes.str.match(pattern).fillna(False)
    refuse(
        wrong, lambda row: f"{path}, area {row + 1}, column {column!r}", cell_of(codes), f"a code like {pattern}"
    )
    refuse(codes.duplicated(), lambda row: path, lambda row: f"{codes.iloc[row]} twice", "every area once")


def _recognised(path: Path, table: GeoDataFrame) -> int:
    """EPSG code of the reference system, if it is one of the two that are read."""
    expected = "RD (EPSG:28992) or WGS84 (EPSG:4326)"
    if table.crs is None:
        raise InputError(path, "no reference system", expected, "A shapefile needs its .prj file beside it.")
    if table.crs.to_authority() == ("OGC", "CRS84"):
        return int(load("boundaries")["extent"]["wgs84"]["epsg"])
    epsg = table.crs.to_epsg()
    if epsg not in {extent["epsg"] for extent in load("boundaries")["extent"].values()}:
        raise InputError(path, f"reference system {table.crs.name!r}", expected, "Convert the file first.")
    return int(epsg)


def _polygons(path: Path, codes: pd.Series, geometry: Any) -> npt.NDArray[np.object_]:
    shapely = geo_library("shapely", path)
    # A height, which may be no number, is not part of a map.
    shapes: npt.NDArray[np.object_] = shapely.force_2d(np.asarray(geometry.array, dtype=object))
    crossing = ~shapely.is_valid(shapes) & ~shapely.is_missing(shapes)
    try:
        shapes[crossing] = shapely.make_valid(shapes[crossing], method="structure")
    except shapely.errors.ShapelyError as error:
        where = f"{path}, area {codes.iloc[int(np.argmax(crossing))]}"
        raise InputError(where, f"an outline beyond repair ({str(error)[:80]})", "a polygon") from error
    wrong = ~np.isin(shapely.get_type_id(shapes), (3, 6)) | shapely.is_empty(shapes)

    def kind(row: int) -> str:
        shape = shapes[row]
        return "no geometry" if shape is None or shape.is_empty else str(shape.geom_type)

    refuse(wrong, lambda row: f"{path}, area {codes.iloc[row]}", kind, "a polygon or multipolygon")
    return shapes


def _check_extent(path: Path, codes: pd.Series, frame: GeoDataFrame) -> None:
    extents: dict[str, dict[str, Any]] = load("boundaries")["extent"]
    epsg = frame.crs.to_epsg()
    extent = next(each for each in extents.values() if each["epsg"] == epsg)
    bounds = frame.geometry.bounds.to_numpy()
    low, high = np.array([extent["x"], extent["y"]]).T
    wrong = ~((bounds[:, :2] >= low) & (bounds[:, 2:] <= high)).all(axis=1)
    if wrong.any():
        row = int(np.argmax(wrong))
        x, y = bounds[row, :2]
        swapped = (low[0] <= y <= high[0]) and (low[1] <= x <= high[1])
        raise InputError(
            f"{path}, area {codes.iloc[row]}",
            f"coordinates {x:g}, {y:g} in EPSG:{epsg}",
            f"x from {low[0]:g} to {high[0]:g} and y from {low[1]:g} to {high[1]:g}, the Netherlands",
            "The two coordinates have changed places."
            if swapped
            else "The file may be in another reference system than it says.",
        )
