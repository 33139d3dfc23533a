"""Contributions: exact Shapley values that add up, summed per driver and told in Dutch."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
import pytest
import shap
from hypothesis import given
from hypothesis import strategies as st
from worlds import example_panel, experiment, panel_of, training_from, wijk_codes

from riskmodel.catalogue import DIMENSIONS, drivers, indicators
from riskmodel.errors import InputError
from riskmodel.forecasting.drivers.alternative_models import (
    OTHER_SEEDS,
    OTHER_SHARES,
    alternative_contributions,
    alternative_models,
    contribution_range,
    contribution_stability,
)
from riskmodel.forecasting.drivers.comparable import nearest_areas, traits_of
from riskmodel.forecasting.drivers.contributions import (
    against,
    by_driver,
    by_indicator,
    definitional,
    label_features,
    label_of,
)
from riskmodel.forecasting.features import Features, features_of, training_of
from riskmodel.forecasting.models.lightgbm import LightGBM
from riskmodel.forecasting.models.structural import EXPECTATION
from riskmodel.forecasting.origins import origin_at
from riskmodel.products.risk_list.driver_words import in_words

THRESHOLDS = np.array(experiment().outputs.thresholds)
NAMES = (
    *EXPECTATION,
    "history.unrest",
    "history.slope",
    "size.spread",
    "onv.level",
    "onv.police_nuisance",
    "size.inhabitants",
)


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """A model of the invented country and the features of all its areas, some of them missing."""
    panel = example_panel(tmp_path_factory.mktemp("country"))
    origin = origin_at(panel, 2018, 2)
    model = LightGBM(trees=60, min_in_leaf=20).fit(training_of(panel, origin), THRESHOLDS)
    return model, features_of(panel, origin)


def made(planted, n=2000):
    """Areas of which one feature decides the change, among features the structural model needs."""
    rng = np.random.default_rng(3)
    values = rng.normal(0, 0.05, size=(n, len(NAMES)))
    values[:, NAMES.index("size.spread")] = np.log(0.04)
    values[:, NAMES.index(planted)] = rng.normal(size=n)
    features = Features(NAMES, values)
    change = 0.05 * np.tanh(2 * features.column(planted)) + rng.normal(0, 0.01, n)
    return features, training_from(features, change)


@pytest.fixture(scope="module")
def small():
    features, training = made("onv.police_nuisance", n=400)
    model = LightGBM(trees=15, leaves=8, min_in_leaf=10, learning_rate=0.2, ridge=0.0).fit(training, THRESHOLDS)
    return model, Features(NAMES, features.values[:12])


def test_contributions_are_those_of_shap_and_of_the_terms(example):
    model, features = example
    explainer = shap.TreeExplainer(model.trees)
    told = model.contributions(features) - model.structural.contributions(features)
    assert np.abs(told[:, :-1] - 0.5 * explainer.shap_values(features.values)).max() < 1e-9
    assert np.abs(told[:, -1] - 0.5 * explainer.expected_value).max() < 1e-9
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


def split_on(node):
    """Features that a tree asks for."""
    if "leaf_value" in node:
        return set()
    return {node["split_feature"]} | split_on(node["left_child"]) | split_on(node["right_child"])


def terms_given(model, row, known):
    """Expected change of the structural model when the terms that are not known stand at their mean."""
    fitted = model.structural.fitted
    total = fitted.intercept
    for name, centre, spread, slope in zip(
        EXPECTATION, fitted.centre, fitted.spread, fitted.coefficients, strict=True
    ):
        if NAMES.index(name) in known:
            total += slope * np.clip((row[NAMES.index(name)] - centre) / spread, -4, 4)
    return total


def shapley(worth, players):
    """Shapley values by their definition, over all subsets."""
    k = len(players)
    return {
        player: sum(
            math.factorial(len(s)) * math.factorial(k - len(s) - 1) / math.factorial(k)
            * (worth[s | {player}] - worth[s])
            for s in worth
            if player not in s
        )
        for player in players
    }  # fmt: skip


def test_contributions_are_shapley_values_by_brute_force(small):
    """Tree by tree over the features it asks for: others are dummies, and Shapley values of a sum add up."""
    model, features = small
    trees = [tree["tree_structure"] for tree in model.trees.dump_model()["tree_info"]]
    told = model.contributions(features)
    for row, contributions in zip(features.values, told, strict=True):
        expected, base = np.zeros(len(NAMES)), model.structural.fitted.intercept
        games = [(sorted(split_on(tree)), 0.5, tree) for tree in trees]
        for players, share, tree in games:
            subsets = [frozenset(s) for k in range(len(players) + 1) for s in itertools.combinations(players, k)]
            worth = {s: share * expected_given(tree, row, s) for s in subsets}
            base += worth[frozenset()]
            for player, value in shapley(worth, players).items():
                expected[player] += value
        players = [NAMES.index(name) for name in EXPECTATION]
        subsets = [frozenset(s) for k in range(len(players) + 1) for s in itertools.combinations(players, k)]
        for player, value in shapley({s: terms_given(model, row, s) for s in subsets}, players).items():
            expected[player] += value
        np.testing.assert_allclose(contributions[:-1], expected, rtol=0, atol=1e-9)
        assert contributions[-1] == pytest.approx(base, abs=1e-9)


def test_contributions_and_base_add_up_to_the_expected_change(example):
    model, features = example
    expected = model.distribution(features).mean()
    np.testing.assert_allclose(model.contributions(features).sum(axis=1), expected, rtol=0, atol=1e-9)
    table = by_driver(features.names, model.contributions(features))
    np.testing.assert_allclose(table.sum(axis=1), expected, rtol=0, atol=1e-9)


def test_a_driver_is_the_sum_of_its_features(example):
    model, features = example
    contributions = model.contributions(features)
    table = by_driver(features.names, contributions)
    np.testing.assert_array_equal(table["base"], contributions[:, -1])
    told = [driver.id for driver in drivers() if driver.id in table.columns]
    assert list(table.columns) == ["base", *told]
    for driver in drivers():
        own = [i for i, each in enumerate(label_features(features.names)) if each.driver == driver.id]
        assert bool(own) == (driver.id in told), "a driver without any feature is not told"
        if not own:
            continue
        total = sum(contributions[:, i] for i in own)
        np.testing.assert_allclose(table[driver.id], total, rtol=0, atol=1e-12)


def test_drivers_worked_out_by_hand():
    names = ("onv.level", "history.level", "onv.change", "onv.police_burglary", "onv.police_burglary_change",
             "history.reversal", "onv.police_nuisance")  # fmt: skip
    values = np.array([[0.01, -0.02, 0.03, 0.1, 0.2, 0.07, 0.3, 0.5], [-0.01, 0.0, -0.03, 0, 0, 0, -0.1, 0.5]])
    table = by_driver(names, values)
    np.testing.assert_allclose(table["part_onv"], [0.04, -0.04])
    np.testing.assert_allclose(table["safety"], [0.3, 0.0])
    np.testing.assert_allclose(table["onv"], [0.3, -0.1])
    np.testing.assert_allclose(table["reversal"], [0.07, 0.0])
    np.testing.assert_allclose(table["history"], [-0.02, 0.0])
    np.testing.assert_allclose(table["base"], [0.5, 0.5])
    assert list(table.columns) == ["base", "onv", "safety", "reversal", "history", "part_onv"]
    parts = by_indicator(names, values)
    np.testing.assert_allclose(parts["police_burglary"], [0.3, 0.0])
    np.testing.assert_allclose(parts["onv"], [0.04, -0.04])
    assert set(parts.columns) == {"base", "onv", "police_burglary", "police_nuisance", "history.level",
                                       "history.reversal"}  # fmt: skip


def test_definitional_drivers_hold_the_score_and_nothing_else():
    """Whatever a forecast learns of the score itself must never look like a sign measured elsewhere."""
    own = {"history", "reversal", "part_onv", "part_soc", "part_won", "part_fys", "part_vrz"}
    # The border of a class and how much a score swings explain a chance; no feature belongs to them.
    assert definitional() == own | {"border", "unrest"}
    for key, about in indicators().items():
        if about.feature and (key in DIMENSIONS or key == "score" or about.source.startswith("leefbaarometer")):
            [told] = label_features([f"{about.driver}.{'level' if key in DIMENSIONS else key}"])
            assert told.driver in own, key
    assert all(told.driver not in own for told in label_features(["local.meldingen", "onv.rivm_neighbour_noise"]))


def test_an_indicator_whose_name_ends_in_change_is_not_taken_for_a_change():
    [told] = label_features(["local.local_change"])
    assert (told.indicator, told.is_change) == ("local_change", False)
    both = label_features(["local.local_change", "local.local_change_change"])
    assert [(each.indicator, each.is_change) for each in both] == [("local_change", False), ("local_change", True)]


def test_a_feature_of_no_driver_is_refused():
    with pytest.raises(InputError) as error:
        by_driver(("onv.level", "weather.rain"), np.zeros((1, 3)))
    known = sorted(driver.id for driver in drivers())
    assert str(error.value) == f"features: found driver 'weather'; expected one of {known}."


def test_the_driver_stands_before_the_first_dot():
    names = ["local.meldingen.per_straat", "history.level", "onv.police_theft", "history.level_above"]
    assert [(each.feature, each.indicator, each.driver) for each in label_features(names)] == [
        ("local.meldingen.per_straat", "meldingen.per_straat", "local"),
        ("history.level", "history.level", "history"),
        ("onv.police_theft", "police_theft", "safety"),
        ("history.level_above", "history.level", "history"),
    ]


@pytest.mark.parametrize(
    ("planted", "driver"),
    [
        ("onv.level", "part_onv"),
        ("onv.police_nuisance", "onv"),
        ("history.slope", "history"),
        ("size.inhabitants", "size"),
        ("history.reversal", "reversal"),
    ],
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
        "hoe hoog de score is en hoe hij veranderde (\N{MINUS SIGN}0,030); overlast (\N{MINUS SIGN}0,012); "
        "omvang van het gebied (\N{MINUS SIGN}0,004)"
    ]
    assert in_words(table, down=False) == ["fysieke omgeving (+0,021); voorzieningen (+0,005)"]


def test_what_hardly_contributes_is_not_worth_a_word():
    table = pd.concat([told(onv=-0.0009), told(onv=-0.0010), told()], ignore_index=True)
    assert in_words(table, down=True) == ["", "overlast (\N{MINUS SIGN}0,001)", ""]
    assert in_words(table, down=False) == ["", "", ""]


def test_against_comparable_areas_is_what_sets_an_area_apart():
    table = pd.DataFrame({"base": [0.5] * 3, "onv": [0.01, 0.03, 0.08], "soc": [0.0, -0.02, 0.04]})
    found = against(table, np.array([[1, 2], [0, 2], [0, 1]]))
    np.testing.assert_allclose(found["onv"], [0.01 - 0.055, 0.03 - 0.045, 0.08 - 0.02])
    np.testing.assert_allclose(found.sum(axis=1)[0], 0.01 - (0.01 + 0.12) / 2)
    some = against(table, np.array([[0, 1], [1, 2]]), np.array([2, 0]))
    np.testing.assert_allclose(some["onv"], [0.08 - 0.02, 0.01 - 0.055])
    assert np.isnan(against(table, np.empty((3, 0), dtype=int))).all().all()


def test_against_comparable_areas_keeps_the_names_of_rows_and_drivers():
    table = pd.DataFrame(
        {"base": [0.5] * 3, "onv": [0.01, 0.03, 0.08], "soc": [0.0, -0.02, 0.04]}, index=list("abc")
    )
    found = against(table, np.array([[1], [2], [0]]))
    np.testing.assert_allclose(found["onv"], [-0.02, -0.05, 0.07])
    for each in (found, against(table, np.empty((3, 0), dtype=int))):
        assert (each.index.tolist(), each.columns.tolist()) == (["a", "b", "c"], ["onv", "soc"])
    some = against(table, np.array([[0, 1]]), at=np.array([2]))
    assert (some.index.tolist(), some.columns.tolist()) == (["c"], ["onv", "soc"])
    np.testing.assert_allclose(some, [[0.08 - 0.02, 0.04 + 0.01]])
    none = against(table, np.empty((1, 0), dtype=int), at=np.array([2]))
    assert (none.index.tolist(), none.shape, bool(none.isna().all(axis=None))) == (["c"], (1, 2), True)


def test_words_say_where_other_models_contradict_the_sign():
    table = pd.concat([told(onv=-0.012, soc=-0.02), told(onv=-0.012)], ignore_index=True)
    unsure = table.drop(columns="base") * 0 == 1
    unsure.loc[0, "onv"] = True
    assert in_words(table, down=True, unsure=unsure) == [
        "sociale samenhang (\N{MINUS SIGN}0,020); overlast (\N{MINUS SIGN}0,012, niet zeker)",
        "overlast (\N{MINUS SIGN}0,012)",
    ]


def test_of_equal_drivers_those_that_are_read_first_are_told():
    order = list(drivers())
    assert len(order) > 16, "as many as a sort that is not stable mixes up"
    for weak in np.random.default_rng(1).integers(0, 2, (40, len(order))) == 1:
        first = [*(each for each, less in zip(order, weak, strict=True) if not less)]
        first = [*first, *(each for each, less in zip(order, weak, strict=True) if less)][:3]
        size = {each.id: 0.01 if less else 0.02 for each, less in zip(order, weak, strict=True)}
        down = "; ".join(f"{each.label} (\N{MINUS SIGN}{size[each.id]:.3f})" for each in first).replace(
            "0.0", "0,0"
        )
        up = down.replace("\N{MINUS SIGN}", "+")
        assert in_words(told(**{key: -value for key, value in size.items()}), down=True) == [down]
        assert in_words(told(**size), down=False) == [up]


def test_labels_in_dutch():
    known = indicators()
    assert label_of("police_nuisance", known) == known["police_nuisance"].label_nl
    assert label_of("history.level", known) == "score vergeleken met Nederland"
    # What neither the catalogue nor the list of features knows keeps its own name.
    assert label_of("police_nuisance", {}) == "police_nuisance"
    own = {"history.level": known["police_nuisance"]}
    assert label_of("history.level", own) == known["police_nuisance"].label_nl


@given(
    st.integers(2, 40).flatmap(
        lambda n: st.tuples(
            st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=n, max_size=n),
            st.lists(st.sampled_from(["", "GM1", "GM2", "GM3"]), min_size=n, max_size=n),
            st.integers(1, 12),
        )
    )
)
def test_comparable_areas_by_brute_force(world):
    points, groups, k = world
    found = nearest_areas(np.array(points, dtype=float), np.array(groups), k)
    for row, (x, y) in enumerate(points):
        others = sorted(
            (bool(groups[row]) and groups[row] == groups[other], math.hypot(x - u, y - v), other)
            for other, (u, v) in enumerate(points)
            if other != row
        )
        assert found[row].tolist() == [other for *_, other in others[:k]]
    some = np.arange(len(points))[::-2]
    part = nearest_areas(np.array(points, dtype=float), np.array(groups), k, of=some)
    np.testing.assert_array_equal(part, found[some])


def test_comparable_areas_are_of_the_same_level_size_and_urbanity():
    """Codes play no part: other codes for the same areas give the same likeness."""
    codes = wijk_codes(8, towns=8)
    values = {
        "score": {2018: [4.0, 4.01, 4.3, 4.31, 4.0, 4.01, 4.3, 4.31]},
        "population": {2016: [1000, 1000, 1000, 1000, 20000, 20000, 20000, 20000]},
        "urbanity": {2016: [1, 1, 5, 5, 1, 1, 5, 5]},
    }
    panel = panel_of(values, codes)
    found = nearest_areas(traits_of(panel, 2018), panel.municipality_codes(), k=1)[:, 0]
    assert found.tolist() == [1, 0, 3, 2, 5, 4, 7, 6]
    traits = traits_of(panel, 2018)
    np.testing.assert_allclose(traits.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(traits.std(axis=0), [1] * 3 + [0] * (traits.shape[1] - 3), atol=1e-12)


def test_a_new_district_is_compared_with_new_districts_and_not_with_villages():
    """Of the same score, size and urbanity; two grew fast and have families, two are old."""
    values = {
        "score": {2018: [4.0, 4.0, 4.0, 4.0]},
        "population": {2013: [1000, 2000, 1900, 1010], 2017: [2000, 2000, 2000, 2000]},
        "urbanity": {2016: [3, 3, 3, 3]},
        "household_size": {2016: [2.9, 2.0, 2.0, 2.9]},
    }
    panel = panel_of(values, wijk_codes(4, towns=4))
    found = nearest_areas(traits_of(panel, 2018), panel.municipality_codes(), k=1)[:, 0]
    assert found.tolist() == [3, 2, 1, 0]


def test_stability_worked_out_by_hand():
    """Two areas, three models; signs of next to nothing do not count."""
    numbers = {"onv": [(-0.01, 0.02), (-0.02, -0.01), (0.0005, 0.03)],
               "soc": [(0.004, 0.0005), (0.002, 0.002), (0.04, -0.002)]}  # fmt: skip
    tables = [
        pd.DataFrame(
            {"base": 0.1, **{key: each[model] for key, each in numbers.items()}, "fys": [0.03, 0.0]}
        ).assign(vrz=[0.05, 0.1])
        for model in range(3)
    ]
    found = contribution_range(np.array(["A", "B"]), tables).set_index(["location", "driver"])
    assert found.loc[("A", "onv"), ["low", "high"]].tolist() == [-0.02, 0.0005]
    assert found.loc[("A", "onv"), "stable"], "half a thousandth of a point is no other sign"
    assert not found.loc[("B", "onv"), "stable"]
    assert not found.loc[("B", "soc"), "stable"], "next to nothing in one model and either sign in others"
    assert found.loc[("A", "fys"), "stable"]
    assert found.loc[("A", "vrz"), "in_top"] == 1.0
    assert found.loc[("A", "onv"), "in_top"] == pytest.approx(2 / 3)
    assert found.loc[("A", "soc"), "in_top"] == pytest.approx(1 / 3)


def test_stability_of_a_fitted_model(example, tmp_path):
    model, features = example
    panel = example_panel(tmp_path)
    training = training_of(panel, origin_at(panel, 2018, 2))
    locations = panel.areas
    found = contribution_stability(model, training, features, locations, THRESHOLDS)
    own = by_driver(features.names, model.contributions(features)).drop(columns="base")
    assert (found["low"].to_numpy() <= own.to_numpy().ravel() + 1e-15).all()
    assert (found["high"].to_numpy() >= own.to_numpy().ravel() - 1e-15).all()
    assert found["low"].lt(found["high"]).any()
    for contributions, share in zip(alternative_contributions(model, features), OTHER_SHARES, strict=False):
        other = LightGBM(**{**vars(model.settings), "share": share}).fit(training, THRESHOLDS)
        np.testing.assert_allclose(contributions, other.contributions(features), rtol=0, atol=1e-12)
    assert len(list(alternative_models(model, training, THRESHOLDS))) == OTHER_SEEDS + 4


def test_a_training_period_left_out_is_left_out(example, tmp_path):
    panel = example_panel(tmp_path)
    training = training_of(panel, origin_at(panel, 2018, 2))
    part = training.rows(training.end < 2018)
    assert part.end.max() == 2016
    assert len(part.change) == len(part.features.values) == (training.end < 2018).sum()
