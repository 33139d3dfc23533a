"""The Dutch pages: choose, read and download a list; the country; how good it is; how it works."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Path, Query, Request
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from riskmodel.errors import InputError
from riskmodel.products.rendering import dutch
from riskmodel.web.access.identity import Identity
from riskmodel.web.access.security import FIELD, PAGE_POLICY
from riskmodel.web.api.answers import identity_of
from riskmodel.web.api.lists import find, make_list, send_form
from riskmodel.web.pages.choose import Choice, checked, choice_of, place_names
from riskmodel.web.pages.frame import page, page_body, static_response
from riskmodel.web.pages.list import downloads, with_bar
from riskmodel.web.pages.method import method_of
from riskmodel.web.pages.national import national_of
from riskmodel.web.pages.record import percent, record_of
from riskmodel.web.problems import Problem
from riskmodel.web.service import Service, service_of
from riskmodel.web.serving.lists import Body
from riskmodel.web.serving.recorded import MOST_NUMBER, page_of_requests
from riskmodel.web.serving.recorded import Request as Recorded
from riskmodel.web.serving.shelf import Ready, Shelved, kept_of
from riskmodel.web.serving.snapshot import Snapshot

router = APIRouter(include_in_schema=False)

Number = Annotated[int, Path(ge=1, le=MOST_NUMBER)]
#: Lists of oneself on a page.
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
    async with request.form(max_files=0, max_fields=100) as sent:
        values = _texts(sent)
    if not service.forms.check(request.headers, request.cookies, "".join(values.get(FIELD, [])[:1]), identity):
        raise Problem(403, "The form was not shown to this browser, or is too old.")
    choice = choice_of(values, sent=True)
    if values.get("doe") == ["meer"]:
        return _form(request, Choice((*choice.places, ""), choice.experiment, choice.capacity, choice.audit))
    snapshot = _asked_for(service, choice)
    told = checked(choice, snapshot)
    if told.errors:
        return _form(request, choice, told.errors, 422)
    try:
        recorded, _ = await make_list(
            service,
            identity,
            request.state.address,
            told.places,
            experiment=snapshot.experiment.name,
            capacity=told.capacity,
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
    return RedirectResponse(f"/lijst/{recorded.number}", 303)


@router.get("/lijst")
async def by_number(nummer: Annotated[str, Query(max_length=40)] = "") -> Response:
    """Go to a list by the number that somebody typed."""
    bare = nummer.strip().lstrip("#").replace(".", "")
    whole = bare.isascii() and bare.isdigit() and len(bare) <= 10
    if not bare:
        return RedirectResponse("/", 303)
    if not whole or not 1 <= int(bare) <= MOST_NUMBER:
        raise Problem(404)
    return RedirectResponse(f"/lijst/{int(bare)}", 303)


@router.get("/lijst/{number}")
async def listed(request: Request, number: Number) -> Response:
    """The list: the file, with the bar of the service above it."""
    service, identity = service_of(request), identity_of(request)
    body, policy = await service.make(_list_page, service, identity, number)
    address = request.scope["path"]
    kept = kept_of(request)
    kept.put(address, None, body)
    headers = {"content-security-policy": policy}
    shelved = Shelved(request.scope["route"].path, partial(kept.get, address, _always), headers)
    service.shelf.put(address, shelved)
    return Ready(shelved, body)


@router.get("/lijst/{number}/risicolijst.{form}")
async def download(request: Request, number: Number, form: str) -> Response:
    """A form of a list."""
    return await send_form(request, number, form)


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
            "title": each.asked.title,
            "question": questions.get(each.experiment, each.experiment),
            "capacity": each.asked.capacity,
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
    told = [
        {
            "name": each.experiment.name,
            "question": each.experiment.question,
            "event": each.experiment.event.in_dutch,
            "horizon": each.experiment.horizon,
            "sentence": each.track_record,
            "found": record_of(each),
        }
        for each in _in_order(service)
    ]
    return {"questions": told, "percent": percent}


def _in_order(service: Service) -> list[Snapshot]:
    """Questions with a forecast, the main one first."""
    first = service.snapshot()
    others = [each for each in service.snapshots.serving.values() if each is not first]
    return [first, *others]


async def _same_for_all(
    request: Request, template: str, context: Callable[[Service], Mapping[str, Any]]
) -> Response:
    """A page that follows from what is served alone: made once, until something else is served."""
    service, address, kept = service_of(request), request.scope["path"], kept_of(request)

    def state() -> object:
        return tuple((each.id, each.stored.id) for each in service.snapshots.serving.values())

    body = kept.get(address, state)
    if body is None:
        seen = state()
        body = await service.make(lambda: page_body(template, address, {**context(service), **_invented(service)}))
        kept.put(address, seen, body)
    headers = {"content-security-policy": PAGE_POLICY}
    shelved = Shelved(request.scope["route"].path, partial(kept.get, address, state), headers)
    service.shelf.put(address, shelved)
    return Ready(shelved, body)


def _always() -> None:
    """The state in which a list never changes."""


def _list_page(service: Service, identity: Identity, number: int) -> tuple[Body, str]:
    recorded, snapshot = find(service, identity, number)
    file = service.lists.body(recorded, "html")
    return with_bar(file, number, downloads(number, borders=snapshot.polygons is not None))


def _asked_for(service: Service, choice: Choice) -> Snapshot:
    """The snapshot of the question that was chosen, or of the main one."""
    known = choice.experiment in service.snapshots.serving
    return service.snapshot(choice.experiment if known else None)


def _form(
    request: Request, choice: Choice, errors: Mapping[str, str] | None = None, status: int = 200
) -> Response:
    service, identity = service_of(request), identity_of(request)
    chosen = _asked_for(service, choice)
    names = place_names(chosen)
    value, cookie = service.forms.cookie(request.cookies, secure=request.url.scheme == "https")
    regions = [name for name, kind in names if kind != "gemeente"]
    context = {
        "here": "/",
        "choice": choice,
        "errors": errors or {},
        "places": names,
        "example": regions[0] if regions else "die van u",
        "questions": [_question(each, each is chosen) for each in _in_order(service)],
        "token": service.forms.token(value, identity),
        **_invented(service),
    }
    response = page(request, "web_choose.html.j2", context, status=status)
    if cookie is not None:
        response.headers["set-cookie"] = cookie
    return response


def _invented(service: Service) -> dict[str, bool]:
    """Whether what is served is the invented country, which every page then says."""
    return {"invented": service.snapshot().country.about.example}


def _question(snapshot: Snapshot, is_chosen: bool) -> dict[str, Any]:
    start = snapshot.stored.forecast.origin_date.year
    return {
        "name": snapshot.experiment.name,
        "text": snapshot.experiment.question,
        "start": start,
        "end": start + snapshot.experiment.horizon,
        "average": dutch.one_in(snapshot.country.about.average_risk),
        "chosen": is_chosen,
    }


def _texts(sent: FormData) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in sent.multi_items():
        if isinstance(value, str):
            found.setdefault(name, []).append(value)
    return found
