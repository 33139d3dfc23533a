"""Tables of cells as text, from CSV files and OData answers.

Nothing is interpreted here: a table is its column names and its cells, each with the place where a user finds it
back.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from riskmodel.errors import InputError, unreadable
from riskmodel.sources.formats.delimited import as_text, shown

#: The largest official table is some 30 MB; more is no such table.
LARGEST_FILE = 200 * 2**20
LONGEST_CELL = 60


@dataclass(frozen=True)
class Table:
    """A table with its cells as text.

    Attributes
    ----------
    path : Path
        The file.
    heading : str
        Where the column names stand, for messages.
    row : str
        Where a row stands, up to its number.
    names : tuple of str
        Column names without blanks around them; a column without a name is ``""``.
    clue : str
        Text inside the file that may tell the year: a sheet, a layer, the address of an OData table.
    delimiter : str
        What separates the columns of a text file, otherwise ``""``.
    continues : bool
        Whether the table says that it goes on in another file.
    load : callable
        Row numbers and, for each of the column positions asked, the cells.
    """

    path: Path
    heading: str
    row: str
    names: tuple[str, ...]
    clue: str
    delimiter: str
    load: Callable[[Sequence[int]], tuple[list[int], list[list[str]]]]
    continues: bool = False


def read_bytes(path: Path) -> bytes:
    """Content of a file.

    Raises
    ------
    InputError
        If it cannot be read, is empty, or larger than any such table.
    """
    try:
        size = path.stat().st_size
        if size > LARGEST_FILE:
            raise InputError(path, f"{size / 2**20:.0f} MB", f"at most {LARGEST_FILE / 2**20:.0f} MB")
        if not path.is_file() and not path.is_dir():
            raise InputError(path, "a device or pipe", "a file")
        content = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error
    if not content.strip():
        raise InputError(path, "an empty file", "a header line and rows")
    return content


def _text(path: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}, line {line}", "bytes that are not UTF-8 text", "a UTF-8 file") from error


def csv_table(path: Path, content: bytes) -> Table:
    """Table of a CSV file, its columns separated by commas or semicolons."""
    text = _text(path, content)
    first = text.partition("\n")[0]
    delimiter = ";" if first.count(";") > first.count(",") else ","
    try:
        names = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    except csv.Error as error:
        raise InputError(f"{path}, line 1", f"text that is no CSV ({brief(error)})", "a UTF-8 CSV file") from error

    def load(wanted: Sequence[int]) -> tuple[list[int], list[list[str]]]:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        lines: list[int] = []
        columns: list[list[str]] = [[] for _ in wanted]
        try:
            next(rows)
            for row in rows:
                if len(row) != len(names):
                    if not row:
                        continue
                    raise InputError(
                        f"{path}, line {rows.line_num}",
                        f"{len(row)} fields",
                        f"{len(names)} fields, as in the header",
                        "The file may be cut off, or numbers may be written with a decimal comma.",
                    )
                lines.append(rows.line_num)
                for column, position in zip(columns, wanted, strict=True):
                    column.append(row[position].strip())
        except csv.Error as error:
            place = f"{path}, line {rows.line_num}"
            raise InputError(place, f"text that is no CSV ({brief(error)})", "a UTF-8 CSV file") from error
        return lines, columns

    stripped = tuple(name.strip() for name in names)
    return Table(path, f"{path}, line 1", f"{path}, line", stripped, "", delimiter, load)


def odata_table(path: Path, content: bytes) -> Table:
    """Table of an OData answer saved as JSON: the answer itself, or its list of records."""
    text = _text(path, content)
    try:
        answer = json.loads(text)
    except json.JSONDecodeError as error:
        place = f"{path}, line {error.lineno}"
        hint = "The file may be cut off."
        raise InputError(place, f"text that is no JSON ({error.msg})", "an OData answer", hint) from error
    except (RecursionError, ValueError) as error:
        raise InputError(path, "JSON that cannot be read", "an OData answer") from error
    whole: dict[str, Any] = answer if isinstance(answer, dict) else {"value": answer}
    records = whole.get("value")
    if not isinstance(records, list) or not records or not all(isinstance(each, dict) for each in records):
        raise InputError(path, "JSON without records", "an OData answer with a list 'value' of records")
    names = tuple(records[0])
    for number, record in enumerate(records, 1):
        if record.keys() != records[0].keys():
            odd = sorted(record.keys() ^ records[0].keys())
            raise InputError(
                f"{path}, record {number}", f"other fields ({brief(odd[0])})", "those of the first record"
            )

    def load(wanted: Sequence[int]) -> tuple[list[int], list[list[str]]]:
        columns = [[as_text(record[names[position]]) for record in records] for position in wanted]
        return list(range(1, len(records) + 1)), columns

    stripped = tuple(name.strip() for name in names)
    clue, more = str(whole.get("odata.metadata", "")), "odata.nextLink" in whole
    return Table(path, f"{path}, record 1", f"{path}, record", stripped, clue, "", load, continues=more)


def brief(told: object) -> str:
    """What a library or a file says, cut short and in characters that a terminal can print."""
    return shown([str(told)])


def quoted(cell: str) -> str:
    """A cell for a message, cut short if it is a long one."""
    return repr(cell if len(cell) <= LONGEST_CELL else f"{cell[:LONGEST_CELL]} ...")
