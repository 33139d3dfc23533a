"""What stands beside a spoiled file while it is read: a list that visits are held against."""

from __future__ import annotations

from datetime import date

import pandas as pd

from riskmodel.products.outcomes.lists import COLUMNS, ListRecord


def record() -> ListRecord:
    """A list of four areas."""
    areas = {
        "location": [f"WK90010{n}" for n in range(4)],
        "name": [f"wijk {n}" for n in range(4)],
        "rank": [1, 2, 3, 4],
        "p_decline": [0.4, 0.3, 0.2, 0.1],
        "part": ["top", "drawn", "rest", "too_small"],
        "inclusion": [1.0, 0.5, 0.5, 0.0],
    }
    return ListRecord(
        id="2020-test",
        title="Risicolijst Meerstad",
        experiment="decline-2y",
        forecast_id="2020-f",
        model_version="m",
        level="wijk",
        municipalities=("GM9001",),
        capacity=2,
        audit_share=0.3,
        seed=1,
        wave=2020,
        horizon=2,
        made_on=date(2022, 6, 1),
        areas=pd.DataFrame(areas)[list(COLUMNS)],
    )
