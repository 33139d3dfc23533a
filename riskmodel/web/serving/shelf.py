"""Answers that are ready: sent from the door, past all routes, when an address has been asked before.

A route that gives bytes which never change for an address (a form of a list, a page of one) puts them here. The
next request for that address costs little more than sending them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock

from fastapi import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from riskmodel.web.serving.lists import Body

#: Always asked again, and kept by nobody but the reader: what is served depends on who asks.
CACHING = "private, no-cache"
VARY = "Accept-Encoding, Authorization"
#: Addresses that are kept; the first one goes when there are more.
MOST = 10_000
RawHeaders = list[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Shelved:
    """What is ready for an address.

    Attributes
    ----------
    path : str
        Path of the route behind it, for counting.
    body : callable
        Gives the bytes; None when they are not in memory any more.
    headers : mapping of str to str
        More headers.
    """

    path: str
    body: Callable[[], Body | None]
    headers: Mapping[str, str]


class Shelf:
    """Ready answers by address."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, Shelved] = OrderedDict()
        self._lock = Lock()

    def put(self, address: str, shelved: Shelved) -> None:
        """Keep what is ready for an address, a path without query."""
        with self._lock:
            self._held[address] = shelved
            while len(self._held) > MOST:
                self._held.popitem(last=False)

    def get(self, address: str) -> Shelved | None:
        """What is ready for an address; None for nothing."""
        return self._held.get(address)


class Ready(Response):
    """The answer that put something on the shelf: sent like the ones that come from there."""

    def __init__(self, shelved: Shelved, body: Body) -> None:
        super().__init__()
        self._shelved, self._ready = shelved, body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        await send_ready(dict(scope["headers"]), self._shelved, self._ready, send)


async def send_ready(asked: Mapping[bytes, bytes], shelved: Shelved, body: Body, send: Send) -> None:
    """Send what is ready: whole, compressed, or only that the reader has it already."""
    headers: RawHeaders = [
        (b"etag", body.etag.encode()),
        (b"cache-control", CACHING.encode()),
        (b"vary", VARY.encode()),
    ]
    held = asked.get(b"if-none-match")
    if held is not None and same_name(held.decode("latin-1"), body.etag):
        await send({"type": "http.response.start", "status": 304, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
        return
    content = body.plain
    if body.zipped and takes_gzip(asked.get(b"accept-encoding", b"").decode("latin-1")):
        content = body.zipped
        headers.append((b"content-encoding", b"gzip"))
    headers += [(name.encode(), value.encode()) for name, value in shelved.headers.items()]
    headers += [
        (b"content-type", body.media_type.encode()),
        (b"content-length", str(len(content)).encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def same_name(given: str, etag: str) -> bool:
    """Whether an ``If-None-Match`` header names an answer.

    Examples
    --------
    >>> [same_name(text, 'W/"a"') for text in ('"b", W/"a"', '"a"', "*", '"b"', "")]
    [True, True, True, False, False]
    """
    bare = etag.removeprefix("W/")
    return any(each.strip().removeprefix("W/") in (bare, "*") for each in given.split(","))


def takes_gzip(header: str) -> bool:
    """Whether an ``Accept-Encoding`` header allows gzip.

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


#: Bytes of pages that are kept; the one that was made first goes when there are more.
MOST_BYTES = 64 * 1024 * 1024


class Kept:
    """Pages by address; each belongs to a state of the service and is nothing in another."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, tuple[object, Body]] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def get(self, address: str, state: Callable[[], object]) -> Body | None:
        """A page, if it was made in the state that is now."""
        held = self._held.get(address)
        return held[1] if held is not None and held[0] == state() else None

    def put(self, address: str, state: object, body: Body) -> None:
        """Keep a page."""
        with self._lock:
            before = self._held.pop(address, None)
            self._held[address] = (state, body)
            self._size += _size(body) - (_size(before[1]) if before else 0)
            while len(self._held) > 1 and self._size > MOST_BYTES:
                _, (_, old) = self._held.popitem(last=False)
                self._size -= _size(old)


def kept_of(request: Request) -> Kept:
    """The pages that the app behind a request keeps."""
    state = request.app.state
    if not hasattr(state, "pages"):
        state.pages = Kept()
    found: Kept = state.pages
    return found


def _size(body: Body) -> int:
    return len(body.plain) + len(body.zipped)
