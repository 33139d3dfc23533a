"""Texts from outside in tables for programs: on one line, in one direction, and never a formula."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import pandas as pd

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
    """Take invisible characters out of a text, so that it reads in one direction and on one line."""
    if value is None or pd.isna(value):
        return ""
    text = str(value)
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_plain_character, text))


def safe_cell(value: Any) -> str:
    """Make a text harmless for a program that takes some cells of a table for formulas."""
    text = plain_text(value)
    original = "" if text == "" else str(value)
    risky = original.startswith(_FORMULA_STARTS) or text.lstrip().startswith(_FORMULA_STARTS)
    return f"'{text}" if risky else text


def safe_table(table: pd.DataFrame) -> pd.DataFrame:
    """The same table with every text, and every name of a column, harmless as :func:`safe_cell` makes it."""
    made = table.copy(deep=False)
    for position, (_, column) in enumerate(table.items()):
        if not pd.api.types.is_numeric_dtype(column.dtype):
            texts = [safe_cell(value) if isinstance(value, str) else value for value in column]
            made.isetitem(position, texts)
    made.columns = [safe_cell(name) if isinstance(name, str) else name for name in table.columns]
    return made


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV in UTF-8 with harmless texts and without its index."""
    safe_table(table).to_csv(path, index=False, encoding="utf-8", lineterminator="\n")
