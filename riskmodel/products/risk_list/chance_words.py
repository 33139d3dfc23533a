"""Why the chance of an area differs from the country's, in a few words: the strongest groups of drivers.

What a group means depends on the area: the same group can stand for a score that rose and for one that fell.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from riskmodel.catalogue import driver_labels
from riskmodel.catalogue.units import Amount
from riskmodel.forecasting.targets import WEAK_CLASS
from riskmodel.products.risk_list.texts import TEXTS, Sentence

#: Groups in the words of an area.
MOST = 3
#: A part of a chance smaller than this is not worth a word: half a percentage point.
WORTH_A_WORD = 0.005
#: A change of the score since the earlier wave that is called fast, in score points.
FAST = 0.05


def why(parts: pd.DataFrame | None, rows: pd.DataFrame, long_from: int | None) -> list[tuple[Sentence, ...]]:
    """Return what raises the chance of each area most, strongest first; nothing without parts of the chance."""
    if parts is None:
        return [()] * len(rows)
    groups = [name for name in parts.columns if name != "location"]
    values = parts[groups].to_numpy(dtype=float)
    order = np.argsort(-np.nan_to_num(values, nan=-np.inf), axis=1, kind="stable")[:, :MOST]
    areas = rows.to_dict("records")
    return [
        tuple(
            phrase(groups[column], areas[row], long_from)
            for column in columns
            if values[row, column] >= WORTH_A_WORD
        )
        for row, columns in enumerate(order.tolist())
    ]


def phrase(group: str, area: Mapping[Any, Any], long_from: int | None) -> Sentence:
    """Return what a group of drivers says of an area whose chance it raises."""
    if group == "border":
        border = "weak" if area["score_class"] > WEAK_CLASS else "lower"
        return Sentence(f"why_border_{border}")
    change = area["change_long"]
    if group == "history" and long_from is not None and abs(change) >= FAST:
        values = {"change": Amount(change, "points", signed=True), "year": long_from}
        return Sentence("why_rose" if change > 0 else "why_fell", values)
    key = f"why_{group}"
    return Sentence(key) if key in TEXTS else Sentence("why_group", {"label": driver_labels()[group]})
