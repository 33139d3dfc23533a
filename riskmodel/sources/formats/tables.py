"""The table into which every file format is read: cells by column, and the position of each in the file.

Nothing is interpreted here. A cell is a text, or a number where the file itself has numbers; an empty one is
``""``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from riskmodel.errors import InputError

Cell: TypeAlias = str | float
Row: TypeAlias = tuple[int, Sequence[Cell]]
LONGEST_CELL = 60


class _Cells(Protocol):
    def __len__(self) -> int: ...

    def __getitem__(self, row: int, /) -> Any: ...


Cells = TypeVar("Cells", bound=_Cells)


@dataclass(frozen=True)
class Table(Generic[Cells]):
    """One table of a file.

    Attributes
    ----------
    path : Path
        The file.
    names : tuple of str
        Column names; a column without one is ``""``.
    load : callable
        Number of a row in the file by its index, and the cells of each column; called at the first use of a cell.
    unit : str
        What a row is called: line, row or record.
    where : str
        File, and sheet or layer if there are several.
    header : str
        Where the column names are.
    clue : str
        Text inside the file that may contain the year: a sheet, a layer, the address of an OData table.
    separator : str
        Between the columns of a text file, otherwise ``""``.
    continues : bool
        Whether the table continues in another file.
    """

    path: Path
    names: tuple[str, ...]
    load: Callable[[], tuple[Callable[[int], int], tuple[Cells, ...]]] = field(repr=False)
    unit: str
    where: str
    header: str
    clue: str = ""
    separator: str = ""
    continues: bool = False

    @cached_property
    def _content(self) -> tuple[Callable[[int], int], tuple[Cells, ...]]:
        return self.load()

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.columns[0]) if self.columns else 0

    @property
    def number(self) -> Callable[[int], int]:
        """Number of a row in the file, as the user's programs count, by its index."""
        return self._content[0]

    @property
    def columns(self) -> tuple[Cells, ...]:
        """Cells of each column, all of one length."""
        return self._content[1]

    def at(self, row: int, column: str = "") -> str:
        """The position of a row, or of a cell of it, in the file."""
        position = f"{self.where}, {self.unit} {self.number(row)}"
        return f"{position}, column {column!r}" if column else position

    def column(self, name: str) -> Cells:
        """Cells of a column."""
        found = [position for position, each in enumerate(self.names) if each == name]
        if len(found) == 1:
            return self.columns[found[0]]
        if found:
            raise InputError(self.header, f"column {name!r} {len(found)} times", "every column once")
        known = ", ".join(each for each in self.names[:15] if each)
        expected = "the columns that the mapping names"
        raise InputError(self.header, f"no column {name!r} (columns: {known})", expected)

    def fault(self, row: int, column: str, expected: str, hint: str = "") -> InputError:
        """The refusal of one cell."""
        return InputError(self.at(row, column), quoted(self.column(column)[row]), expected, hint)


def from_rows(
    path: Path,
    names: Iterable[Cell],
    rows: Callable[[], list[Row]],
    unit: str,
    *,
    where: str = "",
    header: str = "",
    width: str = "{} fields, as in the header",
    hint: str = "",
    **about: Any,
) -> Table[Sequence[Cell]]:
    """The table of numbered rows, which must be as wide as the header; ``width`` and ``hint`` are for messages."""
    where, called = where or str(path), tuple(as_text(name) for name in names)

    def load() -> tuple[Callable[[int], int], tuple[Sequence[Cell], ...]]:
        found = rows()
        for number, row in found:
            if len(row) != len(called):
                expected = width.format(len(called))
                raise InputError(f"{where}, {unit} {number}", f"{len(row)} fields", expected, hint)
        columns = tuple(zip(*(row for _, row in found), strict=True)) or ((),) * len(called)
        return [number for number, _ in found].__getitem__, columns

    return Table(path, called, load, unit, where, header or f"{where}, {unit} 1", **about)


def filled(rows: Iterable[Row]) -> list[Row]:
    """The rows with at least one cell that is not empty."""
    return [(number, row) for number, row in rows if any(cell != "" for cell in row)]


def check_once(where: object, names: Iterable[str]) -> None:
    """Refuse a column name that occurs twice."""
    seen = list(names)
    doubled = sorted({name for name in seen if seen.count(name) > 1})
    if doubled:
        raise InputError(where, f"column {doubled[0]!r} twice", "every column once")


def quoted(cell: Cell) -> str:
    """A cell for a message: a number as it is, a text in quotes and cut short if it is a long one."""
    if not isinstance(cell, str):
        return as_text(cell)
    return repr(cell if len(cell) <= LONGEST_CELL else f"{cell[:LONGEST_CELL]} ...")


def as_cell(value: object) -> Cell:
    """A value of a file as a cell; one that is neither text nor number stays recognisable as such."""
    if type(value) is str:
        return value.strip()
    # Missing numbers, None and NaN, are the only values that may differ from themselves.
    if value is None or value != value:
        return ""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes | list | dict | tuple):
        return f"a {type(value).__name__}"
    return str(value).strip()


def as_text(cell: object) -> str:
    """A cell as it would be written in a CSV."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, datetime | date) else str(cell).strip()
