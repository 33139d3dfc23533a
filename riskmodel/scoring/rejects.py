"""Rows that cannot be scored: written down with the reason, never dropped and never guessed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from riskmodel.workspace.safe_text import safe_cell

#: Why a row is rejected. Missing is only a reason where the model has no number without the value.
MISSING, NOT_A_NUMBER, INFINITE = "missing", "not a number", "infinite"
WRONG_WIDTH, NO_ANSWER = "wrong number of columns", "the model gives no number"

#: Columns of the rejects: input file, row of data counted from 1, first column that is wrong, why, and the value
#: as text.
SCHEMA = pa.schema(
    [
        ("file", pa.string()),
        ("row", pa.int64()),
        ("column", pa.string()),
        ("reason", pa.string()),
        ("value", pa.string()),
    ]
)


def rejects_of(
    file: str,
    rows: npt.NDArray[np.int64],
    columns: Sequence[str],
    reasons: Sequence[str],
    values: Sequence[str],
) -> Any:
    """One record a rejected row."""
    return pa.RecordBatch.from_pydict(
        {
            "file": [file] * len(rows),
            "row": rows,
            "column": [safe_cell(column) for column in columns],
            "reason": list(reasons),
            # People look at rejects in a spreadsheet, and the values are what a stranger wrote.
            "value": [safe_cell(value) for value in values],
        },
        schema=SCHEMA,
    )


def put_in_order(batches: Sequence[Any]) -> Any:
    """Rejects of one stretch of rows as one table, by row."""
    table = pa.Table.from_batches(batches, schema=SCHEMA)
    return table.sort_by("row")
