"""Polygons in a workspace: kept as they were read, and who borders on whom reaches the panel and its features."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from official import official_workspace
from typer.testing import CliRunner

import riskmodel
from riskmodel.cli import app
from riskmodel.errors import InputError
from riskmodel.forecasting.features import features_of
from riskmodel.forecasting.origins import origin_at
from riskmodel.sources.boundaries import neighbours, read_boundaries
from riskmodel.sources.observations import SourceFile
from riskmodel.workspace.store import Workspace

geopandas = pytest.importorskip("geopandas", reason="the extra riskmodel[geo] is not installed")
shapely = pytest.importorskip("shapely", reason="the extra riskmodel[geo] is not installed")

SIDE = 500.0
#: Areas in a row of the map.
WIDE = 20
#: An area of the map that is in no panel, as after a change of boundaries.
UNKNOWN = "WK999999"


def laid_out(codes: list[str]) -> dict[str, tuple[int, int]]:
    """Column and row of every area on a map of squares."""
    return {code: (place % WIDE, place // WIDE) for place, code in enumerate(codes)}


def bordering(places: dict[str, tuple[int, int]]) -> set[frozenset[str]]:
    """Squares side by side, found one pair at a time."""
    at = {place: code for code, place in places.items()}
    return {
        frozenset((code, at[beside]))
        for code, (column, row) in places.items()
        for beside in ((column + 1, row), (column, row + 1))
        if beside in at
    }


def map_of(path: Path, places: dict[str, tuple[int, int]], column: str = "wk_code") -> Path:
    squares = [
        shapely.box(120_000 + c * SIDE, 480_000 + r * SIDE, 120_000 + (c + 1) * SIDE, 480_000 + (r + 1) * SIDE)
        for c, r in places.values()
    ]
    frame = geopandas.GeoDataFrame({column: list(places)}, geometry=squares, crs=28992)
    frame.to_file(path, engine="pyogrio")
    return path


@pytest.fixture
def workspace(example_workspace: Workspace, tmp_path: Path) -> Workspace:
    shutil.copytree(example_workspace.folder, tmp_path / "workspace")
    return Workspace(tmp_path / "workspace")


@pytest.fixture
def places(workspace: Workspace) -> dict[str, tuple[int, int]]:
    return laid_out([*workspace.panel().areas.tolist(), UNKNOWN])


def pairs_of(panel: Any) -> set[frozenset[str]]:
    return {frozenset(panel.areas[pair].tolist()) for pair in panel.borders}


# --- By hand --------------------------------------------------------------------------------------------------


def test_the_panel_knows_who_borders_on_whom(workspace: Workspace, places: Any, tmp_path: Path) -> None:
    plain = workspace.panel()
    file = map_of(tmp_path / "map.gpkg", places)
    riskmodel.ingest_boundaries(file, workspace)
    panel = workspace.panel()
    expected = {pair for pair in bordering(places) if UNKNOWN not in pair}
    assert len(bordering(places)) > len(expected)
    assert pairs_of(panel) == expected
    assert len(panel.borders) == len(expected), "every pair once"
    # Everything else is as it was, and the file behind the borders is told.
    np.testing.assert_array_equal(panel.values, plain.values)
    assert panel.files == (*plain.files, SourceFile.of(file))
    assert plain.borders.shape == (0, 2)


def test_what_was_public_at_a_moment_has_the_same_borders(
    workspace: Workspace, places: Any, tmp_path: Path
) -> None:
    riskmodel.ingest_boundaries(map_of(tmp_path / "map.gpkg", places), workspace)
    panel = workspace.panel()
    moment = panel.published_on("score", 2014)
    np.testing.assert_array_equal(panel.known_at(moment).borders, panel.borders)


def test_surroundings_are_those_of_the_map(workspace: Workspace, places: Any, tmp_path: Path) -> None:
    riskmodel.ingest_boundaries(map_of(tmp_path / "map.gpkg", places), workspace)
    panel = workspace.panel()
    told = features_of(panel, origin_at(panel, 2018, 2)).column("surroundings.level")
    level = panel.at("score", 2018) - np.nanmean(panel.at("score", 2018))
    by_code = dict(zip(panel.areas.tolist(), level.tolist(), strict=True))
    for code, value in zip(panel.areas.tolist(), told, strict=True):
        column, row = places[code]
        beside = {(column + 1, row), (column - 1, row), (column, row + 1), (column, row - 1)}
        around = [by_code[other] for other, place in places.items() if place in beside and other in by_code]
        known = [each for each in around if not np.isnan(each)]
        assert value == pytest.approx(np.mean(known), abs=1e-12)


def test_polygons_come_back_as_they_were_read(workspace: Workspace, places: Any, tmp_path: Path) -> None:
    file = map_of(tmp_path / "map.gpkg", places)
    given = riskmodel.ingest_boundaries(file, workspace)
    kept = workspace.boundaries("wijk")
    assert kept.columns.tolist() == ["location", "name", "geometry"]
    assert kept.crs.to_epsg() == 28992
    assert kept["location"].tolist() == sorted(places)
    assert kept[["location", "name"]].equals(given[["location", "name"]])
    assert kept.geometry.geom_equals(read_boundaries(file).geometry).all()


def test_without_boundaries_there_are_none(workspace: Workspace) -> None:
    assert workspace.boundaries("wijk") is None
    assert workspace.panel().borders.shape == (0, 2)


def test_boundaries_of_another_level_leave_the_panel_alone(workspace: Workspace, tmp_path: Path) -> None:
    towns = sorted(set(workspace.panel().municipality_codes().tolist()))
    riskmodel.ingest_boundaries(map_of(tmp_path / "towns.gpkg", laid_out(towns), "gm_code"), workspace)
    assert workspace.boundaries("gemeente")["location"].tolist() == towns
    assert workspace.boundaries("wijk") is None
    assert workspace.panel().borders.shape == (0, 2)


def test_a_map_that_shares_no_area_with_the_scores_is_as_good_as_none(
    workspace: Workspace, tmp_path: Path
) -> None:
    plain = workspace.panel()
    elsewhere = laid_out([f"WK8888{place:02d}" for place in range(50)])
    riskmodel.ingest_boundaries(map_of(tmp_path / "map.gpkg", elsewhere), workspace)
    panel = workspace.panel()
    assert panel.borders.shape == (0, 2)
    origin = origin_at(panel, 2018, 2)
    np.testing.assert_array_equal(features_of(panel, origin).values, features_of(plain, origin).values)


def test_a_newer_map_takes_the_place_of_an_older_one(workspace: Workspace, places: Any, tmp_path: Path) -> None:
    riskmodel.ingest_boundaries(map_of(tmp_path / "old.gpkg", places), workspace)
    codes = sorted(places, reverse=True)
    newer = laid_out(codes[: len(codes) // 2])
    riskmodel.ingest_boundaries(map_of(tmp_path / "new.gpkg", newer), workspace)
    panel = workspace.panel()
    assert pairs_of(panel) == {pair for pair in bordering(newer) if UNKNOWN not in pair}
    assert workspace.boundaries("wijk")["location"].tolist() == sorted(newer)
    assert panel.files[-1].name == "new.gpkg"
    assert "old.gpkg" not in [file.name for file in panel.files]


# --- What can go wrong ----------------------------------------------------------------------------------------


def test_a_file_that_is_refused_changes_nothing(workspace: Workspace, places: Any, tmp_path: Path) -> None:
    riskmodel.ingest_boundaries(map_of(tmp_path / "map.gpkg", places), workspace)
    before = {path: path.read_bytes() for path in workspace.path("boundaries").iterdir()}
    frame = geopandas.read_file(tmp_path / "map.gpkg")
    frame["wk_code"] = frame["wk_code"].where(frame.index != 3, frame["wk_code"].iloc[4])
    frame.to_file(tmp_path / "twice.gpkg", engine="pyogrio")
    with pytest.raises(InputError, match="twice"):
        riskmodel.ingest_boundaries(tmp_path / "twice.gpkg", workspace)
    assert {path: path.read_bytes() for path in workspace.path("boundaries").iterdir()} == before


@pytest.mark.parametrize("damage", [b"", b"no parquet"])
def test_damaged_files_are_refused(workspace: Workspace, places: Any, tmp_path: Path, damage: bytes) -> None:
    riskmodel.ingest_boundaries(map_of(tmp_path / "map.gpkg", places), workspace)
    workspace.path("boundaries", "wijk.parquet").write_bytes(damage)
    with pytest.raises(InputError, match=r"wijk\.parquet"):
        workspace.boundaries("wijk")
    assert len(workspace.panel().borders) > 0, "polygons are for maps only"
    workspace.path("boundaries", "wijk-borders.parquet").write_bytes(damage)
    with pytest.raises(InputError, match=r"wijk-borders\.parquet"):
        workspace.panel()


def test_a_changed_byte_among_the_borders_is_noticed(workspace: Workspace, places: Any, tmp_path: Path) -> None:
    riskmodel.ingest_boundaries(map_of(tmp_path / "map.gpkg", places), workspace)
    path = workspace.path("boundaries", "wijk-borders.parquet")
    content = bytearray(path.read_bytes())
    content[200] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"wijk-borders\.parquet"):
        workspace.panel()


def test_borders_are_known_without_the_libraries_for_maps(
    workspace: Workspace, places: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = map_of(tmp_path / "map.gpkg", places)
    riskmodel.ingest_boundaries(file, workspace)
    expected = pairs_of(workspace.panel())
    monkeypatch.setitem(sys.modules, "geopandas", None)
    assert pairs_of(workspace.panel()) == expected
    with pytest.raises(InputError, match=r"pip install 'riskmodel\[geo\]'"):
        workspace.boundaries("wijk")
    with pytest.raises(InputError, match=r"pip install 'riskmodel\[geo\]'"):
        riskmodel.ingest_boundaries(file, workspace)


# --- The command ----------------------------------------------------------------------------------------------


def test_the_command_reads_a_map_into_the_workspace(workspace: Workspace, places: Any, tmp_path: Path) -> None:
    file = map_of(tmp_path / "map.geojson", places)
    done = CliRunner().invoke(
        app, ["ingest", "boundaries", str(file), "--workspace", str(workspace.folder)], catch_exceptions=False
    )
    assert done.exit_code == 0, done.output
    assert f"boundaries: {len(places)} areas" in done.output
    assert pairs_of(workspace.panel()) == {pair for pair in bordering(places) if UNKNOWN not in pair}


# --- The official map -----------------------------------------------------------------------------------------


def test_the_official_map(real_data: Path, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> None:
    shutil.copytree(official_workspace(real_data, tmp_path_factory).folder, tmp_path / "official")
    workspace = Workspace(tmp_path / "official")
    file = real_data / "kwb" / "wijk_2022.geojson"
    areas = riskmodel.ingest_boundaries(file, workspace)
    panel = workspace.panel("wijk")
    pairs = neighbours(areas)
    known = pairs["location"].isin(panel.areas) & pairs["neighbour"].isin(panel.areas)
    expected = {frozenset(pair) for pair in pairs.loc[known, ["location", "neighbour"]].to_numpy().tolist()}
    assert pairs_of(panel) == expected
    assert len(panel.borders) == 9022
    # Three islands have no neighbour; two in three borders lie within a municipality.
    alone = np.setdiff1d(np.arange(len(panel.areas)), panel.borders)
    assert panel.areas[alone].tolist() == ["WK006000", "WK008800", "WK009600"]
    towns = panel.municipality_codes()
    assert (towns[panel.borders[:, 0]] == towns[panel.borders[:, 1]]).mean() == pytest.approx(0.672, abs=0.001)
