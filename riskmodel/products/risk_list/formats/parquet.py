"""The risk list as Parquet: typed columns that explain themselves, with the provenance in the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from riskmodel.errors import InputError
from riskmodel.products.risk_list.formats.csv import TEXT_COLUMNS, as_table
from riskmodel.products.risk_list.provenance import provenance_record
from riskmodel.products.risk_list.risk_list import COLUMNS, RiskList

#: Key in the file under which the provenance stands, as JSON.
PROVENANCE_KEY = "riskmodel"


def column_words(risk_list: RiskList) -> dict[str, tuple[str, str]]:
    """Heading and meaning of every column of :func:`~riskmodel.products.risk_list.formats.csv.as_table`, in plain Dutch."""
    base = {"basis": ("Basis", "verwachte verandering van een gemiddeld gebied, in punten van de score")}
    drivers = {
        f"bijdrage_{driver.id}": (
            f"Bijdrage: {driver.label}",
            "wat dit onderdeel aan de verwachte verandering toevoegt, in punten van de score; geen oorzaak",
        )
        for driver in risk_list.drivers
    }
    return dict(COLUMNS) | base | drivers


def arrow_table(risk_list: RiskList) -> pa.Table:
    """The frame of a risk list as an Arrow table that explains itself."""
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
    told = {PROVENANCE_KEY: json.dumps(provenance_record(risk_list), ensure_ascii=False)}
    return table.replace_schema_metadata({**(table.schema.metadata or {}), **told})


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
    """Read back where the list in a Parquet file comes from."""
    try:
        told = pq.read_schema(path).metadata or {}
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(path, "no readable Parquet file", "a risk list as written by riskmodel") from error
    if PROVENANCE_KEY.encode() not in told:
        raise InputError(path, "no provenance", "a risk list as written by riskmodel")
    found: dict[str, Any] = json.loads(told[PROVENANCE_KEY.encode()])
    return found
