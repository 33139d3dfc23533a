"""The service's own database, SQLite in the workspace or PostgreSQL: connections, schema and transactions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Table, create_engine, event, func, insert, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from riskmodel.errors import InputError
from riskmodel.web.database import tables
from riskmodel.web.database.migrations import STEPS

#: Seconds to wait for another writer: then a request is answered with status 503.
PATIENCE = 5
#: Name of PostgreSQL's lock while the schema changes: any fixed number.
_LOCK = 7_203_114
#: Marks a transaction that will write: SQLite then waits for its turn at the start instead of failing later.
_WRITES = {"riskmodel_writes": True}


def now() -> str:
    """Return the present moment as text in UTC, to the millisecond.

    Examples
    --------
    >>> len(now()), now()[-1]
    (24, 'Z')
    """
    return datetime.now(tz=UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def as_json(value: Any) -> str:
    """Return the canonical JSON text of a value: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def from_json(text: str | None) -> dict[str, Any]:
    """Return the JSON object in a column; empty for NULL."""
    found = json.loads(text or "{}")
    assert isinstance(found, dict)
    return found


def connect(url: str) -> Engine:
    """Open a database at ``sqlite:///FILE`` or ``postgresql+psycopg://USER@HOST/NAME``."""
    try:
        address = make_url(url)
        kind = address.get_backend_name()
        if kind not in ("sqlite", "postgresql"):
            raise InputError("database", f"an address of {kind}", "sqlite:///FILE or postgresql+psycopg://...")
        if kind == "sqlite":
            if address.database:
                Path(address.database).parent.mkdir(parents=True, exist_ok=True)
            engine = create_engine(address, connect_args={"timeout": PATIENCE})
            _prepare_sqlite(engine)
            return engine
        return create_engine(address, pool_pre_ping=True, pool_size=5, max_overflow=10)
    except (ArgumentError, OSError, ModuleNotFoundError) as error:
        # The address may hold a password: it is not repeated.
        raise InputError(
            "database",
            f"an address that cannot be used ({type(error).__name__})",
            "sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME",
            "PostgreSQL needs: pip install 'riskmodel[postgres]'",
        ) from error


def upgrade(engine: Engine) -> int:
    """Create the schema or bring it up to date, in one transaction; return its version.

    Two processes may do so at once.
    """
    latest = 1 + len(STEPS)
    try:
        with writing(engine) as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            tables.schema_version.create(connection, checkfirst=True)
            version = tables.schema_version.c.version
            before = connection.execute(select(func.coalesce(func.max(version), 0))).scalar_one()
            if before > latest:
                raise InputError(
                    "database",
                    f"schema version {before}",
                    f"at most {latest}",
                    "It was upgraded by a newer riskmodel: use that one, or restore the backup made before.",
                )
            if before:
                for step in STEPS[before - 1 :]:
                    step(connection)
            else:
                tables.metadata.create_all(connection)
            rows = [{"version": number, "applied_at": now()} for number in range(before + 1, latest + 1)]
            if rows:
                connection.execute(insert(tables.schema_version), rows)
            return latest
    except SQLAlchemyError as error:
        raise InputError(
            "database", f"no answer ({type(error).__name__})", "a database that can be reached and written to"
        ) from error


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that writes: all of it or nothing."""
    with engine.connect().execution_options(**_WRITES) as connection, connection.begin():
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that only reads: everything in it is of one moment."""
    with engine.connect() as connection:
        yield connection


def row_of(engine: Engine, table: Table, *conditions: ColumnElement[bool]) -> dict[str, Any] | None:
    """Return the row that meets all conditions; None when there is none."""
    with reading(engine) as connection:
        row = connection.execute(select(table).where(*conditions)).mappings().first()
    return None if row is None else dict(row)


def page_of(
    engine: Engine, table: Table, order: Sequence[Any], offset: int, limit: int, *conditions: ColumnElement[bool]
) -> tuple[int, list[dict[str, Any]]]:
    """Return how many rows meet all conditions, and those of one page in order."""
    rows = select(table).where(*conditions).order_by(*order).offset(offset).limit(limit)
    with reading(engine) as connection:
        total = connection.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one()
        return int(total), [dict(row) for row in connection.execute(rows).mappings()]


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connected(raw: Any, _: Any) -> None:
        # The driver's own idea of transactions leaves changes of the schema outside them.
        raw.isolation_level = None
        cursor = raw.cursor()
        for line in (
            "PRAGMA journal_mode=WAL",
            "PRAGMA synchronous=FULL",
            f"PRAGMA busy_timeout={PATIENCE * 1000}",
            "PRAGMA foreign_keys=ON",
        ):
            cursor.execute(line)
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get("riskmodel_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
