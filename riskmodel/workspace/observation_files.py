"""Tables of the workspace as Parquet files, whose metadata tell the source and the meaning of their values."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from riskmodel.catalogue import Indicator
from riskmodel.errors import DAMAGE, InputError
from riskmodel.sources.observations import Observations, SourceFile

METADATA_KEY = b"riskmodel"
#: Rows from which threads are worth starting.
LARGE = 200_000


@dataclass(frozen=True)
class About:
    """Description of a file of observations, without its values."""

    path: Path
    source: str
    level: str
    years: tuple[int, ...]
    indicators: tuple[str, ...]
    files: tuple[SourceFile, ...]
    base: float | None


def read_about(path: Path) -> About:
    """Read the description of a file of observations."""
    with _refuse_damaged(path):
        schema = pq.read_schema(path)
        about = json.loads((schema.metadata or {})[METADATA_KEY])
        return About(
            path=path,
            source=about["source"],
            level=about["level"],
            years=tuple(about["years"]),
            indicators=tuple(name for name in schema.names if name not in ("location", "name", "year")),
            files=tuple(SourceFile(**file) for file in about["files"]),
            base=about["base"],
        )


def write_observations(each: Observations, path: Path) -> None:
    """Write observations with their description."""
    about = {
        "source": each.source,
        "level": each.level,
        "boundaries": each.boundaries,
        "years": each.years,
        "base": each.base,
        "files": [asdict(file) for file in each.files],
        "published": {str(year): day.isoformat() for year, day in each.published.items()},
        "definitions": [asdict(definition) for definition in each.definitions],
        "notes": list(each.notes),
    }
    # Starting threads takes longer than what they would do, unless the table is large.
    table = pa.Table.from_pandas(each.frame, preserve_index=False, nthreads=None if len(each.frame) > LARGE else 1)
    table = table.replace_schema_metadata({METADATA_KEY: json.dumps(about).encode()})
    # Areas and years repeat and profit from a dictionary; measured values do not.
    pq.write_table(
        table,
        path,
        compression="zstd",
        compression_level=1,
        use_dictionary=["location", "name", "year"],
        write_page_checksum=True,
    )


def read_observations(path: Path) -> Observations:
    """Read observations."""
    frame, about = _read_table(path)
    with _refuse_damaged(path):
        return Observations(
            source=about["source"],
            level=about["level"],
            boundaries=about["boundaries"],
            frame=frame,
            files=tuple(SourceFile(**file) for file in about["files"]),
            base=about["base"],
            published={int(year): date.fromisoformat(day) for year, day in about["published"].items()},
            definitions=tuple(Indicator(**definition) for definition in about.get("definitions", [])),
            notes=tuple(about["notes"]),
        )


def write_sourced(frame: pd.DataFrame, source: SourceFile, path: Path) -> None:
    """Write a table with its source file."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    table = table.replace_schema_metadata({METADATA_KEY: json.dumps(asdict(source)).encode()})
    pq.write_table(table, path, write_page_checksum=True)


def read_sourced(path: Path) -> tuple[pd.DataFrame, SourceFile]:
    """Read a table and its source file."""
    frame, about = _read_table(path)
    with _refuse_damaged(path):
        return frame, SourceFile(**about)


def _read_table(path: Path) -> tuple[pd.DataFrame, Any]:
    with _refuse_damaged(path):
        table = pq.read_table(path, page_checksum_verification=True)
        return table.to_pandas(), json.loads((table.schema.metadata or {})[METADATA_KEY])


@contextmanager
def _refuse_damaged(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, *DAMAGE) as error:
        raise damaged(path) from error


def damaged(path: Path) -> InputError:
    """The error to raise for a file that is not as it was written."""
    return InputError(path, "a damaged file", "observations as ingested", "Ingest the source again.")
