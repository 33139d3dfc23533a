"""What the data of a page says more than once, kept once."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from riskmodel.workspace.safe_text import plain_text


class Said:
    """Values that occur often, each kept once and named by its place.

    Attributes
    ----------
    values : list of Any
        What was said, in order of first use.
    """

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._places: dict[Hashable, int] = {}

        self._words: dict[Any, int] = {}
        self._labels: dict[tuple[str, str], int] = {}

    def place(self, value: Hashable) -> int:
        """Give the place of a value, adding it when it is new."""
        found = self._places.get(value)
        if found is None:
            found = self._places[value] = len(self.values)
            self.values.append(value)
        return found

    def words(self, value: Any) -> int:
        """Give the place of a text without invisible signs; each text is cleaned once."""
        found = self._words.get(value)
        if found is None:
            found = self._words[value] = self.place(plain_text(value))
        return found

    def label(self, dutch: str, english: str) -> int:
        """Give the place of a name in both languages; each is cleaned once."""
        found = self._labels.get((dutch, english))
        if found is None:
            found = self._labels[dutch, english] = self.place((plain_text(dutch), plain_text(english)))
        return found
