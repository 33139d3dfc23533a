"""Parquet, GeoPackage and GeoJSON of a risk list, read back by other programs than the ones that wrote them."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from form_worlds import ABOUT, HOSTILE, PLAIN, make_list

from riskmodel.errors import InputError
from riskmodel.products.rendering.dutch import LIMITS
from riskmodel.products.risk_list.formats.csv import as_table
from riskmodel.products.risk_list.formats.parquet import read_provenance, write_parquet
from riskmodel.products.risk_list.risk_list import COLUMNS, RiskList
from riskmodel.products.risk_list.texts import in_dutch

geopandas = pytest.importorskip("geopandas", reason="the extra riskmodel[geo] is not installed")
pyogrio = pytest.importorskip("pyogrio", reason="the extra riskmodel[geo] is not installed")

from riskmodel.products.risk_list.formats.geo import write_geojson, write_geopackage  # noqa: E402

WITHOUT_SHAPE = 2
AREAS = len(HOSTILE) + len(PLAIN)


@pytest.fixture(scope="module")
def risk_list() -> RiskList:
    return make_list()


@pytest.fixture(scope="module")
def table(risk_list: RiskList) -> pd.DataFrame:
    return as_table(risk_list)


@pytest.fixture(scope="module")
def files(risk_list: RiskList, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("maps")
    written = {"parquet": write_parquet, "gpkg": write_geopackage, "geojson": write_geojson}
    paths = {form: folder / f"risicolijst.{form}" for form in written}
    for form, write in written.items():
        write(risk_list, paths[form])
    return paths


def cells(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Plain Python values of a frame, None for whatever is missing."""
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


# --- the frame --------------------------------------------------------------------------------------


def test_the_frame_is_the_list(risk_list: RiskList, table: pd.DataFrame) -> None:
    rows, parts = risk_list.rows, risk_list.contributions
    assert list(table.columns) == [*COLUMNS, "basis", "bijdrage_level", "bijdrage_people"]
    for column in ("rank", "inhabitants", "score", "p_decline", "expected_change", "lower80", "change_long"):
        np.testing.assert_array_equal(table[column].to_numpy(float), rows[column].to_numpy(float))
    np.testing.assert_array_equal(table["bijdrage_people"], parts["people"])
    np.testing.assert_allclose(
        table[["basis", "bijdrage_level", "bijdrage_people"]].sum(axis="columns", skipna=False),
        rows["expected_change"],
        atol=1e-15,
    )


def test_no_text_of_the_frame_does_harm(table: pd.DataFrame) -> None:
    texts = [text for column in table.select_dtypes("str") for text in table[column]]
    assert not any(text.startswith(("=", "+", "-", "@")) for text in texts)
    assert all(text.isprintable() for text in texts)
    # Nothing else is taken out of a name.
    assert table["name"][0] == HOSTILE[0] and table["name"][2] == HOSTILE[2] and table["name"][6] == HOSTILE[6]
    assert table["name"][1] == f"'{HOSTILE[1]}" and table["name"][5] == "Twee regels en een tab"


def test_no_area_too_small_to_judge_threatens(risk_list: RiskList, table: pd.DataFrame) -> None:
    # The world has such an area, so that the test says something.
    assert (risk_list.rows["threatens"] & risk_list.rows["too_small"]).sum() == 1
    assert not (table["threatens"] & table["too_small"]).any()
    assert table["threatens"].sum() == risk_list.rows["threatens"].sum() - 1


# --- Parquet ----------------------------------------------------------------------------------------


def test_parquet_equals_the_frame(table: pd.DataFrame, files: dict[str, Path]) -> None:
    read = pq.read_table(files["parquet"])
    assert read.column_names == list(table.columns)
    assert read.to_pylist() == cells(table)


def test_parquet_is_typed(files: dict[str, Path]) -> None:
    schema = pq.read_schema(files["parquet"])
    expected = {"rank": pa.int64(), "name": pa.string(), "too_small": pa.bool_(), "p_decline": pa.float64()}
    assert {name: schema.field(name).type for name in expected} == expected
    assert schema.field("inhabitants").type == pa.int64()
    assert schema.field("p_decline").metadata[b"heading"].decode() == "Kans op achteruitgang"


def test_parquet_says_where_it_comes_from(files: dict[str, Path]) -> None:
    told = read_provenance(files["parquet"])
    assert told["model"] == "lightgbm" and told["forecast_id"] == "f-2020-a81c"
    assert (told["origin_date"], told["known_at"], told["made_on"]) == ("2020-01-01", "2022-04-14", "2022-06-01")
    assert told["waves"] == [2014, 2018, 2020] and told["sources"] == list(ABOUT.sources)
    assert told["let_op"][0] == in_dutch(ABOUT.notices[0])
    assert all(any(text in caveat for caveat in told["let_op"]) for _, text in LIMITS)


@pytest.mark.parametrize("content", [b"", b"not parquet"])
def test_provenance_of_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other").write_bytes(content)
    with pytest.raises(InputError, match="risk list"):
        read_provenance(tmp_path / "other")


def test_provenance_of_another_parquet_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "other.parquet")
    with pytest.raises(InputError, match="no provenance"):
        read_provenance(tmp_path / "other.parquet")


# --- GeoPackage -------------------------------------------------------------------------------------


def query(path: Path, text: str) -> list[tuple]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file:
        return file.execute(text).fetchall()


def test_geopackage_equals_the_frame(table: pd.DataFrame, files: dict[str, Path]) -> None:
    names = ", ".join(f'"{name}"' for name in table.columns)
    read = query(files["gpkg"], f"SELECT {names} FROM risicolijst ORDER BY fid")
    assert [dict(zip(table.columns, row, strict=True)) for row in read] == cells(table)


def test_geopackage_holds_the_squares(files: dict[str, Path]) -> None:
    read = geopandas.read_file(files["gpkg"], layer="risicolijst")
    assert read.crs.to_epsg() == 28992
    areas = read.geometry.area.to_numpy()
    expected = [960_000.0 if place == 0 else 1_000_000.0 for place in range(AREAS) if place != WITHOUT_SHAPE]
    np.testing.assert_allclose(areas[~np.isnan(areas)], expected)
    assert read.geometry.isna().to_numpy().nonzero()[0].tolist() == [WITHOUT_SHAPE]
    assert read.geometry[3].bounds == (158_000.0, 463_000.0, 159_000.0, 464_000.0)


def test_geopackage_explains_itself(risk_list: RiskList, files: dict[str, Path]) -> None:
    notes = query(files["gpkg"], "SELECT soort, naam, tekst FROM herkomst")
    told = {(kind, name): text for kind, name, text in notes}
    assert told["herkomst", "Kenmerk van de voorspelling"] == "f-2020-a81c"
    assert told["herkomst", "Gebruikte metingen"] == "2014, 2018, 2020"
    assert told["herkomst", "Lijst gemaakt op"] == "1 juni 2022"
    warnings = [text for kind, _, text in notes if kind == "let op"]
    assert warnings[0].startswith("1 gebied heeft geen grens")
    assert all(any(text in warning for warning in warnings) for _, text in LIMITS)
    assert [name for kind, name, _ in notes if kind == "kolom"] == list(as_table(risk_list).columns)
    aliases = dict(query(files["gpkg"], "SELECT column_name, name FROM gpkg_data_columns"))
    assert aliases["p_decline"] == "Kans op achteruitgang" and len(aliases) == len(as_table(risk_list).columns)


def test_geopackage_is_sound(files: dict[str, Path]) -> None:
    assert query(files["gpkg"], "PRAGMA integrity_check") == [("ok",)]
    assert query(files["gpkg"], "PRAGMA foreign_key_check") == []
    # "GPKG" and version 1.3: newer ones make programs of 2023 warn.
    assert query(files["gpkg"], "PRAGMA application_id") == [(0x47504B47,)]
    assert query(files["gpkg"], "PRAGMA user_version") == [(10300,)]
    content = query(files["gpkg"], "SELECT table_name, data_type, srs_id FROM gpkg_contents")
    assert content == [("risicolijst", "features", 28992), ("herkomst", "attributes", 0)]
    extensions = query(files["gpkg"], "SELECT extension_name FROM gpkg_extensions WHERE table_name LIKE 'gpkg%'")
    assert extensions == [("gpkg_schema",)]


def test_geopackage_opens_with_ogrinfo_without_a_warning(files: dict[str, Path]) -> None:
    program = shutil.which("ogrinfo")
    if program is None:
        pytest.skip("ogrinfo is not installed (Debian: gdal-bin)")
    done = subprocess.run([program, "-ro", "-al", files["gpkg"]], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert not any(word in done.stdout for word in ("Warning", "ERROR"))
    assert f"Feature Count: {AREAS}" in done.stdout and 'ID["EPSG",28992]' in done.stdout
    assert "Layer name: herkomst" in done.stdout


# --- GeoJSON ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def collection(files: dict[str, Path]) -> dict:
    return json.loads(files["geojson"].read_text(encoding="utf-8"))


def test_geojson_equals_the_frame(table: pd.DataFrame, collection: dict) -> None:
    assert [feature["properties"] for feature in collection["features"]] == cells(table)
    assert [feature["id"] for feature in collection["features"]] == table["location"].tolist()


def twice_the_area(ring: list[list[float]]) -> float:
    """Positive when the ring runs counterclockwise."""
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairwise(ring))


def test_geojson_follows_the_standard(collection: dict) -> None:
    assert collection["type"] == "FeatureCollection" and "crs" not in collection
    shapes = [feature["geometry"] for feature in collection["features"]]
    assert shapes[WITHOUT_SHAPE] is None and shapes.count(None) == 1
    first, *others = [shape for shape in shapes if shape is not None]
    outer, hole = first["coordinates"]
    assert twice_the_area(outer) > 0 > twice_the_area(hole)
    assert all(twice_the_area(shape["coordinates"][0]) > 0 for shape in others)
    corners = np.array([corner for shape in (first, *others) for corner in shape["coordinates"][0]])
    np.testing.assert_allclose(collection["bbox"], [*corners.min(axis=0), *corners.max(axis=0)])


def test_geojson_is_in_degrees(collection: dict) -> None:
    # The centre of the national grid, (155000, 463000), lies at 52.15517440 N, 5.38720621 E: Schreutelkamp and
    # Strang van Hees, "Benaderingsformules voor de transformatie tussen RD- en WGS84-coördinaten", 2001.
    corners = np.array(collection["features"][0]["geometry"]["coordinates"][0])
    apart = np.abs(corners - [5.38720621, 52.15517440]).max(axis=1)
    assert apart.min() < 1e-5


def test_geojson_says_where_it_comes_from(collection: dict) -> None:
    assert collection["herkomst"]["forecast_id"] == "f-2020-a81c"
    assert collection["herkomst"]["waves"] == [2014, 2018, 2020]
    assert collection["let_op"][0].startswith("1 gebied heeft geen grens")
    assert collection["kolommen"]["p_decline"].startswith("Kans op achteruitgang: ")


def test_geojson_opens_in_geographical_programs(table: pd.DataFrame, files: dict[str, Path]) -> None:
    read = geopandas.read_file(files["geojson"])
    assert read.crs.to_epsg() == 4326 and read["name"].tolist() == table["name"].tolist()


# --- all --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "write"), [("parquet", write_parquet), ("gpkg", write_geopackage), ("geojson", write_geojson)]
)
def test_the_same_list_is_the_same_file(files: dict[str, Path], tmp_path: Path, form: str, write) -> None:
    write(make_list(), tmp_path / f"risicolijst.{form}")
    assert (tmp_path / f"risicolijst.{form}").read_bytes() == files[form].read_bytes()
