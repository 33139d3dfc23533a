"""Boundaries are read into one reference system, refused outside the Netherlands, and tell who borders on whom."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from riskmodel.errors import InputError
from riskmodel.sources.boundaries import neighbours, read_boundaries

geopandas = pytest.importorskip("geopandas", reason="the extra riskmodel[geo] is not installed")
shapely = pytest.importorskip("shapely", reason="the extra riskmodel[geo] is not installed")

SIDE = 1000.0
#: Four squares that meet in one corner, and an island.
SQUARES = {"WK001400": (0, 0), "WK001401": (1, 0), "WK001402": (0, 1), "WK001403": (1, 1), "WK001404": (5, 5)}


def square(column: float, row: float, x: float = 120_000.0, y: float = 480_000.0) -> Any:
    left, low = x + column * SIDE, y + row * SIDE
    return shapely.box(left, low, left + SIDE, low + SIDE)


def squares(crs: int | None = 28992, **columns: list[Any]) -> Any:
    data = {"wk_code": list(SQUARES), "wk_naam": [f"Wijk {code[-1]}" for code in SQUARES], **columns}
    frame = geopandas.GeoDataFrame(data, geometry=[square(*place) for place in SQUARES.values()], crs=28992)
    return frame if crs == 28992 else frame.set_crs(crs, allow_override=True) if crs is None else frame.to_crs(crs)


def written(frame: Any, path: Path, **options: Any) -> Path:
    frame.to_file(path, engine="pyogrio", **options)
    return path


def refusal(path: Path, level: str | None = None) -> str:
    with pytest.raises(InputError) as caught:
        read_boundaries(path, level)
    return str(caught.value)


# --- The official files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "areas"), [("wijk_2022", 3340), ("gemeente_2022", 345)])
def test_real_files_are_read_into_rd(real_data: Path, name: str, areas: int) -> None:
    path = real_data / "kwb" / f"{name}.geojson"
    made = read_boundaries(path)
    published = {
        each["properties"]["code"]: each for each in json.loads(path.read_text(encoding="utf-8"))["features"]
    }
    assert made.columns.tolist() == ["location", "name", "geometry"]
    assert made.crs.to_epsg() == 28992
    assert made["location"].tolist() == sorted(published)
    assert len(made) == areas
    assert made["name"].tolist() == [published[code]["properties"]["name"] for code in made["location"]]
    assert made.geometry.is_valid.all()
    # The published area in square kilometres has two decimals; the outlines are simplified.
    expected = np.array([published[code]["properties"]["area"] for code in made["location"]])
    ratio = made.geometry.area.to_numpy()[expected > 1] / 1e6 / expected[expected > 1]
    assert np.median(ratio) == pytest.approx(1.0, abs=0.002)


def test_a_known_point_arrives_where_it_is(tmp_path: Path) -> None:
    # The spire that is the origin of RD: 155000, 463000 by definition, and its published longitude and latitude.
    around = shapely.Point(5.387206, 52.155174).buffer(0.01)
    frame = geopandas.GeoDataFrame({"gm_code": ["GM0307"]}, geometry=[around], crs=4326)
    made = read_boundaries(written(frame, tmp_path / "amersfoort.geojson"))
    centre = made.geometry.iloc[0].centroid
    assert (centre.x, centre.y) == pytest.approx((155_000, 463_000), abs=1.0)


def test_islands_have_no_neighbours_and_others_have(real_data: Path) -> None:
    areas = read_boundaries(real_data / "kwb" / "gemeente_2022.geojson")
    pairs = neighbours(areas)
    alone = set(areas["location"]) - set(pairs["location"]) - set(pairs["neighbour"])
    assert alone == {"GM0060", "GM0088", "GM0093", "GM0096", "GM0448"}, "the five Wadden islands"
    assert len(pairs) == 882
    of_utrecht = set(pairs.loc[pairs["location"] == "GM0344", "neighbour"])
    of_utrecht |= set(pairs.loc[pairs["neighbour"] == "GM0344", "location"])
    assert of_utrecht == {
        *("GM0310", "GM0312", "GM0321", "GM0335", "GM0353", "GM0355", "GM0356", "GM0632", "GM1904")
    }


def test_neighbours_of_the_real_wijken_are_stable_under_the_tolerance(
    real_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    areas = read_boundaries(real_data / "kwb" / "wijk_2022.geojson")
    pairs = neighbours(areas)
    assert len(pairs) == 9175
    assert set(areas["location"]) - set(pairs["location"]) - set(pairs["neighbour"]) == {
        "WK006000",
        "WK008800",
        "WK009600",
    }
    monkeypatch.setattr("riskmodel.sources.boundaries.SNAP", 1.0)
    assert abs(len(neighbours(areas)) - len(pairs)) <= 5


# --- Neighbours -----------------------------------------------------------------------------------------------


def test_neighbours_share_a_border_and_not_only_a_corner(tmp_path: Path) -> None:
    pairs = neighbours(read_boundaries(written(squares(), tmp_path / "squares.gpkg")))
    assert pairs[["location", "neighbour"]].to_numpy().tolist() == [
        ["WK001400", "WK001401"],
        ["WK001400", "WK001402"],
        ["WK001401", "WK001403"],
        ["WK001402", "WK001403"],
    ]
    assert pairs["border"].to_numpy() == pytest.approx(np.full(4, SIDE), abs=2.0)


def test_neighbours_do_not_depend_on_the_reference_system_of_the_file(tmp_path: Path) -> None:
    in_rd = neighbours(read_boundaries(written(squares(), tmp_path / "rd.gpkg")))
    in_degrees = neighbours(read_boundaries(written(squares(4326), tmp_path / "degrees.gpkg")))
    assert in_rd[["location", "neighbour"]].equals(in_degrees[["location", "neighbour"]])
    assert in_rd["border"].to_numpy() == pytest.approx(in_degrees["border"].to_numpy(), abs=1.0)


def test_areas_without_any_neighbour_give_an_empty_table(tmp_path: Path) -> None:
    pairs = neighbours(read_boundaries(written(squares().tail(1), tmp_path / "island.gpkg")))
    assert pairs.columns.tolist() == ["location", "neighbour", "border"]
    assert pairs.empty


# --- Forms of a file ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".shp"])
@pytest.mark.parametrize("crs", [28992, 4326])
def test_every_form_and_reference_system_gives_the_same(tmp_path: Path, suffix: str, crs: int) -> None:
    made = read_boundaries(written(squares(crs), tmp_path / f"wijken{suffix}"))
    assert made["location"].tolist() == list(SQUARES)
    assert made["name"].tolist() == [f"Wijk {code[-1]}" for code in SQUARES]
    assert made.crs.to_epsg() == 28992
    np.testing.assert_allclose(made.total_bounds, [120_000, 480_000, 126_000, 486_000], rtol=0, atol=0.1)


@pytest.mark.parametrize(
    ("columns", "level", "expected"),
    [
        ({"BU_CODE": "BU00140000", "WK_CODE": "WK001400", "GM_CODE": "GM0014"}, None, "BU00140000"),
        ({"wijkcode": " WK0363AA ", "gemeentecode": "GM0363"}, None, "WK0363AA"),
        ({"statcode": "GM0014", "statnaam": "Groningen"}, None, "GM0014"),
        ({"PC4": 1011}, None, "1011"),
        ({"grid_id": "E1213N4879"}, "grid", "E1213N4879"),
    ],
)
def test_the_smallest_level_with_codes_is_that_of_the_file(
    tmp_path: Path, columns: dict[str, Any], level: str | None, expected: str
) -> None:
    frame = geopandas.GeoDataFrame({k: [v] for k, v in columns.items()}, geometry=[square(0, 0)], crs=28992)
    made = read_boundaries(written(frame, tmp_path / "areas.gpkg"), level=level)
    assert made["location"].tolist() == [expected]
    assert made["name"].tolist() == [columns.get("statnaam", expected)]


def test_the_user_can_name_the_level(tmp_path: Path) -> None:
    path = written(squares(eigen=["GM0001", "GM0002", "GM0003", "GM0004", "GM0005"]), tmp_path / "a.gpkg")
    assert refusal(path, level="buurt") == (
        f"{path}: found no column with codes of level buurt (columns: wk_code, wk_naam, eigen); "
        "expected a column such as 'code' with WK034401."
    )
    assert (
        refusal(path, level="straat") == "level: found 'straat'; expected one of buurt, wijk, gemeente, pc4, grid."
    )


def test_a_geopackage_with_several_layers_needs_the_level(tmp_path: Path) -> None:
    path = tmp_path / "wijkenbuurten_2022.gpkg"
    written(squares(), path, layer="wijken")
    written(
        squares().rename(columns={"wk_code": "gm_code"}).assign(gm_code="GM0014").head(1), path, layer="gemeenten"
    )
    assert read_boundaries(path, level="wijk")["location"].tolist() == list(SQUARES)
    assert read_boundaries(path, level="gemeente")["location"].tolist() == ["GM0014"]
    assert refusal(path) == (
        f"{path}: found 2 layers (wijken, gemeenten); expected one layer. Say which level to read."
    )
    assert refusal(path, level="buurt") == (
        f"{path}: found 2 layers (wijken, gemeenten); expected one layer of level buurt."
    )


def test_water_is_left_out(tmp_path: Path) -> None:
    frame = squares(H2O=["NEE", "NEE", "NEE", "NEE", "JA"])
    frame.loc[4, "wk_code"] = "WK001403"
    made = read_boundaries(written(frame, tmp_path / "water.gpkg"))
    assert made["location"].tolist() == list(SQUARES)[:4]


def test_a_polygon_that_crosses_itself_is_repaired(tmp_path: Path) -> None:
    bow = shapely.Polygon([(120_000, 480_000), (121_000, 481_000), (121_000, 480_000), (120_000, 481_000)])
    frame = geopandas.GeoDataFrame({"wk_code": ["WK001400"]}, geometry=[bow], crs=28992)
    made = read_boundaries(written(frame, tmp_path / "bow.gpkg"))
    assert made.geometry.is_valid.all()
    assert made.geometry.area.iloc[0] == pytest.approx(500_000)


def outline(path: Path, ring: list[list[float]]) -> Path:
    feature: dict[str, Any] = {"type": "Feature", "properties": {"code": "WK001400"}}
    feature["geometry"] = {"type": "Polygon", "coordinates": [ring]}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    return path


# --- What is refused ------------------------------------------------------------------------------------------


def test_a_file_without_reference_system_is_refused(tmp_path: Path) -> None:
    path = written(squares(), tmp_path / "wijken.shp")
    path.with_suffix(".prj").unlink()
    assert refusal(path) == (
        f"{path}: found no reference system; expected RD (EPSG:28992) or WGS84 (EPSG:4326). "
        "A shapefile needs its .prj file beside it."
    )


def test_another_reference_system_is_refused(tmp_path: Path) -> None:
    path = written(squares(3857), tmp_path / "web.gpkg")
    assert refusal(path) == (
        f"{path}: found reference system 'WGS 84 / Pseudo-Mercator'; "
        "expected RD (EPSG:28992) or WGS84 (EPSG:4326). Convert the file first."
    )


def test_the_projection_file_of_another_program_is_recognised(tmp_path: Path) -> None:
    path = written(squares(), tmp_path / "wijken.shp")
    path.with_suffix(".prj").write_text(
        'PROJCS["RD_New",GEOGCS["GCS_Amersfoort",DATUM["D_Amersfoort",SPHEROID["Bessel_1841",6377397.155,'
        '299.1528128]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Double_Stereographic"],'
        'PARAMETER["False_Easting",155000.0],PARAMETER["False_Northing",463000.0],'
        'PARAMETER["Central_Meridian",5.38763888888889],PARAMETER["Scale_Factor",0.9999079],'
        'PARAMETER["Latitude_Of_Origin",52.15616055555555],UNIT["Meter",1.0]]',
        encoding="ascii",
    )
    assert read_boundaries(path).total_bounds.tolist() == [120_000, 480_000, 126_000, 486_000]


def test_coordinates_outside_the_netherlands_are_refused(tmp_path: Path) -> None:
    # GeoJSON has no way to say RD that every program writes: without it, metres are taken for degrees.
    path = written(squares(), tmp_path / "metres.geojson")
    content = json.loads(path.read_text(encoding="utf-8"))
    del content["crs"]
    path.write_text(json.dumps(content), encoding="utf-8")
    told = refusal(path)
    assert told.startswith(
        f"{path}, area WK001400: found coordinates 120000, 480000 in EPSG:4326; expected x from "
    )
    assert told.endswith(
        "x from 2.5 to 7.6 and y from 50.5 to 54, the Netherlands. "
        "The file may be in another reference system than it says."
    )
    swapped = squares(4326)
    swapped.geometry = shapely.transform(np.asarray(swapped.geometry), lambda xy: xy[:, ::-1])
    told = refusal(written(swapped, tmp_path / "swapped.geojson"))
    assert "found coordinates 52.3" in told
    assert told.endswith("The two coordinates have changed places.")


@pytest.mark.parametrize(
    ("row", "code", "told"),
    [
        (1, "WK1401", ", area 2, column 'wk_code': found 'WK1401'; expected a code like ^WK[0-9]{4}[0-9A-Z]{2}$."),
        (1, "WK001400", ": found WK001400 twice; expected every area once."),
    ],
)
def test_a_wrong_code_is_refused(tmp_path: Path, row: int, code: str, told: str) -> None:
    frame = squares()
    frame.loc[row, "wk_code"] = code
    path = written(frame, tmp_path / "areas.gpkg")
    assert refusal(path) == f"{path}{told}"


def test_what_is_no_polygon_is_refused(tmp_path: Path) -> None:
    frame = squares()
    frame.geometry = frame.geometry.centroid
    path = written(frame, tmp_path / "points.gpkg")
    assert refusal(path) == f"{path}, area WK001400: found Point; expected a polygon or multipolygon."
    frame = squares()
    frame.loc[2, "geometry"] = None
    path = written(frame, tmp_path / "gap.gpkg")
    assert refusal(path) == f"{path}, area WK001402: found no geometry; expected a polygon or multipolygon."


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".shp"])
@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b'{"type": "FeatureColl'])
def test_any_other_bytes_are_refused_as_input(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"areas{suffix}"
    path.write_bytes(content)
    assert refusal(path).startswith(f"{path}: found ")


@pytest.mark.parametrize("suffix", [".geojson", ".gpkg", ".shp"])
def test_a_file_cut_off_anywhere_is_refused(tmp_path: Path, suffix: str) -> None:
    path = written(squares(), tmp_path / f"areas{suffix}")
    whole = path.read_bytes()
    for share in range(1, 10):
        path.write_bytes(whole[: len(whole) * share // 10])
        assert refusal(path).startswith(f"{path}")


@pytest.mark.filterwarnings("ignore:Non closed ring")
def test_an_outline_that_does_not_close_is_refused(tmp_path: Path) -> None:
    path = outline(tmp_path / "open.geojson", [[5.0, 52.0], [5.1, 52.0], [5.1, 52.1], [5.0, 52.1]])
    assert refusal(path).startswith(f"{path}: found a file that cannot be read (")


def test_files_that_are_no_boundaries_are_refused(tmp_path: Path) -> None:
    expected = "expected one of .geojson, .json, .gpkg, .shp."
    path = tmp_path / "geometrie-lbm3-2024.zip"
    assert refusal(path) == f"{path}: found a file ending in '.zip'; {expected} Unpack the archive first."
    assert refusal(tmp_path / "a.csv") == f"{tmp_path / 'a.csv'}: found a file ending in '.csv'; {expected}"
    gone = tmp_path / "gone.gpkg"
    assert refusal(gone) == f"{gone}: found no such file; expected a file with boundaries."
    empty = tmp_path / "empty.geojson"
    empty.write_text('{"type": "FeatureCollection", "features": []}', encoding="utf-8")
    assert refusal(empty).startswith(f"{empty}: found no ")


def test_without_the_extra_the_message_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr("riskmodel.sources.boundaries.importlib.import_module", absent)
    path = tmp_path / "wijken.gpkg"
    assert refusal(path) == (
        f"{path}: found no library 'geopandas' in this installation; expected the libraries for geographic files. "
        "Install the extra with: pip install 'riskmodel[geo]'"
    )
