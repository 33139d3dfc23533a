"""How much there is to know: models that may look at the very period they are judged on, and where events cluster.

    python experiments/ceiling.py WORKSPACE experiments/decline-2y.yaml

No forecast could do the first: for every origin a LightGBM classifier learns from the outcome of that same origin
in four fifths of the municipalities and is judged on the other fifth, in turn. It knows the period that a
forecast must do without, and still sees only features known at the origin. The last column counts events per
municipality.
"""

from __future__ import annotations

import sys
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd

from riskmodel.catalogue import municipalities
from riskmodel.forecasting.evaluation.ranked import rank
from riskmodel.forecasting.experiment import Experiment, load_experiment
from riskmodel.forecasting.features import features_of
from riskmodel.forecasting.origins import Origin, backtest_origins
from riskmodel.panel.panel import Panel
from riskmodel.workspace.store import Workspace

FOLDS = 5
SETTINGS = {
    "objective": "binary",
    "num_leaves": 7,
    "max_depth": 4,
    "learning_rate": 0.03,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 20,
    "num_threads": 1,
    "deterministic": True,
    "force_col_wise": True,
    "verbosity": -1,
    "seed": 1,
}


def within_origin(panel: Panel, origin: Origin, question: Experiment) -> tuple[np.ndarray, np.ndarray]:
    """What happened (NaN where it does not count) and cross-validated chances, each of shape (areas,)."""
    happened = question.event.happened(panel, origin.wave, origin.target_wave)
    happened[~question.event.eligible(panel, origin.wave)] = np.nan
    values = features_of(panel, origin).values
    towns = np.unique(panel.municipality_codes(), return_inverse=True)[1]
    fold = (np.random.default_rng(1).permutation(towns.max() + 1) % FOLDS)[towns]
    chance = np.full(len(happened), np.nan)
    for number in range(FOLDS):
        learn, judge = ~np.isnan(happened) & (fold != number), fold == number
        trees = lgb.train(SETTINGS, lgb.Dataset(values[learn], happened[learn]), num_boost_round=200)
        chance[judge] = trees.predict(values[judge])
    return happened, chance


def main() -> None:
    """Print both tables."""
    panel, question = Workspace(sys.argv[1]).panel(), load_experiment(Path(sys.argv[2]))
    names = municipalities().set_index("code")["name"].to_dict()
    print("| origin | cohort | events | AUC within | AP within | municipalities with most events |")
    print("|---|---|--:|--:|--:|---|")
    for origin in backtest_origins(panel, question.horizon):
        happened, chance = within_origin(panel, origin, question)
        for cohort in question.cohorts:
            judged = ~np.isnan(happened) & cohort.members(panel, origin.wave)
            ranked = rank(happened[judged], chance[judged])
            auc, precision = ranked.auc(), ranked.average_precision()
            codes = pd.Series(panel.municipality_codes()[judged & (happened == 1)])
            most = ", ".join(f"{names.get(code, code)} {n}" for code, n in codes.value_counts().head(3).items())
            print(
                f"| {origin.wave} | {cohort.name} | {int(happened[judged].sum())} | {auc[0]:.3f} | "
                f"{precision[0]:.3f} | {most} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
