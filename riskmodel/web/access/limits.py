"""How much may be asked: so many requests a minute, so large a body, so long an address."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from threading import Lock

from starlette.types import Message, Receive

from riskmodel.web.problems import Problem

#: Buckets that are kept; the longest unused goes first.
MOST = 100_000
#: Longest query of an address, bytes.
LONGEST_QUERY = 16 * 1024
#: Longest path of an address, bytes.
LONGEST_PATH = 1024


class Rate:
    """A bucket of tokens for everybody who asks: a minute's worth at once, then at the pace they come back.

    Examples
    --------
    >>> rate = Rate(2, clock=lambda: 0.0)
    >>> [rate.wait("a"), rate.wait("a"), rate.wait("a"), rate.wait("b")]
    [0, 0, 30, 0]
    """

    def __init__(self, per_minute: int, clock: object = time.monotonic) -> None:
        self.per_minute = per_minute
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def wait(self, who: str, *, take: bool = True) -> int:
        """Take a place for one request."""
        if not self.per_minute:
            return 0
        moment = self._clock()  # type: ignore[operator]
        with self._lock:
            left, at = self._left.pop(who, (float(self.per_minute), moment))
            left = min(float(self.per_minute), left + (moment - at) * self.per_minute / 60)
            granted = left >= 1
            self._left[who] = (left - 1 if granted and take else left, moment)
            if len(self._left) > MOST:
                self._left.popitem(last=False)
        return 0 if granted else max(1, math.ceil((1 - left) * 60 / self.per_minute))


def limited(receive: Receive, most: int) -> Receive:
    """A body that ends with a problem as soon as more than so many bytes came in."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        if message["type"] == "http.request":
            seen += len(message.get("body", b""))
            if seen > most:
                raise Problem(413, f"A body may have at most {most} bytes here.", {"connection": "close"})
        return message

    return counted


def check_size(path: bytes, query: bytes, length: str, most: int) -> None:
    """Refuse what says by itself that it is too large, before anything is read."""
    if len(query) > LONGEST_QUERY or len(path) > LONGEST_PATH:
        raise Problem(414, f"At most {LONGEST_PATH} bytes of path and {LONGEST_QUERY} of query.")
    if length.isascii() and length.isdigit() and (len(length) > 18 or int(length) > most):
        raise Problem(413, f"A body may have at most {most} bytes here.", {"connection": "close"})
