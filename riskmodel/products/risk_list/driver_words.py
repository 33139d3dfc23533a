"""The strongest drivers of an area in plain Dutch."""

from __future__ import annotations

import numpy as np
import pandas as pd

from riskmodel.catalogue import Driver, drivers
from riskmodel.forecasting.drivers.contributions import WORTH_A_WORD

#: Said of a driver whose sign other models contradict.
NOT_SURE = "niet zeker"


def in_words(table: pd.DataFrame, *, down: bool, most: int = 3, unsure: pd.DataFrame | None = None) -> list[str]:
    """Strongest drivers of each row in plain Dutch, for instance ``"overlast (-0,012)"``."""
    known = [driver for driver in drivers() if driver.id in table.columns]
    ids = [driver.id for driver in known]
    values = table[ids].to_numpy()
    doubt = np.zeros(values.shape, dtype=bool) if unsure is None else unsure[ids].to_numpy(dtype=bool)
    order = np.argsort(values if down else -values, axis=1, kind="stable")[:, :most]
    return [
        "; ".join(
            _phrase(known[column], row[column], doubted[column])
            for column in columns
            if (-row[column] if down else row[column]) >= WORTH_A_WORD
        )
        for row, doubted, columns in zip(values, doubt, order, strict=True)
    ]


def _phrase(driver: Driver, value: float, doubted: bool) -> str:
    number = f"{value:+.3f}".replace(".", ",").replace("-", "\N{MINUS SIGN}")
    return f"{driver.label} ({number}{f', {NOT_SURE}' if doubted else ''})"
