"""The risk list as a plain table for other programs: comma separated, decimal dot, English columns."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import pandas as pd

from riskmodel.products.dutch import EXAMPLE
from riskmodel.products.risk_list import COLUMNS, RiskList

#: Columns of ``RiskList.rows`` that hold text.
TEXT_COLUMNS = ("location", "name", "municipality", "class_name", "drivers_down", "drivers_up")

#: Columns of ``RiskList.rows`` that hold whole numbers, even when some are missing.
WHOLE_COLUMNS = ("rank", "inhabitants", "score_class")

# The full-width forms are here because some spreadsheet programs read them as the narrow ones.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def _plain_character(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    if category in ("Cc", "Zl", "Zp"):
        return " "
    return "\N{REPLACEMENT CHARACTER}" if category == "Cs" else character


def plain_text(value: Any) -> str:
    """Take invisible characters out of a text, so that it reads in one direction and on one line.

    Parameters
    ----------
    value : Any
        A text, or a missing value.

    Returns
    -------
    str
        The text without control and direction characters; empty when missing.
    """
    if value is None or pd.isna(value):
        return ""
    text = str(value)
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_plain_character, text))


def safe_cell(value: Any) -> str:
    """Make a text harmless for a program that takes some cells of a table for formulas.

    Parameters
    ----------
    value : Any
        A text, or a missing value.

    Returns
    -------
    str
        The plain text, with an apostrophe before it when it could be read as a formula.
    """
    text = plain_text(value)
    original = "" if text == "" else str(value)
    risky = original.startswith(_FORMULA_STARTS) or text.lstrip().startswith(_FORMULA_STARTS)
    return f"'{text}" if risky else text


def _whole_numbers(column: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(column)
    # Converted counts can be fractions; rounding them here would make the table disagree with the list.
    fractions = (numbers.dropna() % 1 != 0).any()
    return numbers if fractions else numbers.astype("Int64")


def as_table(risk_list: RiskList) -> pd.DataFrame:
    """Lay the rows and the contributions of a risk list side by side.

    Parameters
    ----------
    risk_list : RiskList
        The list.

    Returns
    -------
    pandas.DataFrame
        The columns of :data:`~riskmodel.products.risk_list.COLUMNS`, then ``basis`` and one column
        ``bijdrage_<driver id>`` a driver; ``let_op`` last, when the areas are invented or something must be known.
    """
    rows = risk_list.rows[list(COLUMNS)].reset_index(drop=True)
    texts = {column: rows[column].map(safe_cell) for column in TEXT_COLUMNS}
    wholes = {column: _whole_numbers(rows[column]) for column in WHOLE_COLUMNS}
    names = {"base": "basis"} | {driver.id: f"bijdrage_{driver.id}" for driver in risk_list.drivers}
    parts = risk_list.contributions[list(names)].rename(columns=names).reset_index(drop=True)
    table = pd.concat([rows.assign(**texts, **wholes), parts], axis="columns")
    remarks = " ".join([EXAMPLE] * risk_list.about.example + list(risk_list.about.notices))
    return table.assign(let_op=remarks) if remarks else table


def write_csv(risk_list: RiskList, path: str | Path) -> None:
    """Write a risk list as a CSV file in UTF-8; a missing value is an empty cell.

    Parameters
    ----------
    risk_list : RiskList
        The list.
    path : str or pathlib.Path
        The file to write.
    """
    as_table(risk_list).to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
