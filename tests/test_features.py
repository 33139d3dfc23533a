"""Features against hand calculation, brute force and properties they must have."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import NEVER, example_panel, panel_of, with_score

from riskmodel.catalogue import drivers, indicators
from riskmodel.forecasting.features import features_at, features_of, local_level_of, training_of
from riskmodel.forecasting.local_level import LocalLevel, fit_local_level
from riskmodel.forecasting.origins import backtest_origins, origin_at
from riskmodel.panel.measurement_noise import Noise

nan = np.nan
CODES = ["WK000100", "WK000101", "WK000200"]
# Means over the three areas: 4.0, 4.1, 4.2, 4.2.
SCORES = {
    2012: [4.0, 4.1, 3.9],
    2014: [4.1, 4.3, 3.9],
    2016: [4.2, 4.5, 3.9],
    2018: [4.2, 4.4, 4.0],
}
ONV = {2014: [0.10, 0.20, 0.30], 2018: [0.10, 0.50, 0.30]}
SOC = {2018: [0.0, nan, 0.2]}
POPULATION = {2016: [90.0, 990.0, nan]}
DENSITY = {2016: [100.0, nan, 2500.0]}


def hand_panel():
    values = {"score": SCORES, "onv": ONV, "soc": SOC, "population": POPULATION, "density": DENSITY}
    return panel_of(values, CODES)


#: Jitter of variance .01 and drift of .005 a year, whatever the size.
JITTER = LocalLevel(Noise(0.01, 0.0, 1000.0), Noise(0.005, 0.0, 1000.0))


# Levels against the country: 2012 (.0, .1, -.1), 2014 (.0, .2, -.2), 2016 (.0, .3, -.3), 2018 (.0, .2, -.2).
AT_2018 = {
    "history.level": [0.0, 0.2, -0.2],
    "history.level_above": [0.0, 0.2, 0.0],
    "history.change_last": [0.0, -0.1, 0.1],
    "history.change_previous": [0.0, 0.1, -0.1],
    "history.change_long": [0.0, 0.1, -0.1],
    "history.above_own_mean": [0.0, 0.0, 0.0],  # .2 against the mean of .1, .2 and .3
    # Years -3, -1, 1, 3 around their mean, sum of squares 20: (-.3 - .2 + .3 + .6) / 20.
    "history.slope": [0.0, 0.02, -0.02],
    "history.restlessness": [0.0, 0.1, 0.1],
    # The second area: variance .01, two years on .02, gain 2/3, level .1 + .2/3 = 1/6, variance .02/3; two years
    # on .05/3, gain 5/8, level 1/6 + 5/8 * 2/15 = 1/4, variance .00625; two years on .01625, gain 13/21, level
    # 1/4 - 13/21 * 1/20, which lies .4/21 above the last score; variance .01625 * 8/21 = .13/21.
    "history.reversal": [0.0, 0.4 / 21, -0.4 / 21],
    # Its surprises, squared and over what was expected: .01/.03, (2/15)**2 / (.08/3) and .0025/.02625, which add
    # up to 23/21; (2 + 23/21) / (2 + 3) = 13/21. An area that never surprised: 2/5.
    "history.unrest": [np.log(2 / 5) / 2, np.log(13 / 21) / 2, np.log(13 / 21) / 2],
    # Two years ahead: .13/21 + 2 * .005 + .01, in every area.
    "size.spread": [np.log(0.55 / 21) / 2] * 3,
    "surroundings.level": [0.2, 0.0, nan],  # the third area is alone in its municipality
    "surroundings.difference": [-0.2, 0.2, nan],
    "surroundings.change": [-0.1, 0.0, nan],
    "onv.level": [-0.2, 0.2, 0.0],
    "onv.change": [-0.1, 0.2, -0.1],  # .0, .3 and .0 against their mean
    "soc.level": [-0.1, nan, 0.1],
    "soc.change": [nan, nan, nan],  # published once only
    "size.inhabitants": [2.0, 3.0, nan],  # log10 of 100 and 1000
    "context.density": [100.0, nan, 2500.0],
}
# The training example 2012 -> 2014: one wave known, no dimension yet, size and context as known in 2020.
START_2012 = {
    "history.level": [0.0, 0.1, -0.1],
    "history.level_above": [0.0, 0.1, 0.0],
    "history.reversal": [0.0, 0.0, 0.0],  # the first measurement is all that is known of the lasting level
    "history.unrest": [0.0, 0.0, 0.0],
    "history.change_last": [nan, nan, nan],
    "history.change_previous": [nan, nan, nan],
    "history.change_long": [nan, nan, nan],
    "history.above_own_mean": [nan, nan, nan],
    "history.slope": [nan, nan, nan],
    "history.restlessness": [nan, nan, nan],
    "surroundings.level": [0.1, 0.0, nan],
    "surroundings.difference": [-0.1, 0.1, nan],
    "surroundings.change": [nan, nan, nan],
    "onv.level": [nan, nan, nan],
    "size.inhabitants": [2.0, 3.0, nan],
    "context.density": [100.0, nan, 2500.0],
}
START_2016 = {
    "history.level": [0.0, 0.3, -0.3],
    "history.change_last": [0.0, 0.1, -0.1],
    "history.change_long": [0.0, 0.2, -0.2],
    "history.above_own_mean": [0.0, 0.15, -0.15],
    "history.slope": [0.0, 0.05, -0.05],  # years -2, 0, 2: (-.2 + .6) / 8
    "onv.level": [-0.1, 0.0, 0.1],  # the wave of 2014 is the newest one known
    "onv.change": [nan, nan, nan],
    "soc.level": [nan, nan, nan],
}


# Two waves known: no change before the last one and none that is longer.
START_2014 = {
    "history.level": [0.0, 0.2, -0.2],
    "history.change_last": [0.0, 0.1, -0.1],
    "history.change_previous": [nan, nan, nan],
    "history.change_long": [nan, nan, nan],
    "history.above_own_mean": [0.0, 0.1, -0.1],
    "history.slope": [0.0, 0.05, -0.05],
    "history.restlessness": [0.0, 0.1, 0.1],
    "surroundings.level": [0.2, 0.0, nan],
    "surroundings.change": [0.1, 0.0, nan],
    "onv.level": [-0.1, 0.0, 0.1],
    "onv.change": [nan, nan, nan],
}


def test_features_at_an_origin_worked_out_by_hand():
    known = hand_panel().known_at(origin_at(hand_panel(), 2018, 2).known_at)
    features = features_at(known, 2018, known, JITTER, 2)
    for name in features.names:
        expected = AT_2018.get(name, [nan] * 3)
        np.testing.assert_allclose(features.column(name), expected, atol=1e-12, err_msg=name)
    assert set(AT_2018) <= set(features.names)


def test_features_of_an_origin_are_those_with_the_noise_as_known_then():
    panel = hand_panel()
    origin = origin_at(panel, 2016, 2)
    known = panel.known_at(origin.known_at)
    levels = np.array([[0.0, 0.0, 0.0], [0.1, 0.2, 0.3], [-0.1, -0.2, -0.3]])
    by_hand = fit_local_level(levels, (2012, 2014, 2016), np.array(POPULATION[2016]))
    noise = local_level_of(known)
    for told, expected in ((noise.noise, by_hand.noise), (noise.drift, by_hand.drift)):
        np.testing.assert_allclose(
            told.of_score(np.array([100.0, 1e6])), expected.of_score(np.array([100.0, 1e6]))
        )
    expected = features_at(known, 2016, known, noise, 2)
    np.testing.assert_array_equal(features_of(panel, origin).values, expected.values)


@pytest.mark.parametrize("horizon", [2, 4])
def test_the_spread_grows_with_the_years_ahead(horizon):
    known = hand_panel()
    spread = features_at(known, 2018, known, JITTER, horizon).column("size.spread")
    np.testing.assert_allclose(np.exp(2 * spread), 0.13 / 21 + 0.005 * horizon + 0.01)


def test_training_examples_worked_out_by_hand():
    panel = hand_panel()
    origin = origin_at(panel, 2018, 2)
    training = training_of(panel, origin)
    assert training.start.tolist() == [2012] * 3 + [2014] * 3 + [2016] * 3
    assert training.end.tolist() == [2014] * 3 + [2016] * 3 + [2018] * 3
    assert training.municipality.tolist() == ["GM0001", "GM0001", "GM0002"] * 3
    expected = [0.1, 0.2, 0.0, 0.1, 0.2, 0.0, 0.0, -0.1, 0.1]
    np.testing.assert_allclose(training.change, expected, atol=1e-12)
    np.testing.assert_allclose(training.score_start, [*SCORES[2012], *SCORES[2014], *SCORES[2016]])
    for start, by_hand in ((2012, START_2012), (2014, START_2014), (2016, START_2016)):
        for name, values in by_hand.items():
            told = training.features.column(name)[training.start == start]
            np.testing.assert_allclose(told, values, atol=1e-12, err_msg=f"{start} {name}")
    # The lasting level at a start is that of the waves known by then, with the noise of the origin.
    known = panel.known_at(origin.known_at)
    for start in (2012, 2014, 2016):
        then = known.known_at(known.published_on("score", start))
        expected = features_at(then, start, known, local_level_of(known), 2).values
        np.testing.assert_array_equal(training.features.values[training.start == start], expected)


def test_examples_over_other_years_count_for_half():
    training = training_of(hand_panel(), origin_at(hand_panel(), 2018, 4))
    pairs = [(2012, 2014), (2012, 2016), (2014, 2016), (2014, 2018), (2016, 2018)]
    assert list(zip(training.start.tolist(), training.end.tolist(), strict=True)) == [
        pair for pair in pairs for _ in range(3)
    ]
    assert training.horizon == 4
    assert training.gap.tolist() == [each for gap in (2.0, 4.0, 2.0, 4.0, 2.0) for each in [gap] * 3]
    assert training.weight.tolist() == [each for weight in (0.5, 1.0, 0.5, 1.0, 0.5) for each in [weight] * 3]
    over_four = training.change[training.gap == 4]
    np.testing.assert_allclose(over_four, [0.2, 0.4, 0.0, 0.1, 0.1, 0.1], atol=1e-12)
    # The spread is that of the years that are asked, also where the example lasted two.
    panel = hand_panel()
    known = panel.known_at(origin_at(panel, 2018, 4).known_at)
    then = known.known_at(known.published_on("score", 2012))
    expected = features_at(then, 2012, known, local_level_of(known), 4).column("size.spread")
    np.testing.assert_array_equal(training.features.column("size.spread")[:3], expected)


# Other sources.

#: Inhabitants: 90, 990 and none. Burglaries per 1,000: 200 and 50 in 2016, 300 and 200 in 2017.
OTHERS = {
    "population": {2016: [90.0, 990.0, 0.0]},
    "police_burglary": {2015: [0.0, 0.0, 0.0], 2016: [18.0, 49.5, 4.0], 2017: [27.0, 198.0, 5.0]},
    "low_income": {2014: [10.0, 20.0, 30.0], 2016: [13.0, 21.0, 35.0]},
    "rivm_loneliness": {2016: [10.0, 20.0, nan]},
    "households": {2016: [40.0, 400.0, 0.0]},
    "density": {2014: [90.0, 900.0, 9.0], 2016: [100.0, nan, 2500.0]},
    "vm_decay_low": {2015: [1.0, 2.0, 3.0]},
}
BY_HAND = {
    "onv.police_burglary": [50.0, -50.0, nan],  # against the mean of 250
    "onv.police_burglary_change": [-25.0, 25.0, nan],  # 100 and 150 against 125
    "context.low_income": [-10.0, -2.0, 12.0],  # against 23
    "context.low_income_change": [0.0, -2.0, 2.0],  # 3, 1 and 5 against 3
    "soc.rivm_loneliness": [-5.0, 5.0, nan],
    "soc.rivm_loneliness_change": [nan, nan, nan],  # known for one year
    "context.density": [100.0, 900.0, 2500.0],  # structural: the last value of each area, as it is
    "onv.police_violence": [nan, nan, nan],  # in the catalogue and not in this panel
    "onv.police_violence_change": [nan, nan, nan],
}


@pytest.mark.filterwarnings("error")
def test_features_of_other_sources_worked_out_by_hand():
    dates = {(key, year): date(2019, 1, 1) for key, by_year in OTHERS.items() for year in by_year}
    panel = panel_of({"score": SCORES, **OTHERS}, CODES, dates)
    features = features_of(panel, origin_at(panel, 2018, 2))
    for name, expected in BY_HAND.items():
        np.testing.assert_allclose(features.column(name), expected, atol=1e-9, err_msg=name)
    told = {name.partition(".")[2] for name in features.names}
    # Size is told once, the score and its parts are features of their own, ends of intervals are none.
    assert told.isdisjoint(
        {"households", "population", "dwellings", "score", "onv", "density_change", "vm_decay_low"}
    )
    assert {"vm_decay", "vm_decay_change"} <= told


def test_counts_are_told_for_whoever_lives_there_and_for_nobody_where_nobody_does():
    values = {"population": {2016: [1.0, 0.0, 2.0]}, "police_theft": {2016: [3.0, 3.0, 2.0]}}
    panel = panel_of({"score": SCORES, **values}, CODES, {("police_theft", 2016): date(2018, 1, 1)})
    told = features_of(panel, origin_at(panel, 2018, 2)).column("onv.police_theft")
    np.testing.assert_allclose(told, [1000.0, nan, -1000.0])  # 3,000 and 1,000 against 2,000


def test_size_says_how_much_noise_an_area_has():
    # Variances for 90 and 990 inhabitants; the third area counts as one of their median, 540.
    noise = LocalLevel(Noise(0.0003, 0.09, 1000.0), Noise(0.00005, 0.045, 1000.0))
    size = np.array([90.0, 990.0, 540.0])
    one, drift = 0.0003 + 0.09 / size, 0.00005 + 0.045 / size
    panel = hand_panel()
    start = panel.known_at(panel.published_on("score", 2012))
    told = features_at(start, 2012, panel, noise, 4)
    # Measured once: noise of that measurement, four years of drift, noise of the next one.
    np.testing.assert_allclose(np.exp(2 * told.column("size.spread")), one + 4 * drift + one)
    # Measured twice: what was known after two years, and how much the second measurement weighs.
    after = panel.known_at(panel.published_on("score", 2014))
    gain = (one + 2 * drift) / (one + 2 * drift + one)
    change = np.array([0.0, 0.1, -0.1])
    told = features_at(after, 2014, panel, noise, 2)
    np.testing.assert_allclose(told.column("history.reversal"), -(1 - gain) * change, atol=1e-12)
    surprise = change**2 / (one + 2 * drift + one)
    np.testing.assert_allclose(told.column("history.unrest"), np.log((2 + surprise) / 3) / 2, atol=1e-12)


@pytest.mark.filterwarnings("error")
def test_a_slope_over_one_year_is_the_change_of_that_year():
    panel = panel_of({"score": {2012: [nan, nan, 4.0], 2013: [4.0, 4.2, nan], 2014: [4.1, 4.4, 4.0]}}, CODES)
    moment = panel.published_on("score", 2014)
    told = features_at(panel.known_at(moment), 2014, panel.known_at(moment), JITTER, 2).column("history.slope")
    # Against the country's mean: 4.1 and 4.1667; the third area was measured in 2012, when it was the country.
    np.testing.assert_allclose(told, [0.1 - 0.2 / 3, 0.2 - 0.2 / 3, -0.5 / 6], atol=1e-12)


def test_a_wave_without_a_score_is_left_out_of_means():
    panel = with_score(hand_panel(), 2014, np.array([4.1, nan, 3.9]))
    features = features_of(panel, origin_at(panel, 2018, 2))
    # The second area stood .1 and .3 above the country before it stood .2 above; of its steps one is known.
    for name, expected in (("above_own_mean", 0.0), ("restlessness", 0.1), ("change_long", 0.1)):
        np.testing.assert_allclose(features.column(f"history.{name}")[1], expected, atol=1e-12, err_msg=name)


def test_a_later_wave_that_came_out_sooner_plays_no_part():
    later = {"score": {**SCORES, 2019: [4.4, 4.0, 3.0]}, "onv": {**ONV, 2019: [0.9, 0.1, 0.2]}}
    panel = panel_of({**later, "population": POPULATION}, CODES, {(key, 2019): date(2020, 1, 1) for key in later})
    plain = panel_of({"score": SCORES, "onv": ONV, "population": POPULATION}, CODES)
    moment = plain.published_on("score", 2018)
    assert date(2020, 1, 1) < moment
    found, expected = (
        features_at(each.known_at(moment), 2018, each.known_at(moment), JITTER, 2) for each in (panel, plain)
    )
    np.testing.assert_array_equal(found.values, expected.values)


# Neighbours.


def with_borders(panel, borders):
    return replace(panel, borders=np.array(borders, dtype=np.intp).reshape(-1, 2))


def test_neighbours_worked_out_by_hand():
    # The second area lies between the two others, of which the last is in another municipality.
    panel = with_borders(hand_panel(), [(0, 1), (2, 1)])
    features = features_of(panel, origin_at(panel, 2018, 2))
    # Levels .0, .2 and -.2; changes .0, -.1 and .1.
    np.testing.assert_allclose(features.column("surroundings.level"), [0.2, -0.1, 0.2], atol=1e-12)
    np.testing.assert_allclose(features.column("surroundings.difference"), [-0.2, 0.3, -0.4], atol=1e-12)
    np.testing.assert_allclose(features.column("surroundings.change"), [-0.1, 0.05, -0.1], atol=1e-12)


def test_an_island_has_no_surroundings():
    panel = with_borders(hand_panel(), [(0, 1)])
    features = features_of(panel, origin_at(panel, 2018, 2))
    for name in ("level", "difference", "change"):
        assert np.isnan(features.column(f"surroundings.{name}")).tolist() == [False, False, True]


def test_an_area_without_start_or_end_is_no_example():
    panel = with_score(hand_panel(), 2014, np.array([4.1, nan, 3.9]))
    training = training_of(panel, origin_at(panel, 2018, 2))
    assert training.start.tolist() == [2012] * 2 + [2014] * 2 + [2016] * 3


def test_size_counts_empty_areas_and_leaves_unknown_ones_unknown():
    panel = panel_of({"score": SCORES, "population": {2016: [0.0, nan, 9990.0]}}, CODES)
    size = features_of(panel, origin_at(panel, 2018, 2)).column("size.inhabitants")
    np.testing.assert_allclose(size, [1.0, nan, 4.0])


# Worlds made by chance.

SCORE = st.floats(3.0, 5.0).map(lambda x: round(x, 3))


@st.composite
def worlds(draw):
    n = draw(st.integers(2, 9))
    codes = [f"WK{draw(st.integers(1, 3)):04d}{i:02d}" for i in range(n)]
    score = st.one_of(st.just(nan), SCORE)
    values = {year: draw(st.lists(score, min_size=n, max_size=n)) for year in (2008, 2012, 2014, 2016, 2018)}
    for each in values.values():
        each[0] = 4.0  # in every wave some area was measured
    onv = {year: draw(st.lists(score, min_size=n, max_size=n)) for year in (2014, 2018)}
    population = draw(st.lists(st.one_of(st.just(nan), st.integers(0, 9999).map(float)), min_size=n, max_size=n))
    return panel_of({"score": values, "onv": onv, "population": {2016: population}}, codes)


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_surroundings_are_the_mean_of_the_other_areas_of_the_municipality(panel):
    features = features_of(panel, origin_at(panel, 2018, 2))
    score, before = panel.at("score", 2018), panel.at("score", 2016)
    level, earlier = score - np.nanmean(score), before - np.nanmean(before)
    for i, code in enumerate(panel.areas):
        others = [j for j, other in enumerate(panel.areas) if other[:6] == code[:6] and j != i]
        around = [level[j] for j in others if not np.isnan(level[j])]
        moved = [level[j] - earlier[j] for j in others if not np.isnan(level[j] - earlier[j])]
        expected = np.mean(around) if around else nan
        np.testing.assert_allclose(features.column("surroundings.level")[i], expected, atol=1e-9)
        np.testing.assert_allclose(features.column("surroundings.difference")[i], level[i] - expected, atol=1e-9)
        expected = np.mean(moved) if moved else nan
        np.testing.assert_allclose(features.column("surroundings.change")[i], expected, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(worlds(), st.data())
def test_surroundings_are_the_mean_of_the_neighbours_where_these_are_known(panel, data):
    n = len(panel.areas)
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n)]
    borders = data.draw(st.lists(st.sampled_from(pairs), unique=True, min_size=1))
    turned = [(j, i) if data.draw(st.booleans()) else (i, j) for i, j in borders]
    bordered = with_borders(panel, turned)
    origin = origin_at(bordered, 2018, 2)
    features, plain = features_of(bordered, origin), features_of(panel, origin)
    score, before = panel.at("score", 2018), panel.at("score", 2016)
    level, earlier = score - np.nanmean(score), before - np.nanmean(before)
    for i in range(n):
        others = [b if a == i else a for a, b in borders if i in (a, b)]
        around = [level[j] for j in others if not np.isnan(level[j])]
        moved = [level[j] - earlier[j] for j in others if not np.isnan(level[j] - earlier[j])]
        expected = np.mean(around) if around else nan
        np.testing.assert_allclose(features.column("surroundings.level")[i], expected, atol=1e-9)
        np.testing.assert_allclose(features.column("surroundings.difference")[i], level[i] - expected, atol=1e-9)
        expected = np.mean(moved) if moved else nan
        np.testing.assert_allclose(features.column("surroundings.change")[i], expected, atol=1e-9)
    others = [place for place, name in enumerate(features.names) if not name.startswith("surroundings.")]
    np.testing.assert_array_equal(features.values[:, others], plain.values[:, others])


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_slope_is_that_of_a_fitted_line(panel):
    slope = features_of(panel, origin_at(panel, 2018, 2)).column("history.slope")
    waves = np.array([2012, 2014, 2016, 2018])
    scores = np.column_stack([panel.at("score", wave) for wave in waves])
    level = scores - np.nanmean(scores, axis=0)
    for told, row in zip(slope, level, strict=True):
        known = ~np.isnan(row)
        expected = np.polyfit(waves[known] - 2015.0, row[known], 1)[0] if known.sum() > 1 else nan
        np.testing.assert_allclose(told, expected, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(worlds(), st.integers(0, 4), st.floats(-2, 2))
def test_a_constant_added_to_a_whole_wave_changes_no_feature(panel, place, constant):
    year = panel.waves[place]
    moved = with_score(panel, year, panel.at("score", year) + constant)
    origin = origin_at(panel, 2018, 2)
    np.testing.assert_allclose(
        features_of(moved, origin).values, features_of(panel, origin).values, rtol=0, atol=1e-9
    )


@settings(max_examples=40, deadline=None)
@given(worlds(), st.randoms(use_true_random=False))
def test_codes_within_a_municipality_and_names_are_no_features(panel, random):
    areas = panel.areas.copy()
    for town in {code[:6] for code in areas}:
        own = np.flatnonzero([code[:6] == town for code in areas])
        mixed = own.tolist()
        random.shuffle(mixed)
        areas[own] = panel.areas[mixed]
    relabelled = replace(panel, areas=areas, names=panel.names[::-1])
    origin = origin_at(panel, 2018, 2)
    np.testing.assert_array_equal(features_of(relabelled, origin).values, features_of(panel, origin).values)


@pytest.fixture(scope="module")
def country(tmp_path_factory):
    return example_panel(tmp_path_factory.mktemp("country"))


def test_names_say_driver_and_quantity_and_nothing_about_origin_or_codes(country):
    names = features_of(country, origin_at(country, 2018, 2)).names
    assert {name.split(".")[0] for name in names} <= {driver.id for driver in drivers()}
    assert len(set(names)) == len(names)
    assert not [
        name for name in names for word in ("code", "naam", "name", "area", "municipality") if word in name
    ]
    context = {name.split(".")[1].removesuffix("_change") for name in names if name.startswith("context.")}
    assert context
    assert all(indicators()[key].sensitivity != "origin" for key in context)


def test_no_feature_spells_out_the_code(country):
    number = np.array([int(code[2:]) for code in country.areas], dtype=float)
    order = number.argsort().argsort()
    features = features_of(country, origin_at(country, 2018, 2))
    for name in features.names:
        column = features.column(name)
        known = ~np.isnan(column)
        if known.sum() > 10 and column[known].std() > 0:
            rank = column[known].argsort(kind="stable").argsort()
            assert abs(np.corrcoef(rank, order[known])[0, 1]) < 0.5, name


def test_every_origin_has_the_same_features(country):
    names = {features_of(country, origin).names for origin in backtest_origins(country, 2)}
    names |= {training_of(country, origin).features.names for origin in backtest_origins(country, 4)}
    assert len(names) == 1


def test_later_figures_of_a_faster_source_may_be_used_once_published():
    # The population of 2016 was published on 1 January 2017: after the wave of 2014, before that of 2016.
    panel = hand_panel()
    before, after = origin_at(panel, 2014, 2), origin_at(panel, 2016, 2)
    assert before.known_at < date(2017, 1, 1) < after.known_at
    assert np.isnan(features_of(panel, before).column("size.inhabitants")).all()
    np.testing.assert_allclose(features_of(panel, after).column("size.inhabitants"), [2.0, 3.0, nan])


def test_a_wave_that_was_never_published_plays_no_part():
    panel = hand_panel()
    published = panel.published.copy()
    values = panel.values.copy()
    published[0, panel.years.index(2014)] = NEVER
    values[0, :, panel.years.index(2014)] = nan
    features = features_of(replace(panel, values=values, published=published), origin_at(panel, 2018, 2))
    np.testing.assert_allclose(features.column("history.change_previous"), [0.0, 0.2, -0.2], atol=1e-12)


def test_an_example_takes_no_dimension_that_came_out_after_its_own_start():
    # The dimensions of 2014 came out late: after the wave of 2016 (May 2018), before that of 2018 (May 2020).
    panel = panel_of({"score": SCORES, "onv": ONV}, CODES, {("onv", 2014): date(2019, 1, 1)})
    origin = origin_at(panel, 2018, 2)
    training = training_of(panel, origin)
    assert np.isnan(training.features.column("onv.level")).all()
    np.testing.assert_allclose(features_of(panel, origin).column("onv.change"), AT_2018["onv.change"], atol=1e-12)
