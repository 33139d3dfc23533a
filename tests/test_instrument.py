"""Instruments: one worked by hand, its two forms on disk, refusals, and the approximation that comes along."""

from __future__ import annotations

import math
import runpy
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import panel_of

from riskmodel.catalogue import DIMENSIONS, indicators
from riskmodel.errors import InputError
from riskmodel.monitor.instrument.file import read_instrument, shipped_instrument
from riskmodel.monitor.instrument.instrument import Instrument, Term, national_centre, score_from_indicators
from riskmodel.panel.panel import Panel

NAN = float("nan")
PROJECT = Path(__file__).parents[1]
CODES = ["WK001400", "WK001401", "WK003401"]
CSV = """edition,dimension,indicator,weight,transform,centre
3.0,onv,,0.01,,
3.0,onv,police_burglary,-0.02,per_1000,4.5
3.0,soc,,0.02,,
3.0,soc,owner_occupied,0.001,none,2016:58.0 2022:60
3.0,won,,0,,
3.0,fys,,0,,
3.0,vrz,,-0.05,,
3.0,vrz,distance_supermarket,-0.03,log,-0.1
"""
TOML = """
edition = "3.0"
name = "by hand"
within = 4
intercept = { onv = 0.01, soc = 0.02, won = 0, fys = 0, vrz = -0.05 }
[[term]]
dimension = "onv"
indicator = "police_burglary"
weight = -0.02
transform = "per_1000"
centre = 4.5
[[term]]
dimension = "soc"
indicator = "owner_occupied"
weight = 0.001
centre = { 2016 = 58.0, 2022 = 60 }
[[term]]
dimension = "vrz"
indicator = "distance_supermarket"
weight = -0.03
transform = "log"
centre = -0.1
"""


def written(folder: Path, text: str, name: str = "by hand.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def by_hand(tmp_path: Path) -> Instrument:
    return read_instrument(written(tmp_path, TOML))


@pytest.fixture(scope="module")
def panel() -> Panel:
    """Figures of different years; the last wijk has no shop within reach and the second no count of burglaries."""
    return panel_of(
        {
            "score": {2018: [4.0, 4.1, 4.2], 2020: [4.0, 4.1, 4.2]},
            "population": {2016: [1000.0, 3000.0, 500.0], 2019: [2000.0, 3000.0, 500.0]},
            "police_burglary": {2019: [13.0, NAN, 0.0]},
            "owner_occupied": {2016: [38.0, 58.0, 78.0], 2019: [0.0, 0.0, 0.0], 2022: [40.0, 60.0, 80.0]},
            "distance_supermarket": {2018: [1.0, math.e, 0.0]},
        },
        CODES,
    )


def test_an_instrument_worked_by_hand(by_hand: Instrument, panel: Panel) -> None:
    table = score_from_indicators(panel, by_hand, 2020).set_index("location")
    first = table.loc["WK001400"]
    # 13 burglaries on 2,000 inhabitants are 6.5 per 1,000, 2 above the centre: .01 - .02 x 2
    assert first["onv"] == pytest.approx(-0.03)
    # 2020 lies nearer to 2022 than to 2016, and 2019 has no centre: .02 + .001 x (40 - 60)
    assert first["soc"] == pytest.approx(0.0)
    # log 1 is 0, .1 above the centre: -.05 - .03 x .1
    assert first["vrz"] == pytest.approx(-0.053)
    assert (first["won"], first["fys"]) == (0, 0)
    assert first["deviation"] == pytest.approx(-0.083)
    assert (first["class"], first["class_name"]) == (6, "ruim voldoende")
    assert (first["missing"], first["instrument"], first["approximation"]) == (0, "by hand", True)
    second, third = table.loc["WK001401"], table.loc["WK003401"]
    assert np.isnan(second["onv"]), "a missing figure is no figure of zero"
    assert second["vrz"] == pytest.approx(-0.05 - 0.03 * 1.1)
    assert third["onv"] == pytest.approx(0.01 + 0.02 * 4.5)
    assert np.isnan(third["vrz"]), "no logarithm of nothing"
    assert table["missing"].tolist() == [0, 1, 1]
    assert table["deviation"].isna().tolist() == [False, True, True]
    assert table["class_name"].tolist() == ["ruim voldoende", "", ""]


def test_the_year_decides_which_figures_count(by_hand: Instrument, panel: Panel) -> None:
    # 2018 is two years from 2016 and four from 2022; the count is of 2019 with the inhabitants of that year.
    first = score_from_indicators(panel, by_hand, 2018).set_index("location").loc["WK001400"]
    assert first["soc"] == pytest.approx(0.02 + 0.001 * (38 - 58))
    assert first["onv"] == pytest.approx(-0.03)
    with pytest.raises(InputError, match=r"'police_burglary': found no figures of a year within 4 years of 2014"):
        score_from_indicators(panel, by_hand, 2014)
    late = replace(by_hand, within=1)
    with pytest.raises(InputError, match=r"that has a centre \(\[2016, 2022\]\) within 1 years of 2018"):
        score_from_indicators(panel, late, 2018)


def test_a_frame_serves_as_well_as_a_panel(by_hand: Instrument, panel: Panel) -> None:
    frame = pd.DataFrame(
        {
            "population": panel.at("population", 2019),
            "police_burglary": panel.at("police_burglary", 2019),
            "owner_occupied": panel.at("owner_occupied", 2022),
            "distance_supermarket": panel.at("distance_supermarket", 2018),
        },
        index=CODES,
    )
    pd.testing.assert_frame_equal(
        score_from_indicators(frame, by_hand, 2020), score_from_indicators(panel, by_hand, 2020)
    )
    with pytest.raises(InputError, match="'owner_occupied': found no figures"):
        score_from_indicators(frame.drop(columns="owner_occupied"), by_hand, 2020)
    with pytest.raises(InputError, match="no column 'population'"):
        score_from_indicators(frame.drop(columns="population"), by_hand, 2020)


def test_both_forms_on_disk_are_the_same(by_hand: Instrument, tmp_path: Path) -> None:
    from_csv = read_instrument(written(tmp_path, CSV, "by hand.csv"))
    assert from_csv.terms == by_hand.terms
    assert from_csv.intercept == by_hand.intercept
    assert (from_csv.name, from_csv.edition, from_csv.within) == ("by hand", "3.0", 0)
    assert CSV in (PROJECT / "docs" / "instrument.md").read_text(encoding="utf-8"), "the documented example"


def test_edition_2_is_classified_on_the_absolute_score(tmp_path: Path) -> None:
    parts = ["lbm2_housing", "lbm2_residents", "lbm2_amenities", "lbm2_safety", "lbm2_environment"]
    rows = [f"2.0,{part},,0.01,," for part in parts] + ["2.0,lbm2_housing,dwelling_value,0.001,none,200"]
    made = read_instrument(written(tmp_path, "\n".join([CSV.splitlines()[0], *rows]), "two.csv"))
    frame = pd.DataFrame({"dwelling_value": [200.0, 90.0, NAN]}, index=CODES)
    table = score_from_indicators(frame, made, 2016)
    # 4.1544 + .05 = 4.2044 lies between 4.19233 and 4.30432; .11 lower it lies between 3.99713 and 4.19233.
    np.testing.assert_allclose(table["deviation"], [0.05, -0.06, NAN])
    np.testing.assert_array_equal(table["class"], [7, 6, NAN])
    assert table["class_name"].tolist() == ["goed", "ruim voldoende", ""]


@given(st.lists(st.floats(-50, 50), min_size=3, max_size=3), st.floats(-3, 3))
def test_dimensions_add_up_and_weights_are_linear(values: list[float], times: float) -> None:
    frame = pd.DataFrame({"owner_occupied": values}, index=CODES)
    intercept = {key: 0.01 * place for place, key in enumerate(DIMENSIONS)}
    once, often = (
        score_from_indicators(
            frame, Instrument("x", "3.0", intercept, (Term("soc", "owner_occupied", weight, "none", 10.0),)), 2020
        )
        for weight in (0.002, 0.002 * times)
    )
    np.testing.assert_allclose(once[list(DIMENSIONS)].sum(axis=1), once["deviation"], atol=1e-12)
    np.testing.assert_allclose(often["soc"] - 0.01, times * (once["soc"] - 0.01), atol=1e-12)


def test_a_national_centre_is_weighted_by_inhabitants(panel: Panel) -> None:
    assert national_centre(panel, "owner_occupied", "none", 2016) == pytest.approx((38 + 3 * 58 + 0.5 * 78) / 4.5)
    # Burglaries per 1,000 inhabitants where they are known: 13 on 2,500 people.
    assert national_centre(panel, "police_burglary", "per_1000", 2019) == pytest.approx(1000 * 13 / 2500)
    with pytest.raises(InputError, match="no value in 2016"):
        national_centre(panel, "police_burglary", "none", 2016)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('edition = "3.0"', 'edition = "1.0"', "edition '1.0'"),
        ('edition = "3.0"', "", "no 'edition'"),
        ("won = 0, ", "", "intercepts of"),
        ('dimension = "soc"', 'dimension = "social"', "another dimension"),
        ('"log"', '"square"', "transform 'square'"),
        ("weight = -0.03", "weight = nan", "no number"),
        ("weight = -0.03", 'weight = "veel"', "could not convert"),
        ("weight = -0.03", "", "no 'weight'"),
        ("centre = -0.1", "centre = { 2016 = inf }", "no number"),
        (
            'dimension = "vrz"\nindicator = "distance_supermarket"',
            'dimension = "soc"\nindicator = "owner_occupied"',
            "twice",
        ),
        ('indicator = "owner_occupied"', 'indicator = "non_western_background"', "origin of residents"),
        ("[[term]]", "[[term", "table of weights"),
    ],
)
def test_tables_that_are_not_as_described_are_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in TOML
    with pytest.raises(InputError, match=message):
        read_instrument(written(tmp_path, TOML.replace(old, new, 1)))


def test_csv_tables_that_are_not_as_described_are_refused(tmp_path: Path) -> None:
    for text, message in (
        ("a,b\n1,2\n", "no column 'edition'"),
        ("", "no column 'edition'"),
        (CSV.replace("3.0,soc,,", "2.0,soc,,"), "2.0 and 3.0"),
        (CSV.replace("2016:58.0", "2016:x"), "could not convert"),
    ):
        with pytest.raises(InputError, match=message):
            read_instrument(written(tmp_path, text, "a.csv"))
    with pytest.raises(InputError, match="expected a readable file"):
        read_instrument(tmp_path / "absent.csv")
    (tmp_path / "latin.csv").write_bytes(CSV.replace("soc", "so\xe9").encode("latin-1"))
    with pytest.raises(InputError, match="not UTF-8"):
        read_instrument(tmp_path / "latin.csv")


def test_origin_may_be_asked_for(tmp_path: Path) -> None:
    path = written(tmp_path, TOML.replace("owner_occupied", "non_western_background"))
    assert read_instrument(path, allow_origin=True).terms[1].indicator == "non_western_background"


# --- The approximation that comes along -----------------------------------------------------------------------


def test_the_approximation_says_what_it_is_and_uses_no_origin() -> None:
    made = shipped_instrument()
    assert made.approximation
    assert made.about.startswith("An approximation, not the official instrument.")
    known = indicators()
    assert {known[term.indicator].sensitivity for term in made.terms} == {"", "proxy"}
    assert not {known[term.indicator].driver for term in made.terms} & {"health", "history"}
    assert {term.indicator for term in made.terms if term.proxy} <= {
        *("low_income", "high_income", "rivm_money_trouble"),
    }
    assert {key: sum(term.dimension == key for term in made.terms) for key in DIMENSIONS} == dict.fromkeys(
        DIMENSIONS, 10
    )
    # Nobody who reads the fit can take it for exact, and no field of it is missing.
    levels = [row for row in made.fit if "measurement" in row]
    assert {row["measurement"] for row in levels} == {2014, 2018, 2020}
    assert all(row["r2_total"] < 0.8 and row["same_class"] < 0.7 * row["n"] for row in levels)


def test_the_document_tells_the_fit_of_the_file() -> None:
    text = (PROJECT / "docs" / "instrument.md").read_text(encoding="utf-8")
    for row in shipped_instrument().fit:
        if "measurement" in row:
            start = f"| {row['measurement']} | {row['areas']} | {row['n']:,} | {row['r2_onv']:.2f} |"
            assert start in text
            assert f"| {row['same_class']:,} ({row['same_class'] / row['n']:.0%}) |" in text


def test_the_weights_are_those_of_the_experiment(
    real_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["estimate_weights.py", str(real_data), str(tmp_path)])
    runpy.run_path(str(PROJECT / "experiments" / "estimate_weights.py"), run_name="__main__")
    assert "Estimated on 2,105 wijken of 2018." in capsys.readouterr().out
    made, shipped = read_instrument(tmp_path / "approximation-3.0.toml"), shipped_instrument()
    assert [(term.dimension, term.indicator) for term in made.terms] == [
        (term.dimension, term.indicator) for term in shipped.terms
    ]
    np.testing.assert_allclose(
        [term.weight for term in made.terms], [term.weight for term in shipped.terms], rtol=1e-4
    )
    assert made.fit == shipped.fit
    assert (tmp_path / "instrument.md").read_bytes() == (PROJECT / "docs" / "instrument.md").read_bytes()
