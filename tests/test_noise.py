"""The measurement noise of a score: recovered where it is known, refused where it cannot be told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from measured_worlds import noisy_world, real_measured_2, real_measured_3

from riskmodel.errors import InputError
from riskmodel.monitor.development import inhabitants_at, noise_of
from riskmodel.panel.measurement_noise import SMALLEST, UNKNOWN, Noise, estimate_noise

SIZES = np.array([100.0, 1000.0, 5000.0])


def test_spread_by_hand():
    noise = Noise(constant=0.0001, per_inhabitant=0.2, typical=2000.0)
    # .0001 + .2 / 100 = .0021, and .0001 + .2 / 2000 = .0002
    np.testing.assert_allclose(noise.of_score(np.array([100.0, np.nan])), [0.0021**0.5, 0.0002**0.5])
    np.testing.assert_allclose(noise.of_change(np.array([100.0])), [0.0042**0.5])
    # Grown from 100 to 2,000 inhabitants: the variances of both measurements add up.
    np.testing.assert_allclose(noise.of_change(np.array([100.0]), np.array([2000.0])), [0.0023**0.5])


def test_a_handful_of_people_counts_as_fifty():
    noise = Noise(0.0001, 0.2, 2000.0)
    assert noise.of_score(np.array([1.0]))[0] == noise.of_score(np.array([SMALLEST]))[0]


def test_unknown_noise_says_nothing():
    assert np.isnan(UNKNOWN.of_change(np.array([100.0, np.nan]))).all()


@pytest.mark.parametrize(
    ("constant", "per_inhabitant"), [(0.0001, 0.18), (0.0, 0.18), (0.0002, 0.0), (0.0004, 0.5)]
)
def test_known_noise_is_recovered(constant: float, per_inhabitant: float):
    truth = Noise(constant, per_inhabitant, 1.0).of_change(SIZES)
    found = []
    for seed in range(4):
        world, _ = noisy_world(
            np.random.default_rng(seed), 10_000, constant=constant, per_inhabitant=per_inhabitant
        )
        found.append(noise_of(world).of_change(SIZES))
    # A noise of .006 comes with lasting changes of .02 to .035, hence the absolute part.
    np.testing.assert_allclose(np.mean(found, axis=0), truth, rtol=0.04, atol=0.0015)


@pytest.mark.parametrize("lasting", [0.0, 0.01, 0.04])
def test_lasting_changes_are_not_noise(lasting: float):
    world, _ = noisy_world(np.random.default_rng(5), 20_000, constant=0.0001, per_inhabitant=0.18, lasting=lasting)
    truth = Noise(0.0001, 0.18, 1.0).of_change(SIZES)
    np.testing.assert_allclose(noise_of(world).of_change(SIZES), truth, rtol=0.1)


def test_uneven_years_and_even_years_give_the_same_noise():
    spans = [(2002, 2008, 2012, 2014), (2008, 2010, 2012, 2014)]
    found = []
    for waves in spans:
        worlds = [
            noisy_world(np.random.default_rng(seed), 10_000, constant=0.0001, per_inhabitant=0.18, waves=waves)[0]
            for seed in range(4)
        ]
        found.append(np.mean([noise_of(world).of_change(SIZES) for world in worlds], axis=0))
    np.testing.assert_allclose(found[0], found[1], rtol=0.1)


def test_size_counts_at_the_measurement_between_two_changes():
    rng = np.random.default_rng(3)
    sizes = np.exp(rng.uniform(np.log(60), np.log(20_000), (20_000, 4)))
    scores = rng.normal(0, 0.03, (20_000, 1)) + np.sqrt(0.0001 + 0.2 / sizes) * rng.standard_normal(sizes.shape)
    truth = Noise(0.0001, 0.2, 1.0).of_score(SIZES)
    np.testing.assert_allclose(estimate_noise(scores, sizes).of_score(SIZES), truth, rtol=0.06)
    # With the sizes of another moment the small areas would look calmer than they are.
    assert estimate_noise(scores, sizes[:, 0]).of_score(SIZES)[0] < 0.8 * truth[0]


def test_one_size_by_hand():
    # Levels 0; noise +-.03 in turn: changes of +-.06 turn back wholly, their mean is zero.
    scores = np.tile([[0.03, -0.03, 0.03, -0.03], [-0.03, 0.03, -0.03, 0.03]], (60, 1))
    noise = estimate_noise(scores, np.full(120, 400.0))
    # minus the product of two successive changes: .06 * .06
    np.testing.assert_allclose(noise.of_score(np.array([400.0])), [0.06])


scores_of = st.integers(0, 2**32 - 1).map(
    lambda seed: noisy_world(
        np.random.default_rng(seed), 400, constant=0.0002, per_inhabitant=0.3, waves=(2012, 2014, 2016, 2018)
    )[0]
)


@settings(max_examples=12, deadline=None)
@given(scores_of, st.randoms(use_true_random=False), st.floats(0.1, 10), st.floats(-1, 1))
def test_order_shift_and_scale_of_scores(world, random, scale, shift):
    size = inhabitants_at(world, 2018)
    plain = estimate_noise(world.score, size).of_score(SIZES)
    order = list(range(len(size)))
    random.shuffle(order)
    np.testing.assert_allclose(estimate_noise(world.score[order], size[order]).of_score(SIZES), plain, rtol=1e-6)
    national = shift * np.array([0.0, 1.0, -2.0, 0.5])
    np.testing.assert_allclose(estimate_noise(world.score + national, size).of_score(SIZES), plain, rtol=1e-6)
    np.testing.assert_allclose(estimate_noise(scale * world.score, size).of_score(SIZES), scale * plain, rtol=1e-6)


def test_a_wave_without_scores_is_no_wave():
    world, _ = noisy_world(np.random.default_rng(1), 500, constant=0.0002, per_inhabitant=0.3)
    size = inhabitants_at(world, 2020)
    blank = np.insert(world.score, 2, np.nan, axis=1)
    assert estimate_noise(blank, size) == estimate_noise(world.score, size)


def test_missing_scores_leave_the_estimate_standing():
    world, _ = noisy_world(np.random.default_rng(1), 20_000, constant=0.0001, per_inhabitant=0.18)
    score = np.where(np.random.default_rng(2).random(world.score.shape) < 0.1, np.nan, world.score)
    truth = Noise(0.0001, 0.18, 1.0).of_change(SIZES)
    np.testing.assert_allclose(
        estimate_noise(score, inhabitants_at(world, 2020)).of_change(SIZES), truth, rtol=0.1
    )


def test_too_few_areas_or_waves_are_refused():
    world, _ = noisy_world(np.random.default_rng(1), 120, constant=0.0002, per_inhabitant=0.3)
    size = inhabitants_at(world, 2020)
    with pytest.raises(InputError, match="99 areas with a size and two successive changes"):
        estimate_noise(world.score[:99], size[:99])
    with pytest.raises(InputError, match="0 areas"):
        estimate_noise(world.score[:, :2], size)
    with pytest.raises(InputError, match="0 areas"):
        estimate_noise(world.score, np.full(120, np.nan))


def test_changes_that_follow_each_other_give_no_noise():
    rng = np.random.default_rng(0)
    course = np.outer(rng.normal(0, 0.05, 500), [0.0, 1.0, 2.0, 3.0])
    with pytest.raises(InputError, match="do not turn back"):
        estimate_noise(course, np.full(500, 1000.0))
    with pytest.raises(InputError, match="never change"):
        estimate_noise(np.ones((500, 3)), np.full(500, 1000.0))


def test_real_noise_of_3(real_data: Path):
    noise = noise_of(real_measured_3(real_data))
    # Sizes of 2022 for every wave.
    np.testing.assert_allclose(noise.of_change(np.array([100.0, 5000.0])), [0.0599, 0.0176], atol=0.0001)


def test_real_noise_of_3_without_any_one_wave(real_data: Path):
    country = real_measured_3(real_data)
    size = inhabitants_at(country, 2020)
    found = np.array(
        [
            estimate_noise(np.delete(country.score, wave, axis=1), size).of_change(np.array([100.0, 5000.0]))
            for wave in range(len(country.waves))
        ]
    )
    assert found[:, 0].min() > 0.050 and found[:, 0].max() < 0.070
    assert found[:, 1].min() > 0.014 and found[:, 1].max() < 0.021


def test_real_noise_of_2(real_data: Path):
    noise = noise_of(real_measured_2(real_data))
    np.testing.assert_allclose(noise.of_change(np.array([100.0, 5000.0])), [0.0657, 0.0129], atol=0.0001)
