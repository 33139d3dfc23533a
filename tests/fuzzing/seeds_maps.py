"""Good maps of a few squares."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from .edits import Files
from .seeds import one


def _square(x: float, y: float) -> list[list[list[float]]]:
    return [[[x, y], [x + 1000, y], [x + 1000, y + 1000], [x, y + 1000], [x, y]]]


@cache
def geojson() -> list[Files]:
    def collection(geometries: Sequence[dict[str, Any]], epsg: int) -> str:
        about = [{"code": f"WK00140{n}", "name": f"Wijk {n}", "water": "NEE"} for n in range(len(geometries))]
        return json.dumps(
            {
                "type": "FeatureCollection",
                "crs": {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{epsg}"}},
                "features": [
                    {"type": "Feature", "properties": said, "geometry": geometry}
                    for said, geometry in zip(about, geometries, strict=True)
                ],
            }
        )

    squares = [{"type": "Polygon", "coordinates": _square(120_000 + 1000 * n, 480_000)} for n in range(3)]
    several = {"type": "MultiPolygon", "coordinates": [_square(125_000, 480_000), _square(128_000, 480_000)]}
    degrees = [[[5.3, 52.1], [5.4, 52.1], [5.4, 52.2], [5.3, 52.1]]]
    return [
        one("wijk_2022.geojson", collection([*squares, several], 28992)),
        one("wijk_2022.geojson", collection([{"type": "Polygon", "coordinates": degrees}], 4326)),
    ]


def _written_map(driver: str, suffix: str) -> Files:
    import geopandas
    import pyogrio

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "source.geojson")
        source.write_bytes(geojson()[0]["wijk_2022.geojson"])
        target = Path(folder, "out")
        target.mkdir()
        frame = geopandas.read_file(source, engine="pyogrio")
        pyogrio.write_dataframe(frame, target / f"wijk_2022.{suffix}", driver=driver, layer="wijk_2022")
        return {path.name: path.read_bytes() for path in sorted(target.iterdir())}


@cache
def geopackage() -> list[Files]:
    return [_written_map("GPKG", "gpkg")]


@cache
def shapefile() -> list[Files]:
    return [_written_map("ESRI Shapefile", "shp")]


@cache
def kwb_geopackage() -> list[Files]:
    import pandas as pd
    import pyogrio

    names = (
        "wijkcode,wijknaam,water,aantal_inwoners,percentage_personen_0_tot_15_jaar,stedelijkheid_adressen_per_km2"
    )
    names += ",percentage_personen_65_jaar_en_ouder,gemiddelde_woningwaarde"
    rows = [
        ["WK034401", "West", "NEE", 800, 15, 1, 10, 353],
        ["WK034402", "Oost", "NEE", 90, -99997, 2, 1, -99995],
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "wijkenbuurten_2021.gpkg")
        frame = pd.DataFrame(rows, columns=names.split(","))
        pyogrio.write_dataframe(frame, path, layer="wijken", driver="GPKG")
        return [one(path.name, path.read_bytes())]
