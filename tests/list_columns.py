"""Columns of a list made by hand that follow from the others: verdict, reason, and the chances of other events."""

from __future__ import annotations

import numpy as np
import pandas as pd

from riskmodel.forecasting.targets import READINGS
from riskmodel.products.risk_list.risk_list import COLUMNS, MODEL_NUMBERS


def completed(rows: pd.DataFrame, **known: object) -> pd.DataFrame:
    """Rows with every column of a list; areas that are too small lose the numbers of the model."""
    small = rows["too_small"].to_numpy(dtype=bool)
    rows = rows.rename(columns={"p_decline": "chance"})
    added = {
        "section": "",
        "p_other": np.nan,
        **{f"p_{name}": np.nan for name in READINGS},
        "p_decline": rows["chance"],
        "kind": "",
        "target_date": "2022-01-01",
        "verdict": np.where(rows["threatens"], "threatens", ""),
        "reason": np.where(small, "small", ""),
        **known,
    }
    rows = rows.assign(**added)
    rows.loc[small, list(MODEL_NUMBERS)] = np.nan
    rows.loc[small, "verdict"] = ""
    extra = [name for name in rows.columns if name not in COLUMNS]
    return rows[[*(name for name in COLUMNS if name in rows.columns), *extra]]
