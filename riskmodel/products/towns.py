"""How many areas of each municipality threaten to decline, to see one municipality among the others."""

from __future__ import annotations

import pandas as pd

from riskmodel.products.risk_list import flagged


def town_counts(rows: pd.DataFrame) -> pd.DataFrame:
    """Count per municipality how many of its areas threaten and are under pressure.

    Parameters
    ----------
    rows : pandas.DataFrame
        Columns ``municipality, threatens, under_pressure, too_small``, a row an area.

    Returns
    -------
    pandas.DataFrame
        Columns ``name, areas, threatens, pressed, share`` (threatens / areas), highest share first. Areas too
        small for a verdict and areas of an unknown municipality are not counted.
    """
    known = ~flagged(rows, "too_small") & rows["municipality"].fillna("").ne("").to_numpy()
    shown = rows[known]
    counted = (
        pd.DataFrame(
            {
                "name": shown["municipality"],
                "areas": 1,
                "threatens": shown["threatens"].astype(int),
                "pressed": shown["under_pressure"].astype(int),
            }
        )
        .groupby("name", as_index=False)
        .sum()
    )
    counted["share"] = counted["threatens"] / counted["areas"]
    order = ["share", "areas", "name"]
    made: pd.DataFrame = counted.sort_values(order, ascending=[False, False, True], ignore_index=True)
    return made
