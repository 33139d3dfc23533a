"""Local files of a municipality and their mappings, for tests."""

from __future__ import annotations

import io
import re
from pathlib import Path

import openpyxl

from riskmodel.sources.local.reader import Mapping, read_mapping


def written(folder: Path, content: str | bytes, name: str = "meldingen.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def mapped(folder: Path, text: str) -> Mapping:
    return read_mapping(written(folder, text, "mapping.toml"))


def workbook(rows: list[list[object]], sheet: str = "Blad1", *others: str) -> bytes:
    return workbook_of({sheet: rows, **{other: [] for other in others}})


def workbook_of(sheets: dict[str, list[list[object]]]) -> bytes:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    memory = io.BytesIO()
    made.save(memory)
    return memory.getvalue()


def completed(draft: str, **answers: str) -> str:
    """A draft with its blanks filled in."""
    said = {
        "label_nl": '"x"',
        "driver": '"onv"',
        "direction": '"bad"',
        "kind": '"intensive"',
        "boundaries": "2022",
    }
    said |= {"covers": '"whole year"', "published_after_months": "3", **answers}
    for key, value in said.items():
        draft = re.sub(rf'^{key} = "\.\.\."', f"{key} = {value}", draft, flags=re.MULTILINE)
    return draft
