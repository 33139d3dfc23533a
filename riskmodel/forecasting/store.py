"""Forecasts on disk: append-only, each in a folder named by what it was made from."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from riskmodel.errors import InputError
from riskmodel.forecasting.experiment import Experiment, load_experiment
from riskmodel.forecasting.forecast import Forecast, read_forecasts, write_forecasts
from riskmodel.panel.store import draft_folder


@dataclass(frozen=True)
class StoredForecast:
    """A forecast with its contributions and where it comes from.

    Attributes
    ----------
    id : str
        Name of its folder.
    experiment : Experiment
        The question.
    model, release_id, code_version, level : str
        Model name, released model, version of riskmodel, level of the areas.
    forecast : Forecast
        Every area with a score at the origin.
    contributions : pandas.DataFrame
        Same areas: ``location, base`` and one column a driver, in score points.
    """

    id: str
    experiment: Experiment
    model: str
    release_id: str
    code_version: str
    level: str
    forecast: Forecast
    contributions: pd.DataFrame

    def __post_init__(self) -> None:
        total = self.contributions.drop(columns="location").sum(axis=1).to_numpy()
        if list(self.contributions["location"]) != list(self.forecast.locations):
            raise InputError(f"forecast {self.id}", "contributions of other areas", "those of the forecast")
        if np.abs(total - self.forecast.mean).max() > 1e-6:
            raise InputError(
                f"forecast {self.id}",
                "contributions that do not add up",
                "a total equal to the expected change",
            )


def save_forecast(
    parent: Path,
    forecast: Forecast,
    contributions: pd.DataFrame,
    experiment_file: Path,
    *,
    release_id: str,
    code_version: str,
    level: str,
    inputs: tuple[str, ...],
) -> StoredForecast:
    """Write a forecast under ``parent`` in a folder of its own; an existing one is never changed.

    Parameters
    ----------
    parent : Path
        Folder of the experiment's forecasts.
    forecast, contributions
        What to write.
    experiment_file : Path
        The experiment, copied along.
    release_id, code_version, level : str
        Provenance.
    inputs : tuple of str
        Fingerprints of the input files; with the release they name the forecast.

    Raises
    ------
    InputError
        If a forecast from the same model and input is there with other values.
    """
    digest = hashlib.sha256(json.dumps([release_id, level, *inputs]).encode()).hexdigest()[:10]
    name = f"{forecast.origin_date.year}-{digest}"
    with draft_folder(parent) as temporary:
        write_forecasts([forecast], temporary / "forecast.parquet")
        pq.write_table(
            pa.Table.from_pandas(contributions, preserve_index=False), temporary / "contributions.parquet"
        )
        shutil.copyfile(experiment_file, temporary / "experiment.yaml")
        about = {
            "model": forecast.model,
            "release": release_id,
            "code_version": code_version,
            "level": level,
            "inputs": list(inputs),
        }
        (temporary / "about.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
        folder = parent / name
        if folder.exists():
            _refuse_difference(folder, temporary)
        else:
            temporary.rename(folder)
    return load_forecast(folder)


def load_forecast(folder: Path) -> StoredForecast:
    """Read a stored forecast.

    Raises
    ------
    InputError
        If a file is missing or damaged, or the contributions do not add up.
    """
    try:
        about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
        contributions = pq.read_table(folder / "contributions.parquet").to_pandas()
        described = {key: str(about[key]) for key in ("model", "code_version", "level")}
        release_id = str(about["release"])
    except (OSError, KeyError, ValueError, pa.ArrowException) as error:
        raise InputError(
            folder, f"no stored forecast ({error})", "a folder written by 'riskmodel forecast'"
        ) from error
    return StoredForecast(
        id=folder.name,
        experiment=load_experiment(folder / "experiment.yaml"),
        release_id=release_id,
        forecast=read_forecasts(folder / "forecast.parquet")[0],
        contributions=contributions,
        **described,
    )


def _refuse_difference(folder: Path, other: Path) -> None:
    for name in ("forecast.parquet", "contributions.parquet"):
        if (folder / name).read_bytes() != (other / name).read_bytes():
            raise InputError(
                folder / name,
                "other values than the same model and input give now",
                "the same values: forecasts are never overwritten",
                "The code or a library has changed; train again to make a new forecast.",
            )
