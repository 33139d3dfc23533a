"""Changes of bytes, texts, tables and JSON: each makes of a content another, by two numbers."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from typing import Any

from .words import BYTES, WORDS

Change = Callable[[bytes, int, int], bytes]

# --- Any bytes ------------------------------------------------------------------------------------------------


def _flip(content: bytes, place: int, other: int) -> bytes:
    at = place % len(content)
    return content[:at] + bytes([content[at] ^ (1 << other % 8)]) + content[at + 1 :]


def _set(content: bytes, place: int, other: int) -> bytes:
    at = place % len(content)
    return content[:at] + bytes([other % 256]) + content[at + 1 :]


def _cut(content: bytes, place: int, other: int) -> bytes:
    return content[: place % (len(content) + 1)]


def _cut_start(content: bytes, place: int, other: int) -> bytes:
    return content[place % (len(content) + 1) :]


def _insert(content: bytes, place: int, other: int) -> bytes:
    at = place % (len(content) + 1)
    return content[:at] + BYTES[other % len(BYTES)] + content[at:]


def _overwrite(content: bytes, place: int, other: int) -> bytes:
    at, new = place % (len(content) + 1), BYTES[other % len(BYTES)]
    return content[:at] + new + content[at + len(new) :]


def _take_out(content: bytes, place: int, other: int) -> bytes:
    at = place % (len(content) + 1)
    return content[:at] + content[at + 1 + other % 64 :]


def _twice(content: bytes, place: int, other: int) -> bytes:
    at = place % (len(content) + 1)
    return content[:at] + content[at : at + 1 + other % 64] * 2 + content[at + 1 + other % 64 :]


def _end_to_end(content: bytes, place: int, other: int) -> bytes:
    return content * (2 + other % 3)


def _encoded(content: bytes, place: int, other: int) -> bytes:
    to = ("utf-16", "utf-16-le", "utf-8-sig", "latin-1", "cp1252", "utf-32", "utf-7")
    return content.decode("utf-8").encode(to[other % len(to)], "replace")


RAW: tuple[Change, ...] = (
    *(_flip, _set, _cut, _cut_start, _insert, _overwrite, _take_out, _twice, _end_to_end, _encoded),
)

# --- Text -----------------------------------------------------------------------------------------------------

_TOKEN = re.compile(r"[^\s,;:\[\]{}()<>\"'=|]+")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?")


def _tokens(text: str, number: bool) -> list[tuple[int, int]]:
    return [found.span() for found in (_NUMBER if number else _TOKEN).finditer(text)]


def _word(content: bytes, place: int, other: int) -> bytes:
    text = content.decode("utf-8")
    spans = _tokens(text, other % 2 == 0)
    start, end = spans[place % len(spans)]
    return (text[:start] + WORDS[other // 2 % len(WORDS)] + text[end:]).encode("utf-8", "surrogatepass")


def _tokens_swapped(content: bytes, place: int, other: int) -> bytes:
    text = content.decode("utf-8")
    spans = _tokens(text, False)
    (a, b), (c, d) = sorted((spans[place % len(spans)], spans[other % len(spans)]))
    return content if a == c else (text[:a] + text[c:d] + text[b:c] + text[a:b] + text[d:]).encode()


def _scaled(content: bytes, place: int, other: int) -> bytes:
    text = content.decode("utf-8")
    spans = _tokens(text, True)
    start, end = spans[place % len(spans)]
    factor = (-1, 0, 10, 100, 1000, 1e-3, 1e-300, 1e300)[other % 8]
    return f"{text[:start]}{float(text[start:end]) * factor:.17g}{text[end:]}".encode()


def _lines(change: Callable[[list[bytes], int, int], list[bytes]]) -> Change:
    def made(content: bytes, place: int, other: int) -> bytes:
        lines = content.splitlines(keepends=True)
        return b"".join(change(lines, place % len(lines), other % len(lines)))

    return made


def _swap_lines(lines: list[bytes], a: int, b: int) -> list[bytes]:
    lines[a], lines[b] = lines[b], lines[a]
    return lines


def _line_ends(content: bytes, place: int, other: int) -> bytes:
    return content.replace(b"\n", (b"\r\n", b"\r", b"\n\n", b"", b"\x0b", b" \n")[other % 6])


TEXT: tuple[Change, ...] = (
    *(_word, _word, _word, _tokens_swapped, _scaled, _line_ends),
    _lines(lambda lines, a, b: lines[:a] + lines[a + 1 :]),
    _lines(lambda lines, a, b: [*lines[: a + 1], lines[b], *lines[a + 1 :]]),
    _lines(_swap_lines),
)

# --- Tables ---------------------------------------------------------------------------------------------------

Rows = list[list[str]]


def _table(change: Callable[[Rows, int, int], None]) -> Change:
    def made(content: bytes, place: int, other: int) -> bytes:
        text = content.decode("utf-8")
        separator = ";" if ";" in text.split("\n", 1)[0] else ","
        rows = list(csv.reader(io.StringIO(text), delimiter=separator))
        change(rows, place, other)
        out = io.StringIO()
        csv.writer(out, delimiter=separator, lineterminator="\n").writerows(rows)
        return out.getvalue().encode("utf-8", "surrogatepass")

    return made


def _cell(rows: Rows, place: int) -> tuple[list[str], int]:
    row = rows[place % len(rows)]
    return row, place // len(rows) % len(row)


def _set_cell(rows: Rows, place: int, other: int) -> None:
    row, column = _cell(rows, place)
    row[column] = WORDS[other % len(WORDS)]


def _swap_cells(rows: Rows, place: int, other: int) -> None:
    (row, column), (to, other_column) = _cell(rows, place), _cell(rows, other)
    row[column], to[other_column] = to[other_column], row[column]


def _drop_cell(rows: Rows, place: int, other: int) -> None:
    row, column = _cell(rows, place)
    del row[column]


def _add_cell(rows: Rows, place: int, other: int) -> None:
    row, column = _cell(rows, place)
    row.insert(column, WORDS[other % len(WORDS)])


def _swap_columns(rows: Rows, place: int, other: int) -> None:
    a, b = place % len(rows[0]), other % len(rows[0])
    for row in rows:
        row[a], row[b] = row[b], row[a]


def _swap_headings(rows: Rows, place: int, other: int) -> None:
    a, b = place % len(rows[0]), other % len(rows[0])
    rows[0][a], rows[0][b] = rows[0][b], rows[0][a]


def _same_heading(rows: Rows, place: int, other: int) -> None:
    rows[0][place % len(rows[0])] = rows[0][other % len(rows[0])]


def _drop_column(rows: Rows, place: int, other: int) -> None:
    at = place % len(rows[0])
    for row in rows:
        del row[at]


def _double_column(rows: Rows, place: int, other: int) -> None:
    at = place % len(rows[0])
    for row in rows:
        row.insert(other % (len(row) + 1), row[at])


def _fill_column(rows: Rows, place: int, other: int) -> None:
    at = place % len(rows[0])
    for row in rows[1:]:
        row[at] = WORDS[other % len(WORDS)]


def _only_heading(rows: Rows, place: int, other: int) -> None:
    del rows[1:]


def _separator(content: bytes, place: int, other: int) -> bytes:
    return content.replace(b",", (b";", b"\t", b"|", b" ", b",,", b", ")[other % 6])


def _decimal_comma(content: bytes, place: int, other: int) -> bytes:
    return content.replace(b",", b";").replace(b".", b",")


def _quoted(content: bytes, place: int, other: int) -> bytes:
    return b"\n".join(b'"' + line.replace(b",", b'","') + b'"' for line in content.split(b"\n"))


TABLE: tuple[Change, ...] = (
    *(_table(_set_cell), _table(_set_cell), _table(_set_cell), _table(_swap_cells), _table(_drop_cell)),
    *(_table(_add_cell), _table(_swap_columns), _table(_swap_headings), _table(_same_heading)),
    *(_table(_drop_column), _table(_double_column), _table(_fill_column), _table(_only_heading)),
    *(_separator, _decimal_comma, _quoted),
)

# --- JSON -----------------------------------------------------------------------------------------------------

_VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1,
        0.5,
        1e308,
        float("nan"),
        float("inf"),
        2**63,
        10**400,
        "",
        [],
        {},
        [[]],
        [None],
    ),
    *({"a": 1}, [0, 0], [[0, 0]], "0", "nan", "2020-01-01"),
)


def _tree(change: Callable[[Any, Any, int], None]) -> Change:
    """Change at one of the places below the top: ``change(parent, key, other)``."""

    def made(content: bytes, place: int, other: int) -> bytes:
        top = json.loads(content)
        places = _places(top)
        change(*places[place % len(places)], other)
        return json.dumps(top).encode()

    return made


def _places(node: Any) -> list[tuple[Any, Any]]:
    keys: Any = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    return [each for key in keys for each in ((node, key), *_places(node[key]))]


def _set_value(parent: Any, key: Any, other: int) -> None:
    known = (*_VALUES, *WORDS)
    parent[key] = known[other % len(known)]


def _drop_value(parent: Any, key: Any, other: int) -> None:
    del parent[key]


def _wrap(parent: Any, key: Any, other: int) -> None:
    value = parent[key]
    parent[key] = [value] if other % 3 == 0 else {"value": value} if other % 3 == 1 else [value, value]


def _rename(parent: Any, key: Any, other: int) -> None:
    if isinstance(parent, dict):
        parent[WORDS[other % len(WORDS)]] = parent.pop(key)
    else:
        parent.append(parent[key])


def _deep(content: bytes, place: int, other: int) -> bytes:
    return (b"[" * 100_000, b'{"a":' * 100_000, b"[" * 900 + content + b"]" * 900)[other % 3]


TREE: tuple[Change, ...] = (
    *(
        _tree(_set_value),
        _tree(_set_value),
        _tree(_set_value),
        _tree(_drop_value),
        _tree(_wrap),
        _tree(_rename),
        _deep,
    ),
)
