"""Lasting level and noise: against the exact Gaussian posterior, by hand, and found again where planted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from measured_worlds import noisy_world, real_measured_3

from riskmodel.forecasting.local_level import (
    ANY_SIZE,
    LARGEST_SURPRISE,
    PRIOR_MEASUREMENTS,
    SMALLEST_CONSTANT,
    SMALLEST_PER_INHABITANT,
    LocalLevel,
    expected_spread,
    filter_levels,
    fit_local_level,
)
from riskmodel.panel.measurement_noise import SMALLEST, Noise

Floats = npt.NDArray[np.float64]
nan = np.nan
YEARS = (2002, 2008, 2012, 2014, 2016, 2018, 2020)
SIZES = np.array([100.0, 1000.0, 5000.0])


# --- An oracle: the posterior from the full covariance matrix -------------------------------------------------


def posterior(scores: Floats, years: Floats, noise: float, drift: float, moment: float) -> tuple[float, float]:
    """Mean and variance of the lasting level at a moment, given all scores before and at it.

    The level is a Wiener process of which nothing is known beforehand, so its covariance is that of the
    differences and the weights of the scores must add up to one: the Lagrange form of generalised least squares.
    """
    there = ~np.isnan(scores) & (years <= moment)
    y, at = scores[there], years[there]
    if len(y) == 0:
        return nan, nan
    origin = years.min()
    covariance = drift * np.minimum.outer(at - origin, at - origin) + noise * np.eye(len(y))
    towards = drift * np.minimum(at - origin, moment - origin)
    n = len(y)
    bordered = np.block([[covariance, np.ones((n, 1))], [np.ones((1, n)), np.zeros((1, 1))]])
    *weights, multiplier = np.linalg.solve(bordered, np.append(towards, 1.0))
    variance = drift * (moment - origin) - np.dot(weights, towards) - multiplier
    return float(np.dot(weights, y)), float(variance)


def oracle(model: LocalLevel, scores: Floats, years: tuple[int, ...], inhabitants: Floats) -> Floats:
    """Level, variance and unrest of every area, shape (areas, 3), one area and one measurement at a time."""
    axis = np.array(years, dtype=float)
    known = inhabitants[~np.isnan(inhabitants)]
    typical = np.median(known) if len(known) else ANY_SIZE
    rows = []
    for row, people in zip(scores, inhabitants, strict=True):
        size = max(typical if np.isnan(people) else people, SMALLEST)
        noise = model.noise.constant + model.noise.per_inhabitant / size
        drift = model.drift.constant + model.drift.per_inhabitant / size
        surprises = []
        for place in np.flatnonzero(~np.isnan(row))[1:]:
            before = np.where(np.arange(len(row)) < place, row, nan)
            mean, variance = posterior(before, axis, noise, drift, axis[place])
            surprises.append(min((row[place] - mean) ** 2 / (variance + noise), LARGEST_SURPRISE**2))
        total = PRIOR_MEASUREMENTS + sum(surprises)
        unrest = np.log(total / (PRIOR_MEASUREMENTS + len(surprises))) / 2
        rows.append((*posterior(row, axis, noise, drift, axis[-1]), unrest))
    return np.array(rows)


def assert_as_oracle(model: LocalLevel, scores: Floats, years: tuple[int, ...], inhabitants: Floats) -> None:
    told = filter_levels(model, scores, years, inhabitants)
    expected = oracle(model, scores, years, inhabitants)
    np.testing.assert_allclose(np.column_stack([told.level, told.variance, told.unrest]), expected, atol=1e-9)


@st.composite
def series(draw):
    """Areas of any size, measured now and then over uneven years."""
    years = tuple(sorted(draw(st.sets(st.integers(1998, 2024), min_size=1, max_size=8))))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    n = draw(st.integers(1, 6))
    scores = rng.normal(0, 0.1, (n, len(years)))
    scores[rng.random(scores.shape) < draw(st.sampled_from([0.0, 0.2, 0.6]))] = nan
    inhabitants = np.exp(rng.normal(7, 2, n))
    inhabitants[rng.random(n) < draw(st.sampled_from([0.0, 0.5, 1.0]))] = nan
    part = st.floats(1e-5, 1e-2)
    model = LocalLevel(Noise(draw(part), draw(st.floats(1e-3, 1.0)), 1.0), Noise(draw(part), draw(part), 1.0))
    return model, scores, years, inhabitants


@settings(max_examples=150, deadline=None)
@given(series())
def test_the_filter_is_the_exact_posterior(drawn):
    assert_as_oracle(*drawn)


def test_the_filter_is_the_exact_posterior_on_the_official_file(real_data: Path):
    measured = real_measured_3(real_data)
    scores = measured.score - np.nanmean(measured.score, axis=0)
    size = measured.inhabitants[:, -1]
    model = fit_local_level(scores, measured.waves, size)
    assert np.isnan(scores).any()
    told = filter_levels(model, scores, measured.waves, size)
    some = np.random.default_rng(1).choice(len(scores), 250, replace=False)
    some = np.append(some, np.flatnonzero(np.isnan(scores).any(axis=1))[:50])
    filled = np.where(np.isnan(size), np.nanmedian(size), size)
    expected = oracle(model, scores[some], measured.waves, filled[some])
    found = np.column_stack([told.level, told.variance, told.unrest])[some]
    np.testing.assert_allclose(found, expected, atol=1e-9)


# --- By hand --------------------------------------------------------------------------------------------------

#: Jitter of variance .0004 and drift of .0001 a year for an area of 1,000 inhabitants.
BY_HAND = LocalLevel(Noise(0.0003, 0.1, 1000.0), Noise(0.00005, 0.05, 1000.0))


def test_two_measurements_by_hand():
    now = filter_levels(BY_HAND, np.array([[0.0, 0.1]]), (2016, 2018), np.array([1000.0]))
    # Two years on the level is sure to .0004 + 2 * .0001 = .0006; with noise of .0004 the gain is .6.
    np.testing.assert_allclose(now.level, [0.06], atol=1e-15)
    np.testing.assert_allclose(now.variance, [0.0006 * 0.4], atol=1e-15)
    # The surprise is .1 where .001 ** .5 was expected: a square of 10. (2 + 10) / (2 + 1) = 4.
    np.testing.assert_allclose(now.unrest, [np.log(2.0)], atol=1e-15)
    # In four years: .00024 + 4 * .0001 + .0004.
    np.testing.assert_allclose(expected_spread(BY_HAND, now, np.array([1000.0]), 4), [0.00104**0.5], atol=1e-15)


def test_one_measurement_by_hand():
    now = filter_levels(BY_HAND, np.array([[0.07]]), (2016,), np.array([nan]))
    # Without any size an area counts as one of 1,000 inhabitants.
    assert (now.level[0], now.unrest[0]) == (0.07, 0.0)
    np.testing.assert_allclose(now.variance, [0.0004], atol=1e-15)
    np.testing.assert_allclose(expected_spread(BY_HAND, now, np.array([nan]), 2), [0.001**0.5], atol=1e-15)


def test_an_area_without_a_measurement_is_unknown_and_ordinary():
    now = filter_levels(BY_HAND, np.array([[nan, nan], [0.0, nan]]), (2016, 2018), np.array([1000.0, 1000.0]))
    assert np.isnan([now.level[0], now.variance[0]]).all()
    assert now.unrest.tolist() == [0.0, 0.0]
    # Measured in 2016 only: by 2018 two years less sure.
    np.testing.assert_allclose([now.level[1], now.variance[1]], [0.0, 0.0006], atol=1e-15)
    assert np.isnan(expected_spread(BY_HAND, now, np.array([1000.0, 1000.0]), 2)[0])


def test_one_wild_measurement_does_not_make_an_area_endlessly_restless():
    now = filter_levels(BY_HAND, np.array([[0.0, 3.0], [0.0, 0.2]]), (2016, 2018), np.array([1000.0, 1000.0]))
    np.testing.assert_allclose(now.unrest, np.log((2 + 25) / 3) / 2, atol=1e-15)


def test_a_few_areas_by_hand():
    # Too few to see changes turn back: half of a change is noise. Changes of .04 over two years have a square of
    # .0016, so noise of .0004 at each of two measurements, and .0004 a year of drift.
    scores = np.array([[0.0, 0.04, 0.0], [0.0, -0.04, -0.08], [0.1, 0.14, 0.1]])
    model = fit_local_level(scores, (2014, 2016, 2018), np.full(3, 1e6))
    assert model.noise.constant == pytest.approx(0.0004)
    assert model.drift.of_score(np.array([1e6]))[0] ** 2 == pytest.approx(0.0004, rel=1e-3)


@pytest.mark.parametrize("scores", [np.array([[0.1], [0.2]]), np.array([[0.1, nan], [nan, 0.2]])])
def test_nothing_to_learn_from_leaves_the_least(scores: Floats):
    model = fit_local_level(scores, (2016, 2018)[: scores.shape[1]], np.array([nan, nan]))
    least = (SMALLEST_CONSTANT, SMALLEST_PER_INHABITANT)
    for noise in (model.noise, model.drift):
        assert (noise.constant, noise.per_inhabitant, noise.typical) == (*least, ANY_SIZE)


def test_the_least_noise_and_drift():
    assert (SMALLEST_CONSTANT, SMALLEST_PER_INHABITANT) == (0.00001, 0.001)


def test_scores_that_never_change_leave_the_least():
    scores = np.repeat(np.random.default_rng(1).normal(0, 0.1, (200, 1)), 4, axis=1)
    model = fit_local_level(scores, (2012, 2014, 2016, 2018), np.full(200, 1000.0))
    assert model.noise.constant == SMALLEST_CONSTANT
    assert model.drift.constant == SMALLEST_CONSTANT


# --- What must hold whatever the figures ----------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(series(), st.floats(-2, 2))
def test_the_level_moves_with_the_country_and_stays_among_the_measurements(drawn, constant):
    model, scores, years, inhabitants = drawn
    now, moved = (filter_levels(model, each, years, inhabitants) for each in (scores, scores + constant))
    np.testing.assert_allclose(moved.level, now.level + constant, atol=1e-9)
    np.testing.assert_allclose(moved.variance, now.variance, atol=1e-12)
    known = ~np.isnan(scores).all(axis=1)
    assert (now.level[known] <= np.nanmax(scores[known], axis=1) + 1e-12).all()
    assert (now.level[known] >= np.nanmin(scores[known], axis=1) - 1e-12).all()
    assert (now.variance[known] > 0).all()
    assert np.isfinite(now.unrest).all()


@settings(max_examples=60, deadline=None)
@given(series(), st.integers(1, 30))
def test_a_wave_without_measurements_teaches_nothing_but_that_time_passes(drawn, later):
    model, scores, years, inhabitants = drawn
    empty = np.column_stack([scores, np.full(len(scores), nan)])
    now = filter_levels(model, scores, years, inhabitants)
    then = filter_levels(model, empty, (*years, years[-1] + later), inhabitants)
    np.testing.assert_array_equal(then.level, now.level)
    np.testing.assert_array_equal(then.unrest, now.unrest)
    # To look ahead over the empty years or to have lived through them is the same.
    np.testing.assert_allclose(
        expected_spread(model, then, inhabitants, 2),
        expected_spread(model, now, inhabitants, 2 + later),
        atol=1e-12,
    )


@pytest.mark.parametrize("n", [30, 400])
def test_the_order_of_areas_does_not_matter(n: int):
    world, _ = noisy_world(np.random.default_rng(3), n, constant=0.0001, per_inhabitant=0.2)
    scores, size = world.score - world.score.mean(axis=0), world.inhabitants[:, 0]
    turned = np.random.default_rng(1).permutation(n)
    one, other = fit_local_level(scores, YEARS, size), fit_local_level(scores[turned], YEARS, size[turned])
    np.testing.assert_allclose(other.noise.of_score(SIZES), one.noise.of_score(SIZES), rtol=1e-9)
    np.testing.assert_allclose(other.drift.of_score(SIZES), one.drift.of_score(SIZES), rtol=1e-9)


# --- Planted truths -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lasting", [0.01, 0.02, 0.04])
@pytest.mark.parametrize(("constant", "per_inhabitant"), [(0.0001, 0.18), (0.0004, 0.5)])
def test_planted_noise_and_drift_are_recovered(constant: float, per_inhabitant: float, lasting: float):
    found = []
    for seed in range(4):
        world, _ = noisy_world(
            np.random.default_rng(seed),
            8_000,
            constant=constant,
            per_inhabitant=per_inhabitant,
            lasting=lasting,
            waves=YEARS,
        )
        scores = world.score - world.score.mean(axis=0)
        model = fit_local_level(scores, YEARS, world.inhabitants[:, 0])
        found.append((model.noise.of_score(SIZES), model.drift.of_score(SIZES)))
    noise, drift = np.mean(found, axis=0)
    np.testing.assert_allclose(noise, np.sqrt(constant + per_inhabitant / SIZES), rtol=0.05, atol=0.001)
    # The drift is what remains beside noise of up to .075 in the smallest areas, hence the absolute part.
    np.testing.assert_allclose(drift, lasting / np.sqrt(2), rtol=0.05, atol=0.003)


def test_the_filtered_level_is_as_near_to_the_truth_as_it_says():
    world, truth = noisy_world(np.random.default_rng(2), 6_000, constant=0.0002, per_inhabitant=0.3)
    scores = world.score - world.score.mean(axis=0)
    lasting = truth - truth.mean(axis=0)
    size = world.inhabitants[:, 0]
    now = filter_levels(fit_local_level(scores, YEARS, size), scores, YEARS, size)
    errors = (now.level - lasting[:, -1]) / np.sqrt(now.variance)
    assert errors.mean() == pytest.approx(0.0, abs=0.05)
    for part in (size < 500, (size >= 500) & (size < 3000), size >= 3000):
        assert errors[part].std() == pytest.approx(1.0, abs=0.06)
    # Nearer than the last measurement by itself, most of all in small areas.
    by_level, by_score = np.abs(now.level - lasting[:, -1]), np.abs(scores[:, -1] - lasting[:, -1])
    assert by_level[size < 500].mean() < 0.75 * by_score[size < 500].mean()
    assert by_level.mean() < 0.9 * by_score.mean()


def test_restless_areas_are_told_from_ordinary_ones():
    rng = np.random.default_rng(4)
    world, _ = noisy_world(rng, 4_000, constant=0.0002, per_inhabitant=0.1)
    scores, size = world.score - world.score.mean(axis=0), world.inhabitants[:, 0]
    model = fit_local_level(scores, YEARS, size)
    restless = rng.random(len(size)) < 0.1
    wild = scores + restless[:, None] * 2 * model.noise.of_score(size)[:, None] * rng.standard_normal(scores.shape)
    unrest = filter_levels(model, wild, YEARS, size).unrest
    assert unrest[~restless].mean() == pytest.approx(0.0, abs=0.1)
    assert unrest[restless].mean() > unrest[~restless].mean() + 0.4
    # Ordinary small areas are no more restless than ordinary large ones: size was taken into account.
    small, large = ~restless & (size < 500), ~restless & (size > 5000)
    assert unrest[small].mean() == pytest.approx(unrest[large].mean(), abs=0.05)
