"""Refuse local files about persons or addresses.

A file with a row an address or person is refused whole, also when its mapping leaves those columns alone: it
should not be in this system at all.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from riskmodel.catalogue import load
from riskmodel.errors import InputError
from riskmodel.sources.formats.tables import Cell, as_text
from riskmodel.sources.local.table import Table

_POSTCODE = re.compile(r"[1-9][0-9]{3} ?[A-Za-z]{2}")
_NINE_DIGITS = re.compile(r"[0-9]{9}")
_WEIGHTS = (9, 8, 7, 6, 5, 4, 3, 2, -1)
#: Fewer numbers than this may pass the check of a citizen service number (BSN) by chance.
ENOUGH = 3
ADVICE = "Add the rows up to areas first, and leave the column out."


def refuse_persons(table: Table, location: str = "") -> None:
    """Refuse a table about persons or addresses."""
    headers: list[str] = load("local")["personal"]["headers"]
    for name, cells in zip(table.names, table.columns, strict=True):
        if plain(name) in headers:
            found = f"column {name!r}, which is about persons or addresses"
            raise InputError(table.header, found, "areas only", ADVICE)
        for kind, row in _looks_like(cells, is_location=name == location):
            raise InputError(table.at(row, name), f"what looks like {kind}", "areas only", ADVICE)


def _looks_like(cells: Sequence[Cell], is_location: bool) -> Iterable[tuple[str, int]]:
    """Kinds of personal data that a column seems to have, with the first row; messages leave the value out."""
    distinct = {cell: None for cell in cells if cell != ""}
    texts = {cell: as_text(cell) for cell in distinct}
    postcodes = [cell for cell, text in texts.items() if _POSTCODE.fullmatch(text)]
    if postcodes and (is_location or 2 * len(postcodes) >= len(texts)):
        yield "a full postcode (1234 AB)", cells.index(postcodes[0])
    numbers = [cell for cell, text in texts.items() if is_bsn(text)]
    if numbers and (is_location or (len(numbers) == len(texts) and len(numbers) >= ENOUGH)):
        yield "a citizen service number (BSN)", cells.index(numbers[0])


def is_bsn(text: str) -> bool:
    """Whether a text is a possible citizen service number: nine digits that pass the eleven test.

    Examples
    --------
    >>> is_bsn("111222333"), is_bsn("111222334")
    (True, False)
    """
    if not _NINE_DIGITS.fullmatch(text) or not int(text):
        return False
    return sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, text, strict=True)) % 11 == 0


def origin_word(texts: Iterable[str]) -> str:
    """The first word in some texts that is about the origin of persons; empty when there is none."""
    return _word("origin", texts)


def proxy_word(texts: Iterable[str]) -> str:
    """The first word in some texts that is a named proxy for origin; empty when there is none."""
    return _word("proxy", texts)


def _word(group: str, texts: Iterable[str]) -> str:
    words: list[str] = load("local")[group]["words"]
    folded = [text.casefold() for text in texts]
    return next((word for word in words if any(word in text for text in folded)), "")


def plain(name: str) -> str:
    """A column name as letters and digits only, lower case and without accents."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if letter.isascii() and letter.isalnum())
