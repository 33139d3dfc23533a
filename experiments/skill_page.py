"""Fill the tables of docs/skill.md and README.md from the backtests of a workspace.

python experiments/skill_page.py WORKSPACE

Between ``<!-- NAME: what -->`` and ``<!-- end -->`` everything is replaced by what ``riskmodel backtest`` printed
for the experiment NAME: ``summary``, ``skill``, ``orderings`` or ``groups``; ``NAME/TARGET`` for another of its
targets (not ``groups``).
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pandas as pd

from riskmodel.forecasting.experiment import load_experiment
from riskmodel.products.governance.skill_tables import (
    group_calibration_table,
    ordering_table,
    skill_table,
    summary_table,
)
from riskmodel.workspace.store import Workspace

PAGES = ("docs/skill.md", "README.md")
BLOCK = re.compile(r"(?<=<!-- )([\w-]+(?:/\w+)?): (\w+)( -->\n).*?(?=\n<!-- end -->)", re.DOTALL)


def table(workspace: Workspace, name: str, what: str) -> str:
    """One table of a stored backtest, its columns no longer padded."""
    name, _, target = name.partition("/")
    folder = workspace.path("backtests", name)
    question = load_experiment(folder / "experiment.yaml")
    scores, paired, calibration = (
        pd.read_csv(folder / f"{part}.csv") for part in ("scores", "paired", "calibration")
    )
    made = {
        "summary": lambda: summary_table(scores, paired, question, target=target or None),
        "skill": lambda: skill_table(scores, question, paired, target=target or None),
        "orderings": lambda: ordering_table(scores, paired, question, target=target or None),
        "groups": lambda: group_calibration_table(calibration, question),
    }
    return re.sub(r"-{4,}", "---", re.sub(r" {2,}", " ", made[what]()))


def main() -> None:
    """Replace every block of every page."""
    workspace, root = Workspace(sys.argv[1]), Path(__file__).parents[1]
    for page in PAGES:
        path = root / page
        text = path.read_text(encoding="utf-8")
        filled = BLOCK.sub(
            lambda found: f"{found[1]}: {found[2]}{found[3]}\n{table(workspace, found[1], found[2])}\n", text
        )
        path.write_text(filled, encoding="utf-8")


if __name__ == "__main__":
    main()
