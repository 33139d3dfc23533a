"""A workspace that was moved, copied or restored elsewhere: MLflow keeps the places of artifacts as whole paths.

Where the places in the store are those of another folder, while the artifacts lie in this one, they are made those
of this one. So a copy never reads or writes the artifacts of the workspace that it was copied from.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from riskmodel.errors import InputError
from riskmodel.workspace.atomic import TO_WRITE
from riskmodel.workspace.folder import Folder
from riskmodel.workspace.transaction import ARTIFACTS, STORE, writing_runs

#: Where MLflow keeps places of artifacts.
COLUMNS = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)


def come_home(workspace: Folder) -> bool:
    """Let the SQLite store of a workspace name the artifacts beside it."""
    path = workspace.path(STORE)
    if not path.exists() or not _elsewhere(workspace):
        return False
    try:
        with writing_runs(workspace), closing(sqlite3.connect(path, timeout=60)) as connection, connection:
            for old in _elsewhere(workspace):
                _rename(connection, old, f"{_home(workspace)}/{ARTIFACTS}/")
    except InputError as error:
        if error.expected != TO_WRITE:
            raise
        raise InputError(
            path,
            f"artifacts that lie in another folder ({_elsewhere(workspace)[0]})",
            "a workspace where it was made, or one that can be written to after it was moved",
            "Give this user the right to write there once, or put the workspace back in its old place.",
        ) from error
    return True


def _elsewhere(workspace: Folder) -> list[str]:
    """Beginnings of places in the store that lie in another folder, though the artifacts are here."""
    home = _home(workspace)
    asked = "SELECT name, artifact_location FROM experiments"
    with closing(sqlite3.connect(workspace.path(STORE), timeout=60)) as connection:
        try:
            rows = connection.execute(asked).fetchall()
        except sqlite3.OperationalError:  # a store that is just being made has no tables yet
            return []
    found = set()
    for name, location in rows:
        root = str(location).removesuffix(f"/{ARTIFACTS}/{name}")
        if root not in (location, home) and workspace.path(ARTIFACTS, name).is_dir():
            found.add(f"{root}/{ARTIFACTS}/")
    return sorted(found)


def _home(workspace: Folder) -> str:
    return Path(workspace.folder).resolve().as_uri()


def _rename(connection: sqlite3.Connection, old: str, new: str) -> None:
    for table, column in COLUMNS:
        known = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        if column in known:
            connection.execute(
                f"UPDATE {table} SET {column} = ? || substr({column}, ?) WHERE substr({column}, 1, ?) = ?",
                (new, len(old) + 1, len(old), old),
            )
