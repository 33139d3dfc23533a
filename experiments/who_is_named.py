"""Who is on the list of the country: areas that threaten to slide, beside those of a list of declines.

python experiments/who_is_named.py WORKSPACE

Reads the newest forecast of ``slide-2y``. The list of declines is the one of earlier versions: areas of 200
inhabitants or more whose chance of a fall is at least twice that of the country.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from riskmodel.forecasting.group_audit.attributes import FIFTHS, attributes_of
from riskmodel.forecasting.groups import abstains
from riskmodel.products.risk_list.verdicts import THREATENS
from riskmodel.workflow.questions import newest_forecast
from riskmodel.workflow.risk_list import make_list
from riskmodel.workspace.store import Workspace

CLASSES = {"class 1 to 4": (1, 4), "class 5": (5, 5), "class 6": (6, 6), "class 7 to 9": (7, 9)}
SIZES = {"fewer than 500 inhabitants": (0, 500), "500 to 5,000": (500, 5_000), "5,000 and more": (5_000, np.inf)}


def main() -> None:
    """Print the table."""
    workspace = Workspace(Path(sys.argv[1]))
    stored = newest_forecast(workspace, "slide-2y", None)
    panel = workspace.panel(stored.level)
    day = stored.forecast.known_at
    rows = make_list(workspace, stored, panel, (), "Nederland", None, day, 0.0).rows
    wave = stored.forecast.origin_date.year
    income = next(each for each in attributes_of(panel, [wave]) if each.name == "income")
    fifth = pd.Series(income.labels[wave], panel.areas).reindex(rows["location"]).to_numpy()
    chance, people = rows["p_decline"].to_numpy(float), rows["inhabitants"].to_numpy(float)
    lists = {
        "list of slides": (rows["verdict"] == THREATENS).to_numpy(),
        "list of declines": (chance >= 2 * np.nanmean(chance)) & ~abstains(people),
    }
    groups = {"all": np.ones(len(rows), dtype=bool)}
    groups |= {name: rows["score_class"].between(*ends).to_numpy() for name, ends in CLASSES.items()}
    groups |= {name: (people >= low) & (people < high) for name, (low, high) in SIZES.items()}
    groups |= {f"incomes: {name}": fifth == name for name in (FIFTHS[0], FIFTHS[-1])}
    print(f"| | {' | '.join(lists)} |\n| --- | ---: | ---: |")
    for name, members in groups.items():
        print(f"| {name} | {' | '.join(f'{int((listed & members).sum()):,}' for listed in lists.values())} |")


if __name__ == "__main__":
    main()
