"""Answers that are ready: sent before any route runs when an address was requested before.

A route whose bytes never change for an address (a file or a page of a list) puts them here. The next request for
that address costs little more than sending them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cachetools import LRUCache
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from riskmodel.web.cache import SharedCache
from riskmodel.web.serving.lists import Body

#: Always validated again, and cached by the reader only: what is served depends on who asks.
CACHING = "private, no-cache"
VARY = "Accept-Encoding, Authorization"
#: Most addresses with a ready answer, and most bytes of pages in memory.
MOST, MOST_BYTES = 10_000, 64 * 1024 * 1024
RawHeaders = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Shelved:
    """The ready answer of an address.

    Attributes
    ----------
    path : str
        Path of the route behind it, for the metrics.
    body : callable
        Returns the body; None when it is not in memory any more.
    headers : mapping of str to str
        Further headers.
    """

    path: str
    body: Callable[[], Body | None]
    headers: Mapping[str, str]


class Shelf(SharedCache[str, Shelved]):
    """Ready answers by address, a path without query."""

    def __init__(self) -> None:
        super().__init__(LRUCache(MOST))


class Ready(Response):
    """The response of the route that made an answer ready, sent like the later ones."""

    def __init__(self, shelved: Shelved, body: Body) -> None:
        super().__init__()
        self._shelved, self._ready = shelved, body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        await send_ready(dict(scope["headers"]), self._shelved, self._ready, send)


async def send_ready(asked: Mapping[bytes, bytes], shelved: Shelved, body: Body, send: Send) -> None:
    """Send a ready answer: plain, compressed, or only that the reader has it already."""
    # Also with status 304: a browser replaces the headers that it has by those, a page's policy included.
    headers: RawHeaders = [
        (b"etag", body.etag.encode()),
        (b"cache-control", CACHING.encode()),
        (b"vary", VARY.encode()),
        *((name.encode(), value.encode()) for name, value in shelved.headers.items()),
    ]
    if matches(asked.get(b"if-none-match", b"").decode("latin-1"), body.etag):
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    content = body.plain
    if body.zipped and takes_gzip(asked.get(b"accept-encoding", b"").decode("latin-1")):
        content = body.zipped
        headers.append((b"content-encoding", b"gzip"))
    headers += [
        (b"content-type", body.media_type.encode()),
        (b"content-length", str(len(content)).encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def matches(given: str, etag: str) -> bool:
    """Return whether an ``If-None-Match`` header has an entity tag.

    Examples
    --------
    >>> [matches(text, 'W/"a"') for text in ('"b", W/"a"', '"a"', "*", '"b"', "")]
    [True, True, True, False, False]
    """
    bare = etag.removeprefix("W/")
    return any(each.strip().removeprefix("W/") in (bare, "*") for each in given.split(","))


def takes_gzip(header: str) -> bool:
    """Return whether an ``Accept-Encoding`` header allows gzip.

    Examples
    --------
    >>> [takes_gzip(text) for text in ("gzip, br", "br", "gzip;q=0", "*", "GZIP;q=0.5", "")]
    [True, False, False, True, True, False]
    """
    found: dict[str, bool] = {}
    for part in header.split(","):
        name, _, rest = part.strip().partition(";")
        weight = rest.strip().removeprefix("q=")
        found[name.strip().casefold()] = weight.strip("0.") != "" or not rest.strip()
    return found.get("gzip", found.get("*", False))


class Pages:
    """Pages by address, each valid in the state of the service in which it was made."""

    def __init__(self) -> None:
        self._cache: SharedCache[str, tuple[object, Body]] = SharedCache(
            LRUCache(MOST_BYTES, getsizeof=lambda page: page[1].size)
        )

    def get(self, address: str, state: Callable[[], object]) -> Body | None:
        """Return a page if it was made in the present state."""
        page = self._cache.get(address)
        return page[1] if page is not None and page[0] == state() else None

    def put(self, address: str, state: object, body: Body) -> None:
        """Store a page."""
        self._cache.put(address, (state, body))
