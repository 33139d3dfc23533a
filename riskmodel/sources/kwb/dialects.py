"""Which dialect a KWB table is written in, and what its columns mean there; see ``catalogue/kwb.toml``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from types import MappingProxyType
from typing import Any

from riskmodel.catalogue import load
from riskmodel.errors import InputError
from riskmodel.sources.formats.delimited import shown
from riskmodel.sources.kwb.files import Table

ALWAYS_MISSING = ("", ".", "NA")


@dataclass(frozen=True)
class Dialect:
    """One way in which KWB tables are written.

    Attributes
    ----------
    id, label : str
        Key in the catalogue and name for people.
    names : str
        How column names are compared; the other attributes hold names as published.
    signature : tuple of str
        Columns that tell the dialect.
    code, name : tuple of str
        Columns that may hold the area's code and name, the best first.
    kind, changed : str
        Columns with the kind of region and with changes since the year before; ``""`` if there are none.
    keep : mapping
        Value that a row must have in a column to belong to the table.
    required : tuple of str
        Columns without which the table is not read.
    missing : tuple of str
        What stands for a missing number.
    decimal_comma, semicolons, one_level : bool
        Whether these may occur, and whether all rows of a file are of one level.
    rounded : tuple of str
        Indicators that were made from rounded counts before publication.
    unsure : tuple of str
        Groups whose columns hold counts in some years and percentages in others.
    columns, origin : mapping of str to str
        Quantity of each column that is read always, and only on request.
    never : tuple of str
        Columns that are never read.
    words : mapping
        Numbers of the words with which a quantity is written.
    """

    id: str
    label: str
    names: str
    signature: tuple[str, ...]
    code: tuple[str, ...]
    name: tuple[str, ...]
    kind: str = ""
    changed: str = ""
    keep: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    missing: tuple[str, ...] = ALWAYS_MISSING
    decimal_comma: bool = False
    semicolons: bool = False
    one_level: bool = False
    rounded: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    origin: Mapping[str, str] = field(default_factory=dict)
    never: tuple[str, ...] = ()
    words: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def position(self, table: Table, column: str) -> int | None:
        """Where a column stands in a table, None if it is absent; ``"A|B"`` is the first of these."""
        places = positions(table.names, self.names)
        return next((places[key][0] for key in map(self.key, column.split("|")) if key in places), None)

    def key(self, column: str) -> str:
        """A column name in the form in which names of this dialect are compared."""
        return _KEYS[self.names](column)


def _exact(name: str) -> str:
    return name.strip().casefold()


_KEYS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "exact": _exact,
        "odata": lambda name: re.sub(r"_[0-9]+$", "", _exact(name)),
        "statline": lambda name: re.sub(r"[\W_]+", ".", _exact(name)).strip("."),
        "older": lambda name: re.sub(r"^(gwb_code|gwb_naam)[0-9]{2}.*$", r"\1", _exact(name)),
    }
)


@cache
def positions(names: Sequence[str], style: str) -> Mapping[str, tuple[int, ...]]:
    """Where each name stands, by its form in a style; a name that differs only in what the style drops, often."""
    places: dict[str, tuple[int, ...]] = {}
    for place, name in enumerate(names):
        key = _KEYS[style](name)
        places[key] = (*places.get(key, ()), place)
    return places


@cache
def dialects() -> tuple[Dialect, ...]:
    """All dialects of the catalogue, in the order in which they are tried."""
    entries: dict[str, dict[str, Any]] = load("kwb")["dialects"]
    return tuple(_dialect(key, entry, entries) for key, entry in entries.items())


def _dialect(key: str, entry: Mapping[str, Any], entries: Mapping[str, Mapping[str, Any]]) -> Dialect:
    content: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()
    }
    base = entries.get(content.pop("like", ""), {})
    for name in ("columns", "origin", "never"):
        if name in base:
            content[name] = tuple(base[name]) if isinstance(base[name], list) else base[name]
    content["missing"] = (*ALWAYS_MISSING, *content.get("missing", ()))
    return Dialect(id=key, **content)


def recognise(table: Table) -> Dialect | None:
    """The dialect of a table, None if it is none of them."""
    found = next(
        (each for each in dialects() if all(each.position(table, name) is not None for name in each.signature)),
        None,
    )
    if found is None:
        return None
    doubled = sorted({name for name in table.names if name and table.names.count(name) > 1})
    if doubled:
        raise InputError(table.heading, f"column {doubled[0]!r} twice", "every column once")
    if table.delimiter == ";" and not found.semicolons:
        raise InputError(
            table.heading,
            "columns separated by ';'",
            "columns separated by ','",
            "Use the file as published, not one saved again by a spreadsheet.",
        )
    absent = [name for name in found.required if found.position(table, name) is None]
    if absent:
        names = shown(table.names)
        raise InputError(table.heading, f"no column {absent[0]!r} (columns: {names})", f"{list(found.required)}")
    return found


def unknown(table: Table) -> InputError:
    """The refusal of a table that is written in no dialect."""
    known = "; ".join(f"{each.label}: {', '.join(each.signature[:2])}" for each in dialects())
    return InputError(table.heading, f"columns {shown(table.names)}", f"one of: {known}")


def places_of(dialect: Dialect, table: Table, columns: Mapping[str, str]) -> dict[str, int]:
    """Position of each quantity for which the table has a column."""
    places = positions(table.names, dialect.names)
    found: dict[str, int] = {}
    for column, quantity in columns.items():
        for place in places.get(dialect.key(column), ()):
            if quantity in found and columns is not dialect.origin:
                pair = f"{table.names[found[quantity]]!r} and {table.names[place]!r}"
                raise InputError(table.heading, f"columns {pair} for the same figure", "one of them")
            found.setdefault(quantity, place)
    return found


def present(dialect: Dialect, table: Table, columns: Sequence[str]) -> list[str]:
    """Names as they stand in the table of those columns that it has."""
    places = positions(table.names, dialect.names)
    return [table.names[place] for column in columns for place in places.get(dialect.key(column), ())]


@dataclass(frozen=True)
class Rows:
    """The rows of a table that belong to it, as text, each column found by its published name.

    Attributes
    ----------
    table : Table
        Where they come from.
    dialect : Dialect
        In which they are written.
    at : mapping of str to int
        Position of the column of each quantity.
    numbers : tuple of int
        Number of each row in the file.
    cells : mapping of int to list of str
        Cells by position of their column.
    dropped : int
        Rows that do not belong to the table.
    """

    table: Table
    dialect: Dialect
    at: Mapping[str, int]
    numbers: tuple[int, ...]
    cells: Mapping[int, list[str]]
    dropped: int = 0

    def text(self, *columns: str) -> list[str] | None:
        """Cells of the first of these columns that is there."""
        name = self.column(*columns)
        position = self.dialect.position(self.table, name) if name else None
        return None if position is None else self.cells[position]

    def column(self, *columns: str) -> str:
        """The first of these columns that is there, otherwise ``""``."""
        return next((name for name in columns if self.dialect.position(self.table, name) is not None), "")

    def only(self, keep: Sequence[bool]) -> Rows:
        """These rows without those that are not to be kept."""
        numbers = tuple(number for number, yes in zip(self.numbers, keep, strict=True) if yes)
        cells = {
            position: [cell for cell, yes in zip(column, keep, strict=True) if yes]
            for position, column in self.cells.items()
        }
        return replace(self, numbers=numbers, cells=cells)

    def place(self, row: int, column: str = "") -> str:
        """Where a row, or a cell of it, stands in the file."""
        return f"{self.table.row} {self.numbers[row]}" + (f", column {column!r}" if column else "")

    def title(self, column: str) -> str:
        """A column's name as it stands in the file."""
        position = self.dialect.position(self.table, column)
        return column if position is None else self.table.names[position]


def read_rows(table: Table, dialect: Dialect, *, allow_origin: bool) -> Rows:
    """Read what is needed of a table.

    Raises
    ------
    InputError
        If the table has no rows, or two columns for the same quantity.
    """
    at = places_of(dialect, table, dialect.columns)
    if allow_origin:
        at |= places_of(dialect, table, dialect.origin)
    support = [*dialect.code, *dialect.name, dialect.kind, dialect.changed, *dialect.keep]
    places = [dialect.position(table, column) for column in support if column]
    wanted = sorted({*at.values(), *(place for place in places if place is not None)})
    numbers, columns = table.load(wanted)
    rows = Rows(table, dialect, at, tuple(numbers), dict(zip(wanted, columns, strict=True)))
    inside = [True] * len(numbers)
    for column, value in dialect.keep.items():
        cells = rows.text(column)
        if cells is not None:
            inside = [yes and cell == value for yes, cell in zip(inside, cells, strict=True)]
    if not any(inside):
        raise InputError(table.path, "a header without rows", "rows below the header")
    return replace(rows.only(inside), dropped=inside.count(False))
