"""A comparison of attempts as text."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pandas as pd

from riskmodel.forecasting.compare import Comparison

#: Cohorts that are shown when none is asked for.
SHOWN_COHORTS = 2


def comparison_tables(found: Comparison, cohorts: Sequence[str] = ()) -> str:
    """Markdown tables of skill, paired differences and list overlap.

    Parameters
    ----------
    found : Comparison
        What was compared.
    cohorts : sequence of str
        Cohorts to show; by default the first two.
    """
    chosen = list(cohorts) or list(dict.fromkeys(found.skill["cohort"]))[:SHOWN_COHORTS]
    parts = []
    for cohort in chosen:
        skill, differences, overlap = (
            table[table["cohort"] == cohort] for table in (found.skill, found.differences, found.overlap)
        )
        parts += [
            f"## {cohort}",
            _table(skill.sort_values(["origin"], kind="stable"), SKILL),
            "Paired differences, 95% interval from drawing whole municipalities for both at once:",
            _table(differences, DIFFERENCES),
            "Areas that the tops of the lists share:",
            _table(overlap, OVERLAP),
        ]
    left = len(dict.fromkeys(found.skill["cohort"])) - len(chosen)
    if left:
        parts.append(f"{left} more cohort(s): ask for them with --cohort, or for all with --json")
    return "\n\n".join(parts)


def _score(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"


def _signed(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:+.3f}"


def _share(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.0%}"


def _whole(value: float) -> str:
    return f"{value:,.0f}"


#: Heading and form of the columns of each table.
Columns = dict[str, tuple[str, Callable[..., str]]]
SKILL: Columns = {
    "origin": ("origin", str),
    "attempt": ("attempt", str),
    "n": ("areas", _whole),
    "n_events": ("events", _whole),
    "base_rate": ("base rate", _score),
    "average_precision": ("avg. precision", _score),
    "average_precision_low95": ("low", _score),
    "average_precision_high95": ("high", _score),
    "auc": ("AUC", _score),
    "precision_at_1pct": ("P@1%", _score),
    "precision_at_5pct": ("P@5%", _score),
    "calibration_error": ("cal. error", _score),
    "coverage_80": ("cover 80%", _score),
}
DIFFERENCES: Columns = {
    "origin": ("origin", str),
    "attempt": ("attempt", str),
    "against": ("minus", str),
    "metric": ("metric", str),
    "difference": ("difference", _signed),
    "low95": ("low", _signed),
    "high95": ("high", _signed),
    "n": ("areas", _whole),
    "n_events": ("events", _whole),
}
OVERLAP: Columns = {
    "origin": ("origin", str),
    "attempt": ("attempt", str),
    "against": ("and", str),
    "k": ("top", _whole),
    "shared": ("shared", _whole),
    "share": ("share", _share),
}


def _table(rows: pd.DataFrame, columns: Columns) -> str:
    cells = [[heading for heading, _ in columns.values()]]
    cells += [[form(row[key]) for key, (_, form) in columns.items()] for row in rows.to_dict("records")]
    widths = [max(len(row[place]) for row in cells) for place in range(len(columns))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in cells
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])
