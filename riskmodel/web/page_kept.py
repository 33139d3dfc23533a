"""Pages that are ready, kept in memory for as long as what they tell is what is served."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from fastapi import Request

from riskmodel.web.lists import Body

#: Bytes of pages that are kept; the one that was made first goes when there are more.
MOST_BYTES = 64 * 1024 * 1024


class Kept:
    """Pages by address; each belongs to a state of the service and is nothing in another."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, tuple[object, Body]] = OrderedDict()
        self._size = 0
        self._lock = Lock()

    def get(self, address: str, state: Callable[[], object]) -> Body | None:
        """A page, if it was made in the state that is now.

        Parameters
        ----------
        address : str
            Path of the page.
        state : callable
            Tells the state that is now.
        """
        held = self._held.get(address)
        return held[1] if held is not None and held[0] == state() else None

    def put(self, address: str, state: object, body: Body) -> None:
        """Keep a page.

        Parameters
        ----------
        address : str
            Its path.
        state : object
            The state in which it was made; compared by value.
        body : Body
            The page.
        """
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
