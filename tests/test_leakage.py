"""Nothing that was published after an origin can reach its forecast, and chance alone gives no skill."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import example_panel, experiment, panel_of, wijk_codes, with_score

from riskmodel.errors import InputError
from riskmodel.forecasting.backtest import fit, forecast_with, run
from riskmodel.forecasting.features import features_of, training_of
from riskmodel.forecasting.forecast import Forecast
from riskmodel.forecasting.metrics import ranking
from riskmodel.forecasting.models.base import NotApplicableError
from riskmodel.forecasting.origins import Origin, backtest_origins, origin_at
from riskmodel.panel.panel import Panel

QUESTION = experiment(trees=40)
WAVES = (2014, 2016, 2018)
LATER = np.datetime64("2099-01-01", "D")


def noise(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(99).normal(50, 40, shape)


def nothing(shape: tuple[int, ...]) -> np.ndarray:
    return np.full(shape, np.nan)


def with_another_future(panel: Panel, moment: date, fill: Callable[[tuple[int, ...]], np.ndarray]) -> Panel:
    """The panel with everything published after a moment replaced, also figures that were never published."""
    published = np.where(np.isnat(panel.published), LATER, panel.published)
    later = (published > np.datetime64(moment, "D"))[:, None, :]
    return replace(panel, values=np.where(later, fill(panel.values.shape), panel.values), published=published)


@pytest.fixture(scope="module")
def country(tmp_path_factory):
    return example_panel(tmp_path_factory.mktemp("country"))


def forecasts_of(panel: Panel, origin: Origin) -> dict[str, Forecast | str]:
    """What every model of the experiment says; the reason where one does not apply."""
    training = training_of(panel, origin)
    said: dict[str, Forecast | str] = {}
    for spec in QUESTION.models:
        try:
            model = fit(spec, QUESTION, training)
            said[spec.name], _ = forecast_with(spec.name, model, QUESTION, panel, origin)
        except NotApplicableError as error:
            said[spec.name] = str(error)
    return said


@pytest.fixture(scope="module")
def originals(country):
    return {wave: forecasts_of(country, origin_at(country, wave, 2)) for wave in WAVES}


def same(one: Forecast | str, other: Forecast | str) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return one == other
    pairs = [(getattr(one, field.name), getattr(other, field.name)) for field in fields(Forecast)]
    return all(np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b for a, b in pairs)


@pytest.mark.parametrize("fill", [noise, nothing])
@pytest.mark.parametrize("wave", WAVES)
def test_no_model_sees_what_was_published_after_its_origin(country, originals, wave, fill):
    origin = origin_at(country, wave, 2)
    changed = with_another_future(country, origin.known_at, fill)
    assert not np.array_equal(changed.values, country.values, equal_nan=True)
    for name, said in forecasts_of(changed, origin_at(changed, wave, 2)).items():
        assert same(said, originals[wave][name]), name


@pytest.mark.parametrize("wave", WAVES)
def test_every_model_does_see_what_was_published_before_its_origin(country, originals, wave):
    score = country.at("score", 2014)
    shaken = with_score(country, 2014, score + np.random.default_rng(5).normal(0, 0.02, len(score)))
    said = forecasts_of(shaken, origin_at(shaken, wave, 2))
    for name, before in originals[wave].items():
        if not isinstance(before, str):
            assert not np.array_equal(said[name].quantiles, before.quantiles), name
    assert [name for name, before in originals[wave].items() if isinstance(before, str)] == (
        ["small"] if wave == 2014 else []
    )


@pytest.mark.parametrize("horizon", [2, 4])
def test_examples_and_features_hold_nothing_from_later(country, horizon):
    for origin in backtest_origins(country, horizon):
        for fill in (noise, nothing):
            changed = with_another_future(country, origin.known_at, fill)
            assert_same_training(country, changed, origin)


def assert_same_training(panel: Panel, changed: Panel, origin: Origin) -> None:
    one, other = training_of(panel, origin), training_of(changed, origin)
    for name in ("change", "score_start", "municipality", "start"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    np.testing.assert_array_equal(one.features.values, other.features.values)
    np.testing.assert_array_equal(features_of(panel, origin).values, features_of(changed, origin).values)


def test_examples_take_only_structural_indicators_from_after_their_own_start(country):
    origin = origin_at(country, 2018, 2)
    training = training_of(country, origin)
    for start, _ in origin.pairs:
        # Later than the start of the example, yet before the origin.
        moment = country.published_on("score", start)
        later = country.published > np.datetime64(moment, "D")
        values = np.where(later[:, None, :], noise(country.values.shape), country.values)
        score = country.indicators.index("score")
        values[score] = country.values[score]  # the score decides which pairs there are
        changed = training_of(replace(country, values=values), origin)
        rows = training.start == start
        structural = [name.split(".")[0] in ("context", "size") for name in training.features.names]
        history = ~np.array(structural)
        np.testing.assert_array_equal(
            changed.features.values[rows][:, history], training.features.values[rows][:, history]
        )
        if start == 2014:  # its wave was published in May 2016, the district table of 2016 in January 2017
            size = training.features.names.index("size.inhabitants")
            assert not np.array_equal(changed.features.values[rows, size], training.features.values[rows, size])


def test_the_score_of_a_later_wave_is_in_the_label_of_an_example_and_never_in_its_features(country):
    origin = origin_at(country, 2018, 2)
    training = training_of(country, origin)
    shaken = with_score(country, 2018, country.at("score", 2018) + noise((len(country.areas),)))
    changed = training_of(shaken, origin)
    np.testing.assert_array_equal(changed.features.values, training.features.values)
    last = training.start == 2016
    np.testing.assert_array_equal(changed.change[~last], training.change[~last])
    assert (changed.change[last] != training.change[last]).all()


@st.composite
def late_worlds(draw):
    """Panels of which every figure was published on some day of its own."""
    day = st.dates(date(2012, 1, 1), date(2026, 1, 1))
    years = {"score": [2010, 2012, 2014, 2016, 2018], "onv": [2012, 2014, 2018], "population": [2013, 2017]}
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    values = {
        key: {year: (rng.normal(4, 0.1, 6) if key != "population" else rng.integers(0, 999, 6)) for year in each}
        for key, each in years.items()
    }
    dates = {(key, year): draw(day) for key, each in years.items() for year in each}
    return panel_of(values, wijk_codes(6, towns=2), dates)


@settings(max_examples=60, deadline=None)
@given(late_worlds(), st.sampled_from([2, 4]), st.sampled_from([2012, 2014, 2016, 2018]))
def test_whatever_the_publication_dates_nothing_from_later_is_used(panel, horizon, wave):
    try:
        origin = origin_at(panel, wave, horizon)
    except InputError:
        return
    changed = with_another_future(panel, origin.known_at, noise)
    assert origin_at(changed, wave, horizon) == origin
    assert_same_training(panel, changed, origin)


# Chance alone.


def skill_by_chance(happened: np.ndarray, chance: np.ndarray, draws: int = 500) -> tuple[np.ndarray, np.ndarray]:
    """AUC and average precision of the same chances against shuffled outcomes."""
    rng = np.random.default_rng(11)
    drawn = [ranking(rng.permutation(happened), chance) for _ in range(draws)]
    return np.array([auc[0] for auc, _ in drawn]), np.array([precision[0] for _, precision in drawn])


def assert_no_skill(panel: Panel, models: tuple[str, ...]) -> None:
    question = experiment(trees=120)
    asked = tuple(spec for spec in question.models if spec.name in models)
    question = replace(question, models=asked, champion=models[0], challenger=models[0])
    done = run(question, panel)
    assert len(done.forecasts) == 3 * len(models)
    for model in models:
        aucs, weights = [], []
        for forecast in (each for each in done.forecasts if each.model == model):
            wave = forecast.origin_date.year
            happened = question.event.happened(panel, wave, wave + 2)
            chance = forecast.chance_of(question.event)
            auc, precision = (value[0] for value in ranking(happened, chance))
            by_chance = skill_by_chance(happened, chance)
            base_rate = happened.mean()
            assert 0.03 < base_rate < 0.25
            for value, drawn in zip((auc, precision), by_chance, strict=True):
                # Thirty such comparisons are made: each may lie a little outside its 95% range.
                far = (value - drawn.mean()) / drawn.std()
                assert abs(far) < 4, (model, wave, value, far)
            # The range itself lies around .5 and the base rate.
            assert by_chance[0].mean() == pytest.approx(0.5, abs=0.01)
            assert by_chance[1].mean() == pytest.approx(base_rate, abs=0.03)
            aucs.append(auc)
            weights.append(happened.sum())
        assert np.average(aucs, weights=weights) == pytest.approx(0.5, abs=0.06), model


def test_labels_shuffled_between_areas_give_no_skill(tmp_path):
    panel = example_panel(tmp_path, n_areas=1200, seed=7)
    everywhere = ~np.isnan([panel.at("score", wave) for wave in panel.waves]).any(axis=0)
    panel = replace(
        panel,
        areas=panel.areas[everywhere],
        names=panel.names[everywhere],
        values=panel.values[:, everywhere],
    )
    rng = np.random.default_rng(3)
    original = panel
    for start, end in ((2012, 2014), (2014, 2016), (2016, 2018), (2018, 2020)):
        change = original.at("score", end) - original.at("score", start)
        panel = with_score(panel, end, panel.at("score", start) + rng.permutation(change))
    assert_no_skill(panel, ("lightgbm", "scorecard"))


def test_a_future_of_pure_noise_of_equal_variance_gives_no_skill():
    rng = np.random.default_rng(8)
    n = 1200
    score = 4.1 + rng.normal(0, 0.13, n)
    waves = {}
    for wave in (2002, 2008, 2012, 2014, 2016, 2018, 2020):
        score = score + rng.normal(0, 0.04, n)
        waves[wave] = score
    others = {"population": {2012: np.exp(rng.normal(8, 1, n))}, "density": {2012: rng.normal(900, 200, n)}}
    panel = panel_of({"score": waves, **others}, wijk_codes(n, towns=40))
    assert_no_skill(panel, ("lightgbm", "scorecard", "last_rise", "level_low", "small"))


def test_the_same_check_does_see_skill_where_there_is_some():
    # A strong reversal: what has just risen falls again.
    rng = np.random.default_rng(8)
    n = 600
    level = 4.1 + rng.normal(0, 0.1, n)
    waves = {wave: level + rng.normal(0, 0.03, n) for wave in (2008, 2012, 2014, 2016, 2018, 2020)}
    panel = panel_of({"score": waves}, wijk_codes(n, towns=30))
    with pytest.raises(AssertionError, match="scorecard"):
        assert_no_skill(panel, ("scorecard",))
