"""Courses of groups against hand-worked figures, matching against a loop, intervals against simulated truth."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from measured_worlds import BASE, measured_world, noisy_world, real_measured_3

from riskmodel.errors import InputError
from riskmodel.monitor.comparable import NEIGHBOURS, match, weights_of
from riskmodel.monitor.group_difference import FEWEST_MUNICIPALITIES, difference, shared_variance
from riskmodel.monitor.groups import group, members_of
from riskmodel.monitor.trajectory import trajectory
from riskmodel.monitor.turning import turning_points
from riskmodel.panel.measurement_noise import Noise
from riskmodel.products.present.course_words import in_words

DATA = Path(__file__).parents[2] / "shared" / "data"
official = pytest.mark.skipif(not DATA.exists(), reason="the official files are not here")
NAN = float("nan")
WAVES = (2002, 2008, 2012, 2014, 2016, 2018, 2020)


# --- trajectory by hand ---

#: Deviations in three waves, and inhabitants. Class cuts: -.281 (zwak from there), -.164 (voldoende from there).
FOUR = [[-0.30, -0.20, -0.10], [-0.20, -0.20, 0.00], [0.00, 0.10, 0.20], [0.00, NAN, 0.00]]
PEOPLE = [300.0, 100.0, 600.0, 1000.0]
CHOSEN = np.array([True, True, False, False])


def test_group_and_rest_by_hand() -> None:
    noise = Noise(constant=0.0001, per_inhabitant=0.0, typical=100.0)
    table = trajectory(measured_world(FOUR, inhabitants=PEOPLE), CHOSEN, noise=noise).set_index(["part", "wave"])
    group_rows = table.loc["group"]
    # (300 x -.3 + 100 x -.2) / 400, (300 x -.2 + 100 x -.2) / 400, (300 x -.1 + 100 x 0) / 400
    assert group_rows["deviation"].tolist() == pytest.approx([-0.275, -0.2, -0.075])
    assert group_rows["score"].tolist() == pytest.approx([BASE - 0.275, BASE - 0.2, BASE - 0.075])
    assert group_rows["areas"].tolist() == [2, 2, 2]
    assert group_rows["inhabitants"].tolist() == [400, 400, 400]
    assert group_rows["change_first"].tolist() == pytest.approx([0, 0.075, 0.2])
    assert group_rows["change_previous"].tolist() == pytest.approx([NAN, 0.075, 0.125], nan_ok=True)
    # Spread between areas: sqrt(.75 x .025^2 + .25 x .075^2), 0, sqrt(.75 x .025^2 + .25 x .075^2)
    assert group_rows["sd"].tolist() == pytest.approx([0.0433012702, 0, 0.0433012702])
    # Weights .75 and .25, jitter .01 each: .01 x sqrt(.5625 + .0625); a change has it twice.
    error = 0.01 * 0.625**0.5
    assert group_rows["standard_error"].tolist() == pytest.approx([error] * 3)
    assert group_rows["error_first"].tolist() == pytest.approx([0, error * 2**0.5, error * 2**0.5])
    assert group_rows["error_previous"].tolist() == pytest.approx(
        [NAN, error * 2**0.5, error * 2**0.5], nan_ok=True
    )
    assert group_rows["onvoldoende"].tolist() == [0.75, 0, 0]
    assert group_rows["zwak"].tolist() == [0.25, 1, 0]
    assert group_rows["voldoende"].tolist() == [0, 0, 1]
    assert group_rows[["onvoldoende_areas", "zwak_areas", "voldoende_areas"]].to_numpy().tolist() == [
        [1, 1, 0],
        [0, 2, 0],
        [0, 0, 2],
    ]
    assert group_rows["left_out"].tolist() == [0, 0, 0]
    # The fourth area has no score in 2016 and is left out of all waves.
    rest = table.loc["rest"]
    assert rest["deviation"].tolist() == pytest.approx([0, 0.1, 0.2])
    assert rest["areas"].tolist() == [1, 1, 1]
    assert rest["left_out"].tolist() == [1, 1, 1]
    everyone = table.loc["all"]
    assert everyone["deviation"].tolist() == pytest.approx([-0.11, -0.02, 0.09])
    assert everyone["left_out"].tolist() == [1, 1, 1]


def test_changing_composition_moves_a_score_that_does_not_change() -> None:
    world = measured_world([[0.0, 0.0, 0.0], [0.4, NAN, 0.4], [0.1, 0.1, 0.1]], inhabitants=100.0)
    chosen = np.array([True, True, False])
    steady = trajectory(world, chosen).query("part == 'group'")
    assert steady["deviation"].tolist() == pytest.approx([0, 0, 0])
    assert steady["left_out"].tolist() == [1, 1, 1]


def test_a_moving_population_does_not_move_the_score() -> None:
    people = [[100.0, 500.0, 900.0], [900.0, 500.0, 100.0], [1.0, 1.0, 1.0]]
    world = measured_world([[-0.1] * 3, [0.1] * 3, [0.0] * 3], inhabitants=people)
    chosen = np.array([True, True, False])
    last = trajectory(world, chosen).query("part == 'group'")
    assert last["deviation"].tolist() == pytest.approx([-0.08] * 3)
    assert last["inhabitants"].tolist() == [1000] * 3
    equal = trajectory(world, chosen, weight="areas").query("part == 'group'")
    assert equal["deviation"].tolist() == pytest.approx([0] * 3, abs=1e-12)


def test_areas_with_nobody_count_by_areas_only() -> None:
    world = measured_world([[-0.2] * 3, [0.2] * 3, [0.0] * 3], inhabitants=[100.0, 0.0, 50.0])
    chosen = np.array([True, True, False])
    assert trajectory(world, chosen).query("part == 'group'")["left_out"].tolist() == [1] * 3
    assert trajectory(world, chosen, weight="areas").query("part == 'group'")["areas"].tolist() == [2] * 3


def test_only_all_without_a_group_and_no_noise_known() -> None:
    table = trajectory(measured_world(FOUR, inhabitants=PEOPLE))
    assert table["part"].unique().tolist() == ["all"]
    assert table["standard_error"].isna().all()


def test_a_wave_that_nobody_has_leaves_no_hole() -> None:
    scores = np.array([[-0.1, NAN, 0.0], [0.1, NAN, 0.2], [0.0, NAN, 0.0]])
    rows = trajectory(measured_world(scores, inhabitants=10.0), np.array([True, True, False])).query(
        "part == 'group'"
    )
    assert rows["deviation"].tolist() == pytest.approx([0, NAN, 0.1], nan_ok=True)
    assert rows["areas"].tolist() == [2, 0, 2]
    assert rows["change_first"].iloc[2] == pytest.approx(0.1)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 0.9))
def test_group_and_rest_make_the_whole(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    world = measured_world(rng.normal(0, 0.1, (20, 3)), inhabitants=rng.integers(10, 5000, 20).astype(float))
    chosen = rng.random(20) < share
    chosen[:2] = True, False
    rows = trajectory(world, chosen).pivot(index="wave", columns="part")
    people = rows["inhabitants"]
    for column in ("score", "onvoldoende", "zwak", "voldoende"):
        mixed = (rows[column]["group"] * people["group"] + rows[column]["rest"] * people["rest"]) / people["all"]
        assert np.allclose(mixed, rows[column]["all"])
    assert np.allclose(rows["onvoldoende"] + rows["zwak"] + rows["voldoende"], 1)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (np.array([True, False]), "marks"),
        (np.array([1, 0, 0, 0]), "marks"),
        (np.zeros(4, dtype=bool), "0 of 4"),
        (np.ones(4, dtype=bool), "4 of 4"),
        (np.array([False, False, False, True]), "'group'"),
    ],
)
def test_refusals(chosen: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        trajectory(measured_world(FOUR, inhabitants=PEOPLE), chosen)


def test_more_refusals() -> None:
    world = measured_world(FOUR, inhabitants=PEOPLE)
    with pytest.raises(InputError, match="inhabitants or areas"):
        trajectory(world, CHOSEN, "households")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="no area with inhabitants"):
        trajectory(measured_world(FOUR, inhabitants=NAN), CHOSEN)
    with pytest.raises(InputError, match="one weight an area"):
        trajectory(world, CHOSEN, matched=np.ones(3))
    with pytest.raises(InputError, match="one value an area"):
        match(world, CHOSEN, 2014, np.ones(3))
    with pytest.raises(InputError, match="1 others"):
        match(world, CHOSEN, 2014, np.ones(4))


# --- comparable areas ---


def towns(areas: int, count: int) -> np.ndarray:
    return np.arange(areas) % count + 1


def test_nearest_scores_of_the_same_urbanity_by_hand() -> None:
    # One area of the group at 0; candidates of urbanity 1 at -.03 ... and of urbanity 2 exactly at 0.
    start = [0.0, 0.01, -0.02, 0.03, -0.04, 0.05, 0.06, 0.0, 0.0]
    urbanity = np.array([1, 1, 1, 1, 1, 1, 1, 2, 2], dtype=float)
    world = measured_world(np.column_stack([start, np.zeros(9), np.zeros(9)]), inhabitants=1000.0)
    chosen = np.arange(9) == 0
    found = match(world, chosen, 2014, urbanity)
    assert found.nearest.tolist() == [[1, 2, 3, 4, 5]]
    assert found.weights.tolist() == [0, 200, 200, 200, 200, 200, 0, 0, 0]
    # With only two of its class the others come from the next class, however near those of the third are.
    scarce = match(world, chosen, 2014, np.array([1, 1, 1, 2, 2, 2, 2, 3, 3], dtype=float))
    assert scarce.nearest.tolist() == [[1, 2, 3, 4, 5]]


@pytest.mark.parametrize("seed", range(3))
def test_matching_is_that_of_a_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    world = measured_world(rng.normal(0, 0.1, (80, 3)), inhabitants=rng.integers(0, 900, 80).astype(float))
    world.score[rng.integers(0, 80, 6), 1] = np.nan
    urbanity = rng.integers(1, 6, 80).astype(float)
    urbanity[rng.integers(0, 80, 4)] = np.nan
    chosen = rng.random(80) < 0.3
    people = world.inhabitants[:, -1]
    fine = [
        place
        for place in range(80)
        if people[place] > 0 and not np.isnan(world.score[place]).any() and not np.isnan(urbanity[place])
    ]
    expected = np.zeros(80)
    for area in (place for place in fine if chosen[place]):
        others = [place for place in fine if not chosen[place]]
        others.sort(
            key=lambda place: (
                abs(urbanity[place] - urbanity[area]),
                abs(world.score[place, 1] - world.score[area, 1]),
            )
        )
        for place in others[:NEIGHBOURS]:
            expected[place] += people[area] / NEIGHBOURS
    found = match(world, chosen, 2016, urbanity).weights
    assert np.allclose(found, expected)
    assert not found[chosen].any()
    assert found.sum() == pytest.approx(sum(people[place] for place in fine if chosen[place]))


def test_comparable_areas_in_the_trajectory() -> None:
    rng = np.random.default_rng(4)
    world = measured_world(rng.normal(0, 0.1, (60, 3)), inhabitants=1000.0)
    chosen = np.arange(60) < 10
    matched = match(world, chosen, 2014, np.ones(60)).weights
    rows = trajectory(world, chosen, matched=matched).query("part == 'comparable'")
    assert rows["score"].tolist() == pytest.approx(np.average(world.score, axis=0, weights=matched).tolist())
    told = difference(world, chosen, 2014, np.ones(60), draws=9)
    assert told["comparable"].tolist() == pytest.approx(rows["score"].tolist())


# --- differences and their intervals ---


def test_a_known_difference_is_found_and_none_at_the_base() -> None:
    rng = np.random.default_rng(2)
    start = rng.normal(0, 0.1, 400)
    later = np.column_stack([start, start + 0.01, start + 0.02])
    chosen = towns(400, 80) <= 20
    later[chosen, 2] += 0.03
    world = measured_world(later, inhabitants=500.0, municipality=towns(400, 80))
    table = difference(world, chosen, 2014, np.ones(400), draws=199).set_index("wave")
    assert table.loc[2014, ["since_base", "low", "high"]].tolist() == [0, 0, 0]
    assert table["since_base"].tolist() == pytest.approx([0, 0, 0.03], abs=1e-9)
    assert table["low"].iloc[2] <= 0.03 + 1e-9
    assert table["drawn"].unique().tolist() == ["gemeenten"]
    assert table["municipalities"].iloc[0] == 20
    assert table["areas"].iloc[0] == 100
    again = difference(world, chosen, 2014, np.ones(400), draws=199)
    assert again.equals(table.reset_index())


def moving(rng: np.random.Generator, shared: float, own: float) -> np.ndarray:
    """Deviations of 60 municipalities of 8 areas; what changes is partly shared by a municipality."""
    start = rng.normal(0, 0.1, 480)
    change = shared * rng.standard_normal(60)[towns(480, 60) - 1] + own * rng.standard_normal(480)
    return np.column_stack([start, start + change / 2, start + change])


def test_what_a_municipality_shares_is_recovered() -> None:
    rng = np.random.default_rng(6)
    found = []
    for _ in range(12):
        scores = moving(rng, 0.02, 0.03)
        found.append(shared_variance(scores, 0, np.ones(480), np.ones(480), towns(480, 60).astype(str)))
    mean = np.mean(found, axis=0)
    assert mean[0] == 0
    # The moving mean takes away a fortieth of each area's own change and what it shares with itself there.
    assert mean[2] == pytest.approx(0.02**2, rel=0.15)
    assert mean[1] == pytest.approx(0.01**2, rel=0.15)
    alone = shared_variance(moving(rng, 0.02, 0.03), 0, np.ones(480), np.ones(480), np.arange(480).astype(str))
    assert alone.tolist() == [0, 0, 0]


@pytest.mark.parametrize("count", [2, 20])
def test_intervals_hold_where_there_is_no_difference(count: int) -> None:
    """Groups of few municipalities and of many: about 5% of the intervals miss nought."""
    rng = np.random.default_rng(count)
    missed = []
    for _ in range(120):
        world = measured_world(moving(rng, 0.02, 0.03), inhabitants=800.0, municipality=towns(480, 60))
        chosen = np.isin(towns(480, 60), rng.choice(60, count, replace=False) + 1)
        row = difference(world, chosen, 2014, np.ones(480), draws=99).iloc[-1]
        assert row["drawn"] == ("gebieden" if count < FEWEST_MUNICIPALITIES else "gemeenten")
        missed.append(not row["low"] <= 0 <= row["high"])
    # Binomial standard error of 120 at 5% is .02.
    assert np.mean(missed) <= 0.05 + 3 * 0.02


def test_areas_without_a_municipality_are_drawn_one_by_one() -> None:
    rng = np.random.default_rng(9)
    world = measured_world(rng.normal(0, 0.1, (60, 3)), inhabitants=1000.0)
    postcodes = replace(world, level="PC4", areas=np.arange(1000, 1060).astype(str))
    row = difference(postcodes, np.arange(60) < 15, 2014, np.ones(60), draws=99).iloc[-1]
    assert (row["drawn"], row["municipalities"]) == ("gebieden", 0)
    assert row["low"] < row["since_base"] < row["high"]


# --- the whole chain ---


def test_noise_of_the_mean_is_how_far_means_lie_off() -> None:
    """The standard error against 200 repeats of the same country with other jitter."""
    rng = np.random.default_rng(8)
    size = np.exp(rng.normal(7.5, 1.0, 200))
    noise = Noise(constant=0.0001, per_inhabitant=0.15, typical=3000.0)
    level = rng.normal(0, 0.1, (200, 1)) + np.zeros((200, 3))
    chosen = np.arange(200) < 40
    means = []
    for _ in range(200):
        jitter = noise.of_score(size)[:, None] * rng.standard_normal(level.shape)
        table = trajectory(measured_world(level + jitter, inhabitants=size), chosen, noise=noise)
        rows = table[table["part"] == "group"]
        means.append(rows["score"].iloc[0])
    assert np.std(means) == pytest.approx(rows["standard_error"].iloc[0], rel=0.15)


def test_no_turn_is_told_where_a_group_does_not_turn() -> None:
    rng = np.random.default_rng(12)
    world, _ = noisy_world(rng, 600, constant=0.0002, per_inhabitant=0.1, lasting=0.0)
    flat = world.score - world.score.mean(axis=0) + BASE
    rows = trajectory(replace(world, score=flat), np.arange(600) < 60).query("part == 'group'")
    segments = turning_points(rows["wave"].tolist(), rows["score"].to_numpy(), rows["standard_error"].to_numpy())
    assert in_words(segments) == "bleef tussen 2002 en 2020 ongeveer gelijk"


@official
def test_the_official_wijken_in_words() -> None:
    measured = real_measured_3(DATA)

    def words(name: str | None) -> str:
        chosen = None if name is None else members_of(group(name), measured)
        rows = trajectory(measured, chosen).query("part == @part", local_dict={"part": "group" if name else "all"})
        return in_words(
            turning_points(rows["wave"].tolist(), rows["score"].to_numpy(), rows["standard_error"].to_numpy())
        )

    assert words(None) == (
        "verbeterde tussen 2002 en 2016, bleef daarna tot 2018 ongeveer gelijk, en verbeterde sindsdien weer iets"
    )
    assert words("G4") == (
        "verbeterde tussen 2002 en 2012, ging daarna tot 2014 iets achteruit, en verbeterde sindsdien weer"
    )
    assert words("Drechtsteden") == "verbeterde tussen 2002 en 2020 duidelijk"
    assert words("Krimpregio's") == "bleef tussen 2002 en 2008 ongeveer gelijk, en verbeterde sindsdien"


@official
def test_the_official_wijken_left_out_and_weights() -> None:
    measured = real_measured_3(DATA)
    chosen = members_of(group("Almere"), measured)
    last = trajectory(measured, chosen).query("part == 'group'").iloc[-1]
    assert (last["areas"], last["left_out"]) == (55, 5)
    assert (
        last["inhabitants"]
        == weights_of(measured, "inhabitants")[chosen & ~np.isnan(measured.score).any(axis=1)].sum()
    )
