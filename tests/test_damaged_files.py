"""Files of riskmodel's own, damaged since: whatever stands there, one message says which file."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from worlds import BASE, EXPERIMENTS, experiment, normal_forecast, panel_of, wijk_codes

from riskmodel.errors import InputError
from riskmodel.forecasting.backtest_record import read_record
from riskmodel.forecasting.forecast_store import BY_DRIVER, FORECAST, load_forecast, save_forecast
from riskmodel.products.governance.register_entry import read_entry
from riskmodel.scoring.reference import REFERENCE, load_reference
from riskmodel.scoring.release import load_release
from riskmodel.web.serving.snapshot import release_of
from riskmodel.workflow.findings import FINDINGS, read_findings
from riskmodel.workspace.manifest import read_manifest

DAMAGED = {
    "no object": "[]",
    "nothing": "null",
    "a number": "1",
    "a text": '"release"',
    "no keys": "{}",
    "cut off": '{"level": "wijk", ',
    "nested without end": "[" * 100_000,
    "a number without end": "9" * 5_000,
    "other bytes": b"\xff\xfe{}",
}
READ: dict[str, tuple[str, Callable[[Path], object]]] = {
    "a forecast": ("about.json", load_forecast),
    "the release of a forecast": ("about.json", release_of),
    "a backtest": ("about.json", read_record),
    "a released model": ("release.json", load_release),
    "a reference": (REFERENCE, lambda folder: load_reference(folder, ("onv.level",))),
    "findings": (FINDINGS, lambda folder: read_findings(folder / FINDINGS)),
    "a manifest": ("manifest.json", read_manifest),
    "an entry": ("entry.json", lambda folder: read_entry(folder / "entry.json")),
}

#: No findings are a list of none, and what nobody filled in is an entry of no fields.
ALLOWED = {("findings", "no object"), ("an entry", "no keys")}
CASES = [(kind, what) for kind in READ for what in DAMAGED if (kind, what) not in ALLOWED]


@pytest.mark.parametrize(("kind", "what"), CASES)
def test_a_damaged_file_is_refused_by_name(tmp_path: Path, kind: str, what: str) -> None:
    (name, read), text = READ[kind], DAMAGED[what]
    (tmp_path / name).write_bytes(text.encode() if isinstance(text, str) else text)
    pd.DataFrame({"location": ["WK000001"]}).to_parquet(tmp_path / BY_DRIVER)
    with pytest.raises(InputError, match=str(tmp_path)):
        read(tmp_path)


OTHER: dict[str, Callable[[pd.Series], object]] = {
    "texts": lambda column: column.astype(str) + "x",
    "nothing": lambda column: [None] * len(column),
    "lists": lambda column: [[1]] * len(column),
}


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    panel = panel_of({"score": {2018: BASE + np.linspace(-0.2, 0.2, 12), 2020: np.full(12, BASE)}}, wijk_codes(12))
    made = normal_forecast(experiment().outputs, "lightgbm", panel, 2018, np.linspace(-0.1, 0.1, 12), 0.03)
    contributions = pd.DataFrame({"location": made.locations, "base": 0.0, "onv": made.mean})
    about = {"release_id": "r", "code_version": "c", "level": "wijk", "inputs": ("a",)}
    folder = tmp_path_factory.mktemp("forecasts")
    return folder / save_forecast(folder, made, contributions, EXPERIMENTS / "decline-2y.yaml", **about).id


@pytest.mark.parametrize("what", OTHER)
@pytest.mark.parametrize(
    ("name", "column"),
    [
        *((FORECAST, each) for each in ("model", "origin_date", "known_at", "horizon", "location", "value")),
        *((BY_DRIVER, each) for each in ("location", "base", "onv")),
    ],
)
def test_a_table_with_other_things_in_a_column_is_refused(
    stored: Path, tmp_path: Path, name: str, column: str, what: str
) -> None:
    folder = shutil.copytree(stored, tmp_path / stored.name)
    table = pd.read_parquet(folder / name)
    table.assign(**{column: OTHER[what](table[column])}).to_parquet(folder / name)
    if (name, column, what) == (FORECAST, "model", "texts"):
        assert load_forecast(folder).forecast.model == "lightgbmx"
        return
    with pytest.raises(InputError):
        load_forecast(folder)
