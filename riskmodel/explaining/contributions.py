"""From contributions per feature to contributions per driver, and to plain Dutch.

Contributions are exact SHAP values of the expected change (LightGBM's ``pred_contrib``, the same numbers as
shap's ``TreeExplainer``): with the base value they add up to the expected change of an area.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from riskmodel.catalogue import Driver, drivers
from riskmodel.errors import InputError
from riskmodel.panel.panel import FloatArray

#: A contribution smaller than this many score points is not worth a word.
WORTH_A_WORD = 0.001


def by_driver(names: Sequence[str], contributions: FloatArray) -> pd.DataFrame:
    """Sum contributions per driver.

    Parameters
    ----------
    names : sequence of str
        Feature names ``driver.what``.
    contributions : numpy.ndarray, shape (rows, features + 1)
        In score points, the last column the base value.

    Returns
    -------
    pandas.DataFrame
        Column ``base`` and one a driver that owns a feature, in reading order; rows add up to the same total.

    Raises
    ------
    InputError
        If a feature belongs to no driver of the catalogue.
    """
    ids = [driver.id for driver in drivers()]
    owner = [name.split(".")[0] for name in names]
    unknown = sorted(set(owner) - set(ids))
    if unknown:
        raise InputError("features", f"driver {unknown[0]!r}", f"one of {ids}")
    present = [driver for driver in ids if driver in owner]
    belongs = np.array([[each == driver for driver in present] for each in owner], dtype=float)
    sums = contributions[:, :-1] @ belongs
    return pd.DataFrame({"base": contributions[:, -1], **dict(zip(present, sums.T, strict=True))})


def in_words(table: pd.DataFrame, *, down: bool, most: int = 3) -> list[str]:
    """Strongest drivers of each row in plain Dutch, for instance ``"overlast en onveiligheid (-0,012)"``.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`by_driver` returns.
    down : bool
        Whether to name what lowers the expectation, or what raises it.
    most : int
        At most this many drivers.
    """
    known = [driver for driver in drivers() if driver.id in table.columns]
    values = table[[driver.id for driver in known]].to_numpy()
    order = np.argsort(values if down else -values, axis=1, kind="stable")[:, :most]
    return [
        "; ".join(
            _phrase(known[column], row[column])
            for column in columns
            if (-row[column] if down else row[column]) >= WORTH_A_WORD
        )
        for row, columns in zip(values, order, strict=True)
    ]


def _phrase(driver: Driver, value: float) -> str:
    number = f"{value:+.3f}".replace(".", ",").replace("-", "\N{MINUS SIGN}")
    return f"{driver.label} ({number})"
