"""What an area is asked, and which areas take part: worked out by hand, and against what was known when."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import BASE, EXPERIMENTS, experiment, panel_of, wijk_codes, with_score

from riskmodel.errors import InputError
from riskmodel.forecasting.experiment import load_experiment
from riskmodel.forecasting.groups import Cohort, as_known, labels_of
from riskmodel.forecasting.targets import KINDS, READINGS, Event, noise_of_change
from riskmodel.panel.measurement_noise import estimate_noise
from riskmodel.products.risk_list.texts import event_in_dutch

CODES = ["WK000100", "WK000101", "WK000102", "WK000200", "WK000201", "WK000300"]
# Classes 6, 7, 6, 6, 4 and 8; the class borders lie at -.282, -.164, -.103, .010, .090 and .168.
START = BASE + np.array([0.00, 0.05, -0.10, 0.00, -0.20, 0.10])
CHANGE = np.array([-0.08, 0.02, -0.07, -0.06, 0.01, np.nan])


def hand_panel(**more):
    return panel_of({"score": {2016: START, 2018: START + CHANGE}, **more}, CODES)


def happened(event, panel=None):
    return event.happened(panel or hand_panel(), 2016, 2018)


def test_events_worked_out_by_hand():
    nan = np.nan
    np.testing.assert_array_equal(happened(Event("fall", 0.05)), [1, 0, 1, 1, 0, nan])
    np.testing.assert_array_equal(happened(Event("fall", 0.07001)), [1, 0, 0, 0, 0, nan])
    # Development class 3 or lower is a fall of more than .0666, 2 or lower of more than .1332.
    np.testing.assert_array_equal(happened(Event("development")), [1, 0, 1, 0, 0, nan])
    np.testing.assert_array_equal(happened(Event("development", development_class=2)), [0, 0, 0, 0, 0, nan])
    # The third area goes from -.10 to -.17, below class 5.
    np.testing.assert_array_equal(happened(Event("tipping")), [0, 0, 1, 0, 1, nan])
    # The five measured areas change by -.036 on average, so behind by .05 is a change below -.086.
    np.testing.assert_array_equal(happened(Event("relative_fall", 0.05)), [0, 0, 0, 0, 0, nan])
    np.testing.assert_array_equal(happened(Event("relative_fall", 0.04)), [1, 0, 0, 0, 0, nan])


def test_readings_worked_out_by_hand():
    nan = np.nan
    # Classes 5, 5, 4, 4, 3, 1 and 6; then 4, 5, 4, 3, 5, 1 and 4.
    start = np.array([-0.15, -0.15, -0.17, -0.27, -0.29, -0.50, -0.10])
    end = np.array([-0.17, -0.11, -0.26, -0.29, -0.15, -0.60, -0.20])
    panel = panel_of({"score": {2016: BASE + start, 2018: BASE + end}}, [*CODES, "WK000400"])
    expected = {
        "slide": [1, 0, 0, 1, 0, nan, 1],
        "clear_slide": [0, 0, 1, 0, 0, 1, 1],  # the third keeps its class, the sixth cannot go lower
        "weak": [1, 0, 1, 1, 0, 1, 1],
        "lower_class": [1, 0, 0, 1, 0, nan, 1],
        "recover": [nan, nan, 0, 0, 1, 0, nan],
        "decline": [0, 0, 1, 0, 0, 1, 1],
    }
    assert list(expected) == list(READINGS)
    for name, outcomes in expected.items():
        event = READINGS[name]
        np.testing.assert_array_equal(event.happened(panel, 2016, 2018), outcomes, err_msg=name)
        np.testing.assert_array_equal(event.eligible(panel, 2016), ~np.isnan(outcomes), err_msg=name)
        if name == "slide":
            borders = [-0.16405, -0.16405, -0.28145, -0.28145, -0.35385, nan, -0.16405]
            np.testing.assert_allclose(event.limits(panel, 2016), borders - start, atol=6e-4)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-0.3, 0.3), min_size=2, max_size=6), st.floats(0.01, 0.2), st.floats(-0.2, 0.2))
def test_a_relative_fall_takes_no_notice_of_what_the_whole_country_does(change, more_than, shift):
    codes, start = CODES[: len(change)], START[: len(change)]
    behind = np.array(change) - np.mean(change)
    if np.abs(behind + more_than).min() < 1e-9:  # on the border rounding decides
        return
    for moved in (0.0, shift):
        panel = panel_of({"score": {2016: start, 2018: start + np.array(change) + moved}}, codes)
        expected = (behind < -more_than).astype(float)
        np.testing.assert_array_equal(Event("relative_fall", more_than).happened(panel, 2016, 2018), expected)


def test_only_areas_of_class_five_and_up_can_tip_and_only_measured_ones_take_part():
    panel = hand_panel()
    assert Event("tipping").eligible(panel, 2016).tolist() == [True, True, True, True, False, True]
    assert Event("tipping", from_class=7, to_class=5).eligible(panel, 2016).tolist() == [
        False, True, False, False, False, True,
    ]  # fmt: skip
    assert Event("fall").eligible(panel, 2018).tolist() == [True, True, True, True, True, False]


def noisy_panel(n=400, dates=None):
    rng = np.random.default_rng(5)
    inhabitants = np.exp(rng.uniform(np.log(100), np.log(20_000), n))
    spread = np.sqrt(1e-4 + 0.4 / inhabitants)
    level = BASE + rng.normal(0, 0.1, n)
    score = {wave: level + spread * rng.normal(size=n) for wave in (2008, 2012, 2014, 2016, 2018)}
    inhabitants[:3] = np.nan
    return panel_of({"score": score, "population": {2013: inhabitants}}, wijk_codes(n), dates)


def test_a_fall_beyond_noise_is_compared_with_the_noise_of_an_area_of_that_size():
    panel = noisy_panel()
    event = Event("beyond_noise", times_noise=1.5)
    sizes = panel.at("population", 2013)
    # Published in 2016: 2008, 2012 and 2014, of which the score of 2014 is the newest.
    scores = np.column_stack([panel.at("score", wave) for wave in (2008, 2012, 2014)])
    spread = estimate_noise(scores, sizes).of_change(sizes)
    expected = panel.at("score", 2016) - panel.at("score", 2014) < -1.5 * spread
    found = event.happened(panel, 2014, 2016)
    assert np.isnan(found[:3]).all()
    np.testing.assert_array_equal(found[3:], expected[3:])
    assert 5 < expected.sum() < 100
    assert not event.eligible(panel, 2014)[:3].any()
    assert event.eligible(panel, 2014)[3:].all()
    # The planted noise of a change is about .014 in large areas and .09 in areas of 100 inhabitants.
    truth = np.sqrt(2 * (1e-4 + 0.4 / sizes[3:]))
    np.testing.assert_allclose(noise_of_change(panel, 2018)[3:], truth, rtol=0.35)


def test_noise_uses_only_what_was_known():
    panel = noisy_panel()
    later = panel.published > np.datetime64(panel.published_on("score", 2014), "D")
    values = np.where(later[:, None, :], 7.0, panel.values)
    before, after = (noise_of_change(each, 2014) for each in (panel, replace(panel, values=values)))
    np.testing.assert_array_equal(before, after)
    assert not np.isnan(before[3:]).any()


def test_without_any_known_size_no_fall_is_beyond_noise():
    for panel in (hand_panel(), noisy_panel(dates={("population", 2013): date(2030, 1, 1)}), noisy_panel(n=60)):
        wave = panel.waves[-2]
        assert not Event("beyond_noise").eligible(panel, wave).any()
        assert np.isnan(Event("beyond_noise").happened(panel, wave, panel.waves[-1])).all()


def test_names_and_dutch_words():
    told = {each.name: event_in_dutch(each) for each in (
        Event("fall"), Event("development"), Event("tipping"), Event("relative_fall", 0.04),
        Event("beyond_noise", times_noise=1.5),
    )}  # fmt: skip
    assert list(told) == ["fall_0.05", "development_3", "tipping_5_4", "relative_fall_0.04", "beyond_noise_1.5"]
    assert told["development_3"] == "de score daalt meer dan 0,0666 punt (ontwikkelingsklasse 3 of lager)"
    assert "1,5 keer" in told["beyond_noise_1.5"]


@pytest.mark.parametrize(
    "entry",
    [
        {"kind": "rise"},
        {"kind": "development", "development_class": 4},
        {"kind": "beyond_noise", "times_noise": 0},
        {"kind": "relative_fall", "more_than": -0.1},
    ],
)
def test_impossible_events_are_refused(entry):
    with pytest.raises(InputError, match="event"):
        Event(**entry)


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        (
            {"kind": "rise"},
            "event.kind: found 'rise'; expected one of 'fall', 'tipping', 'development', 'relative_fall', "
            "'beyond_noise', 'slide', 'clear_slide', 'weak', 'lower_class', 'recover'.",
        ),
        (
            {"kind": "slide", "more_than": 0.1},
            "event.more_than: found 0.1 for kind 'slide'; expected nothing but kind.",
        ),
        (
            {"kind": "fall", "to_class": 3},
            "event.to_class: found 3 for kind 'fall'; expected nothing but kind, more_than.",
        ),
        ({"kind": "fall", "more_than": 1.0}, "event.more_than: found 1.0; expected score points between 0 and 1."),
        ({"kind": "fall", "more_than": 0.0}, "event.more_than: found 0.0; expected score points between 0 and 1."),
        ({"kind": "tipping", "to_class": 5}, "event: found from class 5 to 5; expected a lower class."),
        ({"kind": "tipping", "to_class": 0}, "event: found from class 5 to 0; expected a lower class."),
        ({"kind": "tipping", "from_class": 10}, "event: found from class 10 to 4; expected a lower class."),
        ({"kind": "development", "development_class": 4}, "event.development_class: found 4; expected 1, 2 or 3."),
        ({"kind": "development", "development_class": 0}, "event.development_class: found 0; expected 1, 2 or 3."),
        (
            {"kind": "beyond_noise", "times_noise": 20.0},
            "event.times_noise: found 20.0; expected a number between 0 and 20.",
        ),
        (
            {"kind": "beyond_noise", "times_noise": 0.0},
            "event.times_noise: found 0.0; expected a number between 0 and 20.",
        ),
    ],
)
def test_what_is_wrong_with_an_event_is_told_in_full(entry, told):
    with pytest.raises(InputError) as error:
        Event(**entry)
    assert str(error.value) == told


@pytest.mark.parametrize(
    "entry",
    [
        {"kind": "fall", "more_than": 0.999},
        {"kind": "tipping", "from_class": 9, "to_class": 1},
        {"kind": "development", "development_class": 1},
        {"kind": "beyond_noise", "times_noise": 19.9},
    ],
)
def test_events_at_the_edge_of_what_is_possible_are_taken(entry):
    assert {name: getattr(Event(**entry), name) for name in entry} == entry


def test_one_limit_for_all_areas_where_there_is_one():
    assert Event("fall", 0.07).limit(0.01) == -0.07
    assert Event("relative_fall", 0.07).limit(0.02) == pytest.approx(-0.05)
    assert Event("relative_fall", 0.07).limit() == -0.07
    # Development classes 3, 2 and 1 end at the cuts that the published classes of 2.0 obey.
    cuts = [Event("development", development_class=each).limit(0.5) for each in (3, 2, 1)]
    np.testing.assert_allclose(cuts, [-0.0667, -0.1333, -0.20], atol=2e-4)
    for event in (Event("tipping"), Event("beyond_noise")):
        with pytest.raises(InputError) as error:
            event.limit()
        assert str(error.value) == f"event {event.name}: found no limits of the areas; expected those of a panel."


def test_limits_of_the_areas_worked_out_by_hand():
    panel = hand_panel()
    np.testing.assert_array_equal(Event("fall", 0.07).limits(panel, 2016), [-0.07] * 6)
    np.testing.assert_allclose(Event("relative_fall", 0.07).limits(panel, 2016, 0.02), [-0.05] * 6)
    np.testing.assert_array_equal(Event("relative_fall", 0.07).limits(panel, 2016), [-0.07] * 6)
    # Class 4 ends at -.16405, class 5 at -.102955: from there to where each area stands.
    start = np.array([0.00, 0.05, -0.10, 0.00, -0.20, 0.10])
    np.testing.assert_allclose(Event("tipping").limits(panel, 2016), -0.16405 - start)
    lower = Event("tipping", from_class=7, to_class=5).limits(panel, 2016)
    np.testing.assert_allclose(lower, -0.10296 - start, atol=2e-5)


def test_a_change_of_exactly_the_limit_is_no_fall_and_a_border_belongs_to_the_higher_class():
    panel = panel_of({"score": {2016: [4.25, 4.25], 2018: [4.0, 3.75]}}, CODES[:2])
    np.testing.assert_array_equal(Event("fall", 0.25).happened(panel, 2016, 2018), [0, 1])


def test_events_in_dutch():
    told = [
        (Event("fall", 0.075), "de score daalt meer dan 0,075 punt"),
        (Event("relative_fall", 0.04), "de score blijft meer dan 0,04 punt achter bij het land"),
        (
            Event("tipping", from_class=6, to_class=3),
            "het gebied zakt van klasse 6 of hoger naar klasse 3 of lager",
        ),
        (Event("development"), "de score daalt meer dan 0,0666 punt (ontwikkelingsklasse 3 of lager)"),
        (
            Event("beyond_noise", times_noise=1.5),
            "de score daalt meer dan 1,5 keer wat bij een gebied van die grootte toeval is",
        ),
    ]
    assert [event_in_dutch(event) for event, _ in told] == [words for _, words in told]


def test_noise_is_unknown_before_any_size_was_published():
    panel = noisy_panel(dates={("population", 2013): date(2016, 5, 1)})
    assert panel.published_on("score", 2014) == date(2016, 5, 1)
    assert not np.isnan(noise_of_change(panel, 2014)[3:]).any(), "published on the very day is known"
    later = noisy_panel(dates={("population", 2013): date(2016, 5, 2)})
    assert np.isnan(noise_of_change(later, 2014)).all()


def test_the_size_behind_the_noise_is_the_newest_that_was_known():
    panel = noisy_panel()
    first = panel.at("population", 2013)
    second = np.where(np.isnan(first), 700.0, first)[::-1]

    def noise(population, wave):
        score = {year: panel.at("score", year) for year in panel.waves}
        return noise_of_change(panel_of({"score": score, "population": population}, panel.areas.tolist()), wave)

    both = {2011: second, 2013: first, 2017: second}
    # The count of 2017 came out in 2018: after the wave of 2014 (2016), before that of 2016 (May 2018).
    np.testing.assert_array_equal(noise(both, 2016), noise({2017: second}, 2016))
    # Who was not counted in 2013 has the size of 2011.
    filled = np.where(np.isnan(first), second, first)
    np.testing.assert_array_equal(noise(both, 2014), noise({2013: filled}, 2014))
    assert np.nanmax(np.abs(noise(both, 2014) - noise(both, 2016))) > 0.001


def test_an_area_without_a_score_is_not_asked_how_far_it_falls_beyond_noise():
    panel = noisy_panel()
    score = panel.at("score", 2014).copy()
    score[10] = np.nan
    event = Event("beyond_noise")
    assert event.eligible(panel, 2014)[10]
    hidden = with_score(panel, 2014, score)
    assert not np.isnan(event.limits(hidden, 2014)[10])
    assert not event.eligible(hidden, 2014)[10]


def test_whether_an_area_is_low_at_the_end_needs_no_start():
    panel = with_score(hand_panel(), 2016, np.array([np.nan, *START[1:]]))
    np.testing.assert_array_equal(Event("tipping").happened(panel, 2016, 2018), [0, 0, 1, 0, 1, np.nan])
    assert Event("tipping").eligible(panel, 2016).tolist() == [False, True, True, True, False, True]


@pytest.mark.filterwarnings("error")
def test_where_nothing_was_measured_nothing_happened_and_nothing_is_complained_of():
    panel = with_score(hand_panel(), 2018, np.full(6, np.nan))
    for kind in ("fall", "relative_fall", "development", "tipping"):
        assert np.isnan(Event(kind).happened(panel, 2016, 2018)).all()


def test_what_is_asked_when_nothing_more_is_said():
    told = [Event(kind).name for kind in KINDS]
    assert told[:5] == ["fall_0.05", "tipping_5_4", "development_3", "relative_fall_0.05", "beyond_noise_2"]
    assert told[5:] == [name for name in READINGS if name != "decline"]


# Cohorts and groups.

POPULATION = {2013: [900, 400, 500, 90, np.nan, np.nan], 2022: [100, 600, 500, 90, 6000, np.nan]}


def sized_panel():
    """Counts of 2013 are known at the origins 2014 and later, those of 2022 are not known at any."""
    return hand_panel(population=POPULATION, urbanity={2013: [1.0, 2.4, 2.6, 5.0, np.nan, 4.0]})


def members(**conditions):
    return Cohort("made", **conditions).members(sized_panel(), 2016).tolist()


def test_cohorts_worked_out_by_hand():
    # Known in 2018: 900, 400, 500, 90; the fifth area has no other count than that of 2022.
    assert members(min_inhabitants=500) == [True, False, True, False, True, False]
    assert members(max_inhabitants=499) == [False, True, False, True, False, False]
    assert members(min_inhabitants=90, max_inhabitants=500) == [False, True, True, True, False, False]
    assert members(min_class=6) == [True, True, True, True, False, True]
    assert members(max_class=6, min_inhabitants=500) == [True, False, True, False, True, False]
    assert members(urbanity=("very strongly urban", "moderately urban")) == [
        True,
        False,
        True,
        False,
        False,
        False,
    ]
    assert members(size=("below 200",)) == [False, False, False, True, False, False]
    assert members(level=("class 4 and lower", "class 8")) == [False, False, False, False, True, True]
    assert members() == [True] * 6


def test_labels_worked_out_by_hand():
    panel = sized_panel()
    assert labels_of(panel, 2016, "size").tolist() == [
        "500 to 1,999", "200 to 499", "500 to 1,999", "below 200", "5,000 and more", "unknown",
    ]  # fmt: skip
    assert labels_of(panel, 2016, "urbanity").tolist() == [
        "very strongly urban", "strongly urban", "moderately urban", "not urban", "unknown", "hardly urban",
    ]  # fmt: skip
    assert labels_of(panel, 2016, "level").tolist() == [
        "class 6", "class 7", "class 6", "class 6", "class 4 and lower", "class 8",
    ]  # fmt: skip


def test_the_size_that_counts_is_the_newest_known_else_the_first_to_come():
    counts = {2013: [1.0, np.nan], 2015: [2.0, np.nan], 2017: [3.0, 30.0], 2022: [4.0, 40.0]}
    score = {wave: [4.1, 4.1] for wave in (2008, 2012, 2014, 2016, 2018)}
    panel = panel_of({"score": score, "population": counts}, CODES[:2])
    # Waves are published after 28 months, counts after twelve.
    for wave, expected in {2008: [1, 30], 2014: [2, 30], 2016: [3, 30], 2018: [3, 30]}.items():
        np.testing.assert_array_equal(as_known(panel, "population", wave), expected)
    assert np.isnan(as_known(panel, "density", 2018)).all()


@pytest.mark.parametrize(
    "conditions",
    [
        {"min_inhabitants": 500, "max_inhabitants": 100},
        {"min_class": 7, "max_class": 5},
        {"max_class": 10},
        {"urbanity": ("urban",)},
    ],
)
def test_impossible_cohorts_are_refused(conditions):
    with pytest.raises(InputError, match="made"):
        Cohort("made", **conditions)


# In an experiment file.


def loaded(tmp_path, change):
    content = yaml.safe_load((EXPERIMENTS / "decline-2y.yaml").read_text(encoding="utf-8"))
    change(content)
    path = tmp_path / "question.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return load_experiment(path)


def test_targets_and_cohorts_are_read_from_the_file(tmp_path):
    targets = [{"kind": "development"}, {"kind": "beyond_noise", "times_noise": 1}]
    cohort = {"name": "urban", "urbanity": ["very strongly urban"], "max_class": 6}
    question = loaded(tmp_path, lambda content: content.update(targets=targets, cohorts=[cohort]))
    assert [event.name for event in question.events] == ["fall_0.05", "development_3", "beyond_noise_1"]
    assert question.cohorts == (Cohort("urban", urbanity=("very strongly urban",), max_class=6),)
    assert experiment().events == (experiment().event,)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"targets": [{"kind": "fall", "more_than": 0.05}]}, "every name once"),
        ({"targets": {"kind": "fall"}}, "targets"),
        ({"targets": [{"kind": "fall", "deeper_than": 1}]}, "deeper_than"),
        ({"event": {"kind": "relative_fall"}}, "Put it under targets"),
        ({"event": {"kind": "slide"}, "cohorts": [{"name": "x", "max_class": 1}]}, "areas of class 2 to 9"),
        ({"event": {"kind": "recover"}, "cohorts": [{"name": "x", "min_class": 5}]}, "areas of class 1 to 4"),
        ({"targets": [{"kind": "recover"}], "cohorts": [{"name": "x", "level": ["class 7"]}]}, "'recover' can"),
        ({"event": {"kind": "slides"}}, "'slide'"),
        ({"cohorts": [{"name": "x", "urbanity": "not urban"}]}, "urbanity"),
        ({"cohorts": [{"name": "x", "max_inhabitants": -1}]}, "max_inhabitants"),
        ({"cohorts": [{"name": "x"}, {"name": "x"}]}, "every name once"),
    ],
)
def test_impossible_experiments_are_refused(tmp_path, change, message):
    with pytest.raises(InputError, match=message):
        loaded(tmp_path, lambda content: content.update(change))
