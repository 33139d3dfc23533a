"""From class to class: counted by hand, by brute force and against the published classes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from measured_worlds import measured_world, noisy_world, real_measured_2, real_measured_3

from riskmodel.errors import InputError
from riskmodel.monitor.measured import Measured
from riskmodel.monitor.transitions import movers, transition_rows, weights_of
from riskmodel.panel.measurement_noise import Noise

#: A deviation in the middle of each class of 3.0; 0 is no score.
INSIDE = np.array([np.nan, -0.5, -0.4, -0.32, -0.2, -0.13, -0.05, 0.05, 0.12, 0.2])
NOISE = Noise(constant=0.0001, per_inhabitant=0.1, typical=1000.0)


def world_of(before: list[int], after: list[int], people: object = 1000.0, **others: object) -> Measured:
    return measured_world(INSIDE[np.array([before, after]).T], (2014, 2016), people, **others)  # type: ignore[arg-type]


def square(rows: pd.DataFrame, values: str = "areas") -> pd.DataFrame:
    """Class at the start in rows, at the end in columns, 0 for areas without a score."""
    table = rows.pivot(index="from_class", columns="to_class", values=values)
    return table.reindex(range(10), columns=range(10)).fillna(0)


def test_households_and_people_not_known():
    world = world_of([5, 5], [5, 4], 100.0, households=[np.nan, 7.0])
    assert square(transition_rows(world, 2014, 2016), "households").loc[5, [4, 5]].tolist() == [7, 0]


def test_people_are_those_at_the_end():
    world = world_of([5], [4], [[100.0, 900.0]])
    assert transition_rows(world, 2014, 2016)["inhabitants"].tolist() == [900]


def test_rows_by_hand():
    world = world_of([5, 5, 5, 4, 0, 5], [5, 5, 4, 6, 7, 0], [10.0, 20.0, 40.0, np.nan, 160.0, 130.0])
    rows = transition_rows(world, 2014, 2016).set_index(["from_class", "to_class"])
    assert len(rows) == 5
    stay, fall, gone = rows.loc[(5, 5)], rows.loc[(5, 4)], rows.loc[(5, 0)]
    assert (stay["areas"], stay["inhabitants"], stay["share"], stay["share_inhabitants"]) == (2, 30, 0.5, 0.15)
    assert (fall["areas"], fall["inhabitants"], fall["share"], fall["share_inhabitants"]) == (1, 40, 0.25, 0.2)
    assert (gone["share"], gone["share_inhabitants"], gone["to_name"]) == (0.25, 0.65, "niet gemeten")
    assert (fall["from_name"], fall["to_name"]) == ("voldoende", "zwak")
    risen = rows.loc[(4, 6)]
    assert risen["share"] == 1 and np.isnan(risen["share_inhabitants"]) and risen["without_inhabitants"] == 1


classes = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 9), st.one_of(st.just(np.nan), st.integers(0, 9999).map(float))),
    min_size=1,
    max_size=60,
)


@settings(max_examples=30, deadline=None)
@given(classes, st.randoms(use_true_random=False))
def test_every_area_is_counted_once_in_any_order(areas, random):
    before, after, people = (list(each) for each in zip(*areas, strict=True))
    world = world_of(before, after, people)
    expected = Counter(zip(before, after, strict=True))
    rows = transition_rows(world, 2014, 2016)
    assert (
        dict(zip(zip(rows["from_class"], rows["to_class"], strict=True), rows["areas"], strict=True)) == expected
    )
    np.testing.assert_allclose(rows.groupby("from_class")["share"].sum(), 1)
    known = rows.dropna(subset="share_inhabitants").groupby("from_class")["share_inhabitants"].sum()
    np.testing.assert_allclose(known, 1)
    assert rows["inhabitants"].sum() == pytest.approx(np.nansum(people))
    random.shuffle(areas)
    shuffled = world_of(*(list(each) for each in zip(*areas, strict=True)))  # type: ignore[arg-type]
    pd.testing.assert_frame_equal(transition_rows(shuffled, 2014, 2016), rows)


def test_two_steps_meet_in_the_middle():
    world, _ = noisy_world(
        np.random.default_rng(4), 500, constant=0.0002, per_inhabitant=0.2, waves=(2014, 2016, 2018)
    )
    first, second = (square(transition_rows(world, year, year + 2)) for year in (2014, 2016))
    np.testing.assert_array_equal(first.sum(axis=0), second.sum(axis=1))


def test_wrong_questions():
    world = world_of([5], [5])
    with pytest.raises(InputError, match="after"):
        transition_rows(world, 2016, 2014)
    with pytest.raises(InputError, match="inhabitants, households"):
        weights_of(world, 2016, "houses")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="1 or more"):
        movers(world, 2014, 2016, 0, noise=NOISE)


def test_movers_by_hand():
    # A change jitters by .02 at 1,000 inhabitants, .0469 at 100, .0245 at 500.
    moved = [0.10, 0.05, 0.20, -0.30, -0.04, 0.03, -0.02, 0.06, 0.0]
    people = np.array([1000, 1000, 100, 100, 1000, 1000, 1000, 500, 1000], dtype=float)
    world = measured_world(np.column_stack([np.zeros(9), moved]), (2014, 2016), people)
    found = movers(world, 2014, 2016, n=2, noise=NOISE)
    assert list(zip(found["mover"], found["rank"], found["name"], strict=True)) == [
        ("stijger", 1, "Wijk 0"),
        ("stijger", 2, "Wijk 7"),
        ("daler", 1, "Wijk 4"),
    ]
    assert found.attrs["left_out_small"] == 2


def test_an_area_that_was_small_at_the_start_is_small():
    people = np.array([[20.0, 3000.0], [3000.0, 3000.0], [np.nan, np.nan]])
    world = measured_world([[0.0, 0.3], [0.0, 0.2], [0.0, 0.1]], (2014, 2016), people)
    assert list(movers(world, 2014, 2016, noise=NOISE)["name"]) == ["Wijk 1", "Wijk 2"]


def test_movers_need_to_know_the_noise():
    world = measured_world([[0.0, 0.1], [0.0, -0.1]], (2014, 2016))
    with pytest.raises(InputError, match="no estimate"):
        movers(world, 2014, 2016)


def test_real_transitions_of_2_are_those_of_the_published_classes(real_data: Path):
    published = pd.read_excel(real_data / "leefbaarometer-2.0" / "wijk.xlsx", engine="calamine").dropna(
        subset=["KL14", "KL16"]
    )
    expected = pd.crosstab(published["KL14"], published["KL16"]).reindex(
        index=range(1, 10), columns=range(1, 10), fill_value=0
    )
    country = real_measured_2(real_data)
    chosen = np.isin(country.areas, published["WK_CODE"])
    found = square(transition_rows(country.only(chosen), 2014, 2016)).to_numpy()[1:, 1:]
    # A class is published for a few wijken without a published score, and never the other way round.
    difference = expected.to_numpy() - found
    assert (difference >= 0).all() and difference.sum() == len(published) - found.sum() < 30


def test_real_transitions_of_3_by_hand(real_data: Path):
    table = square(transition_rows(real_measured_3(real_data), 2018, 2020))
    assert table.to_numpy().sum() == 3303
    # voldoende or better to zwak or lower, and back
    assert table.loc[5:9, 1:4].to_numpy().sum() == 9
    assert table.loc[1:4, 5:9].to_numpy().sum() == 39
    assert (table.loc[0, 1:].sum(), table.loc[1:, 0].sum(), table.loc[0, 0]) == (1, 1, 1), "without a score"
