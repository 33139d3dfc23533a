"""The chain as a user walks it: from files to a risk list, twice, with MLflow watching."""

from __future__ import annotations

import getpass
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml
from mlflow import MlflowClient

import riskmodel
from riskmodel.errors import InputError
from riskmodel.forecasting.backtest import Backtest
from riskmodel.forecasting.drivers.contributions import definitional
from riskmodel.forecasting.evaluation.scores import COLUMNS
from riskmodel.products.risk_list.risk_list import MODEL_NUMBERS, RiskList
from riskmodel.products.risk_list.texts import in_dutch
from riskmodel.workflow.example import ExampleFiles
from riskmodel.workflow.tracking.store import store_uri
from riskmodel.workspace.store import Workspace

ROOT = Path(__file__).parents[1]
TOWN = "Wolderdam (voorbeeld)"


@pytest.fixture(scope="module")
def question(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two-year question with few trees: what is tested here does not depend on their number."""
    content = yaml.safe_load((ROOT / "experiments" / "decline-2y.yaml").read_text(encoding="utf-8"))
    for model in content["models"]:
        if model["kind"] == "lightgbm":
            model |= {"trees": 30, "min_in_leaf": 20}
    path = tmp_path_factory.mktemp("experiments") / "decline-2y.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


@dataclass(frozen=True)
class Walked:
    """A workspace after the whole chain, and what the chain gave."""

    workspace: Workspace
    backtest: Backtest
    made: RiskList
    forms: dict[str, Path]


def ingest(workspace: Workspace, files: ExampleFiles) -> None:
    riskmodel.ingest_leefbaarometer([files.leefbaarometer], workspace)
    riskmodel.ingest_kwb(list(files.kwb), workspace)


def walk(folder: Path, files: ExampleFiles, question: Path) -> Walked:
    workspace = Workspace(folder / "workspace")
    ingest(workspace, files)
    done = riskmodel.backtest(question, workspace)
    riskmodel.train(question, workspace)
    riskmodel.forecast(workspace)
    made, forms = riskmodel.risk_list(
        workspace, folder / "list", municipality=[TOWN], capacity=3, made_on=date(2026, 1, 2)
    )
    return Walked(workspace, done, made, forms)


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory, example_files: ExampleFiles, question: Path) -> Walked:
    return walk(tmp_path_factory.mktemp("first"), example_files, question)


@pytest.mark.long
def test_a_second_run_is_bit_identical(
    walked: Walked, tmp_path: Path, example_files: ExampleFiles, question: Path
) -> None:
    again = walk(tmp_path, example_files, question)
    names = ["backtests/decline-2y/forecasts.parquet", "backtests/decline-2y/scores.csv"]
    names += [
        str(path.relative_to(walked.workspace.folder))
        for kind in ("models", "forecasts")
        for path in walked.workspace.path(kind).rglob("*")
        if path.is_file() and path.name not in ("release.json", "about.json")
    ]
    assert len(names) > 6
    for name in names:
        assert walked.workspace.path(name).read_bytes() == again.workspace.path(name).read_bytes(), name
    for form in ("csv", "xlsx", "html"):
        assert walked.forms[form].read_bytes() == again.forms[form].read_bytes(), form


def test_forecasting_again_changes_nothing(walked: Walked) -> None:
    before = {path: path.read_bytes() for path in walked.workspace.path("forecasts").rglob("*") if path.is_file()}
    riskmodel.forecast(walked.workspace)
    after = {path: path.read_bytes() for path in walked.workspace.path("forecasts").rglob("*") if path.is_file()}
    assert before == after


def test_the_list_agrees_with_the_file_and_adds_up(walked: Walked, example_files: ExampleFiles) -> None:
    published = pd.read_csv(example_files.leefbaarometer)
    now = published[(published["jaar"] == 2020) & published["wk_code"].str.startswith("WK9001")]
    rows = walked.made.rows
    assert set(rows["location"]) == set(now["wk_code"])
    np.testing.assert_allclose(rows["score"], rows["location"].map(now.set_index("wk_code")["lbm"]))
    before = published[published["jaar"] == 2018].set_index("wk_code")["lbm"]
    np.testing.assert_allclose(rows["change_last"], rows["score"] - rows["location"].map(before))
    parts = walked.made.contributions.drop(columns="location").sum(axis=1)
    large = ~rows["too_small"]
    np.testing.assert_allclose(parts[large], rows["expected_change"][large], atol=1e-9)
    assert rows.loc[~large, list(MODEL_NUMBERS)].isna().all(axis=None)
    assert rows["on_list"].sum() == 3
    assert walked.made.about.example
    about = walked.made.about
    assert about.threat_limit == max(0.05, 5 * about.average_risk)
    assert (rows["threatens"] == ((rows["chance"] >= about.threat_limit) & (rows["reason"] == ""))).all()
    assert (rows["under_pressure"] == (rows["score_class"] <= 4)).all()


def test_small_areas_stand_last_and_take_no_place(walked: Walked) -> None:
    made, _ = riskmodel.risk_list(walked.workspace, walked.workspace.path("all"), capacity=10)
    rows = made.rows
    assert rows["too_small"].any()
    assert (rows["too_small"] == (rows["inhabitants"] < 200)).all()
    assert rows["too_small"].is_monotonic_increasing
    for _, part in rows.groupby("too_small"):
        assert part["chance"].dropna().is_monotonic_decreasing
    assert not (rows["on_list"] & rows["too_small"]).any()
    # An area about which nothing can be said does not threaten, and has no chance in any column.
    assert not (rows["threatens"] & rows["too_small"]).any()
    assert rows.loc[rows["too_small"], list(MODEL_NUMBERS)].isna().all(axis=None)


def test_the_track_record_is_told_from_the_scores(walked: Walked) -> None:
    scores = walked.backtest.scores
    own = scores[
        (scores["model"] == "lightgbm") & (scores["cohort"] == "all") & (scores["metric"] == "precision_at_k")
    ]
    for share in own["value"]:
        assert f"{share:.0%}" in in_dutch(walked.made.about.track_record)
    orderings = [spec.name for spec in walked.backtest.experiment.models if spec.kind in ("ordering", "markov")]
    lists = scores[scores["model"].isin(orderings) & (scores["cohort"] == "all")]
    best = lists[lists["metric"] == "precision_at_k"].groupby("origin_date")["value"].max()
    told = [f"{share:.0%}" for share in best]
    # Not every ordering exists at every origin: size was not known in 2012 and 2014.
    assert f"was het {told[0]}, {told[1]}, {told[2]} en {told[3]};" in in_dutch(walked.made.about.track_record)


def test_files_of_a_backtest(walked: Walked) -> None:
    folder = walked.workspace.path("backtests", "decline-2y")
    scores = pd.read_csv(folder / "scores.csv")
    assert tuple(scores.columns) == COLUMNS
    forecasts = pq.read_table(folder / "forecasts.parquet").to_pandas()
    assert {str(day)[:4] for day in forecasts["origin_date"]} == {"2012", "2014", "2016", "2018"}
    assert set(forecasts["model"]) == {spec.name for spec in walked.backtest.experiment.models}


def test_mlflow_holds_runs_models_and_aliases(walked: Walked) -> None:
    client = MlflowClient(store_uri(walked.workspace), store_uri(walked.workspace))
    experiment = client.get_experiment_by_name("decline-2y")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id], max_results=200)
    parents = [run for run in runs if run.info.run_name.startswith("backtest")]
    nested = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == parents[0].info.run_id]
    assert len(nested) == len(walked.backtest.forecasts)
    one = next(run for run in nested if run.info.run_name == "lightgbm 2018")
    scores = walked.backtest.scores
    chosen = scores[
        (scores["model"] == "lightgbm")
        & (scores["cohort"] == "all")
        & (scores["metric"] == "auc")
        & (scores["origin_date"] == date(2018, 1, 1))
    ]
    assert one.data.metrics["auc.all"] == chosen["value"].item()
    assert one.data.metrics["n_events.all"] == chosen["n_events"].item()
    kept = {file.path for file in client.list_artifacts(parents[0].info.run_id)}
    assert kept >= {
        "forecasts.parquet", "scores.csv", "splits.png", "reliability.png", "precision_recall.png",
        "shap_importance.csv", "experiment.json",
    }  # fmt: skip
    assert any("sha256:" in value for value in parents[0].data.params.values())
    champion = client.get_model_version_by_alias("change-2y-wijk", "champion")
    challenger = client.get_model_version_by_alias("change-2y-wijk", "challenger")
    assert (champion.tags["model"], challenger.tags["model"]) == ("lightgbm", "structural")


def test_mlflow_reads_well(walked: Walked) -> None:
    """Figures that come first against the tables, data with fingerprints, descriptions, and views."""
    import base64
    import zlib

    client = MlflowClient(store_uri(walked.workspace), store_uri(walked.workspace))
    experiment = client.get_experiment_by_name("decline-2y")
    runs = client.search_runs([experiment.experiment_id], max_results=200)
    by_name = {run.info.run_name: run for run in runs}
    question, paired = walked.backtest.experiment, walked.backtest.paired
    own = paired[
        (paired["model"] == "lightgbm")
        & (paired["cohort"] == "500+")
        & (paired["metric"] == "average_precision")
        & (paired["target"] == question.event.name)
        & paired["best"]
    ]
    at = own[own["origin_date"] == date(2018, 1, 1)].iloc[0]
    one = by_name["lightgbm 2018"].data
    assert one.metrics["main/AP"] == pytest.approx(at["value"], abs=5e-5)
    assert one.metrics["main/AP_best"] == pytest.approx(at["opponent_value"], abs=5e-5)
    assert one.metrics["main/AP_ratio"] == pytest.approx(at["ratio"], abs=5e-5)
    assert one.metrics["main/events"] == at["n_events"]
    assert (one.tags["role"], one.params["origin"]) == ("champion", "2018")
    assert by_name["markov 2018"].data.tags["role"] == "ordering"
    parent = next(run for run in runs if run.data.tags.get("riskmodel.kind") == "backtest")
    mean = own[own["opponent"] == "best ordering"].iloc[0]
    assert parent.data.metrics["main/AP_ratio"] == pytest.approx(mean["ratio"], abs=5e-5)
    assert parent.data.metrics["main/events"] == mean["n_events"]
    assert question.question in parent.data.tags["mlflow.note.content"]
    assert "AP / best ordering" in parent.data.tags["mlflow.note.content"]

    # What a view shows of a row, and filters it by, stands with that row itself.
    assert parent.info.run_name == "backtest 2012-2018"
    assert (parent.data.params["leave_out"], parent.data.params["seeds"]) == ("none", "0")
    assert "champion" in one.tags["mlflow.note.content"]
    assert "from the wave of 2018 to that of 2020" in one.tags["mlflow.note.content"]
    trained = by_name["train lightgbm 2020"]
    assert {run.info.user_id for run in runs} == {getpass.getuser()}
    [shown] = by_name["lightgbm 2018"].inputs.dataset_inputs
    [evaluated], [learned] = parent.inputs.dataset_inputs, trained.inputs.dataset_inputs
    assert (shown.dataset.digest, shown.tags[0].value) == (evaluated.dataset.digest, "evaluation")
    assert (evaluated.tags[0].value, learned.tags[0].value) == ("evaluation", "training")
    assert (learned.dataset.name, learned.dataset.digest) == ("wijk 2002-2020", evaluated.dataset.digest)
    told = {file["sha256"] for file in json.loads(learned.dataset.source)["files"]}
    assert told == {file.sha256 for file in walked.workspace.panel().files}
    assert trained.data.metrics["main/AP_ratio"] == parent.data.metrics["main/AP_ratio"]

    version = client.get_model_version_by_alias("change-2y-wijk", "champion")
    for words in (question.question, "published by 2022-04-14", f"{mean['ratio']:.2f} times", "model_card.md"):
        assert words in version.description
    # A table of versions shows how a description begins.
    assert version.description.startswith("lightgbm until 2020")
    assert "riskmodel promote decline-2y" in client.get_registered_model("change-2y-wijk").description

    packed = experiment.tags["mlflow.sharedViewState.models"].removeprefix("deflate;")
    view = json.loads(zlib.decompress(base64.b64decode(packed)))
    metrics = [name.split("`")[1] for name in view["selectedColumns"] if name.startswith("metrics.")]
    assert len(metrics) == 7
    assert set(metrics) <= set(one.metrics)
    found = client.search_runs([experiment.experiment_id], view["searchFilter"], max_results=200)
    assert len(found) == len(walked.backtest.forecasts)


@pytest.mark.long
def test_the_registered_model_answers_in_another_process(walked: Walked, tmp_path: Path) -> None:
    """Same chances, expectation, interval and drivers as the stored forecast; nothing is unpickled."""
    from riskmodel.forecasting.features import features_of
    from riskmodel.forecasting.origins import latest_origin
    from riskmodel.workflow.tracking.store import store_uri

    panel = walked.workspace.panel()
    origin = latest_origin(panel, 2)
    there = ~np.isnan(panel.at("score", origin.wave))
    features = features_of(panel, origin)
    table = pd.DataFrame(features.values[there], columns=list(features.names))
    table["deviation"] = panel.deviation(origin.wave)[there]
    table.to_parquet(tmp_path / "input.parquet")
    code = (
        "import sys, mlflow, pandas as pd\n"
        "mlflow.set_tracking_uri(sys.argv[1])\n"
        "model = mlflow.pyfunc.load_model('models:/change-2y-wijk@champion')\n"
        "model.predict(pd.read_parquet(sys.argv[2])).to_parquet(sys.argv[3])\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MLFLOW_DISABLE_TELEMETRY": "true"}
    command = [sys.executable, "-c", code, store_uri(walked.workspace)]
    files = [str(tmp_path / "input.parquet"), str(tmp_path / "output.parquet")]
    subprocess.run([*command, *files], check=True, env=environment, capture_output=True)
    answered = pd.read_parquet(tmp_path / "output.parquet").set_axis(panel.areas[there])
    rows = walked.made.rows[~walked.made.rows["too_small"]].set_index("location")
    for theirs, ours in (
        ("p_decline", "p_decline"),
        ("expected_change", "expected_change"),
        ("lower80", "lower80"),
    ):
        np.testing.assert_array_equal(answered.loc[rows.index, theirs], rows[ours])
    drivers = answered.filter(like="driver_").sum(axis=1)
    np.testing.assert_allclose(drivers, answered["expected_change"], atol=1e-9)
    stored = walked.workspace.path("mlartifacts")
    assert not [path for path in stored.rglob("*") if path.suffix in (".pkl", ".pickle", ".joblib")]


def test_a_local_survey_becomes_a_driver(tmp_path: Path, example_files: ExampleFiles, question: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    ingest(workspace, example_files)
    wide = pd.read_csv(example_files.leefbaarometer).pivot(index="wk_code", columns="jaar", values="lbm")
    random = np.random.default_rng(1)
    parts = []
    for year in (2013, 2015, 2017, 2019):
        # Residents notice what the next measurement will show, with much noise.
        change = wide.get(year + 1, wide[2020]) - wide[year - 1]
        share = (25 - 200 * change + random.normal(0, 3, len(wide))).clip(0, 100).round(1)
        parts.append(pd.DataFrame({"wijkcode": wide.index, "jaar": year, "achteruit": share.to_numpy()}))
    survey = tmp_path / "survey.csv"
    pd.concat(parts).dropna().to_csv(survey, index=False)
    mapping = riskmodel.draft_local_mapping(survey, tmp_path / "survey.toml")
    with pytest.raises(InputError):
        riskmodel.ingest_local(survey, workspace, mapping=mapping)
    filled = mapping.read_text(encoding="utf-8")
    for key, value in {
        "boundaries": "2022", "covers": '"1 January"', "published_after_months": "3", "driver": '"local"',
        "label_nl": '"vindt dat de buurt achteruitgaat"', "direction": '"bad"', "kind": '"intensive"',
    }.items():  # fmt: skip
        assert f'{key} = "..."' in filled
        filled = filled.replace(f'{key} = "..."', f"{key} = {value}")
    mapping.write_text(filled, encoding="utf-8")
    riskmodel.ingest_local(survey, workspace, mapping=mapping)
    riskmodel.train(question, workspace)
    riskmodel.forecast(workspace)
    made, _ = riskmodel.risk_list(workspace, tmp_path / "list")
    assert "local" in [driver.id for driver in made.drivers]
    # Parts of the score itself and the surroundings are terms of the structural model; trees add the others.
    leading = [driver.id for driver in made.drivers if driver.id not in {*definitional(), "surroundings"}]
    assert made.contributions[leading].abs().mean().idxmax() == "local"
    assert made.rows["drivers_down"].str.contains("lokale bronnen").any()


def test_unknown_municipality_and_capacity_are_refused(walked: Walked, tmp_path: Path) -> None:
    out = tmp_path / "list"
    with pytest.raises(InputError, match="Wolderdam"):
        riskmodel.risk_list(walked.workspace, out, municipality=["Wolderdam"])
    with pytest.raises(InputError, match="capacity"):
        riskmodel.risk_list(walked.workspace, out, capacity=0)
    assert not out.exists()
