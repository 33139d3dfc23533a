"""What a change consists of: worked by hand, by the textbook formula and against the published changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from measured_worlds import measured_world, real_measured_2, real_measured_3, with_dimensions

from riskmodel.catalogue import DIMENSIONS
from riskmodel.errors import InputError
from riskmodel.monitor.decomposition import (
    CANCELLED_OUT,
    UNCHANGED,
    covariance_shares,
    dimension_contributions,
    dimension_label,
    group_contributions,
    strongest_dimension,
)
from riskmodel.monitor.measured import Measured
from riskmodel.panel.measurement_noise import Noise
from riskmodel.products.present.group_words import NO_SHARES

NOISE = Noise(constant=0.0001, per_inhabitant=0.1, typical=1000.0)
PARTS = list(DIMENSIONS)


def moved(changes: object, **others: object) -> Measured:
    """Areas whose dimensions changed by these, shape (areas, 5): onv, soc, won, fys, vrz."""
    after = np.asarray(changes, dtype=float).T
    return with_dimensions(np.stack([np.zeros_like(after), after], axis=2), **others)


def test_contributions_by_hand():
    world = with_dimensions(
        np.array(
            [
                [[0.10, 0.04], [0.00, 0.00]],
                [[0.02, 0.03], [0.00, np.nan]],
                [[0.00, 0.00], [0.01, 0.00]],
                [[-0.05, -0.05], [0.02, 0.00]],
                [[0.01, 0.00], [0.03, 0.00]],
            ]
        )
    )
    table = dimension_contributions(world, 2014, 2018)
    assert len(table) == 1 and table.attrs["not_measured"] == 1
    np.testing.assert_allclose(table[PARTS].iloc[0], [-0.06, 0.01, 0.0, 0.0, -0.01], atol=1e-12)
    np.testing.assert_allclose(table["change"], -0.06)


def test_waves_without_dimensions_are_told():
    parts = np.zeros((5, 2, 3))
    parts[:, :, 1] = np.nan
    world = with_dimensions(parts, (2014, 2016, 2018))
    for question in (dimension_contributions, group_contributions, covariance_shares, strongest_dimension):
        with pytest.raises(InputError, match=r"measurement 2016.*no dimensions.*one of \[2014, 2018\]"):
            question(world, 2014, 2016)
    with pytest.raises(InputError, match="there is none"):
        dimension_contributions(measured_world(np.zeros((2, 2)), (2014, 2018)), 2014, 2018)
    with pytest.raises(InputError, match="after"):
        dimension_contributions(world, 2018, 2014)


def test_group_by_hand():
    world = moved(
        [[-0.06, -0.02, 0.00, 0.00, 0.00], [0.02, -0.02, 0.00, 0.00, 0.00], [0.00, 0.00, 0.00, 0.00, 0.04]],
        inhabitants=[1000.0, 3000.0, 4000.0],
    )
    table = group_contributions(world, 2014, 2018, "inhabitants", {"twee": np.array([True, True, False])})
    whole, two = table[table["group"] == "alle gebieden"], table[table["group"] == "twee"]
    # onv (-.06 * 1 + .02 * 3) / 8 = 0; soc -.08 / 8 = -.01; vrz .16 / 8 = .02; together +.01
    np.testing.assert_allclose(whole["change"], [0.0, -0.01, 0.0, 0.0, 0.02], atol=1e-15)
    np.testing.assert_allclose(whole["total_change"], 0.01)
    np.testing.assert_allclose(whole["share"], [0.0, -1.0, 0.0, 0.0, 2.0], atol=1e-12)
    # onv 0 and soc -.08 / 4 = -.02
    np.testing.assert_allclose(two["change"], [0.0, -0.02, 0.0, 0.0, 0.0], atol=1e-15)
    np.testing.assert_allclose(two["share"], [0.0, 1.0, 0.0, 0.0, 0.0], atol=1e-12)
    assert set(two["areas"]) == {2} and set(two["weight"]) == {4000.0} and set(two["left_out"]) == {0}
    once = group_contributions(world, 2014, 2018, None)
    np.testing.assert_allclose(once["change"], np.array([-0.04, -0.04, 0.0, 0.0, 0.04]) / 3)


def test_no_shares_of_nothing():
    still = moved([[0.02, -0.0195, 0.0, 0.0, 0.0]] * 2)
    table = group_contributions(still, 2014, 2018)
    assert table["share"].isna().all() and set(table["note"]) == {UNCHANGED}
    assert NO_SHARES[UNCHANGED] == "geen aandeel: de score is bijna gelijk gebleven"
    # .01 of .05 up and .04 down
    cancelled = moved([[0.05, -0.04, 0.0, 0.0, 0.0]] * 2)
    table = group_contributions(cancelled, 2014, 2018)
    assert table["share"].isna().all()
    assert set(table["note"]) == {CANCELLED_OUT}
    assert NO_SHARES[CANCELLED_OUT] == "geen aandeel: de dimensies heffen elkaar grotendeels op"
    np.testing.assert_allclose(table["change"], [0.05, -0.04, 0.0, 0.0, 0.0])
    nobody = group_contributions(cancelled, 2014, 2018, np.zeros(2))
    assert nobody["share"].isna().all() and "geen gebied" in NO_SHARES[nobody["note"].iloc[0]]


def test_areas_without_scores_or_people_are_told():
    changes = np.full((4, 5), 0.01)
    changes[0, 2] = np.nan
    world = moved(changes, inhabitants=[100.0, np.nan, 100.0, 300.0])
    table = group_contributions(world, 2014, 2018, groups={"rand": np.array([True, True, True, False])})
    assert list(table.groupby("group")["left_out"].first()) == [2, 2]
    assert list(table.groupby("group")["areas"].first()) == [2, 1]


@pytest.mark.parametrize("weights", [np.ones(3), -np.ones(2), np.array(["a", "b"])])
def test_wrong_weights(weights: npt.NDArray[np.generic]):
    with pytest.raises(InputError, match="weights"):
        group_contributions(moved(np.zeros((2, 5))), 2014, 2018, weights)  # type: ignore[arg-type]


@pytest.mark.parametrize("chosen", [np.array([True]), np.array([0, 1])])
def test_wrong_groups(chosen: npt.NDArray[np.generic]):
    with pytest.raises(InputError, match="group 'fout'"):
        group_contributions(moved(np.zeros((2, 5))), 2014, 2018, groups={"fout": chosen})  # type: ignore[dict-item]


some_changes = st.integers(3, 15).flatmap(
    lambda n: arrays(float, (n, 5), elements=st.floats(-0.25, 0.25, width=32))
)


@settings(max_examples=60, deadline=None)
@given(some_changes, st.randoms(use_true_random=False))
def test_everything_adds_up_in_any_order(changes, random):
    world = moved(changes, inhabitants=np.arange(1.0, len(changes) + 1))
    table = dimension_contributions(world, 2014, 2018)
    np.testing.assert_allclose(table[PARTS].sum(axis=1), table["change"], atol=1e-9)
    half = np.arange(len(changes)) % 2 == 0
    groups = group_contributions(world, 2014, 2018, groups={"half": half, "rest": ~half})
    for _, rows in groups.groupby("group"):
        assert rows["change"].sum() == pytest.approx(rows["total_change"].iloc[0], abs=1e-12)
        assert rows["share"].isna().all() or rows["share"].sum() == pytest.approx(1)
        assert rows["share"].isna().all() == (rows["note"] != "").all()
        assert rows["share"].abs().max() <= 4 or rows["share"].isna().all()
    # Two halves make a whole, by their weights.
    wide = groups.pivot(index="dimension", columns="group", values="change")
    mass = groups.groupby("group")["weight"].first()
    together = (wide["half"] * mass["half"] + wide["rest"] * mass["rest"]) / mass["alle gebieden"]
    np.testing.assert_allclose(together, wide["alle gebieden"], atol=1e-12)
    if np.ptp(table["change"]) > 1e-3:
        shares = covariance_shares(world, 2014, 2018, draws=2)
        assert shares["share"].sum() == pytest.approx(1, abs=1e-6)
        order = list(range(len(changes)))
        random.shuffle(order)
        again = covariance_shares(moved(changes[order]), 2014, 2018, draws=2)
        np.testing.assert_allclose(again["share"], shares["share"], atol=1e-9)


def test_covariance_shares_by_hand():
    # Changes of the score -.03, 0, .03; onv moves with it by two thirds, vrz by one third.
    world = moved([[-0.02, 0, 0, 0, -0.01], [0, 0, 0, 0, 0], [0.02, 0, 0, 0, 0.01]])
    found = covariance_shares(world, 2014, 2018)
    np.testing.assert_allclose(found["share"], [2 / 3, 0, 0, 0, 1 / 3], atol=1e-12)
    assert found[["low95", "high95"]].isna().all(axis=None) and set(found["municipalities"]) == {1}


def test_covariance_shares_against_numpy():
    rng = np.random.default_rng(1)
    changes = rng.normal(0.01, [0.03, 0.01, 0.02, 0.005, 0.01], (300, 5)) @ (np.eye(5) + 0.3)
    found = covariance_shares(moved(changes, municipality=np.repeat(np.arange(30), 10)), 2014, 2018)
    total = changes.sum(axis=1)
    expected = [np.cov(part, total)[0, 1] / np.var(total, ddof=1) for part in changes.T]
    np.testing.assert_allclose(found["share"], expected, rtol=1e-9)
    assert (found["low95"] < found["share"]).all() and (found["share"] < found["high95"]).all()
    assert set(found["areas"]) == {300} and set(found["municipalities"]) == {30}


def test_interval_is_that_of_drawing_municipalities():
    rng = np.random.default_rng(2)
    town = np.repeat(np.arange(40), 5)
    changes = 0.02 * rng.standard_normal((40, 5))[town] + 0.01 * rng.standard_normal((200, 5))
    found = covariance_shares(moved(changes, municipality=town), 2014, 2018, draws=4000)
    drawn = []
    for _ in range(1500):
        areas = np.concatenate([np.flatnonzero(town == one) for one in rng.integers(0, 40, 40)])
        total = changes[areas].sum(axis=1)
        drawn.append([np.cov(part, total)[0, 1] / np.var(total, ddof=1) for part in changes[areas].T])
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    np.testing.assert_allclose(found["low95"], low, atol=0.015)
    np.testing.assert_allclose(found["high95"], high, atol=0.015)
    # Areas drawn one by one would look surer than they are.
    alone = covariance_shares(moved(changes, municipality=np.arange(200)), 2014, 2018)
    assert (alone["high95"] - alone["low95"]).sum() < 0.8 * (found["high95"] - found["low95"]).sum()


def test_the_same_draws_each_time():
    changes = np.random.default_rng(3).normal(0, 0.02, (60, 5))
    world = moved(changes, municipality=np.repeat(np.arange(12), 5))
    pd.testing.assert_frame_equal(covariance_shares(world, 2014, 2018), covariance_shares(world, 2014, 2018))


def test_no_covariance_without_differences():
    for changes in (np.full((5, 5), 0.01), np.random.default_rng(0).normal(0, 1, (2, 5))):
        with pytest.raises(InputError, match="three or more that differ"):
            covariance_shares(moved(changes), 2014, 2018)


def test_strongest_by_hand():
    world = moved(
        [
            [-0.06, -0.05, 0.00, 0.00, 0.03],  # -.08: onv by .01
            [0.01, 0.00, 0.00, -0.10, 0.00],  # -.09: fys by .10
            [0.00, -0.03, 0.00, 0.00, 0.00],  # -.03: within the jitter
            [0.10, -0.05, 0.00, 0.00, 0.00],  # rose
        ]
    )
    found = strongest_dimension(world, 2014, 2018, noise=NOISE)
    assert list(found["name"]) == ["Wijk 1", "Wijk 0"]
    assert list(found["dimension"]) == ["fys", "onv"]
    assert list(found["label"]) == ["fysieke omgeving", "overlast en onveiligheid"]
    np.testing.assert_allclose(found["dimension_change"], [-0.10, -0.06])
    np.testing.assert_allclose(found["lead"], [0.10, 0.01])
    with pytest.raises(InputError, match="no estimate"):
        strongest_dimension(world, 2014, 2018)


def test_labels_of_both_editions():
    assert dimension_label("soc") == "sociale samenhang"
    assert dimension_label("lbm2_safety") == "veiligheid"


def test_real_dimensions_of_3_add_up(real_data: Path):
    country = real_measured_3(real_data)
    assert country.dimension_waves() == (2014, 2018, 2020)
    for start, end in ((2014, 2018), (2018, 2020), (2014, 2020)):
        table = dimension_contributions(country, start, end)
        assert len(table) > 3280
        assert (table[PARTS].sum(axis=1) - table["change"]).abs().max() < 1e-9
    shares = covariance_shares(country, 2018, 2020).set_index("dimension")
    assert shares["share"].sum() == pytest.approx(1)
    assert shares["share"].idxmax() == "onv" and 0.34 < shares.loc["onv", "share"] < 0.38
    with pytest.raises(InputError, match=r"\[2014, 2018, 2020\]"):
        dimension_contributions(country, 2014, 2016)


def test_real_dimensions_of_2_are_the_published_changes(real_data: Path):
    folder = real_data / "leefbaarometer-2.0"
    published = pd.read_excel(
        folder / "dimensiescore_wijk (ontwikkeling).xlsx", sheet_name="data(2)", engine="calamine"
    ).set_index("GBD")
    country = real_measured_2(real_data)
    names = {
        "lbm2_housing": "WON",
        "lbm2_residents": "BEV",
        "lbm2_amenities": "VRZ",
        "lbm2_safety": "VEI",
        "lbm2_environment": "FYS",
    }
    for start, end in ((2012, 2014), (2012, 2016), (2014, 2016)):
        table = dimension_contributions(country, start, end).set_index("location")
        assert (table[list(names)].sum(axis=1) - table["change"]).abs().max() < 1e-9
        for key, column in names.items():
            there = published[f"DLB{column}{start % 100}{end % 100}"].reindex(table.index)
            assert there.notna().sum() == len(table) > 2800
            np.testing.assert_allclose(table[key], there, atol=1e-9)
        shares = covariance_shares(country, start, end).set_index("dimension")
        assert shares["share"].idxmax() == "lbm2_safety" and 0.5 < shares.loc["lbm2_safety", "share"] < 0.75
