"""Inspection of an uploaded file by its contents, in a process that may crash.

An uploaded file may crash the process that reads it or fill its memory. So the service reads its first and last
bytes only; everything else is done by :mod:`riskmodel.web.jobs.worker` under a limit of memory.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from riskmodel.errors import InputError
from riskmodel.scoring.batches import read_chunk
from riskmodel.scoring.csv_records import index_records
from riskmodel.scoring.inputs import open_source

#: The only text column that is read.
LOCATION = "location"
#: Most columns, longest name of a column, and longest area code of a table of areas.
MOST_COLUMNS, LONGEST_COLUMN, LONGEST_LOCATION = 2_000, 200, 1_000
#: Most row groups; more would cost more than their rows.
MOST_GROUPS = 10_000
#: Most bytes of a value before compression, and bytes of a file that are always allowed.
BYTES_A_VALUE, ALWAYS = 64, 64 * 2**20
BLOCK = 4 * 2**20
CSV, PARQUET = "csv", "parquet"

#: Other files by their first bytes.
OTHERS: Mapping[bytes, str] = {
    b"PK\x03\x04": "a zip file or a workbook",
    b"PK\x05\x06": "an empty zip file",
    b"\x1f\x8b": "a gzip file",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ\x00": "an xz file",
    b"\x28\xb5\x2f\xfd": "a zstd file",
    b"7z\xbc\xaf": "a 7z file",
    b"PARE": "an encrypted Parquet file",
    b"ARROW1": "an Arrow file",
    b"ORC": "an ORC file",
    b"SQLite format 3": "a database",
    b"\xd0\xcf\x11\xe0": "an old workbook",
    b"%PDF": "a PDF file",
    b"\xff\xfe": "text in UTF-16",
    b"\xfe\xff": "text in UTF-16",
}
_EXPECTED = "a CSV file in UTF-8 or a Parquet file, not compressed"


def kind_of(path: Path) -> str:
    """Return ``"csv"`` or ``"parquet"`` by the first and last bytes of a file; its name does not matter."""
    with path.open("rb") as stream:
        first = stream.read(16)
        stream.seek(max(0, path.stat().st_size - 4))
        last = stream.read(4)
    if not first:
        raise InputError("file", "nothing", _EXPECTED)
    other = next((words for magic, words in OTHERS.items() if first.startswith(magic)), None)
    if other is not None:
        raise InputError("file", other, _EXPECTED)
    if first.startswith(b"PAR1"):
        if last != b"PAR1" or path.stat().st_size < 12:
            raise InputError("file", "a Parquet file without its end", "a whole file")
        return PARQUET
    return CSV


def inspect_file(path: Path, most_rows: int) -> dict[str, Any]:
    """Read a whole file as scoring will; return ``rows``, and ``header``: columns and whether they are numbers."""
    kind = path.suffix.removeprefix(".")
    try:
        columns = _csv_columns(path) if kind == CSV else _parquet_columns(path, most_rows)
        _check_names(list(columns))
        source = open_source(path, (), ())
        rows = sum(file.rows for file in source.files)
        _check_rows(rows, most_rows)
        wanted = [name for name, is_number in columns.items() if is_number or name == LOCATION]
        for chunk in source.chunks:
            seen = 0
            for batch in read_chunk(source.root, chunk, wanted):
                rejected = 0 if batch.rejects is None else batch.rejects.num_rows
                seen += batch.records.num_rows + rejected
                _check_locations(batch.records)
            if seen != chunk.rows:
                raise InputError("file", f"{seen:,} rows", f"{chunk.rows:,}, as the file says itself")
    except MemoryError as error:
        raise InputError("file", "contents that fill the memory", "a table of areas") from error
    except csv.Error as error:
        raise InputError("file", f"a header that cannot be read ({error})", "names of columns") from error
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError("file", f"contents that cannot be read ({error})", "a whole file") from error
    return {"rows": rows, "header": columns}


def _csv_columns(path: Path) -> dict[str, bool]:
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            if b"\0" in block:
                raise InputError("file", "NUL bytes", _EXPECTED)
    names = index_records(path, 0, only_header=True).columns
    _check_names(names)
    return dict.fromkeys(names, True)


def _parquet_columns(path: Path, most_rows: int) -> dict[str, bool]:
    metadata = pq.read_metadata(path)
    _check_rows(metadata.num_rows, most_rows)
    if metadata.num_columns > MOST_COLUMNS or metadata.num_row_groups > MOST_GROUPS:
        raise InputError(
            "file",
            f"{metadata.num_columns:,} columns in {metadata.num_row_groups:,} row groups",
            f"at most {MOST_COLUMNS:,} columns in {MOST_GROUPS:,} row groups",
        )
    schema = metadata.schema.to_arrow_schema()
    _check_names(schema.names)
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    if any(group.num_rows < 0 for group in groups) or sum(g.num_rows for g in groups) != metadata.num_rows:
        raise InputError("file", "row groups that do not add up to the rows", "a whole file")
    columns = {field.name: _is_number(field.type) for field in schema}
    if LOCATION in columns and not (columns[LOCATION] or _is_text(schema.field(LOCATION).type)):
        raise InputError("file", f"{LOCATION} of type {schema.field(LOCATION).type}", "text")
    read = {name for name, is_number in columns.items() if is_number or name == LOCATION}
    chunks = [group.column(index) for group in groups for index in range(group.num_columns)]
    unpacked = sum(each.total_uncompressed_size for each in chunks if each.path_in_schema in read)
    most = ALWAYS + BYTES_A_VALUE * metadata.num_rows * max(1, len(read))
    if any(each.total_uncompressed_size < 0 for each in chunks) or unpacked > most:
        raise InputError("file", f"{unpacked:,} bytes after unpacking", f"at most {most:,} for so many values")
    return columns


def _check_names(names: Sequence[str]) -> None:
    if not 1 <= len(names) <= MOST_COLUMNS:
        raise InputError("file", f"{len(names):,} columns", f"1 to {MOST_COLUMNS:,}")
    odd = [name for name in names if not name or len(name) > LONGEST_COLUMN or not name.isprintable()]
    if odd:
        raise InputError("file", f"a column {odd[0][:40]!r}", "names of 1 to 200 characters that can be seen")
    if len(set(names)) < len(names):
        twice = next(name for name in names if list(names).count(name) > 1)
        raise InputError("file", f"column {twice!r} twice", "every column once")


def _check_rows(rows: int, most: int) -> None:
    if not 1 <= rows <= most:
        raise InputError("file", f"{rows:,} rows", f"1 to {most:,}")


def _check_locations(records: Any) -> None:
    if LOCATION not in records.schema.names:
        return
    values = records.column(LOCATION)
    if not _is_text(values.type):
        return
    if pa.types.is_dictionary(values.type):
        values = values.dictionary
    longest = pc.max(pc.binary_length(values)).as_py() or 0
    if longest > LONGEST_LOCATION:
        raise InputError("file", f"a {LOCATION} of {longest:,} bytes", f"at most {LONGEST_LOCATION:,}")


def _is_text(kind: Any) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _is_number(kind: Any) -> bool:
    types = pa.types
    checks = (types.is_integer, types.is_floating, types.is_decimal, types.is_boolean, types.is_null)
    return any(check(kind) for check in checks)
