"""Writes that may wait, so that no read depends on a write: a thread does them within a second."""

from __future__ import annotations

import logging
from collections.abc import Hashable
from threading import Event, Lock, Thread

from sqlalchemy import Engine, Executable
from sqlalchemy.exc import SQLAlchemyError

from riskmodel.web.database.database import writing

log = logging.getLogger(__name__)

#: Seconds between two looks.
EVERY = 1.0
#: Most writes that wait; while nothing can be written, later ones are lost, and the log says so.
MOST = 10_000


class WriteBehind:
    """Statements by key, of which the last one of each key is executed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._waiting: dict[Hashable, Executable] = {}
        self._lock, self._stop = Lock(), Event()
        self._thread = Thread(target=self._run, name="writes", daemon=True)

    def put(self, key: Hashable, statement: Executable) -> None:
        """Execute a statement soon, not an earlier one with this key that still waits."""
        with self._lock:
            if key not in self._waiting and len(self._waiting) >= MOST:
                log.error("%d writes wait already; lost: %s", MOST, key)
                return
            self._waiting[key] = statement

    def flush(self) -> bool:
        """Execute what waits, in one transaction; return whether that went well."""
        with self._lock:
            taken, self._waiting = self._waiting, {}
        if not taken:
            return True
        try:
            with writing(self._engine) as connection:
                for statement in taken.values():
                    connection.execute(statement)
        except SQLAlchemyError as error:
            log.warning("%d writes wait: %s", len(taken), error)
            with self._lock:
                self._waiting = taken | self._waiting
            return False
        return True

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Execute what waits, and stop."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)
        self.flush()

    def _run(self) -> None:
        while not self._stop.wait(EVERY):
            self.flush()
