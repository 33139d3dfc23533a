"""The path below which a proxy shows the service, such as ``/risico``: links have it, routes do not."""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from riskmodel.web.access.identity import trusted
from riskmodel.web.settings import ROOT_PATH, Settings

#: Header in which a proxy says what it took off the path of a request.
HEADER = b"x-forwarded-prefix"


class RootPath:
    """The outermost middleware, which sets ``root_path`` of a request, and ``path`` with it, as ASGI has it.

    A trusted proxy that takes the prefix off says so with a header. Below the path in the settings a request is
    answered with and without it, because some proxies take it off and some do not.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app, self._root, self._networks = app, settings.root_path, settings.networks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http":
            path, forwarded = scope["path"], self._forwarded(scope)
            if not forwarded and self._root and f"{path}/".startswith(f"{self._root}/"):
                path = path[len(self._root) :] or "/"
            root = forwarded or self._root
            if root:
                scope = {**scope, "root_path": root, "path": root + path}
        await self._app(scope, receive, send)

    def _forwarded(self, scope: Scope) -> str:
        if not trusted(self._networks, str((scope.get("client") or ("", 0))[0])):
            return ""
        values = [value.decode("latin-1").rstrip("/") for name, value in scope["headers"] if name == HEADER]
        # Of a header that is there twice, one was sent by the client.
        return values[0] if len(values) == 1 and re.fullmatch(ROOT_PATH, values[0]) else ""


def root_of(scope: Scope) -> str:
    """Return the path with which links to the service begin; empty for none."""
    return str(scope.get("root_path", ""))


def path_below(scope: Scope) -> str:
    """Return the path of a request as routes know it."""
    return str(scope["path"])[len(root_of(scope)) :]
