"""What must not be said is not said: origin of residents in no feature and no form, nothing of areas too small."""

from __future__ import annotations

import base64
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml

import riskmodel
from riskmodel.catalogue import indicators, load
from riskmodel.errors import InputError
from riskmodel.forecasting.features import features_of
from riskmodel.forecasting.forecast_store import StoredForecast
from riskmodel.forecasting.origins import origin_at
from riskmodel.products.risk_list.risk_list import RiskList
from riskmodel.workflow.example import write_example
from riskmodel.workspace.store import Workspace

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.long
RAW = ("P_WEST_AL", "P_N_W_AL", "P_MAROKKO", "P_ANT_ARU", "P_SURINAM", "P_TURKIJE", "P_OVER_NW")
FORMS = ("html", "csv", "xlsx", "parquet")


@dataclass(frozen=True)
class Chain:
    """A workspace, its forecast, and the list of the country."""

    workspace: Workspace
    forecast: StoredForecast
    made: RiskList
    forms: dict[str, Path]


def chain(folder: Path, seed: int | None) -> Chain:
    """Files to forms; with a seed, the columns of origin hold figures drawn with it."""
    files = write_example(folder / "files", n_areas=150)
    if seed is not None:
        table = pd.read_csv(files.kwb[0], dtype=str, keep_default_na=False)
        random = np.random.default_rng(seed)
        for column in RAW:
            table[column] = random.integers(0, 60, len(table)).astype(str)
        table.to_csv(files.kwb[0], index=False)
    workspace = Workspace(folder / "workspace")
    riskmodel.ingest_leefbaarometer([files.leefbaarometer], workspace)
    riskmodel.ingest_kwb(files.kwb, workspace)
    content = yaml.safe_load((ROOT / "experiments" / "decline-2y.yaml").read_text(encoding="utf-8"))
    for model in content["models"]:
        if model["kind"] == "lightgbm":
            model |= {"trees": 10, "min_in_leaf": 20}
    question = folder / "decline-2y.yaml"
    question.write_text(yaml.safe_dump(content), encoding="utf-8")
    riskmodel.train(question, workspace)
    [forecast] = riskmodel.forecast(workspace)
    made, forms = riskmodel.risk_list(workspace, folder / "list", capacity=10, forms=FORMS)
    return Chain(workspace, forecast, made, forms)


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    return chain(tmp_path_factory.mktemp("origin"), seed=1)


def origin_words() -> set[str]:
    """Ids, labels and column names of everything about origin."""
    entries = [entry for entry in indicators().values() if entry.sensitivity == "origin"]
    words = {word for entry in entries for word in (entry.id, entry.label_nl, entry.label_en)}
    dialects = load("kwb")["dialects"].values()
    return (
        words | {name for each in dialects for name in (*each.get("origin", ()), *each.get("never", ()))} | {*RAW}
    )


@cache
def about_origin() -> re.Pattern[str]:
    """Finds each of them as a whole word; the name of the country is a column of one table too."""
    words = "|".join(re.escape(word) for word in sorted(origin_words() - {"Nederland"}, key=len, reverse=True))
    return re.compile(rf"(?<![\w.])(?:{words})(?!\w)")


def said_of_origin(text: str) -> list[str]:
    return about_origin().findall(text)


def texts_of(path: Path) -> Iterator[str]:
    """Everything that can be read in a file: a workbook is unpacked, and so are the sheets inside a page."""
    content = path.read_bytes()
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as book:
            yield from (book.read(name).decode("utf-8", "replace") for name in book.namelist())
    elif path.suffix == ".parquet":
        table = pq.read_table(path)
        yield f"{table.schema.names} {table.schema.metadata} {table.to_pydict()}"
    else:
        text = content.decode("utf-8", "replace")
        yield text
        for packed in re.findall(r'id="sheets">([A-Za-z0-9+/=\s]+)</script>', text):
            yield zlib.decompress(base64.b64decode(packed), wbits=47).decode()


def test_origin_is_in_no_file_that_is_made(walked: Chain) -> None:
    assert len(origin_words()) > 20
    made = [path for path in walked.workspace.folder.rglob("*") if path.is_file()]
    # Notes of the observations tell by name what was left out; the values themselves are not there either.
    observed = [path for path in made if path.parent.name == "observations"]
    kinds = {path.suffix for path in made}
    assert {".parquet", ".json", ".txt", ".db"} <= kinds, kinds
    for path in [*walked.forms.values(), *(path for path in made if path not in observed)]:
        for text in texts_of(path):
            assert not said_of_origin(text), path
    for path in observed:
        assert not origin_words() & set(pq.read_schema(path).names)


def test_the_search_finds_what_it_looks_for(walked: Chain, tmp_path: Path) -> None:
    page = "".join(texts_of(walked.forms["html"]))
    shown = next(
        row for sheet in walked.made.sheets for driver in sheet.drivers for row in driver.indicators if row.text
    )
    assert shown.label in page, "the sheets of a page are searched"
    assert said_of_origin(f"a {RAW[0]}, and western_background.") == ["P_WEST_AL", "western_background"]


def test_origin_is_in_no_feature_and_no_contribution(walked: Chain) -> None:
    panel = walked.workspace.panel()
    ids = {entry.id for entry in indicators().values() if entry.sensitivity == "origin"}
    names = features_of(panel, origin_at(panel, 2020, 2)).names
    assert not [name for name in names if any(key in name for key in ids)]
    told = {row.id for sheet in walked.made.sheets for driver in sheet.drivers for row in driver.indicators}
    assert told
    assert not ids & told


def test_other_figures_of_origin_change_no_bit_of_a_forecast(
    walked: Chain, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = chain(tmp_path_factory.mktemp("other"), seed=None)
    assert np.array_equal(walked.forecast.forecast.quantiles, other.forecast.forecast.quantiles)
    pd.testing.assert_frame_equal(walked.forecast.contributions, other.forecast.contributions)
    # Only the draw for the sample differs, which depends on the fingerprint of the files.
    drawn = ["on_list", "audit"]
    pd.testing.assert_frame_equal(walked.made.rows.drop(columns=drawn), other.made.rows.drop(columns=drawn))


def test_origin_cannot_be_asked_for_in_what_if(walked: Chain) -> None:
    with pytest.raises(InputError, match="origin of residents"):
        riskmodel.what_if(walked.workspace, {"non_western_background": "*0.9"})


# --- Areas too small to say anything ---------------------------------------------------------------------------


def test_nothing_is_said_of_areas_that_are_too_small(walked: Chain) -> None:
    rows = walked.made.rows
    small = rows["too_small"]
    assert 3 < small.sum() < len(rows) / 2
    assert (rows.loc[small, "inhabitants"] < 200).all()
    assert not rows.loc[small, ["threatens", "on_list", "audit"]].any().any()
    assert (rows.loc[small, ["drivers_down", "drivers_up"]] == "").all().all()
    assert (rows.loc[~small, "drivers_down"] != "").any()
    assert rows.loc[small, "rank"].min() > rows.loc[~small, "rank"].max(), "they stand at the end"
    for sheet, silent in zip(walked.made.sheets, small, strict=True):
        assert sheet.abstain == silent
        assert bool(sheet.drivers) != silent
        assert bool(sheet.frequency) != silent
        assert not (silent and sheet.mechanisms)


def test_files_for_programs_mark_them_and_explain_nothing(walked: Chain) -> None:
    table = pd.read_csv(walked.forms["csv"])
    small = table["too_small"].astype(bool)
    assert small.any()
    assert table.loc[small, ["drivers_down", "drivers_up"]].isna().all().all()
    assert not table.loc[small, "threatens"].astype(bool).any()


def test_what_if_leaves_them_empty(walked: Chain) -> None:
    made = riskmodel.what_if(walked.workspace, {"onv": "+0.01"})
    small = made["too_small"]
    assert set(made.loc[small, "location"]) == set(walked.made.rows.loc[walked.made.rows["too_small"], "location"])
    assert made.loc[small].drop(columns=["location", "name", "too_small"]).isna().all().all()
    assert made.loc[~small].notna().all().all()


def test_the_service_says_neither(walked: Chain) -> None:
    pytest.importorskip("fastapi", reason="the extra riskmodel[web] is not installed")
    from web_worlds import Client, serving

    client = Client(serving(walked.workspace))
    small = set(walked.made.rows.loc[walked.made.rows["too_small"], "location"])
    for kind in ("areas", "scores", "forecasts", "drivers"):
        response = client.get(f"/api/v1/{kind}?limit=1000")
        assert response.status_code == 200
        assert not said_of_origin(response.text), kind
        if kind in ("forecasts", "drivers"):
            items = response.json()["items"]
            assert {item["code"] for item in items if item["too_small"]} == small
    for path in ("/", "/nederland", "/openapi.json"):
        response = client.get(path)
        assert not said_of_origin(response.text), path
