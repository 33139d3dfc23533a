"""Tables for people, made from scores."""

from __future__ import annotations

import pandas as pd

from riskmodel.forecasting.experiment import Experiment

#: Scores in the skill table, with their headings.
SHOWN = {
    "auc": "AUC",
    "average_precision": "avg. precision",
    "precision_at_1pct": "P@1%",
    "precision_at_5pct": "P@5%",
    "brier": "Brier",
    "calibration_error": "cal. error",
    "coverage_80": "cover 80%",
}


def skill_table(scores: pd.DataFrame, experiment: Experiment) -> str:
    """Markdown table: champion and challenger beside the best simple ordering, per origin and cohort.

    The best simple ordering is chosen with hindsight, for each origin and cohort the one with the highest average
    precision: the hardest opponent. AUC and average precision carry their 95% interval.

    Parameters
    ----------
    scores : pandas.DataFrame
        The Scores container.
    experiment : Experiment
        Its experiment.
    """
    orderings = [spec.name for spec in experiment.models if spec.kind == "ordering"]
    lines = [
        "| origin | cohort | areas | events | base rate | model | " + " | ".join(SHOWN.values()) + " |",
        "|---|---|--:|--:|--:|---|" + "--:|" * len(SHOWN),
    ]
    for (origin, cohort), rows in scores.groupby(["origin_date", "cohort"], sort=False):
        wide = rows.pivot(index="model", columns="metric", values="value")
        n, n_events = int(rows["n"].iloc[0]), int(rows["n_events"].iloc[0])
        best = str(wide.loc[wide.index.isin(orderings), "average_precision"].idxmax())
        for model in dict.fromkeys([experiment.champion, experiment.challenger, best]):
            name = f"best ordering: {model}" if model == best else model
            cells = [_cell(wide.loc[[model]], metric) for metric in SHOWN]
            counts = f"{n:,} | {n_events:,} | {_number(n_events / n)}"
            lines.append(f"| {str(origin)[:4]} | {cohort} | {counts} | {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(row: pd.DataFrame, metric: str) -> str:
    text = _number(row[metric].item())
    if f"{metric}_low95" in row.columns:
        text += f" ({_number(row[f'{metric}_low95'].item())}-{_number(row[f'{metric}_high95'].item())})"
    return text


def _number(value: float) -> str:
    return f"{value:.3f}".lstrip("0") if 0 <= value < 1 else f"{value:.3f}"
