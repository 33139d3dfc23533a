"""Stability of an explanation over models that answer about as well as the champion.

Trees with another seed, fewer of them, another share in the forecast, or a model that never saw one of the
training periods are such models. A driver whose sign changes among them is not sure, however exact
its contribution is for the one model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.forecasting.drivers.chance_contributions import spread_parts
from riskmodel.forecasting.drivers.contributions import WORTH_A_WORD, by_driver
from riskmodel.forecasting.features import Features, Training, training_of
from riskmodel.forecasting.forecast import Forecast
from riskmodel.forecasting.forecast_store import Explanation
from riskmodel.forecasting.models.lightgbm import LightGBM
from riskmodel.forecasting.models.structural import Structural
from riskmodel.forecasting.origins import origin_at
from riskmodel.panel.panel import FloatArray, Panel

#: Models that have contributions.
Explained = LightGBM | Structural

#: Seeds beside the champion's own.
OTHER_SEEDS = 3
#: Other parts of the trees' correction that count.
OTHER_SHARES = (0.3, 0.7)
#: How many times stronger and weaker the structural model's penalty could have been.
OTHER_PENALTY = 4.0
#: The drivers a reader looks at first.
STRONGEST = 3


def explanation_of(
    model: object, panel: Panel, trained_at: int, forecast: Forecast, features: Features, contributions: FloatArray
) -> Explanation:
    """Features, contributions and their stability, to be stored with a forecast."""
    if not isinstance(model, Explained):
        return Explanation(features, contributions)
    training = training_of(panel, origin_at(panel, trained_at, forecast.horizon))
    thresholds = np.array(forecast.outputs.thresholds)
    stability = contribution_stability(model, training, features, forecast.locations, thresholds)
    return Explanation(features, contributions, stability, spread_parts(model, features))


def alternative_models(model: Explained, training: Training, thresholds: FloatArray) -> Iterator[Explained]:
    """Models that could as well have been the champion, freshly fitted."""
    if isinstance(model, LightGBM):
        for step in range(1, OTHER_SEEDS + 1):
            yield _like(model, seed=model.settings.seed + step).fit(training, thresholds)
    else:
        for penalty in (model.penalty / OTHER_PENALTY, model.penalty * OTHER_PENALTY):
            yield Structural(penalty).fit(training, thresholds)
    periods = np.unique(np.stack([training.start, training.end]), axis=1).T
    for start, end in periods if len(periods) > 1 else []:
        rest = ~((training.start == start) & (training.end == end))
        yield _like(model).fit(training.rows(rest), thresholds)


def _like(model: Explained, **other: Any) -> Explained:
    """An unfitted model with the same settings."""
    if isinstance(model, LightGBM):
        return LightGBM(**asdict(replace(model.settings, **other)))
    return Structural(model.penalty)


def alternative_contributions(model: Explained, features: Features) -> Iterator[FloatArray]:
    """Contributions with another share of the trees and with half of them, without fitting anything anew.

    Nothing for a model without trees.
    """
    if not isinstance(model, LightGBM):
        return
    own, structural = model.settings, model.structural.contributions(features)
    of_trees = (model.contributions(features) - structural) / own.share if own.share > 0 else 0.0 * structural
    for share in OTHER_SHARES:
        yield structural + share * of_trees
    half = model.trees.predict(features.values, pred_contrib=True, num_iteration=max(own.trees // 2, 1))
    yield structural + own.share * half


def contribution_stability(
    model: Explained,
    training: Training,
    features: Features,
    locations: npt.NDArray[np.str_],
    thresholds: FloatArray,
) -> pd.DataFrame:
    """How much the contributions of an explanation differ over seeds and close models."""
    all_contributions = [model.contributions(features), *alternative_contributions(model, features)]
    all_contributions += [each.contributions(features) for each in alternative_models(model, training, thresholds)]
    return contribution_range(locations, [by_driver(features.names, each) for each in all_contributions])


def contribution_range(locations: npt.NDArray[np.str_], tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Lowest and highest contribution of every driver over several models."""
    names = [name for name in tables[0].columns if name != "base"]
    values = np.stack([table[names].to_numpy(dtype=float) for table in tables])
    low, high = values.min(axis=0), values.max(axis=0)
    # The sign of next to nothing says nothing: a driver turns only when it does so by an amount worth a word.
    turns = np.where(values[0] < 0, high >= WORTH_A_WORD, low <= -WORTH_A_WORD)
    nothing = np.abs(values[0]) < WORTH_A_WORD
    turns |= nothing & (low <= -WORTH_A_WORD) & (high >= WORTH_A_WORD)
    most = min(STRONGEST, len(names))
    rank = np.argsort(np.argsort(-np.abs(values), axis=2, kind="stable"), axis=2, kind="stable")
    return pd.DataFrame(
        {
            "location": np.repeat(locations, len(names)),
            "driver": np.tile(names, len(locations)),
            "low": low.ravel(),
            "high": high.ravel(),
            "stable": ~turns.ravel(),
            "in_top": (rank < most).mean(axis=0).ravel(),
        }
    )


def unsure_of(stability: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Drivers whose sign is not stable, in the form of a table of contributions."""
    ids = [name for name in table.columns if name not in ("location", "base")]
    unsure = pd.DataFrame(False, index=table.index, columns=ids)
    if len(stability):
        wide = stability.pivot(index="location", columns="driver", values="stable").reindex(table["location"])
        for name in [each for each in ids if each in wide.columns]:
            unsure[name] = ~wide[name].to_numpy(dtype=bool)
    return unsure
