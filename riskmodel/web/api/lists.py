"""``/api/v1/lists``: make a risk list, find it by its number, and download its forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from riskmodel.errors import InputError
from riskmodel.products.risk_list.formats import STEM, WRITERS, chosen_forms
from riskmodel.web.access.identity import Identity
from riskmodel.web.access.security import FILE_POLICY, note
from riskmodel.web.api.answers import answer, has_it, identity_of, need, not_modified, tag_of
from riskmodel.web.api.asked import ListAsked, PageAsked, Whole
from riskmodel.web.api.models import Form, ListedArea, Page, RiskListAnswer
from riskmodel.web.api.routes import ERROR, ERRORS, READ
from riskmodel.web.api.selecting import hidden_from, known, paging, refuse_hidden
from riskmodel.web.problems import Problem
from riskmodel.web.service import Service, service_of
from riskmodel.web.serving.lists import MEDIA_TYPES, Body
from riskmodel.web.serving.making import asked_of
from riskmodel.web.serving.recorded import MOST_NUMBER, page_of_requests
from riskmodel.web.serving.recorded import Request as Recorded
from riskmodel.web.serving.shelf import Ready, Shelved
from riskmodel.web.serving.snapshot import Snapshot

router = APIRouter(prefix="/api/v1/lists", tags=["lists"])

Number = Annotated[Whole, Path(ge=1, le=MOST_NUMBER, description="Number of the list.")]
FormName = Literal["csv", "xlsx", "html", "parquet", "gpkg", "geojson", "pdf"]
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
        413: {"description": "The request is too large", **ERROR},
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
    made = _told(recorded, identity)
    response = answer(request, made, tag_of(request, str(recorded.number)), 201 if new else 200)
    response.headers["location"] = f"/api/v1/lists/{recorded.number}"
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
    """Make and record a list for somebody; pages use this too."""
    snapshot = service.snapshot(experiment)
    hidden = hidden_from(snapshot, identity, service.settings.local_public)
    try:
        asked = asked_of(snapshot, names, capacity, audit_share, lambda codes: not set(codes) & hidden)
    except PermissionError as error:
        raise Problem(403, f"{error}: made from local sources, which only that municipality may see.") from error

    def work() -> tuple[Recorded, bool]:
        recorded, new = service.lists.record(snapshot, asked, identity.name)
        if new:
            note(service.engine, identity.name, address, "list", number=recorded.number)
        return recorded, new

    return await service.make(work)


@router.get("", response_model=Page[RiskListAnswer], responses=READ)
def requests(request: Request, asked: Annotated[PageAsked, Query()]) -> Response:
    """Lists that were asked for, newest first: one's own, or for analysts of the whole organisation all."""
    identity = need(request, "reader")
    if not identity.name:
        raise Problem(401, "Without a login no lists are one's own.")
    everybody = identity.at_least("analyst") and identity.municipalities is None
    service = service_of(request)
    total, found = page_of_requests(
        service.engine, asked.offset, asked.limit, None if everybody else identity.name
    )
    page = Page[RiskListAnswer](items=[_told(each, identity) for each in found], **paging(request, asked, total))
    newest = str(found[0].number) if found else ""
    return answer(request, page, tag_of(request, str(total), newest))


@router.get("/{number}", response_model=RiskListAnswer, responses=READ)
def one(request: Request, number: Number) -> Response:
    """One list: what was asked, what it was made from, and its forms."""
    recorded, _ = find(service_of(request), identity_of(request), number)
    etag = tag_of(request, str(number))
    return (
        not_modified(etag)
        if has_it(request, etag)
        else answer(request, _told(recorded, identity_of(request)), etag)
    )


@router.get("/{number}/areas", response_model=Page[ListedArea], responses=READ)
async def listed(request: Request, number: Number, asked: Annotated[PageAsked, Query()]) -> Response:
    """Areas of a list, worst first."""
    service = service_of(request)
    recorded, _ = await service.make(find, service, identity_of(request), number)
    etag = tag_of(request, str(number))
    if has_it(request, etag):
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
async def download(request: Request, number: Number, form: FormName) -> Response:
    """A form of a list; the same number gives the same bytes, always."""
    return await send_form(request, number, form)


async def send_form(request: Request, number: int, form: str) -> Response:
    """A form of a list as an answer; pages use this too."""
    if form not in WRITERS:
        raise Problem(404, "There is no such form.")
    service, identity = service_of(request), identity_of(request)
    recorded, _ = await service.make(find, service, identity, number)
    body = await service.make(_form, service, recorded, form)
    headers = {"content-security-policy": FILE_POLICY} if form == "html" else {}
    kind = "inline" if form == "html" else "attachment"
    headers["content-disposition"] = f'{kind}; filename="{STEM}-{number}.{form}"'
    shelved = Shelved(request.scope["route"].path, partial(service.lists.held, number, form), headers)
    service.shelf.put(request.scope["path"], shelved)
    return Ready(shelved, body)


def find(service: Service, identity: Identity, number: int) -> tuple[Recorded, Snapshot]:
    """A list by its number, and the snapshot behind it, if who asks may see it."""
    recorded = service.lists.find(number)
    if recorded is None:
        raise Problem(404, "There is no list with this number.")
    snapshot = service.lists.snapshot_of(recorded)
    codes = recorded.asked.municipalities or tuple(snapshot.municipalities)
    refuse_hidden(codes, hidden_from(snapshot, identity, service.settings.local_public))
    return recorded, snapshot


def _form(service: Service, recorded: Recorded, form: str) -> Body:
    try:
        return service.lists.body(recorded, form)
    except InputError as error:
        # A form that this installation, or this workspace without boundaries, cannot make.
        if error.where == "--form":
            raise Problem(404, f"Found {error.found}; expected {error.expected}.") from error
        raise


def _told(recorded: Recorded, identity: Identity) -> RiskListAnswer:
    own = bool(identity.name) and (identity.name == recorded.who or identity.at_least("analyst"))
    here = f"/api/v1/lists/{recorded.number}"
    return RiskListAnswer(
        number=recorded.number,
        title=recorded.asked.title,
        municipalities=list(recorded.asked.municipalities),
        capacity=recorded.asked.capacity,
        audit_share=recorded.asked.audit_share,
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
            for form in makeable()
        ],
    )


@cache
def makeable() -> tuple[str, ...]:
    """Forms for which this installation has the libraries."""

    def can(form: str) -> bool:
        try:
            chosen_forms([form])
        except InputError:
            return False
        return True

    return tuple(form for form in WRITERS if can(form))


def _row(row: Mapping[Any, Any]) -> ListedArea:
    names = {"location": "code", "p_decline": "chance"}
    missing = ("inhabitants", "change_last", "change_long")
    told: dict[str, Any] = {
        names.get(name, name): known(value) if name in missing else value for name, value in row.items()
    }
    return ListedArea(**told | {"chance": min(max(told["chance"], 0.0), 1.0)})
