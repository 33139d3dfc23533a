"""Batch scoring: the numbers of the model on the whole table, whatever the file, and every row accounted for."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
import yaml
from scoring_worlds import COLUMNS, NAMES, made_release, made_rows, rejects_of, scores_of, write
from worlds import EXPERIMENTS

import riskmodel
from riskmodel.errors import InputError
from riskmodel.forecasting.features import Features
from riskmodel.forecasting.models.structural import SPREAD
from riskmodel.scoring import batches
from riskmodel.scoring.inputs import open_source
from riskmodel.scoring.predict import predict
from riskmodel.scoring.release import Release

ANSWERS = ["p_decline", "expected_change", "lower80", "upper80"]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return made_release(tmp_path_factory.mktemp("models"))


def test_the_numbers_are_those_of_the_model_on_the_whole_table(release: Release, tmp_path: Path) -> None:
    rows = made_rows(40_000)
    done = riskmodel.score(write(rows, tmp_path / "in.parquet"), release.folder, tmp_path / "out", drivers=True)
    scores, whole = scores_of(tmp_path / "out"), predict(release, rows)
    assert done.manifest["totals"] == {"rows": 40_000, "scored": 40_000, "rejected": 0, "reasons": {}}
    assert list(scores["location"]) == list(rows["location"])
    assert list(scores.columns) == ["location", *whole.columns]
    assert (scores[ANSWERS].to_numpy() == whole[ANSWERS].to_numpy()).all()
    np.testing.assert_allclose(scores[list(whole.columns)], whole, rtol=0, atol=1e-9)
    told = scores[[name for name in scores.columns if name.startswith("driver_")]].sum(axis=1)
    np.testing.assert_allclose(told, scores["expected_change"], rtol=0, atol=1e-9)
    assert not (tmp_path / "out" / "rejects").exists()


def test_numbers_follow_from_location_scale_and_shape(release: Release, tmp_path: Path) -> None:
    from scipy import stats

    rows = made_rows(50, missing=0.0)
    riskmodel.score(write(rows, tmp_path / "in.csv"), release.folder, tmp_path / "out")
    scores, model = scores_of(tmp_path / "out"), release.model
    features = Features(model.names, rows[list(NAMES)].to_numpy())
    trees = model.trees.predict(features.values)
    location = model.structural.location(features) + 0.7 * trees
    scale, freedom = model.structural.scale(features), model.structural.fitted.freedom
    np.testing.assert_allclose(scores["expected_change"], location, rtol=1e-12)
    np.testing.assert_allclose(scores["p_decline"], stats.t.cdf((-0.05 - location) / scale, freedom), rtol=1e-12)
    np.testing.assert_allclose(scores["upper80"], location + scale * stats.t.ppf(0.9, freedom), rtol=1e-12)


def test_csv_and_partitions_give_what_one_file_gives(release: Release, tmp_path: Path) -> None:
    rows = made_rows(30_000)
    inputs = {
        "flat": write(rows, tmp_path / "flat.parquet"),
        "csv": write(rows, tmp_path / "rows.csv"),
        "folder": tmp_path / "folder",
    }
    for number, part in enumerate(np.array_split(np.arange(len(rows)), 3)):
        write(rows.iloc[part], inputs["folder"] / f"year={2018 + number}" / "part=a" / "rows.parquet")
    (inputs["folder"] / "_SUCCESS").touch()
    for name, source in inputs.items():
        riskmodel.score(source, release.folder, tmp_path / f"{name}-out")
    flat = scores_of(tmp_path / "flat-out")
    assert scores_of(tmp_path / "csv-out").equals(flat)
    assert scores_of(tmp_path / "folder-out").equals(flat)
    back = ds.dataset(tmp_path / "folder-out" / "scores", partitioning="hive").to_table().to_pandas()
    assert back.groupby("year").size().to_dict() == {2018: 10_000, 2019: 10_000, 2020: 10_000}
    assert set(back["part"]) == {"a"}


def test_what_a_csv_may_look_like(release: Release, tmp_path: Path) -> None:
    rows = made_rows(300)
    rows["naam"] = [f'De "{number}" wijk,\nin twee; regels' for number in range(300)]
    text = rows.to_csv(index=False)
    plain = tmp_path / "plain.csv"
    plain.write_text(text, encoding="utf-8")
    # As Dutch Excel writes it: a mark in front, semicolons, decimal commas, Windows line ends, blank lines.
    for name in COLUMNS:
        rows[name] = [" " if np.isnan(each) else f" {each!r}".replace(".", ",") for each in rows[name].tolist()]
    dutch = tmp_path / "dutch.csv"
    body = rows.to_csv(index=False, sep=";", lineterminator="\r\n")
    dutch.write_bytes(b"\xef\xbb\xbf" + body.replace("\r\nC00001", "\r\n\r\nC00001").encode())
    for path in (plain, dutch):
        done = riskmodel.score(path, release.folder, tmp_path / f"{path.stem}-out", keep=["naam", "location"])
        assert done.manifest["totals"]["scored"] == 300
    first, second = scores_of(tmp_path / "plain-out"), scores_of(tmp_path / "dutch-out")
    assert first.equals(second)
    assert first["naam"][7] == 'De "7" wijk,\nin twee; regels'


def test_a_csv_in_many_stretches_gives_the_same(
    release: Release, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = made_rows(3_000)
    rows["naam"] = ["a\nb", 'say ""', "plain"] * 1000
    path = write(rows, tmp_path / "in.csv")
    riskmodel.score(path, release.folder, tmp_path / "one", keep=["naam"])
    monkeypatch.setattr("riskmodel.scoring.inputs.CHUNK_BYTES", 50_000)
    monkeypatch.setattr("riskmodel.scoring.csv_records.BLOCK", 7_001)
    monkeypatch.setattr(batches, "BATCH_ROWS", 97)
    done = riskmodel.score(path, release.folder, tmp_path / "many", keep=["naam"])
    assert len(done.manifest["parts"]) > 10
    assert scores_of(tmp_path / "many").equals(scores_of(tmp_path / "one"))


def test_rejects_counted_by_hand(release: Release, tmp_path: Path) -> None:
    rows = made_rows(20, missing=0.0).astype(object)
    rows.loc[2, "deviation"] = np.nan
    rows.loc[5, "onv.level"] = "onbekend"
    rows.loc[7, "soc.level"] = np.inf
    rows.loc[9, [SPREAD, "fys.level"]] = "", "x"
    rows.loc[11, "fys.level"] = np.nan
    rows.loc[12, SPREAD] = 1e300
    lines = rows.to_csv(index=False).splitlines()
    lines[15] += ",1"
    lines[18] = lines[18].rsplit(",", 3)[0]
    path = tmp_path / "in.csv"
    path.write_text("\n".join([*lines[:3], "", *lines[3:]]), encoding="utf-8")
    done = riskmodel.score(path, release.folder, tmp_path / "out", drivers=True)
    rejects = rejects_of(tmp_path / "out").set_index("row")
    assert rejects["column"].to_dict() == {
        3: "deviation",
        6: "onv.level",
        8: "soc.level",
        10: SPREAD,
        13: "",
        15: "",
        18: "",
    }
    assert rejects["reason"].to_dict() == {
        3: "missing",
        6: "not a number",
        8: "infinite",
        10: "missing",
        13: "the model gives no number",
        15: "wrong number of columns",
        18: "wrong number of columns",
    }
    assert rejects.loc[6, "value"] == "onbekend"
    assert rejects.loc[15, "value"].endswith(",1")
    assert set(rejects["file"]) == {"in.csv"}
    assert list(rejects.index) == sorted(rejects.index)
    totals = done.manifest["totals"]
    assert (totals["rows"], totals["scored"], totals["rejected"]) == (20, 13, 7)
    assert totals["reasons"]["wrong number of columns"] == 2
    there = [number for number in range(20) if number + 1 not in rejects.index]
    assert list(scores_of(tmp_path / "out")["location"]) == list(rows["location"].iloc[there])


def test_rejects_from_parquet_and_a_file_without_one_good_row(release: Release, tmp_path: Path) -> None:
    rows = made_rows(100, missing=0.0)
    rows["urban"] = True
    rows["soc.level"] = np.arange(100)
    rows["onv.level"] = None
    rows.loc[[3, 50], "deviation"] = np.nan
    folder = tmp_path / "in"
    write(rows, folder / "a.parquet")
    table = pa.Table.from_pandas(rows.assign(deviation=np.nan), preserve_index=False)
    pq.write_table(table, folder / "b.parquet")
    done = riskmodel.score(folder, release.folder, tmp_path / "out", keep=["urban", "soc.level"])
    assert done.manifest["totals"]["reasons"] == {"missing": 102}
    assert [part["scored"] for part in done.manifest["parts"]] == [98, 0]
    assert list(rejects_of(tmp_path / "out")["row"][:3]) == [4, 51, 1]
    whole = predict(release, rows.drop(index=[3, 50]))
    scores = scores_of(tmp_path / "out")
    assert (scores[ANSWERS].to_numpy() == whole[ANSWERS].to_numpy()).all()
    assert scores["soc.level"].tolist() == rows["soc.level"].drop([3, 50]).tolist()


def test_tipping_asks_how_far_the_border_is(tmp_path: Path) -> None:
    from riskmodel.catalogue import class_scheme

    release = made_release(tmp_path / "models", "structural", experiment="tipping-2y")
    rows = made_rows(40, missing=0.0)
    riskmodel.score(write(rows, tmp_path / "in.csv"), release.folder, tmp_path / "out", drivers=True)
    scores = scores_of(tmp_path / "out")
    features = Features(release.model.names, rows[list(NAMES)].to_numpy())
    cut = class_scheme("3.0").cuts[release.experiment.event.to_class - 1]
    distance = cut - rows["deviation"].to_numpy()
    assert (scores["p_decline"] == release.model.distribution(features).cdf(distance[:, None])[:, 0]).all()
    told = scores[[name for name in scores.columns if name.startswith("driver_")]].sum(axis=1)
    np.testing.assert_allclose(told, scores["expected_change"], atol=1e-12)


def test_a_model_of_a_reading_answers_with_all_of_them(tmp_path: Path) -> None:
    from riskmodel.catalogue import class_scheme
    from riskmodel.forecasting.stage import readings_of
    from riskmodel.forecasting.targets import READINGS

    release, scheme = made_release(tmp_path / "models", experiment="slide-2y"), class_scheme("3.0")
    rows = made_rows(4_000, missing=0.0)
    rows.loc[0, "deviation"] = scheme.cuts[0] - 0.01
    rows.loc[1, SPREAD] = 1e300
    path = write(rows, tmp_path / "in.parquet")
    done = riskmodel.score(path, release.folder, tmp_path / "out", drivers=True)
    # An event that cannot happen is no missing answer; a row without a distribution still is one.
    assert done.manifest["totals"]["reasons"] == {"the model gives no number": 1}
    assert list(rejects_of(tmp_path / "out")["row"]) == [2]
    scores, rows = scores_of(tmp_path / "out"), rows.drop(index=1)
    chances = [f"p_{name}" for name in READINGS]
    assert list(scores.columns[1 : 1 + len(chances) + 3]) == [*chances, "expected_change", "lower80", "upper80"]
    deviation = rows["deviation"].to_numpy()
    features = Features(release.model.names, rows[list(NAMES)].to_numpy())
    expected = readings_of(release.model.distribution(features), deviation, scheme)
    for name, chance in expected.items():
        np.testing.assert_array_equal(scores[f"p_{name}"], chance)
    lowest, weak = scheme.classify(deviation) == 1, scheme.classify(deviation) <= 4
    assert lowest[0] and weak.any() and not weak.all()
    np.testing.assert_array_equal(scores["p_slide"].isna(), lowest)
    np.testing.assert_array_equal(scores["p_lower_class"].isna(), lowest)
    np.testing.assert_array_equal(scores["p_recover"].notna(), weak)
    assert scores[["p_clear_slide", "p_weak", "p_decline", "expected_change"]].notna().all(axis=None)
    assert (scores["p_slide"] <= scores[["p_weak", "p_lower_class"]].min(axis=1))[~lowest].all()
    np.testing.assert_allclose((scores["p_recover"] + scores["p_weak"])[weak], 1.0, rtol=0, atol=1e-15)
    # Empty, not NaN: another program that reads the file takes NaN for a number.
    column = ds.dataset(tmp_path / "out" / "scores").to_table(columns=["p_recover"])["p_recover"]
    assert column.null_count == (~weak).sum()
    whole = predict(release, rows)
    np.testing.assert_array_equal(scores[chances], whole[chances])
    with pytest.raises(InputError, match="no answer is named"):
        riskmodel.score(path, release.folder, tmp_path / "again", keep=["p_slide"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows.drop(columns="soc.level"), "no column 'soc.level'"),
        (lambda rows: rows.drop(columns="deviation"), "no column 'deviation'"),
        (lambda rows: rows.assign(**{"soc.level": "much"}), "of type"),
    ],
)
def test_wrong_columns_are_refused_at_the_door(release: Release, tmp_path: Path, change, said: str) -> None:
    path = write(change(made_rows(10)), tmp_path / "in.parquet")
    with pytest.raises(InputError, match=said):
        riskmodel.score(path, release.folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_else_is_refused(release: Release, tmp_path: Path) -> None:
    rows = made_rows(10)
    path, out = write(rows, tmp_path / "in" / "in.parquet"), tmp_path / "out"
    cases = {
        "no such file": lambda: riskmodel.score(tmp_path / "none.csv", release.folder, out),
        "no Parquet files": lambda: riskmodel.score(release.folder, release.folder, out),
        "another kind of file": lambda: riskmodel.score(release.folder / "model.json", release.folder, out),
        "inside the input": lambda: riskmodel.score(path.parent, release.folder, path.parent / "out"),
        "no column 'name'": lambda: riskmodel.score(path, release.folder, out, keep=["name"]),
        "no answer is named": lambda: riskmodel.score(path, release.folder, out, keep=["p_decline"]),
        "no released model": lambda: riskmodel.score(path, tmp_path / "in", out),
        "one of local": lambda: riskmodel.score(path, release.folder, out, engine="ray"),
        "a trained model": lambda: riskmodel.score(path, "nothing", out),
    }
    for said, call in cases.items():
        with pytest.raises(InputError, match=said):
            call()
    assert not out.exists()
    for name, content, said in (
        ("latin.csv", rows.to_csv(index=False).encode() + b"\xe9t\xe9\n", "UTF-8"),
        ("open.csv", rows.to_csv(index=False).encode() + b'"open\n', "never closed"),
        ("empty.csv", b"", "empty first line"),
        ("broken.parquet", path.read_bytes()[:-9], "no readable Parquet"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=said):
            riskmodel.score(tmp_path / name, release.folder, out)
    # A stray quotation mark misleads about where records end; that is noticed and not guessed at.
    stray = rows.assign(naam=['5" wide', *["plain"] * 9]).to_csv(index=False, quoting=3, escapechar="\\")
    (tmp_path / "stray.csv").write_text(stray.replace("\\", ""), encoding="utf-8")
    with pytest.raises(InputError, match="quotation mark"):
        riskmodel.score(tmp_path / "stray.csv", release.folder, out)


def test_a_workspace_gives_the_numbers_of_its_forecast(example_workspace, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from riskmodel.cli import app

    place = tmp_path / "ws"
    shutil.copytree(example_workspace.folder, place)
    content = yaml.safe_load((EXPERIMENTS / "decline-2y.yaml").read_text(encoding="utf-8"))
    content["models"] = [each for each in content["models"] if each["kind"] in ("structural", "lightgbm")]
    content["models"][1]["trees"] = 20
    experiment = tmp_path / "decline-2y.yaml"
    experiment.write_text(yaml.safe_dump(content), encoding="utf-8")
    workspace = type(example_workspace)(place)
    trained = riskmodel.train(experiment, workspace)["champion"]
    [made] = riskmodel.forecast(workspace, experiment="decline-2y")
    out = tmp_path / "out"
    arguments = ["score", str(place), "--model", "models:/decline-2y@champion", "--output", str(out), "--drivers"]
    told = CliRunner().invoke(app, arguments)
    assert told.exit_code == 0, told.output
    assert f"{trained.release.id}: 400 of 400 rows scored" in told.output
    assert "drift: " in told.output
    scores, forecast = scores_of(out), made.forecast
    assert list(scores["location"]) == list(forecast.locations)
    assert (scores["expected_change"].to_numpy() == forecast.mean).all()
    place_of = forecast.outputs.thresholds.index(-0.05)
    np.testing.assert_allclose(scores["p_decline"], forecast.cdf[:, place_of], rtol=0, atol=1e-12)
    drivers = made.contributions.set_index("location").add_prefix("driver_")
    np.testing.assert_allclose(scores[list(drivers.columns)], drivers, rtol=0, atol=1e-9)
    # By name and by folder the same; and the latest wave of a panel is its features once.
    for number, asked in enumerate(("decline-2y", str(trained.release.folder))):
        riskmodel.score(place, asked, tmp_path / f"again{number}", drivers=True)
        assert scores_of(tmp_path / f"again{number}").equals(scores)
    reference = json.loads((trained.release.folder / "training_reference.json").read_text())
    assert tuple(reference["features"]) == trained.release.model.names


def test_chunks_are_whole_row_groups(tmp_path: Path) -> None:
    path = write(made_rows(1_000), tmp_path / "in.parquet", group_rows=100)
    source = open_source(path, COLUMNS, ["location"])
    assert [(chunk.start, chunk.end, chunk.first, chunk.rows) for chunk in source.chunks] == [(0, 10, 0, 1_000)]
    big = tmp_path / "big.parquet"
    column = {name: np.zeros(300_000) for name in COLUMNS}
    pq.write_table(pa.table(column), big, row_group_size=60_000)
    found = [(chunk.start, chunk.end, chunk.first, chunk.rows) for chunk in open_source(big, COLUMNS, []).chunks]
    assert found == [(0, 3, 0, 180_000), (3, 5, 180_000, 120_000)]


def test_every_model_that_can_tells_drivers(tmp_path: Path) -> None:
    rows = made_rows(30, missing=0.0)
    structural = predict(made_release(tmp_path, "structural"), rows)
    told = structural.filter(like="driver_").sum(axis=1)
    np.testing.assert_allclose(told, structural["expected_change"], atol=1e-12)
    assert pd.Series(structural.columns).str.startswith("driver_").sum() > 2
