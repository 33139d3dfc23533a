"""The workspace: one folder with everything that was read and made.

``observations/`` holds one Parquet file a source, level and year; what an :class:`Observations` knows beside its
values is kept in the file's own metadata, so that a file and its description cannot drift apart.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from riskmodel.errors import InputError
from riskmodel.panel.build import build_panel
from riskmodel.panel.panel import Panel
from riskmodel.sources import leefbaarometer
from riskmodel.sources.observations import Observations, SourceFile

METADATA_KEY = b"riskmodel"
LEVELS = ("wijk", "buurt", "gemeente", "pc4", "grid")


def write_atomically(path: Path, write: Callable[[Path], object]) -> Path:
    """Let ``write`` fill a temporary sibling, then put it in place in one step.

    Parameters
    ----------
    path : Path
        Where the file shall stand; its folder is made.
    write : callable
        Gets the temporary path.

    Returns
    -------
    Path
        The path itself.

    Raises
    ------
    InputError
        If nothing can be written there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
    except OSError as error:
        raise InputError(path.parent, error.strerror or "no folder", "a folder to write into") from error
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path


class Workspace:
    """A folder with observations, backtests, models, forecasts and the MLflow store.

    Parameters
    ----------
    folder : Path or str
        Need not exist; it is made on the first write.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)

    def path(self, *parts: str) -> Path:
        """Path of something in the workspace."""
        return self.folder.joinpath(*parts)

    def add(self, observations: Sequence[Observations], *, replace: bool = False) -> list[Path]:
        """Write observations, all or none.

        Raises
        ------
        InputError
            If the workspace holds another file of the same source, level and year, unless ``replace``; or if
            scores of another release are there at any level.
        """
        for each in observations:
            self._refuse_other_release(each, replace)
            held = self._read_if_there(self._file_of(each))
            if held is not None and held.files != each.files and not replace:
                raise InputError(
                    ", ".join(file.name for file in each.files),
                    f"another file than the workspace holds for {each.source} at level {each.level} "
                    f"({', '.join(file.name for file in held.files)})",
                    "the same file, or an empty place",
                    "Use --replace to put this one in its place, or another workspace.",
                )
        return [write_atomically(self._file_of(each), partial(_write, each)) for each in observations]

    def add_links(self, links: pd.DataFrame, file: SourceFile) -> Path:
        """Write the links between boundary vintages."""
        table = pa.Table.from_pandas(links, preserve_index=False)
        table = table.replace_schema_metadata({METADATA_KEY: json.dumps(asdict(file)).encode()})
        return write_atomically(
            self.path("observations", "crosswalk.parquet"),
            lambda path: pq.write_table(table, path, write_page_checksum=True),
        )

    def links(self) -> pd.DataFrame | None:
        """The links between boundary vintages, None when there are none."""
        path = self.path("observations", "crosswalk.parquet")
        return _read_table(path)[0] if path.exists() else None

    def observations(self) -> list[Observations]:
        """Everything ingested, in a fixed order."""
        files = sorted(self.path("observations").glob("*.parquet"))
        return [_read(path) for path in files if path.name != "crosswalk.parquet"]

    def panel(self, level: str | None = None) -> Panel:
        """The panel of a level, by default the first of wijk, buurt, gemeente, PC4, grid that has scores.

        Raises
        ------
        InputError
            If no scores of that level were ingested.
        """
        held = self.observations()
        scores = {each.level: each for each in held if each.source == leefbaarometer.SOURCE}
        chosen = level or next((name for name in LEVELS if name in scores), None)
        if chosen not in scores:
            raise InputError(
                self.folder,
                f"no Leefbaarometer scores{f' of level {level!r}' if level else ''}",
                f"scores of level {level}" if level else "an ingested score file",
                "Run: riskmodel ingest leefbaarometer FILE",
            )
        others = [each for each in held if each.source != leefbaarometer.SOURCE]
        return build_panel(scores[chosen], others, self.links())

    def _file_of(self, each: Observations) -> Path:
        year = "" if each.source == leefbaarometer.SOURCE else f"_{each.years[0]}"
        return self.path("observations", f"{each.source}_{each.level}{year}.parquet")

    def _read_if_there(self, path: Path) -> Observations | None:
        return _read(path) if path.exists() else None

    def _refuse_other_release(self, each: Observations, replace: bool) -> None:
        if each.base is None:
            return
        for held in self.observations():
            if held.base is None or (replace and held.level == each.level):
                continue
            if abs(held.base - each.base) > leefbaarometer.TOLERANCE:
                raise InputError(
                    ", ".join(file.name for file in each.files),
                    f"a release with base constant {each.base:.6f}",
                    f"{held.base:.6f}, that of the {held.level} scores in the workspace",
                    "Two releases are two instruments: use another workspace.",
                )


def _write(each: Observations, path: Path) -> None:
    about = {
        "source": each.source,
        "level": each.level,
        "boundaries": each.boundaries,
        "base": each.base,
        "files": [asdict(file) for file in each.files],
        "published": {str(year): day.isoformat() for year, day in each.published.items()},
        "notes": list(each.notes),
    }
    table = pa.Table.from_pandas(each.frame, preserve_index=False)
    table = table.replace_schema_metadata({METADATA_KEY: json.dumps(about).encode()})
    pq.write_table(table, path, compression="zstd", write_page_checksum=True)


def _read(path: Path) -> Observations:
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
            notes=tuple(about["notes"]),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _damaged(path) from error


def _read_table(path: Path) -> tuple[pd.DataFrame, Any]:
    try:
        table = pq.read_table(path, page_checksum_verification=True)
        return table.to_pandas(), json.loads((table.schema.metadata or {})[METADATA_KEY])
    except (pa.ArrowException, OSError, KeyError, ValueError) as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> InputError:
    return InputError(path, "a damaged file", "observations as ingested", "Ingest the source again.")
