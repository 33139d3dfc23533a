"""Open any file in which a KWB table is published: CSV, workbook, OData answer, attribute table of a map."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TypeAlias

from riskmodel.errors import InputError
from riskmodel.sources.formats import delimited
from riskmodel.sources.formats.archives import SheetBounds
from riskmodel.sources.formats.dbase import read_dbase
from riskmodel.sources.formats.files import read_bytes
from riskmodel.sources.formats.geopackage import read_layers
from riskmodel.sources.formats.odata import read_odata
from riskmodel.sources.formats.old_workbook import read_old_workbook
from riskmodel.sources.formats.tables import Cell, Table, filled, from_rows
from riskmodel.sources.formats.workbook import read_workbook

KwbTable: TypeAlias = Table[Sequence[Cell]]

#: The largest official table is some 30 MB; more is no such table.
LARGEST_FILE = 200 * 2**20
#: The largest official workbook is some 150 MB unpacked.
LARGEST_UNPACKED = 600 * 2**20
#: The largest official sheet has some 18,000 rows of 250 columns.
MOST_COLUMNS, MOST_CELLS = 700, 20_000_000
CUT = "The file may be cut off; fetch it again."
SAVE = "Save it as CSV UTF-8."
#: Signs between columns, and lines in which they are counted.
SEPARATORS, HEAD = (";", "\t", ","), 25


def open_tables(path: Path) -> list[KwbTable]:
    """Every table in a file: one in a CSV or OData file, one a sheet or layer otherwise."""
    suffix = path.suffix.lower()
    if suffix in (".dbf", ".shp"):
        path = path.with_suffix(".dbf") if suffix == ".shp" else path
        return [read_dbase(path, read_bytes(path, LARGEST_FILE))]
    if suffix == ".gpkg":
        return read_layers(path)
    content = read_bytes(path, LARGEST_FILE)
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return _sheets(path, content)
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return [read_odata(path, content)]
    return [_csv(path, content)]


def _sheets(path: Path, content: bytes) -> list[KwbTable]:
    if "EncryptedPackage".encode("utf-16-le") in content:
        hint = "Save it without a password."
        raise InputError(path, "a workbook with a password", "a workbook that opens without one", hint)
    bounds = SheetBounds(LARGEST_UNPACKED, MOST_COLUMNS, MOST_CELLS)
    sheets = (
        read_workbook(path, content, bounds, CUT, "a CSV file or a workbook")
        if content.startswith(b"PK")
        else read_old_workbook(path, content, CUT)
    )
    return [_sheet(path, name, rows) for name, rows in sheets.items() if rows]


def _sheet(path: Path, name: str, rows: Sequence[Sequence[Cell]]) -> KwbTable:
    where = f"{path}, sheet {name!r}"
    return from_rows(path, rows[0], lambda: filled(enumerate(rows[1:], 2)), "row", where=where, clue=name)


def _csv(path: Path, content: bytes) -> KwbTable:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(path, "text in UTF-16", "a UTF-8 file", SAVE)
    text = delimited.decode(path, content, hint=SAVE)
    head = text.splitlines()[:HEAD]
    separator = max(SEPARATORS, key=lambda sign: max((line.count(sign) for line in head), default=0))
    records = delimited.split(path, text, separator)
    first = next(records, (1, []))
    # Above the names may be a title, and the separator as spreadsheets write it (sep=;).
    several = (each for each in chain([first], records) if sum(map(bool, map(str.strip, each[1]))) > 1)
    number, names = next(several, first)
    return from_rows(
        path,
        names,
        # Blank rows are separators only.
        lambda: [(line, cells) for line, cells in records if any(map(str.strip, cells))],
        "line",
        header=f"{path}, line {number}",
        separator=separator,
        hint=delimited.CUT_OR_COMMAS,
    )
