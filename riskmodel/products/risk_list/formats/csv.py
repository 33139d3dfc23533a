"""The risk list as a plain table for other programs: comma separated, decimal dot, English columns."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from riskmodel.products.risk_list.provenance import provenance_cells
from riskmodel.products.risk_list.risk_list import COLUMNS, TEXT_COLUMNS, RiskList, threatening
from riskmodel.workspace.safe_text import safe_cell

#: Columns of ``RiskList.rows`` that hold whole numbers, even when some are missing.
WHOLE_COLUMNS = ("rank", "inhabitants", "score_class")


def _whole_numbers(column: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(column)
    # Converted counts can be fractions; rounding them here would make the table disagree with the list.
    fractions = (numbers.dropna() % 1 != 0).any()
    return numbers if fractions else numbers.astype("Int64")


def as_table(risk_list: RiskList) -> pd.DataFrame:
    """Return rows and contributions of a risk list side by side, as every format for programs has them.

    Texts are on one line, in one direction, and none can be read as a formula: a name that starts like one gets an
    apostrophe before it, in every format, because tables go from one program to the next.
    """
    rows = risk_list.rows[list(COLUMNS)].reset_index(drop=True)
    texts = {column: rows[column].map(safe_cell) for column in TEXT_COLUMNS}
    wholes = {column: _whole_numbers(rows[column]) for column in WHOLE_COLUMNS}
    names = {"base": "basis"} | {driver.id: f"bijdrage_{driver.id}" for driver in risk_list.drivers}
    parts = [risk_list.contributions[list(names)].rename(columns=names).reset_index(drop=True)]
    if risk_list.chance_parts is not None:
        parts.append(risk_list.chance_parts.drop(columns="location").add_prefix("chance_").reset_index(drop=True))
    return pd.concat([rows.assign(**texts, **wholes, threatens=threatening(rows)), *parts], axis="columns")


def write_csv(risk_list: RiskList, path: str | Path) -> None:
    """Write a risk list as a CSV file in UTF-8; a missing value is an empty cell.

    Provenance and caveats are the last columns, the same in every row: a file beside it would be lost when the
    table is sent on, and lines above the heading would break readers.
    """
    provenance = {name: safe_cell(text) for name, text in provenance_cells(risk_list).items()}
    as_table(risk_list).assign(**provenance).to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
