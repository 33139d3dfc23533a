"""The tables of the service's database in their current version.

Moments are texts in UTC such as ``2026-01-02T03:04:05.678Z``: they sort as they should and mean the same in every
database. What has parts is JSON text.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, MetaData, Table, Text, text

metadata = MetaData()


def _texts(*names: str) -> list[Column[str]]:
    """Return text columns that may not be NULL."""
    return [Column(name, Text, nullable=False) for name in names]


schema_version = Table(
    "schema_version",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("applied_at", Text, nullable=False),
)

#: One row a list that was asked for; ``what`` is JSON of its settings, ``who`` empty without a login.
list_requests = Table(
    "list_requests",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False, unique=True),
    *_texts("who", "what", "experiment", "forecast_id", "snapshot_id", "model_version", "code_version"),
    *_texts("made_on", "created_at"),
    sqlite_autoincrement=True,
)

#: The files of lists that were given to somebody.
list_files = Table(
    "list_files",
    metadata,
    Column("number", Integer, ForeignKey("list_requests.number"), primary_key=True, autoincrement=False),
    Column("form", Text, primary_key=True),
    Column("sha256", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    *_texts("code_version", "created_at"),
)

#: ``municipalities`` is JSON of ``GM`` codes; NULL for all.
tokens = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),
    *_texts("hash", "role"),
    Column("municipalities", Text),
    *_texts("label", "created_at"),
    Column("revoked_at", Text),
    Column("last_used_at", Text),
)

#: Background jobs; ``state`` is queued, running, done, failed or cancelled, ``progress`` from 0 to 1, ``rate`` in
#: rows a second, ``heartbeat_at`` the last sign of life, ``result`` JSON of what came out.
jobs = Table(
    "jobs",
    metadata,
    Column("id", Text, primary_key=True),
    *_texts("kind", "state", "who", "municipality"),
    Column("upload_id", Text),
    Column("parameters", Text, nullable=False),
    Column("progress", Float, nullable=False),
    Column("message", Text, nullable=False),
    Column("pid", Integer),
    Column("attempts", Integer, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("started_at", Text),
    Column("ended_at", Text),
    Column("heartbeat_at", Text),
    Column("rows_done", BigInteger, nullable=False, server_default=text("0")),
    Column("rows_total", BigInteger, nullable=False, server_default=text("0")),
    Column("rate", Float),
    Column("result", Text),
)

#: Uploaded files; ``municipality`` is the one that may see them, empty for those of the organisation; ``kind`` is
#: csv or parquet, ``header`` JSON of the columns and whether they hold numbers.
uploads = Table(
    "uploads",
    metadata,
    Column("id", Text, primary_key=True),
    *_texts("name", "municipality", "who", "sha256"),
    Column("bytes", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("deleted_at", Text),
    Column("kind", Text, nullable=False, server_default="csv"),
    Column("header", Text, nullable=False, server_default="{}"),
)

#: Who did what, when, from where.
access_log = Table(
    "audit_log",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    *_texts("at", "who", "address", "action", "what"),
    sqlite_autoincrement=True,
)

#: Unused; earlier versions of the service store a key here.
secrets = Table(
    "secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

Index("tokens_created", tokens.c.created_at)
Index("jobs_state", jobs.c.state, jobs.c.created_at)
Index("uploads_municipality", uploads.c.municipality)
Index("audit_at", access_log.c.at)
