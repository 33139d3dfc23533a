"""Errors as RFC 9457 problem details: the same few members for every error, no traceback and no path."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from riskmodel.errors import InputError, StoreError
from riskmodel.workspace.atomic import disk_trouble

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
#: Name and title of each status of the service.
KINDS: dict[int, tuple[str, str]] = {
    400: ("bad-request", "The request cannot be read"),
    401: ("login-needed", "A login is needed"),
    403: ("not-allowed", "This login may not do that"),
    404: ("not-found", "There is nothing here"),
    405: ("method", "Nothing is done this way here"),
    406: ("form", "Not in this form"),
    408: ("slow", "The request took too long to arrive"),
    409: ("conflict", "This does not fit what is there"),
    413: ("too-large", "The request is too large"),
    414: ("too-long", "The address is too long"),
    415: ("media-type", "The request has another media type than expected"),
    422: ("invalid", "The request is not valid"),
    429: ("too-many", "Too many requests"),
    500: ("failure", "Something went wrong here"),
    503: ("later", "Not now; try again later"),
}
#: What looks like a path on this machine, which must not leave it.
_PATH = re.compile(r"(?<![\w:/<])(?:[A-Za-z]:\\|~?/)[^\s,;:'\"()]*[/\\][^\s,;:'\"()]+")
_LONGEST = 400


class Problem(HTTPException):
    """Raised to answer a request with an error."""

    def __init__(
        self,
        status: int,
        detail: str = "",
        headers: Mapping[str, str] | None = None,
        errors: Sequence[Mapping[str, str]] = (),
    ) -> None:
        super().__init__(status, detail, dict(headers or {}))
        self.errors = tuple(errors)


def body_of(status: int, detail: str = "", errors: Sequence[Mapping[str, str]] = ()) -> bytes:
    """Return the body of a problem."""
    name, title = KINDS.get(status, ("error", "Something is wrong"))
    members: dict[str, Any] = {"type": f"urn:riskmodel:problem:{name}", "title": title, "status": status}
    if detail:
        members["detail"] = _plain(detail)
    if errors:
        members["errors"] = [{key: _plain(value) for key, value in each.items()} for each in errors[:20]]
    return json.dumps(members, ensure_ascii=False).encode()


def response_of(
    status: int,
    detail: str = "",
    headers: Mapping[str, str] | None = None,
    errors: Sequence[Mapping[str, str]] = (),
) -> Response:
    """Return a problem as an answer; arguments as in :class:`Problem`."""
    every = {"cache-control": "no-store", **(headers or {})}
    if status == 401:
        every["www-authenticate"] = "Bearer"
    return Response(body_of(status, detail, errors), status, every, media_type=MEDIA_TYPE)


def is_store_trouble(error: Exception) -> bool:
    """Return whether a disk or database is busy, full, closed or out of reach, which passes."""
    trouble = (StoreError, OperationalError, NoConnectionError)
    return isinstance(error, trouble) or disk_trouble(error, "") is not None


def busy_store() -> Response:
    """Return the answer to a request that has to write where nothing can be written now; reading goes on."""
    return response_of(503, "Nothing can be stored now; what is there can be read.", {"retry-after": "30"})


def status_of(error: InputError) -> int:
    """Return the status of an error in the input: not found, not valid, or a failure for a damaged file."""
    if error.where == "--municipality":
        return 404
    return 500 if "/" in error.where or "\\" in error.where else 422


def register(app: FastAPI) -> None:
    """Let an app answer every error with a problem."""

    async def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 405:
            return response_of(405, headers={"allow": ", ".join(_methods(app, request))})
        errors = error.errors if isinstance(error, Problem) else ()
        # Only our own errors have a detail beyond the title.
        detail = str(error.detail) if isinstance(error, Problem) else ""
        return response_of(error.status_code, detail, error.headers, errors)

    async def invalid(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        found = [
            {"where": ".".join(str(part) for part in each["loc"]), "message": str(each["msg"])}
            for each in error.errors()
        ]
        return response_of(422, errors=found)

    async def wrong_input(_: Request, error: Exception) -> Response:
        assert isinstance(error, InputError)
        if is_store_trouble(error):
            log.error("%s", error)
            return busy_store()
        status = status_of(error)
        if status == 500:
            log.error("%s", error)
            return response_of(500)
        return response_of(status, f"Found {error.found}; expected {error.expected}. {error.hint}".strip())

    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(InputError, wrong_input)


def _methods(app: FastAPI, request: Request) -> list[str]:
    """Return the methods of an address; the framework has those of one route only."""
    known = ("GET", "POST", "PUT", "PATCH", "DELETE")
    scope = {key: request.scope[key] for key in ("type", "path", "headers", "root_path") if key in request.scope}
    found = [
        method
        for method in known
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in app.routes)
    ]
    return [*found, "HEAD"] if "GET" in found else found


def _plain(text: str) -> str:
    """Return a text that is safe in any answer: printable, without paths of this machine, of limited length."""
    whole = text.encode("utf-8", "replace").decode()
    printable = "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in whole
    )
    return _PATH.sub("(a file)", printable)[:_LONGEST]
