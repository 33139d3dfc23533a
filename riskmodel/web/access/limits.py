"""Limits on requests: their rate, the size of their body and the length of their address."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from threading import Lock

from cachetools import LRUCache
from starlette.types import Message, Receive

from riskmodel.web.problems import Problem

#: Most buckets in memory.
MOST = 100_000
#: Longest query of an address, bytes.
LONGEST_QUERY = 16 * 1024
#: Longest path of an address, bytes.
LONGEST_PATH = 1024


class Rate:
    """A token bucket for each client: a minute's worth at once, refilled at the same rate; 0 for no limit.

    Examples
    --------
    >>> rate = Rate(2, clock=lambda: 0.0)
    >>> [rate.wait("a"), rate.wait("a"), rate.wait("a"), rate.wait("b")]
    [0, 0, 30, 0]
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._buckets: LRUCache[str, tuple[float, float]] = LRUCache(MOST)
        self._lock = Lock()

    def wait(self, who: str, *, take: bool = True) -> int:
        """Take one request out of a bucket, or only look; return 0, or whole seconds to wait when it is empty."""
        if not self.per_minute:
            return 0
        moment = self._clock()
        with self._lock:
            left, at = self._buckets.get(who, (float(self.per_minute), moment))
            left = min(float(self.per_minute), left + (moment - at) * self.per_minute / 60)
            granted = left >= 1
            self._buckets[who] = (left - 1 if granted and take else left, moment)
        return 0 if granted else max(1, math.ceil((1 - left) * 60 / self.per_minute))


def limit_body(receive: Receive, most: int) -> Receive:
    """Let a body through until it exceeds so many bytes, then raise a problem with status 413."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > most:
                raise _too_large(most)
        return message

    return counted


def check_size(path: bytes, query: bytes, length: str, most: int) -> None:
    """Raise a problem with status 413 or 414 when the address or the declared length is too large."""
    if len(query) > LONGEST_QUERY or len(path) > LONGEST_PATH:
        raise Problem(414, f"At most {LONGEST_PATH} bytes of path and {LONGEST_QUERY} of query.")
    if length.isascii() and length.isdigit() and (len(length) > 18 or int(length) > most):
        raise _too_large(most)


def _too_large(most: int) -> Problem:
    return Problem(413, f"A body may have at most {most} bytes here.", {"connection": "close"})
