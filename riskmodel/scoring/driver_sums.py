"""Contributions summed per driver, for many rows, by compiled tables where possible."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskmodel.catalogue import drivers
from riskmodel.forecasting.drivers.contributions import label_features
from riskmodel.forecasting.features import Features
from riskmodel.forecasting.models.lightgbm import LightGBM
from riskmodel.forecasting.models.structural import EXPECTATION, Structural
from riskmodel.forecasting.models.treeshap import compile_trees
from riskmodel.panel.panel import FloatArray

#: Feature values of shape (rows, features) to contributions of trees of shape (rows, drivers + 1), base last.
TreeSums = Callable[[FloatArray], FloatArray]
#: Method of contributions, as ``run.json`` gives it.
PLAIN = "pred_contrib"


@dataclass(frozen=True)
class DriverSums:
    """Drivers of a model and the method of their sums.

    Attributes
    ----------
    names : tuple of str
        Drivers that own a feature, in reading order; ``base`` comes after them.
    how : str
        ``"terms"`` for a model without trees, ``"tables"`` for compiled trees, else ``"pred_contrib"`` and why.
    sums : callable
        Feature values of shape (rows, features) to contributions of shape (rows, drivers + 1), in score points,
        the last column the base value; a row adds up to the expected change.
    """

    names: tuple[str, ...]
    how: str
    sums: Callable[[FloatArray], FloatArray]


def driver_sums(model: object, *, compiled: bool = True) -> DriverSums | None:
    """Sums per driver of a model; None for a model without contributions."""
    if isinstance(model, LightGBM):
        names, owner = _drivers_of(model.names)
        trees, how = _tree_sums(model, owner, compiled)
        structural, share = model.structural, model.settings.share
        return DriverSums(names, how, lambda values: _of_terms(structural, values, owner) + share * trees(values))
    if isinstance(model, Structural):
        names, owner = _drivers_of(model.names)
        return DriverSums(names, "terms", lambda values: _of_terms(model, values, owner))
    return None


def _drivers_of(features: Sequence[str]) -> tuple[tuple[str, ...], npt.NDArray[np.intp]]:
    """Drivers in reading order, and the index among them of the driver of every feature."""
    owner = [each.driver for each in label_features(features)]
    present = [driver.id for driver in drivers() if driver.id in owner]
    return tuple(present), np.array([present.index(each) for each in owner], dtype=np.intp)


def _tree_sums(model: LightGBM, owner: npt.NDArray[np.intp], compiled: bool) -> tuple[TreeSums, str]:
    if compiled:
        # It asks LightGBM itself where a model does not fit its tables, and says so.
        tables = compile_trees(model.trees, groups=owner)
        return lambda values: tables.contributions(values, threads=1), tables.how
    return lambda values: summed(model.trees.predict(values, pred_contrib=True), owner), PLAIN


def _of_terms(model: Structural, values: FloatArray, owner: npt.NDArray[np.intp]) -> FloatArray:
    terms = model.contributions(Features(model.names, values))
    sums = np.zeros((len(values), int(owner.max()) + 2))
    for column in [model.names.index(name) for name in EXPECTATION]:
        sums[:, owner[column]] += terms[:, column]
    sums[:, -1] = terms[:, -1]
    return sums


def summed(contributions: FloatArray, owner: npt.NDArray[np.intp]) -> FloatArray:
    """Sum contributions per driver, column by column, so that a row's sums do not hang on the rows beside it."""
    sums = np.zeros((len(contributions), int(owner.max(initial=-1)) + 2))
    for column, driver in enumerate(owner):
        sums[:, driver] += contributions[:, column]
    sums[:, -1] = contributions[:, -1]
    return sums
