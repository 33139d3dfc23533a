"""Cross-validation by province: every province is forecast by models that learned nothing from it.

A model that only does well where it has seen the neighbours' past has learned areas, not patterns. What is left
out are training examples; features of areas elsewhere are still taken against the mean of the whole country.

Each province has a model of its own, so the forecasts of one name are put together from models that disagree a
little about the level of all chances: where a province did worse than the others, its model expects too little. An
ordering that hardly tells areas apart then orders provinces, upside down: its AUC may come out below a half.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from riskmodel.catalogue import municipalities
from riskmodel.errors import InputError
from riskmodel.forecasting.experiment import HOLDOUT, Experiment
from riskmodel.forecasting.forecast import Forecast
from riskmodel.forecasting.models import ModelSpec
from riskmodel.forecasting.stage import Stage, fit, forecast_of, scored_areas
from riskmodel.panel.panel import Panel


def provinces_of(codes: npt.NDArray[np.str_]) -> npt.NDArray[np.str_]:
    """Province of municipalities, shape of ``codes``."""
    table = municipalities()
    known = dict(zip(table["code"], table["province"], strict=True))
    distinct, index = np.unique(codes, return_inverse=True)
    found = [known.get(str(code), "") for code in distinct]
    if not all(found):
        raise InputError(
            "--leave-out province",
            f"areas of {str(distinct[found.index('')])!r}",
            "areas whose code names a municipality with a known province",
        )
    return np.array(found)[index]


def check_provinces(panel: Panel) -> None:
    """Refuse a panel of which no province can be left out."""
    found = np.unique(provinces_of(panel.municipality_codes()))
    if len(found) < 2:
        raise InputError("--leave-out province", f"areas in {found[0]} only", "areas in two provinces or more")


def forecast_holdout(spec: ModelSpec, experiment: Experiment, panel: Panel, stage: Stage) -> Forecast:
    """Forecast every province with a model fitted on the others, put together into one forecast."""
    rows = scored_areas(panel, stage.origin)
    own, learned = provinces_of(panel.municipality_codes()[rows]), provinces_of(stage.training.municipality)
    parts = []
    for province in np.unique(own):
        inside = own == province
        model = fit(spec, experiment, stage.training.rows(learned != province))
        features = stage.features.rows(inside)
        parts.append(
            forecast_of(spec.name + HOLDOUT, model, experiment, panel, stage.origin, features, rows[inside])
        )
    return joined(parts)


def joined(parts: list[Forecast]) -> Forecast:
    """Join forecasts of different areas into one, areas in order."""
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
        readings={
            name: np.concatenate([part.readings[name] for part in parts])[order] for name in parts[0].readings
        },
    )
