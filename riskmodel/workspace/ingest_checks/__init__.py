"""Checks of what arrives, before it enters the workspace.

New observations are held against the catalogue and against what is there of the same source and level. Each check
is a small class with a code, a title, a severity and ``run(arrival) -> findings``. A finding of severity *refuse*
keeps the observations out unless its code is accepted with a reason; a *flag* comes in as a note.
"""

from __future__ import annotations

from riskmodel.workspace.ingest_checks.base import Arrival, Check, Finding, Severity
from riskmodel.workspace.ingest_checks.earlier import (
    FilledIn,
    LevelShift,
    LostValues,
    OtherEdition,
    OtherOrder,
    OtherSpread,
    OtherUnit,
    PartUnit,
)
from riskmodel.workspace.ingest_checks.rows import (
    JumpedColumn,
    OtherYear,
    ReplacedRows,
    ShiftedRows,
    SwappedColumns,
)
from riskmodel.workspace.ingest_checks.values import DoesNotAddUp, Impossible, OtherYearInName, SharesForPercent

__all__ = ["CHECKS", "Arrival", "Check", "Finding", "Severity", "run_checks"]

#: All checks in order of their code.
CHECKS: tuple[Check, ...] = (
    Impossible(),
    DoesNotAddUp(),
    SharesForPercent(),
    OtherUnit(),
    OtherYear(),
    ShiftedRows(),
    OtherOrder(),
    LevelShift(),
    OtherSpread(),
    SwappedColumns(),
    FilledIn(),
    LostValues(),
    OtherYearInName(),
    JumpedColumn(),
    OtherEdition(),
    ReplacedRows(),
    PartUnit(),
)


def run_checks(arrival: Arrival) -> tuple[Finding, ...]:
    """Findings of all checks, in their order."""
    return tuple(finding for check in CHECKS for finding in check.run(arrival))
