"""What a workspace holds of either edition: which scores, which counts stand in, and which names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from worlds import panel_of

import riskmodel
from riskmodel.errors import InputError
from riskmodel.monitor.measured import measured, measured_of, measured_of_2, municipality_names
from riskmodel.sources.observations import Observations, SourceFile
from riskmodel.workspace.store import Workspace

DATA = Path(__file__).parents[2] / "shared" / "data"
NAN = float("nan")
FILE = SourceFile("made by hand", "0" * 64)
PARTS = ("lbm2_housing", "lbm2_residents", "lbm2_amenities", "lbm2_safety", "lbm2_environment")


def scores_of_2(level: str, rows: dict[str, dict[int, float]]) -> Observations:
    frame = pd.DataFrame(
        [(code, code, year, score) for code, years in rows.items() for year, score in years.items()],
        columns=["location", "name", "year", "lbm2_score"],
    ).astype({"year": "int32"})
    for part in PARTS:
        frame[part] = (frame["lbm2_score"] - 4.1544) / 5
    return Observations("leefbaarometer-2.0", level, 2016, frame, (FILE,), base=4.1544)


def counts(level: str, year: int, people: dict[str, float], names: dict[str, str] | None = None) -> Observations:
    frame = pd.DataFrame(
        {
            "location": list(people),
            "name": [(names or {}).get(code, code) for code in people],
            "year": np.full(len(people), year, dtype="int32"),
            "population": list(people.values()),
        }
    )
    return Observations("kwb", level, year, frame, (FILE,))


def test_counts_come_from_the_nearest_year_and_fill_in_per_area() -> None:
    panel = panel_of(
        {
            "score": {2002: [4.0, 4.1], 2014: [4.0, 4.1], 2020: [4.0, 4.1]},
            "population": {2012: [10.0, NAN], 2016: [20.0, 200.0], 2021: [NAN, 300.0]},
        },
        ["WK001400", "WK001401"],
    )
    found = measured_of(panel)
    # 2002 is ten years from 2012; 2014 lies as far from 2012 as from 2016, and the earlier decides.
    np.testing.assert_array_equal(found.inhabitants, [[10.0, 10.0, 20.0], [NAN, 200.0, 300.0]])
    assert found.counted == {2002: 2012, 2014: 2012, 2020: 2021}
    assert np.isnan(found.households).all()
    assert found.dimension_waves() == ()


def test_a_workspace_adds_up_wijken_for_gemeenten(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "w")
    workspace.add(
        [
            scores_of_2("gemeente", {"GM0007": {2012: 4.2, 2016: 4.1}, "GM0363": {2012: 4.0, 2016: 4.1}}),
            counts("gemeente", 2022, {"GM0363": 900.0}),
            counts("wijk", 2016, {"WK000700": 10.0, "WK000701": 20.0, "WK036300": NAN, "WK036301": 500.0}),
        ]
    )
    found = measured(workspace, edition="2.0", level="gemeente")
    # Amsterdam has a wijk without a count: its sum is not known and its own count of 2022 stands in.
    np.testing.assert_array_equal(found.inhabitants, [[30.0, 30.0], [900.0, 900.0]])
    assert found.counted == {2012: 2016, 2016: 2016}
    assert found.waves == (2012, 2016)
    np.testing.assert_allclose(found.deviation, [[0.0456, -0.0544], [-0.1544, -0.0544]])
    assert found.classes.tolist() == [[7, 6], [6, 6]]
    assert found.dimension_waves() == (2012, 2016)


def test_wijken_of_edition_2_are_called_as_the_other_sources_call_them() -> None:
    scores = scores_of_2("wijk", {"WK001400": {2016: 4.2}, "WK001401": {2016: 4.1}})
    found = measured_of_2(scores, [scores, counts("wijk", 2016, {"WK001400": 5.0}, {"WK001400": "Centrum"})])
    assert found.names.tolist() == ["Centrum", "WK001401"]
    np.testing.assert_array_equal(found.inhabitants, [[5.0], [NAN]])


def test_gemeenten_of_edition_3_are_called_as_in_the_catalogue() -> None:
    panel = replace(panel_of({"score": {2020: [4.0, 4.1]}}, ["GM0518", "GM9999"]), level="gemeente")
    assert measured_of(panel).names.tolist() == ["'s-Gravenhage", "naam GM9999"]


def test_names_of_municipalities() -> None:
    codes = np.array(["GM0363", "GM9999"])
    assert municipality_names(codes).tolist() == ["Amsterdam", "GM9999"]
    assert municipality_names(codes, np.array(["Mokum", "Nergens"])).tolist() == ["Amsterdam", "Nergens"]


def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path / "w")
    with pytest.raises(InputError, match=r"found '1\.0'; expected 3\.0 or 2\.0"):
        measured(workspace, edition="1.0")
    with pytest.raises(InputError, match=r"no scores of Leefbaarometer 2\.0 of level 'wijk'"):
        measured(workspace, edition="2.0", level="wijk")
    workspace.add([scores_of_2("wijk", {"WK001400": {2016: 4.2}})])
    found = measured(workspace, edition="2.0")
    with pytest.raises(InputError, match=r"measurement 2018: .* expected one of \[2016\]"):
        found.column(2018)


def test_only_keeps_everything_of_the_chosen_areas() -> None:
    panel = panel_of({"score": {2018: [4.0, 4.1], 2020: [4.2, 4.0]}}, ["WK001400", "WK003401"])
    one = measured_of(panel).only(np.array([False, True]))
    assert one.areas.tolist() == ["WK003401"]
    np.testing.assert_allclose(one.change(2018, 2020), [-0.1])
    assert one.municipality_codes().tolist() == ["GM0034"]


@pytest.mark.parametrize("edition", ["3.0", "2.0"])
def test_real_wijken_of_both_editions(real_data: Path, tmp_path: Path, edition: str) -> None:
    from riskmodel.sources.leefbaarometer import edition2 as leefbaarometer2
    from riskmodel.sources.leefbaarometer import scores as leefbaarometer

    workspace = Workspace(tmp_path / "w")
    if edition == "3.0":
        [path] = (real_data / "leefbaarometer-3.0").glob("Leefbaarometer-scores wijken*.csv")
        workspace.add(leefbaarometer.read_scores([path]))
    else:
        workspace.add(
            leefbaarometer2.read_scores([real_data / "leefbaarometer-2.0" / "dimensiescore_wijk (stand).xlsx"])
        )
    found = measured(workspace, edition=edition)
    waves, with_dimensions, areas = {
        "3.0": ((2002, 2008, 2012, 2014, 2016, 2018, 2020), (2014, 2018, 2020), 3303),
        "2.0": ((2012, 2014, 2016), (2012, 2014, 2016), 2852),
    }[edition]
    assert (found.waves, found.dimension_waves(), len(found.areas)) == (waves, with_dimensions, areas)
    for wave in with_dimensions:
        column = found.column(wave)
        total = sum(values[:, column] for values in found.dimensions.values())
        there = ~np.isnan(found.score[:, column])
        np.testing.assert_allclose(total[there], found.deviation[there, column], rtol=0, atol=1e-12)


@pytest.mark.skipif(not DATA.exists(), reason="official files are absent")
def test_names_of_2_0_are_those_of_its_own_boundaries(tmp_path):
    workspace = Workspace(tmp_path)
    folder = DATA / "leefbaarometer-2.0"
    names = ["wijk.xlsx", "dimensiescore_wijk (stand).xlsx", "dimensiescore_wijk (ontwikkeling).xlsx"]
    riskmodel.ingest("leefbaarometer-2", [folder / name for name in names], workspace)
    riskmodel.ingest_kwb([DATA / "kwb" / "wijk_2016.csv", DATA / "kwb" / "wijk_2022.csv"], workspace)
    found = measured(workspace, edition="2.0")
    kwb = pd.read_csv(DATA / "kwb" / "wijk_2016.csv", dtype=str)
    expected = kwb.drop_duplicates("WK_CODE").set_index("WK_CODE")["WK_NAAM"].reindex(found.areas)
    known = expected.notna().to_numpy()
    assert known.sum() > 2500
    assert (expected.to_numpy()[known] == found.names[known]).all()
