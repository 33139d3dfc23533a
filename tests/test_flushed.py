"""What gets its final path is on disk before, and its name after: a power cut loses nothing accepted."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from web_worlds import TOWN, Client, copy_of, serving, trained

import riskmodel
from riskmodel.web.access.tokens import create_token
from riskmodel.web.jobs.worker import score_upload
from riskmodel.workflow.example import write_example
from riskmodel.workflow.ingest import ingest_leefbaarometer
from riskmodel.workflow.score import find_release, write_features
from riskmodel.workspace.store import Workspace

pytestmark = pytest.mark.skipif(os.name != "posix", reason="folders can be flushed on POSIX only")
API = "/api/v1"


class Watch:
    """Notes what was flushed in which state, and what was renamed without, or whose name was not flushed after."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._flushed: dict[int, tuple[int, int]] = {}
        self._names: list[tuple[Path, Path]] = []
        self.renamed: list[str] = []
        self.lost: list[str] = []

    def flush(self, handle: int) -> None:
        about = os.fstat(handle)
        self._flushed[about.st_ino] = (about.st_size, about.st_mtime_ns)
        self._names = [each for each in self._names if each[1].stat().st_ino != about.st_ino]

    def rename(self, source: Any, target: Any) -> None:
        source, target = Path(source), Path(target)
        # Renaming within a hidden folder, or aside, gives nobody a file.
        if not target.is_relative_to(self._folder) or target.name.startswith("."):
            return
        if any(part.startswith(".") for part in target.relative_to(self._folder).parts):
            return
        self.renamed.append(target.relative_to(self._folder).as_posix())
        for each in (source, *source.rglob("*")):
            about = each.stat()
            if each.is_file() and self._flushed.get(about.st_ino) != (about.st_size, about.st_mtime_ns):
                self.lost.append(f"{self.renamed[-1]}: contents of {each.name}")
            if each.is_dir() and about.st_ino not in self._flushed:
                self.lost.append(f"{self.renamed[-1]}: names in {each.name}")
        self._names.append((target, target.parent))

    def finish(self) -> None:
        self.lost += [f"{target.relative_to(self._folder)}: its name" for target, _ in self._names]


@contextmanager
def watching(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    """Watch files below a folder; the system still does what it is asked."""
    watch = Watch(folder.resolve())

    def before(call: Callable[..., Any], note: Callable[..., None]) -> Callable[..., Any]:
        def both(*arguments: Any, **named: Any) -> Any:
            note(*arguments)
            return call(*arguments, **named)

        return both

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", before(os.fsync, watch.flush))
        for name in ("rename", "replace"):
            patch.setattr(os, name, before(getattr(os, name), watch.rename))
        yield watch
    watch.finish()


@pytest.fixture
def world(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Workspace:
    return copy_of(trained(tmp_path_factory.getbasetemp()), tmp_path.resolve())


def test_what_the_service_accepts_is_on_disk(
    world: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = find_release("decline-2y", world)
    features = write_features(release, world, tmp_path)
    with watching(world.folder, monkeypatch) as watch:
        service = serving(world)
        client = Client(service, authorization=f"Bearer {create_token(service.engine, 'admin', 'x')[0]}")
        listed = client.post(f"{API}/lists", json={"municipalities": [TOWN], "capacity": 3})
        assert client.get(f"{API}/lists/{listed.json()['number']}/risicolijst.csv").status_code == 200
        kind = {"content-type": "application/octet-stream"}
        sent = client.post(f"{API}/uploads", content=features.read_bytes(), headers=kind).json()["id"]
        folder = service.settings.folder / "jobs" / "0"
        folder.mkdir(parents=True)
        source = next((service.uploads.folder / sent).glob("upload.*"))
        task = {"source": str(source), "release": str(release.folder), "drivers": False}
        task |= {"output": str(folder / "out"), "result": str(folder / "result.zip")}
        score_upload(task, lambda *_: None)
    assert pq.read_table(source).num_rows
    kinds = {name.split("/")[1] if name.startswith("service/") else name.split("/")[0] for name in watch.renamed}
    assert {"snapshots", "serving.json", "lists", "uploads", "jobs", "manifest.json"} <= kinds
    assert watch.lost == []
    with service.engine.connect() as connection:
        synchronous = connection.exec_driver_sql("PRAGMA synchronous").scalar()
    assert synchronous == 2, "every transaction of the database is flushed when it ends"


def test_what_commands_write_is_on_disk(
    world: Workspace, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = write_example(tmp_path / "files", n_areas=40)
    with watching(tmp_path, monkeypatch) as watch:
        ingest_leefbaarometer([files.leefbaarometer], Workspace(tmp_path / "new"))
        riskmodel.risk_list(world, municipality=[TOWN], capacity=3, out=tmp_path_factory.mktemp("list"))
    assert any(name.startswith("new/observations/") for name in watch.renamed)
    assert any(name.startswith("workspace/lists/") for name in watch.renamed)
    assert watch.lost == []
