"""Score a table of features with a released model: the call behind the registered MLflow model."""

from __future__ import annotations

import numpy as np
import pandas as pd

from riskmodel.catalogue import class_scheme
from riskmodel.errors import InputError
from riskmodel.explaining.contributions import by_driver
from riskmodel.forecasting.features import Features
from riskmodel.forecasting.models.lightgbm import LightGBM
from riskmodel.scoring.release import Release


def predict(release: Release, table: pd.DataFrame) -> pd.DataFrame:
    """Chance of decline, expected change, interval and drivers for rows of features.

    Parameters
    ----------
    release : Release
        The model.
    table : pandas.DataFrame
        The model's feature columns and ``deviation`` (score minus base constant), all numbers.

    Returns
    -------
    pandas.DataFrame
        Same index: ``p_decline, expected_change, lower80, upper80`` and, for trees, ``driver_*`` columns that
        add up to the expected change with ``driver_base``.

    Raises
    ------
    InputError
        If a column is missing.
    """
    missing = [name for name in ("deviation", *release.model.names) if name not in table.columns]
    if missing:
        raise InputError("model input", f"no column {missing[0]!r}", "deviation and the model's features")
    features = Features(release.model.names, table[list(release.model.names)].to_numpy(dtype=float))
    distribution = release.model.distribution(features)
    event = release.experiment.event
    if event.kind == "tipping":
        cut = class_scheme(release.edition).cuts[event.to_class - 1]
        points = cut - table["deviation"].to_numpy(dtype=float)
    else:
        points = np.full(len(table), -event.more_than)
    lower, upper = distribution.quantiles(np.array([0.1, 0.9])).T
    scored = pd.DataFrame(
        {
            "p_decline": distribution.cdf(points[:, None])[:, 0],
            "expected_change": distribution.mean(),
            "lower80": lower,
            "upper80": upper,
        },
        index=table.index,
    )
    if isinstance(release.model, LightGBM):
        grouped = by_driver(features.names, release.model.contributions(features))
        scored = scored.join(grouped.add_prefix("driver_").set_index(table.index))
    return scored
