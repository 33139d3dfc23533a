"""Every check finds the fault planted for it, passes in a clean world, and says when it does not apply."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score
from worlds import BASE, example_panel, experiment, normal_forecast, panel_of, wijk_codes

from riskmodel.forecasting.backtest_record import Record
from riskmodel.forecasting.checks import CHECKS, Context, findings_table, run_checks, skill
from riskmodel.forecasting.checks.base import MakeStage
from riskmodel.forecasting.checks.columns import psi, single_powers
from riskmodel.forecasting.checks.groups import group_table
from riskmodel.forecasting.checks.skill import CALIBRATION_ERROR, error_by_chance
from riskmodel.forecasting.evaluation.metrics import calibration_error
from riskmodel.forecasting.evaluation.scores import score_forecasts
from riskmodel.forecasting.features import Features
from riskmodel.forecasting.forecast import Forecast
from riskmodel.forecasting.origins import Origin, backtest_origins, latest_origin, origin_at
from riskmodel.forecasting.stage import Stage, stage_of
from riskmodel.panel.panel import Panel
from riskmodel.workspace.findings import Finding

QUESTION = experiment()
MODEL = QUESTION.champion
EVENT_AT = -QUESTION.event.more_than
WAVES = (2014, 2016, 2018)
(
    TIME_OVERLAP,
    FUTURE_INFORMATION,
    IDENTIFIER_FEATURE,
    GOLDEN_FEATURE,
    LOPSIDED_IMPORTANCE,
    WORSE_THAN_BEST_ORDERING,
    MISCALIBRATED,
    UNSTABLE_LIST,
    FEATURE_DRIFT,
    GROUP_DISPARITY,
    TOO_FEW_EVENTS,
) = CHECKS


# --- A country of which the truth is known ---------------------------------------------------------------------


@dataclass(frozen=True)
class World:
    """A panel and the distribution its changes were drawn from."""

    panel: Panel
    expected: dict[int, np.ndarray]
    spread: float


def world_of(n: int = 2400, seed: int = 4, centre: float = 0.005) -> World:
    """Changes are normal around an expectation of each area, which a perfect model would know."""
    rng = np.random.default_rng(seed)
    score = BASE + rng.normal(0, 0.1, n)
    scores, expected = {2012: score}, {}
    for wave in (2012, *WAVES):
        expected[wave] = rng.normal(centre, 0.03, n)
        score = score + expected[wave] + rng.normal(0, 0.03, n)
        scores[wave + 2] = score
    others = {
        "population": {2012: np.exp(rng.normal(7.8, 1.0, n)).round()},
        "urbanity": {2012: rng.integers(1, 6, n).astype(float)},
    }
    return World(panel_of({"score": scores, **others}, wijk_codes(n, towns=60)), expected, 0.03)


forecast_of = partial(normal_forecast, QUESTION.outputs)


def record_of(world: World, forecasts: list[Forecast]) -> Record:
    scores = score_forecasts(QUESTION, world.panel, forecasts)
    return Record(
        experiment=QUESTION,
        scores=scores.assign(origin_date=scores["origin_date"].astype(str)),
        forecasts=tuple(forecasts),
        importance=pd.DataFrame(),
        level="wijk",
        inputs=(),
        code_version="0",
    )


def noise_like(expected: np.ndarray, seed: int = 9) -> np.ndarray:
    return np.random.default_rng(seed).permutation(expected)


@pytest.fixture(scope="module")
def world() -> World:
    return world_of()


@pytest.fixture(scope="module")
def honest(world: World) -> Record:
    """A model that knows the truth beside an ordering that knows nothing."""
    forecasts = []
    for wave in WAVES:
        forecasts.append(forecast_of(MODEL, world.panel, wave, world.expected[wave], world.spread))
        forecasts.append(forecast_of("small", world.panel, wave, noise_like(world.expected[wave]), 0.03))
    return record_of(world, forecasts)


def context_of(world: World, record: Record | None, **more: object) -> Context:
    return replace(Context(QUESTION, MODEL, world.panel, record=record), **more)  # type: ignore[arg-type]


def altered(world: World, record: Record, change: Callable[[Forecast], Forecast]) -> Record:
    """The record with what ``change`` makes of every forecast of the model in its place."""
    others = [each for each in record.forecasts if each.model != MODEL]
    return record_of(world, others + [change(each) for each in record.of(MODEL)])


# --- A country with history, for checks on features -------------------------------------------------------------


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Panel:
    return example_panel(tmp_path_factory.mktemp("country"), n_areas=400)


@pytest.fixture(scope="module")
def stage(country: Panel) -> Stage:
    return stage_of(country, origin_at(country, 2018, 2))


def learned(country: Panel, *stages: Stage, **more: object) -> Context:
    return replace(Context(QUESTION, MODEL, country, stages), **more)  # type: ignore[arg-type]


def with_feature(stage: Stage, name: str, examples: np.ndarray, now: np.ndarray) -> Stage:
    """The stage with one more feature."""
    training, features = stage.training, stage.features
    return replace(
        stage,
        features=Features((*features.names, name), np.column_stack([features.values, now])),
        training=replace(
            training,
            features=Features(
                (*training.features.names, name), np.column_stack([training.features.values, examples])
            ),
        ),
    )


def nothing(n: int) -> np.ndarray:
    return np.full(n, np.nan)


# --- In general --------------------------------------------------------------------------------------------------


def test_codes_are_in_order_and_each_check_has_its_own() -> None:
    assert [check.code for check in CHECKS] == [f"RM{number:03d}" for number in range(1, 12)]
    assert len({check.title for check in CHECKS}) == len(CHECKS)
    assert {check.severity for check in CHECKS} <= {"error", "warning", "info"}


def test_without_anything_to_look_at_no_check_applies(country: Panel) -> None:
    for found in run_checks(Context(QUESTION, MODEL, country)):
        assert found.outcome == "not applicable", found.line


def test_a_finding_is_one_line_and_a_row(country: Panel) -> None:
    found = Finding("RM000", "a title", "error", "failed", "a message", {"x": 1.0})
    assert found.line == "RM000 error          a title: a message"
    assert replace(found, outcome="passed").line == "RM000 passed         a title: a message"
    assert findings_table([found]).to_dict("records") == [
        {"code": "RM000", "severity": "error", "outcome": "failed", "title": "a title", "message": "a message"}
    ]


@pytest.mark.parametrize("horizon", [2, 4])
def test_the_invented_country_is_clean(country: Panel, horizon: int) -> None:
    for origin in [*backtest_origins(country, horizon), latest_origin(country, horizon)]:
        context = learned(country, stage_of(country, origin))
        for check in (TIME_OVERLAP, FUTURE_INFORMATION, IDENTIFIER_FEATURE, GOLDEN_FEATURE):
            found = check.run(context)
            assert found.outcome == "passed" or check is GOLDEN_FEATURE, found.line
            assert found.outcome != "failed", found.line


# --- RM001: time overlap -----------------------------------------------------------------------------------------


def test_a_pair_that_ends_after_the_origin_was_known_is_found(country: Panel, stage: Stage) -> None:
    late = replace(stage, origin=replace(stage.origin, pairs=(*stage.origin.pairs, (2018, 2020))))
    found = TIME_OVERLAP.run(learned(country, late))
    assert (found.outcome, found.message) == ("failed", "origin 2018 learns from wave 2020")
    gone = replace(stage, origin=replace(stage.origin, pairs=((2019, 2021),)))
    assert TIME_OVERLAP.run(learned(country, gone)).outcome == "failed"


def test_outcomes_among_the_examples_are_found_though_the_pairs_look_well(country: Panel, stage: Stage) -> None:
    peeking = Origin(2018, 2, date(2099, 1, 1), (*stage.origin.pairs, (2018, 2020)))
    leaked = replace(stage, training=stage_of(country, peeking).training)
    found = TIME_OVERLAP.run(learned(country, leaked))
    assert found.outcome == "failed"
    assert found.figures["outcomes_among_examples"] == 1.0
    assert TIME_OVERLAP.run(learned(country, stage)).figures["outcomes_among_examples"] < 0.01


# --- RM002: future information -----------------------------------------------------------------------------------


def leaky(panel: Panel, origin: Origin) -> Stage:
    """Adds the score that is to be forecast to the features."""
    made = stage_of(panel, origin)
    there = ~np.isnan(panel.at("score", origin.wave))
    return with_feature(
        made,
        "context.next",
        nothing(len(made.training.change)),
        panel.at("score", origin.target_wave)[there],
    )


def leaky_in_training(panel: Panel, origin: Origin) -> Stage:
    """Fills examples with a mean over all waves, those of later included."""
    made = stage_of(panel, origin)
    mean = float(np.nanmean(panel["score"]))
    return with_feature(made, "context.mean", np.full(len(made.training.change), mean), nothing(len(made.areas)))


@pytest.mark.parametrize(("make", "name"), [(leaky, "context.next"), (leaky_in_training, "context.mean")])
def test_a_feature_from_the_future_is_found(country: Panel, make: MakeStage, name: str) -> None:
    made = make(country, origin_at(country, 2016, 2))
    found = FUTURE_INFORMATION.run(learned(country, made, make_stage=make))
    assert (found.outcome, found.figures["moved"]) == ("failed", 1.0)
    assert found.message.startswith(f"{name} at origin 2016 moved")


def test_nothing_later_means_that_the_check_does_not_apply() -> None:
    panel = panel_of({"score": {year: np.linspace(4, 4.2, 30) for year in (2012, 2014, 2016)}}, wijk_codes(30))
    found = FUTURE_INFORMATION.run(learned(panel, stage_of(panel, latest_origin(panel, 2))))
    assert found.outcome == "not applicable"


# --- RM003: identifier as feature --------------------------------------------------------------------------------


def identifiers(areas: np.ndarray) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    n = len(areas)
    towns = np.unique([area[:6] for area in areas], return_inverse=True)[1]
    return {
        "context.gm_code": rng.normal(size=n),
        "context.Postcode": rng.normal(size=n),
        "context.row": np.arange(n, dtype=float),
        "context.backwards": -np.sqrt(np.arange(n) + 3.0),
        "context.town": np.exp(towns / 10),
        "context.hashed": rng.permutation(10 * n)[:n].astype(float),
    }


@pytest.mark.parametrize("name", list(identifiers(np.array(wijk_codes(60)))))
def test_an_identifier_is_found(country: Panel, stage: Stage, name: str) -> None:
    planted = with_feature(stage, name, nothing(len(stage.training.change)), identifiers(stage.areas)[name])
    found = IDENTIFIER_FEATURE.run(learned(country, planted))
    assert (found.outcome, found.figures["identifiers"]) == ("failed", 1.0)
    assert name in found.message


def test_a_measured_quantity_is_no_identifier(country: Panel, stage: Stage) -> None:
    rng = np.random.default_rng(3)
    n = len(stage.areas)
    for values in (rng.normal(size=n), rng.poisson(2000, n).astype(float), rng.integers(1, 6, n).astype(float)):
        planted = with_feature(stage, "context.codependent", nothing(len(stage.training.change)), values)
        assert IDENTIFIER_FEATURE.run(learned(country, planted)).outcome == "passed"


# --- RM004: golden feature ---------------------------------------------------------------------------------------


def test_a_golden_feature_is_found(country: Panel, stage: Stage) -> None:
    rng = np.random.default_rng(2)
    change = stage.training.change
    for values in (-change + rng.normal(0, 0.01, len(change)), np.where(change < EVENT_AT, np.nan, 1.0)):
        planted = with_feature(stage, "context.gold", values, nothing(len(stage.areas)))
        found = GOLDEN_FEATURE.run(learned(country, planted))
        assert found.outcome == "failed"
        assert found.message.startswith("context.gold (")
        assert found.figures["auc_max"] > 0.95


def test_the_power_of_a_feature_is_its_auc() -> None:
    rng = np.random.default_rng(1)
    happened = rng.random(500) < 0.2
    values = rng.normal(size=(500, 3)) + np.outer(happened, [1.0, -0.7, 0.0])
    values[:100, 1] = np.nan
    values = np.round(values, 1)
    known = slice(100, None)
    expected = [
        roc_auc_score(happened, values[:, 0]),
        1 - roc_auc_score(happened[known], values[known, 1]),
        roc_auc_score(happened, values[:, 2]),
    ]
    expected[2] = max(expected[2], 1 - expected[2])
    np.testing.assert_allclose(single_powers(values, happened), expected)


def test_too_few_falls_give_no_verdict_on_golden_features(country: Panel, stage: Stage) -> None:
    calm = replace(stage, training=replace(stage.training, change=np.abs(stage.training.change)))
    assert GOLDEN_FEATURE.run(learned(country, calm)).outcome == "not applicable"


# --- RM005: one feature says it all ------------------------------------------------------------------------------


@pytest.mark.parametrize(("share", "outcome"), [(0.6, "failed"), (0.4, "passed")])
def test_a_feature_that_says_it_all_is_found(country: Panel, share: float, outcome: str) -> None:
    rows = [
        {"origin_date": day, "feature": name, "value": scale * value}
        for day, scale in (("2016-01-01", 1.0), ("2018-01-01", 5.0))
        for name, value in (("a", share), ("b", (1 - share) / 2), ("c", (1 - share) / 2))
    ]
    found = LOPSIDED_IMPORTANCE.run(learned(country, importance=pd.DataFrame(rows)))
    assert (found.outcome, found.figures["share_max"]) == (outcome, pytest.approx(share))


def test_a_model_that_says_nothing_has_no_importance(country: Panel) -> None:
    rows = pd.DataFrame({"origin_date": ["2016"] * 2, "feature": ["a", "b"], "value": [0.0, 0.0]})
    assert LOPSIDED_IMPORTANCE.run(learned(country, importance=rows)).outcome == "not applicable"


# --- RM006: worse than the best ordering -------------------------------------------------------------------------


def test_a_model_better_than_the_best_ordering_passes(world: World, honest: Record) -> None:
    found = WORSE_THAN_BEST_ORDERING.run(context_of(world, honest))
    assert found.outcome == "passed"
    scores = honest.scores[(honest.scores["metric"] == "average_precision") & (honest.scores["cohort"] == "500+")]
    wide = scores.pivot(index="origin_date", columns="model", values="value")
    assert found.figures["ratio_mean"] == pytest.approx((wide[MODEL] / wide["small"]).mean())
    assert found.figures["ratio_min"] > 1.5


def test_a_model_worse_than_the_best_ordering_is_found(world: World) -> None:
    forecasts = []
    for wave in WAVES:
        expected = world.expected[wave]
        forecasts.append(forecast_of(MODEL, world.panel, wave, noise_like(expected), 0.04))
        forecasts.append(forecast_of("small", world.panel, wave, noise_like(expected, 8), 0.04))
        forecasts.append(forecast_of("level_low", world.panel, wave, expected, 0.03))
    found = WORSE_THAN_BEST_ORDERING.run(context_of(world, record_of(world, forecasts)))
    assert (found.outcome, found.figures["below"]) == ("failed", 3.0)
    assert "level_low" in found.message and "certainly below it (95%) at 2014, 2016, 2018" in found.message


def test_one_bad_origin_is_enough(world: World, honest: Record) -> None:
    forecasts = [each for each in honest.forecasts if each.origin_date.year != 2018]
    expected = world.expected[2018]
    forecasts.append(forecast_of(MODEL, world.panel, 2018, noise_like(expected), 0.04))
    forecasts.append(forecast_of("small", world.panel, 2018, expected, 0.03))
    found = WORSE_THAN_BEST_ORDERING.run(context_of(world, record_of(world, forecasts)))
    assert (found.outcome, found.figures["below"]) == ("failed", 1.0)
    assert found.figures["ratio_mean"] > 1


def test_without_orderings_there_is_nothing_to_be_held_against(world: World, honest: Record) -> None:
    alone = record_of(world, list(honest.of(MODEL)))
    assert WORSE_THAN_BEST_ORDERING.run(context_of(world, alone)).outcome == "not applicable"


# --- RM007: miscalibrated ----------------------------------------------------------------------------------------


def test_a_calibrated_model_passes(world: World, honest: Record) -> None:
    found = MISCALIBRATED.run(context_of(world, honest))
    assert found.outcome == "passed", found.line
    assert 0.77 < found.figures["coverage_min"] <= found.figures["coverage_max"] < 0.83


@pytest.mark.parametrize(("by", "stretch", "word"), [(-0.02, 1.0, "calibration error"), (0.0, 0.6, "coverage")])
def test_chances_and_intervals_that_are_off_are_found(
    world: World, honest: Record, by: float, stretch: float, word: str
) -> None:
    def change(forecast: Forecast) -> Forecast:
        return forecast_of(MODEL, world.panel, forecast.origin_date.year, forecast.mean + by, 0.03 * stretch)

    found = MISCALIBRATED.run(context_of(world, altered(world, honest, change)))
    assert found.outcome == "failed"
    for wave in WAVES:
        assert any(
            part.startswith(word) and f"at {wave}" in part for part in found.message.split(": ")[-1].split("; ")
        )


def test_the_error_that_chance_gives_is_that_of_many_draws() -> None:
    rng = np.random.default_rng(6)
    chance = rng.beta(1, 15, 400)
    bound = error_by_chance(chance, chance)
    drawn = [calibration_error((rng.random(400) < chance).astype(float), chance) for _ in range(2000)]
    assert 0.005 < np.mean(np.array(drawn) > bound) < 0.05
    assert bound > CALIBRATION_ERROR


def test_a_model_without_scores_is_not_judged(world: World, honest: Record) -> None:
    context = replace(context_of(world, honest), model="another")
    for check in (WORSE_THAN_BEST_ORDERING, MISCALIBRATED, GROUP_DISPARITY):
        assert check.run(context).outcome == "not applicable"


# --- RM008: unstable list ----------------------------------------------------------------------------------------


def test_a_list_that_changes_with_the_seed_is_found(world: World) -> None:
    rng = np.random.default_rng(0)
    own = rng.random(1000)
    found = UNSTABLE_LIST.run(
        context_of(world, None, reseeded=(own, own + rng.normal(0, 0.001, 1000), rng.random(1000)))
    )
    assert found.outcome == "failed"
    assert found.figures["shared_between_seeds"] < 0.2
    steady = UNSTABLE_LIST.run(context_of(world, None, reseeded=(own, own / 2)))
    assert (steady.outcome, steady.figures["shared_between_seeds"]) == ("passed", 1.0)


@pytest.mark.parametrize(("share", "outcome"), [(0.6, "failed"), (0.8, "passed")])
def test_seeds_of_a_backtest_are_judged(world: World, honest: Record, share: float, outcome: str) -> None:
    row = {"model": MODEL, "cohort": "500+", "k": QUESTION.capacity, "n": 2000}
    table = pd.DataFrame(
        [
            {**row, "compared_with": "origin 2014", "shared": 0.1},
            {**row, "compared_with": "seed 2", "shared": share},
            {**row, "compared_with": "seed 2", "shared": 0.9},
            {**row, "compared_with": "seed 2", "k": 20, "shared": 0.1},
            {**row, "compared_with": "seed 2", "cohort": "all", "shared": 0.1},
            {**row, "compared_with": "seed 2", "model": "another", "shared": 0.1},
        ]
    )
    found = UNSTABLE_LIST.run(context_of(world, replace(honest, tables={"stability": table})))
    assert (found.outcome, found.figures["shared_between_seeds"]) == (outcome, share)


def test_lists_of_successive_origins_are_told_and_not_judged(world: World, honest: Record) -> None:
    found = UNSTABLE_LIST.run(context_of(world, honest))
    assert found.outcome == "not applicable"
    tops = [set(np.argsort(world.expected[wave])[: QUESTION.capacity]) for wave in WAVES]
    by_hand = np.mean([len(tops[0] & tops[1]), len(tops[1] & tops[2])]) / QUESTION.capacity
    assert found.figures["shared_between_origins"] == pytest.approx(by_hand)


# --- RM009: drift ------------------------------------------------------------------------------------------------


def test_drift_is_found(country: Panel, stage: Stage) -> None:
    rng = np.random.default_rng(1)
    examples, now = len(stage.training.change), len(stage.areas)
    half = np.where(np.arange(now) % 2 == 0, np.nan, rng.normal(size=now))
    calm = replace(
        stage,
        features=Features(("context.x",), rng.normal(size=(now, 1))),
        training=replace(stage.training, features=Features(("context.x",), rng.normal(size=(examples, 1)))),
    )
    assert FEATURE_DRIFT.run(learned(country, calm)).outcome == "passed"
    for name, values, word in (
        ("context.up", rng.normal(1, 1, now), "("),
        ("context.gone", half, "50% more missing"),
    ):
        found = FEATURE_DRIFT.run(learned(country, with_feature(calm, name, rng.normal(size=examples), values)))
        assert found.outcome == "failed"
        assert f"{name} (" in found.message and word in found.message
    grown = with_feature(calm, "context.new", nothing(examples), rng.normal(size=now))
    found = FEATURE_DRIFT.run(learned(country, grown))
    assert (found.outcome, found.figures["fuller"]) == ("passed", 1.0)


def test_the_stability_index_is_that_of_the_formula() -> None:
    before, now = np.repeat([1.0, 2.0], [50, 50]), np.repeat([1.0, 2.0, np.nan], [80, 20, 30])
    by_hand = (0.8 - 0.5) * math.log(0.8 / 0.5) + (0.2 - 0.5) * math.log(0.2 / 0.5)
    assert psi(before, now) == pytest.approx(by_hand)
    assert psi(before, before) == 0
    assert psi(nothing(3), before) == 0


# --- RM010: disparity between groups -----------------------------------------------------------------------------


def test_chances_in_proportion_pass(world: World, honest: Record) -> None:
    found = GROUP_DISPARITY.run(context_of(world, honest))
    assert (found.outcome, found.figures["unequal"]) == ("passed", 0.0), found.line


def test_a_group_with_chances_that_are_too_high_is_found(world: World, honest: Record) -> None:
    large = world.panel.latest("population") >= 5000

    def change(forecast: Forecast) -> Forecast:
        mean = np.where(large, forecast.mean - 0.03, forecast.mean)
        return forecast_of(MODEL, world.panel, forecast.origin_date.year, mean, 0.03)

    found = GROUP_DISPARITY.run(context_of(world, altered(world, honest, change)))
    assert found.outcome == "failed"
    expected = sum(float(each.chance_of(QUESTION.event)[large].sum()) for each in map(change, honest.of(MODEL)))
    fell = [world.panel.at("score", w + 2) - world.panel.at("score", w) < EVENT_AT for w in WAVES]
    assert f"5,000 and more ({expected:.0f} expected, {np.sum(np.array(fell)[:, large])} happened" in found.message


def test_the_table_of_groups_adds_up_and_is_that_counted_by_hand(world: World, honest: Record) -> None:
    everybody = QUESTION.cohorts[0]
    table = group_table(honest, MODEL, world.panel, everybody)
    n = len(world.panel.areas)
    for _, rows in table.groupby("grouping"):
        assert rows["n"].sum() == 3 * n
        assert rows["selected"].sum() == 3 * math.ceil(0.05 * n)
    row = table[table["group"] == "moderately urban"].iloc[0]
    urban = world.panel.latest("urbanity") == 3
    events = chosen = hits = 0
    for wave in WAVES:
        fell = world.panel.at("score", wave + 2) - world.panel.at("score", wave) < EVENT_AT
        top = np.zeros(n, dtype=bool)
        top[np.argsort(world.expected[wave])[: math.ceil(0.05 * n)]] = True
        events += (fell & urban).sum()
        chosen += (top & urban).sum()
        hits += (top & urban & fell).sum()
    assert (row["n"], row["n_events"], row["selected"]) == (3 * urban.sum(), events, chosen)
    assert row["precision"] == pytest.approx(hits / chosen)
    assert row["missed"] == pytest.approx(1 - hits / events)
    assert row["false_alarms"] == pytest.approx((chosen - hits) / (3 * urban.sum() - events))


# --- RM011: too few events ---------------------------------------------------------------------------------------


def test_enough_events_pass_and_are_counted(world: World, honest: Record) -> None:
    stages = (stage_of(world.panel, latest_origin(world.panel, 2)),)
    found = TOO_FEW_EVENTS.run(context_of(world, honest, stages=stages))
    assert found.outcome == "passed"
    fell = [(world.panel.at("score", w + 2) - world.panel.at("score", w) < EVENT_AT).sum() for w in (2012, *WAVES)]
    assert found.figures["events_in_training"] == sum(fell)
    large = world.panel.latest("population") >= 500
    judged = [
        ((world.panel.at("score", w + 2) - world.panel.at("score", w) < EVENT_AT) & large).sum() for w in WAVES
    ]
    assert (found.figures["events_judged"], found.figures["events_min"]) == (sum(judged), min(judged))


def test_too_few_events_are_told() -> None:
    world = world_of(n=400, centre=0.06)
    forecasts = [forecast_of(MODEL, world.panel, wave, world.expected[wave], 0.03) for wave in WAVES]
    stages = (stage_of(world.panel, latest_origin(world.panel, 2)),)
    found = TOO_FEW_EVENTS.run(context_of(world, record_of(world, forecasts), stages=stages))
    assert found.outcome == "failed"
    assert found.message.endswith("few for training, 2014, 2016, 2018, all origins together")


def test_the_band_of_coverage_decides(world: World, honest: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skill, "COVERAGE", (0.0, 0.1))
    assert MISCALIBRATED.run(context_of(world, honest)).outcome == "failed"
