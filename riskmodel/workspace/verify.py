"""``riskmodel check --deep``: read every byte of a workspace and compare it with what was noted.

Files are compared with the manifest. A SQLite database changes in place, so it is compared with what riskmodel
noted after its own last write; when SQLite's count of changes shows that another program wrote since, only its
structure is checked, and a note says so.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from riskmodel.errors import InputError
from riskmodel.sources.formats.files import sha256_of
from riskmodel.workspace.atomic import TO_WRITE
from riskmodel.workspace.folder import Folder
from riskmodel.workspace.lock import only_writer
from riskmodel.workspace.manifest import NAME, Database, Manifest, read_manifest
from riskmodel.workspace.transaction import MANAGED, STORE, database_of, drafts_in, recover
from riskmodel.workspace.verify_service import OTHER_BYTES, check_service, integrity

if TYPE_CHECKING:
    from riskmodel.workspace.store import Workspace

#: Seconds to wait for another process that writes.
TIMEOUT = 60.0


@dataclass(frozen=True)
class Damage:
    """A file that is not as it was written: its path within the workspace, and what is wrong with it."""

    path: str
    what: str


@dataclass(frozen=True)
class DeepCheck:
    """Result of :func:`check_deep`.

    Attributes
    ----------
    files, bytes : int
        Number of files and bytes that were read.
    damages : tuple of Damage
        Empty for a workspace that is whole.
    notes : tuple of str
        What could not be checked as closely, and what was left by processes that were killed.
    """

    files: int
    bytes: int
    damages: tuple[Damage, ...]
    notes: tuple[str, ...]


def check_deep(workspace: Workspace) -> DeepCheck:
    """Compare every file of a workspace with what was noted when it was written.

    Parameters
    ----------
    workspace : Workspace
        What to look through. Where it can be written to, what a killed process left is finished first, and
        others wait meanwhile.

    Raises
    ------
    InputError
        If it has no manifest yet, is of a newer format, or is in use for too long.
    """
    if not workspace.path(NAME).exists():
        raise InputError(
            workspace.folder,
            "no manifest: a workspace of an earlier riskmodel, or none",
            "one with checksums",
            f"Run: riskmodel adopt --workspace {workspace.folder}",
        )
    try:
        with only_writer(workspace, TIMEOUT):
            return _look(workspace, recover(workspace))
    except InputError as error:
        if error.where == str(workspace.path(NAME)) and "damaged" in error.found:
            return DeepCheck(1, workspace.path(NAME).stat().st_size, (Damage(NAME, error.found),), (error.hint,))
        if error.expected != TO_WRITE:
            raise
    found = _look(workspace, read_manifest(workspace.folder) or Manifest())
    note = "read-only: nothing that a killed process left could be finished, and others may write meanwhile"
    return replace(found, notes=(*found.notes, note))


def _look(folder: Folder, manifest: Manifest) -> DeepCheck:
    store, service = folder.path(STORE), check_service(folder.path())
    damages = [*_changed_files(folder, manifest), *_unknown_files(folder, manifest)]
    store_damages, store_notes = _check_store(store, manifest.databases.get(STORE))
    damages += [(STORE, message) for message in store_damages]
    notes = [*store_notes, *service.notes]
    if left := drafts_in(folder):
        notes.append(f"{len(left)} unfinished drafts of processes that were killed or are still writing")
    read = [*(folder.path(name) for name in manifest.files), store, *service.read]
    sizes = [path.stat().st_size for path in read if path.is_file()]
    every = tuple(Damage(path, message) for path, message in [*damages, *service.damages])
    return DeepCheck(len(sizes), sum(sizes), every, tuple(notes))


def _changed_files(folder: Folder, manifest: Manifest) -> Iterator[tuple[str, str]]:
    for name, sum_ in sorted(manifest.files.items()):
        try:
            if sha256_of(folder.path(name)) != sum_:
                yield name, OTHER_BYTES
        except FileNotFoundError:
            yield name, "gone"
        except OSError as error:
            yield name, f"cannot be read ({error.strerror})"


def _unknown_files(folder: Folder, manifest: Manifest) -> Iterator[tuple[str, str]]:
    """Files in riskmodel's own folders that it did not write; they would be read all the same."""
    for kind in MANAGED:
        for path in sorted(folder.path(kind).rglob("*")):
            name = path.relative_to(folder.path())
            hidden = any(part.startswith(".") for part in name.parts)
            if path.is_file() and not hidden and name.as_posix() not in manifest.files:
                yield name.as_posix(), "not put there by riskmodel"


def _check_store(path: Path, noted: Database | None) -> tuple[list[str], list[str]]:
    """Damages of MLflow's database, and a note where it could not be checked as closely."""
    if not path.exists():
        return ["gone"] if noted else [], []
    if wrong := integrity(path):
        return wrong, []
    try:
        now = database_of(path)
    except (InputError, sqlite3.Error, OSError) as error:
        return [getattr(error, "found", str(error))], []
    if noted is None or now.changes != noted.changes:
        by = "changed by another program or a killed process since"
        return [], [f"{path.name}: {by}; only its structure was checked"]
    return [] if now == noted else [OTHER_BYTES], []
