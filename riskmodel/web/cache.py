"""A bounded cache that threads share."""

from __future__ import annotations

from contextlib import suppress
from threading import Lock
from typing import Generic, TypeVar

from cachetools import Cache

Key = TypeVar("Key")
Value = TypeVar("Value")


class SharedCache(Generic[Key, Value]):
    """A cache of :mod:`cachetools` behind a lock."""

    def __init__(self, cache: Cache[Key, Value]) -> None:
        self._cache, self._lock = cache, Lock()

    def get(self, key: Key) -> Value | None:
        """Return the value of a key; None when there is none, or none any more."""
        with self._lock:
            return self._cache.get(key)

    def put(self, key: Key, value: Value) -> None:
        """Store a value; one that is larger than the whole cache is not stored."""
        with self._lock, suppress(ValueError):
            self._cache[key] = value

    def clear(self) -> None:
        """Remove everything."""
        with self._lock:
            self._cache.clear()
