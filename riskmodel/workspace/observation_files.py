"""A table of the workspace as a Parquet file, which says itself where its values come from and what they are."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from riskmodel.catalogue import Indicator
from riskmodel.errors import InputError
from riskmodel.sources.observations import Observations, SourceFile

METADATA_KEY = b"riskmodel"
#: Rows from which threads are worth starting.
LARGE = 200_000


@dataclass(frozen=True)
class About:
    """What a file in the workspace says of itself, without its values."""

    path: Path
    source: str
    level: str
    years: tuple[int, ...]
    indicators: tuple[str, ...]
    files: tuple[SourceFile, ...]
    base: float | None


def about_of(path: Path) -> About:
    """What a file of observations says of itself."""
    try:
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
    except (pa.ArrowException, OSError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise damaged(path) from error


def write_observations(each: Observations, path: Path) -> None:
    """Write observations with all that is known of them."""
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
    """Observations as they were written."""
    frame, about = _read_table(path)
    try:
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
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise damaged(path) from error


def write_sourced(frame: pd.DataFrame, source: SourceFile, path: Path) -> None:
    """Write a table with the file that it comes from."""
    table = pa.Table.from_pandas(frame, preserve_index=False)
    table = table.replace_schema_metadata({METADATA_KEY: json.dumps(asdict(source)).encode()})
    pq.write_table(table, path, write_page_checksum=True)


def read_sourced(path: Path) -> tuple[pd.DataFrame, SourceFile]:
    """A table and the file that it comes from."""
    frame, about = _read_table(path)
    try:
        return frame, SourceFile(**about)
    except TypeError as error:
        raise damaged(path) from error


def _read_table(path: Path) -> tuple[pd.DataFrame, Any]:
    try:
        table = pq.read_table(path, page_checksum_verification=True)
        return table.to_pandas(), json.loads((table.schema.metadata or {})[METADATA_KEY])
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise damaged(path) from error


def damaged(path: Path) -> InputError:
    """What to say of a file that is not as it was written."""
    return InputError(path, "a damaged file", "observations as ingested", "Ingest the source again.")
