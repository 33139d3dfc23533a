"""Build the wijk panel from the official files that lie ready, and print what joins.

    python experiments/official_panel.py DATA_FOLDER [WORKSPACE]

Joins Leefbaarometer 3.0, the dimensions of Leefbaarometer 2.0, KWB 2016 and 2022, and the RIVM health monitor of
2012, 2016 and 2020, with the links between boundary vintages. For every source it prints the join rate on area
codes alone and with the links.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

import riskmodel
from riskmodel.cli.text import check_table
from riskmodel.panel.build import build_panel
from riskmodel.workspace.store import Workspace


def ingest_all(data: Path, workspace: Workspace) -> None:
    """Read every file of the folder that belongs in the panel."""
    riskmodel.ingest_leefbaarometer(
        [data / "leefbaarometer-3.0" / "Leefbaarometer-scores wijken 2002-2020.csv"], workspace
    )
    folder = data / "leefbaarometer-2.0"
    names = ["wijk.xlsx", "dimensiescore_wijk (stand).xlsx", "dimensiescore_wijk (ontwikkeling).xlsx"]
    riskmodel.ingest("leefbaarometer-2", [folder / name for name in names], workspace)
    riskmodel.ingest_kwb([data / "kwb" / "wijk_2016.csv", data / "kwb" / "wijk_2022.csv"], workspace)
    riskmodel.ingest("rivm", sorted((data / "rivm").glob("*_18plus.xlsx")), workspace)
    riskmodel.ingest_crosswalk(data / "crosswalk" / "code_changes_2016_2024.csv", workspace)


def join_rates(workspace: Workspace) -> None:
    """Print the share of Leefbaarometer wijken that find a row in each source."""
    held = workspace.observations("wijk")
    scores = next(each for each in held if each.source == "leefbaarometer-3.0")
    areas = set(scores.frame["location"])
    print(f"{'source':<20} {'year':>5} {'boundaries':>11} {'codes alone':>12} {'with links':>11}")
    for each in held:
        if each is scores:
            continue
        linked = build_panel(scores, [each], workspace.links())
        for year in each.years:
            rows = each.frame[each.frame["year"] == year]
            alone = len(areas & set(rows["location"])) / len(areas)
            keys = [key for key in linked.indicators if year in linked.years_of(key) and key in each.indicators]
            found = np.any([~np.isnan(linked.at(key, year)) for key in keys], axis=0)
            print(f"{each.source:<20} {year:>5} {each.boundaries:>11} {alone:>12.1%} {found.mean():>11.1%}")


def main() -> None:
    """Build, join and print."""
    data = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace(sys.argv[2] if len(sys.argv) > 2 else folder)
        ingest_all(data, workspace)
        join_rates(workspace)
        print()
        print(check_table(riskmodel.check(workspace)))


if __name__ == "__main__":
    main()
