"""Tables in dBase files (``.dbf``): a header, and rows of text of fixed width.

Read here and not by the library of maps, which takes a damaged ``12O00`` for 12 without a word.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path

from riskmodel.errors import InputError

#: No official table has rows of more bytes.
MOST_FIELDS = 1_000


@dataclass(frozen=True)
class Records:
    """A dBase table.

    Attributes
    ----------
    names : tuple of str
        Column names without blanks around them.
    numbers : tuple of int
        Number of each record in the file, from 1; deleted ones are left out.
    columns : tuple of list of str
        Cells of each column without blanks around them.
    """

    names: tuple[str, ...]
    numbers: tuple[int, ...]
    columns: tuple[list[str], ...]


def read_records(path: Path, content: bytes) -> Records:
    """Take a dBase table apart.

    Parameters
    ----------
    path : Path
        The file, for messages.
    content : bytes
        Its bytes.

    Raises
    ------
    InputError
        If the header describes no rows, or there are fewer than it says.
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
    rows = [content[at : at + width] for at in range(start, start + count * width, width)]
    numbers = tuple(number for number, row in enumerate(rows, 1) if row[:1] != b"*")
    encoding = "utf-8" if _is_utf8(b"".join(rows)) else "cp1252"
    ends = list(accumulate(widths, initial=1))
    columns = tuple(
        [rows[number - 1][first:last].decode(encoding, "replace").strip() for number in numbers]
        for first, last in pairwise(ends)
    )
    return Records(tuple(names), numbers, columns)


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
