"""The card of a released model: figures that are those of the backtest, pictures, a release that stays whole."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.metrics import average_precision_score
from worlds import EXPERIMENTS

import riskmodel
from riskmodel.errors import InputError
from riskmodel.forecasting.backtest_record import Record, read_record
from riskmodel.forecasting.checks import Context, run_checks
from riskmodel.forecasting.experiment import Experiment, load_experiment
from riskmodel.forecasting.models.structural import Structural
from riskmodel.forecasting.origins import latest_origin
from riskmodel.forecasting.stage import Stage, stage_of
from riskmodel.panel.panel import Panel
from riskmodel.products.governance import model_card_pictures as card_pictures
from riskmodel.products.governance.audit_tables import audit_text
from riskmodel.products.governance.iama import DOCUMENT
from riskmodel.products.governance.model_card import (
    AUDIT,
    BY_GROUP,
    BY_ORIGIN,
    BY_PERIOD,
    EVERYBODY,
    JSON,
    MARKDOWN,
    CardFacts,
    card_content,
    card_files,
    render_card,
)
from riskmodel.products.governance.register_entry import ENTRY
from riskmodel.scoring.release import Release, load_release, save_release
from riskmodel.workspace.findings import Finding
from riskmodel.workspace.store import Workspace

PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Made:
    """A question with its backtest, and what a card of its champion is made from."""

    workspace: Workspace
    file: Path
    question: Experiment
    panel: Panel
    stage: Stage
    record: Record
    findings: tuple[Finding, ...]
    facts: CardFacts


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, example_workspace: Workspace) -> Made:
    folder = tmp_path_factory.mktemp("card")
    workspace = Workspace(folder / "workspace")
    shutil.copytree(example_workspace.folder, workspace.folder)
    content = yaml.safe_load((EXPERIMENTS / "decline-2y.yaml").read_text(encoding="utf-8"))
    content["models"] = [
        {"name": "structural", "kind": "structural"},
        {"name": "last_rise", "kind": "ordering", "feature": "history.change_last", "risk": "high"},
        {"name": "level_low", "kind": "ordering", "feature": "history.level", "risk": "low"},
    ]
    content |= {"cohorts": [{"name": "all"}, {"name": "500+", "min_inhabitants": 500}]}
    content |= {"champion": "structural", "challenger": "structural"}
    content.pop("targets", None)
    file = folder / "question.yaml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    riskmodel.backtest(file, workspace, origins=[2016, 2018])
    question, panel = load_experiment(file), workspace.panel()
    stage = stage_of(panel, latest_origin(panel, 2))
    record = read_record(workspace.path("backtests", "decline-2y"))
    findings = run_checks(Context(question, "structural", panel, (stage,), record))
    importance = pd.DataFrame({"feature": ["history.level", "history.slope"], "value": [3.0, 1.0]})
    facts = CardFacts(question, "structural", panel, stage, findings, record, "", importance, "0.1+abc")
    return Made(workspace, file, question, panel, stage, record, findings, facts)


@pytest.fixture(scope="module")
def files(made: Made) -> dict[str, bytes]:
    return card_files(made.facts)


def test_training_data_are_those_that_were_known(made: Made) -> None:
    content = card_content(made.facts)
    assert content["origin"]["known_at"] == "2022-04-14"
    assert [each["wave"] for each in content["waves"]] == [2002, 2008, 2012, 2014, 2016, 2018, 2020]
    for each in content["waves"]:
        assert each["areas"] == (~np.isnan(made.panel.at("score", each["wave"]))).sum()
        assert each["published"] == made.panel.published_on("score", each["wave"]).isoformat()
        assert each["published"] <= content["origin"]["known_at"]
    assert content["examples"] == len(made.stage.training.change)
    [kwb] = [each for each in content["sources"] if each["source"] == "kwb"]
    # The table of 2022 was published after the origin.
    assert kwb["years"] == [2016] and "CC BY 4.0" in kwb["label"]
    assert {each["sha256"] for each in content["files"]} == {file.sha256 for file in made.panel.files}


def test_features_are_told_by_driver_and_add_up(made: Made) -> None:
    features = card_content(made.facts)["features"]
    told = [name for each in features for name in each["features"]]
    assert sorted(told) == sorted(made.stage.features.names)
    shares = {each["driver"]: each["share"] for each in features}
    assert shares["history"] == pytest.approx(1.0)
    assert sum(shares.values()) == pytest.approx(1.0)
    assert all(each["features"][0].startswith(f"{each['driver']}.") for each in features)


def test_the_evaluation_is_that_of_the_forecasts(made: Made) -> None:
    cohorts = {each["cohort"]: each for each in card_content(made.facts)["evaluation"]["cohorts"]}
    assert [name for name, each in cohorts.items() if each["main"]] == ["500+"]
    everybody = cohorts["all"]
    ratios = []
    for row in everybody["origins"]:
        wave = row["origin"]
        change = made.panel.at("score", wave + 2) - made.panel.at("score", wave)
        judged = ~np.isnan(change)
        happened = change[judged] < -0.05
        precision = {}
        for forecast in made.record.forecasts:
            if forecast.origin_date.year == wave:
                chance = forecast.chance_of(made.question.event)[forecast.positions(made.panel.areas[judged])]
                precision[forecast.model] = average_precision_score(happened, chance)
        own = precision.pop("structural")
        best = max(precision, key=lambda name: precision[name])
        assert (row["n"], row["n_events"]) == (judged.sum(), happened.sum())
        assert row["ordering"] == best
        assert row["average_precision"] == pytest.approx(own, abs=1e-9)
        assert row["difference"] == pytest.approx(own - precision[best], abs=1e-9)
        ratios.append(own / precision[best])
    assert everybody["ratio_mean"] == pytest.approx(np.mean(ratios))
    assert everybody["ratio_min"] == pytest.approx(min(ratios))


def page_of(facts: CardFacts) -> str:
    return render_card(card_content(facts), "" if facts.audit is None else audit_text(facts.audit))


def test_the_page_holds_every_section_and_figure(made: Made) -> None:
    content = card_content(made.facts)
    page = page_of(made.facts)
    for heading in (
        *("What it answers", "Use", "Data it learned from", "Features by driver", "How well it did before"),
        *("Group audit", "Checks", "Limits", "Where it comes from"),
    ):
        assert f"# {heading}\n" in page, heading
    for text in ("In gewoon Nederlands", "never persons", "no causal model", "Apache-2.0", "0.1+abc"):
        assert text in page, text
    for found in made.findings:
        assert f"| {found.code} |" in page
    failed = [found for found in made.findings if found.outcome == "failed"]
    assert failed and page.count("| **") >= len(failed)
    for row in content["evaluation"]["cohorts"][0]["origins"]:
        assert f"{row['average_precision']:.3f} ({row['average_precision_low95']:.3f}" in page
    assert "None" not in page and "nan" not in page.lower().replace("finance", "")


def table_widths(page: str) -> list[set[int]]:
    """Number of cells in the lines of each Markdown table."""
    tables: list[set[int]] = [set()]
    for line in page.splitlines():
        if line.startswith("|"):
            tables[-1].add(line.replace("\\|", "").count("|"))
        elif tables[-1]:
            tables.append(set())
    return [widths for widths in tables if widths]


def test_every_table_has_lines_of_one_width(made: Made) -> None:
    strange = replace(made.findings[0], message="a | b\nc", outcome="failed")
    for facts in (
        made.facts,
        replace(made.facts, importance=None),
        replace(made.facts, findings=(strange,)),
        replace(made.facts, record=None, no_record="there is none"),
    ):
        widths = table_widths(page_of(facts))
        assert len(widths) >= 6
        assert all(len(each) == 1 for each in widths), widths


def test_without_a_backtest_the_card_says_so(made: Made) -> None:
    files = card_files(replace(made.facts, record=None, no_record="there is no backtest yet"))
    assert set(files) == {MARKDOWN, JSON}
    assert "Not known: there is no backtest yet." in files[MARKDOWN].decode()
    content = json.loads(files[JSON])
    assert content["evaluation"] == {"missing": "there is no backtest yet", "cohorts": []}
    assert content["audit"] == {"missing": "there is no backtest yet"}
    assert "Group audit\n\nNot known: there is no backtest yet." in files[MARKDOWN].decode()


def test_the_same_facts_give_the_same_files(made: Made, files: dict[str, bytes]) -> None:
    first, again = files, card_files(made.facts)
    pictures = {BY_ORIGIN, BY_GROUP, BY_PERIOD}
    assert set(first) == {MARKDOWN, JSON, AUDIT} | pictures
    assert first == again
    assert all(first[picture].startswith(PNG) for picture in pictures)
    assert json.loads(first[JSON]) == card_content(made.facts)


def test_the_card_tells_means_over_origins_of_every_class(made: Made) -> None:
    rows = card_content(made.facts)["calibration_over_origins"]
    table = made.record.tables["calibration"]
    small = table[(table["model"] == made.facts.model) & (table["group"] == "200 to 499")]
    told = next(row for row in rows if row["group"] == "200 to 499")
    assert told["origins"] == len(small) == 2
    assert told["gap"] == pytest.approx((small["observed"] - small["mean_chance"]).mean())
    # Two periods tell nothing of how periods differ.
    assert told["gap_low95"] is None


def test_groups_of_the_pictures_are_all_areas_that_were_judged(made: Made) -> None:
    origins = card_pictures.by_origin(made.record, "structural", made.panel, EVERYBODY)
    groups = card_pictures.by_group(made.record, "structural", made.panel, EVERYBODY)
    assert [each.title for each in origins] == ["origin 2016", "origin 2018"]
    total = sum(len(each.chance) for each in origins)
    events = sum(each.happened.sum() for each in origins)
    assert set(groups) == {"size", "urbanity"}
    for parts in groups.values():
        assert sum(len(each.chance) for each in parts) <= total
        assert sum(each.happened.sum() for each in parts) <= events
    sizes = {each.title: len(each.chance) for each in groups["size"]}
    inhabitants = made.panel.latest("population")
    # Sizes hardly change between the two tables of the invented country: the counts are near those of now.
    assert sizes["5,000 and more"] == pytest.approx(2 * (inhabitants >= 5000).sum(), rel=0.2)


# --- In a release ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def model(made: Made) -> Structural:
    return Structural().fit(made.stage.training, np.array(made.question.outputs.thresholds))


def release(made: Made, model: Structural, folder: Path, description: dict[str, bytes] | None) -> Release:
    origin = made.stage.origin
    return save_release(
        folder, "structural", model, made.file, made.panel, origin, "0.1", lambda _: description or {}
    )


def test_a_card_is_checked_like_the_model_and_makes_no_other_model(
    made: Made, model: Structural, files: dict[str, bytes], tmp_path: Path
) -> None:
    bare = release(made, model, tmp_path, None)
    assert not (bare.folder / MARKDOWN).exists()
    carded = release(made, model, tmp_path, files)
    assert carded.id == bare.id
    assert {path.name for path in carded.folder.iterdir()} >= {MARKDOWN, JSON, BY_ORIGIN, BY_GROUP, "model.json"}
    # Another evaluation takes the place of the first; nothing of it stays behind.
    other = card_files(replace(made.facts, record=None, no_record="gone"))
    again = release(made, model, tmp_path, other)
    assert again.id == bare.id and not (again.folder / BY_ORIGIN).exists()
    assert [path.name for path in tmp_path.iterdir()] == [bare.id]
    np.testing.assert_array_equal(
        again.model.contributions(made.stage.features), model.contributions(made.stage.features)
    )


@pytest.mark.parametrize("name", [MARKDOWN, JSON, BY_ORIGIN])
def test_a_changed_or_added_file_of_a_card_is_refused(
    made: Made, model: Structural, files: dict[str, bytes], tmp_path: Path, name: str
) -> None:
    folder = release(made, model, tmp_path, files).folder
    (folder / name).write_bytes(files[name] + b"x")
    with pytest.raises(InputError, match="changed or added"):
        load_release(folder)
    (folder / name).write_bytes(files[name])
    load_release(folder)
    added = folder / f"another{Path(name).suffix}"
    added.write_bytes(b"x")
    with pytest.raises(InputError, match="changed or added"):
        load_release(folder)


def test_training_writes_and_logs_the_card(made: Made) -> None:
    from riskmodel.workflow.tracking.store import client_of

    trained = riskmodel.train(made.file, made.workspace)["champion"]
    content = json.loads((trained.release.folder / JSON).read_text(encoding="utf-8"))
    assert [each["code"] for each in content["findings"]] == [found.code for found in trained.findings]
    assert content["evaluation"]["missing"] == ""
    shares = [each["share"] for each in content["features"]]
    assert sum(shares) == pytest.approx(1.0)
    client = client_of(made.workspace)
    run = client.get_model_version("change-2y-wijk", trained.version).run_id
    kept = {file.path for file in client.list_artifacts(run)}
    assert kept >= {MARKDOWN, JSON, AUDIT, BY_ORIGIN, BY_GROUP, ENTRY, DOCUMENT, "checks.json"}
    logged = Path(client.download_artifacts(run, MARKDOWN)).read_bytes()
    assert logged == (trained.release.folder / MARKDOWN).read_bytes()
