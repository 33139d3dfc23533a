"""Forecasts on disk: append-only, each in a folder named by model and input."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from riskmodel.errors import InputError, refuse_damage
from riskmodel.forecasting.drivers.chance_contributions import SpreadParts
from riskmodel.forecasting.experiment import Experiment, load_experiment
from riskmodel.forecasting.features import Features
from riskmodel.forecasting.forecast import Forecast, read_forecasts, write_forecasts
from riskmodel.panel.panel import FloatArray
from riskmodel.workspace.atomic import draft_folder, json_bytes
from riskmodel.workspace.folder import Folder
from riskmodel.workspace.lock import only_writer
from riskmodel.workspace.transaction import put

#: Before the name of a feature in ``features.parquet``.
VALUE, CONTRIBUTION = "value:", "contribution:"
#: What a stored forecast consists of; the last three are absent in folders of earlier versions.
FORECAST, BY_DRIVER, BY_FEATURE, STABILITY, SPREAD = (
    f"{name}.parquet" for name in ("forecast", "contributions", "features", "stability", "spread")
)


@dataclass(frozen=True)
class Explanation:
    """Features of a forecast and their contributions, so that a list made later needs no fit.

    Attributes
    ----------
    features : Features
        Values of every feature, an area a row.
    contributions : numpy.ndarray, shape (areas, features + 1)
        Of every feature in score points, the last column the base value.
    stability : pandas.DataFrame
        See :func:`~riskmodel.forecasting.drivers.alternative_models.contribution_range`; empty if not measured.
    spread : SpreadParts or None
        Parts of the spread of every area; None for models whose spread is no sum, and in earlier versions.
    """

    features: Features
    contributions: FloatArray
    stability: pd.DataFrame = field(default_factory=pd.DataFrame)
    spread: SpreadParts | None = None

    def rows(self, chosen: npt.NDArray[np.bool_], locations: npt.NDArray[np.str_]) -> Explanation:
        """Return the explanation of some areas, whose codes are ``locations``."""
        spread, stability = self.spread, self.stability
        return Explanation(
            features=self.features.rows(chosen),
            contributions=self.contributions[chosen],
            stability=stability[stability["location"].isin(locations)] if len(stability) else stability,
            spread=None if spread is None else replace(spread, parts=spread.parts[chosen]),
        )


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
    explanation : Explanation or None
        Features and their contributions in the order of the same areas; None in folders of earlier versions.
    """

    id: str
    experiment: Experiment
    model: str
    release_id: str
    code_version: str
    level: str
    forecast: Forecast
    contributions: pd.DataFrame
    explanation: Explanation | None = None

    def __post_init__(self) -> None:
        where = f"forecast {self.id}"
        if list(self.contributions["location"]) != list(self.forecast.locations):
            raise InputError(where, "contributions of other areas", "those of the forecast")
        totals = {
            "contributions": self.contributions.drop(columns="location").sum(axis=1, skipna=False).to_numpy()
        }
        if self.explanation is not None:
            by_feature = self.explanation.contributions
            if by_feature.shape != (len(self.contributions), len(self.explanation.features.names) + 1):
                raise InputError(where, f"contributions of shape {by_feature.shape}", "one a feature")
            totals["contributions of features"] = by_feature.sum(axis=1)
        for name, total in totals.items():
            if not np.abs(total - self.forecast.mean).max() <= 1e-6:  # nor when one is missing
                raise InputError(where, f"{name} that do not add up", "a total equal to the expected change")

    def rows(self, chosen: npt.NDArray[np.bool_]) -> StoredForecast:
        """Return the forecast of some of its areas."""
        forecast, told = self.forecast.rows(chosen), self.explanation
        return replace(
            self,
            forecast=forecast,
            contributions=self.contributions[chosen].reset_index(drop=True),
            explanation=None if told is None else told.rows(chosen, forecast.locations),
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
    explanation: Explanation | None = None,
    workspace: Folder | None = None,
    versions: Mapping[str, str] | None = None,
) -> StoredForecast:
    """Write a forecast under ``parent`` in a folder of its own; an existing one is never changed.

    One that is made again only becomes the latest.
    """
    digest = hashlib.sha256(json.dumps([release_id, level, *inputs]).encode()).hexdigest()[:10]
    name = f"{forecast.origin_date.year}-{digest}"
    with draft_folder(parent) as temporary:
        write_forecasts([forecast], temporary / FORECAST)
        _write_table(contributions, temporary / BY_DRIVER)
        if explanation is not None:
            _write_table(_by_feature(forecast, explanation), temporary / BY_FEATURE)
            _write_table(explanation.stability, temporary / STABILITY)
            if (spread := explanation.spread) is not None:
                shared = {"base": spread.base, "freedom": spread.freedom}
                _write_table(spread.parts.assign(**shared), temporary / SPREAD)
        shutil.copyfile(experiment_file, temporary / "experiment.yaml")
        about = {
            "model": forecast.model,
            "release": release_id,
            "code_version": code_version,
            "level": level,
            "inputs": list(inputs),
            "made_with": dict(versions or {}),
        }
        (temporary / "about.json").write_bytes(json_bytes(about, indent=2))
        folder = parent / name
        with only_writer(workspace) if workspace else nullcontext():
            if folder.exists():
                _refuse_difference(folder, temporary)
                # Made again, it is the latest: lists are made from the forecast whose description is newest.
                (folder / "about.json").touch()
            else:
                put(workspace, {temporary: folder})
    return load_forecast(folder)


def load_forecast(folder: Path) -> StoredForecast:
    """Read a stored forecast."""
    expected = "a folder written by 'riskmodel forecast'"
    with refuse_damage(folder, "no stored forecast", expected, also=(pa.ArrowException,)):
        about = json.loads((folder / "about.json").read_text(encoding="utf-8"))
        contributions = pq.read_table(folder / BY_DRIVER).to_pandas()
        explanation = _read_explanation(folder) if (folder / BY_FEATURE).exists() else None
        described = {key: str(about[key]) for key in ("model", "code_version", "level")}
        return StoredForecast(
            id=folder.name,
            experiment=load_experiment(folder / "experiment.yaml"),
            release_id=str(about["release"]),
            forecast=read_forecasts(folder / FORECAST)[0],
            contributions=contributions,
            explanation=explanation,
            **described,
        )


def _by_feature(forecast: Forecast, explanation: Explanation) -> pd.DataFrame:
    names, contributions = explanation.features.names, explanation.contributions
    columns = {f"{VALUE}{name}": each for name, each in zip(names, explanation.features.values.T, strict=True)}
    columns |= {
        f"{CONTRIBUTION}{name}": each for name, each in zip((*names, "base"), contributions.T, strict=True)
    }
    return pd.DataFrame({"location": forecast.locations, **columns})


def _read_explanation(folder: Path) -> Explanation:
    table = pq.read_table(folder / BY_FEATURE).to_pandas()
    names = tuple(name.removeprefix(VALUE) for name in table.columns if name.startswith(VALUE))
    values = table[[f"{VALUE}{name}" for name in names]].to_numpy(dtype=float)
    contributions = table[[f"{CONTRIBUTION}{name}" for name in (*names, "base")]].to_numpy(dtype=float)
    stability = pq.read_table(folder / STABILITY).to_pandas()
    return Explanation(Features(names, values), contributions, stability, _read_spread(folder / SPREAD))


def _read_spread(path: Path) -> SpreadParts | None:
    if not path.exists():
        return None
    table = pq.read_table(path).to_pandas()
    shared = {name: float(table.pop(name).iloc[0]) for name in ("base", "freedom")}
    return SpreadParts(parts=table, **shared)


def _write_table(frame: pd.DataFrame, path: Path) -> None:
    pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), path)


def _refuse_difference(folder: Path, other: Path) -> None:
    there = [name for name in (FORECAST, BY_DRIVER, BY_FEATURE, STABILITY, SPREAD) if (folder / name).exists()]
    for name in there:
        if (folder / name).read_bytes() != (other / name).read_bytes():
            raise InputError(
                folder / name,
                "other values than the same model and input give now",
                "the same values: forecasts are never overwritten",
                "The code or a library has changed; train again to make a new forecast.",
            )
