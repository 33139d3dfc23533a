"""Mechanisms: every rule of the catalogue on made areas where it holds, does not hold, and cannot be judged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from worlds import BASE, example_panel, experiment, panel_of, wijk_codes

from riskmodel.catalogue import Indicator, class_scheme, indicators
from riskmodel.catalogue.units import Amount
from riskmodel.errors import InputError
from riskmodel.forecasting.drivers import mechanisms as room
from riskmodel.forecasting.drivers.measures import country_mean, measure
from riskmodel.forecasting.drivers.mechanisms import catalogued_rules, rules_from, stacking
from riskmodel.forecasting.features import neighbours_mean, training_of
from riskmodel.forecasting.origins import origin_at
from riskmodel.forecasting.stage import fit, forecast_with
from riskmodel.products.risk_list.texts import Sentence, in_dutch

CUT = class_scheme("3.0").cuts[3]
N = 20
NAN = float("nan")
EVEN = np.full(N, 4.1)


def text_of(found):
    return in_dutch(Sentence(f"mechanism_{found.id}_{found.way}", found.values))


def local(key, unit="number", kind="extensive"):
    return Indicator(key, key, key, "local", unit, "neutral", kind, "local", 0)


def world(values, borders=True, **definitions):
    """Twenty areas in a row, each bordering on the next; the first is looked at, the last is not known."""
    dates = {
        (key, year): np.datetime64("2015-01-01").astype(object)
        for key, years in values.items()
        for year in years
        if key.startswith("local_")
    }
    panel = panel_of({"score": {2014: EVEN, 2016: EVEN}, **values}, wijk_codes(N), dates)
    row = np.arange(N - 1)
    pairs = np.column_stack([row, row + 1]) if borders else np.empty((0, 2), dtype=np.intp)
    return replace(panel, borders=pairs, definitions={**indicators(), **definitions})


def first(number, others, last=NAN):
    return np.array([number, *np.full(N - 2, others), last])


def spread(number, last=NAN):
    """The first value, then values rising from 1 to 19, the last not known."""
    return np.array([number, *np.arange(1, N - 1), last], dtype=float)


RATE = local("local_mutatiegraad", "%", "intensive")
CASES = {
    "ageing": (
        world({"age_65_plus": {2012: first(20, 15), 2016: first(24, 15)}}),
        world({"age_65_plus": {2012: first(12, 15), 2016: first(14, 15)}}),
    ),
    "weak_supply": (
        world({"won": {2014: first(-0.1, 0.0)}}),
        world({"won": {2014: first(0.1, 0.0)}}),
    ),
    "demolition": (
        world({"local_sloop": {2016: first(40, 0)}}, local_sloop=local("local_sloop")),
        world({"local_sloop": {2016: first(0, 0)}}, local_sloop=local("local_sloop")),
    ),
    "shrinkage": (
        world({"population": {2012: first(1000, 1000), 2016: first(960, 1000)}}),
        world({"population": {2012: first(1000, 1000), 2016: first(980, 1000)}}),
    ),
    "rising_nuisance": (
        world({"onv": {2014: first(0.05, 0.0), 2016: first(0.02, 0.0)}}),
        world({"onv": {2014: first(0.05, 0.0), 2016: first(0.04, 0.0)}}),
    ),
    "health_and_money": (
        world({"rivm_money_trouble": {2012: spread(30)}, "rivm_good_health": {2012: spread(0.5)}}),
        world({"rivm_money_trouble": {2012: spread(30)}, "rivm_good_health": {2012: spread(30)}}),
    ),
    "turnover": (
        world({"local_mutatiegraad": {2016: spread(30)}}, local_mutatiegraad=RATE),
        world({"local_mutatiegraad": {2016: spread(1)}}, local_mutatiegraad=RATE),
    ),
}  # fmt: skip


def state_of(panel, rule):
    found = stacking(panel)
    return found.state[[each.id for each in found.rules].index(rule)], found


@pytest.mark.parametrize("rule", list(CASES))
def test_a_rule_holds_does_not_hold_and_is_not_applicable(rule):
    yes, no = CASES[rule]
    held, found = state_of(yes, rule)
    assert held[0] == 1
    assert np.isnan(held[-1]), "not known is not applicable, never false"
    [own] = [each for each in found.of(0) if each.id == rule]
    assert "{" not in text_of(own)
    assert "None" not in text_of(own)
    assert "nan" not in text_of(own)
    assert text_of(own).endswith(".")
    assert state_of(no, rule)[0][0] == 0
    assert rule not in [each.id for each in state_of(no, rule)[1].of(0)]
    assert np.isnan(state_of(world({}), rule)[0]).all(), "without its indicators a rule is not applicable"


def test_neighbours_declining_by_hand():
    """Area 5 stands still between two areas that fall by .04 while the country falls by .004."""
    later = EVEN.copy()
    later[[4, 6]] -= 0.04
    held, found = state_of(world({"score": {2014: EVEN, 2016: later}}), "neighbours_declining")
    np.testing.assert_array_equal(np.flatnonzero(held == 1), [5])
    assert held[0] == 0
    assert "\N{MINUS SIGN}0,036 punt" in next(text_of(each) for each in found.of(5))
    assert np.isnan(
        state_of(world({"score": {2014: EVEN, 2016: later}}, borders=False), "neighbours_declining")[0]
    ).all()


def test_tipping_zone_is_declining_and_just_above_the_cut():
    before = np.full(N, 4.1)
    after = before.copy()
    at = BASE + CUT + np.array([1e-9, 0.0299, 0.0301, -0.0001, 0.02, 0.02])
    after[:6] = at
    before[:6] = at + np.array([0.01 + 1e-9, 0.02, 0.02, 0.02, 0.009, -0.02])
    before[7] = NAN
    held, found = state_of(world({"score": {2014: before, 2016: after}}), "tipping_zone")
    assert held[:6].tolist() == [1, 1, 0, 0, 0, 0]
    assert np.isnan(held[7]), "without an earlier score nobody knows whether it declines"
    assert "\N{MINUS SIGN}0,020 punt" in text_of(found.of(1)[0])
    assert "0,030 punt boven de grens" in text_of(found.of(1)[0])


def test_the_other_ways_in_which_a_rule_holds():
    """Dwelling value and corporation share, vacancy, reports, offences, new-build, old age alone."""
    value = {"dwelling_value": {2014: first(150, 300, 300)}, "rented_corporation": {2014: first(60, 30, 30)}}
    [own] = stacking(world(value)).of(0)
    assert text_of(own) == (
        "De gemiddelde WOZ-waarde is \N{EURO SIGN} 150.000 (2014). In de gebieden eromheen is dat "
        "\N{EURO SIGN} 300.000. 60% van de woningen is van een corporatie, eromheen 30%."
    )
    [own] = stacking(world({"vacancy": {2014: first(9, 2, 2)}})).of(0)
    assert text_of(own) == "9% van de woningen staat leeg (2014). In de gebieden eromheen is dat 2%."
    people = {"population": {2012: np.full(N, 1000.0)}}
    reports = {"local_meldingen": {2014: np.full(N, 20.0), 2016: first(25, 20, 20)}}
    [own] = stacking(world({**people, **reports}, local_meldingen=local("local_meldingen"))).of(0)
    assert (
        text_of(own)
        == "Het aantal meldingen van overlast per 1.000 inwoners ging van 20,0 in 2014 naar 25,0 in 2016."
    )
    few = {"local_meldingen": {2014: first(2, 20, 20), 2016: first(3, 20, 20)}}
    assert stacking(world({**people, **few}, local_meldingen=local("local_meldingen"))).of(0) == ()
    crime = {"police_offences": {2014: np.full(N, 40.0), 2016: first(60, 40, 40)}}
    assert [each.id for each in stacking(world({**people, **crime})).of(0)] == ["rising_nuisance"]
    new = world({"local_nieuwbouw": {2016: first(1250, 0)}}, local_nieuwbouw=local("local_nieuwbouw"))
    assert text_of(stacking(new).of(0)[0]) == "Volgens de gemeente is nieuwbouw gepland van 1.250 woningen (2016)."
    old = stacking(world({"age_65_plus": {2016: spread(40)}}))
    assert "meer dan in 9 van de 10 gebieden" in text_of(old.of(0)[0])


def test_every_rule_of_the_catalogue_is_tested_here():
    assert {rule.id for rule in catalogued_rules()} == {*CASES, "neighbours_declining", "tipping_zone"}


def test_only_what_was_known_counts():
    """The fall of nuisance is published in 2018: in 2017 nobody can say that it rises."""
    panel = CASES["rising_nuisance"][0]
    moment = panel.published_on("onv", 2016)
    assert state_of(panel.known_at(moment), "rising_nuisance")[0][0] == 1
    before = panel.known_at(moment.replace(year=moment.year - 1))
    assert np.isnan(state_of(before, "rising_nuisance")[0]).all()


def test_mechanisms_never_change_a_forecast(tmp_path: Path):
    panel = example_panel(tmp_path, n_areas=200)
    question, origin = experiment(trees=20), origin_at(panel, 2018, 2)

    def forecast():
        model = fit(question.model("lightgbm"), question, training_of(panel, origin))
        return forecast_with("lightgbm", model, question, panel, origin)

    values = panel.values.copy()
    (before, features) = forecast()
    found = stacking(panel.known_at(origin.known_at))
    after, again = forecast()
    assert (found.state == 1).any()
    np.testing.assert_array_equal(panel.values, values)
    np.testing.assert_array_equal(before.cdf, after.cdf)
    np.testing.assert_array_equal(before.mean, after.mean)
    np.testing.assert_array_equal(features.values, again.values)
    assert not [name for name in features.names if any(rule.id in name for rule in catalogued_rules())]
    sources = Path(room.__file__).parents[1].glob("forecasting/**/*.py")
    assert not [
        path for path in sources if "from riskmodel.forecasting.drivers" in path.read_text(encoding="utf-8")
    ]


def test_a_rule_with_a_wrong_word_is_refused():
    good = {"text": "x", "a": {"indicator": "onv", "measure": "level", "at_least": 1}}
    assert rules_from({"r": {"title": "t", "ways": [good]}})[0].ways[0].conditions[0].limits == {"at_least": 1}
    for wrong in ({"measure": "slope"}, {"at_leats": 1}, {"indicator": None}):
        about = {key: value for key, value in (good["a"] | wrong).items() if value is not None}
        with pytest.raises(InputError, match=r"mechanism r\.a"):
            rules_from({"r": {"title": "t", "ways": [{"text": "x", "a": about}]}})


def test_measures_by_hand():
    values = np.array([1.0, 3.0, NAN, 7.0])
    borders = np.array([[0, 1], [1, 2], [2, 3], [0, 3]])
    around = neighbours_mean(np.append(values, np.zeros(N - 4)), borders)
    np.testing.assert_allclose(around[:4], [5.0, 1.0, 5.0, 1.0])
    assert country_mean(values, np.array([1.0, 3.0, 100.0, NAN])) == pytest.approx(2.5)
    assert country_mean(values, np.full(4, NAN)) == pytest.approx(11 / 3)
    found = measure(
        world({"population": {2012: first(500, 1000)}, "police_offences": {2014: first(5, 20, 20)}}),
        ("police_offences",),
        "level",
    )
    assert found.value[0] == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("value", "unit", "sign", "expected"),
    [
        (12.0, "percent", False, "12%"),
        (9.04, "percent", False, "9%"),
        (9.5, "%", False, "9,5%"),
        (9.97, "percent", False, "10%"),
        (-0.0123, "score points", False, "\N{MINUS SIGN}0,012"),
        (0.0123, "points", True, "+0,012 punt"),
        (-0.0001, "points", True, "0,000 punt"),
        (1234.5, "per 1000 inhabitants", False, "1.234,5"),
        (254.3, "thousand euro", False, "\N{EURO SIGN} 254.300"),
        (0.84, "km", False, "0,8 km"),
        (NAN, "percent", False, ""),
    ],
)  # fmt: skip
def test_amounts_in_dutch(value, unit, sign, expected):
    assert in_dutch(Sentence("value_amount", {"now": Amount(value, unit, sign)})) == expected
