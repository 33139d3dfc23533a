"""The risk list as GeoPackage and GeoJSON, for QGIS and other geographical programs.

The libraries for it are the extra ``riskmodel[geo]``; they are imported when a file is made. Areas without a
boundary are in both files too, with nothing drawn: a list must not lose areas on its way to a map.
"""

from __future__ import annotations

import importlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from riskmodel.products.rendering.dutch import whole
from riskmodel.products.risk_list.formats.csv import as_table
from riskmodel.products.risk_list.formats.parquet import column_words
from riskmodel.products.risk_list.provenance import caveats, origin_lines, provenance_record
from riskmodel.products.risk_list.risk_list import RiskList
from riskmodel.products.risk_list.texts import Sentence, in_dutch
from riskmodel.workspace.safe_text import safe_cell

#: Layer with one row an area, and table with provenance and caveats.
LAYER, PROVENANCE_TABLE = "risicolijst", "herkomst"
#: Rijksdriehoek, in metres; and longitude and latitude, the only ones that GeoJSON knows (RFC 7946, 4).
RD, WGS84 = "EPSG:28992", "EPSG:4326"
#: Newer versions make programs of a few years ago warn; nothing of them is needed here.
GEOPACKAGE_VERSION = "1.3"
#: Decimals of a degree: seven are a centimetre.
DEGREE_DECIMALS = 7


def missing_boundaries(shapes: np.ndarray) -> list[str]:
    """Return in plain Dutch how many areas of a list have no boundary; nothing when all have one."""
    missing = sum(shape is None for shape in shapes)
    if not missing:
        return []
    verb = "gebied heeft" if missing == 1 else "gebieden hebben"
    return [f"{whole(missing)} {verb} geen grens: wel een regel in de tabel, niets op de kaart."]


def notes_table(risk_list: RiskList) -> pd.DataFrame:
    """Return provenance, caveats and meaning of the columns of a list as a table."""
    about = risk_list.about
    record = [("Hoe goed werkte deze methode eerder?", in_dutch(about.track_record))] if about.track_record else []
    record += [(in_dutch(Sentence("places")), in_dutch(each)) for each in about.places]
    warnings = (*missing_boundaries(risk_list.shapes), *caveats(about))
    words = column_words(risk_list)
    notes = [
        *(("herkomst", *line) for line in (("Titel", about.title), *origin_lines(risk_list), *record)),
        *(("let op", "", text) for text in warnings),
        *(("kolom", name, f"{heading}: {meaning}") for name, (heading, meaning) in words.items()),
    ]
    return pd.DataFrame(notes, columns=["soort", "naam", "tekst"]).map(safe_cell)


def write_geopackage(risk_list: RiskList, path: str | Path) -> None:
    """Write a risk list as a GeoPackage: layer ``risicolijst`` in RD (EPSG:28992) and table ``herkomst``.

    The Dutch headings are the aliases of the columns, as the schema extension of the standard has them; QGIS shows
    them in place of the names. The same list gives the same bytes with the same versions of the libraries.

    References
    ----------
    OGC 12-128r17, GeoPackage 1.3, annex F.9 (schema extension).
    """
    geopandas, pyogrio = importlib.import_module("geopandas"), importlib.import_module("pyogrio")
    areas = geopandas.GeoDataFrame(as_table(risk_list), geometry=risk_list.shapes, crs=RD)
    about, settings = risk_list.about, {"driver": "GPKG", "use_arrow": True}
    with _fixed_date(pyogrio, f"{about.made_on.isoformat()}T00:00:00.000Z"):
        pyogrio.write_dataframe(
            areas,
            path,
            layer=LAYER,
            geometry_type="MultiPolygon",
            promote_to_multi=True,
            dataset_options={"VERSION": GEOPACKAGE_VERSION},
            layer_options={"IDENTIFIER": safe_cell(about.title), "DESCRIPTION": " ".join(caveats(about))},
            **settings,
        )
        pyogrio.write_dataframe(
            notes_table(risk_list),
            path,
            layer=PROVENANCE_TABLE,
            layer_options={"IDENTIFIER": "Herkomst, let op en betekenis van de kolommen"},
            append=True,
            **settings,
        )
    _add_aliases(Path(path), column_words(risk_list))


@contextmanager
def _fixed_date(pyogrio: Any, moment: str) -> Iterator[None]:
    """Write with a given date: by default a file holds the moment of writing."""
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": moment})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def _add_aliases(path: Path, words: dict[str, tuple[str, str]]) -> None:
    with closing(sqlite3.connect(path)) as file, file:
        file.execute(
            "CREATE TABLE IF NOT EXISTS gpkg_data_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, "
            "name TEXT, title TEXT, description TEXT, mime_type TEXT, constraint_name TEXT, "
            "CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name), UNIQUE (table_name, name))"
        )
        file.executemany(
            "INSERT INTO gpkg_data_columns VALUES (?, ?, ?, ?, ?, NULL, NULL)",
            [(LAYER, name, heading, heading, meaning) for name, (heading, meaning) in words.items()],
        )
        file.execute(
            "INSERT INTO gpkg_extensions VALUES ('gpkg_data_columns', NULL, 'gpkg_schema', "
            "'http://www.geopackage.org/spec/#extension_schema', 'read-write')"
        )


def write_geojson(risk_list: RiskList, path: str | Path) -> None:
    """Write a risk list as GeoJSON in longitude and latitude, with its provenance as members of the collection.

    References
    ----------
    RFC 7946: 3.1.6 (outer rings run counterclockwise), 3.2 (areas without a boundary have a null geometry),
    4 (WGS 84) and 6.1 (other members).
    """
    drawn, bounds = _in_degrees(risk_list.shapes)
    table = as_table(risk_list)
    # None for whatever is missing: pandas has several values for it.
    plain = table.astype(object).where(table.notna(), None).to_dict("records")
    properties = [json.dumps(row, ensure_ascii=False, allow_nan=False) for row in plain]
    features = [
        f'{{"type":"Feature","id":{json.dumps(code, ensure_ascii=False)},"geometry":{shape},"properties":{own}}}'
        for code, shape, own in zip(table["location"], drawn, properties, strict=True)
    ]
    record = provenance_record(risk_list)
    warnings = [*missing_boundaries(risk_list.shapes), *record.pop("let_op")]
    head = {
        "type": "FeatureCollection",
        "name": LAYER,
        "bbox": bounds,
        "herkomst": record,
        "let_op": warnings,
        "kolommen": {name: f"{title}: {meaning}" for name, (title, meaning) in column_words(risk_list).items()},
    }
    start = json.dumps(head, ensure_ascii=False, allow_nan=False)[:-1]
    text = f'{start},"features":[\n' + ",\n".join(features) + "\n]}\n"
    Path(path).write_text(text, encoding="utf-8", newline="\n")


def _in_degrees(shapes: np.ndarray) -> tuple[list[str], list[float]]:
    """Return each polygon as GeoJSON text, ``null`` where there is none, and the bounds of them all."""
    geopandas, shapely = importlib.import_module("geopandas"), importlib.import_module("shapely")
    turned = np.asarray(geopandas.GeoSeries(shapes, crs=RD).to_crs(WGS84).array, dtype=object)
    rounded = shapely.transform(turned, lambda xy: np.round(xy, DEGREE_DECIMALS))
    placed = shapely.orient_polygons(rounded, exterior_cw=False)
    there = ~(shapely.is_missing(placed) | shapely.is_empty(placed))
    texts = np.full(len(placed), "null", dtype=object)
    texts[there] = shapely.to_geojson(placed[there])
    return texts.tolist(), [round(edge, DEGREE_DECIMALS) for edge in shapely.total_bounds(placed[there]).tolist()]
