"""``/api/v1``: models, runs, the identity of the client, health and readiness; ``/metrics`` for Prometheus."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response

from riskmodel.products.risk_list.texts import event_in_dutch, in_dutch
from riskmodel.web import metrics
from riskmodel.web.api.answers import answer, etag_of, identity_of, require_role
from riskmodel.web.api.asked import Code, PageAsked, RunsAsked
from riskmodel.web.api.models import Health, Me, Model, Page, Ready, Run, Version
from riskmodel.web.api.routes import ERRORS
from riskmodel.web.api.selecting import paging, source_of
from riskmodel.web.database.database import reading
from riskmodel.web.problems import Problem
from riskmodel.web.service import Service, service_of
from riskmodel.web.serving.snapshot import Snapshot
from riskmodel.workflow.tracking import registry
from riskmodel.workflow.tracking.runs import every_run
from riskmodel.workflow.tracking.store import client_of, has_store

router = APIRouter(prefix="/api/v1", responses=ERRORS)
prometheus = APIRouter()
#: Prefix of tags of MLflow itself, which name machines and users.
_OWN = "mlflow."
_LONGEST = 500


@router.get("/health", response_model=Health, tags=["service"])
async def health(request: Request) -> Response:
    """Whether the service is alive."""
    return answer(request, Health(status="ok", version=version("riskmodel")), etag_of(request))


@router.get("/ready", response_model=Ready, tags=["service"])
def ready(request: Request) -> Response:
    """Whether the service has something to serve and reaches its database."""
    service = service_of(request)
    experiments = list(service.snapshots.serving)
    if not experiments:
        raise Problem(503, "There is no forecast yet.", {"retry-after": "10"})
    try:
        with reading(service.engine) as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        raise Problem(503, "The database does not answer.", {"retry-after": "10"}) from error
    return answer(request, Ready(status="ready", experiments=experiments), etag_of(request, *experiments))


@router.get("/me", response_model=Me, tags=["service"])
async def me(request: Request) -> Response:
    """Who asks, and what it may do."""
    identity = identity_of(request)
    bound = None if identity.municipalities is None else sorted(identity.municipalities)
    found = Me(name=identity.name or None, role=identity.role or "none", municipalities=bound)
    return answer(request, found, etag_of(request, identity.name, found.role))


@router.get("/models", response_model=Page[Model], tags=["models"])
def models(request: Request, asked: Annotated[PageAsked, Query()]) -> Response:
    """What answers each question, in order of name."""
    serving = service_of(request).snapshots.serving
    names = sorted(serving)
    items = [
        _model(service_of(request), serving[name]) for name in names[asked.offset : asked.offset + asked.limit]
    ]
    page = Page[Model](items=items, **paging(request, asked, len(names)))
    return answer(request, page, etag_of(request, page.model_dump_json()))


@router.get("/models/{experiment}", response_model=Model, tags=["models"])
def model(request: Request, experiment: Annotated[Code, Path(description="Name of the question.")]) -> Response:
    """What answers a question."""
    service = service_of(request)
    found = _model(service, service.snapshot(experiment))
    return answer(request, found, etag_of(request, found.model_dump_json()))


@router.get("/runs", response_model=Page[Run], tags=["models"])
def runs(request: Request, asked: Annotated[RunsAsked, Query()]) -> Response:
    """Runs in MLflow, newest first; for analysts."""
    require_role(request, "analyst")
    service = service_of(request)
    total, items = 0, []
    if has_store(service.snapshots.workspace):
        client = client_of(service.snapshots.workspace)
        names = {each.experiment_id: each.name for each in client.search_experiments()}
        chosen = [key for key, name in names.items() if asked.experiment in (None, name)]
        if asked.experiment is not None and not chosen:
            raise Problem(404, "There is no experiment of this name.")
        every = sorted(every_run(client, chosen), key=lambda run: (-run.info.start_time, run.info.run_id))
        total = len(every)
        items = [_run(each, names) for each in every[asked.offset : asked.offset + asked.limit]]
    page = Page[Run](items=items, **paging(request, asked, total))
    return answer(request, page, etag_of(request, page.model_dump_json()))


@prometheus.get("/metrics", include_in_schema=False)
def numbers(request: Request) -> Response:
    """Counts and times, for Prometheus."""
    return Response(service_of(request).metrics.text(), media_type=metrics.MEDIA_TYPE)


def _model(service: Service, snapshot: Snapshot) -> Model:
    name = snapshot.experiment.name
    found: dict[str, Version] = {}
    for each in registry.versions(service.snapshots.workspace, name):
        earlier = found.get(each.number)
        aliases = [*(earlier.aliases if earlier else []), *([each.alias] if each.alias else [])]
        found[each.number] = Version(number=each.number, model_version=each.release_id, aliases=sorted(aliases))
    champion = [each.number for each in found.values() if registry.CHAMPION in each.aliases]
    return Model(
        experiment=name,
        question=snapshot.experiment.question,
        event=event_in_dutch(snapshot.experiment.event),
        horizon=snapshot.experiment.horizon,
        champion=champion[0] if champion else None,
        serving=source_of(snapshot),
        track_record=in_dutch(snapshot.track_record),
        versions=list(found.values()),
    )


def _run(run: Any, names: dict[str, str]) -> Run:
    return Run(
        run_id=run.info.run_id,
        parent_id=run.data.tags.get("mlflow.parentRunId"),
        experiment=names.get(run.info.experiment_id, ""),
        name=run.info.run_name or "",
        status=run.info.status,
        started_at=_moment(run.info.start_time) or "",
        ended_at=_moment(run.info.end_time),
        parameters=_texts(run.data.params.items()),
        metrics={key: value if math.isfinite(value) else None for key, value in sorted(run.data.metrics.items())},
        tags=_texts((key, value) for key, value in run.data.tags.items() if not key.startswith(_OWN)),
    )


def _texts(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {key: str(value)[:_LONGEST] for key, value in sorted(pairs)}


def _moment(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
