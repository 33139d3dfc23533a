"""What was known when: splits worked out by hand, and no peeking whatever the dates."""

from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from worlds import panel_of

from riskmodel.catalogue import published_on
from riskmodel.errors import InputError
from riskmodel.forecasting.origins import Origin, backtest_origins, latest_origin, origin_at, origin_from

WAVES = (2002, 2008, 2012, 2014, 2016, 2018, 2020)
# 28 months after the reference date; the letter to parliament for 2020.
KNOWN_AT = {
    2012: date(2014, 5, 1),
    2014: date(2016, 5, 1),
    2016: date(2018, 5, 1),
    2018: date(2020, 5, 1),
    2020: date(2022, 4, 14),
}


def panel_with(waves):
    return panel_of({"score": {wave: [4.0, 4.1] for wave in waves}}, ["WK000100", "WK000101"])


def test_two_year_splits_worked_out_by_hand():
    assert backtest_origins(panel_with(WAVES), 2) == [
        Origin(2014, 2, KNOWN_AT[2014], ((2012, 2014),)),
        Origin(2016, 2, KNOWN_AT[2016], ((2012, 2014), (2014, 2016))),
        Origin(2018, 2, KNOWN_AT[2018], ((2012, 2014), (2014, 2016), (2016, 2018))),
    ]


def test_four_year_splits_worked_out_by_hand():
    assert backtest_origins(panel_with(WAVES), 4) == [
        Origin(2012, 4, KNOWN_AT[2012], ((2008, 2012),)),
        Origin(2014, 4, KNOWN_AT[2014], ((2008, 2012),)),
        Origin(2016, 4, KNOWN_AT[2016], ((2008, 2012), (2012, 2016))),
    ]


def test_latest_origin_learns_from_every_published_pair_and_looks_ahead():
    origin = latest_origin(panel_with(WAVES), 4)
    assert origin == Origin(2020, 4, KNOWN_AT[2020], ((2008, 2012), (2012, 2016), (2014, 2018), (2016, 2020)))
    assert origin.origin_date == date(2020, 1, 1)
    assert origin.target_wave == 2024


def test_asked_origins_come_once_and_in_order():
    assert [origin.wave for origin in backtest_origins(panel_with(WAVES), 2, [2018, 2014, 2018])] == [2014, 2018]


@pytest.mark.parametrize(
    ("wave", "horizon", "message"),
    [
        (2012, 2, "no history"),  # 2002, 2008 and 2012 are known: no two of them two years apart
        (2008, 4, "no history"),
        (2020, 2, "no wave 2022 to test against"),
        (2018, 4, "no wave 2022 to test against"),
        (2013, 2, "no such wave"),
    ],
)
def test_an_origin_without_history_or_outcome_is_refused(wave, horizon, message):
    with pytest.raises(InputError, match=message):
        backtest_origins(panel_with(WAVES), horizon, [wave])


def test_a_panel_without_any_origin_is_refused():
    with pytest.raises(InputError, match="such pair before"):
        backtest_origins(panel_with((2002, 2008, 2012)), 2)


def test_an_outcome_that_was_published_with_its_origin_is_no_forecast():
    # All waves recalculated and published on one day: the change asked for is already known.
    same_day = dict.fromkeys(WAVES, date(2022, 4, 14))
    with pytest.raises(InputError, match="already published"):
        origin_from(same_day, 2016, 2)


def test_publication_dates_of_a_panel_are_those_of_the_catalogue():
    panel = panel_with(WAVES)
    for wave, day in KNOWN_AT.items():
        assert published_on("score", wave) == day
        assert panel.published_on("score", wave) == day
    assert origin_at(panel, 2018, 2).known_at == KNOWN_AT[2018]


@given(
    published=st.dictionaries(
        st.integers(2000, 2020), st.dates(date(2000, 1, 1), date(2024, 1, 1)), min_size=2, max_size=12
    ),
    horizon=st.integers(1, 6),
    data=st.data(),
)
def test_no_pair_was_published_after_the_origin_and_none_is_left_out(published, horizon, data):
    wave = data.draw(st.sampled_from(sorted(published)))
    try:
        origin = origin_from(published, wave, horizon)
    except InputError:
        assume(False)
    for start, end in origin.pairs:
        assert end - start == horizon
        assert published[start] <= origin.known_at
        assert published[end] <= origin.known_at
    assert (wave, wave + horizon) not in origin.pairs
    possible = [(a, b) for a in published for b in published if b - a == horizon]
    assert set(origin.pairs) == {(a, b) for a, b in possible if max(published[a], published[b]) <= published[wave]}
