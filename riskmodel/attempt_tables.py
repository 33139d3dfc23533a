"""A comparison of attempts as text."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from riskmodel.forecasting.compare import Comparison
from riskmodel.products.markdown import Cells, markdown_table

#: Cohorts that are shown when none is asked for.
SHOWN_COHORTS = 2
#: Headings of metrics, and with how many decimals they are told.
METRICS: dict[str, tuple[str, int]] = {
    "average_precision": ("avg. precision", 3),
    "auc": ("AUC", 3),
    "precision_at_1pct": ("P@1%", 3),
    "precision_at_5pct": ("P@5%", 3),
    "calibration_error": ("cal. error", 3),
    "coverage_80": ("cover 80%", 3),
    "crps": ("CRPS", 4),
}
#: A row of a table of a comparison.
Row = Mapping[Any, Any]


def comparison_tables(found: Comparison, cohorts: Sequence[str] = ()) -> str:
    """Markdown tables of skill, paired differences and list overlap.

    Parameters
    ----------
    found : Comparison
        What was compared.
    cohorts : sequence of str
        Cohorts to show; by default the first two.
    """
    every = list(dict.fromkeys(found.skill["cohort"]))
    chosen = [name for name in every if name in cohorts] if cohorts else every[:SHOWN_COHORTS]
    parts = []
    for cohort in chosen:
        skill = found.skill[found.skill["cohort"] == cohort].sort_values("origin", kind="stable")
        parts += [f"## {cohort}", markdown_table([_skill(row) for row in skill.to_dict("records")])]
        for table, title, cells in (
            (
                found.differences,
                "Difference, with its 95% interval from drawing municipalities for both",
                _differences,
            ),
            (found.overlap, "Areas that the tops of both lists share", _overlap),
        ):
            rows = table[table["cohort"] == cohort]
            groups = rows.groupby(["attempt", "against", "origin"], sort=False)
            parts += [f"{title}:", markdown_table([cells(part.to_dict("records")) for _, part in groups])]
    if len(chosen) < len(every):
        left = ", ".join(name for name in every if name not in chosen)
        parts.append(f"more cohorts, with --cohort NAME or --json: {left}")
    return "\n\n".join(parts)


def _skill(row: Row) -> Cells:
    low, high = (_number(row[f"average_precision_{end}95"], 3) for end in ("low", "high"))
    cells = {
        "origin": str(row["origin"]),
        "attempt": str(row["attempt"]),
        "areas": f"{row['n']:,}",
        "events": f"{row['n_events']:,}",
        "base rate": _number(row["base_rate"], 3),
    }
    cells |= {heading: _number(row[key], digits) for key, (heading, digits) in METRICS.items()}
    heading, _ = METRICS["average_precision"]
    return cells | {heading: f"{cells[heading]} ({low}, {high})"}


def _differences(rows: Sequence[Row]) -> Cells:
    first = rows[0]
    told = {str(row["metric"]): row for row in rows}
    cells = {
        "origin": str(first["origin"]),
        "attempt": str(first["attempt"]),
        "minus": str(first["against"]),
        "events": f"{first['n_events']:,} of {first['n']:,}",
    }
    for key, row in told.items():
        heading, digits = METRICS[key]
        low, high = (_number(row[end], digits, sign=True) for end in ("low95", "high95"))
        cells[heading] = f"{_number(row['difference'], digits, sign=True)} ({low}, {high})"
    return cells


def _overlap(rows: Sequence[Row]) -> Cells:
    first = rows[0]
    cells = {"origin": str(first["origin"]), "attempt": str(first["attempt"]), "and": str(first["against"])}
    for row in rows:
        heading = row["list"] if row["list"] == "capacity" else f"top {row['list']}"
        cells[heading] = f"{row['shared']:,} of {row['k']:,} ({row['share']:.0%})"
    return cells


def _number(value: float, digits: int, *, sign: bool = False) -> str:
    """A number without the nought before its point, as the other tables have it."""
    if math.isnan(value):
        return "-"
    text = f"{value:+.{digits}f}" if sign else f"{value:.{digits}f}"
    return text.replace("0.", ".", 1) if abs(value) < 1 else text
