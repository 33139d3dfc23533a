"""The current state: one table for both editions and every level."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from worlds import panel_of

from riskmodel.errors import InputError
from riskmodel.monitor.current import current_table, state_table
from riskmodel.monitor.measured import Measured, measured_of, measured_of_2, municipality_names
from riskmodel.panel.panel import Panel
from riskmodel.sources.leefbaarometer.edition2 import read_scores

NAN = float("nan")
CODES = ["WK001400", "WK003401", "WK036302", "WK999900"]


@pytest.fixture(scope="module")
def panel() -> Panel:
    """Four wijken with base 4.1; Park was not measured in 2020 and Nergens only then."""
    made = panel_of(
        {
            "score": {
                2016: [4.20, NAN, 4.30, NAN],
                2018: [4.15, 3.60, NAN, NAN],
                2020: [3.90, 3.65, NAN, 4.27],
            },
            "onv": {2018: [0.03, -0.30, NAN, NAN]},
            "soc": {2018: [0.01, -0.10, NAN, NAN]},
            "won": {2018: [0.01, -0.05, NAN, NAN]},
            "fys": {2018: [0.01, -0.03, NAN, NAN]},
            "vrz": {2018: [-0.01, -0.02, NAN, NAN]},
            "population": {2018: [1200.0, 800.0, 10.0, NAN]},
        },
        CODES,
    )
    return replace(made, names=np.array(["Centrum", "Haven", "Park", "Nergens"]))


def test_state_of_hand_made_wijken(panel: Panel) -> None:
    table = state_table(measured_of(panel))
    assert table.columns.tolist() == [
        *("location", "name", "municipality", "wave", "score", "deviation", "class", "class_name", "inhabitants"),
        *("dimensions_wave", "onv", "soc", "won", "fys", "vrz", "change_since_2018", "change_since_2016"),
    ]
    assert table["location"].tolist() == ["WK001400", "WK003401", "WK999900"], "Park was not measured in 2020"
    assert table["name"].tolist() == ["Centrum", "Haven", "Nergens"]
    assert table["municipality"].tolist() == ["Groningen", "Almere", "GM9999"]
    assert table["wave"].tolist() == [2020] * 3
    assert table["score"].tolist() == [3.90, 3.65, 4.27]
    np.testing.assert_allclose(table["deviation"], [-0.20, -0.45, 0.17])
    assert table["class"].tolist() == [4, 1, 9]
    assert table["class_name"].tolist() == ["zwak", "zeer onvoldoende", "uitstekend"]
    np.testing.assert_array_equal(table["inhabitants"], [1200.0, 800.0, NAN])
    assert table["dimensions_wave"].tolist() == [2018] * 3
    np.testing.assert_array_equal(table["onv"], [0.03, -0.30, NAN])
    np.testing.assert_array_equal(table["vrz"], [-0.01, -0.02, NAN])
    np.testing.assert_allclose(table["change_since_2018"], [-0.25, 0.05, NAN])
    np.testing.assert_allclose(table["change_since_2016"], [-0.30, NAN, NAN])


def test_the_table_of_a_panel_is_that_of_what_was_measured(panel: Panel) -> None:
    for wave in (None, 2018, 2016):
        assert current_table(panel, wave).equals(state_table(measured_of(panel), wave))


def test_an_earlier_measurement_knows_no_later_one(panel: Panel) -> None:
    table = current_table(panel, wave=2016)
    assert table["location"].tolist() == ["WK001400", "WK036302"]
    assert table["class"].tolist() == [8, 9]
    assert table["dimensions_wave"].isna().all()
    assert not [column for column in table if column.startswith("change")]
    assert not {"onv", "soc", "won", "fys", "vrz"} & set(table.columns)


def test_a_panel_without_dimensions_or_counts_has_a_table(panel: Panel) -> None:
    bare = panel_of({"score": {2018: [4.1, 4.2]}}, CODES[:2])
    table = current_table(bare)
    assert table["class"].tolist() == [6, 8]
    assert table["inhabitants"].isna().all()
    assert table["dimensions_wave"].isna().all()


def test_a_measurement_that_is_not_there_is_refused(panel: Panel) -> None:
    with pytest.raises(InputError, match=r"measurement 2019: .* expected one of \[2016, 2018, 2020\]"):
        current_table(panel, 2019)


def test_areas_whose_code_names_no_municipality_have_none(panel: Panel) -> None:
    postcodes = replace(panel, level="pc4", areas=np.array(["1011", "1012", "1013", "1014"]))
    assert municipality_names(postcodes.municipality_codes()).tolist() == [""] * 4
    names = municipality_names(panel.municipality_codes())
    assert names.tolist() == ["Groningen", "Almere", "Amsterdam", "GM9999"]


@pytest.fixture(scope="module")
def second_edition(real_data: Path) -> Measured:
    [scores] = read_scores([real_data / "leefbaarometer-2.0" / "dimensiescore_gemeente (stand).xlsx"])
    return measured_of_2(scores, [scores])


def test_state_of_real_gemeenten_of_edition_2(second_edition: Measured) -> None:
    table = state_table(second_edition).set_index("location")
    assert len(table) == 390
    assert table.loc["GM0363", "name"] == "Amsterdam"
    assert table.loc["GM0363", "municipality"] == "Amsterdam"
    parts = table[["lbm2_housing", "lbm2_residents", "lbm2_amenities", "lbm2_safety", "lbm2_environment"]]
    np.testing.assert_allclose(parts.sum(axis=1), table["deviation"], rtol=0, atol=1e-12)
    np.testing.assert_allclose(table["score"] - table["deviation"], 4.1544)
    assert set(table["dimensions_wave"]) == {2016}
    assert [column for column in table if column.startswith("change")] == [
        "change_since_2014",
        "change_since_2012",
    ]
