"""Find the row with the column names, and the sheet with the table, in a file that nobody has described yet.

A row of data is never taken for the header: rows with area codes are data, and so is a total above them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from riskmodel.catalogue import load
from riskmodel.errors import InputError
from riskmodel.sources.formats.numbers import is_number
from riskmodel.sources.formats.tables import Cell, Row, as_text, filled
from riskmodel.sources.local.keys import FIRST_YEAR, LAST_YEAR

#: Rows in which the header is looked for.
HEAD = 25
NAMES = "a row with the names of the columns"
#: Position of a row in the file, by its number.
Where = Callable[[int], str]


def is_year(text: str) -> bool:
    """Whether a text is a year that a file may be about."""
    return bool(re.fullmatch("[0-9]{4}", text)) and FIRST_YEAR <= int(text) <= LAST_YEAR


def header_row(rows: Sequence[Row], where: Where) -> int:
    """Number of the row with the column names; a file without such a row is refused."""
    head = filled(rows)[:HEAD]
    if not head:
        raise InputError(where(1), "nothing", NAMES)
    column, first = _first_code(head)
    if column is None:
        return _fullest(head, where)
    above = [row for row in head[:first] if not _is_data(row[1])] or head[:first]
    number, names = above[-1] if above else head[0]
    if not above or width(names) < min(2, width(head[first][1])):
        raise _no_names(where(head[first][0]), head[first][1])
    if len(above) > 1:
        _refuse_two_rows(above[-2], above[-1], column, where)
    return number


def code_counts(rows: Sequence[Row]) -> Counter[tuple[int, str]]:
    """How many area codes with letters each column has, by its position and their level."""
    levels = load("local")["levels"].items()
    patterns = {level: re.compile(form["pattern"]) for level, form in levels if level != "pc4"}
    return Counter(
        (column, level)
        for _, cells in rows
        for column, cell in enumerate(cells)
        if isinstance(cell, str) and cell
        for level, pattern in patterns.items()
        if pattern.fullmatch(cell)
    )


def sheets_with_codes(sheets: Mapping[str, Sequence[Sequence[Cell]]]) -> list[str]:
    """Sheets with area codes, the one with most first."""
    found = {name: code_counts(list(enumerate(rows))).most_common(1) for name, rows in sheets.items()}
    return sorted((name for name, counts in found.items() if counts), key=lambda name: -found[name][0][1])


def _first_code(head: Sequence[Row]) -> tuple[int | None, int]:
    """The column with most area codes of a level, and the index of the first row that has one."""
    counts = code_counts(head)
    if not counts:
        return None, 0
    (column, level), _ = counts.most_common(1)[0]
    return column, next(index for index, row in enumerate(head) if (column, level) in code_counts([row]))


def _is_data(cells: Sequence[Cell]) -> bool:
    """Whether a row has a number that is no year."""
    texts = [as_text(cell) for cell in cells]
    return any(is_number(text) and not is_year(text) for text in texts)


def width(cells: Sequence[Cell]) -> int:
    """Number of filled cells of a row."""
    return sum(cell != "" for cell in cells)


def _fullest(head: Sequence[Row], where: Where) -> int:
    """The first of the fullest rows; the first name may be missing, as in tables of R and pandas."""
    most = max(width(cells) for _, cells in head)
    for number, cells in head:
        if width(cells) == most or (width(cells) == most - 1 > 1 and cells[0] == ""):
            if _is_data(cells):
                raise _no_names(where(number), cells)
            return number
    return head[0][0]


def _no_names(where: object, cells: Sequence[Cell]) -> InputError:
    shown = ", ".join(repr(as_text(cell)) for cell in cells if cell != "")
    return InputError(where, f"a row of data ({shown}) without names above it", NAMES, "Add one above the data.")


def _refuse_two_rows(upper: Row, lower: Row, column: int, where: Where) -> None:
    """Refuse names in two rows: years or groups above subjects."""
    names = [as_text(cell) for cell in lower[1]]
    unnamed = names[column] == "" and column < len(upper[1]) and upper[1][column] != ""
    # One cell above is a title.
    if width(upper[1]) > 1 and (unnamed or len(set(filter(None, names))) < width(lower[1])):
        above = next(as_text(cell) for cell in reversed(upper[1]) if cell != "")
        below = next(name for name in reversed(names) if name)
        found = f"names in two rows ({above!r} above {below!r})"
        hint = f"Join them in one row, such as '{above} {below}', and empty the other."
        raise InputError(where(lower[0]), found, "the names of the columns in one row", hint)
