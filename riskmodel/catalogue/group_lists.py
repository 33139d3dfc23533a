"""Named groups of areas as data: their members and sources, and the parts without an area code.

The lists are in ``groups.toml`` and in the folder ``groups``: one CSV file for each group with parts, and
``merged.csv`` for municipalities merged into others since 2016 (CBS, *Gemeentelijke indeling per jaar*).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pandas as pd

from riskmodel.catalogue import load, municipalities, read_table, regions


@dataclass(frozen=True)
class Member:
    """One area of a group.

    Attributes
    ----------
    code : str
        ``GM``, ``WK`` or ``BU`` code.
    name : str
        Name that the area must have, since codes of wijken are used again for other areas; empty where the code
        is unambiguous.
    boundaries : int
        Boundary vintage in which the code means this area: 2016 or 2022; 0 for any.
    """

    code: str
    name: str = ""
    boundaries: int = 0


@dataclass(frozen=True)
class Part:
    """A named part of a group, such as one of the 40 priority districts.

    Attributes
    ----------
    name, place : str
        As the source writes them; ``place`` is the municipality or the region in which it lies.
    members : tuple of Member
        Areas that are this part; empty when none is known reliably.
    note : str
        Caveat of this part.
    """

    name: str
    place: str
    members: tuple[Member, ...]
    note: str = ""


@dataclass(frozen=True)
class Group:
    """A named set of areas.

    Attributes
    ----------
    name, title_nl : str
        Short name, and the name for running Dutch text.
    source, note : str
        Publication and year, and the caveats.
    members : tuple of str
        Codes of municipalities, wijken or buurten, each once.
    parts : tuple of Part
        The same as its source lists them; groups of whole municipalities have one part a municipality.
    """

    name: str
    title_nl: str
    source: str
    note: str
    members: tuple[str, ...]
    parts: tuple[Part, ...] = ()

    def __post_init__(self) -> None:
        if not self.parts:
            parts = tuple(Part(code, "", (Member(code),)) for code in self.members)
            object.__setattr__(self, "parts", parts)

    @property
    def unmapped(self) -> tuple[Part, ...]:
        """Parts for which no area code is known reliably."""
        return tuple(part for part in self.parts if not part.members)


@cache
def groups() -> dict[str, Group]:
    """Shipped groups by name: those of ``groups.toml`` in its order, then the provinces."""
    listed = {name: _shipped(name, entry) for name, entry in load("groups")["groups"].items()}
    return listed | provinces()


@cache
def merged() -> pd.DataFrame:
    """Municipalities merged into others since 2016: ``old, new, year, how``.

    ``how`` is ``"merged"`` into a new code, ``"absorbed"`` by a municipality that kept its code, or ``"divided"``
    over several.
    """
    return read_table("groups/merged")


def _shipped(name: str, entry: Mapping[str, Any]) -> Group:
    parts = _parts(entry["parts"]) if "parts" in entry else ()
    members = tuple(regions()[entry["region"]] if "region" in entry else entry.get("members", ()))
    if parts:
        members = tuple(dict.fromkeys(member.code for part in parts for member in part.members))
    return Group(name, entry["title_nl"], entry["source"], entry["note"], members, parts)


def _parts(name: str) -> tuple[Part, ...]:
    rows = read_table(f"groups/{name}")
    return tuple(
        Part(
            str(key[1]),
            str(key[0]),
            tuple(
                Member(code, known, int(vintage or 0))
                for code, known, vintage in zip(each["code"], each["name"], each["boundaries"], strict=True)
                if code
            ),
            "; ".join(note for note in each["note"] if note),
        )
        for key, each in rows.groupby(["place", "part"], sort=False)
    )


@cache
def provinces() -> dict[str, Group]:
    """Municipalities by province: one part for each that exists now, with those merged into it since 2016."""
    table = municipalities()
    now = table[~table["province"].isin(["", "Voorbeeld"])].set_index("code")["province"]
    into = merged().drop_duplicates("old").set_index("old")["new"]
    codes = pd.Series(table["code"].to_numpy(), index=table["code"])
    current = into.reindex(codes.index).fillna(codes)
    listed = pd.DataFrame({"province": current.map(now), "current": current}).dropna()
    names = table.set_index("code")["name"]
    return {
        str(province): Group(
            str(province),
            f"de provincie {province}",
            "CBS, gemeentelijke indeling 2022 en 2024",
            "Gemeenten die sinds 2016 zijn opgegaan in een andere, horen bij de provincie van die gemeente.",
            tuple(sorted(each.index)),
            tuple(
                Part(str(names[code]), "", tuple(Member(str(old)) for old in rows.index))
                for code, rows in each.groupby("current")
            ),
        )
        for province, each in listed.groupby("province")
    }
