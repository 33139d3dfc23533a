"""Attempts side by side, against hand counts and brute force, from stored backtests and from MLflow."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from scipy.stats import rankdata
from sklearn.metrics import average_precision_score, roc_auc_score
from typer.testing import CliRunner
from worlds import BASE, EXPERIMENTS, experiment, normal_forecast, panel_of, wijk_codes

import riskmodel
from riskmodel.cli import app
from riskmodel.errors import InputError
from riskmodel.forecasting.backtest_record import Record, main_cohort, outcomes_of, read_record
from riskmodel.forecasting.compare import Attempt, against_best_ordering, compare, overlap_share
from riskmodel.forecasting.evaluation.scores import score_forecasts
from riskmodel.forecasting.forecast import Forecast
from riskmodel.forecasting.groups import Cohort
from riskmodel.panel.panel import Panel
from riskmodel.workflow.compare import find_attempt
from riskmodel.workflow.tracking.runs import backtest_runs
from riskmodel.workspace.store import Workspace

QUESTION = replace(experiment(), targets=(), cohorts=(Cohort("all"), Cohort("500+", min_inhabitants=500)))
N = 300


@pytest.fixture(scope="module")
def panel() -> Panel:
    rng = np.random.default_rng(5)
    score = BASE + rng.normal(0, 0.1, N)
    waves = {2012: score}
    for wave in (2014, 2016, 2018):
        score = score + rng.normal(0, 0.04, N)
        waves[wave] = score
    size = np.where(np.arange(N) % 3 == 0, 300.0, 900.0)
    return panel_of({"score": waves, "population": {2012: size}}, wijk_codes(N, towns=30))


def forecast_of(model: str, panel: Panel, wave: int, knowledge: float, seed: int) -> Forecast:
    """A normal forecast whose mean knows part of what will happen."""
    rng = np.random.default_rng(seed)
    change = panel.at("score", wave + 2) - panel.at("score", wave)
    mean = knowledge * change + (1 - knowledge) * rng.normal(0, 0.03, N)
    return normal_forecast(QUESTION.outputs, model, panel, wave, mean, 0.03)


def record_of(panel: Panel, forecasts: list[Forecast]) -> Record:
    scores = score_forecasts(QUESTION, panel, forecasts)
    return Record(
        QUESTION,
        scores.assign(origin_date=scores["origin_date"].astype(str)),
        tuple(forecasts),
        scores.iloc[:0],
        "wijk",
        (),
        "0",
    )


@pytest.fixture(scope="module")
def record(panel: Panel) -> Record:
    forecasts = []
    for wave in (2014, 2016):
        forecasts += [
            forecast_of("lightgbm", panel, wave, 0.8, wave),
            forecast_of("small", panel, wave, 0.1, wave + 1),
            forecast_of("last_rise", panel, wave, 0.4 if wave == 2014 else 0.0, wave + 2),
        ]
    return record_of(panel, forecasts)


def fell(panel: Panel, wave: int) -> np.ndarray:
    return (panel.at("score", wave + 2) - panel.at("score", wave) < -0.05).astype(float)


def chance_of(record: Record, model: str, wave: int) -> np.ndarray:
    [found] = [each for each in record.of(model) if each.origin_date.year == wave]
    return found.chance_of(QUESTION.event)


def auc(happened: np.ndarray, chance: np.ndarray) -> float:
    """By the sum of ranks; quicker than scikit-learn where many are asked for."""
    ranks, events = rankdata(chance), happened.sum()
    return float((ranks @ happened - events * (events + 1) / 2) / (events * (len(happened) - events)))


# --- Two models of one backtest ----------------------------------------------------------------------------------


def test_differences_are_those_of_sklearn_on_the_same_areas(panel: Panel, record: Record) -> None:
    found = compare([Attempt("a", record, "small"), Attempt("b", record, "lightgbm")], panel)
    large = panel.latest("population") >= 500
    for cohort, inside in (("all", np.ones(N, dtype=bool)), ("500+", large)):
        for wave in (2014, 2016):
            happened = fell(panel, wave)[inside]
            own, other = (chance_of(record, name, wave)[inside] for name in ("lightgbm", "small"))
            for metric, function in (("average_precision", average_precision_score), ("auc", roc_auc_score)):
                rows = found.differences[found.differences["cohort"] == cohort]
                row = rows[(rows["origin"] == wave) & (rows["metric"] == metric)].iloc[0]
                assert row["difference"] == pytest.approx(function(happened, own) - function(happened, other))
                assert row["low95"] < row["difference"] < row["high95"]
                assert (row["n"], row["n_events"]) == (inside.sum(), happened.sum())


def test_the_paired_interval_is_that_of_drawing_municipalities_for_both(panel: Panel, record: Record) -> None:
    found = compare([Attempt("a", record, "small"), Attempt("b", record, "lightgbm")], panel, ["all"])
    row = found.differences.query("origin == 2016 and metric == 'auc'").iloc[0]
    rng = np.random.default_rng(123)
    towns = panel.municipality_codes()
    names = np.unique(towns)
    places = {name: np.flatnonzero(towns == name) for name in names}
    happened, own, other = fell(panel, 2016), chance_of(record, "lightgbm", 2016), chance_of(record, "small", 2016)
    drawn = []
    for _ in range(1500):
        rows = np.concatenate([places[name] for name in rng.choice(names, len(names))])
        drawn.append(auc(happened[rows], own[rows]) - auc(happened[rows], other[rows]))
    np.testing.assert_allclose([row["low95"], row["high95"]], np.quantile(drawn, [0.025, 0.975]), atol=0.012)


def test_the_mean_over_origins_is_the_mean(panel: Panel, record: Record) -> None:
    found = compare([Attempt("a", record, "small"), Attempt("b", record, "lightgbm")], panel, ["all"])
    rows = found.differences.query("metric == 'average_precision'").set_index("origin")
    assert rows.loc["mean", "difference"] == pytest.approx(rows.loc[[2014, 2016], "difference"].mean())
    assert rows.loc["mean", "n_events"] == rows.loc[[2014, 2016], "n_events"].sum()
    width = rows["high95"] - rows["low95"]
    assert width["mean"] < width.loc[[2014, 2016]].max()


def test_an_attempt_against_itself_differs_by_nothing(panel: Panel, record: Record) -> None:
    found = compare([Attempt("a", record, "small"), Attempt("b", record, "small")], panel)
    assert (found.differences[["difference", "low95", "high95"]] == 0).all(axis=None)
    assert (found.overlap["share"] == 1).all()


def test_skill_is_that_of_the_scores(panel: Panel, record: Record) -> None:
    found = compare([Attempt("a", record, "small"), Attempt("b", record, "lightgbm")], panel)
    scores = record.scores.set_index(["model", "cohort", "origin_date", "metric"])["value"]
    for row in found.skill.to_dict("records"):
        model = {"a": "small", "b": "lightgbm"}[row["attempt"]]
        for metric in ("average_precision", "average_precision_low95", "auc", "calibration_error", "coverage_80"):
            assert row[metric] == pytest.approx(scores[model, row["cohort"], f"{row['origin']}-01-01", metric]), (
                metric
            )


def test_overlap_is_counted_by_hand(panel: Panel, record: Record) -> None:
    assert overlap_share(np.array([5.0, 4, 3, 2, 1]), np.array([5.0, 1, 4, 2, 3]), 3) == (2, pytest.approx(2 / 3))
    assert overlap_share(np.array([1.0, 2]), np.array([2.0, 1]), 5) == (2, 1.0)
    found = compare([Attempt("a", record, "small"), Attempt("b", record, "lightgbm")], panel, ["all"])
    tops = [set(np.argsort(-chance_of(record, name, 2014))[:15]) for name in ("small", "lightgbm")]
    row = found.overlap.query("origin == 2014 and k == 15").iloc[0]
    assert row["shared"] == len(tops[0] & tops[1])
    assert dict(zip(found.overlap["list"], found.overlap["k"], strict=True)) == {"1%": 3, "5%": 15, "capacity": 50}


def test_the_best_ordering_is_chosen_for_each_origin(panel: Panel, record: Record) -> None:
    table = against_best_ordering(record, "lightgbm", panel, Cohort("all"))
    assert list(table["ordering"]) == ["last_rise", "small"]
    for row in table.to_dict("records"):
        happened = fell(panel, row["origin"])
        own = average_precision_score(happened, chance_of(record, "lightgbm", row["origin"]))
        theirs = average_precision_score(happened, chance_of(record, row["ordering"], row["origin"]))
        assert row["ratio"] == pytest.approx(own / theirs)
        assert row["difference"] == pytest.approx(own - theirs)
        assert row["ordering_precision"] == pytest.approx(theirs)


def test_what_happened_stands_beside_what_was_said(panel: Panel, record: Record) -> None:
    cohort = main_cohort(QUESTION)
    assert cohort.name == "500+"
    found = outcomes_of(QUESTION, panel, record.of("lightgbm")[0], cohort)
    np.testing.assert_array_equal(panel.latest("population")[found.rows], 900)
    np.testing.assert_array_equal(found.happened, fell(panel, 2014)[found.rows])
    np.testing.assert_array_equal(found.chance, chance_of(record, "lightgbm", 2014)[found.rows])
    assert len(found.rows) == 2 * N / 3


def test_what_cannot_be_compared_is_refused(panel: Panel, record: Record) -> None:
    own = Attempt("a", record, "lightgbm")
    other = replace(record, experiment=replace(QUESTION, horizon=4))
    with pytest.raises(InputError, match=r"fall_0\.05 in 2 years"):
        compare([own, Attempt("b", other, "small")], panel)
    with pytest.raises(InputError, match="two or more"):
        compare([own], panel)
    early = replace(record, forecasts=tuple(each for each in record.forecasts if each.origin_date.year == 2014))
    late = replace(record, forecasts=tuple(each for each in record.forecasts if each.origin_date.year == 2016))
    with pytest.raises(InputError, match="no shared origin"):
        compare([Attempt("a", early, "small"), Attempt("b", late, "small")], panel)
    with pytest.raises(InputError, match="no shared cohort 'huge'"):
        compare([own, Attempt("b", record, "small")], panel, ["huge"])


# --- Stored and logged attempts ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tried(tmp_path_factory: pytest.TempPathFactory, example_workspace: Workspace) -> Workspace:
    """A workspace with two attempts at one question: another number of trees the second time."""
    workspace = Workspace(tmp_path_factory.mktemp("tried") / "workspace")
    shutil.copytree(example_workspace.folder, workspace.folder)
    content = yaml.safe_load((EXPERIMENTS / "decline-2y.yaml").read_text(encoding="utf-8"))
    content["models"] = [
        each for each in content["models"] if each["name"] in ("lightgbm", "last_rise", "scorecard")
    ]
    content |= {"cohorts": [{"name": "all"}], "challenger": "scorecard"}
    content.pop("targets", None)
    path = workspace.folder / "question.yaml"
    for trees in (20, 60):
        for each in content["models"]:
            if each["kind"] == "lightgbm":
                each |= {"trees": trees, "min_in_leaf": 20}
        path.write_text(yaml.safe_dump(content), encoding="utf-8")
        riskmodel.backtest(path, workspace, origins=[2018])
    return workspace


def test_two_runs_are_compared_and_the_stored_one_is_the_last(tried: Workspace) -> None:
    newest, oldest = (line.split()[0] for line in backtest_runs(tried))
    found = riskmodel.compare(tried, [oldest, newest])
    stored = riskmodel.compare(tried, [oldest, "decline-2y"])
    assert len(found.differences)
    for name in ("difference", "low95", "high95"):
        np.testing.assert_array_equal(found.differences[name], stored.differences[name])
    assert found.differences["difference"].abs().max() > 0
    within = riskmodel.compare(tried, ["decline-2y", "decline-2y:scorecard", f"{oldest}:last_rise"])
    assert list(dict.fromkeys(within.skill["attempt"])) == [
        "decline-2y:lightgbm",
        "decline-2y:scorecard",
        f"{oldest}:last_rise",
    ]


def test_a_nested_run_stands_for_its_model(tried: Workspace) -> None:
    from mlflow import MlflowClient

    from riskmodel.workflow.tracking.store import store_uri

    client = MlflowClient(store_uri(tried))
    [place] = [each.experiment_id for each in client.search_experiments() if each.name == "decline-2y"]
    run = next(each for each in client.search_runs([place]) if each.info.run_name == "scorecard 2018")
    parent = run.data.tags["mlflow.parentRunId"]
    assert find_attempt(tried, run.info.run_id).label == f"{parent[:8]}:scorecard"


def test_a_record_is_read_back_as_it_was_written(tried: Workspace) -> None:
    record = read_record(tried.path("backtests", "decline-2y"))
    assert record.experiment.name == "decline-2y"
    assert {each.model for each in record.forecasts} == {"lightgbm", "last_rise", "scorecard"}
    panel = tried.panel()
    inputs = [file.sha256 for file in panel.files]
    assert record.differs(record.experiment, "lightgbm", "wijk", inputs) == ""
    assert "input files" in record.differs(record.experiment, "lightgbm", "wijk", inputs[1:])
    assert "no model" in record.differs(record.experiment, "persistence", "wijk", inputs)
    other = replace(record.experiment, horizon=4)
    assert "another question" in record.differs(other, "lightgbm", "wijk", inputs)
    spec = replace(record.experiment.model("lightgbm"), parameters={"trees": 7})
    models = tuple(spec if each.name == spec.name else each for each in record.experiment.models)
    changed = replace(record.experiment, models=models)
    assert "other settings" in record.differs(changed, spec.name, "wijk", inputs)


def test_unknown_attempts_are_refused_and_known_ones_told(tried: Workspace) -> None:
    with pytest.raises(InputError, match="decline-2y"):
        find_attempt(tried, "decline-9y")
    with pytest.raises(InputError, match="scorecard"):
        find_attempt(tried, "decline-2y:nonsense")
    with pytest.raises(InputError, match="same attempt twice"):
        riskmodel.compare(tried, ["decline-2y", "decline-2y:lightgbm"])
    with pytest.raises(InputError, match="riskmodel backtest"):
        find_attempt(Workspace(tried.folder / "nothing"), "decline-2y")


def test_the_command_prints_tables_and_json(tried: Workspace, tmp_path: Path) -> None:
    asked = ["compare", "decline-2y", "decline-2y:scorecard", "--workspace", str(tried.folder)]
    table = CliRunner().invoke(app, asked)
    assert table.exit_code == 0, table.output
    assert "## all" in table.output and "decline-2y:scorecard" in table.output
    content = json.loads(CliRunner().invoke(app, [*asked, "--json"]).output)
    assert set(content) == {"skill", "differences", "overlap"}
    [row] = [each for each in content["skill"] if each["attempt"] == "decline-2y:scorecard"]
    lines = [line for line in table.output.splitlines() if line.startswith("| 2018")]
    assert f"{row['auc']:.3f}".lstrip("0") in lines[1]
    [difference] = [each for each in content["differences"] if each["metric"] == "auc"]
    assert f"{difference['difference']:+.3f}".replace("0.", ".") in lines[2]
    [shared] = [each for each in content["overlap"] if each["list"] == "capacity"]
    assert f"{shared['shared']} of 50 ({shared['share']:.0%})" in lines[3]
