"""Lists that were asked for, as rows of the database."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import Engine, func, insert, select
from sqlalchemy.exc import IntegrityError

from riskmodel.web.database import tables
from riskmodel.web.database.database import as_json, now, reading, writing
from riskmodel.web.serving.making import Asked
from riskmodel.web.serving.snapshot import Snapshot
from riskmodel.workspace.versions import code_version

#: Largest number of a list: what every database and JSON reader can hold.
MOST_NUMBER = 2**31 - 1


@dataclass(frozen=True)
class Request:
    """A list that was asked for.

    Attributes
    ----------
    number : int
        Its number.
    who : str
        Who asked first; empty without a login.
    asked : Asked
        What was asked.
    experiment, forecast_id, snapshot_id, model_version, code_version : str
        What it is made from.
    made_on : datetime.date
        The day on the list.
    created_at : str
        The moment.
    """

    number: int
    who: str
    asked: Asked
    experiment: str
    forecast_id: str
    snapshot_id: str
    model_version: str
    code_version: str
    made_on: date
    created_at: str


@dataclass(frozen=True)
class File:
    """A form of a list that was given to somebody.

    Attributes
    ----------
    form, sha256, code_version, created_at : str
        Which form, its fingerprint, the riskmodel that made it, and when.
    bytes : int
        Its size.
    """

    form: str
    sha256: str
    code_version: str
    created_at: str
    bytes: int


def key_of(snapshot: Snapshot, asked: Asked, who: str, day: date) -> str:
    """Fingerprint of a question: who asks what of which model on which day."""
    deciding = [who, asdict(asked), snapshot.id, snapshot.stored.id, str(day), code_version()]
    return hashlib.sha256(as_json(deciding).encode()).hexdigest()


def add_request(engine: Engine, snapshot: Snapshot, asked: Asked, who: str, day: date) -> Request:
    """Give a question a number; it keeps the one it has."""
    key = key_of(snapshot, asked, who, day)
    values = {
        "key": key,
        "who": who,
        "what": as_json(asdict(asked)),
        "experiment": snapshot.experiment.name,
        "forecast_id": snapshot.stored.id,
        "snapshot_id": snapshot.id,
        "model_version": snapshot.stored.release_id,
        "code_version": code_version(),
        "made_on": str(day),
        "created_at": now(),
    }
    # Refused when the same question came twice at the same moment: then the first has the number.
    with suppress(IntegrityError), writing(engine) as connection:
        connection.execute(insert(tables.list_requests).values(**values))
    found = find_request(engine, key=key)
    assert found is not None
    return found


def find_request(engine: Engine, *, number: int | None = None, key: str | None = None) -> Request | None:
    """The request of a number or a fingerprint; None when there is none."""
    column = tables.list_requests.c
    condition = column.key == key if number is None else column.number == number
    with reading(engine) as connection:
        row = connection.execute(select(tables.list_requests).where(condition)).first()
    return None if row is None else _request(dict(row._mapping))


def page_of_requests(engine: Engine, offset: int, limit: int, who: str | None = None) -> tuple[int, list[Request]]:
    """How many lists were asked for, and some of them, newest first; with ``who``, of one person."""
    column = tables.list_requests.c
    condition = [] if who is None else [column.who == who]
    asked = select(tables.list_requests).where(*condition).order_by(column.number.desc())
    with reading(engine) as connection:
        total = connection.execute(select(func.count()).select_from(tables.list_requests).where(*condition))
        rows = connection.execute(asked.offset(offset).limit(limit))
        return int(total.scalar_one()), [_request(dict(row._mapping)) for row in rows]


def snapshots_in_use(engine: Engine) -> set[str]:
    """Snapshots that some list was made from."""
    with reading(engine) as connection:
        return set(connection.execute(select(tables.list_requests.c.snapshot_id).distinct()).scalars())


def files_of(engine: Engine, number: int) -> dict[str, File]:
    """Forms of a list that were given, by name."""
    column = tables.list_files.c
    with reading(engine) as connection:
        rows = connection.execute(select(tables.list_files).where(column.number == number).order_by(column.form))
        found = [{key: value for key, value in row._mapping.items() if key != "number"} for row in rows]
    return {each["form"]: File(**each) for each in found}


def bytes_kept(engine: Engine) -> int:
    """Bytes of all forms that were given."""
    with reading(engine) as connection:
        return int(connection.execute(select(func.coalesce(func.sum(tables.list_files.c.bytes), 0))).scalar_one())


def add_file(engine: Engine, number: int, form: str, content: bytes) -> None:
    """Note that a form was given for the first time."""
    values = {"number": number, "form": form, "bytes": len(content)}
    values |= {"sha256": hashlib.sha256(content).hexdigest(), "code_version": code_version(), "created_at": now()}
    with suppress(IntegrityError), writing(engine) as connection:
        connection.execute(insert(tables.list_files).values(**values))


def _request(row: dict[str, Any]) -> Request:
    what = json.loads(row["what"])
    asked = Asked(**{**what, "municipalities": tuple(what["municipalities"])})
    kept = {name: row[name] for name in Request.__dataclass_fields__ if name not in ("asked", "made_on")}
    return Request(**kept, asked=asked, made_on=date.fromisoformat(row["made_on"]))
