"""The database of the service as its first version made it."""

from __future__ import annotations

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
    insert,
)


def create_first_version(connection: Connection) -> None:
    """Create the tables of version 1, as the first release did."""
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
    version = Table(
        "schema_version",
        tables,
        Column("version", Integer, primary_key=True, autoincrement=False),
        Column("applied_at", Text, nullable=False),
    )
    tables.create_all(connection)
    connection.execute(insert(version).values(version=1, applied_at="2026-11-22T20:00:00.000Z"))
