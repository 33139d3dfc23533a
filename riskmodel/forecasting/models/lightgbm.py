"""Gradient-boosted trees on top of the structural model.

The structural model says what history, size and surroundings imply; an ensemble of trees learns from all features
what it misses. Waves are few and differ from each other, so what trees learn from some of them holds only in part
for the next: half of their correction counts (docs/skill.md has what other shares and settings did). The spread is
that of the structural model.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Self

import lightgbm as lgb
import numpy as np

from riskmodel.forecasting.distribution import ChangeDistribution, StudentT
from riskmodel.forecasting.features import Features, Training
from riskmodel.forecasting.models.booster import read_booster
from riskmodel.forecasting.models.saved import SavedModel, names_of
from riskmodel.forecasting.models.structural import Structural
from riskmodel.forecasting.models.treeshap import compile_trees
from riskmodel.panel.panel import FloatArray
from riskmodel.sources.formats.settings import between, settings

#: An error counts for at most this many times its spread: a few wild areas must not bend the trees.
WILDEST = 6.0
#: Below this many rows a fit uses one thread, and a backtest fits several models side by side: 10 s for four
#: origins of 14,000 areas, against 15 s one after the other on two threads each (docs/decisions.md).
WORTH_THREADS = 1_000_000
#: From this many rows on, compiling the trees to tables and reading them takes less than LightGBM's own recursion.
WORTH_TABLES = 10_000


@settings("lightgbm")
class Settings:
    """Settings of the trees."""

    trees: Annotated[int, between(1, 20_000)] = 250
    """Number of trees."""
    leaves: Annotated[int, between(2, 4_096)] = 6
    """Leaves of a tree."""
    depth: Annotated[int, between(-1, 100)] = 3
    """Levels of a tree; -1 for any number."""
    min_in_leaf: Annotated[int, between(1, 10**9)] = 100
    """Fewest training examples of a leaf."""
    learning_rate: Annotated[float, between(1e-6, 10.0)] = 0.03
    """LightGBM's ``learning_rate``."""
    feature_share: Annotated[float, between(1e-3, 1.0)] = 0.4
    """LightGBM's ``feature_fraction``."""
    row_share: Annotated[float, between(1e-3, 1.0)] = 0.7
    """LightGBM's ``bagging_fraction``."""
    ridge: Annotated[float, between(0.0, 1e12)] = 50.0
    """LightGBM's ``lambda_l2``."""
    share: Annotated[float, between(0.0, 1.0)] = 0.5
    """Part of the trees' correction that counts, from 0 (the structural model alone) to 1."""
    penalty: Annotated[float, between(0.0, 1e12)] = 20.0
    """Of the structural model."""
    seed: Annotated[int, between(0, 2**31 - 1)] = 1
    """Seed of the trees."""

    def for_lightgbm(self, rows: int) -> dict[str, Any]:
        """The same settings in LightGBM's words; bit-identical for any number of threads."""
        return {
            "objective": "regression",
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


class LightGBM(SavedModel):
    """Distribution of the change by a structural model and gradient-boosted trees."""

    kind = "lightgbm"

    def __init__(self, **settings: Any) -> None:
        self.settings = Settings(**settings)

    def fit(self, training: Training, thresholds: FloatArray) -> Self:
        """See :class:`~riskmodel.forecasting.models.base.ChangeModel`; thresholds play no part here."""
        self.names = training.features.names
        self.structural = Structural(self.settings.penalty).fit(training, thresholds)
        spread = self.structural.scale(training.features)
        missed = training.change - self.structural.location(training.features)
        weight = training.weight / spread**2
        data = lgb.Dataset(
            training.features.values,
            np.clip(missed, -WILDEST * spread, WILDEST * spread),
            weight=weight / weight.mean(),
            feature_name=list(self.names),
            free_raw_data=True,
        )
        self.trees = lgb.train(self.settings.for_lightgbm(len(missed)), data, num_boost_round=self.settings.trees)
        return self

    def distribution(self, features: Features) -> ChangeDistribution:
        """See :class:`~riskmodel.forecasting.models.base.ChangeModel`."""
        self.check_features(features)
        correction = self.settings.share * self.trees.predict(features.values)
        return StudentT(
            location=self.structural.location(features) + correction,
            scale=self.structural.scale(features),
            freedom=self.structural.fitted.freedom,
        )

    def contributions(self, features: Features) -> FloatArray:
        """Exact SHAP contributions to the expected change, the last column the base value.

        Those of the structural model and of the trees, added: contributions of a sum are the sum of contributions.
        """
        self.check_features(features)
        if len(features.values) < WORTH_TABLES:
            of_trees = self.trees.predict(features.values, pred_contrib=True)
        else:
            of_trees = compile_trees(self.trees).contributions(features.values)
        values: FloatArray = self.structural.contributions(features) + self.settings.share * of_trees
        return values

    def as_dict(self) -> dict[str, Any]:
        """Everything learned but the trees, fit for JSON."""
        return {
            "features": list(self.names),
            "settings": asdict(self.settings),
            "structural": self.structural.as_dict(),
        }

    @classmethod
    def from_dict(cls, about: dict[str, Any]) -> Self:
        """The model that :meth:`as_dict` describes, without trees."""
        model = cls(**about["settings"])
        model.names = names_of(about)
        model.structural = Structural.from_dict(about["structural"])
        if model.structural.names != model.names:
            raise ValueError("a structural model on other features")
        return model

    def save(self, folder: Path) -> None:
        """Write the model as LightGBM text and JSON into an existing folder."""
        # Not by LightGBM itself: on a full disk that may leave a part without an error.
        (folder / "trees.txt").write_text(self.trees.model_to_string(), encoding="utf-8")
        super().save(folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a model written by :meth:`save`."""
        model = super().load(folder)
        model.trees = read_booster(folder / "trees.txt", model.names)
        return model
