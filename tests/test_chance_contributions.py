"""Shapley values of a chance, against brute force over all orders of groups and against the model itself."""

from __future__ import annotations

from functools import cache
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from scipy.stats import t as student
from worlds import example_panel, experiment

from riskmodel.errors import InputError
from riskmodel.forecasting.drivers import chance_contributions
from riskmodel.forecasting.drivers.chance_contributions import (
    BACKGROUND,
    MOST_GROUPS,
    AdditiveScores,
    Background,
    SpreadParts,
    additive_scores,
    background_of,
    shapley,
    spread_parts,
)
from riskmodel.forecasting.drivers.contributions import by_driver
from riskmodel.forecasting.origins import latest_origin
from riskmodel.forecasting.stage import fit, forecast_of, stage_of
from riskmodel.forecasting.targets import READINGS


def by_orders(scores: AdditiveScores, background: Background, row: int) -> np.ndarray:
    """Mean gain of every group over all orders in which groups can join, from the definition."""
    groups = range(len(scores.groups))

    @cache
    def value(coalition):
        found = 0.0
        for other, weight in zip(background.rows, background.weights, strict=True):
            sums = [sum(score[row if g in coalition else other, g] for g in groups) for score in scores.scores]
            found += weight * float(scores.chance(*(np.array(each) for each in sums)))
        return found

    orders = list(permutations(groups))
    gains = np.zeros(len(scores.groups))
    for order in orders:
        for position, group in enumerate(order):
            gains[group] += value(frozenset(order[: position + 1])) - value(frozenset(order[:position]))
    return gains / len(orders)


def random_scores(seed: int, areas: int, groups: int, kinds: int) -> AdditiveScores:
    rng = np.random.default_rng(seed)
    scores = tuple(rng.normal(size=(areas, groups)) * rng.uniform(0, 1.5) for _ in range(kinds))

    def chance(*sums):
        return expit(sums[0] * np.exp(-0.3 * sum(sums[1:], start=np.zeros(())))) if kinds > 1 else expit(sums[0])

    return AdditiveScores(tuple("abcdef"[:groups]), scores, chance)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(1, 5), st.integers(1, 3))
def test_values_are_those_of_brute_force_over_all_orders(seed, areas, groups, kinds):
    scores = random_scores(seed, areas, groups, kinds)
    background = background_of(scores, np.arange(areas) > 0)
    found = shapley(scores, background, np.arange(areas))
    for row in range(min(areas, 2)):
        np.testing.assert_allclose(found[row], by_orders(scores, background, row), atol=1e-12)
    country = scores.own[1:].mean()
    np.testing.assert_allclose(scores.own - found.sum(axis=1), country, atol=1e-9)


def test_a_group_that_says_nothing_gets_nothing_and_twins_get_the_same():
    scores = random_scores(3, 6, 4, 2)
    nothing = [np.column_stack([each, np.full(6, 0.7), each[:, :1]]) for each in scores.scores]
    wider = AdditiveScores(("a", "b", "c", "d", "same", "twin"), tuple(nothing), scores.chance)
    found = shapley(wider, background_of(wider, np.full(6, True)), np.arange(6))
    np.testing.assert_allclose(found[:, 4], 0, atol=1e-12)
    np.testing.assert_allclose(found[:, 5], found[:, 0], atol=1e-12)


def test_the_order_of_groups_does_not_matter():
    scores, order = random_scores(5, 5, 4, 2), [2, 0, 3, 1]
    turned = AdditiveScores(
        tuple(scores.groups[each] for each in order),
        tuple(each[:, order] for each in scores.scores),
        scores.chance,
    )
    background = background_of(scores, np.full(5, True))
    found = shapley(scores, background, np.arange(5))
    np.testing.assert_allclose(shapley(turned, background, np.arange(5)), found[:, order], atol=1e-12)


def test_the_background_stands_for_the_country_and_is_drawn_again_the_same():
    scores = random_scores(7, 2_000, 3, 2)
    counted = np.arange(2_000) % 3 > 0
    background = background_of(scores, counted)
    assert len(background.rows) == 50
    assert counted[background.rows].all()
    assert (background.weights > 0).all()
    assert background.weights.sum() == pytest.approx(1, abs=1e-12)
    assert background.weights @ scores.own[background.rows] == pytest.approx(scores.own[counted].mean(), abs=1e-10)
    again = background_of(scores, counted)
    np.testing.assert_array_equal(again.rows, background.rows)
    assert not np.array_equal(background_of(scores, counted, seed=2).rows, background.rows)


def test_areas_explained_apart_and_together_get_the_same(monkeypatch):
    scores = random_scores(11, 120, 5, 2)
    background = background_of(scores, np.full(120, True))
    rows = np.array([90, 3, 3, 41])
    together = shapley(scores, background, rows)
    monkeypatch.setattr(chance_contributions, "BLOCK", 1)
    np.testing.assert_allclose(shapley(scores, background, rows), together, atol=1e-14)
    np.testing.assert_allclose(shapley(scores, background, np.arange(120))[rows], together, atol=1e-14)
    assert shapley(scores, background, rows[:0]).shape == (0, 5)


def with_chances(own) -> AdditiveScores:
    return AdditiveScores(("a",), (np.asarray(own, dtype=float)[:, None],), lambda chance: chance)


def test_an_area_without_a_chance_is_never_in_the_background():
    own = np.linspace(0.1, 0.5, 200) ** 2
    own[::3] = np.nan
    scores = with_chances(own)
    for seed in range(5):
        background = background_of(scores, np.arange(200) < 150, seed)
        assert not np.isnan(own[background.rows]).any()
        assert background.weights @ own[background.rows] == pytest.approx(np.nanmean(own[:150]), abs=1e-12)
    with pytest.raises(InputError, match="no area with a chance"):
        background_of(scores, np.arange(200) % 3 == 0)


@pytest.mark.parametrize("usual", [0.001, 0.999])
def test_a_few_areas_unlike_all_others_still_give_the_mean_of_the_country(usual):
    own = np.full(2_000, usual)
    own[[5, 700]] = 1 - usual
    scores, everywhere = with_chances(own), np.full(2_000, True)
    for seed in range(20):
        background = background_of(scores, everywhere, seed)
        assert len(set(background.rows.tolist())) == BACKGROUND
        assert background.weights @ own[background.rows] == pytest.approx(own.mean(), abs=1e-12)


def test_a_mean_close_to_the_lowest_chance_is_met_too():
    values = np.array([0.1, *[0.101] * 48, 0.9])
    weights = chance_contributions._tilted(values, 0.1 + 1e-6)
    assert weights @ values == pytest.approx(0.1 + 1e-6, abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=300), st.integers(0, 100))
def test_any_chances_give_a_background_with_the_mean_of_the_country(own, seed):
    background = background_of(with_chances(own), np.full(len(own), True), seed)
    assert (background.weights >= 0).all()
    assert background.weights.sum() == pytest.approx(1, abs=1e-12)
    assert background.weights @ np.array(own)[background.rows] == pytest.approx(np.mean(own), abs=1e-12)


def student_parts(n=30, seed=1):
    rng = np.random.default_rng(seed)
    location = pd.DataFrame(
        {"base": 0.01, **{name: rng.normal(0, 0.02, n) for name in ("onv", "history", "size")}}
    )
    parts = pd.DataFrame({"size": rng.normal(0, 0.3, n), "unrest": rng.normal(0, 0.2, n)})
    return location, SpreadParts(-3.2, parts, 4.5), rng.normal(-0.05, 0.05, n)


def test_the_chance_of_the_parts_is_that_of_the_distribution():
    location, spread, limits = student_parts()
    limits[4] = np.nan
    scores = additive_scores(location, spread, limits)
    assert set(scores.groups) == {"onv", "history", "size", "border", "unrest"}
    scale = np.exp(spread.base + spread.parts.sum(axis=1))
    exact = student.cdf((limits - location.sum(axis=1)) / scale, 4.5)
    np.testing.assert_allclose(scores.own, exact, atol=1e-10)
    upward = additive_scores(location, spread, limits, upward=True)
    np.testing.assert_allclose(upward.own, 1 - exact, atol=1e-10)
    found = shapley(scores, background_of(scores, ~np.isnan(limits)), np.arange(30))
    assert np.isnan(found[4]).all()
    assert not np.isnan(np.delete(found, 4, axis=0)).any()


def test_far_out_the_distribution_keeps_its_tails():
    location, spread, _ = student_parts()
    for reach in (3.0, 20.0, 1e4, 1e8):
        for limits in (np.full(30, reach), np.full(30, -reach)):
            scale = np.exp(spread.base + spread.parts.sum(axis=1))
            exact = student.cdf((limits - location.sum(axis=1)) / scale, 4.5)
            np.testing.assert_allclose(additive_scores(location, spread, limits).own, exact, atol=1e-10)


@pytest.mark.parametrize("freedom", [2.1, 4.5, 30.0, 1e6])
def test_the_table_of_the_distribution_is_as_exact_as_promised(freedom):
    points = np.concatenate([np.linspace(-40, 40, 200_001), np.sinh(np.linspace(-25, 25, 100_001))])
    table = chance_contributions._student_table(freedom)
    found = table(points)
    np.testing.assert_allclose(found, student.cdf(points, freedom), rtol=0, atol=1e-10)
    assert np.isnan(table(np.array([np.nan, 200.0]))).tolist() == [True, False]


def test_too_many_groups_are_taken_together_without_changing_the_chance():
    rng = np.random.default_rng(2)
    many = {f"driver{number}": rng.normal(0, 0.001 * (number + 1), 20) for number in range(15)}
    location, spread, limits = pd.DataFrame({"base": 0.0, **many}), student_parts(20)[1], np.full(20, -0.05)
    limits[0] = -0.06
    scores = additive_scores(location, spread, limits)
    assert len(scores.groups) == MOST_GROUPS
    assert {"border", "size", "unrest", "other", "driver14"} <= set(scores.groups)
    assert "driver0" not in scores.groups
    scale = np.exp(spread.base + spread.parts.sum(axis=1))
    exact = student.cdf((limits - location.sum(axis=1)) / scale, 4.5)
    np.testing.assert_allclose(scores.own, exact, atol=1e-10)


@pytest.mark.parametrize("many", [3, 15])
def test_drivers_named_as_a_group_of_a_chance_lose_nothing(many):
    # A municipality may file its own indicators under any driver of the catalogue.
    rng = np.random.default_rng(4)
    names = ("border", "unrest", "other", *(f"driver{number}" for number in range(many)))
    location = pd.DataFrame({"base": 0.01, **{name: rng.normal(0, 0.02, 20) for name in names}})
    _, spread, limits = student_parts(20)
    scores = additive_scores(location, spread, limits)
    assert len(scores.groups) <= MOST_GROUPS
    assert len(set(scores.groups)) == len(scores.groups)
    scale = np.exp(spread.base + spread.parts.sum(axis=1))
    exact = student.cdf((limits - location.sum(axis=1)) / scale, 4.5)
    np.testing.assert_allclose(scores.own, exact, atol=1e-10)


@pytest.mark.parametrize("name", ["lightgbm", "structural"])
def test_the_parts_of_a_fitted_model_give_its_own_chance(tmp_path_factory, name, one_thread):
    panel = example_panel(tmp_path_factory.mktemp("country"))
    question = experiment("slide-2y", trees=30)
    stage = stage_of(panel, latest_origin(panel, 2))
    model = fit(question.model(name), question, stage.training)
    made = forecast_of(name, model, question, panel, stage.origin, stage.features)
    spread = spread_parts(model, stage.features)
    location = by_driver(stage.features.names, model.contributions(stage.features))
    own = np.searchsorted(panel.areas, made.locations)
    for reading in ("slide", "recover", "clear_slide"):
        event = READINGS[reading]
        limits = event.limits(panel, stage.origin.wave)[own]
        scores = additive_scores(location, spread, limits, upward=event.upward)
        np.testing.assert_allclose(scores.own, made.readings[reading], atol=1e-9)
    counted = ~np.isnan(made.readings["slide"])
    scores = additive_scores(location, spread, READINGS["slide"].limits(panel, stage.origin.wave)[own])
    rows = np.flatnonzero(counted)[:20]
    found = shapley(scores, background_of(scores, counted), rows)
    mean = made.readings["slide"][counted].mean()
    np.testing.assert_allclose(found.sum(axis=1), made.readings["slide"][rows] - mean, atol=1e-9)


def test_a_model_without_such_a_spread_has_no_parts():
    assert spread_parts(object(), None) is None
