"""Run background jobs in a few worker processes at a time, and again those that a killed service left.

One process a workspace runs jobs; its lock ends with it. A job that was running when the service was killed is
started again on the same output: finished parts are not done again, and the bytes are the same.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Mapping
from threading import Event, Thread
from typing import Any

from sqlalchemy import Engine, select, update

from riskmodel.errors import InputError
from riskmodel.web.database import tables
from riskmodel.web.database.database import as_json, now, reading, writing
from riskmodel.web.jobs.jobs import OPEN, OUTPUT, RESULT, Job, Jobs, State, job_of
from riskmodel.web.jobs.process import Worker
from riskmodel.web.jobs.uploads import STEM, Uploads
from riskmodel.web.settings import Settings
from riskmodel.workflow.questions import release_folder
from riskmodel.workspace.folder import Folder
from riskmodel.workspace.lock import only_writer
from riskmodel.workspace.store import Workspace

log = logging.getLogger(__name__)

#: Starts of one job before it fails.
MOST_ATTEMPTS = 5
#: Memory of a worker.
MEMORY = 4 * 2**30
#: Seconds between two looks, between two attempts to get the lock, and between two sweeps.
LOOK, AGAIN, SWEEP = 0.5, 2.0, 600.0
#: Seconds without a message, and without a row done, after which a worker is killed.
SILENT, STUCK = 120.0, 1800.0


class Runner:
    """The thread that runs jobs."""

    def __init__(self, engine: Engine, settings: Settings, jobs: Jobs, uploads: Uploads) -> None:
        self._engine, self._settings, self._jobs, self._uploads = engine, settings, jobs, uploads
        self._models = Workspace(settings.workspace)
        self._working: dict[str, Worker] = {}
        self._attempts: dict[str, int] = {}
        self._stop, self._wake = Event(), Event()
        self._thread = Thread(target=self._run, name="jobs", daemon=True)
        self._swept = -SWEEP

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Stop; running jobs return to the queue and continue at the next start."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)

    def wake(self) -> None:
        """Look for jobs now rather than in a moment."""
        self._wake.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._jobs.folder.mkdir(parents=True, exist_ok=True, mode=0o750)
                with only_writer(Folder(self._jobs.folder), timeout=0):
                    self._recover()
                    while not self._stop.is_set():
                        self._look()
                        self._wake.wait(LOOK)
                        self._wake.clear()
            except InputError:
                log.debug("another process runs the jobs of this workspace")
            except Exception:  # a database that does not answer for a moment must not end all jobs for good
                log.exception("running jobs failed; they begin again in a moment")
            finally:
                self._return_to_queue()
            self._stop.wait(AGAIN)

    def _recover(self) -> None:
        """Queue jobs again that are running in the database: the lock shows that no process runs them."""
        for job in self._in_state("running"):
            if job.attempts >= MOST_ATTEMPTS:
                self._end(job.id, "failed", f"It was started {job.attempts} times and broken off every time.")
                continue
            self._queue_again(job.id, "Broken off; it goes on from there.")

    def _look(self) -> None:
        for job, worker in list(self._working.items()):
            self._follow(job, worker)
        free = self._settings.job_workers - len(self._working)
        if free > 0:
            for each in self._in_state("queued")[:free]:
                self._begin(each)
        if time.monotonic() - self._swept > SWEEP:
            self._swept = time.monotonic()
            self._uploads.sweep()
            self._sweep()

    def _in_state(self, state: str) -> list[Job]:
        column = tables.jobs.c
        asked = select(tables.jobs).where(column.state == state).order_by(column.created_at, column.id)
        with reading(self._engine) as connection:
            return [job_of(dict(row)) for row in connection.execute(asked).mappings()]

    def _begin(self, job: Job) -> None:
        folder = self._jobs.folder / job.id
        source = next((self._uploads.folder / job.upload_id).glob(f"{STEM}.*"), None)
        release = release_folder(self._models, job.options.release)
        started = {"state": "running", "attempts": job.attempts + 1, "started_at": now(), "heartbeat_at": now()}
        if not self._change(job.id, started, state="queued"):  # cancelled a moment ago
            return
        if source is None or not release.is_dir():
            self._end(job.id, "failed", f"The {'model' if source else 'file'} is no longer there.")
            return
        folder.mkdir(exist_ok=True, mode=0o750)
        task = {"do": "score", "source": str(source), "release": str(release), "drivers": job.options.drivers}
        task |= {"output": str(folder / OUTPUT), "result": str(folder / RESULT), "memory": MEMORY}
        self._working[job.id] = Worker(task)
        self._attempts[job.id] = job.attempts + 1

    def _follow(self, job: str, worker: Worker) -> None:
        """Record the progress of a worker, and its result when it ended."""
        silent = time.monotonic() - worker.heard > SILENT or time.monotonic() - worker.moved > STUCK
        if worker.ended():
            self._ended(job, worker)
        elif silent:
            worker.kill()
            self._ended(job, worker)
        elif not self._record(job, worker):
            worker.kill()
            self._forget(job)

    def _record(self, job: str, worker: Worker) -> bool:
        """Record progress; return False when the job was cancelled."""
        values: dict[str, Any] = {"heartbeat_at": now(), "pid": worker.pid, "rate": worker.rate}
        if worker.total:
            values |= {"rows_done": worker.rows, "rows_total": worker.total}
            values["progress"] = worker.rows / worker.total
        return self._change(job, values)

    def _ended(self, job: str, worker: Worker) -> None:
        if worker.done is not None:
            rows = worker.done["totals"]["rows"]
            done = {"result": as_json(worker.done), "rows_done": rows, "rows_total": rows, "progress": 1.0}
            self._end(job, "done", "", **done)
        elif worker.refused:
            self._end(job, "failed", worker.refused)
        else:
            attempts = self._attempts.get(job, MOST_ATTEMPTS)
            log.error("job %s: its worker ended with %s: %s", job, worker.how, worker.log[-2000:])
            if attempts >= MOST_ATTEMPTS:
                self._end(
                    job, "failed", f"It was started {attempts} times and broken off every time ({worker.how})."
                )
            else:
                self._queue_again(job, "Broken off; it goes on.")
        self._forget(job)

    def _end(self, job: str, state: str, message: str, **values: Any) -> None:
        changes = {"state": state, "message": message, "ended_at": now(), "pid": None, **values}
        if self._change(job, changes) and state == "done":
            shutil.rmtree(self._jobs.folder / job / OUTPUT, ignore_errors=True)
        elif state == "failed":
            shutil.rmtree(self._jobs.folder / job, ignore_errors=True)

    def _queue_again(self, job: str, message: str, **values: Any) -> None:
        self._change(job, {"state": "queued", "pid": None, "rate": None, "message": message, **values})

    def _change(self, job: str, values: Mapping[str, Any], *, state: State = "running") -> bool:
        """Change a job if it is in a state; return whether it was."""
        column = tables.jobs.c
        with writing(self._engine) as connection:
            changed = connection.execute(
                update(tables.jobs).where(column.id == job, column.state == state).values(**values)
            )
            return bool(changed.rowcount)

    def _forget(self, job: str) -> None:
        self._working.pop(job, None)
        self._attempts.pop(job, None)
        column = tables.jobs.c
        with reading(self._engine) as connection:
            state = connection.execute(select(column.state).where(column.id == job)).scalar()
        if state not in (*OPEN, "done"):
            shutil.rmtree(self._jobs.folder / job, ignore_errors=True)

    def _sweep(self) -> None:
        """Remove folders that belong to no job that is open or done."""
        column = tables.jobs.c
        found = [path for path in self._jobs.folder.glob("*") if path.is_dir()]
        with reading(self._engine) as connection:
            rows = connection.execute(select(column.id, column.state)).all()
        states = {row.id: row.state for row in rows}
        for path in found:
            if states.get(path.name) not in (*OPEN, "done"):
                shutil.rmtree(path, ignore_errors=True)
            elif states[path.name] == "done":
                shutil.rmtree(path / OUTPUT, ignore_errors=True)

    def _return_to_queue(self) -> None:
        """Kill all workers and queue their jobs again; this start does not count as an attempt."""
        working, self._working = self._working, {}
        for worker in working.values():
            worker.kill()
        try:
            for job in working:
                attempts = max(0, self._attempts.get(job, 1) - 1)
                self._queue_again(job, "Stopped with the service; it goes on.", attempts=attempts)
        except Exception:  # the next start finds them as running
            log.warning("the database does not answer", exc_info=True)
        self._attempts.clear()
