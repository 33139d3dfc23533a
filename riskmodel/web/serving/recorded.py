"""Requests for lists and the files that were given, as rows of the database."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import Engine, func, insert, select
from sqlalchemy.exc import IntegrityError

from riskmodel.web.access.access_log import log_access
from riskmodel.web.database import tables
from riskmodel.web.database.database import as_json, now, page_of, reading, row_of, writing
from riskmodel.web.serving.making import ListOptions
from riskmodel.web.serving.snapshot import Snapshot
from riskmodel.workspace.versions import code_version

#: Largest number of a list that every database and JSON reader can represent.
MOST_NUMBER = 2**31 - 1


@dataclass(frozen=True)
class Request:
    """A recorded list: its options, and what it is made from.

    Attributes
    ----------
    who : str
        Who asked first; empty without a login.
    made_on : datetime.date
        The day on the list.
    """

    number: int
    who: str
    options: ListOptions
    experiment: str
    forecast_id: str
    snapshot_id: str
    model_version: str
    code_version: str
    made_on: date
    created_at: str


@dataclass(frozen=True)
class File:
    """A file of a list that was given to somebody; ``form`` is its format."""

    form: str
    sha256: str
    code_version: str
    created_at: str
    bytes: int


def key_of(snapshot: Snapshot, options: ListOptions, who: str, day: date) -> str:
    """Return the fingerprint of a request: who asks for which list of which model on which day."""
    deciding = [who, asdict(options), snapshot.id, snapshot.stored.id, str(day), code_version()]
    return hashlib.sha256(as_json(deciding).encode()).hexdigest()


def add_request(
    engine: Engine, snapshot: Snapshot, options: ListOptions, who: str, day: date, address: str
) -> tuple[Request, bool]:
    """Record a request under a new number, or return the same request with the number that it has.

    The second value is whether the number is new; the access log then has it too, or neither is there.
    """
    key = key_of(snapshot, options, who, day)
    values = {
        "key": key,
        "who": who,
        "what": as_json(asdict(options)),
        "experiment": snapshot.experiment.name,
        "forecast_id": snapshot.stored.id,
        "snapshot_id": snapshot.id,
        "model_version": snapshot.stored.release_id,
        "code_version": code_version(),
        "made_on": str(day),
        "created_at": now(),
    }
    new = False
    # Refused when the same request came twice at the same moment: then the first has the number.
    with suppress(IntegrityError), writing(engine) as connection:
        number = connection.execute(insert(tables.list_requests).values(**values)).inserted_primary_key
        assert number is not None
        log_access(connection, who, address, "list", number=number[0])
        new = True
    found = find_request(engine, key=key)
    assert found is not None
    return found, new


def find_request(engine: Engine, *, number: int | None = None, key: str | None = None) -> Request | None:
    """Return the request of a number or a fingerprint; None when there is none."""
    column = tables.list_requests.c
    row = row_of(engine, tables.list_requests, column.key == key if number is None else column.number == number)
    return None if row is None else _request(row)


def page_of_requests(engine: Engine, offset: int, limit: int, who: str | None = None) -> tuple[int, list[Request]]:
    """Return how many requests there are, and one page of them, newest first; with ``who``, of one person."""
    column = tables.list_requests.c
    conditions = [] if who is None else [column.who == who]
    total, rows = page_of(engine, tables.list_requests, [column.number.desc()], offset, limit, *conditions)
    return total, [_request(row) for row in rows]


def snapshots_in_use(engine: Engine) -> set[str]:
    """Return the ids of the snapshots that some list was made from."""
    with reading(engine) as connection:
        return set(connection.execute(select(tables.list_requests.c.snapshot_id).distinct()).scalars())


def files_of(engine: Engine, number: int) -> dict[str, File]:
    """Return the files of a list that were given, by format."""
    table = tables.list_files
    columns = [table.c[name] for name in File.__dataclass_fields__]
    with reading(engine) as connection:
        rows = connection.execute(select(*columns).where(table.c.number == number).order_by(table.c.form))
        return {row["form"]: File(**row) for row in rows.mappings()}


def bytes_stored(engine: Engine) -> int:
    """Return the bytes of all files that were given."""
    with reading(engine) as connection:
        return int(connection.execute(select(func.coalesce(func.sum(tables.list_files.c.bytes), 0))).scalar_one())


def add_file(engine: Engine, number: int, file_format: str, content: bytes) -> None:
    """Record a file that is given for the first time."""
    values = {"number": number, "form": file_format, "bytes": len(content)}
    values |= {"sha256": hashlib.sha256(content).hexdigest(), "code_version": code_version(), "created_at": now()}
    with suppress(IntegrityError), writing(engine) as connection:
        connection.execute(insert(tables.list_files).values(**values))


def _request(row: dict[str, Any]) -> Request:
    what = json.loads(row["what"])
    options = ListOptions(**{**what, "municipalities": tuple(what["municipalities"])})
    columns = {name: row[name] for name in Request.__dataclass_fields__ if name in row}
    return Request(**columns | {"options": options, "made_on": date.fromisoformat(row["made_on"])})
