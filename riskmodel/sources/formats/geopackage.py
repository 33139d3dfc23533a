"""Attribute tables of the layers of a map file."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from riskmodel.errors import InputError
from riskmodel.sources.formats.files import first_bytes
from riskmodel.sources.formats.tables import Cell, Row, Table, as_text, from_rows


def read_layers(path: Path) -> list[Table[Sequence[Cell]]]:
    """The table of every layer of a GeoPackage, every cell as text."""
    first_bytes(path, 1)
    try:
        pyogrio = importlib.import_module("pyogrio")
    except ImportError as error:
        hint = "Install riskmodel[geo], or save the table as CSV."
        raise InputError(path, "a map file", "the package pyogrio, which reads it", hint) from error
    try:
        layers = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
        fields = {layer: pyogrio.read_info(path, layer=layer)["fields"].tolist() for layer in layers}
    except Exception as error:
        found = f"a map file that cannot be read ({str(error)[:160]})"
        raise InputError(path, found, "a GeoPackage") from error
    return [_layer(path, layer, fields[layer], pyogrio) for layer in layers]


def _layer(path: Path, layer: str, names: list[str], pyogrio: Any) -> Table[Sequence[Cell]]:
    where = f"{path}, layer {layer!r}"

    def rows() -> list[Row]:
        try:
            frame = pyogrio.read_dataframe(path, layer=layer, columns=names, read_geometry=False)
        except Exception as error:
            found = f"a layer that cannot be read ({str(error)[:160]})"
            raise InputError(where, found, "an attribute table") from error
        columns = [frame[name].astype(object).where(frame[name].notna(), "").map(as_text) for name in names]
        return list(enumerate(zip(*columns, strict=True), 1))

    return from_rows(path, names, rows, "record", where=where, header=where, clue=layer)
