"""Turning points: hand-worked series, brute force, how often noise alone makes a bend, and the Dutch words."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

from riskmodel.errors import InputError
from riskmodel.monitor.turning import Segment, turning_points
from riskmodel.products.present.course_words import in_words

WAVES = (2002, 2008, 2012, 2014, 2016, 2018, 2020)
NAN = float("nan")


def told(values: list[float], error: float = 0.002) -> list[tuple[int, int, str]]:
    return [(each.start, each.end, each.direction) for each in turning_points(WAVES, values, error)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([4.1] * 7, [(2002, 2020, "flat")]),
        # A straight rise of .002 a year has no turn, whatever the years between the measurements.
        ([4.1 + 0.002 * (year - 2002) for year in WAVES], [(2002, 2020, "up")]),
        # One turn.
        ([0.00, 0.03, 0.05, 0.04, 0.03, 0.02, 0.01], [(2002, 2012, "up"), (2012, 2020, "down")]),
        # Two turns.
        (
            [0.0, 0.0, 0.03, 0.0275, 0.025, 0.0225, 0.02],
            [(2002, 2008, "flat"), (2008, 2012, "up"), (2012, 2020, "down")],
        ),
        # Flat, then a rise that goes on.
        ([0.0, 0.0, 0.0, 0.01, 0.02, 0.03, 0.04], [(2002, 2012, "flat"), (2012, 2020, "up")]),
        # All but two missing.
        ([NAN, 0.0, NAN, NAN, NAN, NAN, 0.03], [(2008, 2020, "up")]),
        ([NAN, 0.0, NAN, NAN, NAN, NAN, 0.004], [(2008, 2020, "flat")]),
        ([NAN, 0.0, NAN, NAN, NAN, NAN, NAN], []),
        ([NAN] * 7, []),
    ],
)
def test_series_by_hand(values: list[float], expected: list[tuple[int, int, str]]) -> None:
    assert told(values) == expected


def test_two_measurements_against_their_noise() -> None:
    # A change of .01 with errors .003 and .004 has error .005: 1.96 x .005 = .0098 is just beyond.
    assert turning_points((2018, 2020), [0, 0.0100], [0.003, 0.004])[0].direction == "up"
    assert turning_points((2018, 2020), [0, 0.0097], [0.003, 0.004])[0].direction == "flat"
    assert turning_points((2018, 2020), [0, -0.0100], [0.003, 0.004])[0].direction == "down"
    # However certain, less than the smallest change that matters is flat.
    assert turning_points((2018, 2020), [0, 0.0049], 0.0)[0].direction == "flat"
    assert turning_points((2018, 2020), [0, 0.0049], 0.0, smallest=0.004)[0].direction == "up"
    # Without a known noise only that decides.
    assert turning_points((2018, 2020), [0, 0.0051], NAN)[0].direction == "up"


def test_fitted_change_is_that_of_the_line() -> None:
    (only,) = turning_points(WAVES, [0.001 * (year - 2002) for year in WAVES], 0.002)
    assert only.change == pytest.approx(0.018)


def test_neighbours_of_one_direction_are_one() -> None:
    # A rise that becomes much steeper bends, but it goes up before and after.
    assert told([0.0, 0.012, 0.02, 0.05, 0.08, 0.11, 0.14], 0.001) == [(2002, 2020, "up")]


@pytest.mark.parametrize("seed", range(6))
def test_bends_are_those_of_brute_force(seed: int) -> None:
    generator = np.random.default_rng(seed)
    values = np.cumsum(generator.normal(0, 0.02, 6))
    waves = np.array([2002, 2008, 2012, 2014, 2016, 2018])
    error = 0.004
    price = chi2.ppf(1 - 0.05 / 4, 1)
    best: tuple[float, tuple[int, ...]] = (np.inf, ())
    for count in range(5):
        for knots in combinations(waves[1:-1], count):
            # Another basis of the same lines: hats, one a node.
            nodes = [waves[0], *knots, waves[-1]]
            hats = np.array([np.interp(waves, nodes, row) for row in np.eye(len(nodes))]).T
            misfit = np.linalg.lstsq(hats, values, rcond=None)[1].sum() if len(nodes) < 6 else 0.0
            cost = misfit / error**2 + price * count
            if cost < best[0] - 1e-9:
                best = (cost, tuple(int(knot) for knot in knots))
    found = turning_points(waves.tolist(), values, error, smallest=1e-6)
    turns = [segment.start for segment in found[1:]]
    assert set(turns) <= set(best[1])


def test_noise_alone_seldom_makes_a_turn() -> None:
    generator = np.random.default_rng(3)
    error = 0.01
    line = 0.004 * (np.array(WAVES) - 2002)
    found = [len(turning_points(WAVES, line + generator.normal(0, error, 7), error)) for _ in range(400)]
    # 5% may bend; the binomial standard error of 400 is .011.
    assert np.mean(np.array(found) > 1) < 0.05 + 3 * 0.011


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-0.2, 0.2), min_size=7, max_size=7), st.floats(0.0005, 0.02))
def test_segments_cover_the_series_and_mirror(values: list[float], error: float) -> None:
    segments = turning_points(WAVES, values, error)
    assert segments[0].start == 2002
    assert segments[-1].end == 2020
    assert all(one.end == two.start and one.direction != two.direction for one, two in pairwise(segments))
    mirrored = turning_points(WAVES, [-value for value in values], error)
    swap = {"up": "down", "down": "up", "flat": "flat"}
    assert [(each.start, each.end, swap[each.direction]) for each in mirrored] == [
        (each.start, each.end, each.direction) for each in segments
    ]


@pytest.mark.parametrize(
    ("segments", "words"),
    [
        ([], "heeft te weinig metingen om een ontwikkeling te zien"),
        ([Segment(2002, 2020, "flat", 0.001)], "bleef tussen 2002 en 2020 ongeveer gelijk"),
        ([Segment(2002, 2020, "up", 0.08)], "verbeterde tussen 2002 en 2020 duidelijk"),
        ([Segment(2002, 2020, "down", -0.03)], "ging tussen 2002 en 2020 achteruit"),
        (
            [Segment(2008, 2012, "up", 0.03), Segment(2012, 2018, "down", -0.01)],
            "verbeterde tussen 2008 en 2012, en ging sindsdien iets achteruit",
        ),
        (
            [
                Segment(2002, 2008, "flat", 0.0),
                Segment(2008, 2012, "up", 0.03),
                Segment(2012, 2014, "down", -0.1),
                Segment(2014, 2020, "up", 0.01),
            ],
            "bleef tussen 2002 en 2008 ongeveer gelijk, verbeterde daarna tot 2012, "
            "ging daarna tot 2014 duidelijk achteruit, en verbeterde sindsdien weer iets",
        ),
    ],
)
def test_words(segments: list[Segment], words: str) -> None:
    assert in_words(segments) == words


@pytest.mark.parametrize(
    ("waves", "values", "error", "message"),
    [
        ((2002, 2002), [1, 2], 0.1, "ascending"),
        ((2008, 2002), [1, 2], 0.1, "ascending"),
        ((2002, 2008), [1, 2, 3], 0.1, "values"),
        ((2002, 2008), [1, 2], [0.1, 0.1, 0.1], "standard errors"),
        (tuple(range(2000, 2020)), list(range(20)), 0.1, "at most"),
    ],
)
def test_refusals(waves: tuple[int, ...], values: list[float], error: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        turning_points(waves, values, error)  # type: ignore[arg-type]
