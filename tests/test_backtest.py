"""Provinces left out, lists that stay, chances against shares: by hand, and by what a model cannot know."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from worlds import BASE, example_panel, experiment, panel_of

from riskmodel.errors import InputError
from riskmodel.forecasting.backtest import run
from riskmodel.forecasting.evaluation import calibration, list_overlap
from riskmodel.forecasting.experiment import HOLDOUT, Cohort
from riskmodel.forecasting.features import Features, features_of, training_of
from riskmodel.forecasting.forecast import Forecast, Outputs
from riskmodel.forecasting.models import ModelSpec, make
from riskmodel.forecasting.origins import origin_at
from riskmodel.forecasting.province_holdout import forecast_holdout, joined, provinces_of
from riskmodel.forecasting.stage import stage_of
from riskmodel.products.governance.skill_tables import group_calibration_table

MODELS = (
    ModelSpec("high", "ordering", {"feature": "history.level", "risk": "high"}),
    ModelSpec("chain", "markov", {"classes": 4}),
    ModelSpec("card", "scorecard"),
)
#: Amsterdam, Haarlem; Rotterdam, Den Haag; Utrecht; Groningen.
TOWNS = {"0363": "Noord-Holland", "0392": "Noord-Holland", "0599": "Zuid-Holland", "0518": "Zuid-Holland",
         "0344": "Utrecht", "0014": "Groningen"}  # fmt: skip


def question(**changes):
    made = replace(experiment(), models=MODELS, champion="card", challenger="chain", cohorts=(Cohort("all"),))
    return replace(made, **changes)


@pytest.fixture(scope="module")
def panel():
    rng = np.random.default_rng(6)
    codes = sorted(f"WK{town}{i:02d}" for town in TOWNS for i in range(40))
    level = BASE + rng.normal(0, 0.1, len(codes))
    score = {wave: level + rng.normal(0, 0.04, len(codes)) for wave in (2008, 2012, 2014, 2016, 2018, 2020)}
    score[2016][3] = np.nan
    return panel_of({"score": score, "population": {2013: rng.integers(100, 9000, len(codes))}}, codes)


@pytest.fixture(scope="module")
def done(panel):
    return run(question(), panel, waves=[2016, 2018], leave_out="province")


def test_provinces_are_those_of_the_municipality(panel):
    found = provinces_of(panel.municipality_codes())
    assert found.tolist() == [TOWNS[code[2:6]] for code in panel.areas]


@pytest.mark.parametrize("spec", MODELS, ids=lambda spec: spec.name)
def test_every_province_is_forecast_by_a_model_that_learned_from_the_others(spec, panel, done):
    origin = origin_at(panel, 2016, 2)
    training, features = training_of(panel, origin), features_of(panel, origin)
    [made] = [
        each for each in done.forecasts if each.model == spec.name + HOLDOUT and each.origin_date.year == 2016
    ]
    there = ~np.isnan(panel.at("score", 2016))
    assert made.locations.tolist() == panel.areas[there].tolist()
    for province in set(TOWNS.values()):
        learned = np.array([TOWNS[town[2:]] != province for town in training.municipality])
        asked = there & np.array([TOWNS[code[2:6]] == province for code in panel.areas])
        kept = replace(
            training,
            features=Features(features.names, training.features.values[learned]),
            **{
                name: getattr(training, name)[learned]
                for name in ("change", "score_start", "municipality", "start", "end")
            },
        )
        model = make(spec).fit(kept, np.array(question().outputs.thresholds))
        distribution = model.distribution(Features(features.names, features.values[asked]))
        rows = made.positions(panel.areas[asked])
        np.testing.assert_allclose(made.mean[rows], distribution.mean(), atol=1e-12)
        expected = distribution.cdf(np.tile(made.outputs.thresholds, (int(asked.sum()), 1)))
        np.testing.assert_allclose(made.cdf[rows], expected, atol=1e-12)


def test_what_happened_in_a_province_does_not_reach_its_own_forecast(panel):
    origin = origin_at(panel, 2018, 2)
    stage = stage_of(panel, origin)
    training = stage.training
    there = ~np.isnan(panel.at("score", 2018))
    inside = provinces_of(training.municipality) == "Utrecht"
    noise = np.random.default_rng(1).normal(0, 0.2, len(inside))
    changed = replace(training, change=np.where(inside, noise, training.change))
    own = provinces_of(panel.municipality_codes()[there]) == "Utrecht"
    for spec in MODELS:
        one, other = (
            forecast_holdout(spec, question(), panel, replace(stage, training=each))
            for each in (training, changed)
        )
        np.testing.assert_array_equal(one.quantiles[own], other.quantiles[own])
        assert (one.quantiles[~own] != other.quantiles[~own]).any(axis=1).all()


def test_forecasts_and_scores_without_provinces_stand_beside_the_ordinary_ones(panel, done):
    names = [spec.name for spec in MODELS]
    both = names + [name + HOLDOUT for name in names]
    assert [each.model for each in done.forecasts] == 2 * names + 2 * both[3:]
    assert set(done.scores["model"]) == set(done.calibration["model"]) == set(both)
    assert done.experiment.model("card" + HOLDOUT) == done.experiment.model("card")
    counts = done.scores.pivot_table(index="model", columns="origin_date", values="n_events", aggfunc="first")
    assert (counts == counts.iloc[0]).all(axis=None)
    ordinary = run(question(), panel, waves=[2016, 2018])
    kept = done.scores[~done.scores["model"].str.endswith(HOLDOUT)].reset_index(drop=True)
    assert kept.equals(ordinary.scores)


def test_one_province_cannot_be_left_out(tmp_path):
    country = example_panel(tmp_path)
    with pytest.raises(InputError, match="Voorbeeld"):
        run(question(), country, leave_out="province")
    postcodes = replace(country, level="pc4")
    with pytest.raises(InputError, match="municipality"):
        run(question(), postcodes, leave_out="province")


# Lists that stay.

OUTPUTS = Outputs((0.1, 0.5, 0.9), (-0.05,))


def made_forecast(panel, wave, chance, model="card"):
    n = len(panel.areas)
    return Forecast(
        model=model,
        origin_date=date(wave, 1, 1),
        known_at=date(wave + 2, 5, 1),
        horizon=2,
        outputs=OUTPUTS,
        locations=panel.areas,
        mean=np.zeros(n),
        quantiles=np.tile([-0.1, 0.0, 0.1], (n, 1)),
        cdf=np.asarray(chance)[:, None],
        pmf=np.full((n, 9), 1 / 9),
    )


def test_overlap_worked_out_by_hand():
    codes = [f"WK0363{i:02d}" for i in range(10)]
    score = np.full(10, BASE)
    gone = score.copy()
    gone[0] = np.nan
    small = panel_of({"score": {2014: score, 2016: gone, 2018: score}}, codes)
    first = made_forecast(small, 2014, [0.99, 0.9, 0.8, 0.7, 0.6, 0.5, 0.1, 0.1, 0.1, 0.1])
    second = made_forecast(small, 2016, [0.99, 0.1, 0.8, 0.9, 0.6, 0.2, 0.1, 0.1, 0.1, 0.7])
    asked = question(outputs=OUTPUTS, capacity=4)
    table = list_overlap.stability_table(asked, small, [second, first])
    # Without the area that was not measured in 2016: lists 1, 2, 3, 4 and 3, 2, 9, 4.
    row = table[table["k"] == 4].iloc[0]
    assert (row["compared_with"], row["origin_date"], row["n"]) == ("origin 2014", date(2016, 1, 1), 9)
    assert (row["shared"], row["jaccard"]) == (3 / 4, pytest.approx(3 / 5))
    # 1% and 5% of nine areas are one area: 1 against 3.
    assert table[table["k"] == 1]["shared"].tolist() == [0.0]
    again = list_overlap.stability_table(asked, small, [first], {"other seed 1": [second, first]})
    assert again["compared_with"].unique().tolist() == ["other seed 1"]
    assert (again["shared"] == 1).all()


def test_the_champion_is_fitted_again_with_other_seeds(panel):
    parameters = {"trees": 20, "min_in_leaf": 20}
    models = (ModelSpec("trees", "lightgbm", parameters), ModelSpec("card", "scorecard"))
    asked = question(models=models, champion="trees", challenger="card", capacity=20)
    found = run(asked, panel, waves=[2018], seeds=2)
    assert {each.model for each in found.forecasts} == {"trees", "card"}
    table = found.stability
    assert table["compared_with"].unique().tolist() == ["other seed 1", "other seed 2"]
    assert set(table["model"]) == {"trees"}
    assert table["shared"].between(0.2, 1).all()
    assert list_overlap.reseeded_spec(models[1], 5) is None
    same = list_overlap.reseeded_spec(models[0], 5)
    assert (same.name, same.parameters["seed"], same.parameters["trees"]) == ("trees", 5, 20)
    with pytest.raises(InputError, match="seeds"):
        run(asked, panel, seeds=-1)


# Chances against shares.


def test_calibration_worked_out_by_hand():
    codes = [f"WK0363{i:02d}" for i in range(20)]
    change = np.where(np.arange(20) % 4 == 0, -0.06, 0.0)
    sizes = np.repeat([100.0, 300.0, 700.0, 9000.0], 5)
    small = panel_of({"score": {2016: np.full(20, BASE), 2018: BASE + change}, "population": {2013: sizes}}, codes)
    chance = np.arange(20) / 20
    table = calibration.calibration_table(question(outputs=OUTPUTS), small, [made_forecast(small, 2016, chance)])
    assert tuple(table.columns) == calibration.COLUMNS
    tenths = table[table["group_kind"] == "decile"]
    assert tenths["group"].tolist() == [str(number) for number in range(1, 11)]
    assert tenths["n_events"].tolist() == [1, 0, 1, 0, 1, 0, 1, 0, 1, 0]
    np.testing.assert_allclose(tenths["mean_chance"], (2 * np.arange(10) + 0.5) / 20)
    by_size = table[table["group_kind"] == "size"].set_index("group")
    assert by_size.index.tolist() == ["below 200", "200 to 499", "500 to 1,999", "5,000 and more"]
    assert by_size["n_events"].tolist() == [2, 1, 1, 1]
    np.testing.assert_allclose(by_size["observed"], [0.4, 0.2, 0.2, 0.2])
    np.testing.assert_allclose(by_size["mean_chance"], [0.1, 0.35, 0.6, 0.85])
    others = table[table["group_kind"].isin(["urbanity", "level"])]
    assert others["group"].tolist() == ["unknown", "class 6"]
    assert (others["n"] == 20).all()


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_intervals_of_shares_are_those_of_scipy(case):
    events, n = case
    low, high = calibration.wilson(np.array([float(events)]), np.array([float(n)]))
    known = stats.binomtest(events, n).proportion_ci(method="wilson")
    assert (low[0], high[0]) == (pytest.approx(known.low, abs=1e-9), pytest.approx(known.high, abs=1e-9))


def test_over_origins_each_period_is_one_witness():
    """Student's interval as scipy's one-sample test gives it; far more areas at one origin change nothing."""
    day, gaps = pd.to_datetime(["2012-01-01", "2014-01-01", "2016-01-01", "2018-01-01"]), [0.02, -0.01, 0.03, 0.04]
    rows = [
        {"model": "trees", "target": "fall", "origin_date": when, "group_kind": "size", "group": "below 200"}
        | {"n": n, "n_events": round(n * (0.1 + gap)), "mean_chance": 0.1, "observed": 0.1 + gap}
        for when, gap, n in zip(day, gaps, (100, 100, 100, 10_000), strict=True)
    ]
    table = pd.DataFrame(rows).assign(low95=0.0, high95=1.0)
    found = calibration.over_origins(table).iloc[0]
    known = stats.ttest_1samp(gaps, 0.0).confidence_interval(0.95)
    assert (found["origins"], found["n"], found["n_events"]) == (4, 10_300, 1_434)
    np.testing.assert_allclose(found["observed"] - found["mean_chance"], np.mean(gaps))
    np.testing.assert_allclose([found["gap"], found["gap_low95"], found["gap_high95"]], [np.mean(gaps), *known])
    two = calibration.over_origins(table[:2]).iloc[0]
    assert np.isnan(two["gap_low95"])
    np.testing.assert_allclose(two["gap"], 0.005)


def test_the_table_of_groups_marks_what_lies_outside_its_interval():
    asked = question()
    events = np.array([20, 60, 24])
    low, high = calibration.wilson(events.astype(float), np.full(3, 200.0))
    table = pd.DataFrame(
        {"origin_date": ["2014-01-01", "2016-01-01", "2018-01-01"], "n_events": events, "observed": events / 200}
        | {"low95": low, "high95": high}
    ).assign(model="card", target=asked.event.name, group_kind="size", group="below 200", n=200, mean_chance=0.1)
    line = group_calibration_table(table, asked).splitlines()[-1]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[:6] == ["size", "below 200", "104/600", ".100 / .100", ".100 / .300 *", ".100 / .120"]
    assert cells[6].startswith("+.073 (")
    assert cells[7] == "yes"


def test_every_judged_area_is_counted_once_in_every_kind_of_group(done):
    rows = done.scores[done.scores["metric"] == "base_rate"]
    for (model, day), table in done.calibration.groupby(["model", "origin_date"]):
        known = rows[(rows["model"] == model) & (rows["origin_date"] == day)].iloc[0]
        for _, kind in table.groupby("group_kind"):
            assert (kind["n"].sum(), kind["n_events"].sum()) == (known["n"], known["n_events"])
            assert (kind["low95"] <= kind["observed"]).all()
            assert (kind["high95"] >= kind["observed"]).all()


def test_forecasts_of_parts_come_together_in_order(panel):
    whole = made_forecast(panel, 2016, np.linspace(0.1, 0.9, len(panel.areas)))
    pick = np.arange(len(panel.areas)) % 3
    parts = [
        replace(
            whole,
            **{name: getattr(whole, name)[pick == k] for name in ("locations", "mean", "quantiles", "cdf", "pmf")},
        )
        for k in (2, 0, 1)
    ]
    together = joined(parts)
    np.testing.assert_array_equal(together.locations, whole.locations)
    np.testing.assert_array_equal(together.cdf, whole.cdf)
