"""What was known when: splits worked out by hand, and no peeking whatever the dates."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import panel_of

from riskmodel.catalogue import published_on
from riskmodel.errors import InputError
from riskmodel.forecasting.origins import Origin, backtest_origins, latest_origin, origin_at, origin_from

WAVES = (2002, 2008, 2012, 2014, 2016, 2018, 2020)
# 28 months after the reference date; the letter to parliament for 2020.
KNOWN_AT = {
    2008: date(2010, 5, 1),
    2012: date(2014, 5, 1),
    2014: date(2016, 5, 1),
    2016: date(2018, 5, 1),
    2018: date(2020, 5, 1),
    2020: date(2022, 4, 14),
}


def panel_with(waves):
    return panel_of({"score": {wave: [4.0, 4.1] for wave in waves}}, ["WK000100", "WK000101"])


def test_two_year_splits_worked_out_by_hand():
    # 2002 and 2008 lie six years apart: too far to teach anything about two. 2008 and 2012 follow each other.
    assert backtest_origins(panel_with(WAVES), 2) == [
        Origin(2012, 2, KNOWN_AT[2012], ((2008, 2012),)),
        Origin(2014, 2, KNOWN_AT[2014], ((2008, 2012), (2012, 2014))),
        Origin(2016, 2, KNOWN_AT[2016], ((2008, 2012), (2012, 2014), (2014, 2016))),
        Origin(2018, 2, KNOWN_AT[2018], ((2008, 2012), (2012, 2014), (2014, 2016), (2016, 2018))),
    ]


def test_four_year_splits_worked_out_by_hand():
    # From 2016 there are both: waves in turn and waves four years apart that overlap them.
    assert backtest_origins(panel_with(WAVES), 4) == [
        Origin(2012, 4, KNOWN_AT[2012], ((2008, 2012),)),
        Origin(2014, 4, KNOWN_AT[2014], ((2008, 2012), (2012, 2014))),
        Origin(2016, 4, KNOWN_AT[2016], ((2008, 2012), (2012, 2014), (2012, 2016), (2014, 2016))),
    ]


def test_six_year_splits_worked_out_by_hand():
    # Six years apart counts when six years are asked, however far that is.
    assert backtest_origins(panel_with(WAVES), 6) == [
        Origin(2008, 6, KNOWN_AT[2008], ((2002, 2008),)),
        Origin(2012, 6, KNOWN_AT[2012], ((2002, 2008), (2008, 2012))),
        Origin(2014, 6, KNOWN_AT[2014], ((2002, 2008), (2008, 2012), (2008, 2014), (2012, 2014))),
    ]


def test_latest_origin_learns_from_every_published_pair_and_looks_ahead():
    origin = latest_origin(panel_with(WAVES), 4)
    in_turn = {(2008, 2012), (2012, 2014), (2014, 2016), (2016, 2018), (2018, 2020)}
    apart = {(2008, 2012), (2012, 2016), (2014, 2018), (2016, 2020)}
    assert origin == Origin(2020, 4, KNOWN_AT[2020], tuple(sorted(in_turn | apart)))
    assert origin.origin_date == date(2020, 1, 1)
    assert origin.target_wave == 2024


def test_waves_follow_each_other_as_far_as_they_were_published():
    # The wave of 2014 came out last: until then 2016 follows 2012, and that is what could be learned from.
    late = {2012: date(2014, 5, 1), 2014: date(2021, 1, 1), 2016: date(2018, 5, 1), 2018: date(2020, 5, 1)}
    assert origin_from(late, 2016, 2).pairs == ((2012, 2016),)
    assert origin_from(late, 2018, 2).pairs == ((2012, 2016), (2016, 2018))


def test_asked_origins_come_once_and_in_order():
    assert [origin.wave for origin in backtest_origins(panel_with(WAVES), 2, [2018, 2014, 2018])] == [2014, 2018]


@pytest.mark.parametrize(
    ("wave", "horizon", "message"),
    [
        (2008, 4, "no history"),  # 2002 and 2008 are known: neither four years apart nor within four
        (2002, 6, "no history"),
        (2020, 2, "no wave 2022 to test against"),
        (2018, 4, "no wave 2022 to test against"),
        (2013, 2, "no such wave"),
    ],
)
def test_an_origin_without_history_or_outcome_is_refused(wave, horizon, message):
    with pytest.raises(InputError, match=message):
        backtest_origins(panel_with(WAVES), horizon, [wave])


@pytest.mark.parametrize(
    ("wave", "horizon", "told"),
    [
        (2013, 2, "origin 2013: found no such wave; expected one of [2008, 2012, 2014, 2016, 2018, 2020]."),
        (
            2008, 2,
            "origin 2008: found no history: of the waves published by 2010-05-01 ([2008]) no two lie 2 years "
            "apart or follow each other within 4; expected at least one such pair to learn from. Choose a later "
            "origin.",
        ),
        (
            2012, 2,
            "origin 2012: found wave 2014 already published by 2014-05-01; expected an outcome that was still to "
            "come. Forecast from the later wave.",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_origin_is_told_in_full(wave, horizon, told):
    early = {**KNOWN_AT, 2014: date(2014, 5, 1)} if wave == 2012 else KNOWN_AT
    with pytest.raises(InputError) as error:
        origin_from(early, wave, horizon)
    assert str(error.value) == told


def test_what_is_wrong_with_a_backtest_is_told_in_full():
    with pytest.raises(InputError) as error:
        backtest_origins(panel_with((2016, 2018)), 2, [2018])
    assert str(error.value) == "origin 2018: found no wave 2020 to test against; expected waves [2016, 2018]."
    with pytest.raises(InputError) as error:
        backtest_origins(panel_with((2002, 2008)), 4)
    assert str(error.value) == (
        "panel: found waves [2002, 2008]; expected waves 4 years apart, with history before them."
    )


def test_an_origin_that_is_no_wave_is_told_as_such_and_not_as_one_without_outcome():
    with pytest.raises(InputError, match="origin 2013: found no such wave"):
        backtest_origins(panel_with(WAVES), 2, [2013])


@pytest.mark.parametrize(("waves", "horizon"), [((2002, 2008, 2012), 2), ((2002, 2008, 2012), 4), ((2018,), 2)])
def test_a_panel_without_any_origin_is_refused(waves, horizon):
    with pytest.raises(InputError, match=f"waves {horizon} years apart, with history before them"):
        backtest_origins(panel_with(waves), horizon)


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
    known = [year for year in published if published[year] <= published[wave]]
    apart = {(a, b) for a in known for b in known if b - a == horizon}
    in_turn = {
        (a, b) for a in known for b in known if 1 <= b - a <= 4 and not any(a < between < b for between in known)
    }
    possible = apart | in_turn
    if not possible or wave + horizon in known:
        with pytest.raises(InputError):
            origin_from(published, wave, horizon)
        return
    origin = origin_from(published, wave, horizon)
    assert origin.pairs == tuple(sorted(possible))
    assert all(max(published[start], published[end]) <= origin.known_at for start, end in origin.pairs)
    assert (wave, wave + horizon) not in origin.pairs
