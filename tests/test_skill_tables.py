"""Tables of skill, word for word on figures made by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from worlds import experiment

from riskmodel.forecasting.evaluation.paired import BEFOREHAND, BEST
from riskmodel.forecasting.evaluation.paired import COLUMNS as PAIRED
from riskmodel.forecasting.evaluation.scores import COLUMNS
from riskmodel.forecasting.experiment import HOLDOUT
from riskmodel.forecasting.models import ModelSpec
from riskmodel.products.governance.skill_tables import ordering_table, skill_table, summary_table
from riskmodel.products.rendering.markdown import aligned_table

MODELS = (
    ModelSpec("ours", "scorecard"),
    ModelSpec("theirs", "scorecard"),
    ModelSpec("level", "ordering"),
    ModelSpec("chain", "markov"),
)
QUESTION = replace(experiment(), models=MODELS, champion="ours", challenger="theirs")
DAYS = (date(2014, 1, 1), date(2016, 1, 1))
#: Average precision of every model at both origins; the chain does not exist at the first.
PRECISION = {"ours": (0.2, 0.3), "theirs": (0.1, 0.25), "level": (0.16, 0.15), "chain": (None, 0.24)}


def score_rows(target="fall_0.05", ending=""):
    rows = []
    for model, values in PRECISION.items():
        for day, value in zip(DAYS, values, strict=True):
            if value is None:
                continue
            told = {
                "auc": 0.7 + value, "auc_low95": 0.65, "auc_high95": 1.0,
                "average_precision": value, "average_precision_low95": 0.05, "average_precision_high95": 0.4,
                "hits_at_k": 4, "precision_at_1pct": 0.5, "precision_at_5pct": 0.25,
                "log_loss": 0.12, "brier": 0.03, "crps": 0.016,
                "calibration_error": 0.01 + value / 100, "coverage_80": 0.7 + value / 3, "base_rate": 0.05,
            }  # fmt: skip
            counts = (2000, 100) if day == DAYS[0] else (1000, 50)
            rows += [
                (model + ending, target, "500+", day, 2, name, number, *counts) for name, number in told.items()
            ]
    return rows


def pair(model, opponent, best, beforehand, day, metric, own, other, ending=""):
    n, n_events, origins = {DAYS[0]: (2000, 100, 1), DAYS[1]: (1000, 50, 1), None: (3000, 150, 2)}[day]
    if opponent == "chain" and day is None:
        n, n_events, origins = 1000, 50, 1
    ratio = own / other if other else float("nan")
    told = (own, other, own - other, own - other - 0.1, own - other + 0.05, ratio, ratio - 0.5, ratio + 1)
    names = (model + ending, opponent + ending)
    return (*names, best, beforehand, "fall_0.05", "500+", day, 2, metric, *told, origins, n, n_events)


def paired_rows(ending=""):
    rows = []
    for metric in ("average_precision", "hits_at_k", "auc", "log_loss"):
        by = PRECISION if metric == "average_precision" else dict.fromkeys(PRECISION, (0.5, 0.25))
        for at, day in enumerate(DAYS):
            best = "level" if at == 0 else "chain"
            for opponent in ("theirs", "level", "chain"):
                if opponent != "chain" or at == 1:
                    values = by["ours"][at], by[opponent][at]
                    marks = opponent == best, opponent == "level"
                    rows.append(pair("ours", opponent, *marks, day, metric, *values, ending))
        means = {"theirs": 0.175, "level": 0.155, "chain": 0.24, BEST: 0.2, BEFOREHAND: 0.156}
        for opponent, other in means.items():
            own, marks = 0.3 if opponent == "chain" else 0.25, (opponent == BEST, opponent == BEFOREHAND)
            rows.append(pair("ours", opponent, *marks, None, metric, own, other, ending))
    return rows


SCORES = pd.DataFrame(score_rows() + score_rows("tipping_5_4") + score_rows(ending=HOLDOUT), columns=COLUMNS)
TABLE = pd.DataFrame(paired_rows() + paired_rows(HOLDOUT), columns=PAIRED)


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


@pytest.mark.parametrize("left_out", [False, True])
def test_the_skill_table_names_the_best_ordering_of_each_origin(left_out):
    lines = skill_table(SCORES, QUESTION, TABLE, left_out=left_out).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert [cells(line)[5] for line in lines[2:]] == [
        "ours", "theirs", "best ordering: level", "ours", "theirs", "best ordering: chain",
    ]  # fmt: skip
    assert cells(lines[2]) == [
        "2014", "500+", "2,000", "100", ".050", "ours", ".900 (.650-1.000)", ".200 (.050-.400)", "4", ".500",
        ".250", ".1200", ".030", ".016", ".012", ".767", "+.040 (-.060, .090)", "1.25 (.75, 2.25)",
    ]  # fmt: skip
    # The challenger is not in the paired table.
    assert cells(lines[3])[-2:] == ["", ""]


def test_without_paired_differences_the_skill_table_has_two_columns_less():
    lines = skill_table(SCORES, QUESTION).splitlines()
    assert len(cells(lines[0])) == 16
    assert "best ordering: level" in lines[4]
    other = skill_table(SCORES, QUESTION, target="tipping_5_4").splitlines()
    assert other == lines


def test_every_opponent_stands_beside_the_champion_strongest_first():
    text = ordering_table(SCORES, TABLE, QUESTION)
    heading, empty, *lines = text.splitlines()
    assert (heading, empty) == ("cohort 500+", "")
    assert max(map(len, lines)) <= 165
    rows = [cells(line) for line in lines[2:]]
    assert [row[:3] for row in rows] == [
        ["2014", "100/2,000", "ours"], ["", "", "level * °"], ["", "", "theirs"],
        ["2016", "50/1,000", "ours"], ["", "", "theirs"], ["", "", "chain *"], ["", "", "level °"],
        ["mean", "150/3,000", "ours"], ["", "50/1,000", "chain"], ["", "", "best ordering *"], ["", "", "theirs"],
        ["", "", "best beforehand °"], ["", "", "level"],
    ]  # fmt: skip
    assert rows[0][3:] == [".200", "", ".5", "", ".500", "", ".5000", ""]
    assert rows[1][3:] == [
        ".160", "+.040 (-.060, .090)", ".5", "+.0 (-.1, .1)", ".500", "+.000 (-.100, .050)",
        ".5000", "+.0000 (-.1000, .0500)",
    ]  # fmt: skip
    assert rows[5][3:5] == [".240", "+.060 (-.040, .110)"]
    # The champion's mean is over both origins, also where an opponent exists at one of them only.
    assert rows[7][3] == ".250"
    assert rows[8][3:5] == [".240", "+.060 (-.040, .110)"]


def test_the_summary_tells_the_weakest_origin():
    lines = summary_table(SCORES, TABLE, QUESTION).splitlines()
    assert cells(lines[2]) == [
        "500+", "ours", "2", "150", "1.60 (1.10, 2.60)", "1.25 (.75, 2.25)", "1.25 (2014)",
        ".900 (2014)", ".013 (2016)", ".767-.800",
    ]  # fmt: skip
    assert cells(lines[3]) == [
        "500+", "theirs", "2", "150", "", "", "-", ".800 (2014)", ".013 (2016)", ".733-.783",
    ]  # fmt: skip


def test_scores_without_events_or_orderings_still_give_tables():
    nothing = SCORES.copy()
    nothing.loc[nothing["metric"].isin(["auc", "average_precision"]), "value"] = float("nan")
    lines = skill_table(nothing, QUESTION).splitlines()
    assert [cells(line)[5] for line in lines[2:]] == ["ours", "theirs", "ours", "theirs"]
    assert cells(lines[2])[6] == "- (.650-1.000)"
    assert skill_table(SCORES.iloc[:0], QUESTION).count("\n") == 1
    assert summary_table(SCORES.iloc[:0], TABLE.iloc[:0], QUESTION).count("\n") == 1
    assert ordering_table(SCORES.iloc[:0], TABLE.iloc[:0], QUESTION) == ""


def test_columns_of_a_table_line_up():
    text = aligned_table(["what", "how many"], [["a", "1"], ["longer", "1,000,000"]], left=(0,))
    assert text == (
        "| what   |  how many |\n| ------ | --------: |\n| a      |         1 |\n| longer | 1,000,000 |"
    )
