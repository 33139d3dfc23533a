"""Record of a backtest: a folder of files that can be read back, evaluated and compared with another.

The same files are in ``backtests/NAME/`` (the latest) and among the artifacts of every backtest in MLflow, so any
two attempts can be compared.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.errors import refuse_damage
from riskmodel.forecasting.backtest import Backtest
from riskmodel.forecasting.experiment import Cohort, Experiment, load_experiment
from riskmodel.forecasting.forecast import Forecast, read_forecasts, write_forecasts
from riskmodel.forecasting.targets import score_change
from riskmodel.panel.panel import FloatArray, Panel
from riskmodel.workspace.atomic import json_bytes

#: Files of a record.
FORECASTS, SCORES, IMPORTANCE = "forecasts.parquet", "scores.csv", "shap_importance.csv"
QUESTION, ABOUT = "experiment.yaml", "about.json"
#: Other tables of a backtest, each a file of its own.
OF_BACKTEST = ("paired", "calibration", "stability")
#: The same, and the places of groups on its lists, which the group audit counts.
TABLES = (*OF_BACKTEST, "places")
#: Inhabitants from which an area's change says more than its measurement noise: the main cohort of an experiment.
MAIN_SIZE = 500


@dataclass(frozen=True)
class Record:
    """A stored backtest.

    Attributes
    ----------
    experiment : Experiment
        The question as it was then.
    scores : pandas.DataFrame
        The Scores container; ``origin_date`` as text ``YYYY-MM-DD``.
    forecasts : tuple of Forecast
        In order of origin and model.
    importance : pandas.DataFrame
        Mean absolute contribution per feature: ``model, origin_date, feature, driver, value``; may be empty.
    level : str
        Level of the areas.
    inputs : tuple of str
        Fingerprints of the input files.
    code_version : str
        Version of riskmodel that made it.
    tables : mapping of str to pandas.DataFrame
        Those of :data:`TABLES` that were stored, see :class:`~riskmodel.forecasting.backtest.Backtest` and
        :func:`~riskmodel.forecasting.group_audit.audit.places_table`.
    settings : mapping of str to object
        Options of the call: ``origins``, ``leave_out`` and ``seeds``; empty in records of earlier versions.
    versions : mapping of str to str
        Versions of what may change its bits; empty in records of earlier versions.
    """

    experiment: Experiment
    scores: pd.DataFrame
    forecasts: tuple[Forecast, ...]
    importance: pd.DataFrame
    level: str
    inputs: tuple[str, ...]
    code_version: str
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def main_cohort(self) -> Cohort:
        """The cohort in which models are compared, see :func:`main_cohort`."""
        return main_cohort(self.experiment, self.scores)

    def of(self, model: str) -> tuple[Forecast, ...]:
        """Forecasts of one model, earliest origin first."""
        return tuple(forecast for forecast in self.forecasts if forecast.model == model)

    def by_wave(self, model: str) -> dict[int, Forecast]:
        """Forecasts of one model by the wave they start from."""
        return {forecast.origin_date.year: forecast for forecast in self.of(model)}

    def score(self, metric: str, cohort: str) -> pd.DataFrame:
        """One metric of the experiment's own event in one cohort: a row an origin, a column a model."""
        rows = self.scores[
            (self.scores["metric"] == metric)
            & (self.scores["cohort"] == cohort)
            & (self.scores["target"] == self.experiment.event.name)
        ]
        return rows.pivot(index="origin_date", columns="model", values="value").sort_index()

    def differs(self, experiment: Experiment, model: str, level: str, inputs: Sequence[str]) -> str:
        """Why the record is not of that model and those input files; empty when it is."""
        own = self.experiment
        asked = (experiment.event, experiment.horizon, experiment.allow_origin)
        if (own.event, own.horizon, own.allow_origin) != asked:
            return "the stored backtest answers another question"
        if not self.of(model):
            return f"the stored backtest has no model {model!r}"
        if own.model(model) != experiment.model(model):
            return f"the stored backtest has other settings of {model!r}"
        if self.level != level or set(self.inputs) != set(inputs):
            return "the stored backtest was made on other input files"
        return ""


@dataclass(frozen=True)
class Outcomes:
    """Outcomes of one forecast, for the areas of one cohort.

    Attributes
    ----------
    wave : int
        Wave the forecast starts from.
    rows : numpy.ndarray of int, shape (areas,)
        Rows of the areas in the panel.
    happened, change : numpy.ndarray, shape (areas,)
        1.0 for an event; change of the score in score points.
    chance, lower, upper : numpy.ndarray, shape (areas,)
        Forecast chance and 80% interval of the change.
    """

    wave: int
    rows: npt.NDArray[np.intp]
    happened: FloatArray
    change: FloatArray
    chance: FloatArray
    lower: FloatArray
    upper: FloatArray


def main_cohort(experiment: Experiment, scores: pd.DataFrame | None = None) -> Cohort:
    """The cohort in which models are compared: that of 500 inhabitants and more, else the first.

    With ``scores`` only cohorts that have some: without sizes of areas there are none where a size is asked for.
    """
    absent = () if scores is None else unjudged(experiment, scores)
    cohorts = [cohort for cohort in experiment.cohorts if cohort not in absent] or list(experiment.cohorts)
    return next((cohort for cohort in cohorts if cohort.min_inhabitants == MAIN_SIZE), cohorts[0])


def unjudged(experiment: Experiment, scores: pd.DataFrame) -> tuple[Cohort, ...]:
    """Cohorts of an experiment in which no area was judged."""
    return tuple(cohort for cohort in experiment.cohorts if not (scores["cohort"] == cohort.name).any())


def outcomes_of(experiment: Experiment, panel: Panel, forecast: Forecast, cohort: Cohort) -> Outcomes:
    """Outcomes of a forecast for the areas of a cohort."""
    wave = forecast.origin_date.year
    happened = experiment.event.happened(panel, wave, wave + forecast.horizon)
    measured = cohort.members(panel, wave) & experiment.event.eligible(panel, wave) & ~np.isnan(happened)
    rows = np.flatnonzero(measured)
    positions_in_forecast = forecast.positions(panel.areas[rows])
    return Outcomes(
        wave=wave,
        rows=rows,
        happened=happened[rows],
        change=score_change(panel, wave, wave + forecast.horizon)[rows],
        chance=forecast.chance_of(experiment.event)[positions_in_forecast],
        lower=forecast.quantile(0.1)[positions_in_forecast],
        upper=forecast.quantile(0.9)[positions_in_forecast],
    )


def record_of(backtest: Backtest, panel: Panel, code: str, versions: Mapping[str, str] | None = None) -> Record:
    """The record of a backtest that was just run."""
    scores = backtest.scores.assign(origin_date=backtest.scores["origin_date"].astype(str))
    return Record(
        experiment=backtest.experiment,
        scores=scores,
        forecasts=backtest.forecasts,
        importance=backtest.importance,
        level=panel.level,
        inputs=tuple(file.sha256 for file in panel.files),
        code_version=code,
        tables={name: getattr(backtest, name) for name in OF_BACKTEST},
        settings={
            "origins": [origin.wave for origin in backtest.origins],
            "leave_out": backtest.leave_out,
            "seeds": backtest.seeds,
        },
        versions=versions or {},
    )


def write_record(record: Record, question: str, folder: Path) -> list[Path]:
    """Write a record into an existing folder."""
    write_forecasts(record.forecasts, folder / FORECASTS)
    record.scores.to_csv(folder / SCORES, index=False)
    record.importance.to_csv(folder / IMPORTANCE, index=False)
    (folder / QUESTION).write_text(question, encoding="utf-8")
    about = {
        "level": record.level,
        "inputs": list(record.inputs),
        "code_version": record.code_version,
        "settings": dict(record.settings),
        "made_with": dict(record.versions),
    }
    (folder / ABOUT).write_bytes(json_bytes(about, indent=2))
    for name, table in record.tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    names = (FORECASTS, SCORES, IMPORTANCE, QUESTION, ABOUT, *(f"{name}.csv" for name in record.tables))
    return [folder / name for name in names]


def read_record(folder: Path, models: Sequence[str] | None = None) -> Record:
    """Read a record back."""
    hint = "Run: riskmodel backtest experiments/NAME.yaml"
    with refuse_damage(folder, "no stored backtest", "files of a backtest", hint):
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        level, code = str(about["level"]), str(about["code_version"])
        inputs = tuple(str(each) for each in about["inputs"])
        settings, versions = dict(about.get("settings", {})), dict(about.get("made_with", {}))
        scores = pd.read_csv(folder / SCORES, dtype={"origin_date": str})
        importance = _read_importance(folder / IMPORTANCE)
        tables = {
            name: pd.read_csv(folder / f"{name}.csv", dtype={"origin_date": str})
            for name in TABLES
            if (folder / f"{name}.csv").exists()
        }
    forecasts = read_forecasts(folder / FORECASTS)
    return Record(
        experiment=load_experiment(folder / QUESTION),
        scores=scores,
        forecasts=tuple(each for each in forecasts if models is None or each.model in models),
        importance=importance,
        level=level,
        inputs=inputs,
        code_version=code,
        tables=tables,
        settings=settings,
        versions=versions,
    )


def _read_importance(path: Path) -> pd.DataFrame:
    """Contributions per feature; an experiment without trees leaves an empty file."""
    try:
        return pd.read_csv(path, dtype={"origin_date": str})
    except pd.errors.EmptyDataError:
        return pd.DataFrame(columns=["model", "origin_date", "feature", "driver", "value"])
