"""Tables for people, made from scores."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from riskmodel.catalogue import drivers, indicators
from riskmodel.forecasting.experiment import Experiment
from riskmodel.panel.check import Check

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


def check_table(found: Check) -> str:
    """Readable text of a :class:`~riskmodel.panel.check.Check`."""
    lines = [
        f"level {found.level}, {found.areas:,} areas, waves {', '.join(map(str, found.waves))}",
        "",
        f"{'indicator':<28} {'source':<20} {'year':>5} {'published':>11} {'joined':>8} {'estimated':>10}",
    ]
    lines += [
        f"{each.indicator:<28} {each.source:<20} {each.year:>5} {each.published:>11} {each.joined:>8.1%} "
        f"{each.estimated:>10.1%}"
        for each in found.coverage
    ]
    lines += ["", "blocked or left out:", *(f"  {note}" for note in found.blocked or ("nothing",))]
    lines += ["", "looks wrong:"]
    lines += [f"  {each.code}: {each.indicator} {each.year}: {each.message}" for each in found.findings] or [
        "  nothing"
    ]
    return "\n".join(lines)


def indicator_table(words: Sequence[str]) -> str:
    """Catalogue as text: indicators in whose id, labels, driver or source all words occur."""
    names = {driver.id: driver.label for driver in drivers()}
    lines = []
    for each in indicators().values():
        text = " ".join([each.id, each.label_nl, each.label_en, names[each.driver], each.source]).casefold()
        if all(word.casefold() in text for word in words):
            marks = [each.kind, each.direction, f"published after {each.lag_months} months"]
            marks += ["blocked (origin)"] if each.sensitivity == "origin" else []
            lines.append(
                f"{each.id:<32} {each.label_nl} ({each.unit}) · {names[each.driver]} · {each.source} · "
                + ", ".join(marks)
            )
    return "\n".join(lines) or "no indicator with these words"
