"""How sure: ranks by brute force, sentences by hand, the past against a plain recount."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import example_panel, experiment

from riskmodel.forecasting.backtest import run
from riskmodel.forecasting.curve import Outputs
from riskmodel.forecasting.forecast import Forecast, write_forecasts
from riskmodel.forecasting.groups import abstains
from riskmodel.forecasting.targets import Event, score_change
from riskmodel.products.risk_list.area_sheet import Past
from riskmodel.products.risk_list.how_sure import frequency
from riskmodel.products.risk_list.ranks import quantiles_at, rank_range, shortest_range
from riskmodel.workflow.risk_list import past_forecasts
from riskmodel.workspace.store import Workspace

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)


def normal_forecast(mean: list[float], sd: list[float], model: str = "m") -> Forecast:
    from scipy import stats

    centre, spread = np.array(mean)[:, None], np.array(sd)[:, None]
    n = len(mean)
    pmf = np.zeros((n, 9))
    pmf[:, 4] = 1.0
    return Forecast(
        model=model,
        origin_date=date(2016, 1, 1),
        known_at=date(2018, 5, 1),
        horizon=2,
        outputs=Outputs(LEVELS, (-0.05, 0.0)),
        locations=np.array([f"WK9001{i:02d}" for i in range(n)]),
        mean=np.array(mean, dtype=float),
        quantiles=stats.norm.ppf(np.array(LEVELS), centre, spread),
        cdf=stats.norm.cdf(np.array([-0.05, 0.0]), centre, spread),
        pmf=pmf,
    )


# --- sentences --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chance", "event", "level", "years", "expected"),
    [
        (0.18, Event("fall"), "wijk", None, "wijken gaan er ongeveer 18 meer dan 0,05 punt achteruit"),
        (
            0.18,
            Event("fall"),
            "buurt",
            2,
            "buurten gaan er binnen 2 jaar ongeveer 18 meer dan 0,05 punt achteruit",
        ),
        (0.011, Event("fall"), "wijk", None, "wijken gaat er ongeveer 1 meer dan 0,05 punt achteruit"),
        (0.004, Event("fall"), "gemeente", None, "gemeenten gaat er minder dan 1 meer dan 0,05 punt achteruit"),
        (0.9951, Event("fall"), "grid", None, "gebieden gaan er meer dan 99 meer dan 0,05 punt achteruit"),
        (0.07, Event("tipping"), "wijk", 4, "wijken zakken er binnen 4 jaar ongeveer 7 naar klasse 4 of lager"),
        (0.0, Event("tipping"), "wijk", None, "wijken zakt er minder dan 1 naar klasse 4 of lager"),
    ],
)
def test_a_chance_reads_as_a_natural_frequency(
    chance: float, event: Event, level: str, years: int | None, expected: str
) -> None:
    assert frequency(chance, event, level=level, years=years) == f"Van 100 vergelijkbare {expected}."


def test_another_event_is_told_in_its_own_words_and_an_unknown_chance_not_at_all() -> None:
    assert frequency(0.3, Event("relative_fall")) == (
        "Bij ongeveer 30 van 100 vergelijkbare wijken gebeurt dit: "
        "de score blijft meer dan 0,05 punt achter bij het land."
    )
    assert frequency(float("nan"), Event("fall")) == ""


# --- ranks ------------------------------------------------------------------------------------------


def test_areas_that_cannot_change_places_have_one_rank_each() -> None:
    made = normal_forecast([0.0, -1.0, 1.0], [0.001, 0.001, 0.001])
    low, high = rank_range(made, np.arange(3), draws=200)
    assert low.tolist() == high.tolist() == [2, 1, 3]


def test_equal_areas_may_stand_anywhere() -> None:
    made = normal_forecast([0.0] * 10, [0.02] * 10)
    low, high = rank_range(made, np.arange(10), draws=5000)
    # Every rank has chance 1/10, so the shortest range with 80% holds 8 of 10 ranks (9 by chance of the draw).
    assert set((high - low + 1).tolist()) <= {8, 9}


def test_ranges_agree_with_every_combination_of_a_few_outcomes() -> None:
    """Brute force: each of three areas takes one of 41 equally likely values; all 68,921 are ranked."""
    made = normal_forecast([-0.03, 0.0, 0.01], [0.02, 0.05, 0.01])
    values = quantiles_at(made, np.arange(3), (np.arange(41) + 0.5) / 41)
    ranks = [np.argsort(np.argsort(combination)) + 1 for combination in product(*values)]
    low, high = shortest_range(np.array(ranks).T)
    drawn = rank_range(made, np.arange(3), draws=20_000)
    assert drawn[0].tolist() == low.tolist()
    assert drawn[1].tolist() == high.tolist()


def test_the_curve_read_backwards_is_the_curve() -> None:
    made = normal_forecast([-0.03, 0.02], [0.02, 0.05])
    levels = np.linspace(0.001, 0.999, 97)
    values = quantiles_at(made, np.array([1, 0]), levels)
    back = made.curve.rows(np.array([1, 0])).at(values)
    np.testing.assert_allclose(back, np.broadcast_to(levels, (2, 97)), atol=1e-9)


def test_areas_at_the_end_stay_there() -> None:
    made = normal_forecast([-0.5, 0.0, 0.0, 0.1], [0.2, 0.02, 0.02, 0.02])
    low, high = rank_range(made, np.arange(4), last=np.array([True, False, False, False]))
    assert (low[0], high[0]) == (4, 4)
    assert high[1:].max() <= 3


def test_limits_of_areas_decide_when_they_differ() -> None:
    made = normal_forecast([-0.01, -0.02], [0.001, 0.001])
    low, high = rank_range(made, np.arange(2), limits=np.array([0.0, -0.1]))
    assert (low.tolist(), high.tolist()) == ([1, 2], [1, 2])


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.integers(1, 20), min_size=10, max_size=10), min_size=1, max_size=4))
def test_the_shortest_range_by_trying_all(rows: list[list[int]]) -> None:
    low, high = shortest_range(np.array(rows), 0.8)
    for row, lowest, highest in zip(rows, low, high, strict=True):
        tried = [
            (b - a, a)
            for a in row
            for b in row
            if b >= a and sum(a <= value <= b for value in row) >= 8
        ]  # fmt: skip
        assert (highest - lowest, lowest) == min(tried)


def test_no_areas_no_ranges() -> None:
    low, high = rank_range(normal_forecast([0.0], [0.1]), np.array([], dtype=int))
    assert len(low) == len(high) == 0


# --- too small --------------------------------------------------------------------------------------


def test_small_is_below_two_hundred_and_unknown_is_not_small() -> None:
    assert abstains(np.array([199.0, 200.0, np.nan])).tolist() == [True, False, False]


# --- the past ---------------------------------------------------------------------------------------


def test_the_past_is_what_a_plain_recount_gives(tmp_path: Path) -> None:
    panel = example_panel(tmp_path / "files")
    asked = experiment(trees=5)
    done = run(asked, panel, [2016, 2018])
    workspace = Workspace(tmp_path / "ws")
    folder = workspace.path("backtests", asked.name)
    folder.mkdir(parents=True)

    def past_before(wave: int) -> Mapping[str, tuple[Past, ...]]:
        """Of a stored forecast that starts from a wave; only that of it matters here."""
        forecast = SimpleNamespace(origin_date=date(wave, 1, 1))
        stored = SimpleNamespace(forecast=forecast, model="lightgbm", experiment=asked)
        return past_forecasts(workspace, stored, panel)

    assert past_before(2020) == {}
    write_forecasts(done.forecasts, folder / "forecasts.parquet")
    told = past_before(2020)
    population = panel.latest("population")
    for made in (each for each in done.forecasts if each.model == "lightgbm"):
        wave = made.origin_date.year
        chance = dict(zip(made.locations, made.chance_of(asked.event), strict=True))
        small = dict(zip(panel.areas, population < 200, strict=True))
        order = sorted(chance, key=lambda area: (bool(small[area]), -chance[area], area))
        change = dict(zip(panel.areas, score_change(panel, wave, wave + 2), strict=True))
        measured = 0
        for place, area in enumerate(order, start=1):
            found = [each for each in told.get(area, ()) if each.year == wave]
            if np.isnan(change[area]):
                assert not found
                continue
            [past] = found
            measured += 1
            assert (past.rank, past.of, past.target_year) == (place, len(order), wave + 2)
            assert past.chance == chance[area]
            assert past.change == change[area]
            assert past.happened == (change[area] < -0.05)
        assert measured > 200
    assert {each.year for each in past_before(2018)[panel.areas[0]]} == {2016}
    (folder / "experiment.yaml").write_text(
        (Path(__file__).parents[1] / "experiments" / "tipping-2y.yaml").read_text(encoding="utf-8"),
        encoding="utf-8",
    )
    assert past_before(2020) == {}
