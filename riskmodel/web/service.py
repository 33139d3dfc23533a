"""The parts of a running service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import anyio
from fastapi import Request
from sqlalchemy import Engine

from riskmodel.web.access.tokens import Tokens
from riskmodel.web.database.behind import WriteBehind
from riskmodel.web.database.database import connect, upgrade
from riskmodel.web.jobs.jobs import Jobs
from riskmodel.web.jobs.runner import Runner
from riskmodel.web.jobs.uploads import Uploads
from riskmodel.web.metrics import Metrics
from riskmodel.web.problems import Problem
from riskmodel.web.serving.lists import BusyError, Lists
from riskmodel.web.serving.recorded import snapshots_in_use
from riskmodel.web.serving.shelf import Pages, Shelf
from riskmodel.web.serving.snapshot import Snapshot, prune
from riskmodel.web.serving.snapshots import Snapshots
from riskmodel.web.settings import Settings

#: Requests that may wait for something that is being made; further ones are answered with status 503.
WAITING = 24

Result = TypeVar("Result")


@dataclass(frozen=True)
class Service:
    """What routes work with; a route gets it from :func:`service_of`.

    Attributes
    ----------
    behind : WriteBehind
        Writes that reads do not wait for.
    lists : Lists
        Risk lists by number.
    runner : Runner
        Runs the jobs.
    pages : Pages
        Pages that are the same for everybody.
    shelf : Shelf
        Ready answers.
    waiting : anyio.CapacityLimiter
        Threads for slow work.
    """

    settings: Settings
    engine: Engine
    behind: WriteBehind
    tokens: Tokens
    snapshots: Snapshots
    lists: Lists
    uploads: Uploads
    jobs: Jobs
    runner: Runner
    metrics: Metrics
    pages: Pages
    shelf: Shelf
    waiting: anyio.CapacityLimiter

    def snapshot(self, experiment: str | None = None) -> Snapshot:
        """Return the snapshot of a question, by default the main one; to be called once a request."""
        found = self.snapshots.current(experiment)
        if found is None and experiment is not None and self.snapshots.serving:
            raise Problem(404, f"There is no forecast of {experiment}.")
        if found is None:
            raise Problem(503, "There is no forecast yet.", {"retry-after": "30"})
        return found

    async def make(self, call: Callable[..., Result], *arguments: Any) -> Result:
        """Call something slow in a thread of a separate pool, so that quick requests never wait for it."""
        if self.waiting.available_tokens < 1:
            raise Problem(503, "Many lists are being made now.", {"retry-after": "10"})
        try:
            return await anyio.to_thread.run_sync(call, *arguments, limiter=self.waiting)
        except BusyError as error:
            raise Problem(503, "Many lists are being made now.", {"retry-after": "10"}) from error


def open_service(settings: Settings) -> Service:
    """Bring the database up to date and make the parts; nothing is served yet."""
    from riskmodel.errors import InputError

    if not settings.workspace.is_dir():
        raise InputError(settings.workspace, "no folder", "a workspace", "Run: riskmodel ingest, train, forecast")
    engine = connect(settings.database_url)
    upgrade(engine)
    snapshots, metrics = Snapshots(settings), Metrics()
    behind = WriteBehind(engine)
    uploads, jobs = Uploads(engine, settings), Jobs(engine, settings)
    prune(settings.folder, snapshots_in_use(engine) | snapshots.last_served())
    metrics.watch(snapshots)
    return Service(
        settings=settings,
        engine=engine,
        behind=behind,
        tokens=Tokens(engine, behind),
        snapshots=snapshots,
        lists=Lists(engine, snapshots, settings),
        uploads=uploads,
        jobs=jobs,
        runner=Runner(engine, settings, jobs, uploads),
        metrics=metrics,
        pages=Pages(),
        shelf=Shelf(),
        waiting=anyio.CapacityLimiter(WAITING),
    )


def service_of(request: Request) -> Service:
    """Return the service behind a request."""
    found: Service = request.app.state.service
    return found
