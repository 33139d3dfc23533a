"""Rows of a sheet of an .xlsx workbook, held against what would fill the memory before it is opened."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook

from riskmodel.errors import InputError
from riskmodel.sources.formats.archives import SheetBounds, check_workbook, opened

#: A table of a municipality has some thousands of rows; a hundred years of all neighbourhoods fit as well.
MOST_CELLS, MOST_COLUMNS = 20_000_000, 2_000
LARGEST_UNPACKED = 1 << 30
KIND, AGAIN, OTHERS = "an .xlsx workbook", "Save it again.", "a CSV, XLSX or Parquet file"


def sheets_of(path: Path, content: bytes) -> list[str]:
    """Names of the sheets of a workbook."""
    return list(_workbook(path, content).sheet_names)


def rows_of(path: Path, content: bytes, sheet: str = "") -> list[tuple[int, list[Any]]]:
    """Rows of a sheet with their numbers, all as wide as the sheet."""
    workbook = _workbook(path, content)
    names = list(workbook.sheet_names)
    known = ", ".join(map(repr, names))
    if sheet and sheet not in names:
        raise InputError(path, f"no sheet {sheet!r}", f"one of {known}")
    if not sheet and len(names) != 1:
        raise InputError(path, f"{len(names)} sheets", f"one of them as 'sheet' in the mapping: {known}")
    with opened(path, KIND, AGAIN):
        rows = workbook.get_sheet_by_name(sheet or names[0]).to_python(skip_empty_area=False)
    return list(enumerate(rows, 1))


def _workbook(path: Path, content: bytes) -> Any:
    check_workbook(path, content, SheetBounds(LARGEST_UNPACKED, MOST_COLUMNS, MOST_CELLS), AGAIN, OTHERS)
    with opened(path, KIND, AGAIN):
        return CalamineWorkbook.from_filelike(io.BytesIO(content))
