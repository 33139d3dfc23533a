"""Groups of areas: the G4, shrinking regions, priority districts, provinces, or a user's own list.

A group names municipalities, wijken or buurten by code. Which areas of a measurement belong to it follows from
the codes alone: a municipality holds its wijken and buurten, a wijk its buurten. A group of wijken says nothing
about a measurement of municipalities.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.catalogue import load, municipalities, regions
from riskmodel.errors import InputError
from riskmodel.monitor.measured import Measured

CODE = re.compile(r"GM\d{4}|WK\d{6}|BU\d{8}")


@dataclass(frozen=True)
class Part:
    """A named part of a group, such as one of the 40 priority districts.

    Attributes
    ----------
    name, municipality : str
        As the source writes them.
    codes : mapping of str to str
        Area code to the name that the area must bear; empty when no area is surely this part.
    """

    name: str
    municipality: str
    codes: Mapping[str, str]


@dataclass(frozen=True)
class Group:
    """A named set of areas.

    Attributes
    ----------
    name, title_nl : str
        Short name, and the name for running Dutch text.
    source, note : str
        Publication and year, and what a reader must know.
    members : tuple of str
        Codes of municipalities (``GM``), wijken (``WK``) or buurten (``BU``), each once.
    parts : tuple of Part
        Named parts as the source lists them; empty for groups of whole municipalities.
    """

    name: str
    title_nl: str
    source: str
    note: str
    members: tuple[str, ...]
    parts: tuple[Part, ...] = ()

    @property
    def unmapped(self) -> tuple[Part, ...]:
        """Parts to which no area code could be tied reliably."""
        return tuple(part for part in self.parts if not part.codes)


@cache
def groups() -> dict[str, Group]:
    """Shipped groups by name, provinces last."""
    entries = load("groups")["groups"]
    return {name: _shipped(name, entry) for name, entry in entries.items()} | _provinces()


def group(name_or_path: str | Path) -> Group:
    """A shipped group by name, or the user's own from a file.

    Parameters
    ----------
    name_or_path : str or Path
        Name of a shipped group (upper and lower case are the same), or a ``.csv`` file with a column ``code`` and
        optionally ``name``, or a ``.toml`` file with ``members`` and optionally ``name, title_nl, source, note``.

    Raises
    ------
    InputError
        If there is no such group or file, or the file does not hold codes.
    """
    text = str(name_or_path).strip()
    known = {name.casefold(): each for name, each in groups().items()}
    if text.casefold() in known:
        return known[text.casefold()]
    path = Path(text)
    if path.suffix.lower() in (".csv", ".toml"):
        if not path.is_file():
            raise InputError(path, "no such file", "a file that exists")
        return _from_csv(path) if path.suffix.lower() == ".csv" else _from_toml(path)
    close = get_close_matches(text.casefold(), list(known), n=3)
    hint = f"Did you mean {', '.join(known[each].name for each in close)}?" if close else ""
    raise InputError(
        "--group", repr(text), f"one of {', '.join(groups())}, or a file ending in .csv or .toml", hint
    )


def members_of(group: Group, measured: Measured) -> npt.NDArray[np.bool_]:
    """Which measured areas belong to a group.

    Parameters
    ----------
    group : Group
        The group.
    measured : Measured
        The measurements.

    Returns
    -------
    numpy.ndarray of bool, shape (areas,)
        True for members.

    Raises
    ------
    InputError
        If none of the areas belongs to it.
    """
    named = np.isin(_codes(measured), list(group.members))
    chosen = np.asarray(named.any(axis=0))
    if not chosen.any():
        raise InputError(
            f"group {group.name}",
            f"none of its {len(group.members)} members among the areas of level {measured.level!r}",
            "some",
        )
    return chosen


def not_found(group: Group, measured: Measured) -> tuple[str, ...]:
    """Members of a group without any area in the measurements, as codes."""
    there = set(np.unique(_codes(measured)).tolist())
    return tuple(code for code in group.members if code not in there)


def _codes(measured: Measured) -> npt.NDArray[np.str_]:
    """Codes under which an area may be named, shape (3, areas): municipality, wijk, area itself."""
    own = measured.areas.astype(str)
    wijk = np.array(["WK" + code[2:8] if code.startswith(("WK", "BU")) else "" for code in own], dtype=str)
    return np.stack([measured.municipality_codes(), wijk, own])


def _shipped(name: str, entry: Mapping[str, Any]) -> Group:
    parts: tuple[Part, ...] = ()
    members = tuple(entry.get("members", ()))
    if "region" in entry:
        members = regions()[entry["region"]]
    if "parts" in entry:
        listed = load(entry["parts"])["parts"]
        parts = tuple(Part(each["name"], each["municipality"], each.get("codes", {})) for each in listed)
        members = tuple(dict.fromkeys(code for part in parts for code in part.codes))
    return Group(name, entry["title_nl"], entry["source"], entry["note"], members, parts)


def _provinces() -> dict[str, Group]:
    table = municipalities()
    known = table[~table["province"].isin(["", "Voorbeeld"])]
    return {
        str(province): Group(
            str(province),
            f"de provincie {province}",
            "CBS, gemeentelijke indeling 2022 en 2024",
            "",
            tuple(rows["code"]),
        )
        for province, rows in known.groupby("province")
    }


def _from_csv(path: Path) -> Group:
    try:
        table = pd.read_csv(
            path, dtype=str, keep_default_na=False, sep=None, engine="python", encoding="utf-8-sig"
        )
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as problem:
        raise InputError(path, "no readable table", "a CSV file in UTF-8 with a column 'code'") from problem
    if "code" not in table.columns:
        raise InputError(path, f"columns {', '.join(map(str, table.columns))}", "a column 'code'")
    return _own(path, list(table["code"]), {})


def _from_toml(path: Path) -> Group:
    try:
        entry = tomllib.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise InputError(path, f"no TOML ({problem})", 'members = ["GM0344", ...]') from problem
    return _own(path, entry.get("members"), entry)


def _own(path: Path, codes: Any, entry: Mapping[str, Any]) -> Group:
    members = tuple(code.strip().upper() for code in codes)
    name = str(entry.get("name", path.stem))
    return Group(name, str(entry.get("title_nl", name)), str(entry.get("source", path.name)), "", members)
