"""One writer at a time in a workspace, across processes.

MLflow lets SQLite wait twenty seconds for a lock, but a transaction that has read before it writes is refused at
once when another process wrote in between. So whoever writes to the store or puts something in its place takes
this lock first; readers need none. The lock is SQLite's own on an empty file: it works on every system, and goes
away with the process that holds it.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from riskmodel.errors import InputError
from riskmodel.workspace.atomic import TO_WRITE, told_plainly
from riskmodel.workspace.atomic import put_in_place as put_in_place
from riskmodel.workspace.folder import Folder

#: Longer than the logging of any backtest or training takes, seconds.
PATIENCE = 600.0
#: Which locks a thread holds by now.
_held = threading.local()


@contextmanager
def only_writer(workspace: Folder, patience: float = PATIENCE) -> Iterator[None]:
    """Wait until no other process writes to the workspace, and keep others waiting meanwhile.

    May be nested: a thread that holds the lock goes on at once.
    """
    held: set[Path] = _held.__dict__.setdefault("places", set())
    place = workspace.folder.resolve()
    if place in held:
        yield
        return
    path = workspace.path(".lock")
    try:
        workspace.folder.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=patience, isolation_level=None)
    except (OSError, sqlite3.OperationalError) as error:
        raise InputError(workspace.folder, str(error), TO_WRITE) from error
    with closing(connection), told_plainly(workspace.folder):
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            raise InputError(
                path,
                f"a workspace in use ({error})",
                f"one that comes free within {patience:g} seconds",
                "Wait until the other riskmodel is done, or use another workspace.",
            ) from error
        held.add(place)
        try:
            yield
        finally:
            held.discard(place)
            connection.execute("ROLLBACK")
