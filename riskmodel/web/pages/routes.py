"""The Dutch pages: order, read and download a list; the country; the track record; the method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Path, Query, Request
from python_multipart.exceptions import FormParserError
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from riskmodel.errors import InputError
from riskmodel.products.rendering import dutch
from riskmodel.products.risk_list.texts import event_in_dutch, in_dutch
from riskmodel.web.access.identity import Identity
from riskmodel.web.access.root import path_below, root_of
from riskmodel.web.access.security import PAGE_POLICY
from riskmodel.web.api.answers import identity_of
from riskmodel.web.api.lists import find, make_list, send_file
from riskmodel.web.pages.choose import Choice, choice_of, choosable_names, validate
from riskmodel.web.pages.frame import page, page_body, static_response
from riskmodel.web.pages.list import downloads, with_bar
from riskmodel.web.pages.method import method_of
from riskmodel.web.pages.national import national_of
from riskmodel.web.pages.record import record_of
from riskmodel.web.problems import Problem
from riskmodel.web.service import Service, service_of
from riskmodel.web.serving.lists import Body
from riskmodel.web.serving.recorded import MOST_NUMBER, page_of_requests
from riskmodel.web.serving.recorded import Request as Recorded
from riskmodel.web.serving.shelf import Ready, Shelved
from riskmodel.web.serving.snapshot import Snapshot

router = APIRouter(include_in_schema=False)

Number = Annotated[int, Path(ge=1, le=MOST_NUMBER)]
#: Most lists on the page of one's own lists.
LISTS = 50


@router.get("/static/{name}")
async def static(request: Request, name: str) -> Response:
    """Style and script."""
    found = static_response(request, name)
    if found is None:
        raise Problem(404)
    return found


@router.get("/")
async def choose(request: Request) -> Response:
    """The form; an address may fill it in: ``/?gemeente=Venlo&aantal=5``."""
    given = parse_qs(request.url.query, max_num_fields=100) if request.url.query.count("&") < 100 else {}
    return _form(request, choice_of(given, sent=False))


@router.post("/lijst")
async def ask(request: Request) -> Response:
    """Record a list and go to it; a form that cannot be read comes back with what is wrong."""
    service, identity = service_of(request), identity_of(request)
    values = await _sent(request)
    choice = choice_of(values, sent=True)
    if values.get("doe") == ["meer"]:
        return _form(request, replace(choice, names=(*choice.names, "")))
    snapshot = _asked_for(service, choice)
    valid = validate(choice, snapshot)
    if valid.errors:
        return _form(request, choice, valid.errors, 422)
    try:
        recorded, _ = await make_list(
            service,
            identity,
            request.state.address,
            valid.names,
            experiment=snapshot.experiment.name,
            capacity=valid.capacity,
            audit_share=choice.audit_share,
        )
    except Problem as problem:
        if problem.status_code != 403:
            raise
        words = "Deze lijst rust op gegevens van een gemeente zelf. Alleen die gemeente mag hem zien."
        return _form(request, choice, {"gemeente-1": words}, 403)
    except InputError:
        words = "Voor deze vraag is er in deze gemeente of regio geen gebied dat op de lijst kan."
        return _form(request, choice, {"gemeente-1": words}, 422)
    return RedirectResponse(f"{root_of(request.scope)}/lijst/{recorded.number}", 303)


@router.get("/lijst")
async def by_number(request: Request, nummer: Annotated[str, Query(max_length=40)] = "") -> Response:
    """Go to a list by the number that somebody typed."""
    bare = nummer.strip().lstrip("#").replace(".", "")
    whole = bare.isascii() and bare.isdigit() and len(bare) <= 10
    root = root_of(request.scope)
    if not bare:
        return RedirectResponse(f"{root}/", 303)
    if not whole or not 1 <= int(bare) <= MOST_NUMBER:
        raise Problem(404)
    return RedirectResponse(f"{root}/lijst/{int(bare)}", 303)


@router.get("/lijst/{number}")
async def listed(request: Request, number: Number) -> Response:
    """The list: the file, with the bar of the service above it."""
    service, identity = service_of(request), identity_of(request)
    body, policy = await service.make(_list_page, service, identity, root_of(request.scope), number)
    address = request.scope["path"]
    service.pages.put(address, None, body)
    return _ready(request, body, lambda: None, policy)


@router.get("/lijst/{number}/risicolijst.{form}")
async def download(request: Request, number: Number, form: str) -> Response:
    """A file of a list."""
    return await send_file(request, number, form)


@router.get("/lijsten")
async def mine(request: Request) -> Response:
    """Lists of somebody who is logged in."""
    service, identity = service_of(request), identity_of(request)
    total, found = 0, list[Recorded]()
    if identity.name:
        total, found = await service.make(page_of_requests, service.engine, 0, LISTS, identity.name)
    questions = {name: each.experiment.question for name, each in service.snapshots.serving.items()}
    rows = [
        {
            "number": each.number,
            "title": each.options.title,
            "question": questions.get(each.experiment, each.experiment),
            "capacity": each.options.capacity,
            "made_on": dutch.day_words(each.made_on),
        }
        for each in found
    ]
    return page(request, "web_lists.html.j2", {"rows": rows, "total": total, "named": bool(identity.name)})


@router.get("/nederland")
async def national(request: Request) -> Response:
    """The country."""
    return await _same_for_all(request, "web_national.html.j2", _national)


@router.get("/hoe-goed")
async def track_record(request: Request) -> Response:
    """How often it was right."""
    return await _same_for_all(request, "web_record.html.j2", _records)


@router.get("/methode")
async def method(request: Request) -> Response:
    """How it works, what it rests on, and the entry for the register."""
    return await _same_for_all(request, "web_method.html.j2", _method)


def _national(service: Service) -> dict[str, Any]:
    return national_of(service.snapshot(), own_too=service.settings.local_public)


def _method(service: Service) -> dict[str, Any]:
    return method_of(service.snapshot(), own_too=service.settings.local_public)


def _records(service: Service) -> dict[str, Any]:
    service.snapshot()
    questions = [
        {
            "name": each.experiment.name,
            "question": each.experiment.question,
            "event": event_in_dutch(each.experiment.event),
            "horizon": each.experiment.horizon,
            "capacity": each.experiment.capacity,
            "sentence": in_dutch(each.track_record),
            "found": record_of(each),
        }
        for each in _in_order(service)
    ]
    return {"questions": questions, "percent": dutch.share}


def _in_order(service: Service) -> list[Snapshot]:
    """Return the snapshots that are served, of the main question first."""
    first = service.snapshot()
    others = [each for each in service.snapshots.serving.values() if each is not first]
    return [first, *others]


async def _same_for_all(
    request: Request, template: str, context: Callable[[Service], Mapping[str, Any]]
) -> Response:
    """Answer with a page that depends on the served snapshots alone: rendered once until another is served."""
    service, address = service_of(request), request.scope["path"]

    def state() -> object:
        return tuple((each.id, each.stored.id) for each in service.snapshots.serving.values())

    body = service.pages.get(address, state)
    if body is None:
        before = state()
        root, here = root_of(request.scope), path_below(request.scope)
        body = await service.make(
            lambda: page_body(template, root, here, {**context(service), **_invented(service)})
        )
        service.pages.put(address, before, body)
    return _ready(request, body, state, PAGE_POLICY)


def _ready(request: Request, body: Body, state: Callable[[], object], policy: str) -> Response:
    """Answer with a page, and shelve it for as long as the state of the service stays the same."""
    service, address = service_of(request), request.scope["path"]
    headers = {"content-security-policy": policy}
    shelved = Shelved(request.scope["route"].path, partial(service.pages.get, address, state), headers)
    service.shelf.put(address, shelved)
    return Ready(shelved, body)


def _list_page(service: Service, identity: Identity, root: str, number: int) -> tuple[Body, str]:
    recorded, snapshot = find(service, identity, number)
    file = service.lists.body(recorded, "html")
    return with_bar(file, root, number, downloads(root, number, borders=snapshot.polygons is not None))


def _asked_for(service: Service, choice: Choice) -> Snapshot:
    """Return the snapshot of the question that was chosen, or of the main one."""
    known = choice.experiment in service.snapshots.serving
    return service.snapshot(choice.experiment if known else None)


def _form(
    request: Request, choice: Choice, errors: Mapping[str, str] | None = None, status: int = 200
) -> Response:
    service = service_of(request)
    chosen = _asked_for(service, choice)
    names = choosable_names(chosen)
    regions = [name for name, kind in names if kind.startswith(("regio", "provincie"))]
    context = {
        "here": "/",
        "choice": choice,
        "errors": errors or {},
        "names": names,
        "example": regions[0] if regions else "die van u",
        "questions": [_question(service, each, each is chosen) for each in _in_order(service)],
        **_invented(service),
    }
    return page(request, "web_choose.html.j2", context, status=status)


def _invented(service: Service) -> dict[str, bool]:
    """Return whether the invented country is served, which every page then says."""
    return {"invented": service.snapshot().country.about.example}


def _question(service: Service, snapshot: Snapshot, is_chosen: bool) -> dict[str, Any]:
    shown = snapshot if service.settings.local_public else snapshot.without(snapshot.local)
    start = snapshot.stored.forecast.origin_date.year
    return {
        "name": snapshot.experiment.name,
        "text": snapshot.experiment.question,
        "start": start,
        "end": start + snapshot.experiment.horizon,
        "average": "" if shown is None else dutch.one_in(shown.country.about.average_risk),
        "chosen": is_chosen,
    }


async def _sent(request: Request) -> dict[str, list[str]]:
    """Return the texts of a form; a problem with status 400 for what is none, whichever library finds out."""
    try:
        async with request.form(max_files=0, max_fields=100) as sent:
            return _texts(sent)
    except (FormParserError, LookupError, ValueError) as error:
        raise Problem(400, "The form cannot be read.") from error


def _texts(sent: FormData) -> dict[str, list[str]]:
    return {name: [value for value in sent.getlist(name) if isinstance(value, str)] for name in sent}
