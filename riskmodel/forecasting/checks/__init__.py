"""Checks that run with every training and every backtest.

"Not applicable" is an answer too. A failed *error* keeps a model from being promoted, a *warning* is reported.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from riskmodel.forecasting.checks import columns, groups, skill, timing
from riskmodel.forecasting.checks.base import Context, ModelCheck
from riskmodel.workspace.findings import Finding

__all__ = ["CHECKS", "Context", "ModelCheck", "findings_table", "run_checks"]

#: All checks in order of their code.
CHECKS = (
    ModelCheck("RM001", "time overlap", "error", timing.time_overlap),
    ModelCheck("RM002", "future information", "error", timing.future_information),
    ModelCheck("RM003", "identifier as feature", "error", columns.identifier_feature),
    ModelCheck("RM004", "golden feature", "error", columns.golden_feature),
    ModelCheck("RM005", "one feature says it all", "warning", columns.lopsided_importance),
    ModelCheck("RM006", "worse than the best ordering", "error", skill.worse_than_best_ordering),
    ModelCheck("RM007", "miscalibrated", "error", skill.miscalibrated),
    ModelCheck("RM008", "unstable list", "warning", skill.unstable_list),
    ModelCheck("RM009", "drift of features", "warning", columns.feature_drift),
    ModelCheck("RM010", "disparity between groups", "warning", groups.group_disparity),
    ModelCheck("RM011", "too few events", "warning", skill.too_few_events),
)


def run_checks(context: Context) -> tuple[Finding, ...]:
    """Findings of all checks, in their order."""
    return tuple(check.run(context) for check in CHECKS)


def findings_table(findings: Sequence[Finding]) -> pd.DataFrame:
    """Findings as a table: ``code, severity, outcome, title, message``."""
    columns = ["code", "severity", "outcome", "title", "message"]
    return pd.DataFrame([[getattr(each, key) for key in columns] for each in findings], columns=columns)
