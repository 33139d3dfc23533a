"""``/api/v1``: areas, current scores, forecasts and drivers of the snapshot that is served."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from riskmodel.web.api.answers import answer, has_it, identity_of, not_modified, tag_of
from riskmodel.web.api.asked import AreasAsked, Code, ForecastsAsked, PageAsked
from riskmodel.web.api.models import Area, Drivers, Forecast, Municipality, Page, Score, SourcedPage
from riskmodel.web.api.selecting import (
    area_rows,
    chosen,
    driver_rows,
    forecast_rows,
    hidden_from,
    paging,
    score_rows,
    source_of,
)
from riskmodel.web.problems import MEDIA_TYPE, Problem
from riskmodel.web.service import service_of
from riskmodel.web.serving.snapshot import Snapshot

ERROR: dict[str, Any] = {"content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
#: Errors that every route may give.
ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"description": "The request cannot be read", **ERROR},
    401: {"description": "A login is needed", **ERROR},
    403: {"description": "This login may not do that", **ERROR},
    404: {"description": "There is nothing here", **ERROR},
    414: {"description": "The address is too long", **ERROR},
    422: {"description": "The request is not valid", **ERROR},
    429: {"description": "Too many requests", **ERROR},
    503: {"description": "Not now; try again later", **ERROR},
}
READ: dict[int | str, dict[str, Any]] = {304: {"description": "The reader has it already"}, **ERRORS}

router = APIRouter(prefix="/api/v1", responses=READ)

AreaCode = Annotated[Code, Path(description="Area code, such as WK098311.")]


def _snapshot(request: Request, experiment: str | None = None) -> tuple[Snapshot, str]:
    """What is served, asked for once, and the name of the answer that follows from it."""
    snapshot = service_of(request).snapshot(experiment)
    return snapshot, tag_of(request, snapshot.id, snapshot.version)


def _hidden(request: Request, snapshot: Snapshot) -> frozenset[str]:
    return hidden_from(snapshot, identity_of(request), service_of(request).settings.local_public)


@router.get("/municipalities", response_model=Page[Municipality], tags=["areas"])
def municipalities(request: Request, asked: Annotated[PageAsked, Query()]) -> Response:
    """Municipalities with areas, in order of code."""
    snapshot, etag = _snapshot(request)
    if has_it(request, etag):
        return not_modified(etag)
    codes, counts = np.unique(snapshot.owners, return_counts=True)
    numbers = dict(zip(codes.tolist(), counts.tolist(), strict=True))
    every = list(snapshot.municipalities.items())
    items = [
        Municipality(code=code, name=name, areas=numbers[code], own_data=code in snapshot.local)
        for code, name in every[asked.offset : asked.offset + asked.limit]
    ]
    return answer(request, Page[Municipality](items=items, **paging(request, asked, len(every))), etag)


@router.get("/areas", response_model=Page[Area], tags=["areas"])
def areas(request: Request, asked: Annotated[AreasAsked, Query()]) -> Response:
    """Areas, in order of code."""
    snapshot, etag = _snapshot(request)
    if has_it(request, etag):
        return not_modified(etag)
    at = chosen(snapshot.panel.areas, snapshot, asked)
    items = area_rows(snapshot, at[asked.offset : asked.offset + asked.limit])
    return answer(request, Page[Area](items=items, **paging(request, asked, len(at))), etag)


@router.get("/areas/{code}", response_model=Area, tags=["areas"])
def area(request: Request, code: AreaCode) -> Response:
    """One area."""
    snapshot, etag = _snapshot(request)
    at = chosen(snapshot.panel.areas, snapshot, AreasAsked.model_validate({"area": [code]}))
    if not len(at):
        raise Problem(404, "There is no area with this code.")
    if has_it(request, etag):
        return not_modified(etag)
    return answer(request, area_rows(snapshot, at)[0], etag)


@router.get("/scores", response_model=Page[Score], tags=["areas"])
def scores(request: Request, asked: Annotated[AreasAsked, Query()]) -> Response:
    """Current score, class, dimensions and changes of areas with a score, in order of code."""
    snapshot, etag = _snapshot(request)
    if has_it(request, etag):
        return not_modified(etag)
    at = chosen(snapshot.current["location"].to_numpy(dtype=str), snapshot, asked)
    items = score_rows(snapshot, at[asked.offset : asked.offset + asked.limit])
    return answer(request, Page[Score](items=items, **paging(request, asked, len(at))), etag)


@router.get("/forecasts", response_model=SourcedPage[Forecast], tags=["forecasts"])
def forecasts(request: Request, asked: Annotated[ForecastsAsked, Query()]) -> Response:
    """What is expected of areas, in order of code; areas to which the question does not apply are not there."""
    snapshot, etag = _snapshot(request, asked.experiment)
    at = chosen(_listed(snapshot), snapshot, asked, _hidden(request, snapshot))
    if has_it(request, etag):
        return not_modified(etag)
    items = forecast_rows(snapshot, at[asked.offset : asked.offset + asked.limit])
    told = paging(request, asked, len(at))
    return answer(request, SourcedPage[Forecast](items=items, source=source_of(snapshot), **told), etag)


@router.get("/drivers", response_model=SourcedPage[Drivers], tags=["forecasts"])
def drivers(request: Request, asked: Annotated[ForecastsAsked, Query()]) -> Response:
    """How the expected change of areas is built up, in order of code."""
    snapshot, etag = _snapshot(request, asked.experiment)
    at = chosen(_listed(snapshot), snapshot, asked, _hidden(request, snapshot))
    if has_it(request, etag):
        return not_modified(etag)
    items = driver_rows(snapshot, at[asked.offset : asked.offset + asked.limit])
    told = paging(request, asked, len(at))
    return answer(request, SourcedPage[Drivers](items=items, source=source_of(snapshot), **told), etag)


def _listed(snapshot: Snapshot) -> np.ndarray:
    return snapshot.country.rows["location"].to_numpy(dtype=str)
