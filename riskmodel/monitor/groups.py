"""Measured areas of a group, and its parts that were not found.

Membership follows from codes: a municipality holds its wijken and buurten, a wijk its buurten. A group of wijken
says nothing about a measurement of municipalities. A municipality that went into another since 2016 is looked for
on either side of the merger: a new one counts when all that went into it are in the group, and old ones count when
the new one is and the group names none of them.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from riskmodel.catalogue import plain
from riskmodel.catalogue.group_lists import Group, Member, Part, groups, merged
from riskmodel.errors import InputError
from riskmodel.monitor.measured import Measured
from riskmodel.sources.formats.delimited import shown
from riskmodel.sources.formats.documents import read_toml

__all__ = ["Found", "Group", "Part", "find", "group", "groups", "members_of"]

#: A code as CBS writes it.
CODE = re.compile(r"GM\d{4}|WK\d{6}|BU\d{8}")
HINT = "Codes look like GM0344, WK034403 or BU03440301."
#: Boundaries on which an edition was calculated. Codes of the closed edition 2.0 cannot change any more.
BOUNDARIES = {"2.0": 2016, "3.0": 2022}
#: What a TOML file with a group may hold.
KEYS = ("name", "title_nl", "source", "note", "members")


@dataclass(frozen=True)
class Found:
    """Parts of a group that are in the measurements.

    Attributes
    ----------
    areas : numpy.ndarray of bool, shape (areas,)
        Which measured areas belong to the group.
    parts : int
        Parts (municipalities, wijken, ... as the group lists them) with at least one area.
    listed : int
        Parts that the group lists.
    missing : tuple of str
        Parts with codes of which no area was found.
    unmapped : tuple of str
        Parts without a code, which no area could be matched with.
    """

    areas: npt.NDArray[np.bool_]
    parts: int
    listed: int
    missing: tuple[str, ...]
    unmapped: tuple[str, ...]


def group(name_or_path: str | Path) -> Group:
    """Return a shipped group by name, or the user's own from a file."""
    text = str(name_or_path).strip()
    known = {plain(name): each for name, each in groups().items()}
    if plain(text) in known:
        return known[plain(text)]
    path = Path(text)
    if path.suffix.lower() not in (".csv", ".toml"):
        close = get_close_matches(plain(text), list(known), n=3)
        hint = f"Did you mean {', '.join(known[each].name for each in close)}?" if close else ""
        expected = f"one of {', '.join(groups())}, or a file ending in .csv or .toml"
        raise InputError("--group", repr(text), expected, hint)
    if not path.is_file():
        raise InputError(path, "no such file", "a file that exists")
    return _from_csv(path) if path.suffix.lower() == ".csv" else _from_toml(path)


def members_of(group: Group, measured: Measured) -> npt.NDArray[np.bool_]:
    """Return which measured areas belong to a group, shape (areas,)."""
    return find(group, measured).areas


def find(group: Group, measured: Measured) -> Found:
    """Return the areas of a group, and the parts that were not found."""
    codes = _codes(measured)
    names = dict(zip(measured.areas.tolist(), (_short(name) for name in measured.names), strict=True))
    meant = [[each.code for each in part.members if _means(each, measured, names)] for part in group.parts]
    listed = {code for part in meant for code in part}
    forward, backward = _mergers(listed)
    reach = [_reach(part, forward, backward) for part in meant]
    wanted = set().union(*reach) if reach else set()
    areas = np.asarray(np.isin(codes, sorted(wanted)).any(axis=0))
    if not areas.any():
        raise InputError(
            f"group {group.name}",
            f"none of its {len(group.members)} members at the level {measured.level}",
            "at least one area",
            "Groups of wijken need measurements of wijken or buurten.",
        )
    there = set(codes[:, areas].ravel().tolist())
    hit = [bool(part & there) for part in reach]
    label = [
        f"{part.name} ({part.place})" if part.place not in ("", part.name) else part.name for part in group.parts
    ]
    return Found(
        areas,
        sum(hit),
        len(group.parts),
        tuple(name for name, yes, part in zip(label, hit, group.parts, strict=True) if part.members and not yes),
        tuple(name for name, part in zip(label, group.parts, strict=True) if not part.members),
    )


def _codes(measured: Measured) -> npt.NDArray[np.str_]:
    """Return the codes by which an area may be named, shape (3, areas): its municipality, its wijk, itself."""
    own = measured.areas.astype(str)
    wijk = np.array(["WK" + code[2:8] if code.startswith(("WK", "BU")) else "" for code in own], dtype=str)
    return np.stack([measured.municipality_codes(), wijk, own])


def _short(name: str) -> str:
    """Return a name without the number that CBS puts before names of wijken."""
    return re.sub(r"^wijk \d+ ", "", plain(name))


def _means(member: Member, measured: Measured, names: dict[str, str]) -> bool:
    """Return whether a member's code means the area that is meant, on the boundaries of the measurements."""
    boundaries = BOUNDARIES.get(measured.edition, 0)
    if member.boundaries and member.boundaries != boundaries:
        return False
    known = names.get(member.code, "")
    checked = member.name and known and known != plain(member.code) and measured.edition != "2.0"
    return not checked or known == _short(member.name)


def _mergers(listed: set[str]) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return new codes by old ones and old codes by new ones that may replace codes of a group."""
    table = merged()
    sets = table[table["how"] == "merged"].groupby("new")["old"].agg(set).to_dict()
    forward = {old: {str(new)} for new, olds in sets.items() if olds <= listed for old in olds}
    backward = {str(new): olds for new, olds in sets.items() if new in listed and not olds & listed}
    return forward, backward


def _reach(part: list[str], forward: dict[str, set[str]], backward: dict[str, set[str]]) -> set[str]:
    return set(part).union(*(forward.get(code, set()) | backward.get(code, set()) for code in part))


def _from_csv(path: Path) -> Group:
    expected = "a CSV file in UTF-8 with a column 'code'"
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
        rows = list(csv.reader(lines, delimiter=";" if lines and ";" in lines[0] else ",", strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise InputError(path, f"no readable table ({problem})", expected) from problem
    header = [name.strip().lower() for name in rows[0]] if rows else []
    if "code" not in header:
        raise InputError(path, f"columns {shown(header) or 'none'}", "a column 'code'", HINT)
    filled = [row for row in rows[1:] if any(cell.strip() for cell in row)]
    uneven = [row for row in filled if len(row) != len(header)]
    if uneven:
        raise InputError(path, f"a row with {len(uneven[0])} values: {shown(uneven[0])}", f"{len(header)} values")
    codes = [row[header.index("code")] for row in filled]
    names = [row[header.index("name")] for row in filled] if "name" in header else [""] * len(codes)
    return _own(path, codes, names, {})


def _from_toml(path: Path) -> Group:
    entry = read_toml(path, 'members = ["GM0344", "WK051834"]')
    strange = sorted(set(entry) - set(KEYS))
    if strange:
        raise InputError(path, ", ".join(map(repr, strange)), f"only {', '.join(KEYS)}")
    wrong = [key for key in KEYS[:-1] if not isinstance(entry.get(key, ""), str)]
    if wrong:
        raise InputError(f"{path}, {wrong[0]}", repr(entry[wrong[0]]), "text")
    codes = entry.get("members")
    if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
        raise InputError(f"{path}, members", repr(codes), "a list of codes", HINT)
    return _own(path, codes, [""] * len(codes), entry)


def _own(path: Path, codes: list[str], names: list[str], entry: dict[str, Any]) -> Group:
    """Return the user's own group; refuse a code that is none of CBS or occurs twice."""
    clean = [code.strip().upper() for code in codes]
    if not any(clean):
        raise InputError(path, "no codes", "at least one", HINT)
    for index, code in enumerate(clean):
        if not CODE.fullmatch(code):
            raise InputError(f"{path}, code {index + 1}", ascii(codes[index]), "a code of CBS", HINT)
        if code in clean[:index]:
            raise InputError(f"{path}, code {index + 1}", f"{code} again", "every code once")
    name = entry.get("name", path.stem)
    parts = tuple(Part(name.strip() or code, "", (Member(code),)) for code, name in zip(clean, names, strict=True))
    return Group(
        name,
        entry.get("title_nl", name),
        entry.get("source", f"eigen lijst: {path.name}"),
        entry.get("note", ""),
        tuple(clean),
        parts,
    )
