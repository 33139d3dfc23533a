"""Paired differences against a loop that repeats every area as often as its municipality was drawn."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from worlds import BASE, experiment, panel_of, wijk_codes

from riskmodel.forecasting.evaluation.evaluate import evaluate_forecasts
from riskmodel.forecasting.evaluation.paired import BEFOREHAND, BEST, COLUMNS, METRICS, paired_table
from riskmodel.forecasting.evaluation.resampling import DRAWS, draw_municipalities
from riskmodel.forecasting.evaluation.scores import score_table
from riskmodel.forecasting.experiment import HOLDOUT, Cohort
from riskmodel.forecasting.forecast import Forecast, Outputs
from riskmodel.forecasting.models import ModelSpec

OUTPUTS = Outputs((0.1, 0.5, 0.9), (-0.05,))
MODELS = (
    ModelSpec("ours", "scorecard"),
    ModelSpec("theirs", "scorecard"),
    ModelSpec("one way", "ordering"),
    ModelSpec("other way", "ordering"),
)
N = 60


def question():
    return replace(
        experiment(),
        models=MODELS,
        champion="ours",
        challenger="theirs",
        outputs=OUTPUTS,
        cohorts=(Cohort("all"), Cohort("500+", 500)),
        capacity=5,
    )


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(3)
    score = {2014: BASE + rng.normal(0, 0.1, N)}
    for wave in (2016, 2018):
        score[wave] = score[wave - 2] + rng.normal(-0.02, 0.05, N)
    score[2018][:4] = np.nan
    inhabitants = rng.integers(100, 2000, N).astype(float)
    return panel_of({"score": score, "population": {2013: inhabitants}}, wijk_codes(N, towns=9))


def forecast(model, wave, panel, seed):
    """Chances that know a little of what will happen; those of the orderings come in steps."""
    rng = np.random.default_rng(seed)
    change = np.nan_to_num(panel.at("score", wave + 2) - panel.at("score", wave))
    middle = 0.4 * change + rng.normal(0, 0.04, N)
    chance = np.clip(0.3 - 3 * middle, 0.02, 0.98)
    if "way" in model:
        chance = np.round(chance * 4) / 4 * 0.9 + 0.05
    return Forecast(
        model=model,
        origin_date=date(wave, 1, 1),
        known_at=date(wave + 2, 5, 1),
        horizon=2,
        outputs=OUTPUTS,
        locations=panel.areas,
        mean=middle,
        quantiles=np.column_stack([middle - 0.06, middle, middle + 0.06]),
        cdf=chance[:, None],
        pmf=np.full((N, 9), 1 / 9),
    )


@pytest.fixture(scope="module")
def forecasts(panel):
    made = [(spec.name, wave) for wave in (2014, 2016) for spec in MODELS]
    return [forecast(model, wave, panel, seed) for seed, (model, wave) in enumerate(made)]


@pytest.fixture(scope="module")
def judged(panel, forecasts):
    return evaluate_forecasts(question(), panel, forecasts)


@pytest.fixture(scope="module")
def table(judged):
    return paired_table(question(), judged)


def by_repeating(panel, each, metric, cohort):
    """A metric in every draw, the slow way."""
    wave = each.origin_date.year
    change = panel.at("score", wave + 2) - panel.at("score", wave)
    inside = ~np.isnan(change) & (cohort == "all" or panel.at("population", 2013) >= 500)
    happened, chance = (change < -0.05).astype(float), each.cdf[:, 0]
    crps = each.curve.crps(np.nan_to_num(change))
    asked = question()
    draws = draw_municipalities(panel, asked.seed)
    values = []
    for counts in draws.counts:
        rows = np.repeat(np.flatnonzero(inside), counts[draws.group[inside]].astype(int))
        h, c = happened[rows], chance[rows]
        order = np.lexsort((h, -c))
        if metric == "average_precision":
            precision = np.cumsum(h[order]) / np.arange(1, len(h) + 1)
            values.append(precision[h[order] > 0].mean() if 0 < h.sum() < len(h) else math.nan)
        elif metric == "auc":
            events, others = h.sum(), len(h) - h.sum()
            above = stats.rankdata(c)[h > 0].sum() - events * (events + 1) / 2  # Mann and Whitney
            values.append(above / (events * others) if events and others else math.nan)
        elif metric.startswith("precision_at"):
            k = math.ceil(len(h) * (0.01 if "1pct" in metric else 0.05))
            values.append(h[order[:k]].mean())
        elif metric == "hits_at_k":
            values.append(h[order[: asked.capacity]].sum())
        elif metric == "log_loss":
            values.append(-np.log(np.where(h > 0, c, 1 - c)).mean())
        else:
            values.append((np.mean((c - h) ** 2)) if metric == "brier" else crps[rows].mean())
    return np.array(values)


@pytest.fixture(scope="module")
def slow(panel, forecasts):
    return {
        (each.model, each.origin_date, metric, cohort): by_repeating(panel, each, metric, cohort)
        for each in forecasts
        for metric in METRICS
        for cohort in ("all", "500+")
        if cohort == "all" or metric in ("average_precision", "crps")
    }


def ends(drawn):
    known = drawn[~np.isnan(drawn)]
    return np.quantile(known, [0.025, 0.975]) if len(known) else np.full(2, np.nan)


def test_every_interval_is_that_of_the_slow_way(table, slow):
    assert tuple(table.columns) == COLUMNS
    single = table[table["origin_date"].notna()]
    checked = 0
    for row in single.itertuples():
        own, other = (
            slow.get((model, row.origin_date, row.metric, row.cohort)) for model in (row.model, row.opponent)
        )
        if own is None:
            continue
        assert len(own) == DRAWS
        np.testing.assert_allclose([row.difference_low95, row.difference_high95], ends(own - other), atol=1e-9)
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.where(other != 0, own / other, np.nan)
        np.testing.assert_allclose([row.ratio_low95, row.ratio_high95], ends(ratio), atol=1e-9)
        assert row.difference == pytest.approx(row.value - row.opponent_value)
        checked += 1
    # Two models against three others, at two origins, for all metrics of one cohort and two of the other.
    assert checked == 2 * 3 * 2 * (len(METRICS) + 2)


def test_the_mean_over_origins_takes_the_same_municipalities_at_all_of_them(table, slow):
    days = [date(2014, 1, 1), date(2016, 1, 1)]
    row = one(table, opponent="theirs", metric="average_precision")
    apart = [slow["ours", day, "average_precision", "all"] for day in days]
    other = [slow["theirs", day, "average_precision", "all"] for day in days]
    difference = np.mean(apart, axis=0) - np.mean(other, axis=0)
    np.testing.assert_allclose([row["difference_low95"], row["difference_high95"]], ends(difference), atol=1e-9)
    ratio = np.mean(np.array(apart) / np.array(other), axis=0)
    np.testing.assert_allclose([row["ratio_low95"], row["ratio_high95"]], ends(ratio), atol=1e-9)
    assert (row["origins"], row["n"]) == (2, 60 + 56)


def one(table, opponent, metric, day=None, cohort="all", model="ours"):
    rows = table[
        (table["model"] == model)
        & (table["opponent"] == opponent)
        & (table["metric"] == metric)
        & (table["cohort"] == cohort)
        & (table["origin_date"].isna() if day is None else table["origin_date"] == day)
    ]
    return rows.iloc[0] if len(rows) == 1 else pytest.fail(f"{len(rows)} rows")


@pytest.mark.parametrize("metric", METRICS)
def test_the_best_ordering_is_chosen_with_hindsight_for_each_origin_and_metric(metric, table, judged):
    scores = score_table(judged)
    chosen = {}
    for day in (date(2014, 1, 1), date(2016, 1, 1)):
        rows = scores[
            (scores["origin_date"] == day) & (scores["metric"] == metric) & (scores["cohort"] == "all")
        ].set_index("model")["value"]
        other = rows[["one way", "other way"]]
        best = other.idxmax() if METRICS[metric] else other.idxmin()
        marked = table[table["best"] & (table["metric"] == metric) & (table["cohort"] == "all")]
        marked = marked[(marked["origin_date"] == day) & (marked["model"] == "ours")]
        assert marked["opponent"].tolist() == [best]
        chosen[day] = (rows["ours"], rows[best])
    own, against = np.array(list(chosen.values())).T
    row = one(table, BEST, metric)
    assert row["opponent_value"] == pytest.approx(against.mean())
    assert row["difference"] == pytest.approx((own - against).mean())
    if (against > 0).all():
        assert row["ratio"] == pytest.approx((own / against).mean())


def test_the_ordering_chosen_beforehand_knows_only_what_was_measured_by_then(panel, forecasts):
    scores = score_table(evaluate_forecasts(question(), panel, forecasts))
    first = scores[(scores["origin_date"] == date(2014, 1, 1)) & (scores["metric"] == "average_precision")]
    winner = first[first["cohort"] == "all"].set_index("model")["value"][["one way", "other way"]].idxmax()
    # Told the other way round, the second ordering of the experiment wins at 2014; it is chosen from 2016 on.
    swap = {"one way": "other way", "other way": "one way"} if winner == "one way" else {}
    swapped = [replace(each, model=swap.get(each.model, each.model)) for each in forecasts]
    table = paired_table(question(), evaluate_forecasts(question(), panel, swapped))
    chosen = table[table["beforehand"] & table["origin_date"].notna() & (table["cohort"] == "all")]
    assert set(zip(chosen["origin_date"], chosen["opponent"], strict=True)) == {
        (date(2014, 1, 1), "one way"), (date(2016, 1, 1), "other way"),
    }  # fmt: skip
    for metric in METRICS:
        at = [one(table, name, metric, day)["opponent_value"] for day, name in sorted(
            {(row.origin_date, row.opponent) for row in chosen.itertuples()}
        )]  # fmt: skip
        assert one(table, BEFOREHAND, metric)["opponent_value"] == pytest.approx(np.mean(at))


def test_orderings_differ_by_origin_and_intervals_hold_the_difference(table):
    means = table[(table["opponent"] == BEST) & (table["cohort"] == "all")]
    assert len(means) == 2 * len(METRICS)
    assert (means["difference_low95"] <= means["difference"] + 0.02).all()
    assert (means["difference_high95"] >= means["difference"] - 0.02).all()


def test_a_model_against_its_own_copy_differs_by_nothing(panel, forecasts):
    copies = [replace(each, model="theirs") for each in forecasts if each.model == "ours"]
    kept = [each for each in forecasts if each.model != "theirs"]
    table = paired_table(question(), evaluate_forecasts(question(), panel, kept + copies))
    same = table[table["opponent"].eq("theirs")]
    assert (same[["difference", "difference_low95", "difference_high95"]].to_numpy() == 0).all()
    ratios = same[["ratio", "ratio_low95", "ratio_high95"]].to_numpy()
    assert (ratios[~np.isnan(ratios)] == 1).all()
    assert (~np.isnan(ratios)).any()


def test_models_that_left_provinces_out_are_held_against_each_other(panel, forecasts):
    apart = [replace(each, model=each.model + HOLDOUT) for each in forecasts]
    table = paired_table(question(), evaluate_forecasts(question(), panel, [*forecasts, *apart]))
    own, other = (table["model"].str.endswith(HOLDOUT), table["opponent"].str.endswith(HOLDOUT))
    assert (own == other).all()
    left, right = (
        part.drop(columns=["model", "opponent"]).reset_index(drop=True) for part in (table[own], table[~own])
    )
    pd.testing.assert_frame_equal(left, right)


def test_an_ordering_that_does_not_exist_at_an_origin_is_no_opponent_there(panel, forecasts):
    late = [each for each in forecasts if each.model != "one way" or each.origin_date.year == 2016]
    table = paired_table(question(), evaluate_forecasts(question(), panel, late))
    assert one(table, "one way", "auc")["origins"] == 1
    assert one(table, BEST, "auc")["origins"] == 2
    first = table[table["best"] & (table["origin_date"] == date(2014, 1, 1))]
    assert set(first["opponent"]) == {"other way"}


def test_without_forecasts_there_is_an_empty_table():
    assert tuple(paired_table(question(), []).columns) == COLUMNS
