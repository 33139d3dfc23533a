"""Sheets of workbooks, each a list of rows of cells from the first cell on."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TypeAlias

from python_calamine import CalamineWorkbook

from riskmodel.sources.formats.archives import SheetBounds, check_workbook, opened
from riskmodel.sources.formats.tables import Cell, as_cell

Sheets: TypeAlias = dict[str, list[list[Cell]]]


def read_workbook(path: Path, content: bytes, bounds: SheetBounds, hint: str, other: str = "") -> Sheets:
    """Rows of every sheet of an ``.xlsx`` workbook, by its name; all rows are as wide as the sheet."""
    check_workbook(path, content, bounds, hint, other)
    with opened(path, "an .xlsx workbook", hint):
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}
    return {name: [[as_cell(cell) for cell in row] for row in rows] for name, rows in sheets.items()}
