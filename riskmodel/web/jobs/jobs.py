"""Background jobs as rows of the database: asked for, found, cancelled and removed.

:mod:`riskmodel.web.jobs.runner` does them. The database is what counts: a job that is cancelled there is
not done any more, whoever is at it.
"""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Engine, delete, func, insert, select, update

from riskmodel.web.access.identity import Identity
from riskmodel.web.access.ownership import from_json, noted, visible_to
from riskmodel.web.database import tables
from riskmodel.web.database.database import as_json, now, reading, writing
from riskmodel.web.jobs.uploads import Upload
from riskmodel.web.problems import Problem
from riskmodel.web.settings import Settings

State = Literal["queued", "running", "done", "failed", "cancelled"]
#: States in which a job still has to be done.
OPEN: tuple[State, ...] = ("queued", "running")
SCORE = "score"
FOLDER, OUTPUT, RESULT = "jobs", "out", "result.zip"
#: Jobs of one login that may be open at the same time.
MOST_OPEN = 10


@dataclass(frozen=True)
class Asked:
    """What decides the result of a job; fixed when it is asked for.

    Attributes
    ----------
    experiment : str
        The question.
    version : str
        Number of the model in the registry.
    release : str
        Id of the released model: a champion that is switched later changes nothing.
    drivers : bool
        Whether drivers are told.
    """

    experiment: str
    version: str
    release: str
    drivers: bool


@dataclass(frozen=True)
class Job:
    """A job.

    Attributes
    ----------
    id, who, municipality, upload_id : str
        Its id, whose it is, and what is scored.
    state : {"queued", "running", "done", "failed", "cancelled"}
        Where it stands.
    asked : Asked
        What is asked.
    rows_done, rows_total : int
        Progress.
    rate : float or None
        Rows a second of the present start.
    attempts : int
        How often it was started.
    message : str
        Why it failed, or began again.
    result : dict
        ``totals``, ``sha256`` and ``bytes``; empty until it is done.
    created_at, started_at, heartbeat_at, ended_at : str or None
        Moments.
    """

    id: str
    who: str
    municipality: str
    upload_id: str
    state: State
    asked: Asked
    rows_done: int
    rows_total: int
    rate: float | None
    attempts: int
    message: str
    result: dict[str, Any]
    created_at: str
    started_at: str | None
    heartbeat_at: str | None
    ended_at: str | None


class Jobs:
    """Jobs by id."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.folder = settings.folder / FOLDER
        self._engine = engine

    def add(self, identity: Identity, upload: Upload, asked: Asked, address: str) -> Job:
        """Accept a job: from here on it is done, or fails with a reason."""
        column, uploads = tables.jobs.c, tables.uploads.c
        row = {"id": secrets.token_hex(8), "kind": SCORE, "state": "queued", "who": identity.name}
        row |= {"municipality": upload.municipality, "upload_id": upload.id, "parameters": as_json(vars(asked))}
        with writing(self._engine) as connection:
            there = select(uploads.id).where(uploads.id == upload.id, uploads.deleted_at.is_(None))
            if connection.execute(there.with_for_update()).first() is None:
                raise Problem(404, "There is no such upload.")
            mine = select(func.count()).where(column.who == identity.name, column.state.in_(OPEN))
            if connection.execute(mine).scalar_one() >= MOST_OPEN:
                raise Problem(429, f"At most {MOST_OPEN} jobs at the same time.", {"retry-after": "60"})
            connection.execute(
                insert(tables.jobs).values(
                    **row, progress=0.0, message="", attempts=0, rows_total=upload.rows, created_at=now()
                )
            )
            noted(connection, identity, address, "job", job=row["id"], upload=upload.id, **vars(asked))
        return self.find(identity, row["id"])

    def find(self, identity: Identity, job: str) -> Job:
        """A job by its id."""
        table = tables.jobs
        with reading(self._engine) as connection:
            row = connection.execute(select(table).where(table.c.id == job, visible_to(identity, table))).first()
        if row is None:
            raise Problem(404, "There is no such job.")
        return job_of(dict(row._mapping))

    def page(self, identity: Identity, offset: int, limit: int) -> tuple[int, list[Job]]:
        """How many jobs somebody may see, and some of them, newest first."""
        table = tables.jobs
        condition = visible_to(identity, table)
        asked = select(table).where(condition).order_by(table.c.created_at.desc(), table.c.id)
        with reading(self._engine) as connection:
            total = connection.execute(select(func.count()).select_from(table).where(condition)).scalar_one()
            rows = connection.execute(asked.offset(offset).limit(limit))
            return int(total), [job_of(dict(row._mapping)) for row in rows]

    def cancel(self, identity: Identity, job: str, address: str) -> Job | None:
        """Cancel a job that is open; remove one that has ended, with its result."""
        found = self.find(identity, job)
        column = tables.jobs.c
        with writing(self._engine) as connection:
            stopped = connection.execute(
                update(tables.jobs)
                .where(column.id == found.id, column.state.in_(OPEN))
                .values(state="cancelled", ended_at=now(), pid=None, rate=None, message="")
            ).rowcount
            if not stopped:
                connection.execute(delete(tables.jobs).where(column.id == found.id))
            noted(connection, identity, address, "job cancelled" if stopped else "job removed", job=found.id)
        if not stopped:
            shutil.rmtree(self.folder / found.id, ignore_errors=True)
        return self.find(identity, job) if stopped else None

    def result_of(self, job: Job) -> Path:
        """The file with the result of a job."""
        path = self.folder / job.id / RESULT
        if job.state != "done":
            why = {"failed": "This job failed.", "cancelled": "This job was cancelled."}
            raise Problem(409, why.get(job.state, "This job is not done yet."), {"retry-after": "5"})
        if not path.is_file():
            raise Problem(404, "The result of this job is gone.")
        return path


def job_of(row: dict[str, Any]) -> Job:
    """A job from its row."""
    kept = {name: row[name] for name in Job.__dataclass_fields__ if name not in ("asked", "result")}
    return Job(**kept, asked=Asked(**from_json(row["parameters"])), result=from_json(row["result"]))
