"""Gradient-boosted trees for the distribution of the change: location, scale and a Student-t shape.

Two ensembles of trees: one for the expected change, one for how far an area's change usually lies from what was
expected (noise depends on the size of an area). Errors are judged out of fold, with whole municipalities left
out, so that the scale and the tails are those of areas the trees have not seen.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import lightgbm as lgb
import numpy as np
import numpy.typing as npt
from scipy import optimize, stats

from riskmodel.errors import InputError
from riskmodel.forecasting.distribution import ChangeDistribution, StudentT
from riskmodel.forecasting.features import Features, Training
from riskmodel.panel.panel import FloatArray

#: Smallest absolute error that counts, in score points: keeps the logarithm of the scale finite.
SMALLEST_ERROR = 1e-4
#: Bounds of the degrees of freedom: heaviest and lightest tails.
FEWEST_FREEDOM, MOST_FREEDOM = 2.5, 50.0
#: Below this many rows threads wait for each other longer than they work: 15 s on one thread against 71 s on two
#: for a whole backtest of the wijk panel (benchmarks/README.md).
WORTH_THREADS = 100_000


@dataclass(frozen=True)
class Settings:
    """Settings of the trees.

    Attributes
    ----------
    trees, leaves, depth, min_in_leaf : int
        Size of the ensembles and of each tree.
    learning_rate, feature_share, row_share, ridge : float
        LightGBM's ``learning_rate``, ``feature_fraction``, ``bagging_fraction`` and ``lambda_l2``.
    folds : int
        Groups of municipalities that are left out in turn.
    seed : int
        Seed of folds and trees.
    """

    trees: int = 250
    leaves: int = 6
    depth: int = 3
    min_in_leaf: int = 100
    learning_rate: float = 0.03
    feature_share: float = 0.5
    row_share: float = 0.7
    ridge: float = 50.0
    folds: int = 5
    seed: int = 1

    def for_lightgbm(self, objective: str, rows: int) -> dict[str, Any]:
        """The same settings in LightGBM's words; bit-identical for any number of threads."""
        return {
            "objective": objective,
            "num_leaves": self.leaves,
            "max_depth": self.depth,
            "min_data_in_leaf": self.min_in_leaf,
            "learning_rate": self.learning_rate,
            "feature_fraction": self.feature_share,
            "bagging_fraction": self.row_share,
            "bagging_freq": 1,
            "lambda_l2": self.ridge,
            "seed": self.seed,
            "num_threads": 1 if rows < WORTH_THREADS else 0,
            "deterministic": True,
            "force_col_wise": True,
            "verbosity": -1,
        }


class LightGBM:
    """Distribution of the change by gradient-boosted trees.

    Parameters
    ----------
    **settings
        See :class:`Settings`.
    """

    def __init__(self, **settings: Any) -> None:
        self.settings = Settings(**settings)

    def fit(self, training: Training, thresholds: FloatArray) -> Self:
        """See :class:`~riskmodel.forecasting.models.base.ChangeModel`; thresholds play no part here."""
        x, change = training.features.values, training.change
        self.names = training.features.names
        fold = folds_of(training.municipality, self.settings.folds, self.settings.seed)
        rough = self._out_of_fold("gamma", x, _size(change - change.mean()), fold)
        weight = 1.0 / np.maximum(rough, np.quantile(rough, 0.05)) ** 2
        weight /= weight.mean()
        error = change - self._out_of_fold("regression", x, change, fold, weight)
        scale = self._out_of_fold("gamma", x, _size(error), fold)
        self.freedom, self.stretch = fit_student(error / scale)
        self.location = self._train("regression", x, change, weight)
        self.scale = self._train("gamma", x, _size(error))
        return self

    def distribution(self, features: Features) -> ChangeDistribution:
        """See :class:`~riskmodel.forecasting.models.base.ChangeModel`."""
        x = self._input(features)
        return StudentT(
            location=self.location.predict(x),
            scale=self.scale.predict(x),
            stretch=self.stretch,
            freedom=self.freedom,
        )

    def contributions(self, features: Features) -> FloatArray:
        """Exact SHAP contributions to the expected change, the last column the base value.

        Returns
        -------
        numpy.ndarray, shape (rows, features + 1)
            In score points; rows add up to the location of the distribution.
        """
        values: FloatArray = self.location.predict(self._input(features), pred_contrib=True)
        return values

    def save(self, folder: Path) -> None:
        """Write the model as LightGBM text and JSON into an existing folder."""
        self.location.save_model(folder / "location.txt")
        self.scale.save_model(folder / "scale.txt")
        about = {
            "kind": "lightgbm",
            "features": list(self.names),
            "settings": asdict(self.settings),
            "student": {"freedom": self.freedom, "stretch": self.stretch},
        }
        (folder / "model.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> LightGBM:
        """Read a model written by :meth:`save`.

        Raises
        ------
        InputError
            If a file is missing or damaged.
        """
        try:
            about: Mapping[str, Any] = json.loads((folder / "model.json").read_text(encoding="utf-8"))
            model = cls(**about["settings"])
            model.names = tuple(about["features"])
            model.freedom, model.stretch = (float(about["student"][key]) for key in ("freedom", "stretch"))
            model.location = lgb.Booster(model_file=folder / "location.txt")
            model.scale = lgb.Booster(model_file=folder / "scale.txt")
        except (OSError, KeyError, TypeError, ValueError, lgb.basic.LightGBMError) as error:
            raise InputError(folder, f"no readable model ({error})", "a model written by riskmodel") from error
        return model

    def _input(self, features: Features) -> FloatArray:
        if features.names != self.names:
            raise InputError("model input", f"features {features.names}", f"features {self.names}")
        return features.values

    def _train(
        self, objective: str, x: FloatArray, y: FloatArray, weight: FloatArray | None = None
    ) -> lgb.Booster:
        data = lgb.Dataset(x, y, weight=weight, feature_name=list(self.names), free_raw_data=True)
        return lgb.train(self.settings.for_lightgbm(objective, len(y)), data, num_boost_round=self.settings.trees)

    def _out_of_fold(
        self,
        objective: str,
        x: FloatArray,
        y: FloatArray,
        fold: npt.NDArray[np.int_],
        weight: FloatArray | None = None,
    ) -> FloatArray:
        predicted = np.empty(len(y))
        for number in np.unique(fold):
            out = fold == number
            part = None if weight is None else weight[~out]
            predicted[out] = self._train(objective, x[~out], y[~out], part).predict(x[out])
        return predicted


def folds_of(groups: npt.NDArray[np.str_], folds: int, seed: int) -> npt.NDArray[np.int_]:
    """Fold number of every row; all rows of a group share one fold.

    Where no row names a municipality (PC4, grid) all would be one group: every row is then its own.
    """
    numbers = np.unique(groups, return_inverse=True)[1]
    if not numbers.any():
        numbers = np.arange(len(groups))
    dealt = np.random.default_rng(seed).permutation(int(numbers.max()) + 1) % folds
    return dealt[numbers]


def fit_student(errors: FloatArray) -> tuple[float, float]:
    """Degrees of freedom and scale of a Student-t distribution around zero.

    Chosen so that the distribution has the errors' own middle 80% and middle 97%: the interval that is reported,
    and how much further out the tails lie. Degrees of freedom are held between 2.5 and 50, so that mean and
    variance exist.
    """
    inner, outer = np.quantile(np.abs(errors), [0.8, 0.97])

    def too_light(freedom: float) -> float:
        ratio: float = stats.t.ppf(0.985, freedom) / stats.t.ppf(0.9, freedom) - outer / inner
        return ratio

    if too_light(FEWEST_FREEDOM) <= 0:
        freedom = FEWEST_FREEDOM
    elif too_light(MOST_FREEDOM) >= 0:
        freedom = MOST_FREEDOM
    else:
        freedom = float(optimize.brentq(too_light, FEWEST_FREEDOM, MOST_FREEDOM))
    return freedom, float(inner / stats.t.ppf(0.9, freedom))


def _size(errors: FloatArray) -> FloatArray:
    sizes: FloatArray = np.maximum(np.abs(errors), SMALLEST_ERROR)
    return sizes
