"""The points card: worked out by hand, it says what the model says."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from math import exp

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import example_panel, panel_of, training_from, wijk_codes

from riskmodel.errors import InputError
from riskmodel.forecasting import features as features_module
from riskmodel.forecasting.features import Features, Training, features_of, training_of
from riskmodel.forecasting.models import ModelSpec, make, points
from riskmodel.forecasting.models.points import Points
from riskmodel.forecasting.models.points_card import QUANTITIES
from riskmodel.forecasting.origins import origin_at

pytestmark = pytest.mark.usefixtures("one_thread")

THRESHOLDS = np.array([-0.1, -0.05, 0.0, 0.05])
NAMES = tuple(QUANTITIES)
FALL = np.array([[-0.05]])


def made(n: int, seed: int = 1) -> tuple[Features, np.random.Generator]:
    """Features of a size that areas have: inhabitants around 2,000, scores within a few tenths."""
    rng = np.random.default_rng(seed)
    values = rng.normal(0, 0.1, (n, len(NAMES)))
    values[:, NAMES.index("size.inhabitants")] = np.log10(np.exp(rng.normal(7.5, 1.3, n)).round() + 10)
    values[:, NAMES.index("history.restlessness")] = np.abs(rng.normal(0.03, 0.02, n))
    return Features(NAMES, values), rng


def planted(n: int = 8000, sign: float = 1.0) -> Training:
    """Small areas and those that have just risen fall more often; nothing else matters."""
    features, rng = made(n)
    small = features.column("size.inhabitants") < np.log10(1010)
    rise = np.clip(features.column("history.change_last"), -0.15, 0.15)
    change = sign * (-0.25 * rise - 0.02 * small) + rng.normal(0, 0.03, n)
    return training_from(features, change)


@pytest.fixture(scope="module")
def fitted() -> Points:
    return Points().fit(planted(), THRESHOLDS)


# --- The worked example of the module ---------------------------------------------------------------------------

EXAMPLE = {
    "features": ["size.inhabitants", "history.change_last", "onv.level"],
    "more_than": 0.05,
    "strength": 0.05,
    "parts": [
        {"feature": "size.inhabitants", "cuts": [200, 2000], "points": [30, 10, 0], "middle": 1},
        {"feature": "history.change_last", "cuts": [0.0, 0.04], "points": [0, 20, 70], "middle": 1},
    ],
    "grid": [-0.05, 0.0],
    "centre": [0.0],
    "spread": [1.0],
    "intercepts": [-4.0, -1.0],
    "slopes": [[0.04], [0.03]],
    "examples": [400, 300, 200, 50, 20, 10, 8, 6, 3, 2, 1],
    "fell": [8, 9, 9, 4, 2, 1, 2, 2, 1, 1, 1],
}


def size(inhabitants: float) -> float:
    return np.log10(inhabitants + 10)


def test_the_worked_example_of_the_module():
    model = Points.from_dict(EXAMPLE)
    rows = [[size(150), 0.02, 9.0], [size(5000), np.nan, 9.0], [size(199), 0.04, np.nan], [size(200), -0.01, 9.0]]
    features = Features(model.names, np.array(rows))
    assert model.total(features).tolist() == [30 + 20, 0 + 20, 30 + 70, 10 + 0]
    chance = model.distribution(features).cdf(np.full((4, 1), -0.05))[:, 0]
    by_hand = [1 / (1 + exp(4 - 0.04 * total)) for total in (50, 20, 100, 10)]
    np.testing.assert_allclose(chance, by_hand, atol=1e-12)
    assert [f"{100 * each:.1f}%" for each in by_hand[:2]] == ["11.9%", "3.9%"]
    # The docstring tells the same card and the same outcomes.
    told = points.__doc__ or ""
    bands = model.card().bands
    for band, worth in zip(bands["band"], bands["points"], strict=True):
        assert any(f" {band} " in line and line.split()[-1] == str(worth) for line in told.splitlines()), band
    assert "11.9%" in told
    assert "3.9%" in told


def test_the_card_in_plain_dutch():
    lines = Points.from_dict(EXAMPLE).card().as_markdown().splitlines()
    assert lines[:8] == [
        "| kenmerk | waarde | punten |",
        "|---|---|--:|",
        "| aantal inwoners | minder dan 200 | 30 |",
        "|  | 200 tot 2.000 (ook: onbekend) | 10 |",
        "|  | 2.000 of meer | 0 |",
        "| verandering van de stand bij de laatste meting | minder dan 0,00 | 0 |",
        "|  | 0,00 tot 0,04 (ook: onbekend) | 20 |",
        "|  | 0,04 of meer | 70 |",
    ]
    assert lines[9] == "| totaal | kans op een daling van meer dan 0,05 | voorbeelden | daarvan gedaald |"
    # 1 / (1 + exp(4)) is 1.8%, with nine points more 2.6%; with a hundred points half.
    assert lines[11] == "| 0 tot en met 9 | 1,8% tot 2,6% | 400 | 8 |"
    assert lines[-1] == "| 100 | 50% tot 50% | 1 | 1 |"


# --- By hand on an invented country -----------------------------------------------------------------------------


def looked_up(rows: list[dict], feature: str, value: float) -> int:
    """Points of a value as somebody with the card would find them."""
    for row in (each for each in rows if each["feature"] == feature):
        if np.isnan(value):
            if row["unknown"]:
                return row["points"]
        elif not value < row["from"] and not value >= row["to"]:
            return row["points"]
    raise AssertionError(f"{feature} {value} is on no band")


def test_somebody_with_the_card_finds_what_the_model_says(tmp_path):
    panel = example_panel(tmp_path)
    origin = origin_at(panel, 2018, 2)
    model = Points().fit(training_of(panel, origin), THRESHOLDS)
    features = features_of(panel, origin)
    card = model.card()
    told = model.total(features)
    chance = model.distribution(features).cdf(np.full((len(told), 1), -0.05))[:, 0]
    waves = [2002, 2008, 2012, 2014, 2016, 2018]
    score = {wave: panel.at("score", wave).tolist() for wave in waves}
    mean = {wave: np.nanmean(score[wave]) for wave in waves}
    inhabitants = panel.at("population", 2016).tolist()
    towns = [code[:6] for code in panel.areas.tolist()]
    stand = [{wave: score[wave][i] - mean[wave] for wave in waves} for i in range(len(towns))]
    rows, chances = card.bands.to_dict("records"), card.chances.to_dict("records")
    counted = 0
    for i, town in enumerate(towns):
        own = stand[i]
        others = [stand[j][2018] for j in range(len(towns)) if towns[j] == town and j != i]
        steps = [abs(own[later] - own[one]) for one, later in pairwise(waves)]
        values = {
            "size.inhabitants": inhabitants[i],
            "history.level": own[2018],
            "history.above_own_mean": own[2018] - _mean([own[wave] for wave in waves[:-1]]),
            "history.change_last": own[2018] - own[2016],
            "history.restlessness": _mean(steps),
            "surroundings.difference": own[2018] - _mean(others),
        }
        total = sum(looked_up(rows, feature, value) for feature, value in values.items())
        assert total == told[i], (panel.areas[i], values)
        [row] = [each for each in chances if each["from"] <= total <= each["to"]]
        assert row["chance_from"] <= chance[i] <= row["chance_to"]
        counted += 1
    assert counted == 300
    assert len(set(told)) > 20
    np.testing.assert_allclose(model.chance(told), chance, atol=1e-15)


def _mean(values: list[float]) -> float:
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else np.nan


# --- What it learns ---------------------------------------------------------------------------------------------


def test_planted_risks_get_the_points(fitted):
    bands = fitted.card().bands.set_index("feature")["points"]
    spread = {name: np.ptp(bands.loc[[name]].to_numpy()) for name in NAMES}
    assert spread["history.change_last"] + spread["size.inhabitants"] > 75
    rising = bands.loc[["history.change_last"]].tolist()
    assert rising == sorted(rising)
    # Beyond 1,000 inhabitants size does not matter, up to chance.
    smallest, small, *larger = bands.loc[["size.inhabitants"]].tolist()
    assert smallest > small > 15
    assert max(larger) < 6
    assert all(spread[name] < 10 for name in NAMES if name not in ("history.change_last", "size.inhabitants"))


def test_points_are_whole_and_run_from_nought_to_about_a_hundred(fitted):
    card = fitted.card()
    assert card.bands["points"].dtype.kind == "i"
    assert (card.bands.groupby("feature")["points"].min() == 0).all()
    # Every quantity may be half a point off by rounding.
    assert fitted.highest == card.bands.groupby("feature")["points"].max().sum()
    assert abs(fitted.highest - 100) <= len(NAMES) / 2
    assert card.bands["feature"].unique().tolist() == list(NAMES)


def test_bands_have_readable_borders_and_examples():
    training = planted()
    model = Points().fit(training, THRESHOLDS)
    unit = {"history.restlessness": 0.005}
    for part in model.parts:
        assert 1 <= len(part.points) <= 5
        column = training.features.column(part.feature)
        assert set(part.band(column)) == set(range(len(part.points)))
        assert part.band(np.median(column)) == part.middle
        for cut in part.cuts:
            if part.feature == "size.inhabitants":
                assert len(f"{cut:.0f}".rstrip("0")) <= 2
            else:
                steps = cut / unit.get(part.feature, 0.01)
                assert steps == pytest.approx(round(steps), abs=1e-9)


def test_bands_of_equal_points_are_one(fitted):
    for part in fitted.parts:
        assert all(one != other for one, other in pairwise(part.points))


@settings(max_examples=200)
@given(st.floats(1, 999_999))
def test_inhabitants_are_rounded_to_two_digits(value):
    rounded = QUANTITIES["size.inhabitants"].rounded(np.array([value]))[0]
    assert rounded == float(f"{value:.1e}") or value < 10
    assert rounded == pytest.approx(value, rel=0.05, abs=0.5)
    assert rounded == int(rounded) >= 1


@settings(max_examples=200)
@given(st.floats(-1, 1))
def test_scores_are_rounded_to_hundredths(value):
    rounded = QUANTITIES["history.level"].rounded(np.array([value]))[0]
    assert rounded == float(f"{rounded:.2f}")
    assert abs(rounded - value) <= 0.005 + 1e-12


def test_texts_of_numbers():
    assert QUANTITIES["size.inhabitants"].text(12000.0) == "12.000"
    assert QUANTITIES["history.level"].text(-0.07) == "\N{MINUS SIGN}0,07"
    assert QUANTITIES["history.level"].text(QUANTITIES["history.level"].rounded(np.array([-0.001]))[0]) == "0,00"
    assert QUANTITIES["history.restlessness"].text(0.035) == "0,035"


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_chance_only_rises_with_points(sign):
    model = Points().fit(planted(3000, sign), THRESHOLDS)
    totals = np.arange(model.highest + 1)
    assert (np.diff(model.chance(totals)) > 0).all()
    features, _ = made(2000, seed=5)
    total = model.total(features)
    for threshold in (-0.1, -0.05, -0.02, 0.0):
        chance = model.distribution(features).cdf(np.full((2000, 1), threshold))[:, 0]
        assert (np.diff(chance[np.argsort(total, kind="stable")]) >= 0).all()


def test_the_chances_of_the_training_examples_add_up_to_what_happened():
    training = planted()
    model = Points().fit(training, THRESHOLDS)
    chance = model.chance(model.total(training.features))
    assert chance.mean() == pytest.approx((training.change <= -0.05).mean(), abs=0.001)
    for low, high in ((0, 0.05), (0.05, 0.2), (0.2, 0.5), (0.5, 1)):
        part = (chance >= low) & (chance < high)
        sure = 4 * np.sqrt(0.25 / part.sum())
        assert (training.change[part] <= -0.05).mean() == pytest.approx(chance[part].mean(), abs=max(sure, 0.02))


def test_the_table_of_chances_counts_the_examples():
    training = planted()
    model = Points().fit(training, THRESHOLDS)
    total = model.total(training.features)
    chances = model.card().chances
    for row in chances.to_dict("records"):
        inside = [row["from"] <= each <= row["to"] for each in total]
        assert row["examples"] == sum(inside)
        assert row["fell"] == sum(training.change[inside] < -0.05)
        np.testing.assert_allclose(model.chance([row["from"], row["to"]]), [row["chance_from"], row["chance_to"]])
    assert chances["from"].tolist() == list(range(0, model.highest + 1, 10))
    assert chances["to"].iloc[-1] == model.highest
    assert chances["examples"].sum() == len(total)


def test_an_example_of_another_gap_counts_as_half_of_one(monkeypatch):
    two = planted(2000)
    four = two.change + np.random.default_rng(8).normal(-0.02, 0.04, 2000)

    def joined(copies: int) -> Training:
        features = Features(NAMES, np.tile(two.features.values, (1 + copies, 1)))
        years = np.repeat([2, *[4] * copies], 2000)
        return training_from(features, np.concatenate([two.change, *[four] * copies]), years=years)

    halved_twice = Points().fit(joined(2), THRESHOLDS)
    halved_once = Points().fit(joined(1), THRESHOLDS)
    monkeypatch.setattr(features_module, "OTHER_GAP", 1.0)
    full_once = Points().fit(joined(1), THRESHOLDS)
    assert halved_twice.parts == full_once.parts
    chance = [float(model.chance([50])[0]) for model in (halved_twice, full_once, halved_once)]
    assert chance[0] == pytest.approx(chance[1], abs=0.003)
    assert chance[2] < chance[1] - 0.003


def test_another_fall_makes_another_card():
    training = planted()
    deep = Points(more_than=0.08).fit(training, THRESHOLDS)
    total = deep.total(training.features)
    chance = deep.distribution(training.features).cdf(np.full((len(total), 1), -0.08))[:, 0]
    np.testing.assert_allclose(deep.chance(total), chance, atol=1e-15)
    assert deep.card().chances["fell"].sum() == (training.change < -0.08).sum()
    assert "daling van meer dan 0,08" in deep.card().as_markdown()


# --- Missing values and odd worlds ------------------------------------------------------------------------------


def test_an_unknown_value_counts_as_the_middle_band(fitted):
    features, _ = made(50, seed=6)
    for part in fitted.parts:
        values = features.values.copy()
        values[:, NAMES.index(part.feature)] = np.nan
        gone = fitted.total(Features(NAMES, values))
        own = part.points_of(features.column(part.feature))
        np.testing.assert_array_equal(gone, fitted.total(features) - own + part.points[part.middle])


def test_what_was_never_known_in_training_is_worth_nothing():
    training = planted(2000)
    values = training.features.values.copy()
    values[:, 0] = np.nan
    model = Points().fit(replace(training, features=Features(NAMES, values)), THRESHOLDS)
    first = model.card().bands.iloc[0]
    assert (first["band"], first["points"], first["unknown"]) == ("alle waarden", 0, True)
    np.testing.assert_array_equal(
        model.total(training.features), model.total(Features(NAMES, values)), "also when it is known now"
    )


@pytest.mark.parametrize("change", [0.02, -0.3])
def test_a_world_in_which_nobody_or_everybody_falls_has_no_points(change):
    features, rng = made(500)
    model = Points().fit(training_from(features, change + rng.normal(0, 0.001, 500)), THRESHOLDS)
    assert model.highest == 0
    assert model.card().bands["band"].tolist() == ["alle waarden"] * len(NAMES)
    chance = model.distribution(features).cdf(np.tile(FALL, (500, 1)))[:, 0]
    assert len(set(chance)) == 1
    assert chance[0] == pytest.approx(float(change < 0), abs=0.02)


def test_a_feature_without_spread_is_one_band():
    training = planted(1000)
    values = training.features.values.copy()
    values[:, 1] = 0.0
    model = Points().fit(replace(training, features=Features(NAMES, values)), THRESHOLDS)
    assert model.parts[1].points == (0,)


def test_the_first_origin_of_a_short_panel():
    # One pair of waves, no size, no earlier change: the card says what it can.
    rng = np.random.default_rng(3)
    score = 4.1 + rng.normal(0, 0.1, 200)
    waves = {year: score + rng.normal(0, 0.04, 200) for year in (2014, 2016, 2018)}
    panel = panel_of({"score": waves}, wijk_codes(200))
    origin = origin_at(panel, 2016, 2)
    model = Points().fit(training_of(panel, origin), THRESHOLDS)
    features = features_of(panel, origin)
    assert np.isfinite(model.distribution(features).mean()).all()
    worth = model.card().bands.groupby("feature")["points"].max()
    assert worth["size.inhabitants"] == worth["history.change_last"] == 0
    assert worth["history.level"] > 0


# --- Parameters and files ---------------------------------------------------------------------------------------


def test_a_card_of_fewer_things():
    model = make(ModelSpec("card", "points", {"features": ["history.change_last", "size.inhabitants"]}))
    card = model.fit(planted(2000), THRESHOLDS).card()
    assert card.bands["feature"].unique().tolist() == ["history.change_last", "size.inhabitants"]


@pytest.mark.parametrize(
    "parameters",
    [
        {"features": []},
        {"features": ["onv.level"]},
        {"features": ["history.level", "history.level"]},
        {"more_than": 0.0},
        {"more_than": float("nan")},
        {"more_than": "much"},
        {"strength": 0.0},
        {"strength": float("nan")},
        {"bands": 4},
    ],
)
def test_impossible_parameters_are_refused(parameters):
    with pytest.raises(InputError):
        make(ModelSpec("card", "points", parameters))


def test_examples_without_its_features_are_refused():
    training = planted(300)
    bare = replace(training, features=Features(("history.level",), training.features.values[:, [1]]))
    with pytest.raises(InputError, match=r"no feature 'size\.inhabitants'"):
        Points().fit(bare, THRESHOLDS)


def test_other_features_are_refused(fitted):
    features, _ = made(10)
    with pytest.raises(InputError, match="model input"):
        fitted.distribution(Features(NAMES[::-1], features.values[:, ::-1]))


def test_it_says_the_same_after_a_round_trip(fitted, tmp_path):
    fitted.save(tmp_path)
    read = Points.load(tmp_path)
    features, _ = made(300, seed=9)
    np.testing.assert_array_equal(read.total(features), fitted.total(features))
    levels = np.array([0.05, 0.5, 0.95])
    np.testing.assert_array_equal(
        read.distribution(features).quantiles(levels), fitted.distribution(features).quantiles(levels)
    )
    assert read.card().as_markdown() == fitted.card().as_markdown()
    assert read.parts == fitted.parts
    again = tmp_path / "again"
    again.mkdir()
    Points().fit(planted(), THRESHOLDS).save(again)
    assert (again / "model.json").read_bytes() == (tmp_path / "model.json").read_bytes()


def part_with(**changed: object) -> list[dict[str, object]]:
    return [{**EXAMPLE["parts"][0], **changed}, EXAMPLE["parts"][1]]


@pytest.mark.parametrize(
    "changed",
    [
        {"parts": []},
        {"parts": None},
        {"parts": part_with(cuts=[200])},
        {"parts": part_with(cuts=[2000, 200])},
        {"parts": part_with(middle=3)},
        {"parts": part_with(points=[30, 10, "many"])},
        {"parts": part_with(feature="size.of_gardens")},
        {"features": ["history.change_last"]},
        {"slopes": [0.04, 0.03]},
        {"intercepts": [-4.0]},
        {"intercepts": [-4.0, None]},
        {"centre": []},
        {"fell": [1, 2]},
        {"more_than": None},
    ],
)
def test_a_damaged_file_is_refused(tmp_path, changed):
    (tmp_path / "model.json").write_text(json.dumps({**EXAMPLE, **changed}), encoding="utf-8")
    with pytest.raises(InputError):
        Points.load(tmp_path)
