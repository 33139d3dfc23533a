"""Contributions summed per driver, for many rows: the same whichever way they are told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import experiment, training_from

from riskmodel.catalogue import drivers
from riskmodel.forecasting.drivers.contributions import by_driver
from riskmodel.forecasting.features import Features
from riskmodel.forecasting.models.lightgbm import LightGBM
from riskmodel.forecasting.models.structural import EXPECTATION, Structural
from riskmodel.scoring.driver_sums import PLAIN, driver_sums, summed

THRESHOLDS = np.array(experiment().outputs.thresholds)
NAMES = ("onv.police_nuisance", *EXPECTATION, "history.unrest", "size.spread", "soc.level", "size.inhabitants")


@pytest.fixture(scope="module")
def examples():
    """Examples in which a structural term, a driver of its own and size each play a part."""
    rng = np.random.default_rng(7)
    values = rng.normal(0, 0.05, size=(500, len(NAMES)))
    values[:, NAMES.index("size.spread")] = np.log(0.04)
    change = 0.3 * values[:, NAMES.index("onv.police_nuisance")] - 0.5 * values[:, 1] + rng.normal(0, 0.01, 500)
    values[::7, NAMES.index("soc.level")] = np.nan
    features = Features(NAMES, values)
    return features, training_from(features, change)


@pytest.fixture(scope="module")
def trees(examples):
    return LightGBM(trees=12, leaves=5, min_in_leaf=10, learning_rate=0.3, share=0.25).fit(examples[1], THRESHOLDS)


def reading_order(told):
    return [driver.id for driver in drivers() if driver.id in told]


def test_drivers_of_trees_are_those_of_the_contributions_told_one_by_one(examples, trees):
    features, _ = examples
    expected = by_driver(NAMES, trees.contributions(features))
    for compiled, how in ((True, "tables"), (False, PLAIN)):
        sums = driver_sums(trees, compiled=compiled)
        assert sums.how == how
        assert list(sums.names) == reading_order(sums.names) == [name for name in expected if name != "base"]
        found = sums.sums(features.values)
        np.testing.assert_allclose(found[:, :-1], expected[list(sums.names)], rtol=0, atol=1e-12)
        np.testing.assert_allclose(found[:, -1], expected["base"], rtol=0, atol=1e-12)
        np.testing.assert_allclose(found.sum(axis=1), trees.distribution(features).mean(), rtol=0, atol=1e-9)
    assert driver_sums(trees).how == "tables", "compiled unless told otherwise"


def test_without_the_compiler_of_trees_lightgbm_is_asked(examples, trees):
    sums = driver_sums(trees, compiled=False)
    assert sums.how == PLAIN == "pred_contrib"
    features, _ = examples
    expected = by_driver(NAMES, trees.contributions(features))[list(sums.names)]
    np.testing.assert_allclose(sums.sums(features.values)[:, :-1], expected, rtol=0, atol=1e-12)


def test_drivers_of_the_structural_model_are_its_terms(examples):
    features, training = examples
    model = Structural().fit(training, THRESHOLDS)
    sums = driver_sums(model)
    assert (sums.how, list(sums.names)) == ("terms", reading_order(sums.names))
    expected = by_driver(NAMES, model.contributions(features))
    np.testing.assert_allclose(sums.sums(features.values)[:, :-1], expected[list(sums.names)], rtol=0, atol=1e-15)
    np.testing.assert_allclose(sums.sums(features.values)[:, -1], expected["base"], rtol=0, atol=0)
    # A driver of which no feature is a term is told, with nothing.
    assert (sums.sums(features.values)[:, sums.names.index("onv")] == 0).all()
    assert np.abs(expected[list(sums.names)]).max().max() > 0.001


def test_the_sums_of_a_row_do_not_hang_on_the_rows_beside_it(examples, trees):
    features, _ = examples
    for model in (trees, trees.structural):
        sums = driver_sums(model, compiled=False).sums
        together = sums(features.values)
        np.testing.assert_array_equal(
            np.concatenate([sums(row[None]) for row in features.values[:40]]), together[:40]
        )


def test_a_model_without_drivers_has_none():
    assert driver_sums(object()) is None


def test_summed_worked_out_by_hand():
    contributions = np.array([[0.1, 0.2, 0.4, 9.0], [1.0, -2.0, 4.0, 7.0]])
    np.testing.assert_allclose(summed(contributions, np.array([1, 0, 1])), [[0.2, 0.5, 9.0], [-2.0, 5.0, 7.0]])
    # Without any feature there is only the base value.
    np.testing.assert_array_equal(summed(np.array([[3.0]]), np.array([], dtype=int)), [[3.0]])


@given(st.integers(1, 5), st.integers(1, 8), st.integers(1, 4), st.integers(0, 99))
def test_summed_is_a_sum_over_the_features_of_each_driver(rows, n_features, n_drivers, seed):
    rng = np.random.default_rng(seed)
    owner = rng.integers(0, n_drivers, n_features)
    contributions = rng.integers(-9, 9, (rows, n_features + 1)).astype(float)
    found = summed(contributions, owner)
    assert found.shape == (rows, owner.max() + 2)
    for row in range(rows):
        for driver in range(owner.max() + 1):
            assert found[row, driver] == sum(
                contributions[row, i] for i in range(n_features) if owner[i] == driver
            )
        assert found[row, -1] == contributions[row, -1]
