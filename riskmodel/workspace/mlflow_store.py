"""MLflow's SQLite store in a workspace, read and changed by SQL: importing MLflow takes seconds.

All SQL on MLflow's own tables is here (as of MLflow 3.17). Everything else goes through its client, see
:mod:`riskmodel.workflow.tracking`.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from riskmodel.errors import InputError
from riskmodel.workspace.atomic import TO_WRITE
from riskmodel.workspace.folder import Folder
from riskmodel.workspace.transaction import ARTIFACTS, STORE, writing_runs

#: Tables and columns with paths of artifacts.
ARTIFACT_COLUMNS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)
CHAMPIONS = (
    "SELECT a.name, a.version, t.value FROM registered_model_aliases a JOIN model_version_tags t "
    "ON t.name = a.name AND t.version = a.version WHERE a.alias = 'champion' AND t.key = 'release'"
)


def champions(folder: Path) -> dict[str, tuple[str, str]]:
    """Version and release of the champion of each experiment; empty where the store is absent or in use."""
    store = folder / STORE
    if not store.exists():
        return {}
    try:
        with closing(sqlite3.connect(f"file:{store.resolve()}?mode=ro", uri=True, timeout=1)) as database:
            rows = database.execute(CHAMPIONS).fetchall()
    except sqlite3.Error:
        return {}
    return {str(name): (str(version), str(release)) for name, version, release in rows}


def relocate_artifacts(folder: Folder) -> bool:
    """Rewrite the paths of artifacts in a store that was moved, copied or restored; return whether any changed.

    MLflow stores whole paths. Where those are of another folder, while the artifacts lie in this one, they become
    paths in this one: a copy never reads or writes the artifacts of the workspace that it was copied from.
    """
    store = folder.path(STORE)
    if not store.exists() or not _other_roots(folder):
        return False
    try:
        with writing_runs(folder), closing(sqlite3.connect(store, timeout=60)) as connection, connection:
            for root in _other_roots(folder):
                _replace_root(connection, root, f"{_own_root(folder)}/{ARTIFACTS}/")
    except InputError as error:
        if error.expected != TO_WRITE:
            raise
        raise InputError(
            store,
            f"artifacts that lie in another folder ({_other_roots(folder)[0]})",
            "a workspace where it was made, or one that can be written to after it was moved",
            "Give this user the right to write there once, or put the workspace back in its old place.",
        ) from error
    return True


def _other_roots(folder: Folder) -> list[str]:
    """Beginnings of paths in the store that lie in another folder, though the artifacts are in this one."""
    with closing(sqlite3.connect(folder.path(STORE), timeout=60)) as connection:
        try:
            rows = connection.execute("SELECT name, artifact_location FROM experiments").fetchall()
        except sqlite3.OperationalError:  # a store that is just being made has no tables yet
            return []
    found = set()
    for name, location in rows:
        root = str(location).removesuffix(f"/{ARTIFACTS}/{name}")
        if root not in (location, _own_root(folder)) and folder.path(ARTIFACTS, name).is_dir():
            found.add(f"{root}/{ARTIFACTS}/")
    return sorted(found)


def _own_root(folder: Folder) -> str:
    return folder.path().resolve().as_uri()


def _replace_root(connection: sqlite3.Connection, old: str, new: str) -> None:
    for table, column in ARTIFACT_COLUMNS:
        known = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        if column in known:
            connection.execute(
                f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE substr({column}, 1, ?) = ?",
                (new, len(old) + 1, len(old), old),
            )
