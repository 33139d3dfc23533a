"""A comparison of attempts as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from riskmodel.forecasting.compare import Comparison
from riskmodel.products.governance.skill_tables import SHOWN
from riskmodel.products.rendering.markdown import Cells, markdown_table, short

#: Cohorts that are shown when none is asked for.
SHOWN_COHORTS = 2
#: Metrics that are shown, under the headings of a skill table, and their numbers of decimals.
METRICS = {
    "average_precision": 3,
    "auc": 3,
    "precision_at_1pct": 3,
    "precision_at_5pct": 3,
    "calibration_error": 3,
    "coverage_80": 3,
    "crps": 4,
}
#: A row of a table of a comparison.
Row = Mapping[Any, Any]


def comparison_tables(found: Comparison, cohorts: Sequence[str] = ()) -> str:
    """Markdown tables of skill, paired differences and list overlap."""
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
    low, high = (short(row[f"average_precision_{end}95"], 3) for end in ("low", "high"))
    cells = {
        "origin": str(row["origin"]),
        "attempt": str(row["attempt"]),
        "areas": f"{row['n']:,}",
        "events": f"{row['n_events']:,}",
        "base rate": short(row["base_rate"], 3),
    }
    cells |= {SHOWN[key]: short(row[key], digits) for key, digits in METRICS.items()}
    heading = SHOWN["average_precision"]
    return cells | {heading: f"{cells[heading]} ({low}, {high})"}


def _differences(rows: Sequence[Row]) -> Cells:
    first = rows[0]
    cells = {
        "origin": str(first["origin"]),
        "attempt": str(first["attempt"]),
        "minus": str(first["against"]),
        "events": f"{first['n_events']:,} of {first['n']:,}",
    }
    for key, row in {str(row["metric"]): row for row in rows}.items():
        heading, digits = SHOWN[key], METRICS[key]
        low, high = (short(row[end], digits, sign=True) for end in ("low95", "high95"))
        cells[heading] = f"{short(row['difference'], digits, sign=True)} ({low}, {high})"
    return cells


def _overlap(rows: Sequence[Row]) -> Cells:
    first = rows[0]
    cells = {"origin": str(first["origin"]), "attempt": str(first["attempt"]), "and": str(first["against"])}
    for row in rows:
        heading = row["list"] if row["list"] == "capacity" else f"top {row['list']}"
        cells[heading] = f"{row['shared']:,} of {row['k']:,} ({row['share']:.0%})"
    return cells
