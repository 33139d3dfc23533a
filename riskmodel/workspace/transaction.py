"""Put things in a workspace so that they survive: in one step, with their fingerprints in the manifest.

What is put in place is first written and synced under a hidden name, then noted in the manifest as pending, then
renamed, then noted as there. A process that is killed between two of these steps leaves enough to finish: the next
one that writes, or looks with ``riskmodel check --deep``, does so.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from riskmodel.errors import InputError, damage_told
from riskmodel.workspace.atomic import DRAFT, draft_folder, put_in_place, sync, sync_all
from riskmodel.workspace.folder import Folder
from riskmodel.workspace.lock import only_writer
from riskmodel.workspace.manifest import (
    NAME,
    Database,
    Manifest,
    Pending,
    inside,
    read_manifest,
    sha256_of,
    write_manifest,
)

#: Folders whose files are all in the manifest, because riskmodel alone puts them there.
KEPT = ("observations", "boundaries", "current", "backtests", "models", "forecasts", "lists", "outcomes", "audits")
#: MLflow's own: artifacts are noted when a run is done, the database with the count of changes it has by then.
ARTIFACTS, STORE = "mlartifacts", "mlflow.db"
#: Unfinished drafts of killed processes stay for a day: one of a living process may look the same.
LEFT_SECONDS = 24 * 3600


def put(workspace: Folder | None, moves: Mapping[Path, Path]) -> None:
    """Put finished drafts in their places, all of them or none, and note what stands there now."""
    if workspace is None:
        for draft, place in moves.items():
            put_in_place(draft, place)
        return
    with only_writer(workspace):
        before = settled(workspace)
        names = {_name(workspace, draft): _name(workspace, place) for draft, place in moves.items()}
        files = {
            f"{names[_name(workspace, draft)]}{path.as_posix().removeprefix(draft.as_posix())}": sha256_of(path)
            for draft in moves
            for path in _files(draft)
        }
        for draft in moves:
            sync_all(draft)
        write_manifest(workspace.folder, replace(before, pending=Pending(names, files)))
        for draft, place in moves.items():
            put_in_place(draft, place)
            sync(place.parent)
        write_manifest(workspace.folder, before.with_files(names.values(), files))


def put_file(workspace: Folder, path: Path, write: Callable[[Path], object]) -> Path:
    """Let ``write`` fill a draft of one file of a workspace, and put it in place."""
    return put_files(workspace, {path: write})[0]


def put_files(workspace: Folder, writers: Mapping[Path, Callable[[Path], object]]) -> list[Path]:
    """Let each writer fill a draft of its file, and put them in place together; all in one folder."""
    places = list(writers)
    if not places:
        return []
    with draft_folder(places[0].parent) as draft:
        for path, write in writers.items():
            write(draft / path.name)
            (draft / path.name).chmod(0o644)
        put(workspace, {draft / path.name: path for path in places})
    return places


def settled(workspace: Folder) -> Manifest:
    """The manifest with nothing pending: what a killed process left is finished first.

    A workspace of version 0 is brought to this version: every file is looked at and noted. The lock must be held.
    """
    manifest = read_manifest(workspace.folder)
    if manifest is None:
        manifest = _adopted(workspace, Manifest(), [*KEPT, ARTIFACTS, STORE])
        write_manifest(workspace.folder, manifest)
    if manifest.pending is None:
        return manifest
    told = manifest.pending
    done = replace(manifest, pending=None)
    for draft, place in told.moves.items():
        files = {path: sum_ for path, sum_ in told.files.items() if inside(path, place)}
        target, source = workspace.path(place), workspace.path(draft)
        expected = {path.removeprefix(place): sum_ for path, sum_ in files.items()}
        if source.exists() and _sums(source) == expected:
            put_in_place(source, target)
        if target.exists() and _sums(target) == expected:
            done = done.with_files([place], files)
    write_manifest(workspace.folder, done)
    _sweep(workspace)
    return done


@contextmanager
def writing_runs(workspace: Folder) -> Iterator[None]:
    """Be the only writer while runs are logged, and note MLflow's files afterwards."""
    with only_writer(workspace):
        settled(workspace)
        yield
        before = settled(workspace)
        known = set(before.files)
        made = [path for path in _files(workspace.path(ARTIFACTS)) if _name(workspace, path) not in known]
        for path in made:
            sync(path)
        after = before.with_files((), {_name(workspace, path): sha256_of(path) for path in made})
        write_manifest(workspace.folder, _with_store(workspace, after))


def adopt(workspace: Folder, paths: Sequence[Path | str] = (), *, anew: bool = False) -> list[str]:
    """Take files for good as they stand now, or as gone: after they were changed on purpose.

    Parameters
    ----------
    workspace : Folder
        Where they are.
    paths : sequence of Path or str
        Files or folders, by their path within the workspace or from here; by default everything.
    anew : bool
        Begin a new manifest, because the one that is there is damaged.

    Returns
    -------
    list of str
        What is noted otherwise than before, by its path within the workspace.

    Raises
    ------
    InputError
        If a path lies outside the workspace, or holds a file that is damaged by its own account.
    """
    with only_writer(workspace):
        if anew:
            workspace.path(NAME).unlink(missing_ok=True)
        before = Manifest() if read_manifest(workspace.folder) is None else settled(workspace)
        places = [_within(workspace, path) for path in paths] or [*KEPT, ARTIFACTS, STORE]
        after = _adopted(workspace, before, places)
        write_manifest(workspace.folder, after)
        _sweep(workspace)
    old, new = ({**each.files, **each.databases} for each in (before, after))
    return sorted(name for name in {*old, *new} if old.get(name) != new.get(name))


def intact(workspace: Folder, folder: Path) -> Path:
    """The folder itself, when its files are those that were put there."""
    manifest = read_manifest(workspace.folder)
    place = _name(workspace, folder)
    for path, sum_ in (manifest.files if manifest else {}).items():
        if inside(path, place) and (not workspace.path(path).is_file() or sha256_of(workspace.path(path)) != sum_):
            raise InputError(
                workspace.path(path),
                "a damaged file",
                "the bytes that were written",
                "Look at all of the workspace with: riskmodel check --deep",
            )
    return folder


def database_of(path: Path) -> Database:
    """A SQLite database as it is now, while no other program writes to it."""
    # A transaction that only reads keeps other programs from writing until the connection is closed.
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=rw", uri=True, timeout=60)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        with path.open("rb") as file:
            head = file.read(100)
            file.seek(0)
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    # https://www.sqlite.org/fileformat2.html#file_change_counter
    count, again = (int.from_bytes(head[start : start + 4], "big") for start in (24, 92))
    if len(head) < 100 or count != again:
        raise InputError(path, "a damaged header", "a SQLite database")
    return Database(sha256, count)


def _adopted(workspace: Folder, before: Manifest, places: Sequence[str]) -> Manifest:
    """The manifest with these places as they are; what can be checked without a manifest is checked."""
    files = {_name(workspace, path): path for place in places for path in _files(workspace.path(place))}
    files.pop(STORE, None)
    for path in files.values():
        _refuse_damaged(path)
    after = before.with_files(places, {name: sha256_of(path) for name, path in files.items()})
    return _with_store(workspace, after) if STORE in places else after


def _with_store(workspace: Folder, manifest: Manifest) -> Manifest:
    path = workspace.path(STORE)
    return replace(manifest, databases={STORE: database_of(path)} if path.exists() else {})


def _refuse_damaged(path: Path) -> None:
    """Look at what a file says of itself: tables by the checksums of their pages, models by their own list."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if path.name == "release.json":
        _refuse_changed_model(path)
    if path.suffix == ".parquet":
        try:
            pq.read_table(path, page_checksum_verification=True)
        except (pa.ArrowException, OSError) as error:
            raise InputError(path, "a damaged file", "a table that can be read", "Restore it first.") from error


def _refuse_changed_model(path: Path) -> None:
    with damage_told(path, "no released model", "what riskmodel wrote"):
        told = json.loads(path.read_text(encoding="utf-8"))["sha256"]
        changed = [name for name, sum_ in told.items() if sha256_of(path.parent / Path(name).name) != sum_]
    if changed:
        raise InputError(path.parent / changed[0], "a file that was changed", "its fingerprint")


def _sweep(workspace: Folder) -> None:
    """Remove unfinished drafts of processes that were killed a day ago or longer."""
    latest = time.time() - LEFT_SECONDS
    for path in drafts_in(workspace):
        if path.stat().st_mtime < latest:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def drafts_in(workspace: Folder) -> list[Path]:
    """What processes that were killed left unfinished, or living ones are writing."""
    every = [f"{DRAFT}*", *(f"{kind}/{depth}{DRAFT}*" for kind in KEPT for depth in ("", "*/"))]
    return sorted(path for pattern in every for path in workspace.folder.glob(pattern))


def _sums(place: Path) -> dict[str, str]:
    """Fingerprints of a file, or of all in a folder, by their path from there."""
    return {path.as_posix().removeprefix(place.as_posix()): sha256_of(path) for path in _files(place)}


def _files(place: Path) -> Iterable[Path]:
    """A file itself, or the files in a folder; unfinished drafts in it are none."""
    if place.is_file():
        return [place]
    found = (path for path in sorted(place.rglob("*")) if path.is_file())
    return [path for path in found if not any(part.startswith(DRAFT) for part in path.relative_to(place).parts)]


def _name(workspace: Folder, path: Path) -> str:
    return path.resolve().relative_to(workspace.folder.resolve()).as_posix()


def _within(workspace: Folder, path: Path | str) -> str:
    """Path within the workspace of what may be given from there or from here."""
    root = workspace.folder.resolve()
    for start in (root, Path.cwd()):
        found = (start / path).resolve()
        if found != root and found.is_relative_to(root):
            return found.relative_to(root).as_posix()
    raise InputError(path, "a path outside the workspace", f"a file or folder in {workspace.folder}")
