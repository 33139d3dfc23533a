"""The strongest drivers of an area, and their names in plain Dutch."""

from __future__ import annotations

import numpy as np
import pandas as pd

from riskmodel.catalogue import Driver, drivers
from riskmodel.catalogue.units import decimal
from riskmodel.forecasting.drivers.contributions import WORTH_A_WORD
from riskmodel.panel.panel import FloatArray

#: Mark of a driver whose sign other models contradict.
NOT_SURE = "niet zeker"
#: Drivers in the words of an area, each way.
MOST = 3


def strongest(values: FloatArray, *, down: bool) -> list[list[int]]:
    """Return the columns of the strongest contributions of each row that push down, or up; the strongest first."""
    sizes = -values if down else values
    order = np.argsort(-sizes, axis=1, kind="stable")[:, :MOST].tolist()
    return [
        [column for column in columns if row[column] >= WORTH_A_WORD]
        for row, columns in zip(sizes, order, strict=True)
    ]


def in_words(table: pd.DataFrame, *, down: bool, unsure: pd.DataFrame | None = None) -> list[str]:
    """Return the strongest drivers of each row in plain Dutch, for instance ``"overlast (-0,012)"``."""
    known = [driver for driver in drivers() if driver.id in table.columns]
    ids = [driver.id for driver in known]
    values = table[ids].to_numpy()
    doubt = np.zeros(values.shape, dtype=bool) if unsure is None else unsure[ids].to_numpy(dtype=bool)
    return [
        "; ".join(_phrase(known[column], row[column], doubted[column]) for column in columns)
        for row, doubted, columns in zip(values, doubt, strongest(values, down=down), strict=True)
    ]


def _phrase(driver: Driver, value: float, doubted: bool) -> str:
    return f"{driver.label} ({decimal(value, 3, sign=True)}{f', {NOT_SURE}' if doubted else ''})"
