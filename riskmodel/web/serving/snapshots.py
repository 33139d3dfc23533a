"""The snapshots that are served now, and the thread that looks for newer ones.

A request calls :meth:`Snapshots.current` once and works with the result. A new snapshot is read completely before
a single assignment replaces the old one, so that no answer is of two models.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from threading import Event, Lock, Thread
from types import MappingProxyType

from cachetools import LRUCache

from riskmodel.errors import InputError
from riskmodel.web.import_path import import_path
from riskmodel.web.serving.snapshot import (
    FOLDER,
    Snapshot,
    freeze,
    inputs_of,
    load_snapshot,
    load_snapshots,
    release_of,
    state_of,
    stored_forecasts,
)
from riskmodel.web.settings import Settings
from riskmodel.workflow.questions import in_order, model_of, questions_of
from riskmodel.workflow.tracking import registry
from riskmodel.workspace.atomic import json_bytes, write_atomically
from riskmodel.workspace.store import Workspace

log = logging.getLogger(__name__)

#: File that names the snapshots that were served last, from which a restart begins.
POINTER = "serving.json"
#: Seconds before a forecast that failed is tried again.
AGAIN = 600.0
#: Earlier snapshots in memory, for lists by number.
PAST = 4


class Snapshots:
    """The snapshot that is served of every question.

    Attributes
    ----------
    switches : int
        Snapshots that replaced another since the start.
    """

    def __init__(self, settings: Settings) -> None:
        self.workspace = Workspace(settings.workspace)
        self.folder = settings.folder
        self.switches = 0
        self._seconds = settings.refresh_seconds
        self._serving: Mapping[str, Snapshot] = MappingProxyType({})
        self._states: dict[str, object] = {}
        self._past: LRUCache[str, Snapshot] = LRUCache(PAST)
        self._failed: dict[object, float] = {}
        self._stop, self._thread = Event(), Thread(target=self._watch, name="snapshots", daemon=True)
        self._child: subprocess.Popen[bytes] | None = None
        self._reading = Lock()

    @property
    def serving(self) -> Mapping[str, Snapshot]:
        """Snapshot of every question that has one, the main one first; a mapping that does not change."""
        return self._serving

    def current(self, experiment: str | None = None) -> Snapshot | None:
        """Return the snapshot of a question, by default the first; None when there is none."""
        serving = self._serving
        if experiment is not None:
            return serving.get(experiment)
        return next(iter(serving.values()), None)

    def of_request(self, snapshot_id: str, experiment: str, forecast_id: str) -> Snapshot:
        """Return the snapshot that a list was first made from, also when another is served by now."""
        serving = self._serving.get(experiment)
        if serving is not None and (serving.id, serving.stored.id) == (snapshot_id, forecast_id):
            return serving
        key = f"{snapshot_id}/{experiment}/{forecast_id}"
        with self._reading:
            if key not in self._past:
                self._past[key] = load_snapshot(self.folder / FOLDER / snapshot_id, experiment, forecast_id)
            return self._past[key]

    def start(self) -> None:
        """Serve what was served last and look for something newer, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop looking; kill a forecast that is being made."""
        self._stop.set()
        child = self._child
        if child is not None and child.poll() is None:
            child.kill()
        if self._thread.is_alive():
            self._thread.join(timeout=30)

    def refresh(self) -> bool:
        """Look once for another champion or a newer forecast; return whether one is served now."""
        names = {path.name for kind in ("forecasts", "models") for path in self.workspace.path(kind).glob("*")}
        changed = False
        for name in sorted(name for name in names if not name.startswith(".")):
            try:
                changed |= self._refresh(name)
            except (InputError, OSError) as error:
                log.warning("%s: what is served stays: %s", name, error)
        return changed

    def _watch(self) -> None:
        self._resume()
        while not self._stop.is_set():
            try:
                self.refresh()
            except Exception:  # the thread must survive any error that a damaged store causes
                log.exception("looking for a newer forecast failed")
            self._stop.wait(self._seconds)

    def _refresh(self, name: str) -> bool:
        champion = registry.release_by_alias(self.workspace, name, registry.CHAMPION)
        release, version = champion or ("", "")
        stored = stored_forecasts(self.workspace, name)
        own = [path for path in stored if not release or release_of(path) == release]
        if not own:
            if release:
                self._forecast(name, release)
            return False
        # Not what another model answers: that of the first level, or the one that came in place of this one.
        asked = questions_of(self.workspace, own[0])
        questions = [question for question in asked if model_of(self.workspace, question) == name]
        if not questions:
            return False
        state = (version, own[0].name, state_of(inputs_of(self.workspace, questions, own[0])))
        if self._states.get(name) == state:
            return False
        frozen = freeze(self.workspace, self.folder, questions, own[0])
        served = [self._serving.get(question) for question in questions]
        if all(each is not None and (each.id, each.version) == (frozen.name, version) for each in served):
            self._states[name] = state
            return False
        try:
            found = load_snapshots(frozen, questions, own[0].name, version)
        except InputError:
            # New files were ingested and no forecast was made from them yet: the old snapshot stays until then.
            # Without one there is nothing to wait for.
            if release and not any(served):
                self._forecast(name, release)
            elif not any(served):
                raise
            return False
        self._put([each.warm() for each in found])
        self._states[name] = state
        return True

    def _put(self, found: Sequence[Snapshot]) -> None:
        """Serve snapshots of one forecast, all from the same moment."""
        stored = found[0].stored
        serving = _served([*self._serving.values(), *found])
        self._serving = serving
        self.switches += 1
        pointer = {
            each.experiment.name: {"snapshot": each.id, "forecast": each.stored.id, "version": each.version}
            for each in serving.values()
        }
        write_atomically(self.folder / POINTER, json_bytes(pointer))
        names = ", ".join(each.experiment.name for each in found)
        log.info("%s: serving forecast %s of %s", names, stored.id, stored.release_id)

    def last_served(self) -> set[str]:
        """Return the ids of the snapshots that were served before a restart."""
        return {str(each.get("snapshot")) for each in self._pointer().values()}

    def _pointer(self) -> dict[str, dict[str, str]]:
        try:
            pointer = json.loads((self.folder / POINTER).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        valid = isinstance(pointer, dict) and all(isinstance(each, dict) for each in pointer.values())
        return pointer if valid else {}

    def _resume(self) -> None:
        """Load what was served before a restart, without asking the registry."""
        questions: dict[tuple[str, ...], list[str]] = {}
        try:
            for name, each in self._pointer().items():
                one = tuple(str(each[key]) for key in ("snapshot", "forecast", "version"))
                questions.setdefault(one, []).append(name)
            found = [
                snapshot.warm()
                for (frozen, forecast, version), names in questions.items()
                for snapshot in load_snapshots(self.folder / FOLDER / frozen, names, forecast, version)
            ]
        except (InputError, OSError, AttributeError, KeyError, TypeError, ValueError):
            return
        self._serving = _served(found)

    def _forecast(self, name: str, release: str) -> None:
        """Forecast with the champion in another process; the old snapshot is served meanwhile."""
        inputs = state_of(sorted(self.workspace.path("observations").glob("*.parquet")))
        key = (name, release, inputs)
        if time.monotonic() - self._failed.get(key, -AGAIN) < AGAIN:
            return
        command = [sys.executable, "-m", "riskmodel.cli", "forecast", "--experiment", name]
        command += ["--workspace", str(self.workspace.folder)]
        # Of its own session, so that a signal to the service's group does not interrupt a forecast.
        self._child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": import_path()},
        )
        _, errors = self._child.communicate()
        if self._child.returncode:
            self._failed[key] = time.monotonic()
            log.error("%s: no forecast with %s: %s", name, release, errors.decode(errors="replace")[-2000:])


def _served(snapshots: Sequence[Snapshot]) -> Mapping[str, Snapshot]:
    """Snapshots by the name of their question, the main one first; a later one replaces an earlier one."""
    found = {each.experiment.name: each for each in snapshots}
    return MappingProxyType({name: found[name] for name in in_order(found)})
