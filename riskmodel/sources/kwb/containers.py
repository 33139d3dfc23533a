"""Open any file in which a KWB table is published: CSV, workbook, OData answer, attribute table of a map."""

from __future__ import annotations

import importlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from python_calamine import CalamineWorkbook

from riskmodel.errors import InputError, unreadable
from riskmodel.sources.formats.archives import SheetBounds, check_workbook, opened
from riskmodel.sources.formats.dbase import read_records
from riskmodel.sources.formats.delimited import as_text
from riskmodel.sources.formats.old_workbook import read_old_workbook
from riskmodel.sources.kwb.files import Table, brief, csv_table, odata_table, read_bytes

#: The largest official workbook is some 150 MB unpacked.
LARGEST_UNPACKED = 600 * 2**20
#: The largest official sheet has some 18,000 rows of 250 columns.
MOST_COLUMNS, MOST_CELLS = 700, 20_000_000
CUT = "The file may be cut off; fetch it again."


def open_tables(path: Path) -> list[Table]:
    """Every table in a file: one in a CSV or OData file, one a sheet or layer otherwise."""
    if path.suffix.lower() in (".dbf", ".shp"):
        return [_dbase(path.with_suffix(".dbf") if path.suffix.lower() == ".shp" else path)]
    if path.suffix.lower() == ".gpkg":
        return _layers(path)
    content = read_bytes(path)
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return _sheets(path, content)
    if content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"["):
        return [odata_table(path, content)]
    return [csv_table(path, content)]


# --- Workbooks ----------------------------------------------------------------------------------------------


def _sheets(path: Path, content: bytes) -> list[Table]:
    if "EncryptedPackage".encode("utf-16-le") in content:
        hint = "Save it without a password."
        raise InputError(path, "a workbook with a password", "a workbook that opens without one", hint)
    if content.startswith(b"PK"):
        bounds = SheetBounds(LARGEST_UNPACKED, MOST_COLUMNS, MOST_CELLS)
        check_workbook(path, content, bounds, CUT, "a CSV file or a workbook")
    else:
        return [_sheet(path, name, cells) for name, cells in read_old_workbook(path, content, CUT) if cells]
    with opened(path, "an .xlsx workbook", CUT):
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        names = workbook.sheet_names
        rows = [workbook.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in names]
    return [_sheet(path, name, cells) for name, cells in zip(names, rows, strict=True) if cells]


def _sheet(path: Path, name: str, cells: list[list[Any]]) -> Table:
    place = f"{path}, sheet {name!r}, row"

    def load(wanted: Sequence[int]) -> tuple[list[int], list[list[str]]]:
        numbers = [number for number, row in enumerate(cells[1:], 2) if any(cell != "" for cell in row)]
        return numbers, [[as_text(cells[number - 1][position]) for number in numbers] for position in wanted]

    return Table(path, f"{place} 1", place, tuple(as_text(cell) for cell in cells[0]), name, "", load)


# --- Attribute tables of maps -------------------------------------------------------------------------------


def _dbase(path: Path) -> Table:
    held = read_records(path, read_bytes(path))

    def load(wanted: Sequence[int]) -> tuple[list[int], list[list[str]]]:
        return list(held.numbers), [held.columns[position] for position in wanted]

    return Table(path, f"{path}", f"{path}, record", held.names, "", "", load)


def _layers(path: Path) -> list[Table]:
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise unreadable(path, error) from error
    try:
        pyogrio = importlib.import_module("pyogrio")
    except ImportError as error:
        hint = "Install riskmodel[geo], or save the table as CSV."
        raise InputError(path, "a map file", "the package pyogrio, which reads it", hint) from error
    try:
        layers = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
        fields = {layer: pyogrio.read_info(path, layer=layer)["fields"].tolist() for layer in layers}
    except Exception as error:
        raise InputError(path, f"a map file that cannot be read ({brief(error)})", "a GeoPackage") from error
    return [_layer(path, layer, fields[layer], pyogrio) for layer in layers]


def _layer(path: Path, layer: str, names: list[str], pyogrio: Any) -> Table:
    place = f"{path}, layer {layer!r}"

    def load(wanted: Sequence[int]) -> tuple[list[int], list[list[str]]]:
        chosen = [names[position] for position in wanted]
        try:
            frame = pyogrio.read_dataframe(path, layer=layer, columns=chosen, read_geometry=False)
        except Exception as error:
            raise InputError(
                place, f"a layer that cannot be read ({brief(error)})", "an attribute table"
            ) from error
        columns = [
            ["" if gone else as_text(value) for value, gone in zip(frame[name], frame[name].isna(), strict=True)]
            for name in chosen
        ]
        return list(range(1, len(frame) + 1)), columns

    return Table(path, place, f"{place}, record", tuple(name.strip() for name in names), layer, "", load)
