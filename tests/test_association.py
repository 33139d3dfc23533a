"""Two indicators over time: against scipy and loops, a planted slope that is covered, and Simpson's paradox."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from module_texts import CAUSAL, fixed_texts
from worlds import panel_of, wijk_codes

from riskmodel.errors import InputError
from riskmodel.monitor import uncertainty
from riskmodel.monitor.association import association as association_module
from riskmodel.monitor.association import pair as association_pair
from riskmodel.monitor.association.association import ALL, association
from riskmodel.monitor.groups import Group
from riskmodel.monitor.uncertainty import draw, pearson_and_slope, spearman
from riskmodel.panel.build import build_panel
from riskmodel.panel.panel import Panel
from riskmodel.products.present import association_words
from riskmodel.products.present.association_words import in_words
from riskmodel.sources.leefbaarometer import scores as leefbaarometer
from riskmodel.sources.statline import rivm

NAN = float("nan")
YEARS = (2016, 2018, 2020)


def tidy(codes: Sequence[str], values: Mapping[str, Mapping[int, Sequence[float]]]) -> pd.DataFrame:
    """``{indicator: {year: values}}`` as rows of an area and year."""
    long = [
        pd.DataFrame({"location": codes, "year": year, "name": name, "value": list(column)})
        for name, by_year in values.items()
        for year, column in by_year.items()
    ]
    wide = pd.concat(long).pivot(index=["location", "year"], columns="name", values="value")
    return wide.rename_axis(columns=None).reset_index()


def random_values(seed: int, n: int, years: Sequence[int] = YEARS) -> dict[str, dict[int, list[float]]]:
    rng = np.random.default_rng(seed)
    level = rng.normal(size=n)
    return {
        "x": {year: list(level + rng.normal(size=n) + k) for k, year in enumerate(years)},
        "y": {year: list(0.5 * level + rng.normal(size=n) - k) for k, year in enumerate(years)},
    }


def test_every_figure_against_scipy_and_a_loop() -> None:
    codes, n = wijk_codes(60, 15), 60
    values = random_values(1, n)
    values["y"][2018][7] = NAN
    found = association(tidy(codes, values), "x", "y", 2016, 2020, draws=100)
    x, y = (np.array([values[name][year] for year in YEARS]).T for name in ("x", "y"))
    whole = np.arange(n) != 7
    # Two-way residuals, on areas with every year.
    within = [each[whole] - each[whole].mean(axis=1, keepdims=True) for each in (x, y)]
    within = [(each - each.mean(axis=0)).ravel() for each in within]
    expected = {
        "level": (x[:, 2], y[:, 2]),
        "change": (x[:, 2] - x[:, 0], y[:, 2] - y[:, 0]),
        "between": (x[whole].mean(axis=1), y[whole].mean(axis=1)),
        "within": (within[0], within[1]),
    }
    for kind, (one, other) in expected.items():
        row = found.row(ALL, kind)
        assert row["pearson"] == pytest.approx(scipy.stats.pearsonr(one, other).statistic), kind
        assert row["spearman"] == pytest.approx(scipy.stats.spearmanr(one, other).statistic), kind
        assert row["slope"] == pytest.approx(scipy.stats.linregress(one, other).slope), kind
        assert row["pearson_low"] < row["pearson"] < row["pearson_high"]
    assert found.table["n"].tolist() == [60, 60, 59, 59]
    assert found.table["values"].tolist() == [60, 60, 59, 177]
    assert found.table["municipalities"].tolist() == [15] * 4 and found.table["whole_municipalities"].all()
    assert found.years == ((2016, 2016, 2016), (2018, 2018, 2018), (2020, 2020, 2020))


def test_intervals_are_those_of_a_loop_over_drawn_municipalities() -> None:
    codes = wijk_codes(48, 12)
    values = random_values(2, 48)
    found = association(tidy(codes, values), "x", "y", 2016, 2020, draws=80, seed=9)
    x, y = (np.array([values[name][year] for year in YEARS]).T for name in ("x", "y"))
    towns = np.array(["GM" + code[2:6] for code in codes])
    drawn = draw(towns, 80, seed=9).weights.astype(int)
    one, other = x[:, 2] - x[:, 0], y[:, 2] - y[:, 0]
    fits = [scipy.stats.linregress(np.repeat(one, row), np.repeat(other, row)) for row in drawn]
    row = found.row(ALL, "change")
    low, high = np.quantile([fit.slope for fit in fits], [0.025, 0.975])
    assert (row["slope_low"], row["slope_high"]) == pytest.approx((low, high))
    low, high = np.quantile([fit.rvalue for fit in fits], [0.025, 0.975])
    assert (row["pearson_low"], row["pearson_high"]) == pytest.approx((low, high))
    # Within areas every draw has year means of its own.
    slopes = []
    for times in drawn:
        parts = [np.repeat(each, times, axis=0) for each in (x, y)]
        parts = [each - each.mean(axis=1, keepdims=True) for each in parts]
        parts = [each - each.mean(axis=0) for each in parts]
        slopes.append((parts[0] * parts[1]).sum() / (parts[0] ** 2).sum())
    row = found.row(ALL, "within")
    assert (row["slope_low"], row["slope_high"]) == pytest.approx(tuple(np.quantile(slopes, [0.025, 0.975])))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_with_two_years_within_is_change(seed: int) -> None:
    values = random_values(seed, 20, (2018, 2020))
    table = association(tidy(wijk_codes(20, 20), values), "x", "y", 2018, 2020, draws=20).table.set_index("kind")
    for name in ("pearson", "slope", "slope_low", "slope_high"):
        assert table.loc["within", name] == pytest.approx(table.loc["change", name])


def planted(rng: np.random.Generator, slope: float, towns: int = 30, each: int = 10) -> pd.DataFrame:
    """Changes with a slope, and a part that areas of one municipality share on both sides."""
    codes = wijk_codes(towns * each, towns)
    n, town = len(codes), np.unique([code[2:6] for code in codes], return_inverse=True)[1]
    step = rng.normal(size=n) + rng.normal(size=towns)[town]
    answer = slope * step + 0.7 * rng.normal(size=n) + 0.7 * rng.normal(size=towns)[town]
    start = rng.normal(size=(2, n))
    return tidy(
        codes,
        {"x": {2018: start[0], 2020: start[0] + step}, "y": {2018: start[1], 2020: start[1] + answer}},
    )


def test_a_planted_slope_is_covered_as_often_as_promised() -> None:
    """From municipalities; the classical interval takes areas for independent and is too narrow."""
    rng, hits, classical, found = np.random.default_rng(4), [], [], []
    for _ in range(70):
        frame = planted(rng, 0.4)
        row = association(frame, "x", "y", 2018, 2020, draws=100).row(ALL, "change")
        hits.append(row["slope_low"] <= 0.4 <= row["slope_high"])
        found.append(row["slope"])
        wide = frame.pivot(index="location", columns="year")
        fit = scipy.stats.linregress(wide["x"][2020] - wide["x"][2018], wide["y"][2020] - wide["y"][2018])
        classical.append(abs(fit.slope - 0.4) <= 1.96 * fit.stderr)
    assert np.mean(found) == pytest.approx(0.4, abs=0.02)
    assert 0.88 <= np.mean(hits) <= 0.99
    assert np.mean(classical) < np.mean(hits) - 0.1


def test_simpsons_paradox_between_and_within() -> None:
    """Areas with more x have less y, and in every single area y rises with x."""
    rng, n = np.random.default_rng(5), 120
    level = rng.normal(size=n)
    moves = {year: rng.normal(scale=0.3, size=n) for year in YEARS}
    values = {
        "x": {year: list(level + moves[year]) for year in YEARS},
        "y": {year: list(-2 * level + moves[year] + rng.normal(scale=0.05, size=n)) for year in YEARS},
    }
    found = association(tidy(wijk_codes(n, 30), values), "x", "y", 2016, 2020, draws=200)
    between, within = found.row(ALL, "between"), found.row(ALL, "within")
    assert between["pearson_high"] < -0.9 and found.row(ALL, "level")["pearson"] < -0.8
    assert within["pearson_low"] > 0.9 and found.row(ALL, "change")["pearson"] > 0.9
    assert within["slope"] == pytest.approx(1, abs=0.05) and between["slope"] == pytest.approx(-2, abs=0.2)
    text = in_words(found)
    assert "In 2020 hangt A samen met B: waar A hoger is, is B meestal lager" in text
    assert "waar A meer steeg dan gemiddeld, steeg ook B meestal meer dan gemiddeld" in text
    assert "Let op: die twee hebben een ander teken." in text


def test_a_common_trend_is_no_association_within() -> None:
    rng, n = np.random.default_rng(6), 200
    values = {
        name: {year: list(rng.normal(size=n) + 50 * k) for k, year in enumerate(YEARS)} for name in ("x", "y")
    }
    found = association(tidy(wijk_codes(n, 40), values), "x", "y", 2016, 2020, draws=200)
    assert abs(found.row(ALL, "within")["pearson"]) < 0.15
    assert "er geen duidelijke samenhang tussen de verandering van A en die van B" in in_words(found)


def test_weights_count_as_repeated_areas() -> None:
    codes, times = wijk_codes(30, 30), np.random.default_rng(8).integers(0, 4, 30)
    values = random_values(7, 30)
    weights = pd.Series(times.astype(float), index=codes).sample(frac=1, random_state=1)
    weighted = association(tidy(codes, values), "x", "y", 2016, 2020, weights=weights, draws=20)
    one, other = (np.repeat(values[name][2020], times) for name in ("x", "y"))
    row = weighted.row(ALL, "level")
    assert row["pearson"] == pytest.approx(scipy.stats.pearsonr(one, other).statistic)
    assert row["spearman"] == pytest.approx(scipy.stats.spearmanr(one, other).statistic)
    assert row["n"] == (times > 0).sum() and weighted.weighted


def test_groups_are_told_by_themselves() -> None:
    codes = wijk_codes(60, 12)
    values = random_values(10, 60)
    groups = [
        Group("klein", "de kleine groep", "test", "", tuple(codes[:9])),
        Group("stad", "drie steden", "test", "", ("GM9001", "GM9002", "GM9003")),
    ]
    found = association(tidy(codes, values), "x", "y", 2016, 2020, with_groups=groups, draws=50)
    inside = np.array([code[2:6] in ("9001", "9002", "9003") for code in codes])
    row = found.row("drie steden", "level")
    one, other = (np.array(values[name][2020])[inside] for name in ("x", "y"))
    assert row["pearson"] == pytest.approx(scipy.stats.pearsonr(one, other).statistic)
    assert row["n"] == 15 and row["municipalities"] == 3 and not row["whole_municipalities"]
    assert "trekkingen van wijken; ze liggen in te weinig gemeenten, dus het is te smal." in in_words(
        found, "drie steden"
    )
    small = found.row("de kleine groep", "level")
    assert small["n"] == 9 and np.isnan(small["pearson"]) and np.isnan(small["slope_low"])
    text = "In 2020: te weinig gebieden of verschillen om een samenhang te berekenen (9 wijken)."
    assert text in in_words(found, "de kleine groep")
    with pytest.raises(InputError, match="found no 'level' of group 'nergens'; expected one of alle gebieden"):
        in_words(found, "nergens")
    nobody = Group("leeg", "niemand", "test", "", ("GM0001",))
    with pytest.raises(InputError, match="group leeg: found none of its 1 members"):
        association(tidy(codes, values), "x", "y", 2016, 2020, with_groups=[nobody])


# ----------------------------------------------------------------------------------------------- years


def panel(codes: list[str], values: Mapping[str, Mapping[int, Sequence[float]]]) -> Panel:
    return panel_of(values, codes)


def two(first: Sequence[int], second: Sequence[int], n: int = 40) -> Panel:
    rng = np.random.default_rng(12)
    values = {
        "rivm_loneliness": {year: rng.uniform(20, 60, n) for year in first},
        "score": {year: 4.1 + 0.1 * rng.normal(size=n) for year in second},
    }
    return panel(wijk_codes(n, 20), values)


def test_the_nearest_years_are_used_and_said() -> None:
    source = two((2012, 2016, 2020), (2014, 2016, 2018, 2020))
    found = association(source, "rivm_loneliness", "score", 2014, 2020, draws=20)
    assert found.years == ((2014, 2012, 2014), (2016, 2016, 2016), (2020, 2020, 2020))
    text = in_words(found)
    assert "Van 2012 (A) en 2014 (B) tot 2020" in text
    assert (
        "Gevraagd: 2014 en 2020. Gebruikt is het jaar dat het dichtst daarbij ligt: 2012, 2016 en 2020 voor A en "
        "2014, 2016 en 2020 voor B." in text
    )
    exact = association(source, "rivm_loneliness", "score", 2016, 2020, draws=20)
    assert "Gebruikte jaren: 2016 en 2020." in in_words(exact)


def test_one_year_tells_levels_and_no_change() -> None:
    found = association(two((2016,), (2014, 2016, 2018)), "rivm_loneliness", "score", 2014, 2018, draws=20)
    assert found.years == ((2018, 2016, 2018),)
    table = found.table.set_index("kind")
    assert table["n"].tolist() == [40, 0, 40, 0]
    assert table.loc["level", "pearson"] == pytest.approx(table.loc["between", "pearson"])
    assert np.isnan(table.loc[["change", "within"], "slope"]).all()
    assert "maar één jaar in deze periode bekend. Over verandering is dus niets te zeggen." in in_words(found)


def test_years_that_are_too_far_are_refused() -> None:
    source = two((2012, 2016), (2014, 2016, 2018, 2020))
    with pytest.raises(InputError) as caught:
        association(source, "rivm_loneliness", "score", 2014, 2020)
    assert str(caught.value) == (
        "association: found 'rivm_loneliness' in 2012, 2016; expected a value within 2 years of 2020. Ask for "
        "other years, or a larger `within`."
    )
    assert association(source, "rivm_loneliness", "score", 2014, 2020, within=4, draws=5).years[-1][1] == 2016


# ------------------------------------------------------------------------------------------- refusals


def test_an_indicator_of_origin_gives_the_panels_refusal(tmp_path: Path) -> None:
    """The panel is built without; a table that has one all the same is refused too."""
    source = two((2016, 2020), (2016, 2020))
    with pytest.raises(
        InputError, match=r"^panel: found no indicator 'non_western'; expected one of rivm_loneliness"
    ):
        association(source, "non_western", "score", 2016, 2020)
    frame = tidy(wijk_codes(20, 20), random_values(1, 20)).rename(columns={"x": "aandeel_migratieachtergrond"})
    with pytest.raises(InputError, match="about the origin of residents; expected another indicator"):
        association(frame, "aandeel_migratieachtergrond", "y", 2016, 2020)


def test_refusals() -> None:
    frame = tidy(wijk_codes(20, 20), random_values(1, 20))
    with pytest.raises(InputError, match="association: found 'x' twice; expected two indicators"):
        association(frame, "x", "x", 2016, 2020)
    with pytest.raises(InputError, match="expected an end after 2020"):
        association(frame, "x", "y", 2020, 2016)
    with pytest.raises(InputError, match="frame: found no column 'z'"):
        association(frame, "x", "z", 2016, 2020)
    with pytest.raises(InputError, match="frame: found an area and year twice"):
        association(pd.concat([frame, frame]), "x", "y", 2016, 2020)
    with pytest.raises(InputError, match="frame: found column 'x' with other things than finite numbers"):
        association(frame.assign(x="veel"), "x", "y", 2016, 2020)
    with pytest.raises(InputError, match="frame: found column 'y' with other things than finite numbers"):
        association(frame.assign(y=np.inf), "x", "y", 2016, 2020)
    with pytest.raises(InputError, match="frame: found a row without area or year"):
        association(frame.assign(year=2016.5), "x", "y", 2016, 2020)
    with pytest.raises(InputError, match="frame: found no rows"):
        association(frame.iloc[:0], "x", "y", 2016, 2020)
    mixed = frame.assign(location=frame["location"].replace("WK900100", "GM9001"))
    with pytest.raises(InputError, match="frame: found areas of levels gemeente, wijk; expected one level"):
        association(mixed, "x", "y", 2016, 2020)
    with pytest.raises(InputError, match=r"weights: found shape \(3,\); expected shape \(20,\), one an area"):
        association(frame, "x", "y", 2016, 2020, weights=np.ones(3))
    with pytest.raises(InputError, match="weights: found a negative or infinite weight"):
        association(frame, "x", "y", 2016, 2020, weights=-np.ones(20))


def test_what_does_not_vary_has_no_correlation() -> None:
    values = random_values(1, 20)
    values["x"] = {year: [0.1 + 0.2] * 20 for year in YEARS}
    found = association(tidy(wijk_codes(20, 20), values), "x", "y", 2016, 2020, draws=20)
    assert np.isnan(found.table[["pearson", "spearman", "slope", "slope_low"]]).all(axis=None)
    assert "te weinig gebieden of verschillen om een samenhang te berekenen (20 wijken)" in in_words(found)
    ones = np.ones((1, 4))
    assert np.isnan(spearman(np.ones(4), np.arange(4.0), ones)).all()
    assert np.isnan(pearson_and_slope(np.full((4, 1), 0.3), np.arange(4.0)[:, None], ones)[0]).all()


# ---------------------------------------------------------------------------------------------- words


def test_no_word_about_why() -> None:
    modules = (association_module, association_pair, association_words, uncertainty)
    texts = [text for module in modules for text in fixed_texts(Path(module.__file__))]
    assert any("samen met" in text for text in texts), "the texts are found at all"
    assert [text for text in texts if re.search(CAUSAL, text.casefold())] == []
    source = two((2012, 2016, 2020), (2014, 2016, 2018, 2020))
    found = association(source, "rivm_loneliness", "score", 2014, 2020, draws=20)
    every = [found, replace(found, leefbaarometer=2), replace(found, leefbaarometer=0, proxies=("score",))]
    told = [in_words(each) for each in every]
    assert [text for text in told if re.search(CAUSAL, text.casefold())] == []
    assert all("Een samenhang zegt niet waarom" in text for text in told)


def test_cautions_about_the_leefbaarometer_and_proxies() -> None:
    rng, n = np.random.default_rng(1), 40
    values = {
        name: {year: rng.uniform(10, 20, n) for year in (2018, 2020)} for name in ("onv", "score", "low_income")
    }
    source = panel(wijk_codes(n, 20), values)
    dimension = in_words(association(source, "onv", "score", 2018, 2020, draws=20))
    assert dimension.startswith("‘score voor overlast en onveiligheid (hoger is beter)’ (A) en ‘totaalscore")
    assert "A en B komen allebei uit de Leefbaarometer" in dimension
    income = in_words(association(source, "low_income", "score", 2018, 2020, draws=20))
    assert "Hoort het andere cijfer daarbij, dan zit de samenhang voor een deel al in de berekening." in income
    assert "Let op: A kan indirect iets zeggen over de herkomst van bewoners." in income


# ------------------------------------------------------------------------------------- official files


def test_loneliness_on_the_official_files(real_data: Path) -> None:
    """Lonelier wijken score lower; over the years the two hardly move together. Against pandas and scipy."""
    folder = real_data / "leefbaarometer-3.0"
    [scores] = leefbaarometer.read_scores([folder / "Leefbaarometer-scores wijken 2002-2020.csv"])
    health = rivm.read_monitor([real_data / "rivm" / f"{year}_18plus.xlsx" for year in (2012, 2020)])
    source = build_panel(scores, health)
    found = association(source, "rivm_loneliness", "score", 2012, 2020, draws=40)
    assert found.years == ((2012, 2012, 2012), (2020, 2020, 2020))
    frame = pd.DataFrame(
        {
            f"{name}{year}": source.at(name, year)
            for name in ("rivm_loneliness", "score")
            for year in (2012, 2016, 2020)
        }
    )
    level = frame[["rivm_loneliness2020", "score2020"]].dropna()
    row = found.row(ALL, "level")
    assert row["n"] == len(level) > 2900
    assert row["pearson"] == pytest.approx(level.corr().iloc[0, 1])
    assert row["spearman"] == pytest.approx(scipy.stats.spearmanr(level.iloc[:, 0], level.iloc[:, 1]).statistic)
    assert -0.65 < row["spearman"] < -0.4
    change = pd.DataFrame(
        {
            "x": frame["rivm_loneliness2020"] - frame["rivm_loneliness2012"],
            "y": frame["score2020"] - frame["score2012"],
        }
    ).dropna()
    row = found.row(ALL, "change")
    assert row["n"] == len(change)
    assert row["slope"] == pytest.approx(scipy.stats.linregress(change["x"], change["y"]).slope)
    assert abs(row["pearson"]) < 0.15 and found.row(ALL, "between")["pearson"] < -0.5
