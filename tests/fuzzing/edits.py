"""One engine that spoils files: an edit is three numbers, a spoiled file follows from a good one and its edits.

Whoever draws the numbers decides what is tried: a pseudo-random stream (``python -m tests.fuzzing``), hypothesis,
which then finds the smallest edits that still fail, or atheris, which looks for edits that reach new code.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

Files = dict[str, bytes]
#: Numbers of an edit lie below this.
RANGE = 2**20

#: What may stand in place of a number or a text.
WORDS: tuple[str, ...] = (
    *("", " ", ".", "NA", "null", "None", "nan", "NaN", "inf", "-inf", "Infinity", "-", "--", "+", "x"),
    *("0", "-0", "1", "-1", "0.5", "2", "9", "50", "100", "101", "1e3", "1e400", "-1e400", "1e-400", "1e308"),
    *("9999", "20200", "2147483648", "-2147483649", "9223372036854775808", "9" * 40, "9" * 5000, "0" * 400),
    *("-99997", "-99999999", "1_000", "1.000,5", "1,5", "1.5.5", "0x10", "١٢", "²", "½", "12O00", "true", "True"),
    *("2020", "1899", "2050", "2020JJ00", "2020MM13", "2020MM01", "0000JJ00", "2020-02-30", "31-12-9999"),
    *(
        "WK001400",
        "WK0014",
        "BU00140000",
        "GM0014",
        "GM9999",
        "NL00",
        "WK00140Ö",
        "wk001400",
        "WK001400\n",
        "1234",
    ),
    *(
        "=1+1",
        "+cmd|' /C calc'!A0",
        "@SUM(A1)",
        "-2+3",
        "\t=1",
        "＝1+1",
        "<script>alert(1)</script>",
        "&amp;",
        "%s%n",
    ),
    *(
        "{{7*7}}",
        "${jndi:ldap://x}",
        "' OR 1=1 --",
        "../../etc/passwd",
        "C:\\x",
        "a" * 300,
        "é" * 200,
        "\u202egnp.exe",
    ),
    *(
        "\x00",
        "\x07",
        "\x1b[2J",
        "\x7f",
        "\x85",
        "\u2028",
        "\ufeff",
        "\ud7ff",
        "\U0010ffff",
        "e\u0301",
        "\r",
        "\n",
        "\r\n",
    ),
    *(
        '"',
        "'",
        '""',
        '"\n',
        ";",
        ",",
        "\t",
        "|",
        ":",
        "#",
        "&a [*a,*a]",
        "!!python/object:os.system",
        "[",
        "{",
        "]]>",
    ),
)
#: Bytes that mean something somewhere: ends, signatures, encodings, lengths.
BYTES: tuple[bytes, ...] = (
    *(
        b"\x00",
        b"\xff",
        b"\x00" * 64,
        b"\xff" * 64,
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xfe\xff",
        b"\xc3",
        b"\xed\xa0\x80",
    ),
    *(
        b"\xf8\x88\x80\x80\x80",
        b"\x80",
        b"PK\x03\x04",
        b"PK\x05\x06",
        b"PAR1",
        b"\xd0\xcf\x11\xe0",
        b"SQLite format 3\x00",
    ),
    *(
        b"\x1f\x8b",
        b"%PDF-",
        b"<?xml version='1.0'?>",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]>",
        b"\n",
        b"\r",
        b"\r\n",
        b'"',
        b"'",
    ),
    *(
        b",",
        b";",
        b"\t",
        b"\x1a",
        b"-",
        b"9",
        b"\x7f\xff\xff\xff",
        b"\x80\x00\x00\x00",
        b"\xff\xff\xff\x7f",
        b"\x00\x00\x00\x80",
    ),
)
#: Names that a member of an archive should not have, and some that it may.
MEMBERS = (
    *(
        "../../outside.csv",
        "/outside.csv",
        "C:\\outside.csv",
        "..\\outside.csv",
        "a/../../outside.csv",
        "~/outside.csv",
    ),
    *(
        "",
        ".",
        "CON",
        "a" * 300,
        "new\nline.csv",
        "\x1b[2J.csv",
        "é.csv",
        "folder/",
        "xl/workbook.xml",
        "xl/vbaProject.bin",
    ),
    *(
        "Leefbaarometer-scores wijken 2002-2024.csv",
        "Leefbaarometer-scores buurten 2002-2020.csv",
        "[Content_Types].xml",
    ),
)


@dataclass(frozen=True)
class Edit:
    """One change: which, where, and with what; numbers from 0 to :data:`RANGE`, taken modulo what there is."""

    kind: int
    place: int
    other: int


Change = Callable[[bytes, int, int], bytes]


def spoil(files: Mapping[str, bytes], edits: Sequence[Edit]) -> Files:
    """Files after edits, one after the other; each is made in one of the files."""
    spoiled = dict(files)
    names = sorted(spoiled)
    for edit in edits:
        name = names[edit.place % len(names)] if len(names) > 1 else names[0]
        spoiled[name] = _changed(name, spoiled[name], Edit(edit.kind, edit.place // len(names), edit.other))
    return spoiled


def _changed(name: str, content: bytes, edit: Edit) -> bytes:
    """One file after one edit; a change that does not fit the file leaves it as it is."""
    known = changes_for(name, content)
    try:
        return known[edit.kind % len(known)](content, edit.place, edit.other)
    except Exception:
        # A table without cells, an archive that is broken already: this edit has nothing to hold on to.
        return content


def changes_for(name: str, content: bytes) -> tuple[Change, ...]:
    """Changes that make sense for a file; those that know its form count more than once."""
    if content.startswith(b"PK\x03\x04"):
        return (*ARCHIVE, *ARCHIVE, *ARCHIVE, *RAW)
    if name.endswith((".json", ".geojson")):
        return (*TREE, *TREE, *TEXT, *RAW)
    if name.endswith(".csv"):
        return (*TABLE, *TABLE, *TEXT, *RAW)
    if name.endswith((".txt", ".yaml", ".toml", ".prj", ".md")):
        return (*TEXT, *TEXT, *RAW)
    return RAW


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

# --- Archives -------------------------------------------------------------------------------------------------


def _archive(change: Callable[[list[tuple[zipfile.ZipInfo, bytes]], int, int], None]) -> Change:
    """Unpack, change the members, pack again."""

    def made(content: bytes, place: int, other: int) -> bytes:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [(info, archive.read(info)) for info in archive.infolist()]
        change(members, place, other)
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
            for info, data in members:
                info.compress_type = zipfile.ZIP_STORED
                archive.writestr(info, data)
        return out.getvalue()

    return made


def _inside(members: list[tuple[zipfile.ZipInfo, bytes]], place: int, other: int) -> None:
    at = place % len(members)
    info, data = members[at]
    known = (*TABLE, *TEXT, *RAW) if info.filename.endswith(".csv") else (*TEXT, *TEXT, *RAW)
    members[at] = info, known[other % len(known)](data, place // len(members), other // len(known))


def _named(info: zipfile.ZipInfo, name: str) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo("x", info.date_time)
    made.filename, made.external_attr = name, info.external_attr
    return made


def _rename_member(members: list[tuple[zipfile.ZipInfo, bytes]], place: int, other: int) -> None:
    info, data = members[place % len(members)]
    members[place % len(members)] = _named(info, MEMBERS[other % len(MEMBERS)]), data


def _add_member(members: list[tuple[zipfile.ZipInfo, bytes]], place: int, other: int) -> None:
    info, data = members[place % len(members)]
    members.append((_named(info, MEMBERS[other % len(MEMBERS)]), data))


def _drop_member(members: list[tuple[zipfile.ZipInfo, bytes]], place: int, other: int) -> None:
    del members[place % len(members)]


def _swap_members(members: list[tuple[zipfile.ZipInfo, bytes]], place: int, other: int) -> None:
    a, b = place % len(members), other % len(members)
    members[a], members[b] = (members[a][0], members[b][1]), (members[b][0], members[a][1])


def _link_member(members: list[tuple[zipfile.ZipInfo, bytes]], place: int, other: int) -> None:
    info, _ = members[place % len(members)]
    link = _named(info, info.filename)
    link.external_attr = (0o120777, 0o010644, 0o060644)[other % 3] << 16
    members[place % len(members)] = link, b"/etc/passwd"


def _far_cell(members: list[tuple[zipfile.ZipInfo, bytes]], place: int, other: int) -> None:
    at = next(number for number, (info, _) in enumerate(members) if "worksheets/" in info.filename)
    cells = ("XFD1048576", "A1048576", "ZZZ1", "A99999999999", "XFE1", "A0", "1A", "", "$A$1", "a1", "B2")
    data = members[at][1]
    cell = cells[other % len(cells)].encode()
    members[at] = members[at][0], re.sub(rb' r="[A-Z]+[0-9]+"', b' r="' + cell + b'"', data, count=1 + place % 3)


def _directory(content: bytes, place: int, other: int) -> bytes:
    """A field of the directory of members: sizes, flags, packing, offsets, checksums."""
    starts = [found.start() for found in re.finditer(b"PK\x01\x02|PK\x03\x04|PK\x05\x06", content)]
    at = starts[place % len(starts)] + 4 + other % 44
    value = (0, 1, 0xFF, 0x7F, 0x80, 8, 12, 99)[place // len(starts) % 8]
    return content[:at] + bytes([value]) + content[at + 1 :]


def _bomb(content: bytes, place: int, other: int) -> bytes:
    """One more member that is small here and large unpacked."""
    out = io.BytesIO(content)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            ("xl/sharedStrings.xml", "a.csv", "xl/worksheets/sheet9.xml")[other % 3], b"0" * 1_500_000
        )
    return out.getvalue()


ARCHIVE: tuple[Change, ...] = (
    *(_archive(_inside),) * 6,
    *(_archive(_rename_member), _archive(_add_member), _archive(_drop_member), _archive(_swap_members)),
    *(_archive(_link_member), _archive(_far_cell), _directory, _directory, _bomb),
)


def draw(numbers: Callable[[], int], most: int = 4) -> list[Edit]:
    """Some edits from a stream of numbers; one is most likely."""
    count = 1 + (numbers() % 8 >= 4) + sum(numbers() % 4 == 0 for _ in range(most - 2))
    return reduce(lambda made, _: [*made, Edit(numbers(), numbers(), numbers())], range(count), list[Edit]())
