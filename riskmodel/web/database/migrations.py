"""The steps that bring the database of the service from one version to the next.

A step is never changed once released: databases out there have taken it. A new need is a new step at the end of
:data:`STEPS`, and the same change in :mod:`riskmodel.web.database.tables`; a test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)

Step = Callable[[Connection], None]


def _first(connection: Connection) -> None:
    tables = MetaData()
    Table(
        "list_requests",
        tables,
        Column("number", Integer, primary_key=True, autoincrement=True),
        Column("key", Text, nullable=False, unique=True),
        Column("who", Text, nullable=False),
        Column("what", Text, nullable=False),
        Column("experiment", Text, nullable=False),
        Column("forecast_id", Text, nullable=False),
        Column("snapshot_id", Text, nullable=False),
        Column("model_version", Text, nullable=False),
        Column("code_version", Text, nullable=False),
        Column("made_on", Text, nullable=False),
        Column("created_at", Text, nullable=False),
        sqlite_autoincrement=True,
    )
    Table(
        "list_files",
        tables,
        Column("number", Integer, ForeignKey("list_requests.number"), primary_key=True, autoincrement=False),
        Column("form", Text, primary_key=True),
        Column("sha256", Text, nullable=False),
        Column("bytes", BigInteger, nullable=False),
        Column("code_version", Text, nullable=False),
        Column("created_at", Text, nullable=False),
    )
    tokens = Table(
        "tokens",
        tables,
        Column("id", Text, primary_key=True),
        Column("hash", Text, nullable=False),
        Column("role", Text, nullable=False),
        Column("municipalities", Text),
        Column("label", Text, nullable=False),
        Column("created_at", Text, nullable=False),
        Column("revoked_at", Text),
        Column("last_used_at", Text),
    )
    jobs = Table(
        "jobs",
        tables,
        Column("id", Text, primary_key=True),
        Column("kind", Text, nullable=False),
        Column("state", Text, nullable=False),
        Column("who", Text, nullable=False),
        Column("municipality", Text, nullable=False),
        Column("upload_id", Text),
        Column("parameters", Text, nullable=False),
        Column("progress", Float, nullable=False),
        Column("message", Text, nullable=False),
        Column("pid", Integer),
        Column("attempts", Integer, nullable=False),
        Column("created_at", Text, nullable=False),
        Column("started_at", Text),
        Column("ended_at", Text),
    )
    uploads = Table(
        "uploads",
        tables,
        Column("id", Text, primary_key=True),
        Column("name", Text, nullable=False),
        Column("municipality", Text, nullable=False),
        Column("who", Text, nullable=False),
        Column("sha256", Text, nullable=False),
        Column("bytes", BigInteger, nullable=False),
        Column("rows", BigInteger, nullable=False),
        Column("created_at", Text, nullable=False),
        Column("deleted_at", Text),
    )
    audit = Table(
        "audit_log",
        tables,
        Column("id", Integer, primary_key=True, autoincrement=True),
        Column("at", Text, nullable=False),
        Column("who", Text, nullable=False),
        Column("address", Text, nullable=False),
        Column("action", Text, nullable=False),
        Column("what", Text, nullable=False),
        sqlite_autoincrement=True,
    )
    Table("secrets", tables, Column("name", Text, primary_key=True), Column("value", Text, nullable=False))
    Index("tokens_created", tokens.c.created_at)
    Index("jobs_state", jobs.c.state, jobs.c.created_at)
    Index("uploads_municipality", uploads.c.municipality)
    Index("audit_at", audit.c.at)
    tables.create_all(connection)


def _second(connection: Connection) -> None:
    """What a background job tells while it runs and when it is done, and what an upload is."""
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


#: Step ``n`` (from 1) makes version ``n`` out of version ``n - 1``.
STEPS: tuple[Step, ...] = (_first, _second)
