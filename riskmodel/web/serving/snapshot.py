"""A snapshot: all data that are served of one champion, read together from frozen files.

The inputs of a snapshot (observations, boundaries, backtest and forecast) are linked into a folder of their own
before they are read. Files in a workspace are never changed in place, only replaced; so a link costs no disk until
then, and a list can be made again from exactly the files it was first made from.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from cachetools import LRUCache

from riskmodel.catalogue import indicators, plain
from riskmodel.errors import InputError, refuse_damage
from riskmodel.forecasting.experiment import Experiment
from riskmodel.forecasting.forecast_store import StoredForecast
from riskmodel.monitor.current import current_table
from riskmodel.monitor.measured import municipality_names
from riskmodel.panel.panel import Panel
from riskmodel.products.risk_list.area_sheet import Past
from riskmodel.products.risk_list.build import build_risk_list
from riskmodel.products.risk_list.risk_list import RiskList
from riskmodel.products.risk_list.texts import Sentence
from riskmodel.sources.formats.files import sha256_of
from riskmodel.web.cache import SharedCache
from riskmodel.workflow.questions import forecast_folder, stored_forecast
from riskmodel.workflow.risk_list import past_forecasts, stored_boundaries, stored_places, stored_track_record
from riskmodel.workspace.atomic import draft_folder, sync, sync_all
from riskmodel.workspace.store import Workspace

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

#: Folder of frozen inputs in the service's own folder.
FOLDER = "snapshots"
#: Views of a snapshot without some municipalities in memory: one for each set that somebody may not see.
VIEWS = 4
#: Seconds before frozen inputs that nothing refers to are removed: another service may be using them.
LIFETIME = 7 * 24 * 3600


@dataclass(frozen=True)
class Snapshot:
    """All data that are served of one champion.

    Attributes
    ----------
    id : str
        Fingerprint of all files behind it.
    workspace : Workspace
        The frozen inputs.
    version : str
        Version of the champion in the registry; empty when the workspace has no registry.
    """

    id: str
    workspace: Workspace
    stored: StoredForecast
    panel: Panel
    version: str = ""

    @property
    def experiment(self) -> Experiment:
        """The question that it answers."""
        return self.stored.experiment

    @cached_property
    def owners(self) -> npt.NDArray[np.str_]:
        """``GM`` code of every area of the panel, shape (areas,)."""
        return self.panel.municipality_codes()

    @cached_property
    def plain_names(self) -> npt.NDArray[np.str_]:
        """Name of every area of the panel as plain words, shape (areas,)."""
        return np.array([plain(name) for name in self.panel.names.tolist()], dtype=str)

    @cached_property
    def municipalities(self) -> Mapping[str, str]:
        """Name of every municipality with areas, by ``GM`` code, in order of code."""
        named = dict(zip(self.owners.tolist(), municipality_names(self.owners).tolist(), strict=True))
        return {code: named[code] for code in sorted(named) if code}

    @cached_property
    def own_indicators(self) -> tuple[str, ...]:
        """Indicators of local sources."""
        known = indicators()
        return tuple(name for name in self.panel.indicators if name not in known)

    @cached_property
    def local(self) -> frozenset[str]:
        """``GM`` codes of municipalities with values of local sources, which only they may see."""
        measured = np.zeros(len(self.panel.areas), dtype=bool)
        for name in self.own_indicators:
            measured |= ~np.isnan(self.panel[name]).all(axis=1)
        return frozenset(self.owners[measured].tolist())

    @cached_property
    def current(self) -> pd.DataFrame:
        """State of every area at the last measurement, see :func:`riskmodel.monitor.current.current_table`."""
        return current_table(self.panel)

    @cached_property
    def track_record(self) -> Sentence | None:
        """How well the method did before; None without a backtest."""
        return stored_track_record(self.workspace, self.stored)

    @cached_property
    def places(self) -> tuple[Sentence, ...]:
        """Which kinds of areas had more or fewer places than events on earlier lists."""
        return stored_places(self.workspace, self.stored)

    @cached_property
    def past(self) -> Mapping[str, tuple[Past, ...]]:
        """Earlier forecasts of every area by the same method, and what then happened."""
        return past_forecasts(self.workspace, self.stored, self.panel)

    @cached_property
    def country(self) -> RiskList:
        """The list of the whole country without capacity: chance, rank and drivers of every area."""
        return build_risk_list(
            self.panel,
            self.stored,
            (),
            title="Nederland",
            capacity=None,
            made_on=date.min,
            track_record=self.track_record,
            with_sheets=False,
        )

    @cached_property
    def _without(self) -> SharedCache[frozenset[str], Snapshot]:
        return SharedCache(LRUCache(VIEWS))

    def without(self, hidden: frozenset[str]) -> Snapshot | None:
        """Return the snapshot as if nothing was forecast for some municipalities and they had no own sources.

        Ranks, means, comparable areas and sums are computed after hiding, so they say nothing of what is hidden.
        None when no area is left.
        """
        if not hidden:
            return self
        found = self._without.get(hidden)
        if found is None:
            closed = np.isin(self.owners, sorted(hidden))
            kept = ~closed[np.searchsorted(self.panel.areas, self.stored.forecast.locations)]
            if not kept.any():
                return None
            panel = self.panel.without(self.own_indicators, closed)
            found = replace(self, panel=panel, stored=self.stored.rows(kept))
            self._without.put(hidden, found)
        return found

    @cached_property
    def polygons(self) -> GeoDataFrame | None:
        """Polygons of the areas in RD metres; None when there are none."""
        return stored_boundaries(self.workspace, self.panel.level)

    def warm(self) -> Snapshot:
        """Compute now what the first request would wait for."""
        _ = (
            self.municipalities,
            self.local,
            self.current,
            self.track_record,
            self.places,
            self.past,
            self.country,
        )
        _ = self.polygons
        return self


def stored_forecasts(workspace: Workspace, experiment: str) -> list[Path]:
    """Return the folders of the forecasts of an experiment, newest first."""
    found = [
        path
        for path in workspace.path("forecasts", experiment).glob("*")
        if not path.name.startswith(".") and (path / "about.json").is_file()
    ]
    return sorted(found, key=lambda path: ((path / "about.json").stat().st_mtime_ns, path.name), reverse=True)


def release_of(forecast: Path) -> str:
    """Return the id of the released model that made a stored forecast."""
    with refuse_damage(forecast, "no stored forecast", "a folder written by 'riskmodel forecast'"):
        return str(json.loads((forecast / "about.json").read_text(encoding="utf-8"))["release"])


def inputs_of(workspace: Workspace, questions: Sequence[str], forecast: Path) -> list[Path]:
    """Return the files that a snapshot consists of, in order."""
    folders = [
        workspace.path("observations"),
        workspace.path("boundaries"),
        *(workspace.path("backtests", name) for name in questions),
        forecast,
    ]
    files = [path for folder in folders for path in folder.glob("*") if path.is_file()]
    return sorted(path for path in files if not path.name.startswith("."))


def state_of(files: list[Path]) -> tuple[tuple[str, int, int, int], ...]:
    """Return path, inode, size and time of the files that exist, without reading them."""
    found = []
    for path in files:
        try:
            about = path.stat()
        except FileNotFoundError:
            continue
        found.append((str(path), about.st_ino, about.st_size, about.st_mtime_ns))
    return tuple(found)


def freeze(workspace: Workspace, folder: Path, questions: Sequence[str], forecast: Path) -> Path:
    """Link the inputs of a snapshot into a folder named by a fingerprint of their contents."""
    digest = hashlib.sha256()
    with draft_folder(folder / FOLDER) as draft:
        try:
            for path in inputs_of(workspace, questions, forecast):
                link = draft / path.relative_to(workspace.folder)
                link.parent.mkdir(parents=True, exist_ok=True)
                _link(path, link)
                # Read through the link, because the path may have another file by now.
                digest.update(f"{link.relative_to(draft).as_posix()} {sha256_of(link)}\n".encode())
        except OSError as error:
            raise InputError(forecast, f"files that change ({error.strerror})", "a workspace at rest") from error
        target = folder / FOLDER / digest.hexdigest()[:16]
        if not target.exists():
            sync_all(draft)
            draft.rename(target)
            sync(target.parent)
    return target


def load_snapshot(frozen: Path, experiment: str, forecast_id: str) -> Snapshot:
    """Read a snapshot from a frozen folder."""
    [snapshot] = load_snapshots(frozen, [experiment], forecast_id)
    return snapshot


def load_snapshots(frozen: Path, questions: Sequence[str], forecast_id: str, version: str = "") -> list[Snapshot]:
    """Read a snapshot for each question of one forecast from a frozen folder; they share one panel."""
    workspace = Workspace(frozen)
    folder = forecast_folder(workspace, forecast_id)
    stored = [stored_forecast(workspace, folder, name) for name in questions]
    panel = workspace.panel(stored[0].level, allow_origin=stored[0].experiment.allow_origin)
    inputs = json.loads((folder / "about.json").read_text(encoding="utf-8")).get("inputs")
    if inputs != [file.sha256 for file in panel.files]:
        raise InputError(
            folder,
            "a forecast made from other files than the workspace holds now",
            "a forecast from these files",
            "Run: riskmodel forecast",
        )
    return [Snapshot(frozen.name, workspace, each, panel, version) for each in stored]


def prune(folder: Path, keep: set[str]) -> None:
    """Remove old frozen folders that nothing refers to, and drafts of a process that died."""
    latest = time.time() - LIFETIME
    for path in (folder / FOLDER).glob("*"):
        if path.name not in keep and path.is_dir() and path.stat().st_mtime < latest:
            shutil.rmtree(path, ignore_errors=True)


def _link(path: Path, link: Path) -> None:
    try:
        os.link(path, link)
    except FileNotFoundError:
        raise
    except OSError:  # another disk, or a file system without links
        shutil.copy2(path, link)
