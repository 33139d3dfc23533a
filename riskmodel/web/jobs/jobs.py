"""Background jobs as rows of the database: add, find, cancel and remove them.

:mod:`riskmodel.web.jobs.runner` does them. The database decides: a job that is cancelled there is not done any
more, even if a process is running it.
"""

from __future__ import annotations

import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Engine, delete, func, insert, select, update

from riskmodel.web.access.access_log import log_access
from riskmodel.web.access.identity import Identity
from riskmodel.web.access.ownership import visible_to
from riskmodel.web.database import tables
from riskmodel.web.database.database import as_json, from_json, now, page_of, row_of, writing
from riskmodel.web.jobs.uploads import Upload
from riskmodel.web.problems import Problem
from riskmodel.web.settings import Settings

State = Literal["queued", "running", "done", "failed", "cancelled"]
#: States of jobs that still have to be done.
OPEN: tuple[State, ...] = ("queued", "running")
SCORE = "score"
FOLDER, OUTPUT, RESULT = "jobs", "out", "result.zip"
#: Jobs of one login that may be open at the same time.
MOST_OPEN = 10


@dataclass(frozen=True)
class JobOptions:
    """The options that determine the result of a job, fixed when it is added.

    Attributes
    ----------
    version : str
        Number of the model in the registry.
    release : str
        Id of the released model: promoting another champion later changes nothing.
    """

    experiment: str
    version: str
    release: str
    drivers: bool


@dataclass(frozen=True)
class Job:
    """A background job.

    Attributes
    ----------
    who, municipality : str
        Name of its owner, and ``GM`` code of its municipality, empty for the organisation.
    rate : float or None
        Rows a second since it was last started.
    attempts : int
        How often it was started.
    message : str
        Why it failed, or began again.
    result : dict
        ``totals``, ``sha256`` and ``bytes``; empty until it is done.
    """

    id: str
    who: str
    municipality: str
    upload_id: str
    state: State
    options: JobOptions
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
    """The jobs of the service."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.folder = settings.folder / FOLDER
        self._engine = engine

    def add(self, identity: Identity, upload: Upload, options: JobOptions, address: str) -> Job:
        """Add a job; from here on it is done, or fails with a reason.

        A problem with status 404 when the upload was removed meanwhile, 429 for too many open jobs of a login.
        """
        column, uploads = tables.jobs.c, tables.uploads.c
        row = {"id": secrets.token_hex(8), "kind": SCORE, "state": "queued", "who": identity.name}
        row |= {"municipality": upload.municipality, "upload_id": upload.id, "parameters": as_json(vars(options))}
        with writing(self._engine) as connection:
            exists = select(uploads.id).where(uploads.id == upload.id, uploads.deleted_at.is_(None))
            if connection.execute(exists.with_for_update()).first() is None:
                raise Problem(404, "There is no such upload.")
            mine = select(func.count()).where(column.who == identity.name, column.state.in_(OPEN))
            if connection.execute(mine).scalar_one() >= MOST_OPEN:
                raise Problem(429, f"At most {MOST_OPEN} jobs at the same time.", {"retry-after": "60"})
            connection.execute(
                insert(tables.jobs).values(
                    **row, progress=0.0, message="", attempts=0, rows_total=upload.rows, created_at=now()
                )
            )
            log_access(connection, identity.name, address, "job", job=row["id"], upload=upload.id, **vars(options))
        return self.find(identity, row["id"])

    def find(self, identity: Identity, job: str) -> Job:
        """Return a job by its id; a problem with status 404 when there is none that somebody may see."""
        row = row_of(self._engine, tables.jobs, tables.jobs.c.id == job, visible_to(identity, tables.jobs))
        if row is None:
            raise Problem(404, "There is no such job.")
        return job_of(row)

    def page(self, identity: Identity, offset: int, limit: int) -> tuple[int, list[Job]]:
        """Return how many jobs somebody may see, and one page of them, newest first."""
        table = tables.jobs
        order = (table.c.created_at.desc(), table.c.id)
        total, rows = page_of(self._engine, table, order, offset, limit, visible_to(identity, table))
        return total, [job_of(row) for row in rows]

    def cancel(self, identity: Identity, job: str, address: str) -> Job | None:
        """Cancel an open job and return it, or remove one that has ended with its result and return None."""
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
            action = "job cancelled" if stopped else "job removed"
            log_access(connection, identity.name, address, action, job=found.id)
        if not stopped:
            shutil.rmtree(self.folder / found.id, ignore_errors=True)
        return self.find(identity, job) if stopped else None

    def result_of(self, job: Job) -> Path:
        """Return the path of the result of a job; a problem with status 409 while there is none."""
        if job.state != "done":
            why = {"failed": "This job failed.", "cancelled": "This job was cancelled."}
            raise Problem(409, why.get(job.state, "This job is not done yet."), {"retry-after": "5"})
        path = self.folder / job.id / RESULT
        if not path.is_file():
            raise Problem(404, "The result of this job is gone.")
        return path


def job_of(row: dict[str, Any]) -> Job:
    """Return the job in a row."""
    columns = {name: row[name] for name in Job.__dataclass_fields__ if name in row}
    options = JobOptions(**from_json(row["parameters"]))
    return Job(**columns | {"options": options, "result": from_json(row["result"])})
