"""Nothing that was published after an origin can reach its forecast, whatever the source it comes from."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import example_panel, experiment, panel_of, wijk_codes, with_another_future, with_score

from riskmodel.catalogue import DIMENSIONS, indicators
from riskmodel.errors import InputError
from riskmodel.forecasting.features import features_at, features_of, local_level_of, relative_scores, training_of
from riskmodel.forecasting.forecast import Forecast
from riskmodel.forecasting.local_level import fit_local_level
from riskmodel.forecasting.models.base import NotApplicableError
from riskmodel.forecasting.origins import Origin, backtest_origins, origin_at
from riskmodel.forecasting.stage import fit, forecast_with
from riskmodel.panel.panel import Panel

pytestmark = pytest.mark.usefixtures("one_thread")

QUESTION = experiment(trees=40)
WAVES = (2014, 2016, 2018)


def noise(shape: tuple[int, ...]) -> np.ndarray:
    return np.random.default_rng(99).normal(50, 40, shape)


def nothing(shape: tuple[int, ...]) -> np.ndarray:
    return np.full(shape, np.nan)


def some_borders(n: int, seed: int = 0) -> np.ndarray:
    """Borders between areas that follow each other, and some across the country; the last area is an island."""
    rng = np.random.default_rng(seed)
    along = np.column_stack([np.arange(n - 2), np.arange(1, n - 1)])
    across = np.sort(rng.integers(0, n - 1, (n, 2)), axis=1)
    return np.unique(np.concatenate([along, across[across[:, 1] - across[:, 0] > 1]]), axis=0)


@pytest.fixture(scope="module")
def country(tmp_path_factory):
    return example_panel(tmp_path_factory.mktemp("country"))


@pytest.fixture(scope="module")
def bordered(country):
    return replace(country, borders=some_borders(len(country.areas)))


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
    equal = [
        np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b for a, b in pairs if not isinstance(a, dict)
    ]
    assert one.readings and list(one.readings) == list(other.readings)
    equal += [np.array_equal(one.readings[name], other.readings[name], equal_nan=True) for name in one.readings]
    return all(equal)


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
@pytest.mark.parametrize("which", ["country", "bordered"])
def test_examples_and_features_hold_nothing_from_later(which, horizon, request):
    panel = request.getfixturevalue(which)
    for origin in backtest_origins(panel, horizon):
        for fill in (noise, nothing):
            changed = with_another_future(panel, origin.known_at, fill)
            assert_same_training(panel, changed, origin)


def test_neighbours_are_looked_at_where_borders_are_known(country, bordered):
    origin = origin_at(country, 2018, 2)
    by_town, by_border = features_of(country, origin), features_of(bordered, origin)
    for name in by_town.names:
        same_values = np.array_equal(by_town.column(name), by_border.column(name), equal_nan=True)
        assert same_values != name.startswith("surroundings."), name


def assert_same_training(panel: Panel, changed: Panel, origin: Origin) -> None:
    one, other = training_of(panel, origin), training_of(changed, origin)
    for name in ("change", "score_start", "municipality", "start", "end", "weight"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    np.testing.assert_array_equal(one.features.values, other.features.values)
    np.testing.assert_array_equal(features_of(panel, origin).values, features_of(changed, origin).values)
    assert local_level_of(panel.known_at(origin.known_at)) == local_level_of(changed.known_at(origin.known_at))


#: What rests on the number of inhabitants, a structural indicator: the size of noise and drift of an area.
BY_POPULATION = ("history.reversal", "history.unrest", "size.spread", "size.inhabitants")


def may_be_structural(panel: Panel, name: str) -> bool:
    """Whether a feature is made of structural indicators, or of counts per inhabitant."""
    about = panel.definitions.get(name.split(".")[1].removesuffix("_change"))
    return name in BY_POPULATION or (about is not None and (about.structural or about.kind == "extensive"))


@pytest.mark.parametrize("which", ["country", "bordered"])
def test_examples_take_only_structural_indicators_from_after_their_own_start(which, request):
    panel = request.getfixturevalue(which)
    origin = origin_at(panel, 2018, 2)
    training = training_of(panel, origin)
    names = np.array(training.features.names)
    structural = np.array([may_be_structural(panel, name) for name in names])
    rests_on_population = np.array([name in BY_POPULATION for name in names])
    score, population = (panel.indicators.index(key) for key in ("score", "population"))
    for start in sorted({start for start, _ in origin.pairs}):
        # Later than the start of the example, yet before the origin.
        moment = panel.published_on("score", start)
        later = panel.published > np.datetime64(moment, "D")
        values = np.where(later[:, None, :], noise(panel.values.shape), panel.values)
        values[score] = panel.values[score]  # the score decides which pairs there are
        rows = training.start == start
        before = training.features.values[rows]
        changed = training_of(replace(panel, values=values), origin).features.values[rows]
        np.testing.assert_array_equal(changed[:, ~structural], before[:, ~structural])
        if start == 2014:  # its wave was published in May 2016, the district table of 2016 in January 2017
            for place in np.flatnonzero(rests_on_population):
                assert not np.array_equal(changed[:, place], before[:, place]), names[place]
        # With the number of inhabitants as it was, nothing changes in what rests on that number alone.
        values[population] = panel.values[population]
        changed = training_of(replace(panel, values=values), origin).features.values[rows]
        np.testing.assert_array_equal(changed[:, rests_on_population], before[:, rests_on_population])


@pytest.mark.parametrize("which", ["country", "bordered"])
def test_the_score_of_a_later_wave_is_in_the_label_of_an_example_and_never_in_its_features(which, request):
    panel = request.getfixturevalue(which)
    origin = origin_at(panel, 2018, 2)
    shaken = with_score(panel, 2018, panel.at("score", 2018) + noise((len(panel.areas),)))
    known, known_shaken = (each.known_at(origin.known_at) for each in (panel, shaken))
    # The noise of scores in the whole country is estimated from all waves known at the origin, so that later
    # waves do bear on it; with that held fixed, no feature of an area may know of them.
    local_level = local_level_of(known)
    assert local_level_of(known_shaken) != local_level
    for start in (2012, 2014, 2016):
        then, then_shaken = (each.known_at(panel.published_on("score", start)) for each in (known, known_shaken))
        one = features_at(then, start, known, local_level, 2)
        other = features_at(then_shaken, start, known_shaken, local_level, 2)
        np.testing.assert_array_equal(one.values, other.values)
    training, changed = training_of(panel, origin), training_of(shaken, origin)
    by_noise = np.isin(training.features.names, ["history.reversal", "history.unrest", "size.spread"])
    np.testing.assert_array_equal(changed.features.values[:, ~by_noise], training.features.values[:, ~by_noise])
    last = training.end == 2018
    np.testing.assert_array_equal(changed.change[~last], training.change[~last])
    assert (changed.change[last] != training.change[last]).all()


@pytest.mark.parametrize("wave", WAVES)
def test_the_size_of_noise_is_made_of_the_scores_and_sizes_known_at_the_origin(country, wave):
    origin = origin_at(country, wave, 2)
    known = country.known_at(origin.known_at)
    waves = [year for year in country.waves if country.published_on("score", year) <= origin.known_at]
    assert waves[-1] == wave
    counted = country.at("population", 2016) if wave > 2014 else np.full(len(country.areas), np.nan)
    expected = fit_local_level(relative_scores(country, waves), waves, counted)
    assert local_level_of(known) == expected
    for fill in (noise, nothing):
        changed = with_another_future(country, origin.known_at, fill)
        assert local_level_of(changed.known_at(origin.known_at)) == expected
    # It does look at what is known.
    shaken = with_score(country, 2012, country.at("score", 2012) * 1.01)
    assert local_level_of(shaken.known_at(origin.known_at)) != expected


FAMILIES = ("kwb", "rivm_", "lbm2_", "police_", "ses_", "vm_", "woon_", "wfs_")


def family_of(key: str) -> str:
    return next((family for family in FAMILIES if key.startswith(family)), "kwb")


@st.composite
def late_worlds(draw):
    """Panels with figures of every source, each of which was published on some day of its own."""
    day = st.dates(date(2012, 1, 1), date(2026, 1, 1))
    years = {"score": [2010, 2012, 2014, 2016, 2018], "onv": [2012, 2014, 2018], "population": [2013, 2017]}
    others = [key for key, about in indicators().items() if about.feature and key not in years]
    for family in FAMILIES:
        key = draw(st.sampled_from([each for each in others if family_of(each) == family]))
        years[key] = draw(st.lists(st.integers(2010, 2020), min_size=1, max_size=3, unique=True))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    values = {
        key: {year: (rng.normal(4, 0.1, 6) if key != "population" else rng.integers(0, 999, 6)) for year in each}
        for key, each in years.items()
    }
    dates = {(key, year): draw(day) for key, each in years.items() for year in each}
    panel = panel_of(values, wijk_codes(6, towns=2), dates)
    return replace(panel, borders=some_borders(6, draw(st.integers(0, 9)))) if draw(st.booleans()) else panel


@settings(max_examples=60, deadline=None)
@given(late_worlds(), st.sampled_from([2, 4]), st.sampled_from([2012, 2014, 2016, 2018]))
def test_whatever_the_publication_dates_nothing_from_later_is_used(panel, horizon, wave):
    try:
        origin = origin_at(panel, wave, horizon)
    except InputError:
        return
    for fill in (noise, nothing):
        changed = with_another_future(panel, origin.known_at, fill)
        assert origin_at(changed, wave, horizon) == origin
        assert_same_training(panel, changed, origin)


@pytest.mark.parametrize("family", FAMILIES)
def test_figures_of_every_source_reach_a_forecast_once_they_are_published(family):
    rng = np.random.default_rng(3)
    keys = [key for key, about in indicators().items() if about.feature and family_of(key) == family]
    keys = [key for key in keys if indicators()[key].driver != "size" and key not in ("score", *DIMENSIONS)]
    waves = {year: rng.normal(4.1, 0.1, 6) for year in (2010, 2012, 2014, 2016, 2018)}
    counted = {2012: rng.integers(100, 999, 6)}
    for moment in (date(2018, 5, 1), date(2018, 5, 2)):
        dates = {(key, 2015): moment for key in keys}
        values = {"score": waves, "population": counted, **{key: {2015: rng.normal(4, 1, 6)} for key in keys}}
        panel = panel_of(values, wijk_codes(6, towns=2), dates)
        origin = origin_at(panel, 2016, 2)
        assert origin.known_at == date(2018, 5, 1)
        features = features_of(panel, origin)
        for key in keys:
            column = features.column(f"{indicators()[key].driver}.{key}")
            assert np.isnan(column).all() == (moment > origin.known_at), key
