"""A made model and made rows to score, for the tests of batch scoring."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from worlds import EXPERIMENTS, made_features, panel_of, training_from, wijk_codes

from riskmodel.forecasting.models.lightgbm import LightGBM
from riskmodel.forecasting.models.structural import EXPECTATION, SPREAD, UNREST, Structural
from riskmodel.forecasting.origins import Origin
from riskmodel.scoring.reference import REFERENCE, reference_file
from riskmodel.scoring.release import Release, ReleasedModel, save_release

MORE = ("onv.level", "soc.level", "context.density", "context.low_income", "won.dwelling_value", "fys.level")
NAMES = (*EXPECTATION, UNREST, SPREAD, *MORE)
COLUMNS = ("deviation", *NAMES)


def made_release(
    folder: Path, kind: str = "lightgbm", trees: int = 30, experiment: str = "decline-2y", reference: bool = True
) -> Release:
    """A small model of a made world, released; trees of depth 3 that use every kind of feature."""
    features, rng = made_features(4000, MORE)
    change = 0.02 * features.values[:, 0] - 0.01 * features.column("onv.level") + 0.03 * rng.standard_t(5, 4000)
    training = training_from(features, change)
    model: ReleasedModel
    if kind == "structural":
        model = Structural().fit(training, np.array([-0.05]))
    else:
        model = LightGBM(trees=trees, leaves=8, depth=4, min_in_leaf=30, share=0.7)
        model.fit(training, np.array([-0.05]))
    codes = wijk_codes(10)
    panel = panel_of({"score": {2018: [4.1] * 10, 2020: [4.1] * 10}}, codes)
    origin = Origin(2020, 2, date(2022, 4, 14), ((2018, 2020),))
    description = {REFERENCE: reference_file(training.features)} if reference else {}
    return save_release(
        folder, kind, model, EXPERIMENTS / f"{experiment}.yaml", panel, origin, "0.1.0", lambda _: description
    )


def made_rows(n: int, seed: int = 5, missing: float = 0.05) -> pd.DataFrame:
    """Rows to score: ``location``, ``deviation`` and features, some of them missing."""
    features, rng = made_features(n, MORE, seed=seed)
    values = np.where(rng.random(features.values.shape) < missing, np.nan, features.values)
    values[:, features.names.index(SPREAD)] = features.column(SPREAD)
    table = pd.DataFrame(values, columns=list(features.names))
    table.insert(0, "location", [f"C{number:07d}" for number in range(n)])
    table.insert(1, "deviation", rng.normal(0, 0.15, n))
    return table


def write(table: pd.DataFrame, path: Path, group_rows: int = 10_000) -> Path:
    """The table as Parquet in row groups, or as CSV, by the name of the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        table.to_csv(path, index=False)
    else:
        # Unknown as NaN, as arrays have it, and not as null.
        arrow = pa.Table.from_pandas(table, preserve_index=False, nthreads=1)
        pq.write_table(arrow, path, row_group_size=group_rows)
    return path


def scores_of(output: Path) -> pd.DataFrame:
    """All scores of a finished run, in the order of its parts."""
    parts = sorted((output / "scores").rglob("*.parquet"))
    return pd.concat([pq.ParquetFile(part).read().to_pandas() for part in parts], ignore_index=True)


def rejects_of(output: Path) -> pd.DataFrame:
    """All rejects of a finished run, in the order of its parts."""
    parts = sorted((output / "rejects").rglob("*.parquet"))
    columns = ["file", "row", "column", "reason", "value"]
    tables = [pq.ParquetFile(part).read().to_pandas() for part in parts]
    return pd.concat([pd.DataFrame(columns=columns), *tables], ignore_index=True)


def bytes_of(output: Path) -> dict[str, bytes]:
    """Every file of a run that is no lock, by its name."""
    files = (path for path in output.rglob("*") if path.is_file() and not path.name.startswith(".lock"))
    return {path.relative_to(output).as_posix(): path.read_bytes() for path in files}
