"""Errors as Dutch pages for browsers; programs get the problem itself.

Errors come from the gate, the framework and the routes. One middleware outside all of them turns each into a page,
so that no error can reach a reader in another format.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from riskmodel.web.access.root import path_below, root_of
from riskmodel.web.pages.frame import alone_policy, rendered
from riskmodel.web.problems import MEDIA_TYPE

#: Title and advice in plain Dutch, by status.
WORDS: Mapping[int, tuple[str, str]] = {
    400: ("Dit adres kunnen we niet lezen", "Controleer het adres, of begin opnieuw bij ‘Lijst maken’."),
    401: (
        "Log eerst in",
        "Deze pagina is alleen voor mensen met een login. Vraag de beheerder in uw organisatie hoe u inlogt.",
    ),
    403: (
        "Deze pagina is niet voor u",
        "De lijst gebruikt gegevens van een gemeente zelf, of het formulier kwam van een andere site. Ga terug "
        "naar ‘Lijst maken’ en probeer het opnieuw. Lukt het dan niet? Vraag dan de beheerder om toegang.",
    ),
    404: (
        "Deze pagina bestaat niet",
        "Misschien zit er een fout in het adres of in het nummer van de lijst. Controleer het, of maak een nieuwe "
        "lijst.",
    ),
    413: ("Dit is te veel tegelijk", "Kies minder gemeenten, en probeer het opnieuw."),
    422: ("Dit kunnen we niet lezen", "Controleer het adres of het nummer van de lijst, en probeer het opnieuw."),
    429: (
        "Even wachten",
        "Er komen op dit moment veel vragen van uw adres. Daarom laten we er even geen nieuwe door.",
    ),
    501: (
        "Dit bestand kunnen we hier niet maken",
        "Ga terug naar de lijst en kies een ander bestand, zoals het rekenblad.",
    ),
    503: (
        "Nog even geduld",
        "De gegevens worden klaargezet, of er worden veel lijsten tegelijk gemaakt. Probeer het zo opnieuw.",
    ),
}
OURS = (
    "Er ging iets mis bij ons",
    "Dat ligt niet aan u. Probeer het over een paar minuten opnieuw. Blijft het misgaan? Vertel de beheerder dan "
    "wat u deed en hoe laat het was.",
)
#: Other errors of the client.
_OTHER = (
    "Dit kan hier niet",
    "Ga terug naar ‘Lijst maken’ en probeer het opnieuw.",
)
_PROGRAMS = ("/api/", "/metrics", "/static/")


class DutchErrors:
    """The outermost middleware, which turns problems into pages."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and turn a problem into a page for a browser."""
        if scope["type"] != "http" or path_below(scope).startswith(_PROGRAMS) or not _wants_page(scope):
            await self._app(scope, receive, send)
            return
        body: bytes | None = None

        async def out(message: Message) -> None:
            nonlocal body
            if message["type"] == "http.response.start":
                headers = dict(message["headers"])
                if headers.get(b"content-type", b"").decode("latin-1") == MEDIA_TYPE:
                    wait = headers.get(b"retry-after", b"").decode("latin-1")
                    seconds = int(wait) if wait.isdigit() else 0
                    again = message["status"] == 503 and seconds > 0 and scope["method"] == "GET"
                    body = error_page(root_of(scope), message["status"], seconds, again=again).encode()
                    replaced = {b"content-type", b"content-length", b"content-security-policy"}
                    rest = [(name, value) for name, value in message["headers"] if name not in replaced]
                    message["headers"] = [
                        *rest,
                        (b"content-type", b"text/html; charset=utf-8"),
                        (b"content-length", str(len(body)).encode()),
                        (b"content-security-policy", alone_policy().encode()),
                        *([(b"refresh", wait.encode())] if again else []),
                    ]
            elif body is not None:
                if message.get("more_body", False):
                    return
                message = {"type": "http.response.body", "body": body if scope["method"] != "HEAD" else b""}
            await send(message)

        await self._app(scope, receive, out)


@lru_cache(maxsize=256)
def error_page(root: str, status: int, seconds: int = 0, *, again: bool = False) -> str:
    """Return the page of an error, which may be tried again after so many seconds.

    ``again`` is whether the browser does so by itself, as it can where nothing was sent.
    """
    title, text = WORDS.get(status, OURS if status >= 500 else _OTHER)
    context = {"title": title, "text": text, "wait": _wait(seconds, again), "status": status, "who": ""}
    return rendered("web_error.html.j2", root, "", context, alone=True)


def _wait(seconds: int, again: bool) -> str:
    if not seconds:
        return ""
    minutes = -(-seconds // 60)
    if seconds < 60:
        time = f"{seconds} {'seconde' if seconds == 1 else 'seconden'}"
    else:
        time = f"{minutes} {'minuut' if minutes == 1 else 'minuten'}"
    return f"De pagina doet dat zelf over {time}." if again else f"Probeer het over {time} opnieuw."


def _wants_page(scope: Scope) -> bool:
    accept = b",".join(value for name, value in scope["headers"] if name == b"accept")
    return b"text/html" in accept
