"""``/api/v1``: areas, current scores, forecasts and drivers of the snapshot that is served."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from riskmodel.web.api.answers import answer, etag_of, identity_of, is_current, not_modified
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
from riskmodel.web.problems import KINDS, MEDIA_TYPE, Problem
from riskmodel.web.service import service_of
from riskmodel.web.serving.snapshot import Snapshot

ERROR: dict[str, Any] = {"content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


def error_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the description of errors that a route may answer with."""
    return {status: {"description": KINDS[status][1], **ERROR} for status in statuses}


#: Errors that every route may answer with.
ERRORS = error_responses(400, 401, 403, 404, 414, 422, 429, 503)
READ: dict[int | str, dict[str, Any]] = {304: {"description": "The reader has it already"}, **ERRORS}

router = APIRouter(prefix="/api/v1", responses=READ)

AreaCode = Annotated[Code, Path(description="Area code, such as WK098311.")]


def _snapshot(request: Request, experiment: str | None = None) -> tuple[Snapshot, str]:
    """Return the snapshot that is served, and the entity tag of an answer from it."""
    snapshot = service_of(request).snapshot(experiment)
    return snapshot, etag_of(request, snapshot.id, snapshot.version)


@router.get("/municipalities", response_model=Page[Municipality], tags=["areas"])
def municipalities(request: Request, asked: Annotated[PageAsked, Query()]) -> Response:
    """Municipalities with areas, in order of code."""
    snapshot, etag = _snapshot(request)
    codes, counts = np.unique(snapshot.owners, return_counts=True)
    numbers = dict(zip(codes.tolist(), counts.tolist(), strict=True))
    every = list(snapshot.municipalities.items())

    def rows(at: npt.NDArray[np.intp]) -> list[Municipality]:
        return [
            Municipality(code=code, name=name, areas=numbers[code], own_data=code in snapshot.local)
            for code, name in (every[index] for index in at)
        ]

    return _page(request, etag, asked, np.arange(len(every)), Page[Municipality], rows)


@router.get("/areas", response_model=Page[Area], tags=["areas"])
def areas(request: Request, asked: Annotated[AreasAsked, Query()]) -> Response:
    """Areas, in order of code."""
    snapshot, etag = _snapshot(request)
    at = chosen(snapshot.panel.areas, snapshot, asked)
    return _page(request, etag, asked, at, Page[Area], partial(area_rows, snapshot))


@router.get("/areas/{code}", response_model=Area, tags=["areas"])
def area(request: Request, code: AreaCode) -> Response:
    """One area."""
    snapshot, etag = _snapshot(request)
    at = chosen(snapshot.panel.areas, snapshot, AreasAsked.model_validate({"area": [code]}))
    if not len(at):
        raise Problem(404, "There is no area with this code.")
    if is_current(request, etag):
        return not_modified(etag)
    return answer(request, area_rows(snapshot, at)[0], etag)


@router.get("/scores", response_model=Page[Score], tags=["areas"])
def scores(request: Request, asked: Annotated[AreasAsked, Query()]) -> Response:
    """Current score, class, dimensions and changes of areas with a score, in order of code."""
    snapshot, etag = _snapshot(request)
    at = chosen(snapshot.current["location"].to_numpy(dtype=str), snapshot, asked)
    return _page(request, etag, asked, at, Page[Score], partial(score_rows, snapshot))


@router.get("/forecasts", response_model=SourcedPage[Forecast], tags=["forecasts"])
def forecasts(request: Request, asked: Annotated[ForecastsAsked, Query()]) -> Response:
    """What is expected of areas, in order of code; areas to which the question does not apply are not there."""
    return _forecast_page(request, asked, SourcedPage[Forecast], forecast_rows)


@router.get("/drivers", response_model=SourcedPage[Drivers], tags=["forecasts"])
def drivers(request: Request, asked: Annotated[ForecastsAsked, Query()]) -> Response:
    """How the expected change of areas is built up, in order of code."""
    return _forecast_page(request, asked, SourcedPage[Drivers], driver_rows)


def _forecast_page(
    request: Request,
    asked: ForecastsAsked,
    model: type[BaseModel],
    rows: Callable[[Snapshot, npt.NDArray[np.intp]], Sequence[BaseModel]],
) -> Response:
    """Answer with one page of what was forecast, for a reader as if the rest was not."""
    snapshot, etag = _snapshot(request, asked.experiment)
    hidden = hidden_from(snapshot, identity_of(request), service_of(request).settings.local_public)
    shown = snapshot.without(hidden)
    listed = np.array([] if shown is None else shown.country.rows["location"], dtype=str)
    at = chosen(listed, snapshot, asked, hidden)
    page = partial(rows, shown or snapshot)
    return _page(request, etag, asked, at, model, page, source=source_of(snapshot))


def _page(
    request: Request,
    etag: str,
    asked: PageAsked,
    at: npt.NDArray[np.intp],
    model: type[BaseModel],
    rows: Callable[[npt.NDArray[np.intp]], Sequence[BaseModel]],
    **members: BaseModel,
) -> Response:
    """Answer with one page of the rows at these positions."""
    if is_current(request, etag):
        return not_modified(etag)
    items = rows(at[asked.offset : asked.offset + asked.limit])
    return answer(request, model(items=items, **members, **paging(request, asked, len(at))), etag)
