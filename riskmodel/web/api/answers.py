"""How an answer leaves: named by its contents (304 when the reader has it), smaller where that is understood."""

from __future__ import annotations

import gzip
import hashlib

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response

from riskmodel.web.access.identity import Identity
from riskmodel.web.problems import Problem
from riskmodel.web.serving.shelf import CACHING, VARY, same_name, takes_gzip
from riskmodel.web.settings import Role
from riskmodel.workspace.versions import code_version

#: Bodies below so many bytes are not worth compressing.
SMALLEST = 1000


def identity_of(request: Request) -> Identity:
    """Who asks."""
    found: Identity = request.state.identity
    return found


def need(request: Request, role: Role) -> Identity:
    """Who asks, if it may do what a role may."""
    identity = identity_of(request)
    if not identity.at_least(role):
        raise Problem(403 if identity.name else 401, f"This needs a login with the role {role} or more.")
    return identity


def tag_of(request: Request, *parts: str) -> str:
    """Name of an answer that follows from the address, who asks, the code and these parts alone."""
    bound = identity_of(request).municipalities
    seen = "all" if bound is None else ",".join(sorted(bound))
    whole = "\n".join((request.url.path, request.url.query, seen, code_version(), *parts))
    return f'W/"{hashlib.sha256(whole.encode()).hexdigest()[:32]}"'


def has_it(request: Request, etag: str) -> bool:
    """Whether the reader says it has what goes by this name."""
    return same_name(request.headers.get("if-none-match", ""), etag)


def not_modified(etag: str) -> Response:
    """The answer to a reader that has it already."""
    return Response(status_code=304, headers={"etag": etag, "cache-control": CACHING, "vary": VARY})


def answer(request: Request, model: BaseModel, etag: str, status: int = 200) -> Response:
    """A model as JSON."""
    content = model.model_dump_json(by_alias=True).encode()
    headers = {"etag": etag, "cache-control": CACHING, "vary": VARY}
    if len(content) >= SMALLEST and takes_gzip(request.headers.get("accept-encoding", "")):
        content = gzip.compress(content, compresslevel=5, mtime=0)
        headers["content-encoding"] = "gzip"
    return Response(content, status, headers, media_type="application/json")
