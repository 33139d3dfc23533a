"""The steps that bring an existing database of the service from one version to the next.

A new database starts at the current version, from :mod:`riskmodel.web.database.tables`. A step is never changed
once released, because databases in use have taken it. A change of the schema is a new step at the end of
:data:`STEPS` and the same change in the tables; a test compares a new database with one that took all steps.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Connection, text

Step = Callable[[Connection], None]


def _second(connection: Connection) -> None:
    """Add progress and results of background jobs, and what is known of an upload."""
    for table, column in (
        ("jobs", "heartbeat_at TEXT"),
        ("jobs", "rows_done BIGINT DEFAULT 0 NOT NULL"),
        ("jobs", "rows_total BIGINT DEFAULT 0 NOT NULL"),
        ("jobs", "rate FLOAT"),
        ("jobs", "result TEXT"),
        ("uploads", "kind TEXT DEFAULT 'csv' NOT NULL"),
        ("uploads", "header TEXT DEFAULT '{}' NOT NULL"),
    ):
        connection.execute(text(f"ALTER TABLE {table} ADD COLUMN {column}"))


#: The first step makes version 2 out of version 1, and so on.
STEPS: tuple[Step, ...] = (_second,)
