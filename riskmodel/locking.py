"""One writer at a time in a workspace, across processes, and folders that change in one step.

MLflow lets SQLite wait twenty seconds for a lock, but a transaction that has read before it writes is refused at
once when another process wrote in between. So whoever writes to the store or puts a stored backtest in place takes
this lock first; readers need none. The lock is SQLite's own on an empty file: it works on every system, and goes
away with the process that holds it.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from riskmodel.errors import InputError
from riskmodel.panel.store import Workspace

#: Longer than the logging of any backtest or training takes, seconds.
PATIENCE = 600.0


@contextmanager
def only_writer(workspace: Workspace, patience: float = PATIENCE) -> Iterator[None]:
    """Wait until no other process writes to the workspace, and keep others waiting meanwhile.

    Not to be nested: a process that holds the lock would wait for itself.

    Parameters
    ----------
    workspace : Workspace
        Its folder is made when it is not there.
    patience : float
        Seconds to wait.

    Raises
    ------
    InputError
        If the lock did not come free, or the folder cannot be written to.
    """
    path = workspace.path(".lock")
    try:
        workspace.folder.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=patience, isolation_level=None)
    except (OSError, sqlite3.OperationalError) as error:
        raise InputError(workspace.folder, str(error), "a folder to write into") from error
    with closing(connection):
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise InputError(
                path,
                f"a workspace in use ({error})",
                f"one that comes free within {patience:g} seconds",
                "Wait until the other riskmodel is done, or use another workspace.",
            ) from error
        try:
            yield
        finally:
            connection.execute("ROLLBACK")


def put_in_place(draft: Path, folder: Path) -> None:
    """Rename a finished draft to a folder, in the place of what stood there.

    Parameters
    ----------
    draft : Path
        On the same disk as the folder, see :func:`riskmodel.panel.store.draft_folder`.
    folder : Path
        Where it shall stand.
    """
    if not folder.exists():
        draft.rename(folder)
        return
    # A folder cannot replace another in one step; readers miss it for the moment between two renames.
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix="."))
    try:
        folder.rename(aside / "old")
        draft.rename(folder)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
