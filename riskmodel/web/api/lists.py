"""``/api/v1/lists``: make a risk list, find it by its number, and download its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from riskmodel.errors import InputError
from riskmodel.products.risk_list.formats import STEM, WRITERS, chosen_formats
from riskmodel.web.access.identity import Identity
from riskmodel.web.access.root import root_of
from riskmodel.web.access.security import FILE_POLICY
from riskmodel.web.api.answers import answer, etag_of, identity_of, is_current, not_modified, require_role
from riskmodel.web.api.asked import ListAsked, PageAsked, Whole
from riskmodel.web.api.models import Form, ListedArea, Page, RiskListAnswer, members
from riskmodel.web.api.routes import ERRORS, READ, error_responses
from riskmodel.web.api.selecting import hidden_from, known, model_numbers, paging, refuse_hidden
from riskmodel.web.problems import Problem
from riskmodel.web.service import Service, service_of
from riskmodel.web.serving.lists import MEDIA_TYPES, Body
from riskmodel.web.serving.making import list_options
from riskmodel.web.serving.recorded import MOST_NUMBER, page_of_requests
from riskmodel.web.serving.recorded import Request as Recorded
from riskmodel.web.serving.shelf import Ready, Shelved
from riskmodel.web.serving.snapshot import Snapshot

router = APIRouter(prefix="/api/v1/lists", tags=["lists"])

Number = Annotated[Whole, Path(ge=1, le=MOST_NUMBER, description="Number of the list.")]
FileFormat = Literal["csv", "xlsx", "html", "parquet", "gpkg", "geojson", "pdf"]
_FILES: dict[str, Any] = {
    media_type.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}}
    for media_type in MEDIA_TYPES.values()
}


@router.post(
    "",
    response_model=RiskListAnswer,
    status_code=201,
    responses={
        200: {"description": "The same list was asked for today already", "model": RiskListAnswer},
        **error_responses(413),
        **ERRORS,
    },
)
async def create(request: Request, body: ListAsked) -> Response:
    """Make a risk list and give it a number; the same question on the same day has the same number."""
    service, identity = service_of(request), identity_of(request)
    recorded, new = await make_list(
        service,
        identity,
        request.state.address,
        body.municipalities,
        experiment=body.experiment,
        capacity=body.capacity,
        audit_share=body.audit_share,
    )
    made = _answer(request, recorded)
    response = answer(request, made, etag_of(request, str(recorded.number)), 201 if new else 200)
    response.headers["location"] = f"{root_of(request.scope)}/api/v1/lists/{recorded.number}"
    return response


async def make_list(
    service: Service,
    identity: Identity,
    address: str,
    names: Sequence[str],
    *,
    experiment: str | None = None,
    capacity: int | None = None,
    audit_share: float,
) -> tuple[Recorded, bool]:
    """Make and record a list of municipalities or regions by name; return its request and whether it is new.

    A problem with status 403 when the reader may not see it.
    """
    snapshot = service.snapshot(experiment)
    hidden = hidden_from(snapshot, identity, service.settings.local_public)
    try:
        options = list_options(snapshot, names, capacity, audit_share, hidden)
    except PermissionError as error:
        raise Problem(403, f"{error}: made from local sources, which only that municipality may see.") from error
    return await service.make(service.lists.record, snapshot, options, identity.name, address)


@router.get("", response_model=Page[RiskListAnswer], responses=READ)
def requests(request: Request, asked: Annotated[PageAsked, Query()]) -> Response:
    """Lists that were asked for, newest first: one's own, or for analysts of the whole organisation all."""
    identity = require_role(request, "reader")
    if not identity.name:
        raise Problem(401, "Without a login no lists are one's own.")
    everybody = identity.at_least("analyst") and identity.municipalities is None
    service = service_of(request)
    total, found = page_of_requests(
        service.engine, asked.offset, asked.limit, None if everybody else identity.name
    )
    page = Page[RiskListAnswer](items=[_answer(request, each) for each in found], **paging(request, asked, total))
    newest = str(found[0].number) if found else ""
    return answer(request, page, etag_of(request, str(total), newest))


@router.get("/{number}", response_model=RiskListAnswer, responses=READ)
def one(request: Request, number: Number) -> Response:
    """One list: what was asked, what it was made from, and its forms."""
    recorded, _ = find(service_of(request), identity_of(request), number)
    etag = etag_of(request, str(number))
    if is_current(request, etag):
        return not_modified(etag)
    return answer(request, _answer(request, recorded), etag)


@router.get("/{number}/areas", response_model=Page[ListedArea], responses=READ)
async def listed(request: Request, number: Number, asked: Annotated[PageAsked, Query()]) -> Response:
    """Areas of a list, worst first."""
    service = service_of(request)
    recorded, _ = await service.make(find, service, identity_of(request), number)
    etag = etag_of(request, str(number))
    if is_current(request, etag):
        return not_modified(etag)
    rows = (await service.make(service.lists.made, recorded)).rows
    part = rows.iloc[asked.offset : asked.offset + asked.limit]
    page = Page[ListedArea](
        items=[_row(row) for row in part.to_dict("records")], **paging(request, asked, len(rows))
    )
    return answer(request, page, etag)


@router.get(
    "/{number}/" + STEM + ".{form}",
    response_class=Response,
    responses={200: {"description": "The file", "content": _FILES}, **READ},
)
async def download(request: Request, number: Number, form: FileFormat) -> Response:
    """A form of a list; the same number gives the same bytes, always."""
    return await send_file(request, number, form)


async def send_file(request: Request, number: int, form: str) -> Response:
    """Return a file of a list as an answer; a problem with status 403 or 404 when there is none to see."""
    if form not in WRITERS:
        raise Problem(404, "There is no such form.")
    service, identity = service_of(request), identity_of(request)
    recorded, _ = await service.make(find, service, identity, number)
    body = await service.make(_body, service, recorded, form)
    headers = {"content-security-policy": FILE_POLICY} if form == "html" else {}
    kind = "inline" if form == "html" else "attachment"
    headers["content-disposition"] = f'{kind}; filename="{STEM}-{number}.{form}"'
    shelved = Shelved(request.scope["route"].path, partial(service.lists.cached, number, form), headers)
    service.shelf.put(request.scope["path"], shelved)
    return Ready(shelved, body)


def find(service: Service, identity: Identity, number: int) -> tuple[Recorded, Snapshot]:
    """Return a list by its number, and its snapshot; a problem with status 403 or 404 for none to see."""
    recorded = service.lists.find(number)
    if recorded is None:
        raise Problem(404, "There is no list with this number.")
    snapshot = service.lists.snapshot_of(recorded)
    codes = recorded.options.municipalities or tuple(snapshot.municipalities)
    refuse_hidden(codes, hidden_from(snapshot, identity, service.settings.local_public))
    return recorded, snapshot


def _body(service: Service, recorded: Recorded, form: str) -> Body:
    try:
        return service.lists.body(recorded, form)
    except InputError as error:
        # A format that this installation, or this workspace without boundaries, cannot make.
        if error.where == "--form":
            raise Problem(404, f"Found {error.found}; expected {error.expected}.") from error
        raise


def _answer(request: Request, recorded: Recorded) -> RiskListAnswer:
    identity = identity_of(request)
    own = bool(identity.name) and (identity.name == recorded.who or identity.at_least("analyst"))
    here = f"{root_of(request.scope)}/api/v1/lists/{recorded.number}"
    return RiskListAnswer(
        number=recorded.number,
        title=recorded.options.title,
        municipalities=list(recorded.options.municipalities),
        capacity=recorded.options.capacity,
        audit_share=recorded.options.audit_share,
        experiment=recorded.experiment,
        forecast_id=recorded.forecast_id,
        model_version=recorded.model_version,
        code_version=recorded.code_version,
        made_on=recorded.made_on,
        created_at=recorded.created_at,
        who=recorded.who if own else None,
        areas=f"{here}/areas",
        forms=[
            Form(form=form, href=f"{here}/{STEM}.{form}", media_type=MEDIA_TYPES[form].partition(";")[0])
            for form in available_formats()
        ],
    )


@cache
def available_formats() -> tuple[str, ...]:
    """Return the file formats for which this installation has the libraries."""

    def is_available(form: str) -> bool:
        try:
            chosen_formats([form])
        except InputError:
            return False
        return True

    return tuple(form for form in WRITERS if is_available(form))


def _row(row: Mapping[Any, Any]) -> ListedArea:
    missing = ("inhabitants", "change_last", "change_long")
    return ListedArea(
        **members(row, ListedArea)
        | {name: known(row[name]) for name in missing}
        | model_numbers(row)
        | {"code": row["location"]}
    )
