"""Surveys beside the measurement: shares and intervals by hand, against scipy, and by brute force."""

from __future__ import annotations

import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from module_texts import CAUSAL, fixed_texts
from worlds import panel_of, wijk_codes

from riskmodel.catalogue.units import decimal
from riskmodel.errors import InputError
from riskmodel.monitor.groups import Group
from riskmodel.monitor.measured import Measured, measured_of
from riskmodel.monitor.survey import agreement as agreement_module
from riskmodel.monitor.survey import comparison, file
from riskmodel.monitor.survey.agreement import Agreement, agreement, compare_figure
from riskmodel.monitor.survey.comparison import shared_noise, survey_table
from riskmodel.monitor.survey.file import Survey, read_survey
from riskmodel.monitor.uncertainty import Estimate, balance_interval, draw, estimate, spearman, wilson
from riskmodel.panel.build import build_panel
from riskmodel.panel.measurement_noise import UNKNOWN, Noise
from riskmodel.products.present import survey_words
from riskmodel.products.present.survey_words import in_words, percent, table_in_dutch
from riskmodel.products.rendering.dutch import count_of
from riskmodel.sources.kwb import reader as kwb
from riskmodel.sources.leefbaarometer import scores as leefbaarometer

NAN = float("nan")
DOCS = Path(__file__).parents[1] / "docs" / "surveys.md"
#: One hundredth of a score point for an area of any size.
FLAT = Noise(1e-4, 0.0, 1000.0)


def made(scores: dict[int, list[float]], people: list[float], codes: list[str]) -> Measured:
    return measured_of(panel_of({"score": scores, "population": {2016: people}}, codes))


def asked(
    codes: list[str],
    respondents: list[float],
    decline: list[float],
    progress: list[float],
    level: str = "wijk",
    population: list[float] | None = None,
) -> Survey:
    columns = [np.array(each, dtype=float) for each in (respondents, decline, progress)]
    everybody = np.array(population or [NAN] * len(codes), dtype=float)
    return Survey(level, np.array(codes), *columns, everybody)


def written(folder: Path, text: str) -> Path:
    path = folder / "enquete.csv"
    path.write_text(text, encoding="utf-8")
    return path


# Three wijken in two municipalities: one rises, one falls, one stays.
THREE = ["WK900100", "WK900101", "WK900200"]
COUNTRY = made({2016: [4.00, 4.10, 4.20], 2020: [4.08, 4.06, 4.20]}, [1000.0, 3000.0, 2000.0], THREE)


def test_three_areas_by_hand() -> None:
    """100 of whom 10 and 60; 50 of whom 5 and 25; 40 of whom 30 and 4."""
    survey = asked(THREE, [100, 50, 40], [0.1, 0.1, 0.75], [0.6, 0.5, 0.1], population=[1000, 3000, 2000])
    table = survey_table(survey, COUNTRY, 2016, 2020, noise=FLAT, shared=0.0)
    assert table["code"].tolist() == THREE
    assert table["name"].tolist() == [f"naam {code}" for code in THREE]
    assert table["response"].tolist() == pytest.approx([0.1, 1 / 60, 0.02])
    for row, (n, k, m) in enumerate([(100, 10, 60), (50, 5, 25), (40, 30, 4)]):
        for name, count in {"decline": k, "progress": m}.items():
            exact = scipy.stats.binomtest(count, n).proportion_ci(method="wilson")
            assert table.loc[row, [f"{name}_low", f"{name}_high"]].tolist() == pytest.approx(
                [exact.low, exact.high]
            )
    assert table["balance"].tolist() == pytest.approx([0.5, 0.4, -0.65])
    assert table["change"].tolist() == pytest.approx([0.08, -0.04, 0.0])
    # Two measurements of .01 each: a change jitters by .01 times the root of two.
    assert table["noise"].tolist() == pytest.approx([0.0141421] * 3, abs=1e-6)
    assert table["change_low"][0] == pytest.approx(0.08 - 1.645 * 0.0141421, abs=1e-6)
    assert table["inhabitants"].tolist() == [1000, 3000, 2000]
    assert table["seen"].tolist() == ["vooruit", "vooruit", "achteruit"]
    assert table["measured"].tolist() == ["vooruit", "achteruit", "geen duidelijke verandering"]
    assert table["agrees"].tolist() == ["eens", "anders", "niet te zeggen"]
    assert table["reason"].tolist() == ["", "", "verandering niet groter dan de ruis"]
    assert not table["few"].any() and not table["withheld"].any()
    assert table.attrs["level"] == "wijk" and table.attrs["beyond"] == 1.645


@pytest.mark.parametrize(("shared", "variance"), [(0.0, 1e-4 * 10 / 16), (4e-5, 6e-5 * 10 / 16 + 4e-5)])
def test_municipality_is_weighted_by_inhabitants(shared: float, variance: float) -> None:
    """(0.08 x 1000 - 0.04 x 3000) / 4000 = -0.01; shares of a quarter and three quarters, squared: 10/16."""
    survey = asked(["GM9002", "GM9001"], [50, 50], [0.5, 0.5], [0.1, 0.1], level="gemeente")
    table = survey_table(survey, COUNTRY, 2016, 2020, noise=FLAT, shared=shared)
    assert table["change"].tolist() == pytest.approx([0.0, -0.01])
    assert table["noise"].tolist() == pytest.approx([np.sqrt(2e-4), np.sqrt(2 * variance)])
    assert table["areas"].tolist() == [1, 2] and table["areas_in_unit"].tolist() == [1, 2]
    assert table["inhabitants"].tolist() == [2000, 4000]


def test_groups_own_and_overlapping() -> None:
    own = [
        Group("Alles", "alle wijken", "test", "", ("GM9001", "GM9002")),
        Group("Klein", "de kleine wijken", "test", "", ("WK900100", "WK900200")),
    ]
    survey = asked(["klein", "Alles"], [50, 50], [0.5, 0.5], [0.1, 0.1], level="groep")
    table = survey_table(survey, COUNTRY, 2016, 2020, with_groups=own, noise=FLAT, shared=4e-5)
    assert table["name"].tolist() == ["de kleine wijken", "alle wijken"]
    assert table["change"].tolist() == pytest.approx([0.08 / 3, (80 - 120) / 6000])
    # Shares of the areas 1/3, 2/3, which are those of their municipalities; and 1/6, 3/6, 2/6 with 4/6 and 2/6.
    first = 2 * (6e-5 * 5 / 9 + 4e-5 * 5 / 9)
    second = 2 * (6e-5 * 14 / 36 + 4e-5 * 20 / 36)
    assert table["noise"].tolist() == pytest.approx([np.sqrt(first), np.sqrt(second)])
    with pytest.raises(InputError, match=r"survey: found group 'Nergens'; expected one of .*Give your own in"):
        survey_table(asked(["Nergens"], [50], [0.5], [0.1], level="groep"), COUNTRY, 2016, 2020, noise=FLAT)


def test_what_cannot_be_said_has_its_reason() -> None:
    codes = ["WK900100", "WK900101", "WK900102", "WK900200", "WK999999"]
    country = made(
        {2016: [4.0, 4.1, 4.1, 4.2], 2020: [4.1, 4.2, NAN, 4.2]}, [1000.0, 500.0, NAN, 2000.0], codes[:4]
    )
    survey = asked(codes, [NAN, 20, 50, 50, 50], [NAN, NAN, 0.1, 0.3, 0.1], [NAN, 0.5, 0.5, 0.31, 0.5])
    table = survey_table(survey, country, 2016, 2020, noise=FLAT, shared=0.0)
    assert table["agrees"].tolist() == ["niet te zeggen"] * 5
    both = "antwoorden verdeeld, en verandering niet groter dan de ruis"
    assert table["reason"].tolist() == [
        "te weinig antwoorden",
        "niet gevraagd",
        "geen meting",
        both,
        "geen meting",
    ]
    assert table["few"].tolist() == [False, True, False, False, False]
    assert table["withheld"].tolist() == [True, False, False, False, False]
    assert table["areas"].tolist() == [1, 1, 0, 1, 0] and table["areas_in_unit"].tolist() == [1, 1, 1, 1, 0]


def test_an_area_without_inhabitants_known_counts_by_itself_only() -> None:
    country = made({2016: [4.0, 4.0], 2020: [4.1, 4.3]}, [1000.0, NAN], ["WK900100", "WK900101"])
    alone = survey_table(asked(["WK900101"], [50], [0.1], [0.5]), country, 2016, 2020, noise=FLAT, shared=0.0)
    assert alone["change"].tolist() == pytest.approx([0.3]) and alone["areas"].tolist() == [1]
    town = asked(["GM9001"], [50], [0.1], [0.5], level="gemeente")
    together = survey_table(town, country, 2016, 2020, noise=FLAT, shared=0.0)
    assert together["change"].tolist() == pytest.approx([0.1])
    assert together["areas"].tolist() == [1] and together["areas_in_unit"].tolist() == [2]


def test_without_known_noise_nothing_is_said() -> None:
    survey = asked(THREE, [100, 50, 40], [0.1, 0.1, 0.75], [0.6, 0.5, 0.1])
    table = survey_table(survey, COUNTRY, 2016, 2020)
    assert table["change"].tolist() == pytest.approx([0.08, -0.04, 0.0]) and table["noise"].isna().all()
    assert table["measured"].tolist() == ["onbekend"] * 3
    assert table["reason"].tolist() == ["ruis van de meting onbekend"] * 3
    assert "Van 3 wijken is de ruis van de meting niet bekend." in in_words(agreement(table))
    with pytest.raises(InputError, match="found no areas with scores, inhabitants and noise"):
        compare_figure(0.3, 0.1, COUNTRY, 2016, 2020, noise=UNKNOWN)


def test_refusals_of_the_table() -> None:
    with pytest.raises(InputError, match="survey: found none of its 1 codes among the measured areas"):
        survey_table(asked(["WK123456"], [50], [0.1], [0.5]), COUNTRY, 2016, 2020, noise=FLAT)
    with pytest.raises(InputError, match="aggregation: found wijk to buurt"):
        survey_table(asked(["BU90010001"], [50], [0.1], [0.5], "buurt"), COUNTRY, 2016, 2020, noise=FLAT)
    survey = asked(THREE, [50] * 3, [0.1] * 3, [0.5] * 3)
    with pytest.raises(InputError, match=r"measurement 2018: found none of Leefbaarometer 3\.0"):
        survey_table(survey, COUNTRY, 2016, 2018, noise=FLAT)
    with pytest.raises(InputError, match="expected an end after 2020"):
        survey_table(survey, COUNTRY, 2020, 2016, noise=FLAT)
    with pytest.raises(InputError, match=r"jitter of Leefbaarometer 3\.0, level wijk"):
        compare_figure(0.3, 0.1, COUNTRY, 2016, 2020)
    with pytest.raises(InputError, match="table: found no 'level' in its attrs"):
        agreement(pd.DataFrame({"agrees": []}))


# ---------------------------------------------------------------------------------------------- reading

HEAD = "code,respondents,saw_decline_number,saw_progress_number\n"


def test_numbers_shares_and_percentages_are_one_survey(tmp_path: Path) -> None:
    numbers = read_survey(written(tmp_path, HEAD + "WK900100,80,20,4\nWK900101,50,5,25\n"))
    shares = read_survey(
        written(
            tmp_path,
            "code,x,saw_progress_share,saw_decline_share,respondents\nWK900100,a,0.05,0.25,80\nWK900101,b,0.5,0.1,50\n",
        )
    )
    percents = read_survey(
        written(tmp_path, "code,respondents,saw_decline,saw_progress\nWK900100,80,25,5\nWK900101,50,10,50\n"),
        answers="percent",
        who="professionals",
    )
    for each in (numbers, shares, percents):
        assert each.level == "wijk" and each.codes.tolist() == ["WK900100", "WK900101"]
        assert each.decline.tolist() == pytest.approx([0.25, 0.1])
        assert each.progress.tolist() == pytest.approx([0.05, 0.5])
        assert each.respondents.tolist() == [80, 50] and np.isnan(each.population).all()
        assert each.notes == ()
    assert numbers.who == "bewoners" and percents.who == "professionals"
    assert numbers.file is not None and numbers.file.name == "enquete.csv"


def test_few_respondents_are_treated_as_missing(tmp_path: Path) -> None:
    """The rule of local sources: fewer than five persons, or nobody knows how many."""
    text = HEAD + "WK900100,4,4,0\nWK900101,5,5,0\nWK900102,NA,3,1\nWK900103,0,0,0\n"
    survey = read_survey(written(tmp_path, text))
    assert np.isnan(survey.decline).tolist() == [True, False, True, True]
    assert np.isnan(survey.respondents).tolist() == [True, False, True, True]
    text = "suppressed: 3 rows, fewer than 5 persons or their number not known; they are treated as missing"
    assert survey.notes == (text,)


def test_groups_population_and_fractions(tmp_path: Path) -> None:
    text = "group,respondents,saw_decline_percent,saw_progress_percent,population\nG4,900,0.3,0.09,2000000\n"
    survey = read_survey(written(tmp_path, text))
    assert survey.level == "groep" and survey.codes.tolist() == ["G4"] and survey.population.tolist() == [2e6]
    assert survey.notes == ("no answer is above 1 %: are they fractions?",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "area,respondents,saw_decline_number,saw_progress_number\n",
            "line 1: found columns area, respondents, saw_decline_number, saw_progress_number; expected a column "
            "'code' or 'group'.",
        ),
        (
            "code,group,respondents\n",
            "line 1: found columns 'code' and 'group'; expected a column 'code' or 'group'.",
        ),
        (
            "code,respondents,saw_decline,saw_progress\nWK900100,80,20,4\n",
            "line 1: found columns code, respondents, saw_decline, saw_progress; expected saw_decline_number and "
            "saw_progress_number, or both with _share or _percent. Or say how a column without such an ending "
            "counts: answers='number', 'share' or 'percent'.",
        ),
        (
            "code,respondents,saw_decline_number,saw_progress_share\nWK900100,80,20,0.1\n",
            "line 1: found no column 'saw_progress_number' (columns: code, respondents, saw_decline_number, "
            "saw_progress_share); expected ['code', 'respondents', 'saw_decline_number', 'saw_progress_number'].",
        ),
        (
            HEAD + "WK900100,80,20,4\nGM9001,80,20,4\n",
            "line 3, column 'code': found 'GM9001'; expected a code like WK098301, as in the first row. Names of "
            "groups belong in a column 'group'; one file holds areas of one level.",
        ),
        (
            HEAD + "Centrum,80,20,4\n",
            "line 2, column 'code': found 'Centrum'; expected one of BU09830101, WK098301, GM0983. Names of "
            "groups belong in a column 'group'; one file holds areas of one level.",
        ),
        (
            HEAD + "WK900100,80,20,4\nWK900100,80,20,4\n",
            "line 3, column 'code': found 'WK900100' again; expected every area or group once.",
        ),
        (
            HEAD + "WK900100,80,20.5,4\n",
            "line 2, column 'saw_decline_number': found 20.5; expected a whole number of 0 or more.",
        ),
        (
            HEAD + "WK900100,-80,20,4\n",
            "line 2, column 'respondents': found -80; expected a whole number of 0 or more.",
        ),
        (
            HEAD + "WK900100,80,60,30\n",
            "line 2: found more answers than respondents; expected at most one a person.",
        ),
        (
            "code,respondents,saw_decline_share,saw_progress_share\nWK900100,80,25,5\n",
            "line 2, column 'saw_decline_share': found 25; expected 0 to 1. Do the columns say how they "
            "count? See docs/surveys.md.",
        ),
        (
            "code,respondents,saw_decline_percent,saw_progress_percent\nWK900100,80,60,42\n",
            "line 2: found decline and progress above 100% together; expected at most 100%.",
        ),
        (
            "code,respondents,saw_decline_share,saw_progress_share,population\nWK900100,80,.2,.1,79\n",
            "line 2: found more respondents than population; expected at most as many.",
        ),
        (
            "code,adres,respondents,saw_decline_number,saw_progress_number\nWK900100,Dorpsstraat 1,80,20,4\n",
            "line 1: found column 'adres', which is about persons or addresses; expected areas only. Add the rows "
            "up to areas first, and leave the column out.",
        ),
        (
            HEAD.replace(",", ";") + "WK900100;80;20;4\n",
            "line 1: found columns separated by ';'; expected columns separated by ','. Use the file as "
            "published, not one saved again by a spreadsheet.",
        ),
        (
            HEAD + "WK900100,80,tien,4\n",
            "line 2, column 'saw_decline_number': found 'tien'; expected a number or ['', 'NA'].",
        ),
    ],
)
def test_refusals_of_the_file(tmp_path: Path, text: str, message: str) -> None:
    path = written(tmp_path, text)
    with pytest.raises(InputError) as caught:
        read_survey(path)
    assert str(caught.value) == f"{path}, {message}"


def test_refusals_beside_the_text(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_survey(tmp_path / "nergens.csv")
    with pytest.raises(InputError, match="answers: found 'promille'; expected one of number, share, percent"):
        read_survey(written(tmp_path, HEAD + "WK900100,80,20,4\n"), answers="promille")  # type: ignore[arg-type]
    (tmp_path / "bytes.csv").write_bytes(HEAD.encode() + b"WK\xff\n")
    with pytest.raises(InputError, match="bytes that are not"):
        read_survey(tmp_path / "bytes.csv")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("bytes") / "enquete.csv"
    path.write_bytes(HEAD.encode() + content)
    try:
        survey = read_survey(path)
    except InputError:
        return
    assert len(survey.codes) > 0


def test_the_container_refuses_what_may_not_be() -> None:
    with pytest.raises(InputError, match="survey, WK900100: found decline of fewer than 5 persons; expected NaN"):
        asked(["WK900100"], [4], [0.5], [NAN])
    with pytest.raises(InputError, match="survey, WK900100: found progress beside 0 to 1"):
        asked(["WK900100"], [40], [0.5], [1.2])
    with pytest.raises(InputError, match="found decline and progress above 1 together"):
        asked(["WK900100"], [40], [0.5], [0.6])
    with pytest.raises(InputError, match="survey, row 2: found 'WK900100' again"):
        asked(["WK900100"] * 2, [40] * 2, [0.5] * 2, [0.2] * 2)
    with pytest.raises(InputError, match=r"survey: found decline of shape \(2,\); expected shape \(1,\)"):
        asked(["WK900100"], [40], [0.5] * 2, [0.2])


# ---------------------------------------------------------------------------------------- uncertainty


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_is_scipys(case: tuple[int, int]) -> None:
    count, n = case
    exact = scipy.stats.binomtest(count, n).proportion_ci(method="wilson")
    low, high = wilson(np.array(count / n), np.array(n))
    assert (float(low), float(high)) == pytest.approx((exact.low, exact.high), abs=1e-12)


@pytest.mark.parametrize(("up", "down"), [(0.3, 0.2), (0.09, 0.3), (0.02, 0.03), (0.7, 0.25)])
@pytest.mark.parametrize("n", [20, 60, 300])
def test_balance_interval_covers(up: float, down: float, n: int) -> None:
    counts = np.random.default_rng(n).multinomial(n, [up, down, 1 - up - down], size=8000) / n
    low, high = balance_interval(counts[:, 0], counts[:, 1], np.full(8000, float(n)))
    assert ((low <= up - down) & (up - down <= high)).mean() > 0.925


@given(st.integers(5, 400), st.data())
def test_balance_interval_is_in_order(n: int, data: st.DataObject) -> None:
    up = data.draw(st.integers(0, n))
    down = data.draw(st.integers(0, n - up))
    one, other, persons = np.array(up / n), np.array(down / n), np.array(float(n))
    low, high = balance_interval(one, other, persons)
    assert -1 <= low <= (up - down) / n + 1e-12 and (up - down) / n - 1e-12 <= high <= 1
    back = balance_interval(other, one, persons)
    assert (float(back[0]), float(back[1])) == pytest.approx((-float(high), -float(low)))


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 3)), min_size=3, max_size=25).filter(
        lambda rows: all(len({row[k] for row in rows if row[2]}) > 1 for k in (0, 1))
    )
)
def test_weighted_spearman_is_scipys_of_the_repeated_values(rows: list[tuple[int, int, int]]) -> None:
    one, other, times = (np.array(column) for column in zip(*rows, strict=True))
    expected = scipy.stats.spearmanr(np.repeat(one, times), np.repeat(other, times)).statistic
    found = spearman(one.astype(float), other.astype(float), times[None, :].astype(float))
    assert found[0] == pytest.approx(expected, abs=1e-9)


def test_interval_of_the_rank_correlation_is_that_of_a_loop() -> None:
    rng = np.random.default_rng(3)
    towns = np.array([f"GM{i % 14:04d}" for i in range(60)])
    one = rng.normal(size=60)
    other = one + rng.normal(size=60)
    drawn = draw(towns, 300, seed=5)
    assert drawn.whole_municipalities and drawn.municipalities == 14
    # Whole municipalities: areas of one municipality are always drawn equally often.
    assert all(np.ptp(drawn.weights[:, towns == town], axis=1).max() == 0 for town in np.unique(towns))
    repeated = [np.repeat(np.arange(60), row.astype(int)) for row in drawn.weights]
    loop = [scipy.stats.spearmanr(one[each], other[each]).statistic for each in repeated]
    assert spearman(one, other, drawn.weights) == pytest.approx(loop, abs=1e-9)
    found = estimate(0.5, spearman(one, other, drawn.weights))
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(loop, [0.025, 0.975])))


def test_areas_are_drawn_where_municipalities_are_few_or_unknown() -> None:
    few = draw(np.array([f"GM{i % 9:04d}" for i in range(60)]), 50, seed=1)
    assert not few.whole_municipalities and few.municipalities == 9
    assert (few.weights.sum(axis=1) == 60).all()
    assert not draw(np.array([""] * 60), 50, seed=1).whole_municipalities
    assert draw(np.array([], dtype=str), 50, seed=1).weights.shape == (50, 0)


# ---------------------------------------------------------------------------------------------- jitter


def jittery(seed: int, shared: float, towns: int = 150, each: int = 6) -> Measured:
    """Areas that do not develop at all: what changes is jitter, .02 of their own and some of the municipality."""
    rng = np.random.default_rng(seed)
    codes = wijk_codes(towns * each, towns)
    town = np.unique([code[2:6] for code in codes], return_inverse=True)[1]
    waves = (2012, 2014, 2016, 2018, 2020)
    level = 4.1 + 0.1 * rng.normal(size=len(codes))
    scores = {
        wave: list(level + 0.02 * rng.normal(size=len(codes)) + shared * rng.normal(size=towns)[town])
        for wave in waves
    }
    return made(scores, list(rng.integers(500, 9000, len(codes)).astype(float)), codes)


def test_shared_jitter_is_the_mean_over_pairs_of_areas() -> None:
    world = jittery(1, 0.01, towns=40, each=4)
    steps = np.diff(world.score, axis=1)
    steps = steps - steps.mean(axis=0)
    people, towns = world.inhabitants[:, 2], world.municipality_codes()
    above = below = 0.0
    for town in np.unique(towns):
        members = np.flatnonzero(towns == town)
        share = people[members] / people[members].sum()
        for a, i in enumerate(members):
            for b, j in enumerate(members):
                if i != j:
                    above += share[a] * share[b] * np.mean(-(steps[i, 1:] * steps[j, :-1]))
                    below += share[a] * share[b]
    assert shared_noise(world) == pytest.approx(max(0.0, above / below), abs=1e-15)


def test_shared_jitter_is_recovered_and_absent_where_there_is_none() -> None:
    found = [shared_noise(jittery(seed, 0.012)) for seed in range(6)]
    assert np.mean(found) == pytest.approx(0.012**2, rel=0.15)
    assert np.mean([shared_noise(jittery(seed, 0.0)) for seed in range(6)]) < 1e-5
    assert shared_noise(COUNTRY) == 0.0


@pytest.mark.parametrize("shared", [0.0, 0.012])
def test_one_in_ten_stands_out_where_nothing_changes(shared: float) -> None:
    """Also of whole municipalities, whose areas jitter together."""
    out = []
    for seed in range(6):
        world = jittery(seed, shared)
        towns = np.unique(world.municipality_codes()).tolist()
        nobody = [NAN] * len(towns)
        table = survey_table(asked(towns, nobody, nobody, nobody, "gemeente"), world, 2016, 2020)
        out.append((table["measured"] != "geen duidelijke verandering").mean())
        # As if areas jittered apart: far too much would stand out.
        apart = survey_table(asked(towns, nobody, nobody, nobody, "gemeente"), world, 2016, 2020, shared=0.0)
        assert not shared or (apart["measured"] != "geen duidelijke verandering").mean() > 0.2
    assert 0.07 < np.mean(out) < 0.14


# -------------------------------------------------------------------------------------------- agreement


def twenty() -> tuple[Survey, Measured]:
    """Twelve that agree, three that part, five of which it cannot be said."""
    codes = wijk_codes(20, 20)
    change = [0.1] * 8 + [-0.1] * 4 + [0.1, 0.1, -0.1] + [0.0, 0.0, 0.1, 0.1, 0.1]
    up = [0.6] * 8 + [0.1] * 4 + [0.1, 0.1, 0.6] + [0.6, 0.1, 0.3, NAN, 0.3]
    down = [0.1] * 8 + [0.6] * 4 + [0.6, 0.6, 0.1] + [0.1, 0.6, 0.3, NAN, 0.28]
    persons = [100.0] * 18 + [NAN, 25.0]
    world = made({2016: [4.1] * 20, 2020: [4.1 + each for each in change]}, [1000.0 + i for i in range(20)], codes)
    return asked(codes, persons, down, up), world


def test_agreement_counts_and_words() -> None:
    survey, world = twenty()
    table = survey_table(survey, world, 2016, 2020, noise=FLAT, shared=0.0)
    found = agreement(table)
    assert (found.units, found.agree, found.part, found.cannot_say) == (20, 12, 3, 5)
    exact = scipy.stats.binomtest(12, 15).proportion_ci(method="wilson")
    assert (found.share.low, found.share.high) == pytest.approx((exact.low, exact.high))
    # Of 15, 9 are seen to go up and 10 are measured to: 9/15 x 10/15 + 6/15 x 5/15.
    assert found.by_chance == pytest.approx((9 * 10 + 6 * 5) / 225)
    assert found.parted["code"].tolist() == table["code"][[14, 13, 12]].tolist()
    assert (found.withheld, found.few, found.not_measured, found.ranked) == (1, 1, 0, 19)
    both = table[table["balance"].notna()]
    expected = scipy.stats.spearmanr(both["balance"], both["change"]).statistic
    assert found.rank_correlation.value == pytest.approx(expected)
    assert found.whole_municipalities
    assert in_words(found).startswith(
        "In 12 van de 20 wijken zien bewoners en meting dezelfde kant op; in 3 niet; in 5 is het niet te zeggen "
        "(meting 2016 tot 2020). Waar het wel te zeggen is, wijzen beide in 80% van de gevallen dezelfde kant op "
        "(12 van 15, 95%-interval 55% tot 93%). Hadden de twee niets met elkaar te maken, dan is ongeveer 53% te "
        "verwachten. Ze verschillen in naam WK901500 (bewoners: vooruit, meting: achteruit), naam WK901400 "
        "(bewoners: achteruit, meting: vooruit) en naam WK901300 (bewoners: achteruit, meting: vooruit)."
    )
    assert "Van 1 wijk staan de antwoorden er niet bij: minder dan 5 mensen" in in_words(found)
    assert "In 1 wijk vulden minder dan 30 mensen de enquête in" in in_words(found)


def test_agreement_of_few_units_tells_no_rank_correlation() -> None:
    survey = asked(THREE, [100, 50, 40], [0.1, 0.1, 0.75], [0.6, 0.5, 0.1])
    found = agreement(survey_table(survey, COUNTRY, 2016, 2020, noise=FLAT, shared=0.0))
    assert np.isnan(found.rank_correlation.value) and found.ranked == 3
    assert "te weinig antwoorden met een meting erbij: 3 wijken. Er zijn er minstens 10 nodig." in in_words(found)


def test_agreement_where_nothing_can_be_said() -> None:
    survey = asked(THREE, [NAN] * 3, [NAN] * 3, [NAN] * 3)
    found = agreement(survey_table(survey, COUNTRY, 2016, 2020, noise=FLAT, shared=0.0))
    assert (found.agree, found.part, found.cannot_say, found.withheld) == (0, 0, 3, 3)
    assert np.isnan(found.share.value)
    assert in_words(found).startswith(
        "In 0 van de 3 wijken zien bewoners en meting dezelfde kant op; in 0 niet; in 3"
    )


def test_table_in_dutch() -> None:
    survey, world = twenty()
    table = table_in_dutch(survey_table(survey, world, 2016, 2020, noise=FLAT, shared=0.0))
    row = table.iloc[0]
    assert row["Zag achteruitgang"] == "10% (5,5%–17%)" and row["Gemeten verandering"] == "+0,100"
    assert row["Marge van de meting"] == "0,023"
    assert table.loc[18, "Antwoorden"] == table.loc[18, "Zag vooruitgang"] == "onbekend"


# ------------------------------------------------------------------------------------ a published figure


def test_a_published_figure_by_hand() -> None:
    found = compare_figure(0.30, 0.09, COUNTRY, 2016, 2020, who="huurders", noise=FLAT)
    assert (found.fell, found.rose) == pytest.approx((3000 / 6000, 1000 / 6000))
    assert (found.areas_fell, found.areas_rose, found.areas, found.inhabitants) == (1, 1, 3, 6000)
    assert found.by_noise == pytest.approx(scipy.stats.norm.cdf(-1.645))
    assert np.isnan(found.decline.low) and found.decline.value == 0.30
    text = in_words(found)
    assert text.startswith(
        "Van de huurders zag 30% achteruitgang en 9% vooruitgang. Tussen de metingen van 2016 en 2020 daalde de "
        "score van 1 wijk meer dan de ruis van de meting; daar woont 50% van de inwoners. Van 1 wijk steeg de "
        "score meer dan de ruis; daar woont 17%. Dat is van de 3 wijken met 6.000 inwoners samen."
    )
    assert "Hoeveel huurders antwoord gaven, is niet bekend. Bij die cijfers hoort daarom geen interval." in text


def test_a_published_figure_with_respondents_has_an_interval() -> None:
    found = compare_figure(0.5, None, COUNTRY, 2016, 2020, respondents=400, who="medewerkers", noise=FLAT)
    exact = scipy.stats.binomtest(200, 400).proportion_ci(method="wilson")
    assert (found.decline.low, found.decline.high) == pytest.approx((exact.low, exact.high))
    start = "Van de 400 medewerkers die antwoord gaven, zag 50% (95%-interval 45% tot 55%) achteruitgang. Tussen"
    assert in_words(found).startswith(start)
    assert "niet bekend" not in in_words(found)


def test_refusals_of_a_published_figure() -> None:
    with pytest.raises(InputError, match="share_decline: found 30; expected a share of 0 to 1"):
        compare_figure(30, 9, COUNTRY, 2016, 2020, noise=FLAT)
    with pytest.raises(InputError, match="found more than 1 together"):
        compare_figure(0.6, 0.5, COUNTRY, 2016, 2020, noise=FLAT)
    with pytest.raises(InputError, match="respondents: found 4; expected at least 5"):
        compare_figure(0.5, None, COUNTRY, 2016, 2020, respondents=4, noise=FLAT)
    nobody = made({2016: [4.0], 2020: [4.1]}, [NAN], ["WK900100"])
    with pytest.raises(InputError, match="found no areas with scores, inhabitants and noise"):
        compare_figure(0.5, None, nobody, 2016, 2020, noise=FLAT)


def test_the_national_figures_on_the_official_files(real_data: Path) -> None:
    """Counted again with a loop over the areas."""
    folder = real_data / "leefbaarometer-3.0"
    [scores] = leefbaarometer.read_scores([folder / "Leefbaarometer-scores wijken 2002-2020.csv"])
    context = kwb.read_tables([real_data / "kwb" / "wijk_2016.csv", real_data / "kwb" / "wijk_2022.csv"])
    country = measured_of(build_panel(scores, context))
    found = compare_figure(0.30, 0.09, country, 2014, 2016, who="huurders", noise=Noise(1e-4, 0.23, 3000.0))
    people = fell = rose = 0.0
    waves = list(country.waves)
    for row in range(len(country.areas)):
        change = country.score[row, waves.index(2016)] - country.score[row, waves.index(2014)]
        sizes = []
        for wave in (2014, 2016):
            near = sorted(waves, key=lambda each: abs(each - wave))
            sizes.append(
                next((c for c in (country.inhabitants[row, waves.index(k)] for k in near) if c == c), NAN)
            )
        if change != change or sizes[1] != sizes[1]:
            continue
        people += sizes[1]
        edge = 1.645 * sum(1e-4 + 0.23 / max(size, 50) for size in sizes) ** 0.5
        fell += sizes[1] * (change < -edge)
        rose += sizes[1] * (change > edge)
    assert (found.fell, found.rose) == pytest.approx((fell / people, rose / people))
    assert 0.01 < found.fell < 0.10 and 0.25 < found.rose < 0.55
    assert 0.003**2 < shared_noise(country) < 0.005**2


# ------------------------------------------------------------------------------------------------ words


@pytest.mark.parametrize(
    ("share", "text"), [(0.0995, "10%"), (0.0994, "9,9%"), (1.0, "100%"), (0.9949, "99%"), (0.05, "5%")]
)
def test_percent(share: float, text: str) -> None:
    assert percent(share) == text


def test_small_words() -> None:
    assert decimal(-0.0004, 3, sign=True) == "0,000"
    assert decimal(12345.678, 2) == "12.345,68"
    assert count_of(1, "groep") == "1 groep" and count_of(0, "gemeente") == "0 gemeenten"


def test_no_word_about_why() -> None:
    modules = (comparison, file, agreement_module, survey_words)
    texts = [text for module in modules for text in fixed_texts(Path(module.__file__))]
    assert any("dezelfde kant op" in text for text in texts), "the texts are found at all"
    assert [text for text in texts if re.search(CAUSAL, text.casefold())] == []
    survey, world = twenty()
    every = [agreement(survey_table(survey, world, 2016, 2020, noise=FLAT, shared=0.0))]
    told = [in_words(each) for each in every] + [
        in_words(compare_figure(0.3, 0.09, world, 2016, 2020, noise=FLAT))
    ]
    assert [text for text in told if re.search(CAUSAL, text.casefold())] == []


def test_many_that_part_are_not_all_named() -> None:
    codes = wijk_codes(12, 12)
    world = made({2016: [4.1] * 12, 2020: [4.2] * 12}, [1000.0] * 12, codes)
    found = agreement(
        survey_table(asked(codes, [90] * 12, [0.6] * 12, [0.1] * 12), world, 2016, 2020, noise=FLAT, shared=0.0)
    )
    assert isinstance(found, Agreement) and found.share == Estimate(0.0, 0.0, pytest.approx(found.share.high))
    assert "en nog 7 wijken." in in_words(found)
    assert "Een rangcorrelatie is niet te geven" in in_words(found)


def test_the_example_of_the_documentation_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = DOCS.read_text(encoding="utf-8")
    rows = re.search(r"```csv\n(.*?)```", text, re.DOTALL)
    told = re.findall(r"^> (.*)$", text, re.MULTILINE)
    assert rows is not None and len(told) == 2
    here = Path.cwd()
    os.chdir(tmp_path)
    try:
        written(tmp_path, rows.group(1))
        names: dict[str, object] = {}
        for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
            exec(block, names)
    finally:
        os.chdir(here)
    printed = capsys.readouterr().out
    for sentence in told:
        assert sentence in printed
