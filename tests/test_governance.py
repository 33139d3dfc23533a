"""Accountability as a user walks it: audit with groups of one's own, papers of a released model, the register."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from plain_dutch import lengths, sentences
from typer.testing import CliRunner
from worlds import EXPERIMENTS

import riskmodel
from riskmodel.cli import app
from riskmodel.errors import InputError
from riskmodel.forecasting.group_audit.audit import ALL_ORIGINS, TOP
from riskmodel.products.governance.iama import DOCUMENT, OFFICIAL
from riskmodel.products.governance.model_card import AUDIT, JSON, MARKDOWN
from riskmodel.products.governance.register_entry import ENTRY
from riskmodel.scoring.release import describe_release, load_release
from riskmodel.workflow.tracking.store import client_of
from riskmodel.workflow.train import Trained
from riskmodel.workspace.store import Workspace
from riskmodel.workspace.verify import check_deep

#: A backtest, a training and their papers take longer than what they show.
pytestmark = pytest.mark.long
PNG = b"\x89PNG\r\n\x1a\n"
#: Names of groups that may stand nowhere but in what was counted.
SECRET, OTHER = "Groep Zevenster", "Groep Achtster"


@dataclass(frozen=True)
class Made:
    workspace: Workspace
    file: Path
    trained: Trained
    groups: Path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, example_workspace: Workspace) -> Made:
    folder = tmp_path_factory.mktemp("governance")
    workspace = Workspace(shutil.copytree(example_workspace.folder, folder / "workspace"))
    content = yaml.safe_load((EXPERIMENTS / "decline-2y.yaml").read_text(encoding="utf-8"))
    content["models"] = [
        {"name": "structural", "kind": "structural"},
        {"name": "last_rise", "kind": "ordering", "feature": "history.change_last", "risk": "high"},
    ]
    content |= {"champion": "structural", "challenger": "structural"}
    content.pop("targets", None)
    file = folder / "decline-2y.yaml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    riskmodel.backtest(file, workspace, origins=[2016, 2018])
    trained = riskmodel.train(file, workspace)["champion"]
    groups = folder / "samenstelling.csv"
    areas = workspace.panel().areas
    with groups.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["location", "group", "label"])
        rows.writerows([area, str(n % 2), (SECRET, OTHER)[n % 2]] for n, area in enumerate(areas))
    return Made(workspace, file, trained, groups)


def run(*words: object) -> str:
    result = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def told(*words: object) -> Any:
    return json.loads(CliRunner().invoke(app, [*map(str, words), "--json"], catch_exceptions=False).stdout)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


# --- the audit ---------------------------------------------------------------------------------------------------


def test_the_audit_is_printed_written_and_logged(made: Made, tmp_path: Path) -> None:
    printed = run("audit", "decline-2y", "--workspace", made.workspace.folder)
    folder = made.workspace.path("audits", "decline-2y")
    assert printed.startswith("# Audit of decline-2y\n")
    assert (folder / "audit.md").read_text(encoding="utf-8").strip() in printed
    names = {path.name for path in folder.iterdir()}
    assert names == {"audit.csv", "audit.md", *(f"audit_{a}.png" for a in ("urbanity", "size", "level", "income"))}
    assert all(path.read_bytes().startswith(PNG) for path in folder.glob("*.png"))
    table = pd.read_csv(folder / "audit.csv", dtype={"origin": str})
    assert set(table["origin"]) == {ALL_ORIGINS, "2016", "2018"}

    client = client_of(made.workspace)
    place = client.get_experiment_by_name("decline-2y").experiment_id
    found = client.search_runs([place], "tags.`riskmodel.kind` = 'audit'")
    run_ = found[0]
    assert run_.info.status == "FINISHED" and run_.data.params["model"] == "structural"
    assert {each.path for each in client.list_artifacts(run_.info.run_id)} == names
    assert check_deep(made.workspace).damages == ()
    row = table[
        (table["origin"] == ALL_ORIGINS) & (table["list"] == TOP) & (table["model"] == "structural")
        & (table["group"] == "not urban") & (table["metric"] == "selection_rate")
    ].iloc[0]  # fmt: skip
    assert run_.data.metrics["selection_rate.urbanity.not_urban"] == pytest.approx(row["value"], rel=1e-4)
    result = told("audit", "decline-2y", "--out", tmp_path / "out", "--workspace", made.workspace.folder)
    assert (result["experiment"], result["model"]) == ("decline-2y", "structural")
    assert set(result["orderings"].items()) == {("2016", "last_rise"), ("2018", "last_rise")}
    assert {Path(file).name for file in result["files"]} == names
    assert client.get_run(result["run"]).data.tags["riskmodel.kind"] == "audit"
    keys = ["list", "model", "group", "metric"]
    [same] = [each for each in result["groups"] if [each[key] for key in keys] == row[keys].tolist()]
    assert same["value"] == pytest.approx(same["n_selected"] / same["n"])
    # The table is written to six digits.
    assert same["value"] == pytest.approx(row["value"], abs=1e-6)


def test_groups_of_a_user_are_counted_and_stay_out_of_everything(made: Made, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in made.workspace.path("observations").iterdir()}
    runs = {path.name for path in made.workspace.path("mlartifacts", "decline-2y").iterdir()}
    out = tmp_path / "audit"
    printed = run(
        "audit", "decline-2y", "--groups", made.groups, "--out", out, "--workspace", made.workspace.folder
    )
    digest = hashlib.sha256(made.groups.read_bytes()).hexdigest()
    source = f"samenstelling.csv (sha256 {digest[:12]}), supplied by the user for this audit: 400 of 400 areas"
    assert source in printed and SECRET in printed
    assert (out / "audit_supplied.png").read_bytes().startswith(PNG)
    # Nothing of it in what forecasts are made from, and no area of it in what MLflow keeps.
    assert {path: path.read_bytes() for path in made.workspace.path("observations").iterdir()} == before
    panel = made.workspace.panel()
    assert "samenstelling" not in " ".join(panel.indicators)
    areas = [area.encode() for area in panel.areas]
    added = [p for p in made.workspace.path("mlartifacts", "decline-2y").iterdir() if p.name not in runs]
    kept = [path.read_bytes() for folder in added for path in folder.rglob("*") if path.is_file()]
    assert kept and any(SECRET.encode() in content for content in kept)
    assert not any(area in content for content in kept for area in areas)
    assert not any(area in path.read_bytes() for path in out.iterdir() for area in areas)


def test_an_audit_needs_a_backtest_on_these_files(made: Made, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no stored backtest"):
        riskmodel.audit(made.workspace, "tipping-2y")
    other = Workspace(shutil.copytree(made.workspace.folder, tmp_path / "other"))
    kwb = sorted(other.path("observations").glob("kwb*"))
    kwb[-1].unlink()
    with pytest.raises(InputError, match="made on other input files"):
        riskmodel.audit(other, "decline-2y")
    assert not other.path("audits", "decline-2y").exists() or made.workspace.path("audits").exists()
    result = CliRunner().invoke(app, ["audit", "decline-2y", "--groups", "nowhere.csv"])
    assert isinstance(result.exception, InputError)


# --- papers of a released model ----------------------------------------------------------------------------------


def test_a_released_model_has_its_papers(made: Made) -> None:
    release = made.trained.release
    files = bytes_of(release.folder)
    assert set(files) >= {MARKDOWN, JSON, AUDIT, ENTRY, DOCUMENT}
    about = json.loads(files["release.json"])
    for name in (AUDIT, ENTRY, DOCUMENT):
        assert about["sha256"][name] == hashlib.sha256(files[name]).hexdigest()
        changed = release.folder / name
        changed.write_bytes(files[name] + b" ")
        with pytest.raises(InputError, match="changed or added"):
            load_release(release.folder)
        changed.write_bytes(files[name])
    assert release.id in json.loads(files[ENTRY])["methods_and_models"]
    card = files[MARKDOWN].decode()
    assert "### By urbanity" in card and "### What cannot be told" in card
    audited = json.loads(files[JSON])["audit"]
    table = pd.read_csv(release.folder / AUDIT)
    assert set(table["attribute"]) == {"urbanity", "size", "level", "income"} == set(audited["sources"])
    assert len(audited["differing"]) <= audited["compared"]


def test_papers_are_made_anew_and_the_model_stays(made: Made, tmp_path: Path) -> None:
    elsewhere = tmp_path / "models" / made.trained.release.id
    shutil.copytree(made.trained.release.folder, elsewhere)
    whole = bytes_of(elsewhere)
    # A release of an earlier version: without the papers of today.
    about = json.loads(whole["release.json"])
    for name in (AUDIT, ENTRY, DOCUMENT):
        (elsewhere / name).unlink()
        del about["sha256"][name]
    (elsewhere / "release.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    printed = run("describe", elsewhere, "--workspace", made.workspace.folder)
    assert DOCUMENT in printed
    # Whatever was audited meanwhile by groups of a user: the same bytes.
    assert bytes_of(elsewhere) == whole
    assert told("describe", elsewhere, "--workspace", made.workspace.folder) == {
        "release": made.trained.release.id,
        "folder": str(elsewhere),
        "files": [str(elsewhere / name) for name in sorted(whole)],
    }
    assert not any(SECRET.encode() in content for content in whole.values())
    assert [path.name for path in elsewhere.parent.iterdir()] == [made.trained.release.id]
    # With nothing to change nothing is written.
    stamps = {path: path.stat().st_mtime_ns for path in elsewhere.iterdir()}
    model = {"experiment.yaml", "model.json", "release.json"}
    papers = {name: content for name, content in whole.items() if name not in model}
    describe_release(load_release(elsewhere), papers)
    assert {path: path.stat().st_mtime_ns for path in elsewhere.iterdir()} == stamps


def test_papers_are_refused_for_another_model_or_other_files(made: Made, tmp_path: Path) -> None:
    renamed = shutil.copytree(made.trained.release.folder, tmp_path / "structural-2020-0000000000")
    with pytest.raises(InputError, match="renamed or put together by hand"):
        describe_release(load_release(renamed), {})
    other = Workspace(shutil.copytree(made.workspace.folder, tmp_path / "other"))
    sorted(other.path("observations").glob("kwb*"))[-1].unlink()
    with pytest.raises(InputError, match="other files than"):
        riskmodel.describe(made.trained.release.folder, other)


def test_without_a_backtest_the_papers_say_so(made: Made, tmp_path: Path) -> None:
    folder = shutil.copytree(made.trained.release.folder, tmp_path / made.trained.release.id)
    bare = Workspace(tmp_path / "bare")
    shutil.copytree(made.workspace.path("observations"), bare.path("observations"))
    files = bytes_of(riskmodel.describe(folder, bare).folder)
    assert AUDIT not in files
    document = files[DOCUMENT].decode()
    assert document.count("Dit weten wij nog niet.") == 2
    assert "there is no backtest yet" in json.loads(files[JSON])["audit"]["missing"]


# --- the document to start an IAMA with --------------------------------------------------------------------------


def test_the_document_knows_the_model_and_leaves_the_rest_open(made: Made) -> None:
    release = made.trained.release
    text = (release.folder / DOCUMENT).read_text(encoding="utf-8")
    for part in ("Deel 1. Waarom?", "Deel 2. Wat?", "Deel 3. Hoe?", "Deel 4. Mensenrechten", "Besluit"):
        assert f"\n## {part}\n" in text
    for told in (
        release.id,
        OFFICIAL,
        "Leefbaarometer 3.0",
        "14 april 2022",
        "Gegevens over herkomst",
        release.name,
    ):
        assert told in text, told
    assert all(file.sha256 in text for file in release.files)
    assert "geen uitgevoerde IAMA" in text
    # Questions of people are open: nobody has ticked one, and none has an answer behind it.
    questions = [line for line in text.splitlines() if line.startswith("- [ ] ")]
    assert len(questions) >= 35 and "- [x]" not in text
    assert all(line.rstrip().endswith(("?", ".", ":")) for line in questions)
    assert "Er zijn" in text and "vergelijkingen gemaakt" in text
    assert "None" not in text and "nan" not in text.replace("financ", "")


def test_the_document_is_in_plain_dutch(made: Made) -> None:
    text = (made.trained.release.folder / DOCUMENT).read_text(encoding="utf-8")
    assert max(lengths(text)) <= 22, max(sentences(text), key=lambda sentence: len(sentence.split()))
    assert np.mean(lengths(text)) <= 11
    assert len(text.encode()) < 20_000


def test_the_document_says_when_origin_was_allowed(made: Made, tmp_path: Path) -> None:
    from riskmodel.forecasting.experiment import load_experiment
    from riskmodel.forecasting.origins import latest_origin
    from riskmodel.forecasting.stage import stage_of
    from riskmodel.products.governance.iama import iama_document
    from riskmodel.products.governance.model_card import CardFacts
    from riskmodel.workflow.findings import stored_record

    question, panel = load_experiment(made.file), made.workspace.panel()
    record, reason = stored_record(made.workspace, question, "structural", "wijk", panel.files)
    stage = stage_of(panel, latest_origin(panel, 2))
    facts = CardFacts(question, "structural", panel, stage, (), record, reason, None, "0")
    assert "herkomst van bewoners. Daar is bewust" not in iama_document(facts, "id")
    allowed = replace(facts, experiment=replace(question, allow_origin=True))
    assert "herkomst van bewoners. Daar is bewust" in iama_document(allowed, "id")


# --- the register ------------------------------------------------------------------------------------------------


def test_an_entry_is_written_answered_and_complete(made: Made, tmp_path: Path) -> None:
    out = tmp_path / "register" / "entry.json"
    printed = run("register-entry", "--out", out, "--workspace", made.workspace.folder)
    assert "Nog in te vullen, verplicht (4):" in printed
    form = out.with_name("entry-antwoorden.yaml")
    assert str(form) in printed
    result = told("register-entry", "--out", out, "--workspace", made.workspace.folder)
    open_ = ["organization", "status", "contact_email", "publication_category"]
    assert (result["complete"], sorted(result["missing"])) == (False, sorted(open_))
    # The form stands there since the first time.
    assert result["files"] == {"entry": str(out)}
    answers = form.read_text(encoding="utf-8")
    for key, value in (
        ("organization", "Gemeente Noorderhaaks"),
        ("status", "In ontwikkeling"),
        ("contact_email", "post@noorderhaaks.example"),
        ("publication_category", "Overige algoritmes"),
    ):
        answers = answers.replace(f"\n{key}:", f"\n{key}: {value}")
    form.write_text(answers, encoding="utf-8")
    printed = run("register-entry", "--out", out, "--answers", form, "--workspace", made.workspace.folder)
    assert "Alle verplichte velden zijn ingevuld" in printed and "Nog niet klaar" not in printed
    values = json.loads(out.read_text(encoding="utf-8"))
    assert values["status"] == "In ontwikkeling" and None not in values.values()
    # What people wrote is never overwritten.
    run("register-entry", "--out", out, "--workspace", made.workspace.folder)
    assert form.read_text(encoding="utf-8") == answers
    by_folder = tmp_path / "by_folder.json"
    run("register-entry", "--release", made.trained.release.folder, "--out", by_folder)
    assert by_folder.read_text(encoding="utf-8") == out.read_text(encoding="utf-8")


def test_an_entry_without_model_or_with_bad_answers_is_refused(made: Made, tmp_path: Path) -> None:
    out = tmp_path / "entry.json"
    with pytest.raises(InputError, match="no champion"):
        riskmodel.register_entry(Workspace(tmp_path / "empty"), out)
    with pytest.raises(InputError, match="no champion for 'other'"):
        riskmodel.register_entry(made.workspace, out, experiment="other")
    bad = tmp_path / "bad.yaml"
    bad.write_text("status: Misschien\n", encoding="utf-8")
    with pytest.raises(InputError, match="In gebruik"):
        riskmodel.register_entry(made.workspace, out, answers=bad)
    assert not out.exists()
