"""Score chunks and write each as one part of the output: the same steps on any engine.

A part is written as a draft and renamed when it is whole, its rejects before it; so a part that exists is
finished, with its counts in its own footer. Nothing in it depends on when, where or by how many it was made.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from threadpoolctl import threadpool_limits

from riskmodel.errors import InputError, refuse_damage
from riskmodel.scoring.batches import RawBatch, numbers_of, read_chunk
from riskmodel.scoring.drift import DriftCounts, count_drift
from riskmodel.scoring.inputs import Chunk
from riskmodel.scoring.job import Opened
from riskmodel.scoring.rejects import NO_ANSWER, put_in_order, rejects_of
from riskmodel.scoring.scorer import MAY_BE_EMPTY
from riskmodel.workspace.atomic import sync

SCORES, REJECTS = "scores", "rejects"
KEY = b"riskmodel"
#: Rows of a row group of the output, so that writing needs bounded memory.
GROUP_ROWS = 131_072
#: Called with the number of rows that were done.
Done = Callable[[int], None]
Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class ScoredBatch:
    """A batch of answers.

    Attributes
    ----------
    chunk : Chunk
        Where it belongs.
    records : pyarrow.RecordBatch
        Kept columns and answers.
    rejects : pyarrow.Table
        Rows without an answer.
    drift : DriftCounts, optional
        Of the rows with an answer; None where the model has no reference.
    """

    chunk: Chunk
    records: Any
    rejects: Any
    drift: DriftCounts | None


def score_batch(opened: Opened, batch: RawBatch) -> ScoredBatch:
    """Score a batch that was read: a pure function of its rows."""
    numbers = numbers_of(batch, opened.numbers, opened.required)
    records, rows, columns = batch.records, batch.rows, numbers.columns
    if numbers.good is not None:
        records, rows = records.filter(pa.array(numbers.good)), rows[numbers.good]
    answers = opened.scorer(np.ascontiguousarray(columns[1:].T), columns[0])
    rejects = [each for each in (batch.rejects, numbers.rejects) if each is not None]
    needed = [values for name, values in answers.items() if name not in MAY_BE_EMPTY]
    finite = np.isfinite(needed).all(axis=0)
    if not finite.all():
        without = rows[~finite]
        blank = [""] * len(without)
        rejects.append(rejects_of(batch.chunk.file, without, blank, [NO_ANSWER] * len(without), blank))
        records, columns = records.filter(pa.array(finite)), columns[:, finite]
        answers = {name: values[finite] for name, values in answers.items()}
    drift = None if opened.reference is None else count_drift(opened.reference, columns[1:])
    carried = {name: _plain(records.column(name)) for name in opened.job.keep}
    told = {name: pa.array(each, from_pandas=name in MAY_BE_EMPTY) for name, each in answers.items()}
    made = pa.RecordBatch.from_pydict({**carried, **told})
    return ScoredBatch(batch.chunk, made, put_in_order(rejects), drift)


def _plain(values: Any) -> Any:
    """Values of a dictionary one by one: dictionaries of two batches may differ."""
    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values


def score_chunks(opened: Opened, chunks: Sequence[Chunk], workers: int, done: Done | None = None) -> None:
    """Score chunks and write their parts; one thread reads and writes, others work."""
    columns = list(dict.fromkeys((*opened.numbers, *opened.job.keep)))
    batches = (batch for chunk in chunks for batch in read_chunk(Path(opened.job.root), chunk, columns))
    # Each thread takes its own batch: LightGBM with several threads a batch would wait for the slowest of them.
    limit = partial(threadpool_limits, 1, user_api="openmp")
    with ThreadPoolExecutor(workers, initializer=limit) as pool:
        scored = _in_order(pool, partial(score_batch, opened), batches, ahead=workers + 1)
        for chunk, those in groupby(scored, key=lambda each: each.chunk):
            _write_part(Path(opened.job.output), chunk, those, done)


def _in_order(
    pool: ThreadPoolExecutor, work: Callable[[Item], Answer], items: Iterable[Item], ahead: int
) -> Iterator[Answer]:
    """Answers in the order of their items, with at most so many under way."""
    waiting: deque[Future[Answer]] = deque()
    for item in items:
        waiting.append(pool.submit(work, item))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _write_part(output: Path, chunk: Chunk, batches: Iterable[ScoredBatch], done: Done | None) -> None:
    reasons: Counter[str] = Counter()
    scored, drift = 0, None
    with ExitStack() as stack:
        part = stack.enter_context(_Draft(output / SCORES / chunk.part))
        rejects = stack.enter_context(_Draft(output / REJECTS / chunk.part))
        for batch in batches:
            part.write(batch.records)
            if batch.rejects.num_rows:
                rejects.write(batch.rejects.combine_chunks().to_batches()[0])
            reasons.update(batch.rejects.column("reason").to_pylist())
            scored += batch.records.num_rows
            drift = batch.drift if drift is None else drift if batch.drift is None else drift + batch.drift
            if done:
                done(batch.records.num_rows + batch.rejects.num_rows)
        about = {
            "file": chunk.file,
            "first": chunk.first,
            "scored": scored,
            "rejected": sum(reasons.values()),
            "reasons": dict(sorted(reasons.items())),
            "drift": None if drift is None else drift.as_dict(),
        }
        rejects.publish({})
        part.publish(about)


class _Draft:
    """Draft of a Parquet file, which is removed unless it is published."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._draft: Path | None = None
        self._writer: Any = None

    def __enter__(self) -> _Draft:
        return self

    def write(self, records: Any) -> None:
        """Add rows."""
        if self._writer is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=".", suffix=self._path.suffix)
            os.close(handle)
            self._draft = Path(name)
            texts = [each.name for each in records.schema if not pa.types.is_floating(each.type)]
            self._writer = pq.ParquetWriter(
                name,
                records.schema,
                compression="zstd",
                compression_level=1,
                use_dictionary=texts,
                write_page_checksum=True,
            )
        self._writer.write_batch(records, GROUP_ROWS)

    def publish(self, about: dict[str, Any]) -> None:
        """Finish the file with a footer and give it its name; nothing where no row was written."""
        if self._writer is None or self._draft is None:
            return
        self._writer.add_key_value_metadata({KEY: json.dumps(about).encode()})
        self._writer.close()
        sync(self._draft)
        self._draft.chmod(0o644)
        self._draft.replace(self._path)
        sync(self._path.parent)
        self._draft = None

    def __exit__(self, *error: object) -> None:
        if self._draft is not None:
            self._writer.close()
            self._draft.unlink(missing_ok=True)


def footer_of(output: Path, chunk: Chunk) -> dict[str, Any]:
    """Footer of a finished part: counts of rows and reasons, and drift."""
    path = output / SCORES / chunk.part
    with refuse_damage(
        path, "a damaged part", "one written by riskmodel", "Remove it and start again.", (pa.ArrowException,)
    ):
        about: dict[str, Any] = json.loads(pq.read_metadata(path).metadata[KEY])
        total = about["scored"] + about["rejected"]
        where = (about["file"], about["first"])
    if where != (chunk.file, chunk.first) or total != chunk.rows:
        raise InputError(path, f"{total:,} rows", f"{chunk.rows:,}", "Remove this part and start again.")
    return about
