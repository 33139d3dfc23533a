"""What is served of one champion: everything read together, frozen, and replaced in one step.

The inputs of a snapshot (observations, boundaries, backtest and forecast) are linked into a folder of their own
before they are read. Files in a workspace are never changed in place, only replaced; so the folder keeps what it
had at no cost until then, and a list can be made again from exactly what it was first made from.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.catalogue import indicators
from riskmodel.errors import InputError, damage_told
from riskmodel.forecasting.experiment import Experiment
from riskmodel.forecasting.forecast_store import StoredForecast, load_forecast
from riskmodel.monitor.current import current_table, municipality_names
from riskmodel.panel.panel import Panel
from riskmodel.products.risk_list.area_sheet import Past
from riskmodel.products.risk_list.build import build_risk_list
from riskmodel.products.risk_list.how_sure import past_of
from riskmodel.products.risk_list.risk_list import RiskList
from riskmodel.products.risk_list.track_record import track_record
from riskmodel.workspace.atomic import draft_folder
from riskmodel.workspace.store import Workspace

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

#: Folder of frozen inputs in the service's own folder.
FOLDER = "snapshots"
#: Frozen inputs that nothing refers to stay for a week: another service may just be using them.
KEPT_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True)
class Snapshot:
    """Everything that is served of one champion.

    Attributes
    ----------
    id : str
        Fingerprint of all files behind it.
    workspace : Workspace
        The frozen inputs.
    stored : StoredForecast
        The forecast, of every area.
    panel : Panel
        What it was made from.
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
        """The question it answers."""
        return self.stored.experiment

    @cached_property
    def owners(self) -> npt.NDArray[np.str_]:
        """``GM`` code of every area of the panel, shape (areas,)."""
        return self.panel.municipality_codes()

    @cached_property
    def municipalities(self) -> Mapping[str, str]:
        """Name of every municipality with areas, by ``GM`` code, in order of code."""
        named = dict(zip(self.owners.tolist(), municipality_names(self.panel).tolist(), strict=True))
        return {code: named[code] for code in sorted(named) if code}

    @cached_property
    def local(self) -> frozenset[str]:
        """Municipalities with values of local sources, which only they may see."""
        known = indicators()
        own = [name for name in self.panel.indicators if name not in known]
        there = np.zeros(len(self.panel.areas), dtype=bool)
        for name in own:
            there |= ~np.isnan(self.panel[name]).all(axis=1)
        return frozenset(self.owners[there].tolist())

    @cached_property
    def current(self) -> pd.DataFrame:
        """State of every area at the last measurement, see :func:`riskmodel.monitor.current.state_table`."""
        return current_table(self.panel)

    @cached_property
    def track_record(self) -> str:
        """How well the method did before, in plain Dutch; empty without a backtest."""
        return track_record(self.workspace.path("backtests", self.experiment.name, "scores.csv"), self.stored)

    @cached_property
    def past(self) -> Mapping[str, tuple[Past, ...]]:
        """What the same method said of every area before, and what then happened."""
        wave = self.stored.forecast.origin_date.year
        return past_of(self.workspace, self.experiment, self.stored.model, self.panel, before=wave)

    @cached_property
    def country(self) -> RiskList:
        """The list of the whole country without capacity: every area's chance, rank and drivers."""
        return build_risk_list(
            self.panel,
            self.stored,
            (),
            title="Nederland",
            capacity=None,
            made_on=date.min,
            track_record=self.track_record,
        )

    @cached_property
    def polygons(self) -> GeoDataFrame | None:
        """Polygons of the areas in RD metres; None when there are none."""
        from importlib.util import find_spec

        return None if find_spec("geopandas") is None else self.workspace.boundaries(self.panel.level)

    def warm(self) -> Snapshot:
        """Make now what the first request would wait for."""
        _ = (self.municipalities, self.local, self.current, self.track_record, self.past, self.country)
        _ = self.polygons
        return self


def stored_forecasts(workspace: Workspace, experiment: str) -> list[Path]:
    """Folders of the forecasts of an experiment, newest first."""
    found = [
        path
        for path in workspace.path("forecasts", experiment).glob("*")
        if not path.name.startswith(".") and (path / "about.json").is_file()
    ]
    return sorted(found, key=lambda path: ((path / "about.json").stat().st_mtime_ns, path.name), reverse=True)


def release_of(forecast: Path) -> str:
    """Released model that made a stored forecast."""
    with damage_told(forecast, "no stored forecast", "a folder written by 'riskmodel forecast'"):
        return str(json.loads((forecast / "about.json").read_text(encoding="utf-8"))["release"])


def inputs_of(workspace: Workspace, experiment: str, forecast: Path) -> list[Path]:
    """Files that a snapshot consists of, in order."""
    places = [
        workspace.path("observations"),
        workspace.path("boundaries"),
        workspace.path("backtests", experiment),
        forecast,
    ]
    files = [path for place in places for path in place.glob("*") if path.is_file()]
    return sorted(path for path in files if not path.name.startswith("."))


def state_of(files: list[Path]) -> tuple[tuple[str, int, int, int], ...]:
    """Which files stand there now, without reading them: another state is another snapshot."""
    found = []
    for path in files:
        try:
            about = path.stat()
        except FileNotFoundError:
            continue
        found.append((str(path), about.st_ino, about.st_size, about.st_mtime_ns))
    return tuple(found)


def freeze(workspace: Workspace, folder: Path, experiment: str, forecast: Path) -> Path:
    """Link the inputs of a snapshot into a folder named by their contents."""
    digest = hashlib.sha256()
    with draft_folder(folder / FOLDER) as draft:
        try:
            for path in inputs_of(workspace, experiment, forecast):
                place = draft / path.relative_to(workspace.folder)
                place.parent.mkdir(parents=True, exist_ok=True)
                _link(path, place)
                # Read from the link: what is fingerprinted is what is kept.
                with place.open("rb") as file:
                    content = hashlib.file_digest(file, "sha256").hexdigest()
                digest.update(f"{place.relative_to(draft).as_posix()} {content}\n".encode())
        except OSError as error:
            raise InputError(forecast, f"files that change ({error.strerror})", "a workspace at rest") from error
        target = folder / FOLDER / digest.hexdigest()[:16]
        if not target.exists():
            draft.rename(target)
    return target


def load_snapshot(frozen: Path, experiment: str, forecast_id: str, version: str = "") -> Snapshot:
    """Read a frozen folder."""
    workspace = Workspace(frozen)
    place = workspace.path("forecasts", experiment, forecast_id)
    stored = load_forecast(place)
    panel = workspace.panel(stored.level, allow_origin=stored.experiment.allow_origin)
    told = json.loads((place / "about.json").read_text(encoding="utf-8")).get("inputs")
    if told != [file.sha256 for file in panel.files]:
        raise InputError(
            place,
            "a forecast made from other files than the workspace holds now",
            "a forecast from these files",
            "Run: riskmodel forecast",
        )
    return Snapshot(frozen.name, workspace, stored, panel, version)


def prune(folder: Path, keep: set[str]) -> None:
    """Remove frozen folders that nothing refers to, and what a process that died left behind, after some days."""
    latest = time.time() - KEPT_SECONDS
    for path in (folder / FOLDER).glob("*"):
        if path.name not in keep and path.is_dir() and path.stat().st_mtime < latest:
            shutil.rmtree(path, ignore_errors=True)


def _link(path: Path, place: Path) -> None:
    try:
        os.link(path, place)
    except FileNotFoundError:
        raise
    except OSError:  # another disk, or a file system without links
        shutil.copy2(path, place)
