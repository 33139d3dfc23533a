"""The workspace: one folder with everything that was read and made.

``observations/`` has one Parquet file a source, level and year; the description of its values is in the file's own
metadata (:mod:`riskmodel.workspace.observation_files`), so that the two cannot drift apart. Everything is written,
and noted in the manifest, by :mod:`riskmodel.workspace.transaction`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa

from riskmodel.errors import InputError
from riskmodel.panel.build import build_panel
from riskmodel.panel.panel import Panel
from riskmodel.sources.boundaries import geo_library, neighbours
from riskmodel.sources.leefbaarometer import scores as leefbaarometer
from riskmodel.sources.observations import Observations, SourceFile
from riskmodel.workspace.folder import Folder
from riskmodel.workspace.lock import only_writer
from riskmodel.workspace.manifest import read_manifest
from riskmodel.workspace.observation_files import (
    About,
    damaged,
    read_about,
    read_observations,
    read_sourced,
    write_observations,
    write_sourced,
)
from riskmodel.workspace.transaction import put_file, put_files

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

LEVELS = ("wijk", "buurt", "gemeente", "pc4", "grid")


class Workspace(Folder):
    """A folder with observations, backtests, models, forecasts and the MLflow store."""

    def add(self, observations: Sequence[Observations], *, replace: bool = False) -> list[Path]:
        """Write observations, all or none."""
        with only_writer(self):
            existing = [read_about(path) for path in self._files()]
            for each in observations:
                _refuse_other_release(each, existing, replace)
                _refuse_overlap(each, existing, replace)
            writers = {self._file_of(each): partial(write_observations, each) for each in observations}
            return put_files(self, writers)

    def add_links(self, links: pd.DataFrame, file: SourceFile) -> Path:
        """Write links between boundary vintages."""
        return put_file(self, self._links_path, partial(write_sourced, links, file))

    def links(self) -> pd.DataFrame | None:
        """Read the links between boundary vintages, None when there are none."""
        return read_sourced(self._links_path)[0] if self._links_path.exists() else None

    @property
    def _links_path(self) -> Path:
        return self.path("observations", "crosswalk.parquet")

    def add_boundaries(self, areas: GeoDataFrame, level: str, file: SourceFile) -> Path:
        """Write the polygons of a level, and which areas border on which."""
        polygons, borders = self._boundary_paths(level)
        put_files(self, {polygons: areas.to_parquet, borders: partial(write_sourced, neighbours(areas), file)})
        return polygons

    def boundaries(self, level: str) -> GeoDataFrame | None:
        """Polygons of a level in RD metres, columns ``location, name, geometry``; None when there are none."""
        path, _ = self._boundary_paths(level)
        if not path.exists():
            return None
        geopandas = geo_library("geopandas", path)
        try:
            return geopandas.read_parquet(path)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise damaged(path) from error

    def _borders(self, level: str) -> tuple[pd.DataFrame, SourceFile] | None:
        _, path = self._boundary_paths(level)
        return read_sourced(path) if path.exists() else None

    def _boundary_paths(self, level: str) -> tuple[Path, Path]:
        return self.path("boundaries", f"{level}.parquet"), self.path("boundaries", f"{level}-borders.parquet")

    def observations(self, level: str | None = None, source: str | None = None) -> list[Observations]:
        """Everything ingested, in a fixed order; with ``level`` or ``source``, what was ingested of those."""
        chosen = [(path, path.stem.split("_")) for path in self._files()]
        return [
            read_observations(path)
            for path, (of, at, *_) in chosen
            if level in (None, at) and source in (None, of)
        ]

    def panel(self, level: str | None = None, *, allow_origin: bool = False) -> Panel:
        """The panel of a level, by default the first of wijk, buurt, gemeente, PC4, grid that has scores."""
        present = [name for name in LEVELS if self._scores_path(name).exists()]
        chosen = level or next(iter(present), None)
        if chosen not in present:
            levels = f"There are scores of level {', '.join(present)}. " if present else ""
            other = " Another workspace: --workspace FOLDER or RISKMODEL_WORKSPACE."
            raise InputError(
                self.folder,
                f"no Leefbaarometer scores{f' of level {level!r}' if level else ''}",
                f"scores of level {level}" if level else "an ingested score file",
                f"{levels}Run: riskmodel ingest leefbaarometer FILE.{'' if self.folder.is_dir() else other}",
            )
        loaded = self.observations(chosen)
        scores = next(each for each in loaded if each.source == leefbaarometer.SOURCE)
        others = [each for each in loaded if each is not scores]
        return build_panel(scores, others, self.links(), self._borders(chosen), allow_origin=allow_origin)

    def _scores_path(self, level: str) -> Path:
        return self.path("observations", f"{leefbaarometer.SOURCE}_{level}.parquet")

    def _file_of(self, each: Observations) -> Path:
        if each.source == leefbaarometer.SOURCE:
            return self._scores_path(each.level)
        span = "-".join(str(year) for year in sorted({each.years[0], each.years[-1]}))
        return self.path("observations", f"{each.source}_{each.level}_{span}.parquet")

    def _files(self) -> list[Path]:
        read_manifest(self.folder)  # refuses a workspace of a newer format
        return [path for path in sorted(self.path("observations").glob("*.parquet")) if path != self._links_path]


def _names(each: Observations | About) -> str:
    return ", ".join(file.name for file in each.files)


def _refuse_other_release(each: Observations, existing: Sequence[About], replace: bool) -> None:
    """Refuse scores of two releases in one workspace, at any level."""
    for other in existing:
        if each.base is None or other.base is None or other.source != each.source:
            continue
        if replace and other.level == each.level:
            continue
        if abs(other.base - each.base) > leefbaarometer.TOLERANCE:
            raise InputError(
                _names(each),
                f"a release with base constant {each.base:.6f}",
                f"{other.base:.6f}, that of the {other.level} scores in the workspace",
                "Two releases are two instruments: use another workspace.",
            )


def _refuse_overlap(each: Observations, existing: Sequence[About], replace: bool) -> None:
    """Refuse a year of a source from two files, unless one replaces the other."""
    for other in existing:
        same = (other.source, other.level) == (each.source, each.level)
        if not same or other.files == each.files or not set(other.indicators) & set(each.indicators):
            continue
        if other.years == each.years or each.source == leefbaarometer.SOURCE:
            if not replace:
                raise InputError(
                    _names(each),
                    f"another file than the workspace holds for {each.source} at level {each.level} "
                    f"({_names(other)})",
                    "the same file, or an empty place",
                    "Use --replace to put this one in its place, or another workspace.",
                )
        elif shared := sorted(set(other.years) & set(each.years)):
            raise InputError(
                _names(each),
                f"{shared[0]}, which {_names(other)} gives already",
                f"years of {each.source} at level {each.level} that are not in the workspace",
                f"Remove {other.path} first, and tell so with: riskmodel adopt {other.path}",
            )
