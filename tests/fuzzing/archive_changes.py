"""Changes of archives: what their members hold, what they are called, and what the directory says of them."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable

from .changes import RAW, TABLE, TEXT, Change
from .words import MEMBERS


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
