"""The tables of the service as queries see them; :mod:`riskmodel.web.database.migrations` makes them.

Moments are texts in UTC such as ``2026-01-02T03:04:05.678Z``: they sort as they should and mean the same in every
database. What has parts is JSON text.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Integer, MetaData, Table, Text

metadata = MetaData()

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

#: The files of lists that were given to somebody.
list_files = Table(
    "list_files",
    metadata,
    Column("number", Integer, ForeignKey("list_requests.number"), primary_key=True, autoincrement=False),
    Column("form", Text, primary_key=True),
    Column("sha256", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("code_version", Text, nullable=False),
    Column("created_at", Text, nullable=False),
)

#: ``municipalities`` is JSON of ``GM`` codes; NULL for all.
tokens = Table(
    "tokens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("municipalities", Text),
    Column("label", Text, nullable=False),
    Column("created_at", Text, nullable=False, index=False),
    Column("revoked_at", Text),
    Column("last_used_at", Text),
)

#: Background jobs; ``state`` is queued, running, done, failed or cancelled, ``progress`` from 0 to 1, ``rate`` in
#: rows a second, ``heartbeat_at`` the last sign of life, ``result`` JSON of what came out.
jobs = Table(
    "jobs",
    metadata,
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
    Column("heartbeat_at", Text),
    Column("rows_done", BigInteger, nullable=False, server_default="0"),
    Column("rows_total", BigInteger, nullable=False, server_default="0"),
    Column("rate", Float),
    Column("result", Text),
)

#: Uploaded files; ``municipality`` is the one that may see them, empty for those of the organisation; ``kind`` is
#: csv or parquet, ``header`` JSON of the columns and whether they hold numbers.
uploads = Table(
    "uploads",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("municipality", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("created_at", Text, nullable=False),
    Column("deleted_at", Text),
    Column("kind", Text, nullable=False, server_default="csv"),
    Column("header", Text, nullable=False, server_default="{}"),
)

#: Who did what, when, from where.
audit_log = Table(
    "audit_log",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("what", Text, nullable=False),
    sqlite_autoincrement=True,
)

#: Keys that must survive a restart, such as the one behind form tokens.
secrets = Table(
    "secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
