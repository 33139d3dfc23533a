"""The risk list as Parquet: typed columns with their heading and meaning, and the provenance in the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from riskmodel.catalogue import driver_labels
from riskmodel.errors import InputError
from riskmodel.products.risk_list.formats.csv import as_table
from riskmodel.products.risk_list.provenance import provenance_record
from riskmodel.products.risk_list.risk_list import COLUMNS, TEXT_COLUMNS, RiskList

#: Key of the provenance in the metadata of the file, as JSON.
PROVENANCE_KEY = "riskmodel"


def column_words(risk_list: RiskList) -> dict[str, tuple[str, str]]:
    """Return the Dutch heading and meaning of every column of the table of a list."""
    base = {"basis": ("Basis", "verwachte verandering gemiddeld in Nederland, in punten van de score")}
    drivers = {
        f"bijdrage_{driver.id}": (
            f"Bijdrage: {driver.label}",
            "wat dit onderdeel aan de verwachte verandering toevoegt, in punten van de score; geen oorzaak",
        )
        for driver in risk_list.drivers
    }
    labels, groups = driver_labels(), risk_list.chance_groups
    meaning = "wat dit onderdeel aan de kans toevoegt boven het landelijk gemiddelde, 0 tot 1; geen oorzaak"
    chances = {f"chance_{group}": (f"Deel van de kans: {labels[group]}", meaning) for group in groups}
    return dict(COLUMNS) | base | drivers | chances


def arrow_table(risk_list: RiskList) -> pa.Table:
    """Return a risk list as an Arrow table, with the meaning of its columns and its provenance."""
    frame, words = as_table(risk_list), column_words(risk_list)
    fields = [
        pa.field(
            name,
            _type_of(str(name), frame[name]),
            metadata=dict(zip(("heading", "meaning"), words[name], strict=True)),
        )
        for name in frame.columns
    ]
    table = pa.Table.from_pandas(frame, schema=pa.schema(fields), preserve_index=False)
    provenance = {PROVENANCE_KEY: json.dumps(provenance_record(risk_list), ensure_ascii=False)}
    return table.replace_schema_metadata({**(table.schema.metadata or {}), **provenance})


def _type_of(name: str, column: pd.Series) -> Any:
    if name in TEXT_COLUMNS:
        return pa.string()
    if pd.api.types.is_bool_dtype(column):
        return pa.bool_()
    return pa.int64() if pd.api.types.is_integer_dtype(column) else pa.float64()


def write_parquet(risk_list: RiskList, path: str | Path) -> None:
    """Write a risk list as Parquet."""
    pq.write_table(arrow_table(risk_list), path)


def read_provenance(path: str | Path) -> dict[str, Any]:
    """Read the provenance of the list in a Parquet file."""
    try:
        metadata = pq.read_schema(path).metadata or {}
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(path, "no readable Parquet file", "a risk list as written by riskmodel") from error
    if PROVENANCE_KEY.encode() not in metadata:
        raise InputError(path, "no provenance", "a risk list as written by riskmodel")
    record: dict[str, Any] = json.loads(metadata[PROVENANCE_KEY.encode()])
    return record
