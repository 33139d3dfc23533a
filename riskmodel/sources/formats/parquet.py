"""Tables in Parquet files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from riskmodel.errors import InputError
from riskmodel.sources.formats.archives import SheetBounds, too_large
from riskmodel.sources.formats.tables import Cell, Row, Table, as_cell, from_rows


def read_parquet(path: Path, content: bytes, bounds: SheetBounds) -> Table[Sequence[Cell]]:
    """The table of a Parquet file; nested values are no cells and only named."""
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        about = file.metadata
        unpacked = sum(about.row_group(number).total_byte_size for number in range(about.num_row_groups))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _damaged(path, error) from error
    cells = about.num_rows * about.num_columns
    if about.num_columns > bounds.columns or cells > bounds.cells:
        raise too_large(path, about.num_columns, cells, bounds)
    if unpacked > bounds.unpacked:
        raise InputError(path, f"{unpacked >> 20:,} MB unpacked", f"at most {bounds.unpacked >> 20:,} MB")
    try:
        table = file.read()
        columns = [[as_cell(cell) for cell in column.to_pylist()] for column in table.columns]
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise _damaged(path, error) from error
    if not table.num_rows:
        raise InputError(path, "a table without rows", "rows")
    names = [" ".join(name.split()) for name in table.column_names]
    rows: list[Row] = list(enumerate(zip(*columns, strict=True), 1))
    return from_rows(path, names, lambda: rows, "row", header=f"{path}, schema")


def _damaged(path: Path, error: Exception) -> InputError:
    return InputError(path, f"a damaged Parquet file ({str(error)[:80]})", "a Parquet file")
