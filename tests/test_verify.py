"""Verification: every published class computed again, sums of dimensions, base constants, and damaged releases."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskmodel.catalogue import class_scheme, load
from riskmodel.errors import InputError
from riskmodel.monitor.published.verify import SUM, parts_scheme, passed, verify_files, verify_release
from riskmodel.products.present.verify_text import verify_table
from riskmodel.sources.leefbaarometer.edition2 import read_scores
from riskmodel.sources.leefbaarometer.wfs import read_layers
from riskmodel.sources.observations import Observations, SourceFile
from riskmodel.workflow.published import verify

PARTS = [f"wfs_class_{each}" for each in ("deviation", "onv", "soc", "won", "fys", "vrz")]
HEADER = "kscore,kafw,afw,kwon,kfys,kvrz,ksoc,konv,won,fys,vrz,soc,onv,code,naam"
# Classes by hand: afw .10 lies between .0896 and .168 (8 on the map) and between .0784 and .1568 (7 elsewhere).
GOOD = "8,7,0.1,5,5,6,5,5,0.01,0.01,0.05,0.02,0.01,BU00140000,Binnenstad-Noord"
WRONG = "7,7,0.1,5,5,6,5,5,0.01,0.01,0.05,0.02,0.01,BU00140001,Binnenstad-Zuid"
SCORES = """wk_code,wk_naam,jaar,lbm,afw,fys,onv,soc,vrz,won
WK001400,Centrum,2018,4.2,0.1,0.02,0.02,0.02,0.02,0.02
WK001400,Centrum,2020,4.1,0,NA,NA,NA,NA,NA
"""


def cut_bounds(table: pd.DataFrame, checks: Sequence[str]) -> np.ndarray:
    """Between which values published classes say that each cut lies; NaN where no area is in such a class."""
    chosen = table[table["check"].isin(checks)]
    value, published = chosen["value"].to_numpy(), chosen["published"].to_numpy()
    classes = range(1, 7 if any("development" in check for check in checks) else 9)
    bounds = [
        (value[published <= each].max(initial=-np.inf), value[published > each].min(initial=np.inf))
        for each in classes
    ]
    return np.where(np.isinf(bounds), np.nan, bounds)


def layer(folder: Path, *rows: str) -> Path:
    path = folder / "buurtscore24.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return path


def test_every_class_and_sum_of_a_layer_is_computed_again(tmp_path: Path) -> None:
    [observations] = read_layers([layer(tmp_path, GOOD, WRONG)])
    table = verify_release(observations)
    assert table.groupby("check").size().to_dict() == {**dict.fromkeys(PARTS, 2), "wfs_class": 2, SUM: 2}
    [wrong] = table[~table["agrees"]].to_dict("records")
    assert (wrong["location"], wrong["check"], wrong["year"]) == ("BU00140001", "wfs_class", 2024)
    assert (wrong["value"], wrong["published"], wrong["computed"]) == (0.1, 7, 8)
    assert not table["borderline"].any()
    assert not passed(table)
    text = verify_table(table)
    assert "buurt     wfs_class                    2024        2        1   50.000%        0" in text
    assert "  BU00140001 2024 wfs_class: value 0.1, published 7, computed 8 (differs)" in text
    assert text.count("BU0014") == 1


def test_a_value_whose_rounding_reaches_over_a_cut_is_listed_and_forgiven(tmp_path: Path) -> None:
    cut = parts_scheme().cuts[5]
    # The service writes six significant digits: a tenth of the last one below the cut may be above it.
    value = cut - 1e-9
    [observations] = read_layers([layer(tmp_path, GOOD)])
    frame = observations.frame.assign(wfs_onv=value, wfs_class_onv=7.0)
    table = verify_release(replace(observations, frame=frame))
    [case] = table[table["borderline"]].to_dict("records")
    assert (case["check"], case["published"], case["computed"], case["agrees"]) == ("wfs_class_onv", 7, 6, False)
    assert "(differs, within its rounding of a cut)" in verify_table(table)
    classes = table[table["check"] != SUM]
    assert passed(classes)
    assert not passed(table), "the dimensions no longer add up"


def test_a_share_that_is_not_whole_does_not_look_whole() -> None:
    row = {"level": "buurt", "check": "wfs_class", "year": 2024, "location": "BU", "value": 0.0, "published": 6.0}
    table = pd.DataFrame([{**row, "computed": 6.0, "agrees": True, "borderline": False}] * 300_000)
    table.loc[0, "agrees"] = False
    assert "299,999   99.999%" in verify_table(table)
    assert verify_table(table.iloc[:0]).startswith("Nothing to verify")


@given(st.lists(st.floats(-0.7, 0.7), min_size=1, max_size=60))
def test_bounds_enclose_the_cuts_that_made_the_classes(values: list[float]) -> None:
    scheme = class_scheme("3.0")
    value = np.array(values)
    table = pd.DataFrame({"check": "wfs_class", "value": value, "published": scheme.classify(value)})
    above, upto = np.nan_to_num(cut_bounds(table, ["wfs_class"]), nan=[-1.0, 1.0]).T
    assert (above < scheme.cuts).all()
    assert (upto >= scheme.cuts).all()


def test_cuts_lie_in_their_intervals() -> None:
    facts = load("leefbaarometer_wfs")["cuts"]
    for cuts, name in ((class_scheme("3.0").cuts, "total"), (parts_scheme().cuts, "parts")):
        between = np.array(facts[name]["between"])
        assert (between[:, 0] < cuts).all()
        assert (cuts <= between[:, 1]).all()
    # The note on steps in the catalogue: shifted steps fit every interval, steps around zero do not.
    between, steps = np.array(facts["parts"]["between"]), np.array([-6, -4, -2, -1, 1, 2, 4, 6])
    shifted = -0.000004 + steps * 0.039197
    assert ((between[:, 0] < shifted) & (shifted <= between[:, 1])).all()
    for step in np.arange(0.0390, 0.0394, 1e-7):
        assert not ((between[:, 0] < steps * step) & (steps * step <= between[:, 1])).all()


def test_files_of_all_kinds_are_recognised(tmp_path: Path) -> None:
    scores = tmp_path / "Leefbaarometer-scores wijken 2018-2020.csv"
    scores.write_text(SCORES, encoding="utf-8")
    text, good = verify([layer(tmp_path, GOOD), scores])
    assert good
    assert "base constant lbm - afw = 4.100000 in each of 2 rows of 2018, 2020" in text
    assert "wijk      sum of dimensions            2018        1        1      100%        0" in text
    assert "Every value agrees and none lies at a cut." in text
    assert "full agreement says that one set of cuts gives every class; other files test the cuts" in text
    with zipfile.ZipFile(tmp_path / "open-data.zip", "w") as archive:
        archive.write(scores, f"Leefbaarometer 3.0/{scores.name}")
    packed, good = verify([tmp_path / "open-data.zip"])
    assert good
    assert "base constant lbm - afw = 4.100000 in each of 2 rows" in packed
    text, good = verify([layer(tmp_path, GOOD, WRONG)])
    assert not good


def test_what_is_no_release_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least one file"):
        verify_files([])
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="a file of the Leefbaarometer"):
        verify_files([other])
    frame = pd.DataFrame({"location": ["WK001400"], "name": ["x"], "year": [2020], "population": [1.0]})
    with pytest.raises(InputError, match="a release of the Leefbaarometer"):
        verify_release(Observations("kwb", "wijk", 2020, frame, (SourceFile("made by hand", "0"),)))


def test_rounded_positions_of_edition_2_may_lie_on_either_side_of_a_cut() -> None:
    # Three decimals, as in the CSV files: 3.89697 is a cut, and what is written 3.897 may be .0005 off.
    scores = pd.DataFrame(
        {
            "location": ["1011", "1012"],
            "name": ["1011", "1012"],
            "year": np.array([2012, 2012], dtype="int32"),
            "lbm2_score": [3.8974, 4.0974],
            "lbm2_class": [4.0, 6.0],
        }
    )
    for part in ("housing", "residents", "amenities", "safety", "environment"):
        scores[f"lbm2_{part}"] = (scores["lbm2_score"] - 4.1544) / 5
    observations = Observations(
        "leefbaarometer-2.0", "pc4", 2018, scores, (SourceFile("made by hand", "0"),), base=4.1544
    )
    table = verify_release(observations)
    classes = table[table["check"] == "lbm2_class"].set_index("location")
    assert classes["agrees"].tolist() == [False, True]
    assert classes["borderline"].tolist() == [True, False]
    exact = scores.assign(lbm2_score=[3.89746, 4.09741])
    table = verify_release(replace(observations, frame=exact)).set_index(["check", "location"])
    assert not table.loc["lbm2_class", "borderline"].any()


# --- The official files ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def layer_2024(real_data: Path) -> pd.DataFrame:
    [observations] = read_layers([real_data / "leefbaarometer-3.0" / "wfs buurtscore24.csv"])
    return verify_release(observations)


def test_all_classes_of_the_real_layer_are_reproduced(layer_2024: pd.DataFrame) -> None:
    assert layer_2024.groupby("check").size().to_dict() == dict.fromkeys([*PARTS, "wfs_class", SUM], 12_147)
    assert layer_2024["agrees"].all()
    assert not layer_2024["borderline"].any()


def test_intervals_in_the_catalogue_are_those_of_the_real_layer(layer_2024: pd.DataFrame) -> None:
    facts = load("leefbaarometer_wfs")["cuts"]
    for checks, name in ((["wfs_class"], "total"), (PARTS, "parts")):
        np.testing.assert_allclose(cut_bounds(layer_2024, checks), facts[name]["between"], rtol=0, atol=1e-9)
    naive = np.array([-0.2352, -0.1568, -0.0784, -0.0392, 0.0392, 0.0784, 0.1568, 0.2352])
    parts = layer_2024[layer_2024["check"].isin(PARTS)]
    found = np.searchsorted(naive, parts["value"].to_numpy(), side="right") + 1
    assert (found != parts["published"].to_numpy()).sum() == 8


def test_cuts_found_in_half_of_the_municipalities_serve_the_other_half(layer_2024: pd.DataFrame) -> None:
    for checks, others, most in ((PARTS, 35_538, 3), (["wfs_class"], 5_923, 5)):
        chosen = layer_2024[layer_2024["check"].isin(checks)]
        even = chosen["location"].str[2:6].astype(int).to_numpy() % 2 == 0
        cuts = cut_bounds(chosen[even], checks).mean(axis=1)
        rest = chosen[~even]
        found = np.searchsorted(cuts, rest["value"].to_numpy(), side="right") + 1
        assert len(rest) == others
        assert (found != rest["published"].to_numpy()).sum() == most


def test_real_files_of_edition_2_agree_and_cuts_from_wijken_serve_gemeenten(real_data: Path) -> None:
    made = read_scores(sorted((real_data / "leefbaarometer-2.0").glob("*.xlsx")))
    tables = {each.level: verify_release(each) for each in made}
    classes = {level: table[table["check"] != SUM] for level, table in tables.items()}
    assert {level: len(table) for level, table in classes.items()} == {"wijk": 16_917, "gemeente": 2_340}
    assert all(table["agrees"].all() and not table["borderline"].any() for table in tables.values())
    developments = sorted(set(classes["wijk"]["check"]) - {"lbm2_class"})
    for checks in (["lbm2_class"], developments):
        cuts = cut_bounds(tables["wijk"], checks).mean(axis=1)
        gemeenten = classes["gemeente"][classes["gemeente"]["check"].isin(checks)]
        found = np.searchsorted(cuts, gemeenten["value"].to_numpy(), side="right") + 1
        assert (found == gemeenten["published"].to_numpy()).all()


def test_the_real_score_file_has_one_base_constant(real_data: Path) -> None:
    [path] = (real_data / "leefbaarometer-3.0").glob("Leefbaarometer-scores wijken*.csv")
    text, good = verify([path])
    assert good
    assert "base constant lbm - afw = 4.102265 in each of 23,058 rows of 2002, 2008, 2012, 2014, 2016" in text
