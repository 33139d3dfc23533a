"""Tables in dBase files (``.dbf``): a header, and rows of text of fixed width.

Read here and not by the library of maps, which takes a damaged ``12O00`` for 12 without a word.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import accumulate, pairwise
from pathlib import Path

from riskmodel.errors import InputError
from riskmodel.sources.formats.tables import Cell, Row, Table, from_rows

#: No official table has rows of more bytes.
MOST_FIELDS = 1_000


def read_dbase(path: Path, content: bytes) -> Table[Sequence[Cell]]:
    """The table of a dBase file without its deleted records; cells and names without blanks around them.

    Raises
    ------
    InputError
        If the header describes no rows, or more than there are.
    """
    count, start, width = struct.unpack("<4xIHH", content[:12].ljust(12, b"\0"))
    names, widths = [], []
    for at in range(32, start - 1, 32):
        if content[at : at + 1] in (b"\r", b""):
            break
        names.append(content[at : at + 11].partition(b"\0")[0].decode("ascii", "replace").strip())
        widths.append(content[at + 16] if at + 16 < len(content) else 0)
    if not 0 < len(names) <= MOST_FIELDS or sum(widths) + 1 != width:
        raise InputError(path, "a header that describes no rows", "a dBASE file, as it stands beside a .shp")
    if len(content) < start + count * width:
        found, hint = f"{len(content)} bytes", "The file may be cut off."
        raise InputError(path, found, f"{start + count * width} for its {count} records", hint)
    records = [content[at : at + width] for at in range(start, start + count * width, width)]

    def rows() -> list[Row]:
        encoding = "utf-8" if _is_utf8(b"".join(records)) else "cp1252"
        cells = list(pairwise(accumulate(widths, initial=1)))
        return [
            (number, [record[first:last].decode(encoding, "replace").strip() for first, last in cells])
            for number, record in enumerate(records, 1)
            # A star marks a deleted record.
            if record[:1] != b"*"
        ]

    return from_rows(path, names, rows, "record", header=str(path))


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
