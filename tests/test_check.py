"""Aggregation to higher levels, the check of a panel, and the catalogue's list."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskmodel.catalogue import find_indicators, indicators
from riskmodel.cli.text import check_table, indicator_table
from riskmodel.errors import InputError
from riskmodel.panel.aggregate import aggregate, parents_of
from riskmodel.panel.build import build_panel
from riskmodel.panel.crosswalk import certainty
from riskmodel.sources.observations import Observations, SourceFile
from riskmodel.workspace.check import check_panel

NAN = float("nan")
CODES = [f"WK0014{number:02d}" for number in range(20)]


def scores() -> Observations:
    frame = pd.DataFrame({"location": CODES, "name": CODES, "year": np.int32(2018)})
    for dimension in ("onv", "soc", "won", "fys", "vrz"):
        frame[dimension] = NAN
    frame.insert(3, "score", np.linspace(3.9, 4.3, 20))
    return Observations("leefbaarometer-3.0", "wijk", 2022, frame, (SourceFile("lbm.csv", "0"),), base=4.1)


def context(year: int, **columns: np.ndarray) -> Observations:
    frame = pd.DataFrame({"location": CODES, "name": CODES, "year": np.int32(year), **columns})
    return Observations("kwb", "wijk", year, frame, (SourceFile("kwb.csv", "1"),), notes=("blocked (origin): X",))


def test_rates_of_a_higher_area_are_weighted_and_a_missing_part_spoils_a_count() -> None:
    frame = pd.DataFrame({"people": [30.0, 10.0, 5.0, NAN], "score": [4.0, 4.4, NAN, 3.0]}, index=list("abcd"))
    parents = pd.Series(["X", "X", "X", "Y"], index=frame.index)
    weights = pd.Series([30.0, 10.0, 20.0, NAN], index=frame.index)
    found = aggregate(frame, parents, weights, {"people": "extensive", "score": "intensive"})
    assert found.loc["X", "people"] == 45
    assert found.loc["X", "score"] == pytest.approx((30 * 4.0 + 10 * 4.4) / 40)
    assert found.loc["X", "score_covered"] == pytest.approx(40 / 60)
    assert np.isnan(found.loc["Y", "people"])
    assert np.isnan(found.loc["Y", "score"]), "a rate without any weight is not known"


@given(st.lists(st.tuples(st.floats(0, 1e4), st.floats(0.1, 1e4), st.integers(0, 3)), min_size=1, max_size=30))
def test_sums_are_kept_and_means_stay_between_their_parts(rows: list[tuple[float, float, int]]) -> None:
    frame = pd.DataFrame({"n": [row[0] for row in rows], "rate": [row[0] for row in rows]})
    parents = pd.Series([f"G{row[2]}" for row in rows])
    found = aggregate(frame, parents, pd.Series([row[1] for row in rows]), {"n": "extensive", "rate": "intensive"})
    assert found["n"].sum() == pytest.approx(frame["n"].sum())
    parts = frame["rate"].groupby(parents)
    assert (found["rate"] >= parts.min() - 1e-9).all()
    assert (found["rate"] <= parts.max() + 1e-9).all()


def test_codes_name_the_higher_area() -> None:
    buurten = pd.Series(["BU0363AA01", "BU03440101"])
    assert parents_of(buurten, "buurt", "wijk").tolist() == ["WK0363AA", "WK034401"]
    assert parents_of(buurten, "buurt", "gemeente").tolist() == ["GM0363", "GM0344"]
    with pytest.raises(InputError, match="table of parents"):
        parents_of(pd.Series(["1011"]), "pc4", "gemeente")


def test_certainty_of_a_split_a_merge_and_a_mix() -> None:
    links = pd.DataFrame(
        {"code_from": ["A", "A", "B", "C"], "code_to": ["X", "Y", "Y", "Z"], "addresses": [60.0, 40.0, 100.0, 5.0]}
    )
    found = certainty(links)
    assert found["X"] == pytest.approx(0.6)
    assert found["Y"] == pytest.approx((40 * 0.4 + 100 * 1.0) / 140)
    assert found["Z"] == 1.0


def test_certainty_stays_with_the_panel() -> None:
    links = pd.DataFrame(
        {
            "level": "wijk", "year_from": 2016, "year_to": 2022,
            "code_from": ["WK009999"] * 2, "code_to": [CODES[0], CODES[1]], "addresses": [30.0, 10.0],
        }
    )  # fmt: skip
    old = context(2016, population=np.arange(20.0) + 100)
    frame = old.frame.assign(location=["WK009999", *CODES[1:]])
    panel = build_panel(scores(), [replace(old, frame=frame)], links)
    assert panel.at("population", 2016)[:3].tolist() == [75.0, 25.0 + 101.0, 102.0]
    assert panel.certainty["population", 2016][:3].tolist() == [0.75, 0.25, 1.0]
    line = next(each for each in check_panel(panel).coverage if each.indicator == "population")
    assert line.estimated == pytest.approx(2 / 20)


def test_check_finds_what_looks_wrong_and_stays_quiet_otherwise() -> None:
    share = np.linspace(10, 40, 20)
    people = np.linspace(1000, 3000, 20)
    swapped = people.copy()
    swapped[3] *= 10
    panel = build_panel(
        scores(),
        [
            context(2016, population=people, age_65_plus=share, density=share * 10, age_0_14=share),
            context(2018, population=swapped, age_65_plus=share / 100, density=share * 10, age_0_14=share + 90),
        ],
    )
    found = check_panel(panel, [context(2016, population=people)])
    assert {(each.code, each.indicator, each.year) for each in found.findings} == {
        ("other-area", "population", 2018),
        ("break", "age_65_plus", 2018),
        ("break", "age_0_14", 2018),
        ("impossible", "age_0_14", 2018),
    }
    assert found.blocked == ("kwb wijk: blocked (origin): X",)
    assert CODES[3] in next(each.message for each in found.findings if each.code == "other-area")
    text = check_table(found)
    assert "other-area: population 2018" in text
    assert "blocked (origin): X" in text
    assert json.loads(json.dumps(found.as_dict()))["areas"] == 20


def test_the_catalogue_can_be_searched_in_both_languages() -> None:
    assert len(indicator_table(find_indicators([])).splitlines()) == len(indicators())
    assert indicator_table(find_indicators(["inhabitants"])).startswith("population")
    assert indicator_table(find_indicators(["INWONERS", "aantal"])).startswith("population")
    assert indicator_table(find_indicators(["nothing like this"])) == "no indicator with these words"


def test_origin_is_left_out_unless_asked_for() -> None:
    blocked = next(key for key, each in indicators().items() if each.sensitivity == "origin")
    source = context(2016, population=np.ones(20), **{blocked: np.ones(20)})
    assert blocked not in build_panel(scores(), [source]).indicators
    assert blocked in build_panel(scores(), [source], allow_origin=True).indicators
