"""Development between two measurements: worked by hand, and its noise held against worlds of which it is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from measured_worlds import measured_world, noisy_world, real_measured_2, real_measured_3

from riskmodel.errors import InputError
from riskmodel.monitor.development import (
    development_table,
    inhabitants_at,
    noise_of,
    noise_of_change,
    noise_or_unknown,
)
from riskmodel.panel.measurement_noise import UNKNOWN, Noise

#: Variance of a change at 1,000 inhabitants .0004: a standard deviation of .02.
NOISE = Noise(constant=0.0001, per_inhabitant=0.1, typical=1000.0)


def test_table_by_hand():
    world = measured_world(
        [
            [0.000, 0.000, 0.040],  # 2 noises up
            [0.000, 0.000, -0.070],  # 3.5 noises down, across -.0666
            [0.000, 0.000, 0.030],  # 1.5 noises: not clear
            [np.nan, 0.000, 0.100],  # not measured in 2014
        ]
    )
    table = development_table(world, 2014, 2018, NOISE)
    assert list(table["location"]) == ["WK000100", "WK000101", "WK000102"]
    assert table.attrs["not_measured"] == 1
    np.testing.assert_allclose(table["score_start"], 4.1)
    np.testing.assert_allclose(table["score_end"], [4.14, 4.03, 4.13])
    np.testing.assert_allclose(table["change"], [0.04, -0.07, 0.03])
    np.testing.assert_allclose(table["noise"], 0.02)
    np.testing.assert_allclose(table["low80"], [0.014368, -0.095632, 0.004368])
    np.testing.assert_allclose(table["high80"], [0.065632, -0.044368, 0.055632])
    assert list(table["beyond_noise"]) == [True, True, False]
    assert list(table["direction"]) == ["vooruit", "achteruit", "geen duidelijke verandering"]
    assert list(table["development_class"]) == [4, 3, 4]
    assert list(table["development_name"]) == ["geen verandering", "kleine achteruitgang", "geen verandering"]
    assert set(table["development_edition"]) == {"2.0"}
    # Cuts of 3.0: class 6 from -.10295 to .01015, class 7 to .08955.
    assert list(table["class_start"]) == [6, 6, 6] and list(table["class_end"]) == [7, 6, 7]
    assert set(table["start"]) == {2014} and set(table["end"]) == {2018}


def test_beyond_is_a_parameter():
    world = measured_world([[0.0, 0.0, 0.03], [0.0, 0.0, -0.03]])
    assert not development_table(world, 2014, 2018, NOISE)["beyond_noise"].any()
    assert development_table(world, 2014, 2018, NOISE, beyond=1.4)["beyond_noise"].all()


@pytest.mark.parametrize(
    ("change", "expected"),
    [(-0.25, 1), (-0.15, 2), (-0.08, 3), (-0.066, 4), (0.0, 4), (0.066, 4), (0.067, 5), (0.14, 6), (0.2, 7)],
)
def test_development_classes(change: float, expected: int):
    table = development_table(measured_world([[0.0, 0.0, change]]), 2016, 2018, NOISE)
    assert table["development_class"].item() == expected


def test_jitter_does_not_grow_with_the_span():
    world = measured_world([[0.0, 0.1, 0.2], [0.0, 0.1, 0.2]], (2002, 2014, 2016), [200.0, 5000.0])
    long, short = development_table(world, 2002, 2016, NOISE), development_table(world, 2014, 2016, NOISE)
    np.testing.assert_array_equal(long["noise"], short["noise"])


def test_jitter_counts_the_inhabitants_at_both_measurements():
    # New houses: from 100 to 10,000 inhabitants. .0001 + .1 / 100 + .0001 + .1 / 10000 = .00121
    world = measured_world([[0.0, 0.0]], (2014, 2016), [[100.0, 10_000.0]])
    table = development_table(world, 2014, 2016, NOISE)
    np.testing.assert_allclose(table["noise"], [0.00121**0.5])
    assert table["inhabitants_start"].item() == 100 and table["inhabitants"].item() == 10_000


def test_inhabitants_come_from_the_nearest_wave_that_has_them():
    counts = np.array(
        [[np.nan, 10.0, np.nan, 30.0], [np.nan, np.nan, np.nan, np.nan], [7.0, np.nan, np.nan, np.nan]]
    )
    world = measured_world(np.zeros((3, 4)), (2008, 2012, 2014, 2018), counts)
    np.testing.assert_array_equal(inhabitants_at(world, 2008), [10, np.nan, 7])
    np.testing.assert_array_equal(inhabitants_at(world, 2014), [10, np.nan, 7])
    np.testing.assert_array_equal(inhabitants_at(world, 2018), [30, np.nan, 7])


def test_an_area_of_unknown_size_gets_the_noise_of_the_typical():
    world = measured_world([[0.0, 0.0]], (2014, 2016), [[np.nan, np.nan]])
    np.testing.assert_allclose(development_table(world, 2014, 2016, NOISE)["noise"], [0.02])


def test_waves_in_the_wrong_order_or_unknown():
    world = measured_world([[0.0, 0.0, 0.0]])
    for start, end in ((2018, 2014), (2014, 2014)):
        with pytest.raises(InputError, match="after"):
            development_table(world, start, end, NOISE)
    with pytest.raises(InputError, match="2015"):
        development_table(world, 2015, 2018, NOISE)


def test_one_municipality_gets_the_noise_of_the_country():
    country, _ = noisy_world(np.random.default_rng(1), 2000, constant=0.0001, per_inhabitant=0.18)
    chosen = np.arange(2000) < 12
    whole = development_table(country, 2018, 2020)
    part = development_table(country.only(chosen), 2018, 2020, noise_of(country))
    pd.testing.assert_frame_equal(part, whole.iloc[:12], check_like=False)


def test_too_few_areas_say_that_nothing_is_known():
    country, _ = noisy_world(np.random.default_rng(1), 2000, constant=0.0001, per_inhabitant=0.18)
    part = country.only(np.arange(2000) < 12)
    with pytest.raises(InputError, match="all areas of the country"):
        noise_of(part)
    # NaN is never equal to itself, so by field.
    assert np.isnan([noise_or_unknown(part).constant, UNKNOWN.constant]).all()
    table = development_table(part, 2018, 2020)
    assert set(table["direction"]) == {"onbekend"} and not table["beyond_noise"].any()
    assert table[["noise", "low80", "high80"]].isna().all(axis=None)
    np.testing.assert_allclose(table["change"], part.change(2018, 2020))
    assert np.isnan(noise_of_change(part, 2018, 2020)).all()


def test_pure_jitter_is_beyond_itself_one_time_in_ten():
    world, _ = noisy_world(np.random.default_rng(8), 40_000, constant=0.0001, per_inhabitant=0.18, lasting=0.0)
    # The drift of the country is a change of every area; take it out, as nothing else is lasting here.
    score = world.score - world.score.mean(axis=0)
    table = development_table(replace(world, score=score), 2014, 2020)
    shares = table["direction"].value_counts(normalize=True)
    assert shares["vooruit"] == pytest.approx(0.05, abs=0.008)
    assert shares["achteruit"] == pytest.approx(0.05, abs=0.008)


def test_interval_holds_the_lasting_change_of_four_in_five():
    world, level = noisy_world(np.random.default_rng(9), 40_000, constant=0.0001, per_inhabitant=0.18)
    table = development_table(world, 2018, 2020)
    truth = level[:, -1] - level[:, -2]
    held = (truth >= table["low80"]) & (truth <= table["high80"])
    assert held.mean() == pytest.approx(0.80, abs=0.015)
    for part in (table["inhabitants"] < 500, table["inhabitants"] > 5000):
        assert held[part].mean() == pytest.approx(0.80, abs=0.03)
    # As documented: it holds fewer of those that stand out, because their jitter went the same way.
    assert held[table["beyond_noise"]].mean() < 0.75


def test_a_longer_span_shows_more_lasting_change_against_the_same_jitter():
    world, _ = noisy_world(np.random.default_rng(2), 20_000, constant=0.0001, per_inhabitant=0.18)
    short = development_table(world, 2018, 2020)["beyond_noise"].mean()
    assert development_table(world, 2002, 2020)["beyond_noise"].mean() > short + 0.2


changes = st.lists(st.floats(-1, 1), min_size=1, max_size=20)


@settings(max_examples=30, deadline=None)
@given(changes, st.floats(0, 5))
def test_table_agrees_with_itself(moved: list[float], beyond: float):
    world = measured_world(np.column_stack([np.zeros(len(moved)), moved]), (2014, 2016), 800.0)
    table = development_table(world, 2014, 2016, NOISE, beyond)
    np.testing.assert_allclose(table["score_end"] - table["score_start"], table["change"])
    np.testing.assert_allclose((table["low80"] + table["high80"]) / 2, table["change"], atol=1e-12)
    clear = table["direction"].isin(["vooruit", "achteruit"])
    assert (clear == table["beyond_noise"]).all()
    assert (table.loc[table["direction"] == "vooruit", "change"] > 0).all()
    assert (table.loc[table["direction"] == "achteruit", "change"] < 0).all()
    turned = replace(world, score=world.score[:, ::-1])
    mirrored = development_table(turned, 2014, 2016, NOISE, beyond)
    np.testing.assert_allclose(mirrored["change"], -table["change"], atol=1e-12)
    assert (mirrored["beyond_noise"] == table["beyond_noise"]).all()


def test_real_directions_of_3(real_data: Path):
    table = development_table(real_measured_3(real_data), 2018, 2020)
    assert len(table) == 3300 and table.attrs["not_measured"] == 3
    counts = table["direction"].value_counts()
    # Up more than down: the score of the country rose by .005 for wijken, .014 for inhabitants.
    assert 400 < counts["vooruit"] < 700 and 100 < counts["achteruit"] < 250
    tiny = table[table["inhabitants"] < 200]["noise"].min()
    assert tiny > 2 * table[table["inhabitants"] > 5000]["noise"].max()


def test_real_change_and_class_of_2_are_the_published_ones(real_data: Path):
    folder = real_data / "leefbaarometer-2.0"
    moved = pd.read_excel(
        folder / "dimensiescore_wijk (ontwikkeling).xlsx", sheet_name="data(2)", engine="calamine"
    ).set_index("GBD")
    classes = pd.read_excel(folder / "wijk.xlsx", engine="calamine").set_index("WK_CODE")
    country = real_measured_2(real_data)
    for start, end in ((2012, 2014), (2012, 2016), (2014, 2016)):
        table = development_table(country, start, end).set_index("location")
        span = f"{start % 100}{end % 100}"
        published = pd.DataFrame({"published": moved[f"DLBRMTR{span}"], "class": classes[f"VKL{span}"]})
        both = table.join(published).dropna(subset="published")
        assert len(both) == len(table) > 2800
        np.testing.assert_allclose(both["change"], both["published"], atol=1e-9)
        named = both.dropna(subset="class")
        assert len(named) > 2800 and (named["development_class"] == named["class"]).all()
