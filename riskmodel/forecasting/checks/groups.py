"""Check on groups of areas: selection, missed events, and calibration."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from riskmodel.forecasting.backtest_record import Record, outcomes_of
from riskmodel.forecasting.checks.base import Context, Verdict, listed, not_applicable, passed_if
from riskmodel.forecasting.evaluation.list_overlap import top_areas
from riskmodel.forecasting.evaluation.metrics import divided
from riskmodel.forecasting.experiment import Cohort
from riskmodel.forecasting.forecast import Forecast
from riskmodel.forecasting.groups import LABELS, UNKNOWN, labels_of
from riskmodel.panel.panel import Panel

#: Length of the list whose selection and errors are reported, as a share of all areas: long enough for groups.
LIST_SHARE = 0.05
#: A group that is selected, or given chances, more than this many times as often as it declines (or as rarely) ...
DISPARITY = 1.5
#: ... is reported only when chance alone would do so less than once in about 700 times (three standard errors),
#: with at least this many events expected or seen.
STANDARD_ERRORS, FEWEST = 3.0, 10
#: What is added up within a group.
SUMMED = ("happened", "chance", "selected", "hit")


def group_table(record: Record, model: str, panel: Panel, cohort: Cohort) -> pd.DataFrame:
    """Selection, errors and calibration of a model by group, over all origins together."""
    parts = [_judged_rows(record, panel, forecast, cohort) for forecast in record.of(model)]
    if not parts:
        return pd.DataFrame(columns=["grouping", "group", "n", "n_events"])
    rows = pd.concat(parts, ignore_index=True)
    known = {kind: order for kind, order in LABELS.items() if (rows[kind] != UNKNOWN).any()}
    return pd.concat(
        [_rates(kind, rows.groupby(kind)[list(SUMMED)], order) for kind, order in known.items()], ignore_index=True
    )


def _judged_rows(record: Record, panel: Panel, forecast: Forecast, cohort: Cohort) -> pd.DataFrame:
    judged = outcomes_of(record.experiment, panel, forecast, cohort)
    selected = np.zeros(len(judged.rows))
    selected[top_areas(judged.chance, math.ceil(LIST_SHARE * len(judged.rows)))] = 1.0
    labels = {kind: labels_of(panel, judged.wave, kind)[judged.rows] for kind in LABELS}
    summed = (judged.happened, judged.chance, selected, selected * judged.happened)
    return pd.DataFrame(dict(zip(SUMMED, summed, strict=True)) | labels)


def _rates(grouping: str, rows: Any, names: Sequence[str]) -> pd.DataFrame:
    counts = rows.size()
    counts = counts.reindex([name for name in (*names, UNKNOWN) if name in counts.index])
    sums = rows.sum().reindex(counts.index)
    n = counts.to_numpy(dtype=float)
    events, chance, selected, hits = (sums[key].to_numpy(dtype=float) for key in SUMMED)
    return pd.DataFrame(
        {
            "grouping": grouping,
            "group": counts.index.astype(str),
            "n": counts.to_numpy(),
            "n_events": events.astype(int),
            "base_rate": events / n,
            "mean_chance": chance / n,
            "selected": selected.astype(int),
            "selection_rate": selected / n,
            "precision": divided(hits, selected),
            "missed": divided(events - hits, events),
            "false_alarms": divided(selected - hits, n - events),
        }
    )


def group_disparity(context: Context) -> Verdict:
    """Groups of areas are selected, or given chances, out of proportion to what happens there.

    Places on the list, and chances given, against events, for each group with enough of them.
    """
    if context.record is None:
        return not_applicable(context.no_record)
    cohort = context.record.main_cohort
    table = group_table(context.record, context.model, context.panel, cohort)
    if not (table["n_events"] >= FEWEST).any():
        return not_applicable(f"no group of areas has {FEWEST} events")
    unequal = [_unequal(row, table) for row in table.to_dict("records") if row["group"] != UNKNOWN]
    unequal = [text for text in unequal if text]
    missed = table.loc[table["n_events"] >= FEWEST, "missed"]
    groups = len(table)
    figures = {
        "groups": float(groups),
        "unequal": float(len(unequal)),
        "missed_min": float(missed.min()),
        "missed_max": float(missed.max()),
    }
    spread = f"of the events {missed.min():.0%} to {missed.max():.0%} are missed by a list of {LIST_SHARE:.0%}"
    clean = f"{groups} groups by size, urbanity and level get places and chances in proportion; {spread}"
    return passed_if(not unequal, f"{listed(unequal, 4)}; {spread}" if unequal else clean, figures)


def _unequal(row: Mapping[Hashable, Any], table: pd.DataFrame) -> str:
    """What is out of proportion for one group; empty when nothing is."""
    events, same = row["n_events"], table[table["grouping"] == row["grouping"]]
    fair = same["selected"].sum() * events / max(same["n_events"].sum(), 1)
    unequal = [
        f"{given:.0f} {what} {due:.0f}{end}"
        for what, given, due, end in (
            ("expected,", row["mean_chance"] * row["n"], float(events), " happened"),
            ("places,", float(row["selected"]), fair, " in proportion"),
        )
        if _far(given, due)
    ]
    return f"{row['group']} ({'; '.join(unequal)})" if unequal else ""


def _far(given: float, due: float) -> bool:
    if max(given, due) < FEWEST or abs(given - due) <= STANDARD_ERRORS * math.sqrt(max(min(given, due), 1.0)):
        return False
    return not 1 / DISPARITY <= (given / due if due else math.inf) <= DISPARITY
