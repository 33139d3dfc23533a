"""Contributions per feature summed to indicators and drivers, and their plain Dutch names.

Contributions are exact SHAP values of the expected change (for trees LightGBM's ``pred_contrib``, for a sum of
terms each term against its mean): with the base value they add up to the expected change of an area. A group's
contribution is the sum of those of its features, so that nothing is lost or counted twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.catalogue import Indicator, drivers, indicators, load
from riskmodel.errors import InputError
from riskmodel.forecasting.features import Features
from riskmodel.panel.panel import FloatArray

#: A contribution smaller than this many score points is not worth a word.
WORTH_A_WORD = 0.001
#: Ending of a feature that is the change of another one.
CHANGE = "_change"


@dataclass(frozen=True)
class FeatureLabel:
    """Indicator and driver under which a feature is reported.

    Attributes
    ----------
    feature : str
        Its name, ``driver.what``.
    indicator : str
        Indicator that it is part of: an id of the catalogue, or the name of a feature that is none.
    driver : str
        Driver that it is part of.
    is_change : bool
        Whether it is the change of an indicator of which the level is a feature too.
    """

    feature: str
    indicator: str
    driver: str
    is_change: bool


def contributions_of(model: object, features: Features) -> FloatArray | None:
    """Contributions of a model that has them, shape (rows, features + 1); None for others."""
    made = getattr(model, "contributions", None)
    return None if made is None else made(features)


def label_features(names: Sequence[str]) -> tuple[FeatureLabel, ...]:
    """Indicator and driver of each feature."""
    own, ids, there = load("features"), {driver.id for driver in drivers()}, set(names)
    found = []
    for name in names:
        level = name.removesuffix(CHANGE)
        is_change = level != name and level in there
        root = level if is_change else name
        prefix, _, what = root.partition(".")
        entry = own.get(root, {})
        # Features of the score's own history carry no id of an indicator: the whole name is theirs.
        indicator = entry.get("indicator", root if root in own and what not in indicators() else what)
        driver = entry.get("driver", _part_of_score(what, prefix))
        if driver not in ids:
            raise InputError("features", f"driver {driver!r}", f"one of {sorted(ids)}")
        found.append(FeatureLabel(name, indicator, driver, is_change))
    return tuple(found)


def _part_of_score(what: str, prefix: str) -> str:
    """The driver before the dot, or the part of the score that a dimension of another edition or release is."""
    about, part = indicators().get(what), f"part_{prefix}"
    measured_apart = about is None or not about.source.startswith("leefbaarometer")
    return prefix if measured_apart or part not in load("drivers") else part


def definitional() -> frozenset[str]:
    """Drivers that are parts of the score itself: its history and its own dimensions."""
    return frozenset(key for key, entry in load("drivers").items() if entry["definitional"])


def label_of(indicator: str, definitions: Mapping[str, Indicator]) -> str:
    """Plain Dutch name of an indicator or feature."""
    if indicator in definitions:
        return definitions[indicator].label_nl
    label: str = load("features").get(indicator, {}).get("label", indicator)
    return label


def by_driver(names: Sequence[str], contributions: FloatArray) -> pd.DataFrame:
    """Sum contributions per driver."""
    owner = [each.driver for each in label_features(names)]
    return _summed(contributions, owner, [driver.id for driver in drivers() if driver.id in owner])


def by_indicator(names: Sequence[str], contributions: FloatArray) -> pd.DataFrame:
    """Sum contributions per indicator."""
    labels = label_features(names)
    reading = [driver.id for driver in drivers()]
    order = sorted({(reading.index(each.driver), each.indicator) for each in labels})
    return _summed(contributions, [each.indicator for each in labels], [indicator for _, indicator in order])


def against(
    table: pd.DataFrame, nearest: npt.NDArray[np.intp], at: npt.NDArray[np.intp] | None = None
) -> pd.DataFrame:
    """Contributions minus the mean of those of comparable areas."""
    parts = table.drop(columns="base")
    values = parts.to_numpy(dtype=float)
    own = parts if at is None else parts.iloc[at]
    if nearest.shape[1] == 0:
        return pd.DataFrame(np.full(own.shape, np.nan), columns=own.columns, index=own.index)
    apart = own.to_numpy(dtype=float) - values[nearest].mean(axis=1)
    return pd.DataFrame(apart, columns=own.columns, index=own.index)


def _summed(contributions: FloatArray, owner: Sequence[str], present: Sequence[str]) -> pd.DataFrame:
    belongs = np.array([[each == group for group in present] for each in owner], dtype=float)
    sums = contributions[:, :-1] @ belongs
    return pd.DataFrame({"base": contributions[:, -1], **dict(zip(present, sums.T, strict=True))})
