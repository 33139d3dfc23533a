"""A lock on a folder: one writer at a time, across processes.

MLflow lets SQLite wait twenty seconds for a lock, but a transaction that has read before it writes is refused at
once when another process wrote in between. So whoever writes to the store or replaces a file takes this lock
first; readers need none. The lock is SQLite's own on an empty file: it works on every system, and is released when
its process ends.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from riskmodel.errors import InputError, StoreError
from riskmodel.workspace.atomic import TO_WRITE, report_disk_trouble
from riskmodel.workspace.folder import Folder

#: Longer than the logging of any backtest or training takes, seconds.
TIMEOUT = 600.0
#: The folders that each thread has locked.
_locked = threading.local()


@contextmanager
def only_writer(folder: Folder, timeout: float = TIMEOUT) -> Iterator[None]:
    """Wait at most ``timeout`` seconds until no other process writes to a folder, and lock it meanwhile.

    May be nested: a thread that has the lock goes on at once.
    """
    locked: set[Path] = _locked.__dict__.setdefault("folders", set())
    own = folder.path().resolve()
    if own in locked:
        yield
        return
    path = folder.path(".lock")
    try:
        folder.path().mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=timeout, isolation_level=None)
    except (OSError, sqlite3.OperationalError) as error:
        raise InputError(folder.path(), str(error), TO_WRITE) from error
    with closing(connection), report_disk_trouble(folder.path()):
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            raise StoreError(
                path,
                f"a workspace in use ({error})",
                f"one that comes free within {timeout:g} seconds",
                "Wait until the other riskmodel is done, or use another workspace.",
            ) from error
        locked.add(own)
        try:
            yield
        finally:
            locked.discard(own)
            connection.execute("ROLLBACK")
