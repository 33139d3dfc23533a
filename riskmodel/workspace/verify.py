"""Look at every byte of a workspace: ``riskmodel check --deep``.

Files are held against the manifest. A SQLite database changes in place, so it is held against what riskmodel noted
after its own last write; when SQLite's count of changes says that another program wrote since, only its structure
is looked at, and that is said.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from riskmodel.errors import InputError
from riskmodel.workspace.atomic import TO_WRITE
from riskmodel.workspace.lock import only_writer
from riskmodel.workspace.manifest import NAME, Manifest, read_manifest, sha256_of
from riskmodel.workspace.transaction import KEPT, STORE, database_of, drafts_in, settled
from riskmodel.workspace.verify_service import check_service, integrity

if TYPE_CHECKING:
    from riskmodel.workspace.store import Workspace

#: Seconds to wait for who is writing.
PATIENCE = 60.0


@dataclass(frozen=True)
class Damage:
    """Something that is not as it was put there.

    Attributes
    ----------
    path : str
        Which file, within the workspace.
    what : str
        What is wrong with it.
    """

    path: str
    what: str


@dataclass(frozen=True)
class DeepCheck:
    """What a look at every byte gave.

    Attributes
    ----------
    files, bytes : int
        What was read.
    damages : tuple of Damage
        What is wrong; empty for a workspace that is whole.
    notes : tuple of str
        What could not be looked at as closely, and what was left by processes that were killed.
    """

    files: int
    bytes: int
    damages: tuple[Damage, ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """The same as plain data, for JSON."""
        return asdict(self)


def check_deep(workspace: Workspace) -> DeepCheck:
    """Hold every file of a workspace against what was noted when it was written.

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
        with only_writer(workspace, PATIENCE):
            return _look(workspace, settled(workspace))
    except InputError as error:
        if error.where == str(workspace.path(NAME)) and "damaged" in error.found:
            return DeepCheck(1, workspace.path(NAME).stat().st_size, (Damage(NAME, error.found),), (error.hint,))
        if error.expected != TO_WRITE:
            raise
    manifest = read_manifest(workspace.folder) or Manifest()
    found = _look(workspace, manifest)
    note = "read-only: nothing that a killed process left could be finished, and others may write meanwhile"
    return DeepCheck(found.files, found.bytes, found.damages, (*found.notes, note))


def _look(workspace: Workspace, manifest: Manifest) -> DeepCheck:
    damages = [Damage(path, what) for path, what in _files(workspace, manifest)]
    damages += [Damage(path, "not put there by riskmodel") for path in _strangers(workspace, manifest)]
    notes: list[str] = []
    store, told = workspace.path(STORE), manifest.databases.get(STORE)
    if store.exists():
        wrong, note = _database(store, told.sha256 if told else "", told.changes if told else -1)
        damages += [Damage(STORE, what) for what in wrong]
        notes += [note] if note else []
    elif told:
        damages.append(Damage(STORE, "gone"))
    service = check_service(workspace.folder)
    damages += [Damage(path, what) for path, what in service.damages]
    notes += service.notes
    left = drafts_in(workspace)
    if left:
        notes.append(f"{len(left)} unfinished drafts of processes that were killed or are still writing")
    read = [workspace.path(path) for path in manifest.files] + [store] + service.read
    sizes = [path.stat().st_size for path in read if path.is_file()]
    return DeepCheck(len(sizes), sum(sizes), tuple(damages), tuple(notes))


def _files(workspace: Workspace, manifest: Manifest) -> Iterable[tuple[str, str]]:
    for name, sum_ in sorted(manifest.files.items()):
        path = workspace.path(name)
        try:
            if sha256_of(path) != sum_:
                yield name, "other bytes than were written"
        except FileNotFoundError:
            yield name, "gone"
        except OSError as error:
            yield name, f"cannot be read ({error.strerror})"


def _strangers(workspace: Workspace, manifest: Manifest) -> Iterable[str]:
    """Files in riskmodel's own folders that it did not put there; they would be read all the same."""
    for kind in KEPT:
        for path in sorted(workspace.path(kind).rglob("*")):
            name = path.relative_to(workspace.folder)
            hidden = any(part.startswith(".") for part in name.parts)
            if path.is_file() and not hidden and name.as_posix() not in manifest.files:
                yield name.as_posix()


def _database(path: Path, sha256: str, changes: int) -> tuple[list[str], str]:
    """What is wrong with a database, and what must be said of how closely it was looked at."""
    wrong = integrity(path)
    if wrong:
        return wrong, ""
    try:
        now = database_of(path)
    except (InputError, sqlite3.Error, OSError) as error:
        return [getattr(error, "found", str(error))], ""
    if now.changes == changes:
        return ([] if now.sha256 == sha256 else ["other bytes than were written"]), ""
    return [], f"{path.name}: changed by another program or a killed process since; only its structure was checked"
