"""Contributions: exact Shapley values that add up, summed per driver and told in Dutch."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
import shap
from worlds import example_panel, experiment, training_from

from riskmodel.catalogue import drivers
from riskmodel.errors import InputError
from riskmodel.explaining.contributions import by_driver, in_words
from riskmodel.forecasting.features import Features, features_of, training_of
from riskmodel.forecasting.models.lightgbm import LightGBM
from riskmodel.forecasting.origins import origin_at

THRESHOLDS = np.array(experiment().outputs.thresholds)
NAMES = ("history.level", "history.slope", "onv.level", "size.inhabitants")


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """A model of the invented country and the features of all its areas, some of them missing."""
    panel = example_panel(tmp_path_factory.mktemp("country"))
    origin = origin_at(panel, 2018, 2)
    model = LightGBM(trees=60, min_in_leaf=20).fit(training_of(panel, origin), THRESHOLDS)
    return model, features_of(panel, origin)


def made(planted, n=2000):
    rng = np.random.default_rng(3)
    features = Features(NAMES, rng.normal(size=(n, len(NAMES))))
    change = 0.05 * np.tanh(2 * features.column(planted)) + rng.normal(0, 0.01, n)
    return features, training_from(features, change)


@pytest.fixture(scope="module")
def small():
    features, training = made("onv.level", n=400)
    model = LightGBM(trees=15, leaves=8, min_in_leaf=10, learning_rate=0.2, ridge=0.0).fit(training, THRESHOLDS)
    return model, Features(NAMES, features.values[:25])


def test_contributions_are_those_of_shap(example):
    model, features = example
    explainer = shap.TreeExplainer(model.location)
    told = model.contributions(features)
    assert np.abs(told[:, :-1] - explainer.shap_values(features.values)).max() < 1e-9
    assert np.abs(told[:, -1] - explainer.expected_value).max() < 1e-9
    assert np.isnan(features.values).any()


def expected_given(node, row, known):
    """Expectation of one tree when only some features are known, others weighed by the training rows."""
    if "leaf_value" in node:
        return node["leaf_value"]
    left, right = node["left_child"], node["right_child"]
    if node["split_feature"] in known:
        return expected_given(left if row[node["split_feature"]] <= node["threshold"] else right, row, known)
    weights = [child.get("internal_count", child.get("leaf_count")) for child in (left, right)]
    values = [expected_given(child, row, known) for child in (left, right)]
    return np.average(values, weights=weights)


def test_contributions_are_shapley_values_by_brute_force(small):
    model, features = small
    trees = [tree["tree_structure"] for tree in model.location.dump_model()["tree_info"]]
    told = model.contributions(features)
    k = len(NAMES)
    for row, contributions in zip(features.values, told, strict=True):
        subsets = (set(s) for size in range(k + 1) for s in itertools.combinations(range(k), size))
        worth = {frozenset(s): sum(expected_given(tree, row, s) for tree in trees) for s in subsets}
        assert contributions[-1] == pytest.approx(worth[frozenset()], abs=1e-9)
        for feature in range(k):
            value = sum(
                math.factorial(len(s))
                * math.factorial(k - len(s) - 1)
                / math.factorial(k)
                * (worth[s | {feature}] - worth[s])
                for s in worth
                if feature not in s
            )
            assert contributions[feature] == pytest.approx(value, abs=1e-9)


def test_contributions_and_base_add_up_to_the_expected_change(example):
    model, features = example
    expected = model.distribution(features).mean()
    np.testing.assert_allclose(model.contributions(features).sum(axis=1), expected, rtol=0, atol=1e-6)
    table = by_driver(features.names, model.contributions(features))
    np.testing.assert_allclose(table.sum(axis=1), expected, rtol=0, atol=1e-6)


def test_a_driver_is_the_sum_of_its_features(example):
    model, features = example
    contributions = model.contributions(features)
    table = by_driver(features.names, contributions)
    np.testing.assert_array_equal(table["base"], contributions[:, -1])
    told = [driver.id for driver in drivers() if driver.id in table.columns]
    assert list(table.columns) == ["base", *told]
    for driver in drivers():
        own = [i for i, name in enumerate(features.names) if name.startswith(f"{driver.id}.")]
        assert bool(own) == (driver.id in told), "a driver without any feature is not told"
        if not own:
            continue
        total = sum(contributions[:, i] for i in own)
        np.testing.assert_allclose(table[driver.id], total, rtol=0, atol=1e-12)


def test_drivers_worked_out_by_hand():
    names = ("onv.level", "history.level", "onv.change")
    table = by_driver(names, np.array([[0.01, -0.02, 0.03, 0.5], [-0.01, 0.0, -0.03, 0.5]]))
    np.testing.assert_allclose(table["onv"], [0.04, -0.04])
    np.testing.assert_allclose(table["history"], [-0.02, 0.0])
    np.testing.assert_allclose(table["base"], [0.5, 0.5])
    assert list(table.columns) == ["base", "onv", "history"]


def test_a_feature_of_no_driver_is_refused():
    with pytest.raises(InputError, match="'weather'"):
        by_driver(("onv.level", "weather.rain"), np.zeros((1, 3)))


@pytest.mark.parametrize(
    ("planted", "driver"), [("onv.level", "onv"), ("history.slope", "history"), ("size.inhabitants", "size")]
)
def test_a_planted_driver_is_the_strongest(planted, driver):
    features, training = made(planted)
    table = by_driver(NAMES, LightGBM(trees=60, min_in_leaf=20).fit(training, THRESHOLDS).contributions(features))
    strength = table.drop(columns="base").abs().mean()
    assert strength.idxmax() == driver
    assert strength[driver] > 5 * strength.drop(driver).max()
    falling, rising = features.column(planted) < -0.5, features.column(planted) > 0.5
    assert (table.loc[falling, driver] < 0).all()
    assert (table.loc[rising, driver] > 0).all()
    label = next(each.label for each in drivers() if each.id == driver)
    assert all(words.startswith(f"{label} (\N{MINUS SIGN}0,") for words in in_words(table[falling], down=True))
    assert all(words.startswith(f"{label} (+0,") for words in in_words(table[rising], down=False))


def told(**values):
    return pd.DataFrame([{"base": 0.9, **{driver.id: values.get(driver.id, 0.0) for driver in drivers()}}])


def test_words_name_the_strongest_first_in_dutch():
    table = told(onv=-0.012, history=-0.03, soc=-0.002, size=-0.004, fys=0.0214, vrz=0.005)
    assert in_words(table, down=True) == [
        "stand en verloop van de score (\N{MINUS SIGN}0,030); overlast en onveiligheid (\N{MINUS SIGN}0,012); "
        "omvang van het gebied (\N{MINUS SIGN}0,004)"
    ]
    assert in_words(table, down=False) == ["fysieke omgeving (+0,021); voorzieningen (+0,005)"]
    assert in_words(table, down=True, most=1) == ["stand en verloop van de score (\N{MINUS SIGN}0,030)"]


def test_what_hardly_contributes_is_not_worth_a_word():
    table = pd.concat([told(onv=-0.0009), told(onv=-0.0010), told()], ignore_index=True)
    assert in_words(table, down=True) == ["", "overlast en onveiligheid (\N{MINUS SIGN}0,001)", ""]
    assert in_words(table, down=False) == ["", "", ""]
