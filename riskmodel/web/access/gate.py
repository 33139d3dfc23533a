"""The middleware around all routes: checks, login and limits of requests, and headers of answers.

One plain ASGI layer does all of it, because each layer costs time on every request: it refuses unknown hosts and
what is too large, identifies the client, limits its rate, refuses requests that another site started, turns every
error into a problem, and adds the security headers.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from functools import lru_cache, partial

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from riskmodel.web.access.identity import ANYBODY, NOBODY, Identity, client_address, trusted, user_of
from riskmodel.web.access.limits import Rate, check_size, limit_body
from riskmodel.web.access.root import path_below
from riskmodel.web.access.security import API_POLICY, HEADERS, SAFE, from_other_origin, known_host
from riskmodel.web.access.tokens import Tokens
from riskmodel.web.metrics import Metrics
from riskmodel.web.problems import Problem, busy_store, is_store_trouble, response_of
from riskmodel.web.serving.shelf import Shelf, send_ready
from riskmodel.web.settings import Settings

log = logging.getLogger(__name__)

#: Paths without login and rate limit: whether the service is alive.
OPEN = frozenset({"/api/v1/health", "/api/v1/ready"})
#: Path below which bodies may be as large as an upload.
UPLOADS = "/api/v1/uploads"
#: Path below which programs ask; everywhere else only browsers send something.
PROGRAMS = "/api/"
_HEADERS = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
_POLICY = (b"content-security-policy", API_POLICY.encode())


class Gate:
    """The ASGI middleware around all routes."""

    def __init__(self, app: ASGIApp, settings: Settings, tokens: Tokens, metrics: Metrics, shelf: Shelf) -> None:
        self._app, self._settings, self._tokens, self._metrics = app, settings, tokens, metrics
        self._shelf = shelf
        self._networks = settings.networks
        self._rate = Rate(settings.requests_per_minute)
        self._wrong = Rate(settings.wrong_tokens_per_minute)
        self._known_host = lru_cache(maxsize=1000)(partial(known_host, allowed=settings.allowed_hosts))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it here."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 0
        method = scope["method"]

        async def out(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                names = {name for name, _ in message["headers"]}
                extra = _HEADERS if _POLICY[0] in names else [*_HEADERS, _POLICY]
                message["headers"] = [*message["headers"], *extra]
            elif method == "HEAD":
                message = {**message, "body": b""}
            await send(message)

        try:
            async with asyncio.timeout(self._settings.request_timeout):
                await self._enter(scope, receive, out)
        except Exception as error:
            if status:  # part of the answer was sent: only a broken connection shows that it is not whole
                raise
            await _problem(error)(scope, receive, out)
        finally:
            route = getattr(scope.get("route"), "path", "") or "unmatched"
            self._metrics.answered(method, route, status, time.perf_counter() - begun)

    async def _enter(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        if not self._known_host(headers.get(b"host", b"").decode("latin-1")):
            raise Problem(400, "The service is not known under this name.")
        path = path_below(scope)
        uploads = path.startswith(UPLOADS)
        most = self._settings.max_upload_bytes + 4096 if uploads else self._settings.max_body_bytes
        length = headers.get(b"content-length", b"").decode("latin-1")
        check_size(scope.get("raw_path") or path.encode(), scope["query_string"], length, most)
        address = self._address(scope, headers)
        identity = await self._identity(scope, headers, address)
        if path not in OPEN:
            wait = self._rate.wait(identity.name or f"at {rate_limit_key(address)}")
            if wait:
                raise Problem(429, "Wait a moment before asking again.", {"retry-after": str(wait)})
            if not identity.at_least("reader"):
                raise Problem(401, "Reading needs a login here.")
        method = scope["method"]
        if method not in SAFE and identity.ambient:
            texts = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items()}
            if from_other_origin(texts, browser=not path.startswith(PROGRAMS)):
                raise Problem(403, "This request was started by another site.")
        if method in ("GET", "HEAD") and await self._send_ready(scope, headers, identity, send):
            return
        if method == "HEAD":
            scope["method"] = "GET"
        state = scope.setdefault("state", {})
        state["identity"], state["address"] = identity, address
        await self._app(scope, limit_body(receive, most) if method not in SAFE else receive, send)

    async def _send_ready(
        self, scope: Scope, headers: Mapping[bytes, bytes], identity: Identity, send: Send
    ) -> bool:
        """Send an answer that is ready and may be seen; return whether there was one."""
        shelved = None if scope["query_string"] else self._shelf.get(scope["path"])
        body = shelved.body() if shelved is not None else None
        if shelved is None or body is None:
            return False
        if body.local and not self._settings.local_public and not identity.sees_own(body.local):
            return False
        scope["route"] = shelved
        await send_ready(headers, shelved, body, send)
        return True

    def _address(self, scope: Scope, headers: Mapping[bytes, bytes]) -> str:
        peer = (scope.get("client") or ("", 0))[0]
        if not self._networks or b"x-forwarded-for" not in headers:
            return str(peer)
        return client_address(self._networks, str(peer), ",".join(_values(scope, "x-forwarded-for")))

    async def _identity(self, scope: Scope, headers: Mapping[bytes, bytes], address: str) -> Identity:
        given = headers.get(b"authorization")
        if given is not None:
            return await self._bearer(given.decode("latin-1"), address)
        settings = self._settings
        if settings.trusted_header and trusted(self._networks, str((scope.get("client") or ("", 0))[0])):
            names = _values(scope, settings.trusted_header)
            groups = _values(scope, settings.trusted_groups_header)
            # Of a header that is there twice, one was sent by the client.
            if len(names) == 1 and names[0] and len(groups) <= 1:
                return user_of(settings, names[0], groups[0] if groups else "")
        return ANYBODY if settings.anonymous else NOBODY

    async def _bearer(self, given: str, address: str) -> Identity:
        kind, _, text = given.partition(" ")
        who = rate_limit_key(address)
        if kind.casefold() != "bearer":
            raise Problem(401, "Log in with a token: Authorization: Bearer rm_...")
        identity = self._tokens.cached(text)
        if identity is None:
            wait = self._wrong.wait(who, take=False)
            if wait:
                raise Problem(429, "Too many wrong tokens from this address.", {"retry-after": str(wait)})
            identity = await anyio.to_thread.run_sync(self._tokens.look_up, text.strip())
        if identity is None:
            self._wrong.wait(who)
            self._metrics.wrong_tokens.inc()
            raise Problem(401, "This token is wrong or was revoked.")
        return identity


def _problem(error: Exception) -> ASGIApp:
    if isinstance(error, Problem):
        return response_of(error.status_code, str(error.detail), error.headers, error.errors)
    if isinstance(error, TimeoutError):
        return response_of(503, "This takes longer than expected; it may be ready soon.", {"retry-after": "30"})
    if is_store_trouble(error):
        log.error("a request failed: %s", error)
        return busy_store()
    log.error("a request failed", exc_info=error)
    return response_of(500)


def _values(scope: Scope, header: str) -> list[str]:
    wanted = header.casefold().encode("latin-1")
    return [value.decode("utf-8", "replace") for name, value in scope["headers"] if wanted and name == wanted]


def rate_limit_key(address: str) -> str:
    """Return the address, or for IPv6 its network, because one machine has all addresses of one."""
    return ":".join(address.split(":")[:4]) if ":" in address else address
