"""Write docs/licences.md: every package in the lock, its licence, and what brings it.

Run by ``make licences``. ``--check`` writes nothing and fails where the page is not current.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from dependencies import LOCK, ROOT, brought_by, read_lock

PAGE = ROOT / "docs" / "licences.md"
KNOWN = Path(__file__).with_name("licences.toml")
ABOVE = """# Licences

Every package of `requirements.lock` with its licence and the part of the project that brings it: `core`, or an
extra. Written by `make licences` from the metadata of the installed packages and `upkeep/licences.toml`; a test
(`tests/test_supply_chain.py`) fails when it is not current or a licence is not on the list of accepted ones.
riskmodel itself is Apache-2.0. Packages: {packages}, of which with a condition: {conditional}.

"""
BELOW = """
## Licences with a condition

No package is under GPL or AGPL alone. These set a condition on the package itself, not on what imports it:

{used}

## Inside wheels

Packages with compiled parts carry libraries of their own, which the table does not name. Those with a
condition: GEOS (LGPL-2.1) in shapely and pyogrio; the runtime libraries of GCC (GPL-3.0 with the runtime
library exception, which allows any use) in numpy, scipy and scikit-learn, of which libquadmath is LGPL-2.1;
keyutils and libxcrypt (LGPL-2.1) in psycopg-binary. They lie in shared files that the publishers of these
packages made and that are installed unchanged. Whoever hands on an image that contains them hands on their
licence files too, which lie in the packages.
"""


@dataclass(frozen=True)
class Row:
    """A package of the lock.

    Attributes
    ----------
    name, licence : str
        Licence as an expression of SPDX.
    versions : tuple of str
        More than one where the version depends on that of Python.
    parts : tuple of str
        What brings it; empty when it is not installed on this system.
    """

    name: str
    versions: tuple[str, ...]
    licence: str
    parts: tuple[str, ...]


def licence_of(name: str, known: Mapping[str, Any]) -> str:
    """Licence of a package, from what was looked up by hand and from its metadata, in this order.

    Raises
    ------
    ValueError
        If neither tells.
    """
    by_hand: Mapping[str, str] = {**known["packages"], **known["elsewhere"]}
    if name in by_hand:
        return by_hand[name]
    try:
        about = distribution(name).metadata
    except PackageNotFoundError:
        raise ValueError(f"{name} is not installed here: put it under [elsewhere] in {KNOWN.name}") from None
    if "License-Expression" in about and (expression := about["License-Expression"]):
        return str(expression)
    classifiers = [each.split(" :: ")[-1] for each in about.get_all("Classifier") or () if "License ::" in each]
    names: Mapping[str, str] = known["names"]
    # An older field may hold a name or the whole text.
    field = about["License"].strip() if "License" in about else ""
    told = field if accepted(field, frozenset(known["accepted"])) else names.get(field)
    told = told or " AND ".join(names[each] for each in classifiers if each in names)
    if not told:
        raise ValueError(f"{name} says {field[:60]!r} and {classifiers}: put it in {KNOWN.name}")
    return told


def accepted(licence: str, fine: frozenset[str]) -> bool:
    """Whether all licences of an expression are accepted, of alternatives at least one."""
    every = licence.replace("(", "").replace(")", "").split(" AND ")
    return all(any(one in fine for one in each.split(" OR ")) for each in every)


def conditional(licence: str, known: Mapping[str, Any]) -> bool:
    """Whether a licence sets a condition in whichever way it is taken."""
    return not accepted(licence, frozenset(known["accepted"]) - frozenset(known["conditional"]))


def rows(known: Mapping[str, Any]) -> list[Row]:
    """Every package of the lock, by name."""
    versions: dict[str, list[str]] = {}
    for each in read_lock(LOCK.read_text(encoding="utf-8")):
        versions.setdefault(each.name, []).append(each.version)
    parts = brought_by()
    return [
        Row(name, tuple(found), licence_of(name, known), parts.get(name, ())) for name, found in versions.items()
    ]


def page_of(table: list[Row], known: Mapping[str, Any]) -> str:
    """The page.

    Raises
    ------
    ValueError
        If a licence is not accepted, or sets a condition while nothing is said of how the package is used.
    """
    refused = [
        f"{row.name}: {row.licence}" for row in table if not accepted(row.licence, frozenset(known["accepted"]))
    ]
    under_conditions = {row.name for row in table if conditional(row.licence, known)}
    if refused:
        raise ValueError(f"licences that are not on the list: {', '.join(refused)}")
    if under_conditions != set(known["used"]):
        raise ValueError(f"[used] in {KNOWN.name} must hold {sorted(under_conditions)}")
    above = ABOVE.format(packages=len(table), conditional=len(under_conditions))
    lines = [above, "| package | version | licence | brought by |\n|---|---|---|---|\n"]
    for row in table:
        brought = ", ".join(row.parts) or "other systems only"
        lines.append(f"| {row.name} | {' or '.join(row.versions)} | {row.licence} | {brought} |\n")
    used = "\n".join(f"- **{name}** ({licence_of(name, known)}): {how}." for name, how in known["used"].items())
    return "".join(lines) + BELOW.format(used=used)


def main() -> int:
    with KNOWN.open("rb") as file:
        known = tomllib.load(file)
    try:
        page = page_of(rows(known), known)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    if "--check" not in sys.argv:
        PAGE.write_text(page, encoding="utf-8")
        print(f"Written: {PAGE.relative_to(ROOT)}, {len(re.findall('^[|] ', page, re.MULTILINE)) - 1} packages")
    elif not PAGE.exists() or page != PAGE.read_text(encoding="utf-8"):
        print(f"{PAGE.relative_to(ROOT)} is not current. Run: make licences", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
