"""The ASGI app: routes, middleware and OpenAPI description of the service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts

from riskmodel.errors import InputError
from riskmodel.web import problems
from riskmodel.web.access.gate import Gate
from riskmodel.web.access.root import RootPath
from riskmodel.web.api import jobs as api_jobs
from riskmodel.web.api import lists as api_lists
from riskmodel.web.api import routes as api
from riskmodel.web.api import system as api_system
from riskmodel.web.pages import routes as pages
from riskmodel.web.pages.errors import DutchErrors
from riskmodel.web.service import Service, open_service
from riskmodel.web.settings import Settings

DESCRIPTION = (
    "Which Dutch neighbourhoods threaten to decline, why, and how sure. Statements are about areas, never about "
    "persons or addresses. A chance is a statistical estimate for signalling: not a cause, and not a verdict."
)
PROBLEM: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "An error, as RFC 9457 has it.",
    "required": ["type", "title", "status"],
    "additionalProperties": False,
    "properties": {
        "type": {"type": "string", "examples": ["urn:riskmodel:problem:not-found"]},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["where", "message"],
                "properties": {"where": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
}


def create_app(settings: Settings, service: Service | None = None) -> FastAPI:
    """Return the service as an ASGI app; tests give a service that exists already."""
    parts = service or open_service(settings)

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        parts.snapshots.start()
        parts.runner.start()
        parts.behind.start()
        try:
            yield
        finally:
            parts.runner.stop()
            parts.snapshots.stop()
            parts.behind.stop()
            parts.engine.dispose()

    app = FastAPI(
        title="riskmodel",
        version=version("riskmodel"),
        description=DESCRIPTION,
        openapi_url="/api/v1/openapi.json",
        # The pages that come with the framework load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=running,
    )
    app.state.service = parts
    problems.register(app)
    for router in (
        api.router,
        api_lists.router,
        api_system.router,
        api_system.prometheus,
        pages.router,
        api_jobs.router,
    ):
        app.include_router(router)
    _check_root(app, settings.root_path)
    app.add_middleware(Gate, settings=settings, tokens=parts.tokens, metrics=parts.metrics, shelf=parts.shelf)
    app.add_middleware(DutchErrors)
    app.add_middleware(RootPath, settings=settings)
    app.openapi = lambda: _described(app, settings)  # type: ignore[method-assign]
    return app


def _check_root(app: FastAPI, root: str) -> None:
    """Refuse a root path that could be taken for a page: a proxy may leave it on a request or take it off."""
    own = {str(route.path).split("/")[1] for route in iter_route_contexts(app.routes)}
    if root and root.split("/")[1] in own:
        expected = f"a path that does not begin with the name of a page: {', '.join(sorted(own - {''}))}"
        raise InputError("root_path", repr(root), expected)


def _described(app: FastAPI, settings: Settings) -> dict[str, Any]:
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        parts = made.setdefault("components", {})
        parts.setdefault("schemas", {})["Problem"] = PROBLEM
        parts["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        made["security"] = [{}, {"token": []}] if settings.anonymous else [{"token": []}]
        for path in ("/api/v1/health", "/api/v1/ready"):
            made["paths"][path]["get"]["security"] = []
        app.openapi_schema = made
    return app.openapi_schema
