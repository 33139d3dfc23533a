"""Markov chains of classes: worked out by hand, against a loop, and what they must not see."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import example_panel, training_from

from riskmodel.errors import InputError
from riskmodel.forecasting.features import Features, features_of, training_of
from riskmodel.forecasting.models import ModelSpec, make
from riskmodel.forecasting.models.base import NotApplicableError
from riskmodel.forecasting.models.markov import Markov
from riskmodel.forecasting.origins import origin_at

NAMES = ("history.level", "surroundings.level")
THRESHOLDS = np.array([-0.05, 0.0])


def table(level, around=None):
    around = np.full(len(level), np.nan) if around is None else around
    return Features(NAMES, np.column_stack([level, around]))


def chance(model, level, around=None, at=-0.05):
    features = table(np.array(level), None if around is None else np.array(around))
    return model.distribution(features).cdf(np.full((len(level), 1), at))[:, 0]


# Eight areas; four of the lower class, of which one falls; four of the upper, of which three fall.
LEVEL = np.array([-0.2, -0.1, -0.15, -0.12, 0.1, 0.2, 0.15, 0.12])
CHANGE = np.array([-0.06, 0.01, 0.02, 0.03, -0.07, -0.08, -0.09, 0.04])


def test_a_chain_worked_out_by_hand():
    model = Markov(classes=2, prior=4.0).fit(training_from(table(LEVEL), CHANGE), THRESHOLDS)
    # Half of all fall. Lower class: (1 + 4 * .5) / (4 + 4); upper class: (3 + 4 * .5) / (4 + 4).
    np.testing.assert_allclose(chance(model, [-0.3, -0.01, 0.3]), [3 / 8, 3 / 8, 5 / 8])
    # Above 0 are three of the lower class and one of the upper, so at or below 0 the same four.
    np.testing.assert_allclose(chance(model, [-0.3, 0.3], at=0.0), [3 / 8, 5 / 8])
    # An area of unknown level is like all areas.
    assert chance(model, [np.nan])[0] == pytest.approx(0.5)


def test_a_spatial_chain_worked_out_by_hand():
    # In each class two areas lie in low and two in high surroundings.
    around = np.array([-1.0, -1.0, 1.0, 1.0, -1.0, -1.0, 1.0, 1.0])
    training = training_from(table(LEVEL, around), CHANGE)
    model = Markov(spatial=True, classes=2, prior=4.0).fit(training, THRESHOLDS)
    # Falls in low and high surroundings: 1 and 0 of two in the lower class, 2 and 1 in the upper. They lean on
    # their class, 3/8 and 5/8 as above, as if that were four areas.
    expected = [(1 + 4 * 3 / 8) / 6, (0 + 4 * 3 / 8) / 6, (2 + 4 * 5 / 8) / 6, (1 + 4 * 5 / 8) / 6]
    found = chance(model, [-0.3, -0.3, 0.3, 0.3], [-2.0, 2.0, -2.0, 2.0])
    np.testing.assert_allclose(found, expected)
    # Without known surroundings the class decides, without a known level nothing does.
    np.testing.assert_allclose(chance(model, [-0.3, np.nan], [np.nan, 1.0]), [3 / 8, 1 / 2])


def leaning(below, weight, larger, prior):
    return (np.sum(below * weight) + prior * larger) / (np.sum(weight) + prior)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 99), st.integers(2, 5), st.floats(1, 80))
def test_every_chance_is_that_of_a_loop_over_classes(seed, classes, prior):
    rng = np.random.default_rng(seed)
    n = 300
    level, around = rng.normal(0, 0.1, n), rng.normal(0, 0.05, n)
    around[rng.random(n) < 0.2] = np.nan
    training = training_from(table(level, around), rng.normal(0, 0.04, n))
    weight, below = training.weight, training.change <= -0.05
    model = Markov(spatial=True, classes=classes, prior=prior).fit(training, THRESHOLDS)
    shares = np.arange(1, classes) / classes
    own = np.array([sum(value >= cut for cut in np.quantile(level, shares)) for value in level])
    near = np.array([sum(value >= cut for cut in np.nanquantile(around, shares)) for value in around])
    overall = leaning(below, weight, 0.0, 0.0)
    expected = []
    for area in range(n):
        same = own == own[area]
        told = leaning(below[same], weight[same], overall, prior)
        if not np.isnan(around[area]):
            both = same & (near == near[area]) & ~np.isnan(around)
            told = leaning(below[both], weight[both], told, prior)
        expected.append(told)
    np.testing.assert_allclose(chance(model, level, around), expected, atol=1e-12)


def test_a_chain_forgets_all_but_the_class():
    rng = np.random.default_rng(1)
    features = table(rng.normal(0, 0.1, 400), rng.normal(0, 0.1, 400))
    model = Markov().fit(training_from(features, rng.normal(0, 0.04, 400)), THRESHOLDS)
    inside = np.linspace(model.cuts[3], model.cuts[4] - 1e-9, 7)
    assert len(set(chance(model, inside, rng.normal(size=7)))) == 1
    assert 6 <= len(set(chance(model, np.linspace(-0.3, 0.3, 400)))) <= 9


def test_a_chain_finds_what_was_planted_and_nothing_else():
    rng = np.random.default_rng(2)
    level = rng.normal(0, 0.1, 6000)
    # High areas fall back, the more the higher they stand.
    change = -0.2 * level + rng.normal(0, 0.03, 6000)
    model = Markov().fit(training_from(table(level), change), THRESHOLDS)
    low, high = chance(model, [-0.2, 0.25])
    assert (low, high) == (pytest.approx(0.001, abs=0.01), pytest.approx(0.37, abs=0.12))
    assert (np.diff(chance(model, model.cuts + 1e-9)) >= -0.03).all()
    nothing = Markov(spatial=True).fit(training_from(table(level, level), rng.permutation(change)), THRESHOLDS)
    share = (change <= -0.05).mean()
    np.testing.assert_allclose(
        chance(nothing, np.linspace(-0.3, 0.3, 50), np.linspace(-0.3, 0.3, 50)), share, atol=0.04
    )


@pytest.mark.parametrize("spatial", [False, True])
def test_a_chain_gives_a_proper_distribution_on_a_panel(spatial, tmp_path):
    panel = example_panel(tmp_path)
    origin = origin_at(panel, 2018, 2)
    training, features = training_of(panel, origin), features_of(panel, origin)
    distribution = (
        make(ModelSpec("chain", "markov", {"spatial": spatial})).fit(training, THRESHOLDS).distribution(features)
    )
    points = np.linspace(-1.6, 1.6, 801)
    cdf = distribution.cdf(np.tile(points, (len(features.values), 1)))
    assert (np.diff(cdf, axis=1) >= -1e-12).all()
    assert cdf[:, 0].max() == 0
    assert cdf[:, -1].min() == 1
    levels = np.linspace(0.01, 0.99, 99)
    back = distribution.cdf(distribution.quantiles(levels))
    np.testing.assert_allclose(back, np.tile(levels, (len(back), 1)), atol=1e-9)
    assert np.abs(distribution.mean()).max() < 0.1


def test_a_spatial_chain_without_any_surroundings_is_not_applicable():
    training = training_from(table(LEVEL), CHANGE)
    with pytest.raises(NotApplicableError, match=r"surroundings\.level"):
        Markov(spatial=True).fit(training, THRESHOLDS)
    Markov(classes=2).fit(training, THRESHOLDS)


@pytest.mark.parametrize("parameters", [{"classes": 1}, {"prior": 0.0}, {"order": 2}])
def test_impossible_chains_are_refused(parameters):
    with pytest.raises(InputError):
        make(ModelSpec("chain", "markov", parameters))
