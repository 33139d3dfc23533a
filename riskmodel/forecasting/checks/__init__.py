"""Checks that run with every training and every backtest.

Each is a small class with a code, a title, a severity and ``run(context) -> Finding``; "not applicable" is an
answer too. A failed *error* keeps a model from being promoted, a *warning* is told.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from riskmodel.forecasting.checks.base import Check, Context, Finding, Outcome, Severity, Stage, stage_of
from riskmodel.forecasting.checks.columns import FeatureDrift, GoldenFeature, IdentifierFeature, LopsidedImportance
from riskmodel.forecasting.checks.groups import GroupDisparity, group_table
from riskmodel.forecasting.checks.skill import Miscalibrated, TooFewEvents, UnstableList, WorseThanBestOrdering
from riskmodel.forecasting.checks.timing import FutureInformation, TimeOverlap

__all__ = [
    "CHECKS",
    "Check",
    "Context",
    "Finding",
    "Outcome",
    "Severity",
    "Stage",
    "findings_table",
    "group_table",
    "run_checks",
    "stage_of",
]

#: All checks in order of their code.
CHECKS: tuple[Check, ...] = (
    TimeOverlap(),
    FutureInformation(),
    IdentifierFeature(),
    GoldenFeature(),
    LopsidedImportance(),
    WorseThanBestOrdering(),
    Miscalibrated(),
    UnstableList(),
    FeatureDrift(),
    GroupDisparity(),
    TooFewEvents(),
)


def run_checks(context: Context, checks: Sequence[Check] = CHECKS) -> tuple[Finding, ...]:
    """Findings of all checks, in their order."""
    return tuple(check.run(context) for check in checks)


def findings_table(findings: Sequence[Finding]) -> pd.DataFrame:
    """Findings as a table: ``code, severity, outcome, title, message``."""
    columns = ["code", "severity", "outcome", "title", "message"]
    return pd.DataFrame([[getattr(each, key) for key in columns] for each in findings], columns=columns)
