"""``/api/v1/uploads`` and ``/api/v1/jobs``: score an uploaded file in the background."""

from __future__ import annotations

import secrets
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
from riskmodel.web.access.access_log import access_line
from riskmodel.web.access.identity import Identity
from riskmodel.web.access.ownership import owner_municipality
from riskmodel.web.access.root import root_of
from riskmodel.web.api.answers import answer, etag_of, is_current, not_modified, require_role, tagged
from riskmodel.web.api.asked import PageAsked
from riskmodel.web.api.job_models import (
    Id,
    JobAnswer,
    JobAsked,
    UploadAnswer,
    UploadAsked,
    job_answer,
    upload_answer,
)
from riskmodel.web.api.models import Page
from riskmodel.web.api.routes import ERROR, ERRORS, READ, error_responses
from riskmodel.web.api.selecting import paging
from riskmodel.web.jobs.bodies import BARE, FORM, body_of, clean_name
from riskmodel.web.jobs.jobs import Job, JobOptions
from riskmodel.web.problems import Problem
from riskmodel.web.service import service_of
from riskmodel.workflow.questions import release_folder
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
_CONFLICT = error_responses(409)
_LARGE = error_responses(413) | {415: {"description": "The body is neither a file nor a form", **ERROR}}


@router.post(
    "/uploads",
    response_model=UploadAnswer,
    status_code=201,
    responses={**_LARGE, **_CONFLICT},
    openapi_extra=_FILE,
)
async def upload(request: Request, asked: Annotated[UploadAsked, Query()]) -> Response:
    """Send a CSV or Parquet file, as it is or in a form; only its owner and administrators see it."""
    identity = require_role(request, "analyst")
    municipality = owner_municipality(identity, asked.municipality)
    body = body_of(request)
    made = await service_of(request).uploads.receive(
        body.pieces, lambda: clean_name(asked.name or body.name), identity, municipality, request.state.address
    )
    response = answer(request, upload_answer(made), etag_of(request, made.id), 201)
    response.headers["location"] = f"{root_of(request.scope)}/api/v1/uploads/{made.id}"
    return response


@router.get("/uploads", response_model=Page[UploadAnswer], responses=READ)
def uploads(request: Request, asked: Annotated[PageAsked, Query()]) -> Response:
    """Uploads that one may see, newest first."""
    identity = require_role(request, "analyst")
    total, found = service_of(request).uploads.page(identity, asked.offset, asked.limit)
    page = Page[UploadAnswer](items=[upload_answer(each) for each in found], **paging(request, asked, total))
    return _tagged(request, page, identity)


@router.get("/uploads/{upload_id}", response_model=UploadAnswer, responses=READ)
def one_upload(request: Request, upload_id: UploadId) -> Response:
    """One upload."""
    identity = require_role(request, "analyst")
    return _tagged(request, upload_answer(service_of(request).uploads.find(identity, upload_id)), identity)


@router.delete("/uploads/{upload_id}", status_code=204, response_class=Response, responses=_CONFLICT)
def remove_upload(request: Request, upload_id: UploadId) -> Response:
    """Remove an upload for good."""
    identity = require_role(request, "analyst")
    service_of(request).uploads.remove(identity, upload_id, request.state.address)
    return Response(status_code=204)


@router.post("/jobs", response_model=JobAnswer, status_code=202, responses=_LARGE)
async def create(request: Request, body: JobAsked) -> Response:
    """Score an upload in the background; which model does it is fixed now."""
    identity = require_role(request, "analyst")
    made = await service_of(request).make(_add_job, request, identity, body)
    response = answer(request, _answer(request, made), etag_of(request, made.id), 202)
    response.headers["location"] = f"{root_of(request.scope)}/api/v1/jobs/{made.id}"
    return response


def _add_job(request: Request, identity: Identity, body: JobAsked) -> Job:
    """Add a job, if the file has the columns that the model needs."""
    service = service_of(request)
    found = service.uploads.find(identity, body.upload)
    workspace, served = Workspace(service.settings.workspace), service.snapshots.current()
    experiment = body.experiment or (served.experiment.name if served else MAIN)
    try:
        version = registry.find_version(workspace, experiment, body.version or registry.CHAMPION)
    except InputError as error:
        raise Problem(404, f"There is no such model: found {error.found}.") from error
    names, has_drivers = _needed(release_folder(workspace, version.release_id))
    missing = [name for name in names if not found.header.get(name, False)]
    if missing:
        more = f" and {len(missing) - 8} more" if len(missing) > 8 else ""
        raise Problem(422, f"The file has no column of numbers named {', '.join(missing[:8])}{more}.")
    if body.drivers and not has_drivers:
        raise Problem(422, "This model cannot tell drivers.")
    options = JobOptions(experiment, version.number, version.release_id, body.drivers)
    made = service.jobs.add(identity, found, options, request.state.address)
    service.runner.wake()
    return made


@lru_cache(maxsize=32)
def _needed(release: File) -> tuple[tuple[str, ...], bool]:
    """Return the columns that a released model needs, and whether it has drivers; releases never change."""
    model = load_release(release).model
    return (DEVIATION, *model.names), driver_sums(model, compiled=False) is not None


@router.get("/jobs", response_model=Page[JobAnswer], responses=READ)
def jobs(request: Request, asked: Annotated[PageAsked, Query()]) -> Response:
    """Jobs that one may see, newest first."""
    identity = require_role(request, "analyst")
    total, found = service_of(request).jobs.page(identity, asked.offset, asked.limit)
    page = Page[JobAnswer](items=[_answer(request, each) for each in found], **paging(request, asked, total))
    return _tagged(request, page, identity)


@router.get("/jobs/{job_id}", response_model=JobAnswer, responses=READ)
def one(request: Request, job_id: JobId) -> Response:
    """State and progress of a job."""
    identity = require_role(request, "analyst")
    return _tagged(request, _answer(request, service_of(request).jobs.find(identity, job_id)), identity)


@router.delete(
    "/jobs/{job_id}",
    response_model=JobAnswer,
    responses={204: {"description": "It had ended already: it is removed, with its result"}},
)
def cancel(request: Request, job_id: JobId) -> Response:
    """Cancel a job that is not done; remove one that has ended, with its result."""
    identity = require_role(request, "analyst")
    service = service_of(request)
    left = service.jobs.cancel(identity, job_id, request.state.address)
    service.runner.wake()
    if left is None:
        return Response(status_code=204)
    return answer(request, _answer(request, left), etag_of(request, job_id))


@router.get(
    "/jobs/{job_id}/result",
    response_class=Response,
    responses={200: {"description": "The file", "content": {"application/zip": _BINARY}}, **READ, **_CONFLICT},
)
def result(request: Request, job_id: JobId) -> Response:
    """Scores and rejects as Parquet with their manifest, in one zip file."""
    identity = require_role(request, "analyst")
    service = service_of(request)
    found = service.jobs.find(identity, job_id)
    path, etag = service.jobs.result_of(found), f'"{found.result["sha256"]}"'
    name = f"scores-{found.id}.zip"
    # It answers requests for a range, so that an interrupted download can continue.
    file = FileResponse(
        path, filename=name, headers=tagged(etag), media_type="application/zip", stat_result=path.stat()
    )
    if is_current(request, etag):
        return not_modified(etag, file.headers)
    line = access_line(identity.name, request.state.address, "result", job=found.id)
    service.behind.put(("result", secrets.token_hex(8)), line)
    return file


def _answer(request: Request, job: Job) -> JobAnswer:
    return job_answer(job, root_of(request.scope))


def _tagged(request: Request, model: Any, identity: Identity) -> Response:
    """Answer with an entity tag that depends on content and identity."""
    etag = etag_of(request, identity.name, model.model_dump_json())
    return not_modified(etag) if is_current(request, etag) else answer(request, model, etag)
