"""The moment that a list speaks about: passed, newer wave known, both fine; with fixed days."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskmodel.catalogue import newest_wave
from riskmodel.forecasting.moment import Moment, default_moment, moment_of
from riskmodel.products.risk_list.moment_words import moment_sentences, moment_warnings
from riskmodel.products.risk_list.texts import TEXTS, in_dutch


def words(wave, horizon, today, edition="3.0"):
    moment = moment_of(wave, horizon, edition, today)
    return [in_dutch(each) for each in (*moment_sentences(moment), *moment_warnings(moment))]


def test_a_moment_that_lies_ahead_and_no_newer_wave():
    assert words(2022, 4, date(2024, 6, 1)) == [
        "Deze lijst gaat over de meting van **1 januari 2026**.",
        "Dat is over 19 maanden.",
    ]


def test_a_moment_that_passed():
    assert words(2020, 2, date(2022, 5, 2)) == [
        "Deze lijst gaat over de meting van **1 januari 2022**.",
        "Dat is 4 maanden geleden.",
        "Let op: 1 januari 2022 is al voorbij. De lijst laat zien wat voor die dag te verwachten was.",
    ]


def test_a_newer_wave_that_is_out():
    assert words(2020, 10, date(2024, 5, 24)) == [
        "Deze lijst gaat over de meting van **1 januari 2030**.",
        "Dat is over 5 jaar.",
        "Let op: er is een nieuwere meting, van 1 januari 2022. Deze lijst rekent nog met die van 1 januari 2020. "
        "Vraag om een nieuwe lijst.",
    ]


def test_both_at_once():
    found = words(2020, 2, date(2026, 12, 1))
    assert found[1] == "Dat is 4 jaar geleden."
    assert [text[:30] for text in found[2:]] == [
        "Let op: 1 januari 2022 is al v",
        "Let op: er is een nieuwere met",
    ]
    assert "1 januari 2024" in found[3]


@pytest.mark.parametrize(
    ("today", "wave"),
    [
        (date(2022, 4, 13), 2018),
        (date(2022, 4, 14), 2020),
        (date(2024, 5, 23), 2020),
        (date(2024, 5, 24), 2022),
        # Without a known date, after the usual 28 months.
        (date(2026, 4, 30), 2022),
        (date(2026, 5, 1), 2024),
        (date(2028, 4, 30), 2024),
        (date(2028, 5, 1), 2026),
        (date(1990, 1, 1), 2002),
    ],
)
def test_the_newest_wave_that_the_catalogue_knows(today, wave):
    assert newest_wave(today) == wave


def test_of_another_edition_no_newer_wave_is_known():
    assert moment_of(2018, 2, "2.0", date(2026, 12, 1)).newer_wave is None


def test_the_day_itself_has_passed():
    assert moment_of(2020, 4, "3.0", date(2023, 12, 31)).passed is False
    assert moment_of(2020, 4, "3.0", date(2024, 1, 1)).passed is True
    assert words(2020, 4, date(2023, 12, 31))[1] == "Dat is over minder dan een maand."
    assert words(2020, 4, date(2024, 1, 31))[1] == "Dat is minder dan een maand geleden."
    assert words(2020, 4, date(2024, 2, 1))[1] == "Dat is 1 maand geleden."


@given(st.dates(date(2015, 1, 1), date(2035, 1, 1)), st.integers(2016, 2030))
def test_whole_months_are_those_counted_one_by_one(today, year):
    target = date(year, 1, 1)
    first, last = min(today, target), max(today, target)
    counted = 0
    while True:
        month = first.month + counted  # the same day, counted months later; no month before is shorter than day 28
        reached = (first.year + month // 12, month % 12 + 1, first.day)
        if reached > (last.year, last.month, last.day):
            break
        counted += 1
    assert Moment(target, today, 2014, None).months == counted


def test_which_moment_comes_first():
    def moments(today):
        return [moment_of(2022, horizon, "3.0", today) for horizon in (2, 4, 6)]

    assert default_moment(moments(date(2023, 1, 1))).target_date == date(2024, 1, 1)
    assert default_moment(moments(date(2024, 1, 1))).target_date == date(2026, 1, 1)
    assert default_moment(moments(date(2030, 1, 1))).target_date == date(2028, 1, 1)


def test_sentences_are_short_in_both_languages():
    for key, texts in TEXTS.items():
        if key.startswith("moment_"):
            for text in texts:
                for sentence in re.split(r"(?<=[.!?:])\s+", text):
                    assert len(sentence.split()) <= 20, sentence
