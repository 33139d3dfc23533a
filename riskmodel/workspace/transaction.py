"""Write files into a workspace so that they survive: in one step, with their fingerprints in the manifest.

Drafts are written and synced under a hidden name, noted in the manifest as pending, renamed, and noted as there. A
process that is killed between two of these steps leaves enough to finish: the next one that writes, or looks with
``riskmodel check --deep``, does so.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from riskmodel.errors import InputError, refuse_damage
from riskmodel.sources.formats.files import sha256_of
from riskmodel.workspace.atomic import DRAFT, Content, draft_folder, install, sync, sync_all, write_content
from riskmodel.workspace.folder import Folder
from riskmodel.workspace.lock import only_writer
from riskmodel.workspace.manifest import NAME, Database, Manifest, Pending, inside, read_manifest, write_manifest

#: Folders whose files are all in the manifest, because riskmodel alone writes them.
MANAGED = (
    "observations", "boundaries", "current", "backtests", "models", "forecasts", "lists", "outcomes", "audits",
)  # fmt: skip
#: MLflow's own: artifacts are noted when a run is done, the database with the count of changes it has by then.
ARTIFACTS, STORE = "mlartifacts", "mlflow.db"
#: Unfinished drafts of killed processes stay for a day: one of a living process may look the same.
LEFT_SECONDS = 24 * 3600


def put(folder: Folder | None, moves: Mapping[Path, Path]) -> None:
    """Rename finished drafts to their paths, all of them or none, and note them; without a folder only rename."""
    if folder is None:
        for draft, path in moves.items():
            install(draft, path)
        return
    with only_writer(folder):
        before = recover(folder)
        names = {_name(folder, draft): _name(folder, path) for draft, path in moves.items()}
        files = {
            f"{names[_name(folder, draft)]}{inner}": sum_
            for draft in moves
            for inner, sum_ in _sums(draft).items()
        }
        for draft in moves:
            sync_all(draft)
        write_manifest(folder.path(), replace(before, pending=Pending(names, files)))
        for draft, path in moves.items():
            install(draft, path)
            sync(path.parent)
        write_manifest(folder.path(), before.with_files(names.values(), files))


def put_file(folder: Folder, path: Path, content: Content) -> Path:
    """Write one file of a workspace."""
    return put_files(folder, {path: content})[0]


def put_files(folder: Folder, contents: Mapping[Path, Content]) -> list[Path]:
    """Write files of a workspace together, all in one folder."""
    paths = list(contents)
    if not paths:
        return []
    with draft_folder(paths[0].parent) as draft:
        for path, content in contents.items():
            write_content(draft / path.name, content)
            (draft / path.name).chmod(0o644)
        put(folder, {draft / path.name: path for path in paths})
    return paths


def remove_file(folder: Folder, path: Path) -> None:
    """Remove one file of a workspace that was written a moment ago and must not stay."""
    with only_writer(folder):
        write_manifest(folder.path(), recover(folder).with_files([_name(folder, path)], {}))
        path.unlink(missing_ok=True)
        sync(path.parent)


def recover(folder: Folder) -> Manifest:
    """Finish what a killed process left, and return the manifest, with nothing pending.

    A workspace of version 0 is brought to this version: every file is looked at and noted. The lock must be taken.
    """
    manifest = read_manifest(folder.path())
    if manifest is None:
        manifest = _adopted(folder, Manifest(), [*MANAGED, ARTIFACTS, STORE])
        write_manifest(folder.path(), manifest)
    if manifest.pending is None:
        return manifest
    pending = manifest.pending
    done = replace(manifest, pending=None)
    for draft, path in pending.moves.items():
        files = {name: sum_ for name, sum_ in pending.files.items() if inside(name, path)}
        target, source = folder.path(path), folder.path(draft)
        expected = {name.removeprefix(path): sum_ for name, sum_ in files.items()}
        if source.exists() and _sums(source) == expected:
            install(source, target)
        if target.exists() and _sums(target) == expected:
            done = done.with_files([path], files)
    write_manifest(folder.path(), done)
    _sweep(folder)
    return done


@contextmanager
def writing_runs(folder: Folder) -> Iterator[None]:
    """Be the only writer while runs are logged, and note MLflow's files afterwards."""
    with only_writer(folder):
        recover(folder)
        yield
        before = recover(folder)
        artifacts = {_name(folder, path): path for path in _files(folder.path(ARTIFACTS))}
        new = {name: path for name, path in artifacts.items() if name not in before.files}
        for path in new.values():
            sync(path)
        after = before.with_files((), {name: sha256_of(path) for name, path in new.items()})
        write_manifest(folder.path(), _with_store(folder, after))


def adopt(workspace: Folder, paths: Sequence[Path | str] = (), *, anew: bool = False) -> list[str]:
    """Take files for good as they are now, or as gone: after they were changed on purpose.

    Parameters
    ----------
    workspace : Folder
        Their workspace.
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
        If a path lies outside the workspace, or a file is damaged by its own account.
    """
    with only_writer(workspace):
        if anew:
            workspace.path(NAME).unlink(missing_ok=True)
        before = Manifest() if read_manifest(workspace.path()) is None else recover(workspace)
        names = [_within(workspace, path) for path in paths] or [*MANAGED, ARTIFACTS, STORE]
        after = _adopted(workspace, before, names)
        write_manifest(workspace.path(), after)
        _sweep(workspace)
    old, new = ({**each.files, **each.databases} for each in (before, after))
    return sorted(name for name in {*old, *new} if old.get(name) != new.get(name))


def intact(workspace: Folder, path: Path) -> Path:
    """A file or folder of a workspace itself, once its files are found to have the bytes that were written."""
    manifest = read_manifest(workspace.path())
    for name, sum_ in (manifest.files if manifest else {}).items():
        file = workspace.path(name)
        if inside(name, _name(workspace, path)) and (not file.is_file() or sha256_of(file) != sum_):
            raise InputError(
                file,
                "a damaged file",
                "the bytes that were written",
                "Look at all of the workspace with: riskmodel check --deep",
            )
    return path


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


def _adopted(folder: Folder, before: Manifest, names: Sequence[str]) -> Manifest:
    """The manifest with these files and folders as they are; what can be checked without a manifest is checked."""
    files = {_name(folder, path): path for name in names for path in _files(folder.path(name))}
    files.pop(STORE, None)
    for path in files.values():
        _refuse_damaged(path)
    after = before.with_files(names, {name: sha256_of(path) for name, path in files.items()})
    return _with_store(folder, after) if STORE in names else after


def _with_store(folder: Folder, manifest: Manifest) -> Manifest:
    path = folder.path(STORE)
    return replace(manifest, databases={STORE: database_of(path)} if path.exists() else {})


def _refuse_damaged(path: Path) -> None:
    """Check a table by the checksums of its pages, and a model by its own list."""
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
    with refuse_damage(path, "no released model", "what riskmodel wrote"):
        sums = json.loads(path.read_text(encoding="utf-8"))["sha256"]
        changed = [name for name, sum_ in sums.items() if sha256_of(path.parent / Path(name).name) != sum_]
    if changed:
        raise InputError(path.parent / changed[0], "a file that was changed", "its fingerprint")


def _sweep(folder: Folder) -> None:
    """Remove unfinished drafts of processes that were killed a day ago or longer."""
    latest = time.time() - LEFT_SECONDS
    for path in drafts_in(folder):
        if path.stat().st_mtime < latest:
            shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)


def drafts_in(folder: Folder) -> list[Path]:
    """Drafts that killed processes left, or that living ones are writing."""
    patterns = [f"{DRAFT}*", *(f"{kind}/{depth}{DRAFT}*" for kind in MANAGED for depth in ("", "*/"))]
    return sorted(path for pattern in patterns for path in folder.path().glob(pattern))


def _sums(path: Path) -> dict[str, str]:
    """Fingerprints of a file, or of all in a folder, by their path from there."""
    return {file.as_posix().removeprefix(path.as_posix()): sha256_of(file) for file in _files(path)}


def _files(path: Path) -> Iterable[Path]:
    """A file itself, or the files in a folder that are not in a draft."""
    if path.is_file():
        return [path]
    found = (file for file in sorted(path.rglob("*")) if file.is_file())
    return [file for file in found if not any(part.startswith(DRAFT) for part in file.relative_to(path).parts)]


def _name(folder: Folder, path: Path) -> str:
    return path.resolve().relative_to(folder.path().resolve()).as_posix()


def _within(folder: Folder, path: Path | str) -> str:
    """Path within a folder of what may be given from there or from here."""
    root = folder.path().resolve()
    for start in (root, Path.cwd()):
        found = (start / path).resolve()
        if found != root and found.is_relative_to(root):
            return found.relative_to(root).as_posix()
    raise InputError(path, "a path outside the workspace", f"a file or folder in {folder.path()}")
