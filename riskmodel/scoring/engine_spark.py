"""Spark: chunks of the same list are rows of a table, and ``mapInPandas`` scores them where Spark likes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from importlib import import_module
from typing import Any

import pandas as pd

from riskmodel.scoring.engine_local import raise_if, score_one
from riskmodel.scoring.inputs import Chunk
from riskmodel.scoring.job import Job
from riskmodel.scoring.parts import Done

CHUNKS = "file string, part string, start long, end long, first long, rows long, decimal string, thousands string"
REFUSALS = "refused boolean, where string, found string, expected string, hint string"


def run_spark(job: Job, chunks: Sequence[Chunk], done: Done) -> None:
    """Score chunks in the active session, else in one that Spark's own configuration makes."""
    if not chunks:
        return
    sessions: Any = import_module("pyspark.sql").SparkSession
    # Workers on this machine need this interpreter; on a cluster Spark's own setting goes first.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    active = sessions.getActiveSession()
    session = active or sessions.builder.appName("riskmodel score").getOrCreate()
    try:
        context = session.sparkContext
        rows = context.parallelize([tuple(asdict(chunk).values()) for chunk in chunks], len(chunks))
        table = session.createDataFrame(rows, CHUNKS)
        refusals = table.mapInPandas(in_pandas(job), REFUSALS).collect()
    finally:
        if active is None:
            session.stop()
    for row in refusals:
        raise_if((row["where"], row["found"], row["expected"], row["hint"]) if row["refused"] else None)
    done(sum(chunk.rows for chunk in chunks))


def in_pandas(job: Job) -> Callable[[Iterator[pd.DataFrame]], Iterator[pd.DataFrame]]:
    """The function that Spark sends to its executors."""

    def score_rows(tables: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for table in tables:
            refusals: list[dict[str, Any]] = []
            for row in table.to_dict("records"):
                refusal = score_one(job, Chunk(**{str(key): value for key, value in row.items()}))
                texts = refusal or ("", "", "", "")
                names = ("where", "found", "expected", "hint")
                refusals.append({"refused": refusal is not None, **dict(zip(names, texts, strict=True))})
            yield pd.DataFrame(refusals)

    return score_rows
