"""``/api/v1/uploads`` and ``/api/v1/jobs``: score a file of one's own in the background."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path as File
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import FileResponse, Response

from riskmodel.errors import InputError
from riskmodel.forecasting.builtin_experiments import MAIN
from riskmodel.scoring.driver_sums import driver_sums
from riskmodel.scoring.job import DEVIATION
from riskmodel.scoring.release import load_release
from riskmodel.web.access.identity import Identity
from riskmodel.web.access.ownership import municipality_for
from riskmodel.web.access.security import note
from riskmodel.web.api.answers import answer, has_it, need, not_modified, tag_of
from riskmodel.web.api.asked import PageAsked
from riskmodel.web.api.job_models import Id, JobAnswer, JobAsked, UploadAnswer, UploadAsked, job_told, upload_told
from riskmodel.web.api.models import Page
from riskmodel.web.api.routes import ERROR, ERRORS, READ
from riskmodel.web.api.selecting import paging
from riskmodel.web.jobs.bodies import BARE, FORM, body_of, clean_name
from riskmodel.web.jobs.jobs import Asked, Job, Jobs
from riskmodel.web.jobs.runner import Runner
from riskmodel.web.jobs.uploads import Upload, Uploads
from riskmodel.web.problems import Problem
from riskmodel.web.service import Service, service_of
from riskmodel.workflow.tracking import registry
from riskmodel.workspace.store import Workspace

router = APIRouter(prefix="/api/v1", tags=["jobs"], responses=ERRORS)

UploadId = Annotated[Id, Path(description="Id of an upload.")]
JobId = Annotated[Id, Path(description="Id of a job.")]
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_FORM = {
    "schema": {
        "type": "object",
        "required": ["file"],
        "properties": {"file": {"type": "string", "format": "binary"}},
    }
}
_FILE: dict[str, Any] = {
    "requestBody": {"required": True, "content": {**dict.fromkeys(BARE, _BINARY), FORM: _FORM}}
}
_CONFLICT: dict[int | str, dict[str, Any]] = {409: {"description": "This does not fit what is there", **ERROR}}
_LARGE: dict[int | str, dict[str, Any]] = {
    413: {"description": "The request is too large", **ERROR},
    415: {"description": "The body is neither a file nor a form", **ERROR},
}


@dataclass(frozen=True)
class Background:
    """What does things in the background; an app has one at ``app.state.background``.

    Attributes
    ----------
    uploads : Uploads
        Files.
    jobs : Jobs
        What is asked.
    runner : Runner
        Does it.
    """

    uploads: Uploads
    jobs: Jobs
    runner: Runner

    @classmethod
    def of(cls, service: Service) -> Background:
        """The background of a service; nothing runs yet."""
        uploads, jobs = Uploads(service.engine, service.settings), Jobs(service.engine, service.settings)
        return cls(uploads, jobs, Runner(service.engine, service.settings, jobs, uploads))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run jobs for as long as the service runs."""
        self.runner.start()
        try:
            yield
        finally:
            self.runner.stop()


def background_of(request: Request) -> Background:
    """The background of the app that was asked."""
    found: Background = request.app.state.background
    return found


@router.post(
    "/uploads",
    response_model=UploadAnswer,
    status_code=201,
    responses={**_LARGE, **_CONFLICT},
    openapi_extra=_FILE,
)
async def upload(request: Request, asked: Annotated[UploadAsked, Query()]) -> Response:
    """Send a CSV or Parquet file, as it is or in a form; only its owner and administrators see it."""
    made = await take_upload(request, asked.name, asked.municipality)
    response = answer(request, upload_told(made), tag_of(request, made.id), 201)
    response.headers["location"] = f"/api/v1/uploads/{made.id}"
    return response


async def take_upload(request: Request, name: str | None = None, municipality: str | None = None) -> Upload:
    """Take the file in a request in; pages use this too."""
    identity = need(request, "analyst")
    whose = municipality_for(identity, municipality)
    body = body_of(request)
    return await background_of(request).uploads.receive(
        body.pieces, lambda: clean_name(name or body.name), identity, whose, request.state.address
    )


@router.get("/uploads", response_model=Page[UploadAnswer], responses=READ)
def uploads(request: Request, asked: Annotated[PageAsked, Query()]) -> Response:
    """Uploads that one may see, newest first."""
    identity = need(request, "analyst")
    total, found = background_of(request).uploads.page(identity, asked.offset, asked.limit)
    page = Page[UploadAnswer](items=[upload_told(each) for each in found], **paging(request, asked, total))
    return _named(request, page, identity)


@router.get("/uploads/{upload_id}", response_model=UploadAnswer, responses=READ)
def one_upload(request: Request, upload_id: UploadId) -> Response:
    """One upload."""
    identity = need(request, "analyst")
    return _named(request, upload_told(background_of(request).uploads.find(identity, upload_id)), identity)


@router.delete("/uploads/{upload_id}", status_code=204, response_class=Response, responses=_CONFLICT)
def remove_upload(request: Request, upload_id: UploadId) -> Response:
    """Remove an upload for good."""
    identity = need(request, "analyst")
    background_of(request).uploads.remove(identity, upload_id, request.state.address)
    return Response(status_code=204)


@router.post("/jobs", response_model=JobAnswer, status_code=202, responses=_LARGE)
async def create(request: Request, body: JobAsked) -> Response:
    """Score an upload in the background; which model does it is fixed now."""
    identity = need(request, "analyst")
    made = await service_of(request).make(ask_job, request, identity, body)
    response = answer(request, job_told(made), tag_of(request, made.id), 202)
    response.headers["location"] = f"/api/v1/jobs/{made.id}"
    return response


def ask_job(request: Request, identity: Identity, body: JobAsked) -> Job:
    """Accept a job, if the file fits the model; pages use this too."""
    background, service = background_of(request), service_of(request)
    found = background.uploads.find(identity, body.upload)
    workspace, experiment = Workspace(service.settings.workspace), body.experiment or MAIN
    try:
        version = registry.find_version(workspace, experiment, body.version or registry.CHAMPION)
    except InputError as error:
        raise Problem(404, f"There is no such model: found {error.found}.") from error
    names, tells = _needed(workspace.path("models", experiment, version.release_id))
    missing = [name for name in names if not found.header.get(name, False)]
    if missing:
        more = f" and {len(missing) - 8} more" if len(missing) > 8 else ""
        raise Problem(422, f"The file has no column of numbers named {', '.join(missing[:8])}{more}.")
    if body.drivers and not tells:
        raise Problem(422, "This model cannot tell drivers.")
    asked = Asked(experiment, version.number, version.release_id, body.drivers)
    made = background.jobs.add(identity, found, asked, request.state.address)
    background.runner.wake()
    return made


@lru_cache(maxsize=32)
def _needed(release: File) -> tuple[tuple[str, ...], bool]:
    """Columns that a released model needs, and whether it can tell drivers; releases never change."""
    model = load_release(release).model
    return (DEVIATION, *model.names), driver_sums(model, compiled=False) is not None


@router.get("/jobs", response_model=Page[JobAnswer], responses=READ)
def jobs(request: Request, asked: Annotated[PageAsked, Query()]) -> Response:
    """Jobs that one may see, newest first."""
    identity = need(request, "analyst")
    total, found = background_of(request).jobs.page(identity, asked.offset, asked.limit)
    page = Page[JobAnswer](items=[job_told(each) for each in found], **paging(request, asked, total))
    return _named(request, page, identity)


@router.get("/jobs/{job_id}", response_model=JobAnswer, responses=READ)
def one(request: Request, job_id: JobId) -> Response:
    """Where a job stands."""
    identity = need(request, "analyst")
    return _named(request, job_told(background_of(request).jobs.find(identity, job_id)), identity)


@router.delete(
    "/jobs/{job_id}",
    response_model=JobAnswer,
    responses={204: {"description": "It had ended already: it is removed, with its result"}},
)
def cancel(request: Request, job_id: JobId) -> Response:
    """Cancel a job that is not done; remove one that has ended, with its result."""
    identity = need(request, "analyst")
    background = background_of(request)
    left = background.jobs.cancel(identity, job_id, request.state.address)
    background.runner.wake()
    return Response(status_code=204) if left is None else answer(request, job_told(left), tag_of(request, job_id))


@router.get(
    "/jobs/{job_id}/result",
    response_class=Response,
    responses={200: {"description": "The file", "content": {"application/zip": _BINARY}}, **READ, **_CONFLICT},
)
def result(request: Request, job_id: JobId) -> Response:
    """Scores and rejects as Parquet with their manifest, in one zip file."""
    identity = need(request, "analyst")
    background = background_of(request)
    found = background.jobs.find(identity, job_id)
    path, etag = background.jobs.result_of(found), f'"{found.result["sha256"]}"'
    if has_it(request, etag):
        return not_modified(etag)
    note(service_of(request).engine, identity.name, request.state.address, "result", job=found.id)
    name = f"scores-{found.id}.zip"
    headers = {"etag": etag, "cache-control": "private, no-cache"}
    # Of a range only what was asked is sent: a download that broke off goes on.
    return FileResponse(path, filename=name, headers=headers, media_type="application/zip")


def _named(request: Request, model: Any, identity: Identity) -> Response:
    """An answer whose name follows from what is in it and who asks."""
    etag = tag_of(request, identity.name, model.model_dump_json())
    return not_modified(etag) if has_it(request, etag) else answer(request, model, etag)
