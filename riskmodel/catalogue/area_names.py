"""Names of municipalities, regions and provinces as users type them, and the codes that they mean."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache

from riskmodel.catalogue import load, municipalities, plain, regions
from riskmodel.catalogue.group_lists import provinces
from riskmodel.errors import InputError

_CODE = re.compile(r"(?:gm ?)?([0-9]{1,4})")


@cache
def named_regions() -> dict[str, tuple[str, ...]]:
    """Regions and provinces that may be named instead of a municipality, and the codes in them.

    A province is called ``"Provincie Utrecht"``, since some share their name with a municipality.
    """
    return regions() | {f"Provincie {name}": group.members for name, group in provinces().items()}


def region_of(asked: str) -> str | None:
    """The region or province that a name means; a municipality comes before a province of the same name.

    Examples
    --------
    >>> region_of("drechtsteden"), region_of("friesland"), region_of("provincie utrecht"), region_of("Utrecht")
    ('Drechtsteden', 'Provincie Fryslân', 'Provincie Utrecht', None)
    """
    wanted = _words(asked)
    usual = {plain(name): plain(official) for name, official in load("usual_names")["provinces"].items()}
    names = {plain(name): name for name in named_regions()}
    if wanted in names:
        return names[wanted]
    if _code_of(asked) is not None:
        return None
    bare = wanted.removeprefix("provincie ")
    return names.get(f"provincie {usual.get(bare, bare)}")


def called(asked: str) -> str:
    """The name of a municipality, region or province in its official spelling, whatever was typed.

    Examples
    --------
    >>> called("GM0983"), called("Den Haag"), called("limburg"), called("Nergenshuizen")
    ('Venlo', "'s-Gravenhage", 'Provincie Limburg', 'Nergenshuizen')
    """
    code = _code_of(asked)
    return region_of(asked) or (asked.strip() if code is None else _official()[code])


def all_called(asked: Iterable[str]) -> str:
    """What several municipalities, regions and provinces are called officially, each once, with commas."""
    return ", ".join(dict.fromkeys(map(called, asked)))


def find_municipalities(asked: str, present: frozenset[str]) -> tuple[str, ...]:
    """Codes of the municipalities that a user means by a name, a code, a region or a province."""
    region, code = region_of(asked), _code_of(asked)
    meant = named_regions()[region] if region else (code or asked.strip().upper(),)
    found = tuple(sorted(present.intersection(meant)))
    if not found:
        expected = "a municipality, GM code, region or province in the data"
        raise InputError("--municipality", repr(asked), expected, _suggest(asked, present))
    return found


def close_names(asked: str, present: frozenset[str], most: int = 3, cutoff: float = 0.6) -> list[str]:
    """Official names of municipalities and regions with areas in the data that look like a name, best first.

    ``cutoff`` is how alike they must be, from 0 to 1, as :func:`difflib.get_close_matches` has it.
    """
    named = [(name, name) for code, name in _official().items() if code in present]
    named += [(name, name) for name, codes in named_regions().items() if present & set(codes)]
    named += usual_names(present).items()
    # Brackets behind a name are not typed, and would make all such names look alike.
    words = [(plain(name.partition(" (")[0]), official) for name, official in named]
    close = get_close_matches(_words(asked), list(dict(words)), n=most, cutoff=cutoff)
    return list(dict.fromkeys(official for each in close for name, official in words if name == each))[:most]


def usual_names(present: frozenset[str]) -> dict[str, str]:
    """Names in use beside the official one, of municipalities and provinces in the data, with the official one."""
    usual = load("usual_names")
    own = {name: _official()[code] for name, code in usual["municipalities"].items() if code in present}
    larger = {name: f"Provincie {official}" for name, official in usual["provinces"].items()}
    return own | {name: official for name, official in larger.items() if present & set(named_regions()[official])}


@cache
def _official() -> dict[str, str]:
    """Official names by code."""
    table = municipalities()
    return dict(zip(table["code"], table["name"], strict=True))


@cache
def _names() -> tuple[tuple[str, str], ...]:
    """Names of municipalities, official and usual, each with its code."""
    return (*((name, code) for code, name in _official().items()), *load("usual_names")["municipalities"].items())


@cache
def _written() -> dict[str, str]:
    """Codes of municipalities by their names and what may be written around these, as plain words."""
    inside = {province: short for short, province in load("usual_names")["provinces_in_brackets"].items()}
    table = municipalities()
    province = dict(zip(table["code"], table["province"], strict=True))
    found: dict[str, str] = {}
    for name, code in _names():
        for behind in ("", " gemeente", f" {inside[province[code]]}" if province[code] in inside else ""):
            words = plain(name + behind)
            found |= {words: code, words.removeprefix("s "): code}
    return found


def _words(asked: str) -> str:
    return f"{plain(asked)} ".replace(" a d ", " aan den ").strip().removeprefix("gemeente ")


def _code_of(asked: str) -> str | None:
    """Code of the municipality that a name or a code means; None when there is none."""
    words = _words(asked)
    number = _CODE.fullmatch(words)
    code = f"GM{int(number.group(1)):04d}" if number else _written().get(words)
    return code if code in _official() else None


def _suggest(asked: str, present: frozenset[str]) -> str:
    """A hint for a name that is not in the data: the closest names that are, or some of them."""
    if region_of(asked) or _code_of(asked):
        return "It exists, but none of its areas is in the data."
    close = close_names(asked, present)
    if close:
        return f"Did you mean {', '.join(close)}?"
    absent = close_names(asked, frozenset(_official()))
    if absent:
        return f"Did you mean {absent[0]}? None of its areas is in the data."
    here = sorted(name for code, name in _official().items() if code in present)
    return f"In the data are {', '.join(here[:3])}{' and others' if len(here) > 3 else ''}." if here else ""
