"""Batches of the input as numbers.

Reading a batch and making numbers of it are two steps, so that one thread can read while others work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from riskmodel.errors import InputError
from riskmodel.panel.panel import FloatArray
from riskmodel.scoring.csv_records import read_records
from riskmodel.scoring.inputs import Chunk
from riskmodel.scoring.rejects import INFINITE, MISSING, NOT_A_NUMBER, WRONG_WIDTH, rejects_of
from riskmodel.sources.formats.numbers import NumberFormat

#: Rows of a batch: small enough that a handful of them fits in the processor's caches' reach and in 100 MB.
BATCH_ROWS = 16_384
#: Bytes read ahead per column of a Parquet file, whatever the size of its row groups.
BUFFER = 2**18
#: Texts in a CSV file that mean an unknown value.
UNKNOWN = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", ".")
NUMBER = re.compile(r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|inf(?:inity)?)", re.IGNORECASE)


@dataclass(frozen=True)
class RawBatch:
    """A batch as it was read.

    Attributes
    ----------
    chunk : Chunk
        Where it belongs.
    records : pyarrow.RecordBatch
        The columns that are needed or carried along, as they are in the file.
    rows : numpy.ndarray of int, shape (rows,)
        Number of each row in its file, counted from 1.
    rejects : pyarrow.RecordBatch, optional
        Rows that could not even be read, before or among these.
    """

    chunk: Chunk
    records: Any
    rows: npt.NDArray[np.int64]
    rejects: Any = None


def read_chunk(root: Path, chunk: Chunk, columns: Sequence[str]) -> Iterator[RawBatch]:
    """Read a chunk in batches; memory depends neither on its size nor, for Parquet, on that of its row groups."""
    path = root / chunk.file
    read = _read_csv if path.suffix.lower() == ".csv" else _read_parquet
    try:
        yield from read(path, chunk, columns)
    except (pa.ArrowException, OSError) as error:
        raise InputError(path, f"rows that cannot be read ({error})", "a whole file") from error


def _read_parquet(path: Path, chunk: Chunk, columns: Sequence[str]) -> Iterator[RawBatch]:
    first = chunk.first + 1
    with pq.ParquetFile(path, buffer_size=BUFFER, pre_buffer=False) as file:
        groups = range(chunk.start, chunk.end)
        for records in file.iter_batches(BATCH_ROWS, row_groups=list(groups), columns=list(columns)):
            yield RawBatch(chunk, records, np.arange(first, first + records.num_rows))
            first += records.num_rows
    if first - chunk.first - 1 != chunk.rows:
        raise InputError(path, f"{first - chunk.first - 1:,} rows", f"{chunk.rows:,}, as the file says itself")


def _read_csv(path: Path, chunk: Chunk, columns: Sequence[str]) -> Iterator[RawBatch]:
    wrong: list[Any] = []

    def put_aside(row: Any) -> str:
        wrong.append(row)
        return "skip"

    table = read_records(path, chunk.start, chunk.end, columns, put_aside)
    if table.num_rows + len(wrong) != chunk.rows:
        raise InputError(
            path,
            f"{table.num_rows + len(wrong):,} rows after row {chunk.first:,}",
            f"{chunk.rows:,}",
            "Text with a quotation mark in it must stand between quotation marks.",
        )
    is_wrong = np.zeros(chunk.rows, dtype=bool)
    is_wrong[[row.number - 1 for row in wrong]] = True
    rows = chunk.first + 1 + np.flatnonzero(~is_wrong)
    # A row that cannot be read goes along with the rows behind it, so that rejects stay in order.
    until = np.searchsorted(rows, chunk.first + np.array([row.number for row in wrong]))
    ends = [*range(BATCH_ROWS, len(rows), BATCH_ROWS), len(rows)]
    start = first_wrong = 0
    for end in ends:
        last_wrong = len(wrong) if end == len(rows) else int(np.searchsorted(until, end))
        aside = wrong[first_wrong:last_wrong]
        rejects = rejects_of(
            chunk.file,
            chunk.first + np.array([row.number for row in aside], dtype=np.int64),
            [""] * len(aside),
            [WRONG_WIDTH] * len(aside),
            [row.text for row in aside],
        )
        records = pa.RecordBatch.from_pydict(
            {name: _one(table[name].slice(start, end - start)) for name in columns}
        )
        yield RawBatch(chunk, records, rows[start:end], rejects)
        start, first_wrong = end, last_wrong


def _one(values: Any) -> Any:
    whole = values.combine_chunks()
    return pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole


@dataclass(frozen=True)
class Numbers:
    """The rows of a batch that can be scored, and the others.

    Attributes
    ----------
    columns : numpy.ndarray, shape (columns, rows)
        Numbers, column by column in memory; NaN where unknown.
    good : numpy.ndarray of bool, shape (rows of the batch,), optional
        Which rows of the batch they are; None for all.
    rejects : pyarrow.RecordBatch, optional
        The other rows.
    """

    columns: FloatArray
    good: npt.NDArray[np.bool_] | None = None
    rejects: Any = None


def numbers_of(batch: RawBatch, names: Sequence[str], required: Sequence[int]) -> Numbers:
    """Make numbers of a batch."""
    columns = np.empty((len(names), batch.records.num_rows))
    not_numbers: dict[int, npt.NDArray[np.bool_]] = {}
    form = NumberFormat(batch.chunk.decimal, batch.chunk.thousands)
    for column, name in enumerate(names):
        values = batch.records.column(name)
        if pa.types.is_string(values.type):
            columns[column], wrong = _from_text(values, form)
            if wrong is not None:
                not_numbers[column] = wrong
        else:
            columns[column] = _as_floats(values)
    infinite = np.isinf(columns)
    unknown = np.isnan(columns[list(required)])
    if not (not_numbers or infinite.any() or unknown.any()):
        return Numbers(columns)
    wrong = infinite
    wrong[list(required)] |= unknown
    for column, cells in not_numbers.items():
        wrong[column] |= cells
    bad: npt.NDArray[np.bool_] = np.asarray(wrong.any(axis=0))
    rows = np.flatnonzero(bad)
    first = wrong[:, rows].argmax(axis=0)
    reasons = [
        NOT_A_NUMBER
        if column in not_numbers and not_numbers[column][row]
        else INFINITE
        if np.isinf(columns[column, row])
        else MISSING
        for column, row in zip(first, rows, strict=True)
    ]
    values = [
        _as_text(batch.records.column(names[column])[int(row)]) for column, row in zip(first, rows, strict=True)
    ]
    rejects = rejects_of(batch.chunk.file, batch.rows[rows], [names[p] for p in first], reasons, values)
    return Numbers(columns[:, ~bad], ~bad, rejects)


def _as_floats(values: Any) -> FloatArray:
    if values.type != pa.float64():
        values = values.cast(pa.float64(), safe=False)
    floats: FloatArray = values.to_numpy(zero_copy_only=False)
    return floats


def _from_text(values: Any, form: NumberFormat) -> tuple[FloatArray, npt.NDArray[np.bool_] | None]:
    """Numbers of texts, and which texts are neither a number nor unknown (None when all are)."""
    texts = pc.utf8_trim_whitespace(values)
    unknown = pc.or_kleene(pc.is_null(texts), pc.is_in(texts, pa.array(UNKNOWN)))
    texts = pc.if_else(unknown, pa.scalar(None, pa.string()), texts)
    if form.thousands:
        grouped = pc.match_substring_regex(texts, f"^(?:{form.groups}{form.decimals})$")
        texts = pc.if_else(grouped, pc.replace_substring(texts, form.thousands, ""), texts)
    if form.decimal == ",":
        # A point that is left is no part of a number.
        texts = pc.replace_substring(pc.replace_substring(texts, ".", "?"), ",", ".")
    try:
        return _as_floats(texts.cast(pa.float64())), None
    except pa.ArrowInvalid:
        found = texts.to_pylist()
    wrong = np.array([text is not None and NUMBER.fullmatch(text) is None for text in found])
    plain = [np.nan if text is None or bad else float(text) for text, bad in zip(found, wrong, strict=True)]
    return np.array(plain), wrong if wrong.any() else None


def _as_text(value: Any) -> str:
    plain = value.as_py()
    return "" if plain is None else str(plain)
