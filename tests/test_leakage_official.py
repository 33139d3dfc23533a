"""On the official files nothing that was published after an origin reaches a forecast from it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits
from worlds import experiment, with_another_future

from riskmodel.forecasting.features import features_of, local_level_of, training_of
from riskmodel.forecasting.models import ModelSpec, make
from riskmodel.forecasting.origins import backtest_origins, origin_at
from riskmodel.panel.build import build_panel
from riskmodel.panel.panel import Panel
from riskmodel.sources import crosswalk
from riskmodel.sources.boundaries import neighbours, read_boundaries
from riskmodel.sources.kwb import reader as kwb
from riskmodel.sources.leefbaarometer import edition2 as leefbaarometer2
from riskmodel.sources.leefbaarometer import scores as leefbaarometer
from riskmodel.sources.observations import SourceFile
from riskmodel.sources.statline import rivm

pytest.importorskip("geopandas", reason="the extra riskmodel[geo] is not installed")

#: A feature from every source, and the first origin that may know it.
FIRST_KNOWN = {
    "onv.level": 2014,
    "size.inhabitants": 2016,
    "context.density": 2016,
    "context.rivm_money_trouble": 2014,
    "soc.rivm_loneliness": 2014,
    "history.lbm2_score": 2014,
    "surroundings.level": 2012,
}


@pytest.fixture(scope="module")
def official(real_data: Path) -> Panel:
    """Wijken with every official source at hand: 3.0, 2.0, KWB, health monitor, borders."""
    [scores] = leefbaarometer.read_scores(
        [real_data / "leefbaarometer-3.0" / "Leefbaarometer-scores wijken 2002-2020.csv"]
    )
    others = [
        *kwb.read_tables([real_data / "kwb" / f"wijk_{year}.csv" for year in (2016, 2022)]),
        *leefbaarometer2.read_scores(
            [real_data / "leefbaarometer-2.0" / name for name in ("wijk.xlsx", "dimensiescore_wijk (stand).xlsx")]
        ),
        *rivm.read_monitor([real_data / "rivm" / f"{year}_18plus.xlsx" for year in (2012, 2016)]),
    ]
    links, _ = crosswalk.read_links(real_data / "crosswalk" / "code_changes_2016_2024.csv")
    polygons = real_data / "kwb" / "wijk_2022.geojson"
    borders = neighbours(read_boundaries(polygons)), SourceFile.of(polygons)
    return build_panel(scores, others, links, borders)


def noise(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(99).normal(50, 40, shape)


@pytest.mark.parametrize("horizon", [2, 4])
def test_no_example_and_no_feature_holds_anything_from_later(official: Panel, horizon: int):
    assert len(official.borders) > 9000
    for origin in backtest_origins(official, horizon):
        changed = with_another_future(official, origin.known_at, noise)
        one, other = training_of(official, origin), training_of(changed, origin)
        np.testing.assert_array_equal(one.features.values, other.features.values)
        for name in ("change", "score_start", "start", "end"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        np.testing.assert_array_equal(features_of(official, origin).values, features_of(changed, origin).values)
        assert local_level_of(official.known_at(origin.known_at)) == local_level_of(
            changed.known_at(origin.known_at)
        )


def test_every_source_reaches_a_forecast_once_it_is_published(official: Panel):
    features = {origin.wave: features_of(official, origin) for origin in backtest_origins(official, 2)}
    for name, first in FIRST_KNOWN.items():
        known = [wave for wave, each in features.items() if not np.isnan(each.column(name)).all()]
        assert known, name
        assert known[0] == first, name


@pytest.mark.parametrize("name", ["lightgbm", "structural", "scorecard"])
def test_no_model_says_anything_else_for_another_future(official: Panel, name: str):
    question = experiment()
    origin = origin_at(official, 2016, 2)
    changed = with_another_future(official, origin.known_at, noise)
    assert not np.array_equal(changed.values, official.values, equal_nan=True)
    parameters = {"trees": 30} if name == "lightgbm" else {}
    said = []
    with threadpool_limits(1, user_api="blas"):
        for panel in (official, changed):
            training = training_of(panel, origin)
            # Enough examples to tell whether anything leaked, and few enough to be quick.
            some = np.random.default_rng(1).choice(len(training.change), 1500, replace=False)
            training = replace(
                training,
                features=replace(training.features, values=training.features.values[some]),
                change=training.change[some],
                score_start=training.score_start[some],
                municipality=training.municipality[some],
                start=training.start[some],
                end=training.end[some],
            )
            model = make(ModelSpec(name, name, parameters)).fit(training, np.array(question.outputs.thresholds))
            distribution = model.distribution(features_of(panel, origin))
            said.append(distribution.quantiles(np.array([0.05, 0.5, 0.95])))
    np.testing.assert_array_equal(*said)
