"""Check on groups of areas: who is selected, who is missed, and whether chances mean the same everywhere."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from riskmodel.forecasting.backtest_record import Record, main_cohort, outcomes_of
from riskmodel.forecasting.checks.base import Context, Finding, Severity, judged_as, listed, not_applicable
from riskmodel.forecasting.evaluation.stability import top_areas
from riskmodel.forecasting.experiment import Cohort
from riskmodel.forecasting.forecast import Forecast
from riskmodel.forecasting.groups import LABELS, UNKNOWN, labels_of
from riskmodel.panel.panel import FloatArray, Panel

#: Length of the list of which selection and errors are told, as a share of all areas: long enough to count groups.
LIST_SHARE = 0.05
#: A group that is selected, or given chances, more than this many times as often as it declines (or as rarely) ...
DISPARITY = 1.5
#: ... is told only when chance alone would do so less than once in about 700 times (three standard errors), with
#: at least this many events expected or seen.
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
            "precision": _share(hits, selected),
            "missed": _share(events - hits, events),
            "false_alarms": _share(selected - hits, n - events),
        }
    )


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    return np.where(whole > 0, part / np.where(whole > 0, whole, 1.0), np.nan)


@dataclass(frozen=True)
class GroupDisparity:
    """Groups of areas are selected, or given chances, out of proportion to what happens there."""

    code: ClassVar[str] = "RM010"
    title: ClassVar[str] = "disparity between groups"
    severity: ClassVar[Severity] = "warning"
    most: float = DISPARITY

    def run(self, context: Context) -> Finding:
        """Places on the list, and chances given, against events, for each group with enough of them."""
        if context.record is None:
            return not_applicable(self, context.no_record)
        cohort = main_cohort(context.record.experiment)
        table = group_table(context.record, context.model, context.panel, cohort)
        if not (table["n_events"] >= FEWEST).any():
            return not_applicable(self, f"no group of areas has {FEWEST} events")
        told = [self._unequal(row, table) for row in table.to_dict("records") if row["group"] != UNKNOWN]
        told = [text for text in told if text]
        missed = table.loc[table["n_events"] >= FEWEST, "missed"]
        groups = len(table)
        figures = {
            "groups": float(groups),
            "unequal": float(len(told)),
            "missed_min": float(missed.min()),
            "missed_max": float(missed.max()),
        }
        spread = f"of the events {missed.min():.0%} to {missed.max():.0%} are missed by a list of {LIST_SHARE:.0%}"
        clean = f"{groups} groups by size, urbanity and level get places and chances in proportion; {spread}"
        return judged_as(self, not told, f"{listed(told, 4)}; {spread}" if told else clean, figures)

    def _unequal(self, row: Mapping[Hashable, Any], table: pd.DataFrame) -> str:
        """What is out of proportion for one group; empty when nothing is."""
        events, same = row["n_events"], table[table["grouping"] == row["grouping"]]
        fair = same["selected"].sum() * events / max(same["n_events"].sum(), 1)
        told = [
            f"{given:.0f} {what} {due:.0f}{end}"
            for what, given, due, end in (
                ("expected,", row["mean_chance"] * row["n"], float(events), " happened"),
                ("places,", float(row["selected"]), fair, " in proportion"),
            )
            if self._far(given, due)
        ]
        return f"{row['group']} ({'; '.join(told)})" if told else ""

    def _far(self, given: float, due: float) -> bool:
        if max(given, due) < FEWEST or abs(given - due) <= STANDARD_ERRORS * math.sqrt(max(min(given, due), 1.0)):
            return False
        return not 1 / self.most <= (given / due if due else math.inf) <= self.most
