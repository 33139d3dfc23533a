"""Checks of new observations before they enter the workspace.

They are compared with the catalogue and with what is stored of the same source and level. A finding of severity
*refuse* keeps the observations out unless its code is accepted with a reason; with a *flag* they come in with a
note.
"""

from __future__ import annotations

from riskmodel.workspace.findings import Finding
from riskmodel.workspace.ingest_checks import earlier, rows, values
from riskmodel.workspace.ingest_checks.base import Arrival, IngestCheck, by_column

__all__ = ["CHECKS", "Arrival", "Finding", "IngestCheck", "run_checks"]

#: All checks, in the order in which they run.
CHECKS = (
    IngestCheck("AR01", "impossible values", "refuse", values.impossible),
    IngestCheck("AR02", "figures that do not add up", "refuse", values.not_adding_up),
    IngestCheck("AR03", "shares in the place of percentages", "refuse", values.shares_for_percent),
    IngestCheck("AR04", "another unit", "refuse", by_column(earlier.other_unit)),
    IngestCheck("AR05", "values of another year", "refuse", rows.other_year),
    IngestCheck("AR06", "rows shifted against their codes", "refuse", by_column(rows.shifted_rows)),
    IngestCheck("AR07", "another order of the areas", "flag", by_column(earlier.other_order)),
    IngestCheck("AR08", "a sudden shift", "flag", by_column(earlier.sudden_shift)),
    IngestCheck("AR09", "another spread", "flag", by_column(earlier.other_spread)),
    IngestCheck("AR10", "columns in each other's place", "refuse", rows.swapped_columns),
    IngestCheck("AR11", "one value filled in", "flag", by_column(earlier.one_value)),
    IngestCheck("AR12", "values that went missing", "flag", earlier.lost_values),
    IngestCheck("AR13", "another year in the file name", "flag", values.other_year_in_name),
    IngestCheck("AR14", "many areas that jumped", "flag", by_column(rows.jumped_column)),
    IngestCheck("AR15", "another edition, or other areas", "refuse", by_column(earlier.other_edition)),
    IngestCheck("AR16", "rows of other areas", "flag", rows.rows_of_other_areas),
    IngestCheck("AR17", "another unit in a part of the areas", "flag", by_column(earlier.other_unit_in_part)),
)


def run_checks(arrival: Arrival) -> tuple[Finding, ...]:
    """Findings of all checks, in their order."""
    return tuple(finding for check in CHECKS for finding in check.run(arrival))
