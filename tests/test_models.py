"""Models: proper distributions, planted truths found again, the same answer every time, safe on disk."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from worlds import EXPERIMENTS, example_panel, experiment, made_features, panel_of, training_from, wijk_codes

from riskmodel.errors import InputError
from riskmodel.forecasting.distribution import GridCdf, StudentT
from riskmodel.forecasting.experiment import load_experiment
from riskmodel.forecasting.features import Features, features_of, training_of
from riskmodel.forecasting.models import ModelSpec, lightgbm, make
from riskmodel.forecasting.models.base import NotApplicableError
from riskmodel.forecasting.models.distribution_regression import fit_curves
from riskmodel.forecasting.models.lightgbm import WILDEST, LightGBM
from riskmodel.forecasting.models.ordering import Ordering
from riskmodel.forecasting.models.scorecard import Scorecard
from riskmodel.forecasting.models.structural import SPREAD, Structural
from riskmodel.forecasting.origins import origin_at
from riskmodel.forecasting.stage import fit
from riskmodel.scoring.predict import predict
from riskmodel.scoring.release import load_release, save_release

pytestmark = pytest.mark.usefixtures("one_thread")

QUESTION = experiment(trees=40)
THRESHOLDS = np.array(QUESTION.outputs.thresholds)
ORDERINGS = [spec for spec in QUESTION.models if spec.kind == "ordering" and spec.parameters]
LEVELS = np.linspace(0.001, 0.999, 999)
SMALL = {"trees": 40, "min_in_leaf": 20}


@pytest.fixture(scope="module")
def country(tmp_path_factory):
    return example_panel(tmp_path_factory.mktemp("country"))


@pytest.fixture(scope="module")
def origin(country):
    return origin_at(country, 2018, 2)


@pytest.fixture(scope="module")
def training(country, origin):
    return training_of(country, origin)


@pytest.fixture(scope="module")
def features(country, origin):
    return features_of(country, origin)


# Distributions.


@pytest.mark.parametrize("spec", QUESTION.models, ids=lambda spec: spec.name)
def test_every_model_gives_a_distribution(spec, training, features):
    distribution = fit(spec, QUESTION, training).distribution(features)
    n = len(features.values)
    points = np.sort(np.concatenate([np.linspace(-1.6, 1.6, 400), THRESHOLDS]))
    chance = distribution.cdf(np.broadcast_to(points, (n, len(points))))
    assert (np.diff(chance, axis=1) >= -1e-15).all()  # interpolation rounds
    assert (chance >= 0).all()
    assert (chance <= 1).all()
    assert chance[:, 0].max() < 0.01
    assert chance[:, -1].min() > 0.99
    quantiles = distribution.quantiles(LEVELS)
    assert (np.diff(quantiles, axis=1) >= 0).all()
    np.testing.assert_allclose(distribution.cdf(quantiles), np.tile(LEVELS, (n, 1)), atol=1e-9)
    # The mean of a distribution is its quantile function, averaged over all levels.
    fine = (np.arange(4000) + 0.5) / 4000
    np.testing.assert_allclose(distribution.mean(), distribution.quantiles(fine).mean(axis=1), atol=5e-4)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=8),
    st.lists(st.integers(0, 9), min_size=2, max_size=9),
)
def test_the_mean_of_a_grid_is_the_integral_of_its_quantiles(widths, rises):
    k = min(len(widths), len(rises) - 1)
    grid = np.concatenate([[-1.0], -1.0 + np.cumsum(widths[:k]) / 20])
    steps = np.array(rises[:k], dtype=float) + (sum(rises[:k]) == 0)
    values = np.concatenate([[0.0], np.cumsum(steps) / steps.sum()])
    distribution = GridCdf(grid, values[None, :])
    fine = (np.arange(2000) + 0.5) / 2000
    quantiles = distribution.quantiles(fine)
    assert distribution.mean()[0] == pytest.approx(quantiles.mean(), abs=1e-3)
    np.testing.assert_allclose(distribution.cdf(quantiles), fine[None, :], atol=1e-9)
    points = np.linspace(grid[0] - 0.1, grid[-1] + 0.1, 57)
    expected = np.interp(points, grid, values, left=0, right=1)
    np.testing.assert_allclose(distribution.cdf(points[None, :])[0], expected, atol=1e-12)


@settings(max_examples=50, deadline=None)
@given(st.floats(-0.3, 0.3), st.floats(0.005, 0.3), st.floats(2.5, 50))
def test_student_is_that_of_scipy(location, scale, freedom):
    distribution = StudentT(np.array([location]), np.array([scale]), freedom)
    exact = stats.t(df=freedom, loc=location, scale=scale)
    points = np.linspace(-1, 1, 21)
    np.testing.assert_allclose(distribution.cdf(points[None, :])[0], exact.cdf(points), atol=1e-12)
    np.testing.assert_allclose(distribution.quantiles(LEVELS)[0], exact.ppf(LEVELS), atol=1e-9)
    assert distribution.mean()[0] == pytest.approx(exact.mean(), abs=1e-12)


# Orderings.


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("spec", ORDERINGS, ids=lambda spec: spec.name)
def test_an_ordering_keeps_exactly_the_order_of_its_feature(spec, reverse, training, features):
    name, sign = spec.parameters["feature"], -1 if spec.parameters["risk"] == "low" else 1
    column = sign * training.features.column(name)
    # A window in which the quantity means the very opposite, or just what is expected.
    rank = np.nan_to_num(column, nan=np.nanmedian(column)).argsort().argsort() / len(column) - 0.5
    rng = np.random.default_rng(4)
    change = (0.1 if reverse else -0.1) * rank + rng.normal(0, 0.03, len(rank))
    model = make(spec).fit(training_from(training.features, change), THRESHOLDS)
    risk = sign * features.column(name)
    known = ~np.isnan(risk)
    points = np.full((len(risk), 1), -0.05)
    chance = model.distribution(features).cdf(points)[:, 0]
    distinct, where = np.unique(risk[known], return_index=True)
    assert (np.diff(chance[known][where]) > 0).all()
    assert len(distinct) > 100
    spread = chance[known].max() - chance[known].min()
    assert spread < 1e-4 if reverse else spread > 0.2


def test_persistence_gives_every_area_the_shares_of_the_training_window(training, features):
    distribution = Ordering().fit(training, THRESHOLDS).distribution(features)
    chance = distribution.cdf(np.tile(THRESHOLDS, (len(features.values), 1)))
    # Four years of change (2008-2012) count for half.
    weight = np.where(training.end - training.start == 2, 1.0, 0.5)
    assert set(weight) == {0.5, 1.0}
    shares = [weight[training.change <= point].sum() / weight.sum() for point in THRESHOLDS]
    inside = (training.change.min() < THRESHOLDS) & (training.change.max() > THRESHOLDS)
    np.testing.assert_allclose(chance[:, inside], np.tile(np.array(shares)[inside], (len(chance), 1)), atol=1e-6)


def test_size_before_any_size_was_published_is_not_applicable(country, features):
    early = origin_at(country, 2014, 2)
    with pytest.raises(NotApplicableError, match=r"size\.inhabitants"):
        Ordering("size.inhabitants", "low").fit(training_of(country, early), THRESHOLDS)
    model = Ordering("size.inhabitants", "low").fit(training_of(country, origin_at(country, 2018, 2)), THRESHOLDS)
    unknown = features.values.copy()
    unknown[:, features.names.index("size.inhabitants")] = np.nan
    with pytest.raises(NotApplicableError, match="any area"):
        model.distribution(Features(features.names, unknown))


def test_unknown_features_kinds_and_parameters_are_refused(training):
    with pytest.raises(InputError, match=r"history\.levels"):
        Ordering("history.levels").fit(training, THRESHOLDS)
    with pytest.raises(InputError, match="risk 'middle'"):
        Ordering("history.level", "middle")
    with pytest.raises(InputError, match="kind 'oracle'"):
        make(ModelSpec("x", "oracle"))
    with pytest.raises(InputError, match="branches"):
        make(ModelSpec("x", "lightgbm", {"branches": 3}))


# Scorecard.


def made_examples(n, columns, seed=2):
    rng = np.random.default_rng(seed)
    return Features(columns, rng.normal(size=(n, len(columns)))), rng


def test_the_scorecard_takes_no_notice_of_a_feature_that_was_never_known():
    names = ("history.level", "size.inhabitants", "onv.level")
    features, rng = made_examples(800, names)
    change = 0.03 * features.values[:, 0] + rng.normal(0, 0.03, 800)
    features.values[:, 1] = np.nan
    with_it = Scorecard().fit(training_from(features, change), THRESHOLDS)
    picked = Features((names[0], names[2]), features.values[:, [0, 2]])
    without = Scorecard().fit(training_from(picked, change), THRESHOLDS)
    asked = np.tile(THRESHOLDS, (50, 1))
    now_known = features.values[:50].copy()
    now_known[:, 1] = 1e6
    expected = without.distribution(Features(picked.names, picked.values[:50])).cdf(asked)
    np.testing.assert_array_equal(with_it.distribution(Features(names, now_known)).cdf(asked), expected)
    low, high = expected[picked.values[:50, 0].argmin()], expected[picked.values[:50, 0].argmax()]
    assert low[4] > high[4] + 0.3  # a fall of more than .05 is far likelier where the planted feature is low


def test_the_scorecard_reads_a_missing_value_as_the_training_median():
    features, rng = made_examples(500, ("history.level", "onv.level"))
    model = Scorecard().fit(training_from(features, rng.normal(0, 0.04, 500)), THRESHOLDS)
    rows = np.array([[np.nan, 0.3], [np.median(features.values[:, 0]), 0.3]])
    missing, median = model.distribution(Features(features.names, rows)).cdf(np.tile(THRESHOLDS, (2, 1)))
    np.testing.assert_allclose(missing, median, atol=1e-12)


# Trees.


BEYOND = {"trees": 200, "learning_rate": 0.05, "ridge": 1.0, "feature_share": 1.0, "min_in_leaf": 60}


def planted_world(n, seed):
    """A reversal that the structural model knows of, and a step by nuisance in large areas that it does not."""
    features, rng = made_features(n, ("onv.level", "size.inhabitants"), seed)
    # Not right at the borders, where trees blend both sides.
    features.values[:, -2:] = np.where(np.abs(features.values[:, -2:]) < 0.15, 1.0, features.values[:, -2:])
    known = 0.02 * features.column("history.reversal") - 0.008 * features.column("history.level")
    beyond = np.where((features.column("onv.level") < 0) & (features.column("size.inhabitants") > 0), -0.06, 0.01)
    scale = np.exp(features.column(SPREAD))
    return features, known, beyond, scale, rng


@pytest.fixture(scope="module")
def planted():
    """Models of a planted world with all of the trees' correction, with half of it and with none."""
    features, known, beyond, scale, rng = planted_world(6000, 2)
    training = training_from(features, known + beyond + scale * rng.standard_t(6, 6000), towns=200)
    return {share: LightGBM(**BEYOND, share=share).fit(training, THRESHOLDS) for share in (0.0, 0.5, 1.0)}


def test_trees_find_what_was_planted_beyond_the_structural_model(planted):
    features, known, beyond, scale, rng = planted_world(4000, 9)
    location = planted[1.0].distribution(features).mean()
    for step in (-0.06, 0.01):
        part = beyond == step
        assert (location - known)[part].mean() == pytest.approx(step, abs=0.004)
        assert (location - known)[part].std() < 0.012
    # What history implies is found by both, in areas of every kind.
    for model in planted.values():
        slope = np.polyfit(features.column("history.reversal"), model.distribution(features).mean(), 1)[0]
        assert slope == pytest.approx(0.02, abs=0.002)
    # The structural model alone cannot know of the step.
    alone = planted[0.0].distribution(features).mean()
    assert abs(alone[beyond < 0].mean() - alone[beyond > 0].mean()) < 0.003
    # Its spread takes what it cannot know for chance, so intervals are a little wide and never too narrow.
    change = known + beyond + scale * rng.standard_t(6, 4000)
    lower, upper = planted[1.0].distribution(features).quantiles(np.array([0.1, 0.9])).T
    narrow, wide = scale < 0.02, scale > 0.045
    for part in (narrow, wide):
        inside = ((change >= lower) & (change <= upper))[part].mean()
        assert 0.78 < inside < 0.97
    assert ((upper - lower)[wide].mean() / (upper - lower)[narrow].mean()) == pytest.approx(
        scale[wide].mean() / scale[narrow].mean(), rel=0.1
    )


def test_the_share_says_how_much_of_the_correction_counts(planted):
    features, *_ = planted_world(1000, 10)
    none, half, full = (planted[share].distribution(features) for share in (0.0, 0.5, 1.0))
    np.testing.assert_allclose(half.mean(), (none.mean() + full.mean()) / 2, atol=1e-15)
    structural = planted[0.5].structural
    np.testing.assert_array_equal(none.mean(), structural.location(features))
    for distribution in (none, half, full):
        np.testing.assert_array_equal(distribution.scale, structural.scale(features))
        assert distribution.freedom == structural.fitted.freedom


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_that_is_no_part_is_refused(share):
    with pytest.raises(InputError, match="share"):
        make(ModelSpec("x", "lightgbm", {"share": share}))


def test_the_chance_of_a_fall_follows_the_planted_truth():
    features, rng = made_features(8000)
    location = 0.02 * features.column("history.reversal")
    scale = np.exp(features.column(SPREAD))
    model = LightGBM(**SMALL).fit(training_from(features, location + scale * rng.standard_t(6, 8000)), THRESHOLDS)
    fresh, _ = made_features(4000, seed=10)
    chance = model.distribution(fresh).cdf(np.full((4000, 1), -0.05))[:, 0]
    exact = stats.t.cdf((-0.05 - 0.02 * fresh.column("history.reversal")) / np.exp(fresh.column(SPREAD)), 6)
    assert np.abs(chance - exact).mean() < 0.012
    assert np.abs(chance - exact).max() < 0.1


def test_a_few_wild_areas_do_not_bend_the_trees():
    features, rng = made_features(3000, ("onv.level",))
    calm = 0.02 * rng.standard_t(6, 3000)
    wild = calm.copy()
    wild[features.column("onv.level").argsort()[:30]] = -1.5
    expected = [LightGBM(**BEYOND).fit(training_from(features, each), THRESHOLDS) for each in (calm, wild)]
    one, other = (model.distribution(features).mean() for model in expected)
    # A hundred times a spread of .015 would be 1.5; at most six spreads count, half of the correction is taken.
    assert (one - other).max() < 0.5 * WILDEST * 0.03 * 1.5


@pytest.mark.parametrize("columns", [1, 3], ids=["ordering", "scorecard"])
def test_an_example_of_weight_a_half_counts_as_half_of_one(columns):
    rng = np.random.default_rng(5)
    x = rng.normal(size=(900, columns))
    change = 0.02 * x[:, 0] + rng.normal(0, 0.04, 900)
    grid = np.array([-0.05, 0.0, 0.03])
    weight = np.where(np.arange(900) < 500, 1.0, 0.5)
    # Whole examples twice against halves once: the same shares, and twice as much of everything.
    twice = np.concatenate([np.arange(500), np.arange(900)])
    halves = fit_curves(x, change, weight, grid, strength=2.0)
    copies = fit_curves(x[twice], change[twice], np.full(1400, 1.0), grid, strength=1.0)
    for one, other in zip(halves, copies, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    unweighted = fit_curves(x, change, np.ones(900), grid, strength=2.0)
    assert np.abs(unweighted[0] - halves[0]).max() > 1e-3


def text_of(model, folder):
    folder.mkdir()
    model.save(folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_trees_are_the_same_twice_and_with_any_number_of_threads(training, features, tmp_path, monkeypatch):
    first = LightGBM(**SMALL).fit(training, THRESHOLDS)
    again = LightGBM(**SMALL).fit(training, THRESHOLDS)
    monkeypatch.setattr(lightgbm, "WORTH_THREADS", 0)
    threads = LightGBM(**SMALL).fit(training, THRESHOLDS)
    other_seed = LightGBM(**SMALL, seed=2).fit(training, THRESHOLDS)
    expected = text_of(first, tmp_path / "first")
    assert text_of(again, tmp_path / "again") == expected
    assert threads.settings.for_lightgbm(10)["num_threads"] == 0
    parallel = threads.distribution(features).quantiles(LEVELS)
    np.testing.assert_array_equal(parallel, first.distribution(features).quantiles(LEVELS))
    assert not np.array_equal(other_seed.distribution(features).mean(), first.distribution(features).mean())


def test_the_scorecard_is_the_same_twice(training, tmp_path):
    first = text_of(Scorecard().fit(training, THRESHOLDS), tmp_path / "first")
    assert text_of(Scorecard().fit(training, THRESHOLDS), tmp_path / "again") == first


def test_trees_can_learn_from_areas_whose_codes_name_no_municipality():
    features, rng = made_features(600)
    change = 0.04 * features.column("history.reversal") + rng.normal(0, 0.02, 600)
    lonely = training_from(features, change, towns=1)
    chance = LightGBM(**SMALL).fit(lonely, THRESHOLDS).distribution(features).cdf(np.full((600, 1), -0.05))
    assert np.corrcoef(chance[:, 0], features.column("history.reversal"))[0, 1] < -0.5


# On disk.


@pytest.fixture(scope="module", params=["lightgbm", "structural", "scorecard", "points"])
def released(request, country, origin, training, tmp_path_factory):
    parameters = SMALL if request.param == "lightgbm" else {}
    model = fit(ModelSpec(request.param, request.param, parameters), QUESTION, training)
    parent = tmp_path_factory.mktemp("models")
    file = EXPERIMENTS / "decline-2y.yaml"
    return model, save_release(parent, request.param, model, file, country, origin, "0.1.0")


def test_a_model_gives_the_same_predictions_after_a_round_trip(released, features):
    model, release = released
    before, after = model.distribution(features), release.model.distribution(features)
    np.testing.assert_array_equal(after.quantiles(LEVELS), before.quantiles(LEVELS))
    np.testing.assert_array_equal(after.mean(), before.mean())
    if isinstance(model, LightGBM | Structural):
        np.testing.assert_array_equal(release.model.contributions(features), model.contributions(features))


def test_a_release_says_where_it_comes_from(released, origin, country):
    _, release = released
    assert (release.wave, release.known_at, release.pairs) == (2018, origin.known_at, origin.pairs)
    assert (release.level, release.edition) == ("wijk", "3.0")
    assert release.files == country.files
    assert release.experiment == load_experiment(EXPERIMENTS / "decline-2y.yaml")


def test_saving_the_same_model_again_changes_nothing(released, country, origin):
    model, release = released
    before = {path: path.stat().st_mtime_ns for path in release.folder.iterdir()}
    file = EXPERIMENTS / "decline-2y.yaml"
    again = save_release(release.folder.parent, release.name, model, file, country, origin, "0.1.0")
    assert again.id == release.id
    assert {path: path.stat().st_mtime_ns for path in release.folder.iterdir()} == before
    assert [path.name for path in release.folder.parent.iterdir()] == [release.id]


def damaged(release, folder, name, change):
    shutil.copytree(release.folder, folder)
    path = folder / name
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    return folder


def one_digit(text):
    """The text with one digit raised, near the end."""
    place = max(i for i, letter in enumerate(text) if letter in "12345678")
    return f"{text[:place]}{int(text[place]) + 1}{text[place + 1 :]}"


def test_a_changed_file_is_refused(released, tmp_path):
    _, release = released
    names = sorted(path.name for path in release.folder.iterdir() if path.name != "release.json")
    assert {"model.json", "experiment.yaml"} <= set(names)
    for name in names:
        folder = damaged(release, tmp_path / f"digit-{name}", name, one_digit)
        with pytest.raises(InputError, match="changed"):
            load_release(folder)
        cut = damaged(release, tmp_path / f"cut-{name}", name, lambda text: text[: len(text) // 2])
        with pytest.raises(InputError):
            load_release(cut)


def test_a_missing_file_is_refused(released, tmp_path):
    _, release = released
    for path in release.folder.iterdir():
        folder = tmp_path / path.stem
        shutil.copytree(release.folder, folder)
        (folder / path.name).unlink()
        with pytest.raises(InputError):
            load_release(folder)
    with pytest.raises(InputError):
        load_release(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("sha256", []),
        ("sha256", {}),
        ("wave", "soon"),
        ("known_at", "2020-13-01"),
        ("pairs", 3),
        ("files", [["a"]]),
        ("level", None),
    ],
)
def test_a_damaged_description_is_refused(released, tmp_path, key, value):
    def change(text):
        about = json.loads(text)
        if value is None:
            del about[key]
        else:
            about[key] = value
        return json.dumps(about)

    with pytest.raises(InputError):
        load_release(damaged(released[1], tmp_path / "model", "release.json", change))


def test_a_file_without_fingerprint_is_refused(released, tmp_path):
    def forget(text):
        about = json.loads(text)
        del about["sha256"]["model.json"]
        return json.dumps(about)

    with pytest.raises(InputError, match=r"model\.json"):
        load_release(damaged(released[1], tmp_path / "model", "release.json", forget))


def test_a_model_refuses_other_features(released, features):
    swapped = Features(features.names[::-1], features.values[:, ::-1])
    with pytest.raises(InputError, match="features"):
        released[1].model.distribution(swapped)


def test_scoring_a_table_is_the_same_as_forecasting(released, country, origin, features):
    _, release = released
    table = pd.DataFrame(features.values, columns=list(features.names)).assign(deviation=country.deviation(2018))
    table = table[table["deviation"].notna()].iloc[::-1]
    scored = predict(release, table)
    assert scored.index.equals(table.index)
    distribution = release.model.distribution(Features(features.names, features.values[table.index]))
    np.testing.assert_array_equal(scored["p_decline"], distribution.cdf(np.full((len(table), 1), -0.05))[:, 0])
    np.testing.assert_array_equal(scored["expected_change"], distribution.mean())
    if isinstance(release.model, LightGBM):
        total = scored.filter(like="driver_").sum(axis=1)
        np.testing.assert_allclose(total, scored["expected_change"], atol=1e-9)
    with pytest.raises(InputError, match="deviation"):
        predict(release, table.drop(columns="deviation"))


def test_a_whole_world_of_risers_still_has_an_order():
    # Nobody fell: the chance of a fall is small for all, and still in the order of the feature.
    rng = np.random.default_rng(6)
    score = 4.0 + rng.normal(0, 0.1, 200)
    waves = {}
    for wave in (2012, 2014, 2016, 2018):
        waves[wave] = score
        score = score + rng.uniform(0.001, 0.03, 200)
    panel = panel_of({"score": waves}, wijk_codes(200))
    origin = origin_at(panel, 2018, 2)
    model = Ordering("history.level", "low").fit(training_of(panel, origin), THRESHOLDS)
    features = features_of(panel, origin)
    chance = model.distribution(features).cdf(np.full((200, 1), -0.05))[:, 0]
    assert chance.max() < 0.02
    assert (np.diff(chance[features.column("history.level").argsort()]) <= 0).all()


def test_contributions_by_tables_are_those_of_lightgbm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many rows are told by tables and few by LightGBM itself: nobody can see a difference."""
    features, rng = made_features(3000, ("onv.level", "soc.level", "won.level"))
    others = features.values[:, -3:]
    others[rng.random(others.shape) < 0.1] = np.nan
    filled = np.nan_to_num(features.values)
    change = 0.02 * filled[:, 0] - 0.02 * np.sign(filled[:, -1]) * filled[:, -2] + 0.02 * rng.standard_t(5, 3000)
    model = LightGBM(trees=40, min_in_leaf=30).fit(training_from(features, change), np.array([-0.05]))
    by_lightgbm = model.contributions(features)
    monkeypatch.setattr(lightgbm, "WORTH_TABLES", len(features.values))
    by_tables = model.contributions(features)
    assert by_tables.shape == by_lightgbm.shape and np.ptp(by_lightgbm[:, :-1], axis=0).max() > 1e-3
    np.testing.assert_allclose(by_tables, by_lightgbm, atol=1e-12)
    np.testing.assert_allclose(by_tables.sum(axis=1), model.distribution(features).mean(), atol=1e-12)
