"""Values that the data of a page has more than once, stored once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any


class Interned:
    """Values that occur often, each stored once and named by its index.

    Attributes
    ----------
    values : list of Any
        The values, in order of first use.
    """

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._indices: dict[Hashable, int] = {}

    def index(self, key: Hashable, make: Callable[[Any], Any] | None = None) -> int:
        """Return the index of a value by its key; a new key is added as it is, or as ``make`` turns it."""
        found = self._indices.get(key)
        if found is None:
            found = self._indices[key] = len(self.values)
            self.values.append(make(key) if make else key)
        return found
