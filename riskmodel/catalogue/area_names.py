"""Names of municipalities, regions and provinces as users type them, and the codes that they mean."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache

from riskmodel.catalogue import municipalities, plain, regions
from riskmodel.catalogue.group_lists import ACCENTED, provinces
from riskmodel.errors import InputError


@cache
def named_regions() -> dict[str, tuple[str, ...]]:
    """Regions and provinces that may be named instead of a municipality, and the codes in them.

    A province is called ``"Provincie Utrecht"``, since some share their name with a municipality.
    """
    named = {f"Provincie {ACCENTED.get(name, name)}": group.members for name, group in provinces().items()}
    return regions() | named


def region_of(asked: str) -> str | None:
    """The region or province that a name means; a municipality comes before a province of the same name.

    Examples
    --------
    >>> region_of("drechtsteden"), region_of("limburg"), region_of("provincie utrecht"), region_of("Utrecht")
    ('Drechtsteden', 'Provincie Limburg', 'Provincie Utrecht', None)
    """
    wanted = plain(asked)
    names = {plain(name): name for name in named_regions()}
    if wanted in names:
        return names[wanted]
    if wanted in {plain(name) for name in municipalities()["name"]}:
        return None
    return names.get(f"provincie {wanted}")


def called(asked: str) -> str:
    """The name of a municipality, region or province in its official spelling, whatever was typed.

    Examples
    --------
    >>> called("GM0983"), called("ALMERE"), called("limburg"), called("Nergenshuizen")
    ('Venlo', 'Almere', 'Provincie Limburg', 'Nergenshuizen')
    """
    table = municipalities()
    known: dict[str, str] = dict(zip(table["name"].str.casefold(), table["name"], strict=True))
    known |= dict(zip(table["code"].str.casefold(), table["name"], strict=True))
    return region_of(asked) or known.get(asked.strip().casefold(), asked.strip())


def find_municipalities(asked: str, present: frozenset[str]) -> tuple[str, ...]:
    """Codes of the municipalities that a user means by a name, a code, a region or a province."""
    wanted = asked.strip().casefold()
    table = municipalities()
    region = region_of(asked)
    codes = set(named_regions()[region]) if region else set()
    codes |= set(table.loc[table["name"].str.casefold() == wanted, "code"])
    codes |= {code for code in present if code.casefold() == wanted}
    found = tuple(sorted(codes & present))
    if not found:
        expected = "a municipality, GM code, region or province in the data"
        raise InputError("--municipality", repr(asked), expected, _suggest(asked, present))
    return found


def _suggest(asked: str, present: frozenset[str]) -> str:
    """A hint for a name that is not in the data: the closest names that are, or some of them."""
    table, wanted = municipalities(), plain(asked)
    known = {plain(name): name for name in [*table["name"], *named_regions()]}
    if region_of(asked) or wanted in known:
        return "It exists, but none of its areas is in the data."
    here = sorted(table.loc[table["code"].isin(present), "name"])
    named = here + [name for name, codes in named_regions().items() if present & set(codes)]
    # Brackets behind a name are not typed, and would make all such names look alike.
    short = {plain(name).partition(" (")[0]: name for name in named}
    close = get_close_matches(wanted.partition(" (")[0], list(short), n=3)
    if close:
        return f"Did you mean {', '.join(short[name] for name in close)}?"
    absent = get_close_matches(wanted, list(known), n=1)
    if absent:
        return f"Did you mean {known[absent[0]]}? None of its areas is in the data."
    return f"In the data are {', '.join(here[:3])}{' and others' if len(here) > 3 else ''}." if here else ""
