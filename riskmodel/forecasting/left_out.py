"""Provinces as a second axis beside time: every province is forecast by models that learned nothing from it.

A model that only does well where it has seen the neighbours' past has learned places, not patterns. What is left
out are training examples; features of areas elsewhere still stand against the mean of the whole country.

Each province has a model of its own, so the forecasts of one name are put together from models that disagree a
little about the level of all chances: where a province did worse than the others, its model expects too little. An
ordering that hardly tells areas apart then orders provinces, upside down: its AUC may come out below a half.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from riskmodel.catalogue import class_scheme, municipalities
from riskmodel.errors import InputError
from riskmodel.forecasting.experiment import LEFT_OUT, Experiment
from riskmodel.forecasting.features import Features, Training
from riskmodel.forecasting.forecast import Forecast
from riskmodel.forecasting.models import ModelSpec, make
from riskmodel.forecasting.origins import Origin
from riskmodel.forecasting.read_off import forecast_from
from riskmodel.panel.panel import Panel

Table = TypeVar("Table", Features, Training)


def provinces_of(codes: npt.NDArray[np.str_]) -> npt.NDArray[np.str_]:
    """Province of municipalities, shape of ``codes``."""
    table = municipalities()
    known = dict(zip(table["code"], table["province"], strict=True))
    distinct, places = np.unique(codes, return_inverse=True)
    found = [known.get(str(code), "") for code in distinct]
    if not all(found):
        raise InputError(
            "--leave-out province",
            f"areas of {str(distinct[found.index('')])!r}",
            "areas whose code names a municipality with a known province",
        )
    provinces: npt.NDArray[np.str_] = np.array(found)[places]
    return provinces


def check_provinces(panel: Panel) -> None:
    """Refuse a panel of which no province can be left out."""
    found = np.unique(provinces_of(panel.municipality_codes()))
    if len(found) < 2:
        raise InputError("--leave-out province", f"areas in {found[0]} only", "areas in two provinces or more")


def forecast_left_out(
    spec: ModelSpec,
    experiment: Experiment,
    panel: Panel,
    origin: Origin,
    training: Training,
    features: Features,
    there: npt.NDArray[np.bool_],
) -> Forecast:
    """Forecast every province with a model fitted on the others, put together into one forecast."""
    codes, deviation = panel.areas[there], panel.deviation(origin.wave)[there]
    own, learned = provinces_of(panel.municipality_codes()[there]), provinces_of(training.municipality)
    parts = []
    for province in np.unique(own):
        inside = own == province
        model = make(spec).fit(of_rows(training, learned != province), np.array(experiment.outputs.thresholds))
        distribution = model.distribution(of_rows(features, inside))
        parts.append(
            forecast_from(
                spec.name + LEFT_OUT,
                origin,
                experiment.outputs,
                codes[inside],
                deviation[inside],
                class_scheme(panel.edition),
                distribution,
            )
        )
    return joined(parts)


def joined(parts: list[Forecast]) -> Forecast:
    """One forecast of forecasts of different areas, areas in order."""
    order = np.argsort(np.concatenate([part.locations for part in parts]))

    def together(name: str) -> Any:
        return np.concatenate([getattr(part, name) for part in parts])[order]

    return replace(
        parts[0],
        locations=together("locations"),
        mean=together("mean"),
        quantiles=together("quantiles"),
        cdf=together("cdf"),
        pmf=together("pmf"),
    )


def of_rows(table: Table, rows: npt.NDArray[np.bool_]) -> Table:
    """Some rows of features or of training examples."""
    return replace(table, **{each.name: _some(getattr(table, each.name), rows) for each in fields(table)})


def _some(value: Any, rows: npt.NDArray[np.bool_]) -> Any:
    if isinstance(value, Features):
        return of_rows(value, rows)
    return value[rows] if isinstance(value, np.ndarray) else value
