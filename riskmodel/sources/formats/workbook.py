"""Sheets of workbooks, each a list of rows of cells from the first cell on."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import TypeAlias

from python_calamine import CalamineWorkbook

from riskmodel.sources.formats.archives import WORKBOOK, SheetBounds, check_workbook, column_number, opened
from riskmodel.sources.formats.tables import Cell, as_cell

Sheets: TypeAlias = dict[str, list[list[Cell]]]

#: The part of a workbook that says in which parts its sheets are.
RELATIONS = "xl/_rels/workbook.xml.rels"
#: Stands for the cell of a formula that was never computed, as programs write it that compute nothing.
NO_RESULT = "a formula without a result"
_SHEET = re.compile(rb"<(?:\w+:)?sheet\s[^<>]*?\br:id=[\"']([^\"']+)[\"']")
_PART = re.compile(rb"<Relationship\s[^<>]*>")
_FORMULA = re.compile(
    rb"<(?:\w+:)?c\s([^<>]*)><(?:\w+:)?f\b[^<>]*(?:/>|>[^<]*</(?:\w+:)?f>)"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?</(?:\w+:)?c>"
)
_POSITION = re.compile(rb"\br=[\"']([A-Z]{1,3})([0-9]{1,7})[\"']")


def read_workbook(path: Path, content: bytes, bounds: SheetBounds, hint: str, other: str = "") -> Sheets:
    """Rows of every sheet of an ``.xlsx`` workbook, by its name; all rows are as wide as the sheet."""
    check_workbook(path, content, bounds, hint, other)
    with opened(path, "an .xlsx workbook", hint):
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}
        empty = _without_result(content)
    cells = {name: [[as_cell(cell) for cell in row] for row in rows] for name, rows in sheets.items()}
    for rows, positions in zip(cells.values(), empty, strict=False):
        for row, column in positions:
            if row < len(rows) and column < len(rows[row]):
                rows[row][column] = NO_RESULT
    return cells


def _without_result(content: bytes) -> list[list[tuple[int, int]]]:
    """Row and column, from 0, of the formulas of each sheet that have no result; the library has them as empty."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = set(archive.namelist())
        if RELATIONS not in names:
            return []
        parts = {
            _attribute(each, b"Id"): _attribute(each, b"Target") for each in _PART.findall(archive.read(RELATIONS))
        }
        targets = [
            parts.get(each, b"").decode("utf-8", "replace") for each in _SHEET.findall(archive.read(WORKBOOK))
        ]
        paths = [each.removeprefix("/") if each.startswith("/") else f"xl/{each}" for each in targets]
        return [_formulas(archive.read(path)) if path in names else [] for path in paths]


def _formulas(part: bytes) -> list[tuple[int, int]]:
    if b"<f" not in part and b":f" not in part:
        return []
    # A text is a result, also an empty one.
    found = [_POSITION.search(cell) for cell in _FORMULA.findall(part) if b't="str"' not in cell]
    return [(int(each[2]) - 1, column_number(each[1]) - 1) for each in found if each]


def _attribute(tag: bytes, name: bytes) -> bytes:
    match = re.search(rb"\b" + name + rb"=[\"']([^\"']*)[\"']", tag)
    return match[1] if match else b""
