"""The structural model: its likelihood against scipy, planted coefficients found again, contributions exact."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from worlds import example_panel, made_features, training_from

from riskmodel.errors import InputError
from riskmodel.forecasting import features as features_module
from riskmodel.forecasting.features import Features, Training, features_of, training_of
from riskmodel.forecasting.models.likelihood import LEAST_FREEDOM, UNIT, Loss
from riskmodel.forecasting.models.structural import EXPECTATION, EXTREME, SPREAD, UNREST, Fitted, Structural
from riskmodel.forecasting.origins import origin_at

NO_THRESHOLDS = np.array([-0.05])
PLANTED = np.array([0.02, -0.006, -0.004, 0.0, -0.003, 0.008])


# --- The likelihood ---------------------------------------------------------------------------------------------


def loss_of(seed: int, n: int = 300) -> Loss:
    rng = np.random.default_rng(seed)
    x = np.column_stack([np.ones(n), rng.normal(size=(n, 3))])
    z = np.column_stack([np.ones(n), rng.normal(size=n), np.log(rng.choice([1.0, 2.0], n))])
    return Loss(
        change=0.04 * rng.standard_t(4, n),
        expected=np.log(0.03) + 0.3 * rng.normal(size=n),
        x=x,
        z=z,
        weight=rng.choice([0.5, 1.0], n),
        penalty=rng.uniform(0, 30, 8),
    )


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 50),
    st.lists(st.floats(-1.5, 1.5), min_size=7, max_size=7),
    st.floats(-4.0, 3.8),
)
def test_the_gradient_is_that_of_the_loss(seed, coefficients, freedom):
    loss = loss_of(seed)
    theta = np.array([*coefficients, freedom])
    _, gradient = loss(theta)
    size = 1 + np.linalg.norm(gradient)
    # Differences to one side are off by half the curvature times the step; those to both sides by far less.
    assert optimize.check_grad(lambda t: loss(t)[0], lambda t: loss(t)[1], theta, epsilon=1e-7) < 1e-3 * size
    steps = 1e-5 * np.eye(len(theta))
    central = [(loss(theta + step)[0] - loss(theta - step)[0]) / 2e-5 for step in steps]
    np.testing.assert_allclose(central, gradient, rtol=0, atol=1e-6 * size)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 50), st.lists(st.floats(-1.0, 1.0), min_size=8, max_size=8))
def test_the_loss_is_the_likelihood_of_scipy(seed, parameters):
    loss, theta = loss_of(seed), np.array(parameters)
    scale = np.exp(loss.expected + loss.z @ theta[4:7])
    density = stats.t.logpdf(loss.change, LEAST_FREEDOM + np.exp(theta[7]), UNIT * (loss.x @ theta[:4]), scale)
    expected = -(loss.weight * density).sum() + (loss.penalty * theta**2).sum()
    assert loss(theta)[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_no_other_method_finds_less_loss(seed):
    loss = loss_of(seed, n=2000)
    found = loss.minimum()
    thorough = {"maxiter": 20_000, "xtol": 1e-8, "ftol": 1e-14}
    other = optimize.minimize(lambda t: loss(t)[0], np.zeros(8), method="Powell", options=thorough)
    assert loss(found)[0] <= other.fun + 1e-4
    np.testing.assert_allclose(found, other.x, atol=1e-3)


# --- Planted truths ---------------------------------------------------------------------------------------------


def planted(n: int, years: np.ndarray | int = 2, seed: int = 2) -> Training:
    """Changes with a known location, a spread that unrest and the gap widen, and Student-t errors."""
    features, rng = made_features(n, ("onv.level",), seed)
    values = features.values[:, : len(EXPECTATION)]
    scale = 0.8 * np.exp(features.column(SPREAD) + 0.3 * features.column(UNREST)) * (np.array(years) / 2) ** 0.5
    change = 0.01 + values @ PLANTED + scale * rng.standard_t(5, n)
    return training_from(features, change, years=years)


def test_planted_coefficients_spread_and_freedom_are_found_again():
    training = planted(20_000)
    fitted = Structural(penalty=0.0).fit(training, NO_THRESHOLDS).fitted
    deviation = training.features.values[:, : len(EXPECTATION)].std(axis=0)
    np.testing.assert_allclose(fitted.coefficients / deviation, PLANTED, atol=0.0008)
    assert fitted.intercept == pytest.approx(0.01, abs=0.001)
    assert fitted.scale[0] == pytest.approx(np.log(0.8), abs=0.02)
    assert fitted.scale[1] == pytest.approx(0.3, abs=0.02)
    assert fitted.freedom == pytest.approx(5.0, abs=0.5)


def test_unrest_of_few_areas_hardly_widens_the_spread():
    few, many = (Structural().fit(planted(n), NO_THRESHOLDS).fitted.scale[1] for n in (500, 200_000))
    assert few < 0.05
    assert many == pytest.approx(0.3, abs=0.02)


def test_longer_gaps_teach_of_the_location_and_do_not_widen_what_is_asked():
    years = np.tile([2, 4], 30_000)
    fitted = Structural(penalty=0.0).fit(planted(60_000, years), NO_THRESHOLDS).fitted
    # The penalty holds the effect of the gap on the spread a little below the planted square root.
    assert fitted.scale[0] == pytest.approx(np.log(0.8), abs=0.03)
    np.testing.assert_allclose(fitted.coefficients, PLANTED, atol=0.0008)


def test_the_chance_of_a_fall_is_as_often_right_as_it_says():
    model = Structural().fit(planted(20_000), NO_THRESHOLDS)
    fresh = planted(20_000, seed=7)
    chance = model.distribution(fresh.features).cdf(np.full((20_000, 1), -0.05))[:, 0]
    happened = fresh.change < -0.05
    for low, high in ((0, 0.02), (0.02, 0.05), (0.05, 0.1), (0.1, 0.2), (0.2, 0.5), (0.5, 1)):
        part = (chance >= low) & (chance < high)
        sure = 4 * np.sqrt(chance[part].mean() / part.sum())
        assert happened[part].mean() == pytest.approx(chance[part].mean(), abs=sure + 0.003)


def test_a_few_wild_areas_do_not_bend_the_coefficients():
    training = planted(4000)
    wild = training.change.copy()
    wild[:20] = np.where(training.features.values[:20, 0] > 0, -1.0, 1.0)
    one, other = (
        Structural().fit(each, NO_THRESHOLDS).fitted for each in (training, replace(training, change=wild))
    )
    np.testing.assert_allclose(other.coefficients, one.coefficients, atol=0.001)
    # Least squares would have been bent by several times as much.
    terms = training.features.values[:, : len(EXPECTATION)]
    bent = np.linalg.lstsq(terms, wild - training.change, rcond=None)[0]
    assert abs(bent[0]) > 0.003


def test_a_strong_penalty_leaves_the_country_as_it_is():
    fitted = Structural(penalty=1e9).fit(planted(2000), NO_THRESHOLDS).fitted
    np.testing.assert_allclose(fitted.coefficients, 0.0, atol=1e-6)
    assert fitted.scale[1] == pytest.approx(0.0, abs=1e-6)
    assert fitted.intercept == pytest.approx(0.01, abs=0.003)


# --- Weights ----------------------------------------------------------------------------------------------------


def test_an_example_of_another_gap_counts_as_half_of_one(monkeypatch):
    # The same areas over two years and over four, so that leaving out a copy changes no mean of a feature.
    two = planted(1500, years=2, seed=3)
    rng = np.random.default_rng(8)
    four = two.change + rng.normal(0.01, 0.03, 1500)

    def joined(copies: int) -> Training:
        features = Features(two.features.names, np.tile(two.features.values, (1 + copies, 1)))
        years = np.repeat([2, *[4] * copies], 1500)
        return training_from(features, np.concatenate([two.change, *[four] * copies]), years=years)

    assert joined(1).weight.tolist() == [1.0] * 1500 + [0.5] * 1500
    halved_twice = Structural().fit(joined(2), NO_THRESHOLDS).fitted
    monkeypatch.setattr(features_module, "OTHER_GAP", 1.0)
    full_once = Structural().fit(joined(1), NO_THRESHOLDS).fitted
    full_twice = Structural().fit(joined(2), NO_THRESHOLDS).fitted
    for one, other in zip(vars(halved_twice).values(), vars(full_once).values(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    assert abs(full_twice.intercept - full_once.intercept) > 1e-4


# --- What it says of an area ------------------------------------------------------------------------------------


def by_hand() -> Structural:
    model = Structural()
    model.names = (*EXPECTATION, UNREST, SPREAD, "onv.level")
    model.fitted = Fitted(
        centre=np.array([0.0, 0.1, 0.05, 0.0, 0.0, 0.0]),
        spread=np.array([0.02, 0.1, 0.05, 0.03, 0.1, 0.02]),
        intercept=0.004,
        coefficients=np.array([0.01, -0.005, 0.002, 0.0, -0.004, 0.001]),
        unrest_centre=0.1,
        unrest_spread=0.2,
        scale=np.array([np.log(0.5), np.log(2.0)]),
        freedom=4.0,
    )
    return model


def test_location_spread_and_contributions_by_hand():
    # Two, minus one, unknown, one, a half and nine (held at four) standard deviations; unrest one above its mean.
    row = [0.04, 0.0, np.nan, 0.03, 0.05, 0.18, 0.3, np.log(0.03), 7.0]
    model = by_hand()
    features = Features(model.names, np.array([row]))
    expected = [0.02, 0.005, 0.0, 0.0, -0.002, 0.004, 0.0, 0.0, 0.0, 0.004]
    np.testing.assert_allclose(model.contributions(features)[0], expected, atol=1e-15)
    np.testing.assert_allclose(model.location(features), [0.031], atol=1e-15)
    # Spread .03, of which half, doubled once for unrest.
    np.testing.assert_allclose(model.scale(features), [0.03], atol=1e-15)
    chance = model.distribution(features).cdf(np.array([[-0.05]]))[0, 0]
    assert chance == pytest.approx(stats.t.cdf((-0.05 - 0.031) / 0.03, 4), abs=1e-12)


@pytest.fixture(scope="module")
def country(tmp_path_factory):
    panel = example_panel(tmp_path_factory.mktemp("country"))
    origin = origin_at(panel, 2018, 2)
    return training_of(panel, origin), features_of(panel, origin)


def test_contributions_add_up_exactly_and_are_shapley_values(country):
    training, features = country
    model = Structural().fit(training, NO_THRESHOLDS)
    told = model.contributions(features)
    np.testing.assert_array_equal(told.sum(axis=1), model.location(features))
    np.testing.assert_array_equal(model.distribution(features).mean(), model.location(features))
    # In a sum of terms the Shapley value of one is what it adds to all others, wherever they stand.
    for place, name in enumerate(features.names):
        without = features.values.copy()
        if name in EXPECTATION:
            without[:, place] = model.fitted.centre[EXPECTATION.index(name)]
        without = Features(features.names, without)
        worth = model.location(features) - model.location(without)
        np.testing.assert_allclose(told[:, place], worth, atol=1e-14, err_msg=name)


def test_contributions_of_the_training_examples_are_nought_on_the_mean():
    # Nothing was held at four standard deviations in this sample, so the base value is the mean expectation.
    training = planted(400)
    assert np.abs(stats.zscore(training.features.values[:, : len(EXPECTATION)])).max() < EXTREME
    model = Structural().fit(training, NO_THRESHOLDS)
    told = model.contributions(training.features)
    np.testing.assert_allclose(told[:, :-1].mean(axis=0), 0.0, atol=1e-15)
    assert model.location(training.features).mean() == pytest.approx(model.fitted.intercept, abs=1e-15)


def test_a_feature_that_was_never_known_or_never_differs_plays_no_part():
    training = planted(2000)
    values = training.features.values.copy()
    values[:, 1] = np.nan
    values[:, 2] = 0.3
    bare = replace(training, features=Features(training.features.names, values))
    model = Structural().fit(bare, NO_THRESHOLDS)
    np.testing.assert_allclose(model.fitted.coefficients[[1, 2]], 0.0, atol=1e-6)
    known = Features(bare.features.names, np.where(np.isnan(values), 5.0, values))
    np.testing.assert_allclose(model.location(known), model.location(bare.features), atol=1e-6)


def test_only_its_own_terms_are_looked_at(country):
    training, features = country
    model = Structural().fit(training, NO_THRESHOLDS)
    others = [place for place, name in enumerate(features.names) if name not in (*EXPECTATION, UNREST, SPREAD)]
    shaken = features.values.copy()
    shaken[:, others] = np.random.default_rng(1).normal(size=(len(shaken), len(others)))
    told = model.distribution(Features(features.names, shaken))
    np.testing.assert_array_equal(told.location, model.location(features))
    np.testing.assert_array_equal(told.scale, model.scale(features))
    assert set(np.flatnonzero(model.contributions(features).any(axis=0)[:-1])).isdisjoint(others)


# --- On disk ----------------------------------------------------------------------------------------------------


def test_it_says_the_same_after_a_round_trip(country, tmp_path):
    training, features = country
    model = Structural(penalty=7.5).fit(training, NO_THRESHOLDS)
    model.save(tmp_path)
    read = Structural.load(tmp_path)
    assert (read.penalty, read.names) == (7.5, model.names)
    np.testing.assert_array_equal(read.contributions(features), model.contributions(features))
    np.testing.assert_array_equal(read.scale(features), model.scale(features))
    assert read.fitted.freedom == model.fitted.freedom
    again = tmp_path / "again"
    again.mkdir()
    Structural(penalty=7.5).fit(training, NO_THRESHOLDS).save(again)
    assert (again / "model.json").read_bytes() == (tmp_path / "model.json").read_bytes()


@pytest.mark.parametrize("key", ["penalty", "features", "coefficients", "unrest_centre", "freedom"])
@pytest.mark.parametrize("value", [None, "soon", [], [1.0, None], float("nan")])
def test_a_damaged_file_is_refused(tmp_path, key, value):
    by_hand().save(tmp_path)
    path = tmp_path / "model.json"
    about = json.loads(path.read_text(encoding="utf-8"))
    about[key] = 3 if key == "features" and value else value
    path.write_text(json.dumps(about), encoding="utf-8")
    with pytest.raises(InputError, match=r"no readable model|NaN, which is no number"):
        Structural.load(tmp_path)


def test_other_features_are_refused(country):
    training, features = country
    model = Structural().fit(training, NO_THRESHOLDS)
    swapped = Features(features.names[::-1], features.values[:, ::-1])
    for ask in (model.distribution, model.contributions, model.scale):
        with pytest.raises(InputError, match="model input"):
            ask(swapped)
