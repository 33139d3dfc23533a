"""Overlap of lists: of fits with another seed, and of successive origins.

A list that changes with the seed owes part of its areas to chance. A list that changes from origin to origin may
owe it to what happened in between; how far the two are apart says how much.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.errors import InputError
from riskmodel.forecasting.evaluation.ranked import TOP_SHARES
from riskmodel.forecasting.experiment import Experiment
from riskmodel.forecasting.forecast import Forecast
from riskmodel.forecasting.models import ModelSpec, make
from riskmodel.panel.panel import FloatArray, Panel

#: Columns of the table.
COLUMNS = ("model", "target", "cohort", "origin_date", "compared_with", "k", "n", "shared", "jaccard")


def stability_table(
    experiment: Experiment,
    panel: Panel,
    forecasts: Iterable[Forecast],
    reseeded: Mapping[str, Iterable[Forecast]] | None = None,
) -> pd.DataFrame:
    """Overlap of lists for the main event, of successive origins and of other seeds."""
    by_model: dict[str, list[Forecast]] = {}
    for forecast in forecasts:
        by_model.setdefault(forecast.model, []).append(forecast)
    waves = {each.origin_date.year for made in by_model.values() for each in made}
    eligible = {wave: experiment.event.eligible(panel, wave) for wave in waves}
    rows = []
    for cohort in experiment.cohorts:
        asked = {wave: cohort.members(panel, wave) & eligible[wave] for wave in waves}
        for made in by_model.values():
            ordered = sorted(made, key=lambda each: each.origin_date)
            pairs = [(now, before, f"origin {before.origin_date.year}") for before, now in pairwise(ordered)]
            for name, others in (reseeded or {}).items():
                again = {(each.model, each.origin_date): each for each in others}
                known = [each for each in ordered if (each.model, each.origin_date) in again]
                pairs += [(each, again[each.model, each.origin_date], name) for each in known]
            for one, other, name in pairs:
                inside = asked[one.origin_date.year] & asked[other.origin_date.year]
                rows += list(_overlaps(experiment, panel.areas[inside], cohort.name, one, other, name))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def reseeded_spec(spec: ModelSpec, seed: int) -> ModelSpec | None:
    """The same model with another seed; None for models without a seed."""
    other = replace(spec, parameters={**spec.parameters, "seed": seed})
    try:
        make(other)
    except InputError:
        return None
    return other


def top_areas(chance: FloatArray, k: int) -> np.ndarray:
    """Rows of the ``k`` highest chances, the first among equals."""
    return np.argsort(-chance, kind="stable")[:k]


def shared_areas(one: FloatArray, other: FloatArray, k: int) -> int:
    """Number of areas that the lists of the ``k`` highest of two chances share."""
    return len(np.intersect1d(top_areas(one, k), top_areas(other, k)))


def _overlaps(
    experiment: Experiment, areas: npt.NDArray[np.str_], cohort: str, one: Forecast, other: Forecast, name: str
) -> Iterator[dict[str, object]]:
    event = experiment.event
    if not len(areas):
        return
    chances: Sequence[FloatArray] = [each.chance_of(event)[each.positions(areas)] for each in (one, other)]
    lengths = {min(experiment.capacity, len(areas)), *(int(np.ceil(share * len(areas))) for share in TOP_SHARES)}
    for k in sorted(lengths):
        both = shared_areas(chances[0], chances[1], k)
        yield {
            "model": one.model,
            "target": event.name,
            "cohort": cohort,
            "origin_date": one.origin_date,
            "compared_with": name,
            "k": k,
            "n": len(areas),
            "shared": both / k,
            "jaccard": both / (2 * k - both),
        }
