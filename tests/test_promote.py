"""Who may be champion: in a country whose future can be told in part, and in one where the gate must not open."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner
from worlds import EXPERIMENTS

import riskmodel
from riskmodel.cli import app
from riskmodel.errors import InputError
from riskmodel.forecasting.backtest_record import read_record, write_record
from riskmodel.forecasting.experiment import load_experiment
from riskmodel.forecasting.features import training_of
from riskmodel.forecasting.forecast import Forecast
from riskmodel.forecasting.models.scorecard import Scorecard
from riskmodel.forecasting.origins import latest_origin
from riskmodel.products.governance.model_card import JSON as CARD
from riskmodel.scoring.release import load_release, save_release
from riskmodel.workflow.promote import gate_findings
from riskmodel.workflow.tracking import registry
from riskmodel.workflow.tracking.store import client_of
from riskmodel.workspace.findings import Finding
from riskmodel.workspace.store import Workspace

#: The model of the experiments of two years.
MODEL = "change-2y-wijk"
NAME = "decline-2y"


def write_country(path: Path, n: int = 600, seed: int = 3) -> None:
    """Scores of a country with a lasting level that wanders and a jitter of each measurement.

    What has jittered up falls back: that much can be told beforehand, and better from all earlier measurements
    than from the last change alone.
    """
    rng = np.random.default_rng(seed)
    codes = [f"WK{9001 + i % 40}{i // 40:02d}" for i in range(n)]
    lasting, parts = rng.normal(0, 0.1, n), []
    for year in (2002, 2008, 2012, 2014, 2016, 2018, 2020):
        lasting = lasting + rng.normal(0, 0.02, n)
        score = lasting + rng.normal(0, 0.03, n)
        columns = {"wk_code": codes, "wk_naam": codes, "jaar": year, "lbm": 4.1 + score, "afw": score}
        parts.append(pd.DataFrame(columns).round(6))
    dimensions = dict.fromkeys(("fys", "onv", "soc", "vrz", "won"), "NA")
    pd.concat(parts).assign(**dimensions).to_csv(path, index=False)


def write_question(path: Path, trees: int) -> Path:
    content = yaml.safe_load((EXPERIMENTS / f"{NAME}.yaml").read_text(encoding="utf-8"))
    content["models"] = [
        {"name": "lightgbm", "kind": "lightgbm", "trees": trees, "min_in_leaf": 50},
        {"name": "structural", "kind": "structural"},
        {"name": "last_rise", "kind": "ordering", "feature": "history.change_last", "risk": "high"},
        {"name": "level_low", "kind": "ordering", "feature": "history.level", "risk": "low"},
    ]
    content |= {"cohorts": [{"name": "all"}], "challenger": "structural"}
    content.pop("targets", None)
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


@dataclass(frozen=True)
class Country:
    """A workspace with a backtest of one question and its models trained."""

    workspace: Workspace
    question: Path


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Country:
    folder = tmp_path_factory.mktemp("country")
    file = folder / "Leefbaarometer-scores wijken 2002-2020.csv"
    write_country(file)
    workspace = Workspace(folder / "workspace")
    riskmodel.ingest_leefbaarometer([file], workspace)
    question = write_question(folder / "question.yaml", trees=20)
    riskmodel.backtest(question, workspace, origins=[2014, 2016])
    riskmodel.train(question, workspace)
    return Country(workspace, question)


@pytest.fixture(scope="module")
def country(built: Country) -> Country:
    """The same with one model more, trained after its settings were changed; tests go through it in order."""
    trained = riskmodel.train(write_question(built.question.with_name("other.yaml"), trees=40), built.workspace)
    assert trained["champion"].alias == registry.CANDIDATE
    return built


def aliases(workspace: Workspace) -> dict[str, str]:
    return {each.alias: each.number for each in registry.versions(workspace, NAME) if each.alias}


def tags(workspace: Workspace, number: str) -> dict[str, str]:
    return dict(client_of(workspace).get_model_version(MODEL, number).tags)


def command(workspace: Workspace, *words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["promote", NAME, "--workspace", str(workspace.folder), *words])
    if isinstance(done.exception, InputError):
        return 2, str(done.exception)
    return done.exit_code, done.output


def test_the_first_model_is_champion_and_its_findings_are_kept(built: Country) -> None:
    there = aliases(built.workspace)
    assert (there["champion"], there["challenger"]) == ("1", "2")
    told = tags(built.workspace, "1")
    assert told["promoted.gate"] == "first model of this workspace: not asked"
    assert told["promoted.by"] and told["promoted.at"]
    assert "promoted.gate" not in tags(built.workspace, "2")
    run = client_of(built.workspace).get_run(client_of(built.workspace).get_model_version(MODEL, "1").run_id)
    assert run.data.metrics["RM006.failed"] == 0.0
    assert run.data.metrics["RM006.ratio_mean"] > 1


def test_the_same_model_again_changes_no_alias(built: Country) -> None:
    before = aliases(built.workspace)
    trained = riskmodel.train(built.question, built.workspace)
    assert trained["champion"].alias == ""
    after = aliases(built.workspace)
    assert after["champion"] == before["champion"]
    assert registry.CANDIDATE not in after
    assert after["challenger"] == trained["challenger"].version


def test_another_model_is_candidate_and_the_champion_goes_on_forecasting(country: Country) -> None:
    there = aliases(country.workspace)
    assert there["champion"] == "1"
    [stored] = riskmodel.forecast(country.workspace)
    champion = registry.find_version(country.workspace, NAME, "champion")
    candidate = registry.find_version(country.workspace, NAME, "candidate")
    assert stored.release_id == champion.release_id != candidate.release_id


def test_without_a_backtest_of_its_own_the_candidate_is_refused(country: Country) -> None:
    code, told = command(country.workspace)
    assert code == 1
    assert "RM006" in told and "other settings of 'lightgbm'" in told
    assert aliases(country.workspace)["champion"] == "1"


def test_force_needs_a_reason_and_is_recorded(country: Country) -> None:
    candidate = aliases(country.workspace)["candidate"]
    for words in (["--force"], ["--force", "--reason", "  "]):
        code, told = command(country.workspace, *words)
        assert code == 2 and "--reason" in told
    code, told = command(country.workspace, "--force", "--reason", "de raad wil het")
    assert code == 0 and "by force" in told
    there = aliases(country.workspace)
    assert there["champion"] == candidate and "candidate" not in there
    kept = tags(country.workspace, candidate)
    assert kept["promoted.gate"] == "forced"
    assert kept["promoted.reason"] == "de raad wil het"
    assert kept["promoted.after"] == "1"
    assert "RM006" in kept["promoted.against"] and "RM007" in kept["promoted.against"]
    model = client_of(country.workspace).get_registered_model(MODEL)
    [line] = [value for key, value in model.tags.items() if key.startswith("promotion ")]
    assert line.startswith(f"version {candidate} after 1 by ") and line.endswith("forced: de raad wil het")


def test_a_model_that_earned_it_is_promoted(country: Country) -> None:
    code, told = command(country.workspace, "--version", "1")
    assert code == 0, told
    assert "the gate held" in told and "against" not in told
    assert aliases(country.workspace)["champion"] == "1"
    assert tags(country.workspace, "1")["promoted.gate"] == "held"
    assert tags(country.workspace, "1")["promoted.against"] == "nothing"


def test_who_is_champion_already_or_not_there_is_told(country: Country) -> None:
    assert command(country.workspace, "--version", "1") == (
        2, "--version 1: found the champion itself; expected another version."
    )  # fmt: skip
    code, told = command(country.workspace, "--version", "99")
    assert code == 2 and "1 (champion)" in told
    with pytest.raises(InputError, match="riskmodel train"):
        riskmodel.promote(Workspace(country.workspace.folder / "nowhere"), NAME)


def test_a_challenger_is_promoted_by_its_alias(country: Country) -> None:
    done = riskmodel.promote(country.workspace, NAME, version="challenger")
    assert done.promoted and not done.reasons
    assert aliases(country.workspace)["champion"] == aliases(country.workspace)["challenger"] == done.version
    [stored] = riskmodel.forecast(country.workspace)
    assert stored.model == "structural"


def copy_of(country: Country, folder: Path) -> Workspace:
    workspace = Workspace(folder / "workspace")
    for part in ("observations", "models", "backtests"):
        shutil.copytree(country.workspace.path(part), workspace.path(part))
    return workspace


def release_id(country: Country, number: str) -> str:
    return registry.find_version(country.workspace, NAME, number).release_id


def outcome_of(findings: tuple[Finding, ...], code: str) -> str:
    return next(found.outcome for found in findings if found.code == code)


def test_the_gate_looks_at_the_backtest_of_now(country: Country, tmp_path: Path) -> None:
    workspace, own = copy_of(country, tmp_path), release_id(country, "1")
    assert outcome_of(gate_findings(workspace, NAME, own), "RM006") == "passed"
    # Chances dealt to other areas: no better than any ordering.
    folder = workspace.path("backtests", NAME)
    record = read_record(folder)
    text = (folder / "experiment.yaml").read_text(encoding="utf-8")
    rng = np.random.default_rng(1)

    def dealt(forecast: Forecast) -> Forecast:
        order = rng.permutation(len(forecast.locations))
        parts = {name: getattr(forecast, name)[order] for name in ("mean", "quantiles", "cdf", "pmf")}
        parts["readings"] = {name: chance[order] for name, chance in forecast.readings.items()}
        return replace(forecast, **parts)

    forecasts = tuple(dealt(each) if each.model == "lightgbm" else each for each in record.forecasts)
    write_record(replace(record, forecasts=forecasts), text, folder)
    assert outcome_of(gate_findings(workspace, NAME, own), "RM006") == "failed"
    shutil.rmtree(folder)
    findings = gate_findings(workspace, NAME, own)
    assert outcome_of(findings, "RM006") == outcome_of(findings, "RM007") == "not applicable"


def test_a_fault_of_the_training_stands_in_the_way(country: Country, tmp_path: Path) -> None:
    workspace = copy_of(country, tmp_path)
    release = load_release(workspace.path("models", MODEL, release_id(country, "1")))
    card = json.loads((release.folder / CARD).read_text(encoding="utf-8"))
    for finding in card["findings"]:
        if finding["code"] == "RM002":
            finding |= {"outcome": "failed", "message": "context.next moved"}
    panel = workspace.panel()
    faulty = save_release(
        release.folder.parent,
        release.name,
        release.model,
        release.folder / "experiment.yaml",
        panel,
        latest_origin(panel, 2),
        "0",
        lambda _: {CARD: json.dumps(card).encode()},
    )
    assert faulty.id == release.id
    assert outcome_of(gate_findings(workspace, NAME, faulty.id), "RM002") == "failed"


def test_a_model_that_cannot_say_why_is_no_champion(country: Country, tmp_path: Path) -> None:
    workspace = copy_of(country, tmp_path)
    panel, question = workspace.panel(), load_experiment(country.question)
    origin = latest_origin(panel, 2)
    model = Scorecard().fit(training_of(panel, origin), np.array(question.outputs.thresholds))
    folder = workspace.path("models", MODEL)
    release = save_release(folder, "scorecard", model, country.question, panel, origin, "0")
    with pytest.raises(InputError, match="contributions"):
        gate_findings(workspace, NAME, release.id)
