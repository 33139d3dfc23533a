"""Input of a scoring run: its files, whether they fit the model, and the chunks in which they are read.

Chunks follow from the files alone: whole row groups of one Parquet file, or a stretch of whole records of one CSV
file. So a restart, and another engine, divides the work in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from riskmodel.errors import InputError
from riskmodel.scoring.csv_numbers import settle_numbers
from riskmodel.scoring.csv_records import index_records
from riskmodel.sources.formats.files import sha256_of

#: Rows a chunk has at least, unless its file ends: a part of the output, and what a restart may have to do again.
CHUNK_ROWS = 131_072
#: Bytes of a chunk of CSV, for the same reason.
CHUNK_BYTES = 32 * 2**20
PARQUET, CSV = ".parquet", ".csv"


@dataclass(frozen=True)
class InputFile:
    """One file of the input.

    Attributes
    ----------
    name : str
        Path below the input, with ``/``; for a single file its name.
    size : int
        Bytes.
    sha256 : str
        Fingerprint.
    rows : int
        Rows of data.
    """

    name: str
    size: int
    sha256: str
    rows: int


@dataclass(frozen=True)
class Chunk:
    """What is read and written in one go.

    Attributes
    ----------
    file : str
        Name of the input file.
    part : str
        Name of the part of the output, in the folder of its input file.
    start, end : int
        Row groups, or bytes of CSV, from the first up to but without the last.
    first : int
        Rows of the file before this chunk.
    rows : int
        Rows of this chunk.
    decimal, thousands : str
        Signs in the numbers of a CSV file.
    """

    file: str
    part: str
    start: int
    end: int
    first: int
    rows: int
    decimal: str = "."
    thousands: str = ""


@dataclass(frozen=True)
class Source:
    """An input after inspection.

    Attributes
    ----------
    root : Path
        Folder that the names of its files start from.
    files : tuple of InputFile
        In order of their names.
    chunks : tuple of Chunk
        All of them, in order.
    keep : tuple of str
        Columns that are carried along.
    notes : tuple of str
        What was taken where a number can be two.
    """

    root: Path
    files: tuple[InputFile, ...]
    chunks: tuple[Chunk, ...]
    keep: tuple[str, ...]
    notes: tuple[str, ...] = ()


def open_source(path: Path, needed: Sequence[str], keep: Sequence[str]) -> Source:
    """Inspect an input: its files, columns, fingerprints and chunks."""
    root, names = _files(path)
    files, chunks, types = [], [], None
    notes: list[str] = []
    more = [name for name in keep if name not in needed]
    for name in names:
        file = root / name
        found = (_csv if name.lower().endswith(CSV) else _parquet)(file, name, needed, more)
        if types is not None and found.types != types:
            raise InputError(file, f"kept columns of types {found.types}", f"{types}, as in the other files")
        types = found.types
        files.append(found.file)
        chunks += found.chunks
        notes += found.notes
    return Source(root, tuple(files), tuple(chunks), tuple(keep), tuple(notes))


def default_keep(path: Path) -> tuple[str, ...]:
    """``location`` where the first file has it."""
    root, names = _files(path)
    file = root / names[0]
    columns: Sequence[str]
    if file.suffix.lower() == CSV:
        columns = index_records(file, CHUNK_BYTES, only_header=True).columns
    else:
        with _readable(file):
            columns = pq.read_schema(file).names
    return ("location",) if "location" in columns else ()


def _files(path: Path) -> tuple[Path, list[str]]:
    if path.is_dir():
        found = (each.relative_to(path) for each in path.rglob(f"*{PARQUET}") if each.is_file())
        # What begins with these is a draft or a note of whoever wrote the folder.
        names = sorted(each.as_posix() for each in found if not any(part[0] in "._" for part in each.parts))
        if not names:
            raise InputError(path, "no Parquet files", "a folder with files *.parquet, or a workspace")
        return path, names
    if not path.is_file() or path.suffix.lower() not in (CSV, PARQUET):
        found_there = "another kind of file" if path.is_file() else "no such file or folder"
        raise InputError(path, found_there, "a file .csv or .parquet, a folder of Parquet files, or a workspace")
    return path.parent, [path.name]


@dataclass(frozen=True)
class _Found:
    file: InputFile
    chunks: list[Chunk]
    types: list[str]
    notes: tuple[str, ...] = ()


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(path, f"no readable Parquet file ({error})", "a whole Parquet file") from error


def _parquet(path: Path, name: str, needed: Sequence[str], keep: Sequence[str]) -> _Found:
    with _readable(path):
        about = pq.read_metadata(path)
        schema = about.schema.to_arrow_schema()
        groups = [about.row_group(number).num_rows for number in range(about.num_row_groups)]
        sha256 = sha256_of(path)
    _check_columns(path, schema.names, needed, keep)
    for column in needed:
        if not _is_number(schema.field(column).type):
            raise InputError(path, f"column {column!r} of type {schema.field(column).type}", "a column of numbers")
    chunks: list[Chunk] = []
    start, first, rows = 0, 0, 0
    for number, size in enumerate(groups, 1):
        rows += size
        if rows and (rows >= CHUNK_ROWS or number == len(groups)):
            chunks.append(Chunk(name, _part(name, len(chunks)), start, number, first, rows))
            start, first, rows = number, first + rows, 0
    types = [str(schema.field(column).type) for column in keep]
    return _Found(InputFile(name, path.stat().st_size, sha256, sum(groups)), chunks, types)


def _csv(path: Path, name: str, needed: Sequence[str], keep: Sequence[str]) -> _Found:
    index = index_records(path, CHUNK_BYTES)
    _check_columns(path, index.columns, needed, keep)
    form, notes = settle_numbers(path, index, needed)
    chunks = [
        Chunk(name, _part(name, number), start, end, first, rows, form.decimal, form.thousands)
        for number, (start, end, first, rows) in enumerate(index.stretches)
    ]
    file = InputFile(name, path.stat().st_size, index.sha256, sum(chunk.rows for chunk in chunks))
    return _Found(file, chunks, ["string" for _ in keep], notes)


def _check_columns(path: Path, columns: Sequence[str], needed: Sequence[str], keep: Sequence[str]) -> None:
    for column in (*needed, *keep):
        if columns.count(column) == 1:
            continue
        missing = [each for each in (*needed, *keep) if each not in columns]
        found = f"column {column!r} twice" if column in columns else f"no column {column!r}"
        more = f" and {len(missing) - 1} more that are missing" if len(missing) > 1 else ""
        raise InputError(
            path,
            found + more,
            "deviation, the model's features and the columns to keep, each once",
            f"It needs: {', '.join(missing[:8])}{' ...' if len(missing) > 8 else ''}" if missing else "",
        )


def _is_number(kind: Any) -> bool:
    checks = (
        pa.types.is_integer,
        pa.types.is_floating,
        pa.types.is_decimal,
        pa.types.is_boolean,
        pa.types.is_null,
    )
    return any(check(kind) for check in checks)


def _part(name: str, number: int) -> str:
    path = Path(name)
    return path.with_name(f"{path.stem}-{number:05d}{PARQUET}").as_posix()
