"""Shipped experiments on areas of which nobody knows the size: a cohort that asks for one is left out by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from worlds import BASE, EXPERIMENTS, experiment, panel_of, wijk_codes

from riskmodel.cli.text import backtest_text
from riskmodel.forecasting import backtest as backtesting
from riskmodel.forecasting.backtest_record import main_cohort, unjudged
from riskmodel.panel.panel import Panel
from riskmodel.workflow.findings import checked_backtest

N = 240
NAMES = sorted(path.stem for path in EXPERIMENTS.glob("*.yaml"))


@pytest.fixture(scope="module")
def panel() -> Panel:
    rng = np.random.default_rng(8)
    waves = {2008: BASE + rng.normal(0, 0.12, N)}
    for before, wave in zip((2008, 2012, 2014, 2016, 2018), (2012, 2014, 2016, 2018, 2020), strict=True):
        waves[wave] = waves[before] + rng.normal(0, 0.08, N)
    return panel_of({"score": waves}, wijk_codes(N, towns=30))


@pytest.mark.parametrize("name", NAMES)
def test_a_cohort_that_cannot_be_formed_is_said_and_left_out(panel: Panel, name: str) -> None:
    question = experiment(name, trees=5)
    asks = {cohort.name for cohort in question.cohorts if cohort.min_inhabitants}
    assert asks, "the experiment would not show the fault"
    done = backtesting.run(question, panel, [panel.waves[-1] - question.horizon])
    assert {cohort.name for cohort in unjudged(question, done.scores)} == asks
    assert set(done.scores["cohort"]) == {cohort.name for cohort in question.cohorts} - asks
    record, findings = checked_backtest(done, panel, "0")
    assert not main_cohort(record.experiment, record.scores).min_inhabitants
    text = backtest_text(done, findings, Path("backtests"))
    assert all(f"cohort {cohort} left out: no area is known to belong to it" in text for cohort in asks)
