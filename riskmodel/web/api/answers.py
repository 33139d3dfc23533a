"""JSON answers: entity tags and status 304, compression, and the role that a route requires."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response

from riskmodel.web.access.identity import Identity
from riskmodel.web.problems import Problem
from riskmodel.web.serving.shelf import CACHING, VARY, matches, takes_gzip
from riskmodel.web.settings import Role
from riskmodel.workspace.versions import code_version

#: Bodies below so many bytes are not worth compressing.
SMALLEST = 1000
#: Headers of an answer that speak of the bytes that are sent with it.
OF_THE_BYTES = frozenset({"content-length", "content-type", "accept-ranges"})


def identity_of(request: Request) -> Identity:
    """Return the identity behind a request."""
    found: Identity = request.state.identity
    return found


def require_role(request: Request, role: Role) -> Identity:
    """Return the identity behind a request; a problem with status 401 or 403 without a role."""
    identity = identity_of(request)
    if not identity.at_least(role):
        raise Problem(403 if identity.name else 401, f"This needs a login with the role {role} or more.")
    return identity


def etag_of(request: Request, *parts: str) -> str:
    """Return the entity tag of an answer that depends on address, identity, code and these parts alone."""
    bound = identity_of(request).municipalities
    visible = "all" if bound is None else ",".join(sorted(bound))
    whole = "\n".join((request.url.path, request.url.query, visible, code_version(), *parts))
    return f'W/"{hashlib.sha256(whole.encode()).hexdigest()[:32]}"'


def is_current(request: Request, etag: str) -> bool:
    """Return whether the reader already has the answer with this entity tag."""
    return matches(request.headers.get("if-none-match", ""), etag)


def not_modified(etag: str, whole: Mapping[str, str] | None = None) -> Response:
    """Return the answer to a reader that already has it, with the headers of the ``whole`` one."""
    lasting = {name: value for name, value in (whole or {}).items() if name not in OF_THE_BYTES}
    return Response(status_code=304, headers=lasting | tagged(etag))


def tagged(etag: str) -> dict[str, str]:
    """Return the headers of every answer with an entity tag, whole or not modified."""
    return {"etag": etag, "cache-control": CACHING, "vary": VARY}


def answer(request: Request, model: BaseModel, etag: str, status: int = 200) -> Response:
    """Return a model as a JSON answer."""
    content = model.model_dump_json(by_alias=True).encode()
    headers = tagged(etag)
    if len(content) >= SMALLEST and takes_gzip(request.headers.get("accept-encoding", "")):
        content = gzip.compress(content, compresslevel=5, mtime=0)
        headers["content-encoding"] = "gzip"
    return Response(content, status, headers, media_type="application/json")
