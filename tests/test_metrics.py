"""Accuracy against scikit-learn, brute force and hand-worked examples."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    log_loss,
    mean_pinball_loss,
    roc_auc_score,
)
from worlds import BASE, example_panel, experiment, panel_of

from riskmodel.catalogue import class_scheme
from riskmodel.errors import InputError
from riskmodel.forecasting.evaluation import evaluate, metrics
from riskmodel.forecasting.evaluation.ranked import rank
from riskmodel.forecasting.evaluation.resampling import Draws, draw, interval
from riskmodel.forecasting.evaluation.scores import score_forecasts
from riskmodel.forecasting.experiment import Cohort
from riskmodel.forecasting.forecast import Forecast, Outputs
from riskmodel.forecasting.targets import Event

LISTS = ("hits_at_k", "precision_at_1pct", "precision_at_5pct")
DRAWN = ("auc", "average_precision", *LISTS, "brier", "log_loss", "crps")
METRICS = {
    "base_rate",
    *(f"{name}{end}" for name in DRAWN for end in ("", "_low95", "_high95")),
    *(f"{name}_at_{where}" for name in ("precision", "recall", "lift") for where in ("1pct", "5pct", "k")),
    "calibration_error",
    "mean_chance",
    "error_of_mean",
    *(f"pinball_{level}" for level in ("0.1", "0.5", "0.9", "mean")),
    "coverage_80",
    "width_80",
}


def ranking(happened, chance, draws=None):
    ranked = rank(happened, chance, draws)
    return ranked.auc(), ranked.average_precision()


def top(happened, chance, k):
    """Precision and recall of the list of k areas, as scores give them."""
    lists = evaluate._lists(rank(happened, chance), k)
    return lists["precision_at_k"], lists["recall_at_k"]


def draws_of(weights):
    """Draws from how often each area counts, shape (draws, areas)."""
    return Draws(weights.astype(np.float32), np.arange(weights.shape[1]))


def resampled_weights(groups, times, seed):
    """How often each area counts when whole groups are drawn with replacement."""
    drawn = draw(groups, times, seed)
    return drawn.counts[:, drawn.group]


@st.composite
def judged(draw, largest=40):
    """Outcomes with both kinds present, and chances of which many are equal."""
    n = draw(st.integers(2, largest))
    happened = draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=n, max_size=n).filter(lambda x: 0 < sum(x) < n))
    chance = draw(st.lists(st.integers(0, 8).map(lambda i: i / 8), min_size=n, max_size=n))
    return np.array(happened), np.array(chance)


def worst_average_precision(happened, chance):
    """Precision at the place of every event, areas without event first among equals."""
    ordered = sorted(zip(-chance, happened, strict=True))
    hits, precisions = 0.0, []
    for length, (_, event) in enumerate(ordered, 1):
        hits += event
        if event:
            precisions.append(hits / length)
    return np.mean(precisions)


@settings(deadline=None)
@given(judged())
def test_auc_is_that_of_sklearn(case):
    assert ranking(*case)[0][0] == pytest.approx(roc_auc_score(*case), abs=1e-12)


@settings(deadline=None)
@given(judged(), st.randoms(use_true_random=False))
def test_average_precision_without_ties_is_that_of_sklearn(case, random):
    happened, chance = case
    distinct = chance + np.array(random.sample(range(len(chance)), len(chance))) / 1e4
    assert ranking(happened, distinct)[1][0] == pytest.approx(
        average_precision_score(happened, distinct), abs=1e-12
    )


@settings(max_examples=50, deadline=None)
@given(judged(largest=6))
def test_average_precision_counts_tied_areas_at_their_worst(case):
    happened, chance = case
    in_order = [
        happened[list(order)]
        for order in itertools.permutations(range(len(chance)))
        if all(chance[a] >= chance[b] for a, b in itertools.pairwise(order))
    ]
    worst = min((np.cumsum(each) / np.arange(1, len(each) + 1))[each > 0].mean() for each in in_order)
    assert ranking(happened, chance)[1][0] == pytest.approx(worst, abs=1e-12)
    assert worst_average_precision(happened, chance) == pytest.approx(worst, abs=1e-12)


def test_a_constant_chance_ranks_below_the_base_rate():
    # Ten areas, two events at places nine and ten: (1/9 + 2/10) / 2.
    auc, average_precision = ranking(np.array([1.0, 1.0] + 8 * [0.0]), np.full(10, 0.3))
    assert (auc[0], average_precision[0]) == (0.5, pytest.approx((1 / 9 + 2 / 10) / 2))


@settings(deadline=None)
@given(judged(), st.data())
def test_a_weight_counts_an_area_as_often_as_repeating_it(case, data):
    happened, chance = case
    n = len(chance)
    weights = np.array(
        data.draw(st.lists(st.lists(st.integers(0, 3), min_size=n, max_size=n), min_size=1, max_size=3))
    )
    auc, average_precision = ranking(happened, chance, draws_of(weights))
    found = rank(happened, chance, draws_of(weights))
    share = data.draw(st.sampled_from([0.01, 0.05, 0.3, 0.7]))
    precision = found.precision(found.lengths(share))
    for row, times in enumerate(weights):
        repeated, chances = np.repeat(happened, times), np.repeat(chance, times)
        if len(repeated):
            k = math.ceil(share * len(repeated) - 1e-9)
            assert precision[row] == top(repeated, chances, k)[0]
        if 0 < repeated.sum() < len(repeated):
            assert auc[row] == pytest.approx(roc_auc_score(repeated, chances), abs=1e-12)
            assert average_precision[row] == pytest.approx(worst_average_precision(repeated, chances), abs=1e-9)
        else:
            assert math.isnan(auc[row])
            assert math.isnan(average_precision[row])


@settings(deadline=None)
@given(judged(), st.integers(1, 6), st.integers(0, 99))
def test_drawing_groups_is_weighting_their_areas(case, towns, seed):
    happened, chance = case
    groups = np.array([f"GM{i % towns:04d}" for i in range(len(chance))])
    draws = draw(groups, 20, seed)
    weights = resampled_weights(groups, 20, seed)
    one, other = (rank(happened, chance, each) for each in (draws, draws_of(weights)))
    np.testing.assert_allclose(one.auc(), other.auc(), atol=1e-12)
    np.testing.assert_allclose(one.average_precision(), other.average_precision(), atol=1e-9)
    np.testing.assert_array_equal(one.hits(one.lengths(0.2)), other.hits(other.lengths(0.2)))
    weighted = weights.astype(float)
    with np.errstate(invalid="ignore"):
        means = weighted @ chance / weighted.sum(axis=1)
    np.testing.assert_allclose(draws.means(chance), means, atol=1e-12)
    some = np.arange(len(chance)) % 2 == 0
    np.testing.assert_allclose(draws.of(some).sums(chance[some]), weighted[:, some] @ chance[some], atol=1e-9)


def test_very_many_groups_are_dealt_into_blocks():
    draws = draw(np.array([f"{i:05d}" for i in range(9_001)]), 3, seed=1)
    assert draws.counts.shape == (3, 2_000)
    assert (draws.counts.sum(axis=1) == 2_000).all()
    assert np.bincount(draws.group).max() - np.bincount(draws.group).min() <= 1


@settings(deadline=None)
@given(st.lists(st.lists(st.floats(-5, 5), min_size=7, max_size=7), min_size=1, max_size=3), st.integers(0, 7))
def test_the_ends_of_an_interval_are_quantiles_of_the_draws_that_have_a_value(rows, missing):
    drawn = np.array(rows)
    drawn[:, :missing] = np.nan
    low, high = interval(drawn)
    if missing == 7:
        assert np.isnan([low, high]).all()
    else:
        np.testing.assert_allclose(low, np.quantile(drawn[:, missing:], 0.025, axis=1), atol=1e-12)
        np.testing.assert_allclose(high, np.quantile(drawn[:, missing:], 0.975, axis=1), atol=1e-12)


@settings(deadline=None)
@given(st.floats(-1, 1), st.lists(st.floats(-1, 1), min_size=3, max_size=3))
def test_pinball_loss_is_that_of_sklearn(change, quantiles):
    levels = np.array([0.1, 0.5, 0.9])
    found = metrics.pinball(np.array([change]), np.array([quantiles]), levels)
    expected = [
        mean_pinball_loss([change], [each], alpha=level) for each, level in zip(quantiles, levels, strict=True)
    ]
    np.testing.assert_allclose(found[0], expected, atol=1e-12)


@settings(deadline=None)
@given(judged())
def test_brier_and_log_loss_are_those_of_sklearn(case):
    happened, chance = case
    brier = evaluate._chances(happened, chance, Draws.once(len(chance)), 1)[0]["brier"]
    assert brier == pytest.approx(brier_score_loss(happened, chance), abs=1e-12)
    held = np.clip(chance, metrics.CLIP, 1 - metrics.CLIP)
    assert metrics.log_loss(happened, chance) == pytest.approx(log_loss(happened, held), abs=1e-12)


def test_a_certain_forecast_that_is_wrong_costs_much_and_not_endlessly():
    assert metrics.log_loss(np.array([1.0]), np.array([0.0])) == pytest.approx(math.log(10_000))
    assert metrics.log_loss(np.array([0.0]), np.array([1.0])) == pytest.approx(math.log(10_000))


@settings(max_examples=50, deadline=None)
@given(judged(largest=6), st.data())
def test_a_list_counts_tied_areas_at_their_worst(case, data):
    happened, chance = case
    k = data.draw(st.integers(1, len(chance)))
    hits = min(
        sum(happened[list(order[:k])])
        for order in itertools.permutations(range(len(chance)))
        if all(chance[a] >= chance[b] for a, b in itertools.pairwise(order))
    )
    assert top(happened, chance, k) == (hits / k, hits / happened.sum())


@pytest.mark.filterwarnings("error")
def test_precision_of_lists_of_different_length():
    ranked = rank(np.array([1.0, 0.0, 1.0]), np.array([0.9, 0.5, 0.1]), draws_of(np.ones((4, 3))))
    np.testing.assert_array_equal(ranked.precision(np.array([0.0, 1.0, 2.0, 3.0])), [math.nan, 1, 1 / 2, 2 / 3])


def test_recall_without_events_is_not_a_number():
    precision, recall = top(np.zeros(4), np.arange(4.0), 2)
    assert precision == 0
    assert math.isnan(recall)


def test_calibration_error_worked_out_by_hand():
    chance = np.array([0.8, 0.1, 0.6, 0.2])
    happened = np.array([1.0, 0.0, 1.0, 1.0])
    # Lower half: .15 said, .5 happened; upper half: .7 said, 1 happened.
    lower, upper = metrics.calibration_bins(happened, chance, bins=2)
    assert lower == pytest.approx((0.15, 0.5, 2))
    assert upper == pytest.approx((0.7, 1.0, 2))
    assert metrics.calibration_error(happened, chance, bins=2) == pytest.approx((0.35 + 0.3) / 2)


def test_ten_bins_unless_told_otherwise():
    chance = np.random.default_rng(2).permutation(110) / 110
    happened = np.ones(110)
    assert [n for *_, n in metrics.calibration_bins(happened, chance)] == [11] * 10
    np.testing.assert_array_equal(metrics.bin_numbers(chance), np.floor(chance * 10 + 1e-9))
    # Everything happened: in every bin the gap is 1 minus the mean chance.
    assert metrics.calibration_error(happened, chance) == pytest.approx(1 - chance.mean())
    # Half said, half of it true in every tenth, though not in every eleventh.
    tenths = np.arange(110) // 11
    happened = (np.arange(110) % 11 < tenths).astype(float)
    assert metrics.calibration_error(happened, np.arange(110) / 1e9 + tenths / 11) == pytest.approx(0, abs=1e-6)
    assert metrics.calibration_error(happened, np.arange(110) / 1e9 + tenths / 11, bins=7) > 0


@given(st.lists(st.integers(0, 5), max_size=30), st.integers(1, 12))
def test_the_bin_of_an_area_is_that_of_the_first_of_its_chance(chances, bins):
    ordered = sorted(chances)
    expected = [ordered.index(each) * bins // len(chances) for each in chances]
    found = metrics.bin_numbers(np.array(chances, dtype=float), bins)
    assert found.tolist() == expected
    assert found.dtype == np.intp


def test_one_chance_for_all_is_calibrated_when_it_is_the_base_rate():
    happened = np.array([0.0] * 15 + [1.0] * 5)
    assert metrics.calibration_error(happened, np.full(20, 0.25)) == pytest.approx(0)


@settings(deadline=None)
@given(judged(), st.randoms(use_true_random=False))
def test_calibration_does_not_depend_on_the_order_of_areas(case, random):
    happened, chance = case
    order = list(range(len(chance)))
    random.shuffle(order)
    shuffled = metrics.calibration_error(happened[order], chance[order])
    assert shuffled == pytest.approx(metrics.calibration_error(happened, chance), abs=1e-12)


def test_coverage_counts_both_ends():
    change = np.array([-0.1, 0.0, 0.1, 0.2])
    assert metrics.coverage(change, np.full(4, -0.1), np.full(4, 0.1)) == 0.75


def test_the_bootstrap_draws_whole_municipalities():
    groups = np.array(["b", "a", "b", "c", "a", "b"])
    weights = resampled_weights(groups, 2000, seed=3)
    for group in "abc":
        members = weights[:, groups == group]
        assert (members == members[:, :1]).all()
    one_each = weights[:, [0, 1, 3]]
    assert (one_each.sum(axis=1) == 3).all()
    # How often a group of three is drawn is binomial(3, 1/3).
    assert np.bincount(one_each[:, 0].astype(int), minlength=4) / 2000 == pytest.approx(
        [8 / 27, 12 / 27, 6 / 27, 1 / 27], abs=0.03
    )
    assert (resampled_weights(groups, 2000, seed=3) == weights).all()


# Scores of hand-made forecasts.

CODES = ["WK000100", "WK000101", "WK000102", "WK000200", "WK000201", "WK000300"]
START = BASE + np.array([0.00, 0.05, -0.10, 0.00, -0.20, 0.10])
CHANGE = np.array([-0.08, 0.02, -0.07, -0.06, 0.01, np.nan])
POPULATION = [1000.0, 400.0, 500.0, 90.0, 5000.0, 2000.0]
CHANCE = np.array([0.5, 0.1, 0.3, 0.2, 0.4, 0.9])
OUTPUTS = Outputs((0.1, 0.5, 0.9), (-0.05,))


def hand_panel():
    score = {2016: START, 2018: START + CHANGE}
    return panel_of({"score": score, "population": {2016: POPULATION}}, CODES)


def hand_forecast(order=slice(None), classes=None):
    n = len(CODES)
    pmf = np.zeros((n, 9)) if classes is None else classes
    if classes is None:
        pmf[:, 5] = 1
    return Forecast(
        model="by hand",
        origin_date=date(2016, 1, 1),
        known_at=date(2018, 5, 1),
        horizon=2,
        outputs=OUTPUTS,
        locations=np.array(CODES)[order],
        mean=np.zeros(n),
        quantiles=np.tile([-0.065, 0.0, 0.035], (n, 1)),
        cdf=CHANCE[order][:, None],
        pmf=pmf[order],
    )


def scored(forecast, question=None):
    question = question or replace(experiment(), capacity=2, outputs=OUTPUTS)
    table = score_forecasts(question, hand_panel(), [forecast])
    return {name: rows.set_index("metric") for name, rows in table.groupby("cohort")}


def test_scores_worked_out_by_hand():
    by_cohort = scored(hand_forecast())
    assert set(by_cohort) == {"all", "500+"}
    # All: the last area has no outcome. Events: first, third and fourth of the five.
    everything = by_cohort["all"]
    assert set(everything.index) == METRICS
    assert set(everything["n"]) == {5}
    assert set(everything["n_events"]) == {3}
    value = everything["value"]
    assert value["base_rate"] == pytest.approx(3 / 5)
    # Order: event .5, other .4, event .3, event .2, other .1: 4 of 6 pairs right.
    assert value["auc"] == pytest.approx(4 / 6)
    assert value["average_precision"] == pytest.approx((1 + 2 / 3 + 3 / 4) / 3)
    assert (value["precision_at_k"], value["recall_at_k"]) == (0.5, pytest.approx(1 / 3))
    assert value["hits_at_k"] == 1
    assert value["lift_at_k"] == pytest.approx(0.5 / 0.6)
    assert (value["precision_at_1pct"], value["precision_at_5pct"]) == (1.0, 1.0)
    assert value["brier"] == pytest.approx((0.25 + 0.01 + 0.49 + 0.64 + 0.16) / 5)
    assert value["log_loss"] == pytest.approx(-np.log([0.5, 0.9, 0.3, 0.2, 0.6]).mean())
    assert value["mean_chance"] == pytest.approx(0.3)
    assert value["coverage_80"] == pytest.approx(3 / 5)
    assert value["width_80"] == pytest.approx(0.1)
    # Quantiles -.065, 0 and .035: changes -.08, .02, -.07, -.06 and .01.
    assert value["pinball_0.1"] == pytest.approx((0.0135 + 0.0085 + 0.0045 + 0.0005 + 0.0075) / 5)
    assert value["pinball_0.5"] == pytest.approx((0.04 + 0.01 + 0.035 + 0.03 + 0.005) / 5)
    assert value["pinball_0.9"] == pytest.approx((0.0115 + 0.0015 + 0.0105 + 0.0095 + 0.0025) / 5)
    total = sum(value[f"pinball_{level}"] for level in ("0.1", "0.5", "0.9"))
    assert value["pinball_mean"] == pytest.approx(total / 3)
    assert value["error_of_mean"] == pytest.approx((0.08 + 0.02 + 0.07 + 0.06 + 0.01) / 5)
    # 500 inhabitants or more: first, third and fifth area.
    large = by_cohort["500+"]
    assert set(large.index) == METRICS
    assert (set(large["n"]), set(large["n_events"])) == ({3}, {2})
    assert large["value"]["auc"] == pytest.approx(1 / 2)
    assert large["value"]["coverage_80"] == pytest.approx(1 / 3)


def test_intervals_hold_the_point_and_come_from_whole_municipalities():
    value = scored(hand_forecast())["all"]["value"]
    for name in DRAWN:
        assert value[f"{name}_low95"] <= value[name] <= value[f"{name}_high95"]


def test_a_forecast_out_of_order_cannot_be_scored_against_the_wrong_areas():
    with pytest.raises(InputError, match="out of order"):
        hand_forecast(slice(None, None, -1))


def test_a_forecast_that_misses_an_area_is_not_scored():
    forecast = hand_forecast()
    short = replace(
        forecast,
        **{name: getattr(forecast, name)[1:] for name in ("locations", "mean", "quantiles", "cdf", "pmf")},
    )
    with pytest.raises(InputError, match="WK000100"):
        scored(short)


def test_every_target_is_scored_from_the_same_forecast():
    targets = (Event("development"), Event("relative_fall", 0.04), Event("beyond_noise"))
    question = replace(experiment(), outputs=OUTPUTS, cohorts=(Cohort("all"),), targets=targets)
    table = score_forecasts(question, hand_panel(), [hand_forecast()])
    # No jitter can be told from two waves, so nobody is asked for the last target.
    assert list(table["target"].unique()) == ["fall_0.05", "development_3", "relative_fall_0.04"]
    wide = table.pivot(index="metric", columns="target", values="value")
    counts = table.groupby("target")["n_events"].first()
    assert counts.to_dict() == {"fall_0.05": 3, "development_3": 2, "relative_fall_0.04": 1}
    # Falls of -.08 and -.07 at the chances for -.0666, below -.065: in the order of the one threshold reported.
    chance = hand_forecast().chance_of(Event("development"))
    assert wide.loc["mean_chance", "development_3"] == pytest.approx(chance[:5].mean())
    assert wide.loc[["crps", "coverage_80", "pinball_mean"], "development_3"].isna().all()
    assert wide.loc[["crps", "coverage_80", "pinball_mean"], "fall_0.05"].notna().all()


def test_scores_of_the_whole_distribution_are_means_over_the_cohort():
    forecast, panel = hand_forecast(), hand_panel()
    by_cohort = scored(forecast)
    crps = forecast.curve.rows(np.arange(5)).crps(CHANGE[:5])
    assert by_cohort["all"]["value"]["crps"] == pytest.approx(crps.mean())
    assert by_cohort["500+"]["value"]["crps"] == pytest.approx(crps[[0, 2, 4]].mean())
    assert panel.areas[[0, 2, 4]].tolist() == ["WK000100", "WK000102", "WK000201"]


def test_an_empty_cohort_gives_no_scores():
    question = replace(experiment(), outputs=OUTPUTS, cohorts=(Cohort("huge", 10**9),))
    assert score_forecasts(question, hand_panel(), [hand_forecast()]).empty


def test_tipping_scores_only_areas_of_class_five_and_up():
    question = replace(experiment("tipping-2y"), outputs=OUTPUTS, cohorts=(Cohort("all"),))
    # Deviation at the start: .00, .05, -.10, .00, -.20 and .10; class 5 ends at -.16405.
    # The fifth area is already below, the sixth has no outcome; the third tips to -.17.
    pmf = np.zeros((6, 9))
    pmf[:, 3], pmf[:, 5] = CHANCE, 1 - CHANCE
    table = scored(hand_forecast(classes=pmf), question)["all"]
    assert (set(table["n"]), set(table["n_events"])) == ({4}, {1})
    # Chances .5, .1, .3 (event), .2: one of three others stands above it.
    assert table["value"]["auc"] == pytest.approx(2 / 3)
    assert table["value"]["mean_chance"] == pytest.approx(1.1 / 4)


@pytest.mark.parametrize("wave", [2014, 2016, 2018])
def test_tipping_events_counted_by_brute_force(wave, tmp_path):
    panel = example_panel(tmp_path, n_areas=300)
    question = experiment("tipping-2y")
    cut = float(class_scheme("3.0").cuts[3])
    assert cut == -0.16405
    # The count of 2016 was known when the wave of 2016 was published, and the first to come before that; the count
    # of 2022 came after all of these waves and stands in where there is no other.
    known = {}
    for year in (2022, 2016):
        counted = zip(panel.areas, panel.at("population", year), strict=True)
        known |= {code: number for code, number in counted if not math.isnan(number)}
    expected = {"class 5+": [0, 0], "class 5+, 500+": [0, 0]}
    for code, start, end in zip(panel.areas, panel.at("score", wave), panel.at("score", wave + 2), strict=True):
        if math.isnan(start) or math.isnan(end) or start - panel.base < cut:
            continue
        for cohort, smallest in (("class 5+", -1), ("class 5+, 500+", 500)):
            if known.get(code, -1) >= smallest:
                expected[cohort][0] += 1
                expected[cohort][1] += end - panel.base < cut
    n = len(panel.areas)
    there = ~np.isnan(panel.at("score", wave))
    forecast = Forecast(
        model="flat",
        origin_date=date(wave, 1, 1),
        known_at=date(wave + 2, 5, 1),
        horizon=2,
        outputs=OUTPUTS,
        locations=panel.areas[there],
        mean=np.zeros(n)[there],
        quantiles=np.tile([-0.1, 0.0, 0.1], (n, 1))[there],
        cdf=np.full((n, 1), 0.1)[there],
        pmf=np.full((n, 9), 1 / 9)[there],
    )
    table = score_forecasts(question, panel, [forecast])
    assert set(table["cohort"]) == set(expected)
    for cohort, rows in table.groupby("cohort"):
        assert [set(rows["n"]), set(rows["n_events"])] == [{expected[cohort][0]}, {expected[cohort][1]}]
    assert expected["class 5+"][1] > 0
