"""One model answers several questions: none is fitted twice, none contradicts another, old names are found."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import yaml
from workspace_worlds import EXPERIMENTS, invented, small_question

import riskmodel
from riskmodel.errors import InputError
from riskmodel.forecasting.backtest_record import QUESTION
from riskmodel.forecasting.experiment import load_experiment
from riskmodel.web.serving.snapshots import Snapshots
from riskmodel.web.settings import Settings
from riskmodel.workflow.questions import (
    asked_of,
    find_question,
    model_of,
    newest_forecast,
    other_horizon,
    questions_of,
)
from riskmodel.workflow.score import find_release
from riskmodel.workflow.tracking import registry
from riskmodel.workspace.store import Workspace

MODEL = "change-2y-wijk"


def question_file(folder: Path, name: str, **changes: object) -> Path:
    """The small question of another experiment: the same models, asked otherwise."""
    content = yaml.safe_load(small_question(folder / "small.yaml").read_text(encoding="utf-8"))
    built = yaml.safe_load((EXPERIMENTS / f"{name}.yaml").read_text(encoding="utf-8"))
    content["models"].append({"name": "structural", "kind": "structural"})
    content |= {key: built[key] for key in ("name", "question", "horizon", "event")}
    content |= {"challenger": "structural", **changes}
    path = folder / f"{content['name']}.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, dict]:
    folder = tmp_path_factory.mktemp("questions")
    workspace, files = Workspace(folder / "workspace"), invented(folder / "files")
    riskmodel.ingest_leefbaarometer([files.leefbaarometer], workspace)
    riskmodel.ingest_kwb(files.kwb, workspace)
    slide, decline = (question_file(folder, name) for name in ("slide-2y", "decline-2y"))
    first = riskmodel.train(slide, workspace)
    trained = {"slide": first, "decline": riskmodel.train(decline, workspace)}
    riskmodel.train(question_file(folder, "slide-4y"), workspace)
    riskmodel.backtest(decline, workspace, origins=[2018])
    trained["forecasts"] = riskmodel.forecast(workspace)
    return workspace, trained


def test_the_model_is_named_by_horizon_and_level_and_fitted_once(made: tuple[Workspace, dict]) -> None:
    workspace, trained = made
    assert sorted(path.name for path in workspace.path("models").iterdir()) == [MODEL, "change-4y-wijk"]
    slide, decline = (trained[name]["champion"] for name in ("slide", "decline"))
    assert (slide.again, decline.again) == (True, False)
    assert (slide.release.id, slide.version) == (decline.release.id, decline.version)
    assert trained["decline"]["challenger"].release.id == trained["slide"]["challenger"].release.id
    assert len({each.number for each in registry.versions(workspace, MODEL)}) == 2
    assert [path.name for path in workspace.path("forecasts").iterdir()].count(MODEL) == 1


def test_an_origin_model_answers_no_other_question() -> None:
    question = load_experiment(EXPERIMENTS / "slide-2y.yaml")
    assert question.model_name("buurt") == "change-2y-buurt"
    assert replace(question, allow_origin=True).model_name("buurt") == "change-2y-buurt-origin"
    with pytest.raises(InputError, match="allow_origin True"):
        asked_of(question, replace(question, name="other", allow_origin=True))
    with pytest.raises(InputError, match="horizon 4"):
        asked_of(question, load_experiment(EXPERIMENTS / "slide-4y.yaml"))


def test_two_questions_of_one_forecast_cannot_contradict_each_other(
    made: tuple[Workspace, dict], tmp_path: Path
) -> None:
    workspace, _ = made
    lists = {
        name: riskmodel.risk_list(workspace, tmp_path / name, experiment=name, forms=["csv"], capacity=10)[0]
        for name in ("slide-2y", "decline-2y", "tipping-2y")
    }
    assert len({each.about.forecast_id for each in lists.values()}) == 1
    assert len({each.about.list_id for each in lists.values()}) == 3
    assert {name: each.about.experiment for name, each in lists.items()} == {name: name for name in lists}
    slide, decline, tipping = (each.rows.set_index("location") for each in lists.values())
    np.testing.assert_array_equal(slide["p_decline"], decline["p_decline"].reindex(slide.index))
    np.testing.assert_array_equal(decline["chance"], decline["p_decline"])
    # Who is adequate or better now slides exactly when it tips.
    same = tipping.index[~tipping["too_small"]]
    np.testing.assert_allclose(tipping["chance"][same], slide["p_slide"].reindex(same), atol=1e-12)
    known = slide["p_slide"].notna()
    assert (slide["p_slide"] <= slide["p_weak"] + 1e-9)[known].all()
    assert (slide["p_slide"] <= slide["p_lower_class"] + 1e-9)[known].all()
    assert lists["slide-2y"].rows["p_other"].notna().any()


def test_the_parts_of_a_chance_lead_from_the_country_to_the_area(
    made: tuple[Workspace, dict], tmp_path: Path
) -> None:
    import pandas as pd

    workspace, _ = made
    riskmodel.risk_list(workspace, tmp_path, experiment="slide-2y", forms=["csv"])
    table = pd.read_csv(tmp_path / "risicolijst.csv", keep_default_na=False, na_values=[""])
    parts = table.filter(regex="^chance_")
    assert 4 <= parts.shape[1] <= 12
    large = ~table["too_small"] & (table["score_class"] > 1)
    country = (table["p_slide"] - parts.sum(axis=1, skipna=False))[large]
    assert np.ptp(country) < 1e-9
    assert country.iloc[0] == pytest.approx(table.loc[large, "p_slide"].mean(), abs=1e-9)
    rest = table[~large]
    assert len(rest)
    assert rest.filter(regex="^chance_").isna().all(axis=None)
    assert rest["p_slide"].isna().all()
    assert set(rest["reason"]) <= {"small", "lowest"}
    assert set(table["target_date"]) == {"2022-01-01"}
    small = table["too_small"]
    assert table.loc[small, ["p_clear_slide", "p_weak", "p_decline", "chance"]].isna().all(axis=None)


def test_questions_are_found_by_their_names(made: tuple[Workspace, dict]) -> None:
    workspace, _ = made
    assert model_of(workspace, "decline-2y") == model_of(workspace, "tipping-2y") == MODEL
    assert model_of(workspace, "slide-4y") == "change-4y-wijk"
    assert model_of(workspace, "nonsense") == "nonsense"
    assert find_question(workspace, "nonsense") is None
    [forecast] = workspace.path("forecasts", MODEL).iterdir()
    assert questions_of(workspace, forecast) == ["slide-2y", "decline-2y"]
    assert newest_forecast(workspace, "decline-2y").experiment.event.kind == "fall"
    assert newest_forecast(workspace, MODEL).experiment.name == "slide-2y"
    with pytest.raises(InputError, match="no forecast for 'nonsense'"):
        newest_forecast(workspace, "nonsense")
    # Both ask about sliding: the one whose moment lies ahead, else the later of the two.
    assert newest_forecast(workspace, None, date(2021, 1, 1)).experiment.name == "slide-2y"
    assert newest_forecast(workspace, None, date(2023, 1, 1)).experiment.name == "slide-4y"
    assert newest_forecast(workspace, None, date(2030, 1, 1)).experiment.name == "slide-4y"
    other = other_horizon(workspace, newest_forecast(workspace, "slide-2y"))
    assert other is not None
    assert other.forecast.horizon == 4


def test_a_model_is_promoted_by_its_own_name_or_that_of_a_question(made: tuple[Workspace, dict]) -> None:
    workspace, _ = made
    for name in (MODEL, "slide-2y", "tipping-2y"):
        with pytest.raises(InputError, match="the champion itself"):
            riskmodel.promote(workspace, name, version="champion")


def old_style(workspace: Workspace, folder: Path) -> Workspace:
    """The workspace as an earlier version left it: the model named after its experiment, no readings."""
    shutil.copytree(workspace.folder, folder)
    old = Workspace(folder)
    for kind in ("models", "forecasts"):
        shutil.rmtree(old.path(kind, "change-4y-wijk"))
        old.path(kind, MODEL).rename(old.path(kind, "slide-2y"))
    shutil.rmtree(old.path("backtests"))
    old.path("manifest.json").unlink()
    with sqlite3.connect(old.path("mlflow.db")) as store:
        store.execute("PRAGMA foreign_keys = OFF")
        for table in ("registered_models", "registered_model_tags"):
            store.execute(f"UPDATE {table} SET name = 'slide-2y' WHERE name = ?", (MODEL,))
        for table in ("model_versions", "model_version_tags", "registered_model_aliases"):
            store.execute(f"UPDATE {table} SET name = 'slide-2y' WHERE name = ?", (MODEL,))
    return old


def test_a_workspace_of_an_earlier_version_is_found_by_its_old_names(
    made: tuple[Workspace, dict], tmp_path: Path
) -> None:
    workspace, _ = made
    old = old_style(workspace, tmp_path / "old")
    assert model_of(old, "slide-2y") == "slide-2y"
    champion = registry.release_by_alias(old, "slide-2y", registry.CHAMPION)
    assert champion is not None
    [forecast] = old.path("forecasts", "slide-2y").iterdir()
    assert questions_of(old, forecast) == ["slide-2y"]
    made_list, _ = riskmodel.risk_list(old, tmp_path / "list", forms=["csv"])
    assert made_list.about.experiment == "slide-2y"
    # It has no other question, and says what to do for one; its model is scored with and promoted by the old name.
    with pytest.raises(InputError, match=r"no forecast for 'tipping-2y'.*train tipping-2y"):
        riskmodel.risk_list(old, tmp_path / "list", experiment="tipping-2y")
    assert riskmodel.what_if(old, {"population": "*1.1"}, experiment="slide-2y").notna().any(axis=None)
    assert find_release("slide-2y", old).id == champion[0]
    assert riskmodel.promote(old, "slide-2y", version="challenger", force=True, reason="a test").promoted
    [again] = riskmodel.forecast(old, experiment="slide-2y")
    assert again.release_id != champion[0]
    assert len(list(old.path("forecasts", "slide-2y").iterdir())) == 2


def test_the_service_switches_all_questions_of_a_model_at_once(
    made: tuple[Workspace, dict], tmp_path: Path
) -> None:
    workspace = Workspace(shutil.copytree(made[0].folder, tmp_path / "workspace"))
    snapshots = Snapshots(Settings(workspace=workspace.folder))
    assert snapshots.refresh()
    assert list(snapshots.serving) == ["slide-2y", "decline-2y", "slide-4y"]
    slide, decline, four = snapshots.serving.values()
    assert snapshots.current() is slide
    assert (slide.id, slide.stored.id) == (decline.id, decline.stored.id)
    assert slide.panel is decline.panel
    assert slide.id != four.id
    assert snapshots.switches == 2
    np.testing.assert_array_equal(decline.country.rows["chance"], decline.country.rows["p_decline"])
    # Another champion: one switch for both of its questions; the other model's stays as it is.
    before = registry.release_by_alias(workspace, MODEL, registry.CHAMPION)
    challenger = registry.find_version(workspace, "decline-2y", "challenger")
    registry.make_champion(workspace, "tipping-2y", challenger, reasons=(), reason="a test")
    assert registry.release_by_alias(workspace, MODEL, registry.CHAMPION) != before
    riskmodel.forecast(workspace, experiment="decline-2y")
    assert snapshots.refresh()
    assert snapshots.switches == 3
    later = list(snapshots.serving.values())
    assert [each.stored.release_id for each in later[:2]] == [challenger.release_id] * 2
    assert later[2] is four
    # A forecast of an earlier version, named after its experiment, takes no question from the model.
    old = workspace.path("forecasts", "decline-2y", "2020-old")
    shutil.copytree(workspace.path("forecasts", MODEL, slide.stored.id), old)
    shutil.copy(tmp_path / "workspace" / "backtests" / "decline-2y" / QUESTION, old / QUESTION)
    assert not snapshots.refresh()
    # After a restart the same is served, by one panel again.
    restarted = Snapshots(Settings(workspace=workspace.folder))
    restarted._resume()
    assert list(restarted.serving) == list(snapshots.serving)
    first, second, _ = restarted.serving.values()
    assert (first.id, first.stored.id) == (later[0].id, later[0].stored.id)
    assert first.panel is second.panel


def test_of_two_levels_one_answers_until_the_other_is_named(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    for name in ("change-2y-buurt", "change-2y-buurt-origin", "change-4y-wijk"):
        workspace.path("models", name, "lightgbm-2020-0a").mkdir(parents=True)
        workspace.path("models", name, "lightgbm-2020-0a", "release.json").touch()
    assert model_of(workspace, "slide-2y") == "change-2y-buurt"
    workspace.path("forecasts", MODEL, "2020-1b").mkdir(parents=True)
    workspace.path("forecasts", MODEL, "2020-1b", "about.json").touch()
    assert model_of(workspace, "slide-2y") == model_of(workspace, "tipping-2y") == MODEL
    assert model_of(workspace, "change-2y-buurt") == "change-2y-buurt"
