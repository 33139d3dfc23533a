"""Visits: counts by hand, chances by drawing again and again, and a draw that anybody can repeat."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskmodel.errors import InputError
from riskmodel.products.risk_list.random_visits import (
    draw_seed,
    list_id,
    plan_visits,
    random_visits_count,
    visits_notice,
)
from riskmodel.products.risk_list.texts import in_dutch

NONE_SMALL = np.zeros(40, dtype=bool)


@pytest.mark.parametrize(
    ("capacity", "share", "expected"),
    [(1, 0.1, 0), (4, 0.1, 0), (5, 0.1, 1), (15, 0.1, 2), (25, 0.1, 3), (20, 0.5, 10), (20, 0.0, 0), (3, 1.0, 3)],
)
def test_how_many_visits_are_drawn(capacity: int, share: float, expected: int) -> None:
    assert random_visits_count(capacity, share) == expected


def test_ninety_percent_of_the_visits_are_the_top() -> None:
    made = plan_visits(NONE_SMALL, 20, 0.1, seed=3)
    assert made.top.tolist() == [True] * 18 + [False] * 22
    assert made.drawn.sum() == 2
    assert not (made.top & made.drawn).any()
    np.testing.assert_allclose(made.inclusion, [1.0] * 18 + [2 / 22] * 22)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.booleans(), max_size=60),
    st.one_of(st.none(), st.integers(1, 70)),
    st.floats(0, 1),
    st.integers(0, 2**40),
)
def test_visits_never_exceed_capacity_and_chances_add_up_to_them(
    small: list[bool], capacity: int | None, share: float, seed: int
) -> None:
    too_small = np.array(small, dtype=bool)
    made = plan_visits(too_small, capacity, share, seed)
    fit = int((~too_small).sum())
    visits = made.top | made.drawn
    assert visits.sum() == (fit if capacity is None else min(capacity, fit))
    assert not (visits & too_small).any()
    assert (made.inclusion[too_small] == 0).all()
    assert made.inclusion.sum() == pytest.approx(visits.sum())
    top = np.flatnonzero(made.top)
    assert (np.flatnonzero(~too_small)[: len(top)] == top).all()


def test_every_area_outside_the_top_is_drawn_as_often_as_its_chance_says() -> None:
    too_small = np.zeros(15, dtype=bool)
    too_small[[3, 14]] = True
    drawn = np.array([plan_visits(too_small, 6, 0.3, seed).drawn for seed in range(8000)])
    # 6 visits, 2 of them drawn from the 13 - 4 = 9 others: 2 / 9 each; three standard errors are .014.
    made = plan_visits(too_small, 6, 0.3, 0)
    rest = ~made.top & ~too_small
    assert rest.sum() == 9
    assert np.abs(drawn.mean(axis=0)[rest] - 2 / 9).max() < 0.017
    assert not drawn[:, ~rest].any()


def test_the_same_list_draws_the_same_areas_and_another_list_others() -> None:
    seed = draw_seed("2020-abc", ("GM0983", "GM0034"), 20, 0.1)
    assert seed == draw_seed("2020-abc", ("GM0034", "GM0983", "GM0034"), 20, 0.1)
    assert 0 <= seed < 2**53
    once, again = (plan_visits(NONE_SMALL, 20, 0.1, seed).drawn for _ in range(2))
    np.testing.assert_array_equal(once, again)
    others = {draw_seed("2020-abc", ("GM0983",), 20, 0.1), draw_seed("2020-abc", ("GM0034", "GM0983"), 21, 0.1)}
    assert len(others | {seed}) == 3
    assert list_id(2020, "f", (), None, 0.1).startswith("2020-")


def test_the_notice_tells_how_many_were_drawn_and_from_how_many() -> None:
    made = plan_visits(NONE_SMALL, 20, 0.1, 7)
    assert in_dutch(visits_notice("2020-ab", 7, made)) == (
        "Van de 20 bezoeken zijn er 2 door het lot gekozen uit de 22 gebieden die niet bovenaan staan. "
        "Zo is later te zien wat de lijst mist. Lijst 2020-ab, lotnummer 7."
    )
    assert "is er 1 door" in in_dutch(visits_notice("x", 7, plan_visits(NONE_SMALL, 5, 0.1, 7)))
    assert visits_notice("x", 7, plan_visits(NONE_SMALL, 3, 0.1, 7)) is None


@pytest.mark.parametrize(("capacity", "share"), [(0, 0.1), (5, 1.1), (5, -0.1), (5, float("nan"))])
def test_impossible_plans_are_refused(capacity: int, share: float) -> None:
    with pytest.raises(InputError):
        plan_visits(NONE_SMALL, capacity, share)
