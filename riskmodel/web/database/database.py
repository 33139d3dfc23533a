"""The service's own database: SQLite in the workspace, or PostgreSQL; both answer the same."""

from __future__ import annotations

import json
import secrets as random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError

from riskmodel.errors import InputError
from riskmodel.web.database import tables
from riskmodel.web.database.migrations import STEPS

#: Seconds to wait for another writer.
PATIENCE = 20
#: Name of PostgreSQL's lock while the schema changes: any fixed number.
_LOCK = 7_203_114
#: Marks a transaction that will write: SQLite then waits for its turn at the start instead of failing later.
_WRITES = {"riskmodel_writes": True}


def now() -> str:
    """The moment as text in UTC, to the millisecond.

    Examples
    --------
    >>> len(now()), now()[-1]
    (24, 'Z')
    """
    return datetime.now(tz=UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def as_json(value: Any) -> str:
    """The one JSON text of a value: sorted keys, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def connect(url: str) -> Engine:
    """Open a database."""
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
    """Bring the schema up to date, in one transaction; two processes may do so at once."""
    try:
        with writing(engine) as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            if not inspect(connection).has_table(tables.schema_version.name):
                tables.schema_version.create(connection)
            done = connection.execute(select(tables.schema_version.c.version)).scalars().all()
            before = max(done, default=0)
            if before > len(STEPS):
                raise InputError(
                    "database",
                    f"schema version {before}",
                    f"at most {len(STEPS)}",
                    "It was upgraded by a newer riskmodel: use that one, or restore the backup made before.",
                )
            for version, step in enumerate(STEPS[before:], before + 1):
                step(connection)
                connection.execute(insert(tables.schema_version).values(version=version, applied_at=now()))
            return len(STEPS)
    except SQLAlchemyError as error:
        raise InputError(
            "database", f"no answer ({type(error).__name__})", "a database that can be reached and written to"
        ) from error


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that writes: all of it or nothing."""
    with engine.connect().execution_options(**_WRITES) as connection, connection.begin():
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A transaction that only reads: everything in it is of one moment."""
    with engine.connect() as connection:
        yield connection


def secret(engine: Engine, name: str) -> bytes:
    """A random key of 32 bytes that stays the same; made when first asked for."""
    asked = select(tables.secrets.c.value).where(tables.secrets.c.name == name)
    with reading(engine) as connection:
        found = connection.execute(asked).scalar()
    if found is None:
        try:
            with writing(engine) as connection:
                made = random.token_bytes(32).hex()
                connection.execute(insert(tables.secrets).values(name=name, value=made))
                return bytes.fromhex(made)
        except IntegrityError:  # another process was first
            with reading(engine) as connection:
                found = connection.execute(asked).scalar_one()
    return bytes.fromhex(str(found))


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
