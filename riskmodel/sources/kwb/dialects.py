"""The dialects in which KWB tables are written, and the meaning of their columns; see ``catalogue/kwb.toml``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.catalogue import load
from riskmodel.errors import InputError
from riskmodel.sources.formats.delimited import semicolons, shown
from riskmodel.sources.formats.tables import Cell, as_text, check_once
from riskmodel.sources.kwb.containers import KwbTable

ALWAYS_MISSING = ("", ".", "NA")


@dataclass(frozen=True)
class Dialect:
    """One way in which KWB tables are written; see ``catalogue/kwb.toml``.

    Attributes
    ----------
    names : str
        Style in which column names are compared; the other attributes have names as published.
    signature : tuple of str
        Columns by which the dialect is recognised.
    code, name : tuple of str
        Columns that may hold the area's code and name, in order of preference.
    kind, changed : str
        Columns with the kind of region and with changes since the year before; ``""`` if there are none.
    keep : mapping
        Value that a row must have in a column to belong to the table.
    missing : tuple of str
        Cells that mean a missing number.
    semicolons, one_level : bool
        Whether they, or tabs, may separate columns, and whether all rows of a file are of one level.
    rounded : tuple of str
        Indicators that were made from rounded counts before publication.
    unsure : tuple of str
        Groups whose columns have counts in some years and percentages in others.
    columns, origin : mapping of str to str
        Quantity of each column that is read always, and only on request.
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
    semicolons: bool = False
    one_level: bool = False
    rounded: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)
    origin: Mapping[str, str] = field(default_factory=dict)
    never: tuple[str, ...] = ()
    words: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def position(self, table: KwbTable, column: str) -> int | None:
        """The position of a column in a table, None if it is absent; ``"A|B"`` is the first of these."""
        known = positions(table.names, self.names)
        return next((known[key][0] for key in map(self.key, column.split("|")) if key in known), None)

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
    """Positions of the names by their form in a style; several for names that differ only in what it drops."""
    found: dict[str, tuple[int, ...]] = {}
    for position, name in enumerate(names):
        key = _KEYS[style](name)
        found[key] = (*found.get(key, ()), position)
    return found


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


def recognise(table: KwbTable) -> Dialect | None:
    """The dialect of a table, None if it is none of them."""
    found = next(
        (each for each in dialects() if all(each.position(table, name) is not None for name in each.signature)),
        None,
    )
    if found is None:
        return None
    check_once(table.header, filter(None, table.names))
    if table.separator not in ("", ",") and not found.semicolons:
        raise semicolons(table.header, table.separator)
    absent = [name for name in found.required if found.position(table, name) is None]
    if absent:
        names = shown(table.names)
        raise InputError(table.header, f"no column {absent[0]!r} (columns: {names})", f"{list(found.required)}")
    return found


def unknown(table: KwbTable) -> InputError:
    """The refusal of a table that is written in no dialect."""
    known = "; ".join(f"{each.label}: {', '.join(each.signature[:2])}" for each in dialects())
    return InputError(table.header, f"columns {shown(table.names)}", f"one of: {known}")


def quantity_positions(dialect: Dialect, table: KwbTable, columns: Mapping[str, str]) -> dict[str, int]:
    """Position of each quantity for which the table has a column."""
    known = positions(table.names, dialect.names)
    found: dict[str, int] = {}
    for column, quantity in columns.items():
        for position in known.get(dialect.key(column), ()):
            if quantity in found and columns is not dialect.origin:
                pair = f"{table.names[found[quantity]]!r} and {table.names[position]!r}"
                raise InputError(table.header, f"columns {pair} for the same figure", "one of them")
            found.setdefault(quantity, position)
    return found


def present(dialect: Dialect, table: KwbTable, columns: Sequence[str]) -> list[str]:
    """Names, as in the table, of those columns that it has."""
    known = positions(table.names, dialect.names)
    return [table.names[position] for column in columns for position in known.get(dialect.key(column), ())]


@dataclass(frozen=True)
class Rows:
    """The rows of a table that belong to it, as text, each column found by its published name.

    Attributes
    ----------
    at : mapping of str to int
        Position of the column of each quantity.
    cells : pandas.DataFrame
        Texts by position of their column, indexed by row of the table.
    dropped : int
        Rows that do not belong to the table.
    """

    table: KwbTable
    dialect: Dialect
    at: Mapping[str, int]
    cells: pd.DataFrame
    dropped: int = 0

    def text(self, *columns: str) -> list[str] | None:
        """Cells of the first of these columns that is there."""
        name = self.column(*columns)
        position = self.dialect.position(self.table, name) if name else None
        return None if position is None else self.cells[position].tolist()

    def column(self, *columns: str) -> str:
        """The first of these columns that is there, otherwise ``""``."""
        return next((name for name in columns if self.dialect.position(self.table, name) is not None), "")

    def raw(self, position: int) -> list[Cell]:
        """Cells of a column as the file has them, numbers or texts without blanks around them."""
        column = self.table.columns[position]
        cells = (column[row] for row in self.cells.index)
        return [cell.strip() if isinstance(cell, str) else cell for cell in cells]

    def only(self, chosen: npt.ArrayLike) -> Rows:
        """The chosen ones of these rows."""
        return replace(self, cells=self.cells[np.asarray(chosen, dtype=bool)])

    def positions(self, column: str = "") -> Callable[[int], str]:
        """The position in the file of a row, or of a cell of it, by the index of the row."""
        return lambda row: self.table.at(self.cells.index[row], column)

    def title(self, column: str) -> str:
        """A column's name in the file."""
        position = self.dialect.position(self.table, column)
        return column if position is None else self.table.names[position]


def read_rows(table: KwbTable, dialect: Dialect, *, allow_origin: bool) -> Rows:
    """Read what is needed of a table, which must have rows and no two columns for the same quantity."""
    at = quantity_positions(dialect, table, dialect.columns)
    if allow_origin:
        at |= quantity_positions(dialect, table, dialect.origin)
    support = [*dialect.code, *dialect.name, dialect.kind, dialect.changed, *dialect.keep]
    found = [dialect.position(table, column) for column in support if column]
    wanted = sorted({*at.values(), *(position for position in found if position is not None)})
    texts = {position: [as_text(cell) for cell in table.columns[position]] for position in wanted}
    rows = Rows(table, dialect, at, pd.DataFrame(texts, dtype="str"))
    inside = np.ones(len(table), dtype=bool)
    for column, value in dialect.keep.items():
        if rows.column(column):
            inside &= np.array(rows.text(column)) == value
    if not inside.any():
        raise InputError(table.path, "a header without rows", "rows below the header")
    return replace(rows.only(inside), dropped=int((~inside).sum()))
