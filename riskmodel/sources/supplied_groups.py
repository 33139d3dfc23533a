"""Groups of areas that a user supplies for an audit, for instance by the composition of the population.

Nothing of the table goes into the workspace, into features or into forecasts. The audit stores its results per
group, and the name and the fingerprint of the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from riskmodel.errors import InputError
from riskmodel.sources.formats import delimited
from riskmodel.sources.observations import SourceFile

LOCATION, GROUP, LABEL = "location", "group", "label"
#: An audit compares groups, so one alone is not enough, and more than this leave few areas in each.
FEWEST_GROUPS, MOST_GROUPS = 2, 20
#: Longest name of a group, in characters.
LONGEST = 60


@dataclass(frozen=True)
class SuppliedGroups:
    """A table of areas and their groups.

    Attributes
    ----------
    name : str
        What they are grouped by: the name of the file without its ending.
    groups : mapping of str to str
        Name of the group by area code.
    names : tuple of str
        Names of the groups, in order of their codes.
    file : SourceFile
        Name and fingerprint of the table.
    """

    name: str
    groups: Mapping[str, str]
    names: tuple[str, ...]
    file: SourceFile


def read_groups(path: Path, taken: tuple[str, ...] = ()) -> SuppliedGroups:
    """Read a table of areas and their groups.

    Parameters
    ----------
    path : Path
        CSV with the columns ``location`` (area code), ``group`` and, optionally, ``label``: what the group is
        called. Without labels a group is called by its code.
    taken : tuple of str
        Names of attributes that the audit has already.

    Raises
    ------
    InputError
        If a column is missing, an area is there twice or without a group, a label differs within a group, or
        there are fewer than 2 or more than 20 groups.
    """
    labelled = LABEL in delimited.header(path)
    table = delimited.read(path, [LOCATION, GROUP, *([LABEL] if labelled else [])], []).to_pydict()
    called: dict[str, str] = {}
    groups: dict[str, str] = {}
    for row, (location, group) in enumerate(zip(table[LOCATION], table[GROUP], strict=True)):
        where = f"{path}, row {row + 1} below the header"
        location, group = location.strip(), group.strip()
        label = table[LABEL][row].strip() if labelled else group
        if not location or not group or not label:
            raise InputError(where, "an empty field", "an area code and its group")
        if location in groups:
            raise InputError(where, f"{location!r} again", "every area once")
        if len(label) > LONGEST or not label.isprintable():
            raise InputError(where, f"a name of {len(label)} characters", f"at most {LONGEST} that can be printed")
        if called.setdefault(group, label) != label:
            raise InputError(where, f"label {label!r} for group {group!r}", f"{called[group]!r}, as above")
        groups[location] = label
    names = tuple(dict.fromkeys(called[group] for group in sorted(called)))
    if len(names) < len(called):
        raise InputError(path, "one label for two groups", "a label of its own for every group")
    if not FEWEST_GROUPS <= len(names) <= MOST_GROUPS:
        raise InputError(path, f"{len(names)} groups", f"{FEWEST_GROUPS} to {MOST_GROUPS}")
    name = path.stem if path.stem not in taken else f"{path.stem} (supplied)"
    return SuppliedGroups(name, groups, names, SourceFile.of(path))
