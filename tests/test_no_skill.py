"""Chance alone gives no skill, and the same check does see skill where there is some."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from worlds import example_panel, experiment, panel_of, wijk_codes, with_score

from riskmodel.forecasting.backtest import run
from riskmodel.forecasting.evaluation.ranked import rank
from riskmodel.forecasting.models import ModelSpec
from riskmodel.panel.panel import Panel

MODELS = ("lightgbm", "structural", "scorecard", "points")
#: Every origin of a panel with the waves of the official one, two years ahead.
ORIGINS = (2012, 2014, 2016, 2018)


def ranking(happened: np.ndarray, chance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """AUC and average precision, shape (1,) each."""
    ranked = rank(happened, chance)
    return ranked.auc(), ranked.average_precision()


def rankings_of(panel: Panel, models: tuple[str, ...]) -> list[tuple[str, int, np.ndarray, np.ndarray]]:
    """Model, origin, what happened and the chance that was said of it, for every forecast of a backtest."""
    question = experiment(trees=60)
    there = {spec.name: spec for spec in question.models}
    asked = tuple(there.get(name, ModelSpec(name, name)) for name in models)
    question = replace(question, models=asked, targets=(), champion=models[0], challenger=models[0])
    done = run(question, panel)
    said = []
    for forecast in done.forecasts:
        wave = forecast.origin_date.year
        happened = question.event.happened(panel, wave, wave + 2)
        said.append((forecast.model, wave, happened, forecast.chance_of(question.event)))
    assert [(model, wave) for model, wave, *_ in said] == [(spec.name, wave) for wave in ORIGINS for spec in asked]
    return said


def skill_by_chance(happened: np.ndarray, chance: np.ndarray, draws: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """AUC and average precision of the same chances against shuffled outcomes."""
    rng = np.random.default_rng(11)
    drawn = [ranking(rng.permutation(happened), chance) for _ in range(draws)]
    return np.array([auc[0] for auc, _ in drawn]), np.array([precision[0] for _, precision in drawn])


def assert_no_skill(panel: Panel, models: tuple[str, ...]) -> None:
    said = rankings_of(panel, models)
    for model in models:
        aucs, weights = [], []
        for wave, happened, chance in ((wave, *both) for each, wave, *both in said if each == model):
            auc, precision = (value[0] for value in ranking(happened, chance))
            by_chance = skill_by_chance(happened, chance)
            base_rate = happened.mean()
            assert 0.03 < base_rate < 0.25
            for value, drawn in zip((auc, precision), by_chance, strict=True):
                # Fifty such comparisons are made: each may lie a little outside its 95% range.
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
    assert_no_skill(panel, MODELS)


def random_walk(n: int, seed: int) -> Panel:
    """A country in which nothing that is known says anything about the next change."""
    rng = np.random.default_rng(seed)
    score = 4.1 + rng.normal(0, 0.13, n)
    waves = {}
    for wave in (2002, 2008, 2012, 2014, 2016, 2018, 2020):
        score = score + rng.normal(0, 0.04, n)
        waves[wave] = score
    others = {"population": {2012: np.exp(rng.normal(8, 1, n))}, "density": {2012: rng.normal(900, 200, n)}}
    return panel_of({"score": waves, **others}, wijk_codes(n, towns=40))


def test_a_future_of_pure_noise_of_equal_variance_gives_no_skill():
    assert_no_skill(random_walk(900, 8), (*MODELS, "last_rise", "level_low", "small"))


def test_neighbours_give_no_skill_where_they_say_nothing():
    panel = random_walk(900, 9)
    rng = np.random.default_rng(2)
    borders = np.unique(np.sort(rng.integers(0, 900, (2500, 2)), axis=1), axis=0)
    panel = replace(panel, borders=borders[borders[:, 0] < borders[:, 1]])
    assert_no_skill(panel, ("lightgbm", "structural"))


def reversing(n: int) -> tuple[Panel, np.ndarray]:
    """A country in which what has just risen falls again, and its lasting levels."""
    rng = np.random.default_rng(8)
    level = 4.1 + rng.normal(0, 0.1, n)
    waves = {wave: level + rng.normal(0, 0.03, n) for wave in (2002, 2008, 2012, 2014, 2016, 2018, 2020)}
    return panel_of({"score": waves}, wijk_codes(n, towns=30)), level


def test_reversal_is_seen_by_every_model():
    panel, level = reversing(1200)
    for model, wave, happened, chance in rankings_of(panel, MODELS):
        auc, precision = (value[0] for value in ranking(happened, chance))
        # Nobody could do better than by knowing the lasting level: that tells the jitter of the origin exactly.
        best_auc, best_precision = (value[0] for value in ranking(happened, panel.at("score", wave) - level))
        # In 2012 nobody had seen an area turn back after a change; a card of bands is coarse.
        less = 0.05 + 0.05 * (wave == 2012) + 0.05 * (model == "points")
        assert auc > best_auc - less, (model, wave, auc, best_auc)
        assert precision > (1 - 4 * less) * best_precision, (model, wave, precision, best_precision)
        assert precision > 1.8 * happened.mean(), (model, wave, precision)


@pytest.mark.parametrize("model", MODELS)
def test_the_same_check_does_see_skill_where_there_is_some(model):
    with pytest.raises(AssertionError, match=model):
        assert_no_skill(reversing(600)[0], (model,))
