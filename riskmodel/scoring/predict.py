"""Score a table of features with a released model: the call behind the registered MLflow model."""

from __future__ import annotations

import pandas as pd

from riskmodel.errors import InputError
from riskmodel.scoring.driver_sums import driver_sums
from riskmodel.scoring.release import Release
from riskmodel.scoring.scorer import Scorer


def scorer_of(release: Release) -> Scorer:
    """A released model made ready to answer with drivers, many times over: its trees are compiled to tables."""
    return Scorer(release, driver_sums(release.model))


def predict(release: Release, table: pd.DataFrame, scorer: Scorer | None = None) -> pd.DataFrame:
    """Chances, expected change, interval and drivers for rows of features.

    For a table in memory; what does not fit there goes through :func:`riskmodel.workflow.score.score`, which gives
    the same numbers.
    """
    missing = [name for name in ("deviation", *release.model.names) if name not in table.columns]
    if missing:
        raise InputError("model input", f"no column {missing[0]!r}", "deviation and the model's features")
    scorer = scorer or Scorer(release, driver_sums(release.model, compiled=False))
    values = table[list(release.model.names)].to_numpy(dtype=float)
    answers = scorer(values, table["deviation"].to_numpy(dtype=float))
    return pd.DataFrame(answers, index=table.index)
