"""Keys of the mapping of a local file, and what each may be."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from riskmodel.catalogue import drivers, load
from riskmodel.errors import InputError
from riskmodel.sources.local.table import ENCODINGS

#: Stands in a draft for what a file cannot say of itself.
BLANK = "..."
#: What a value may cover: a state on a day, or what happened in a year.
STATE, WHOLE_YEAR = "1 January", "whole year"
FIRST_YEAR, LAST_YEAR = 1995, 2049
LONGEST_LAG = 120

#: Whether a value is good, and words for what is expected.
Check = tuple[Callable[[Any], object], str]


def _whole(value: object, lowest: int, highest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest


def _range(lowest: int, highest: int) -> Check:
    return (lambda value: _whole(value, lowest, highest), f"a whole number from {lowest} to {highest}")


def _one_of(values: tuple[str, ...]) -> Check:
    return (lambda value: isinstance(value, str) and value in values, f"one of {', '.join(map(repr, values))}")


def _by_year(each: Callable[[Any], object]) -> Callable[[Any], object]:
    def good(value: Any) -> bool:
        return (
            isinstance(value, dict)
            and bool(value)
            and all(re.fullmatch("[0-9]{4}", year) and _YEAR[0](int(year)) for year in value)
            and all(each(item) for item in value.values())
        )

    return good


_TEXT: Check = (lambda value: isinstance(value, str) and value.strip(), "a text")
_ANY_TEXT: Check = (lambda value: isinstance(value, str), "a text")
_YES_NO: Check = (lambda value: isinstance(value, bool), "true or false")
_NUMBER: Check = (lambda value: isinstance(value, int | float) and not isinstance(value, bool), "a number")
_YEAR: Check = (lambda value: _whole(value, FIRST_YEAR, LAST_YEAR), f"a year from {FIRST_YEAR} to {LAST_YEAR}")
_TABLE: Check = (lambda value: isinstance(value, dict), "a table")
_TEXTS: Check = (
    lambda value: isinstance(value, list) and all(isinstance(each, str) for each in value),
    "a list of texts",
)
_DAYS: Check = (
    _by_year(lambda value: isinstance(value, date) and not isinstance(value, datetime)),
    "days by year, such as { 2022 = 2023-03-15 }",
)
_COLUMNS: Check = (_by_year(_TEXT[0]), 'columns by year, such as { 2022 = "aantal 2022" }')
_RESPONDENTS: Check = (
    lambda value: _TEXT[0](value) or _COLUMNS[0](value),
    "a column, or columns by year where the values have columns by year",
)
_SLUG: Check = (
    lambda value: isinstance(value, str) and re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value),
    "lower-case letters, digits and single hyphens, such as 'venlo-meldingen'",
)

#: Keys of each section; those with a star must be there.
TOP: dict[str, Check] = {
    "slug*": _SLUG,
    "label*": _TEXT,
    "suppress_below": _range(0, 100),
    "file": _TABLE,
    "areas*": _TABLE,
    "years*": _TABLE,
    "indicators*": (
        lambda value: isinstance(value, dict) and value and all(isinstance(each, dict) for each in value.values()),
        "at least one section [indicators.NAME]",
    ),
}
FILE: dict[str, Check] = {
    "separator": _one_of((",", ";", "\t", "|")),
    "decimal": _one_of((",", ".")),
    "encoding": _one_of(ENCODINGS),
    "header_row": _range(1, 1000),
    "sheet": _TEXT,
    "missing": _TEXTS,
}
AREAS: dict[str, Check] = {
    "column*": _TEXT,
    "level*": _one_of(tuple(load("local")["levels"])),
    "boundaries*": _YEAR,
    "name": _TEXT,
    "without_letters": _YES_NO,
    "leave_out": _TEXTS,
}
YEARS: dict[str, Check] = {
    "column": _TEXT,
    "year": _YEAR,
    "covers": _one_of((STATE, WHOLE_YEAR)),
    "published_after_months": _range(0, LONGEST_LAG),
    "published": _DAYS,
}
INDICATOR: dict[str, Check] = {
    "column": _TEXT,
    "columns": _COLUMNS,
    "label_nl*": _TEXT,
    "label_en": _ANY_TEXT,
    "driver*": _one_of(tuple(each.id for each in drivers())),
    "direction*": _one_of(("good", "bad", "neutral")),
    "kind*": _one_of(("extensive", "intensive")),
    "unit": _ANY_TEXT,
    "respondents": _RESPONDENTS,
    "largest": _RESPONDENTS,
    "persons": _YES_NO,
    "lowest": _NUMBER,
    "highest": _NUMBER,
    "structural": _YES_NO,
    "sensitivity": _one_of(("", "proxy", "origin")),
}
#: What may be written in place of a blank.
MEANINGS = {
    "column": "column is the name of a column of the file",
    "level": f"level is one of {', '.join(load('local')['levels'])}",
    "boundaries": "boundaries is the year of the area classification on which the codes stand",
    "year": "year is the year of the values",
    "covers": f'covers is "{STATE}" for a state on that day or "{WHOLE_YEAR}" for what happened in a year',
    "published_after_months": "published_after_months counts from the end of what a value covers",
    "label_nl": "label_nl is the Dutch name that people read",
    "driver": f"driver is one of {', '.join(each.id for each in drivers())}",
    "direction": 'direction is "good", "bad" or "neutral", for what more of it means for liveability',
    "kind": 'kind is "extensive" for a count and "intensive" for a rate, share or score',
}


def refuse_blanks(path: Path, document: dict[str, Any]) -> None:
    """Refuse a document that still has blanks, naming all of them and what may stand there."""
    names = _blanks(document)
    if names:
        asked = {name.rsplit(".", 1)[-1] for name in names}
        hint = "; ".join(meaning for key, meaning in MEANINGS.items() if key in asked)
        hint = f"{hint[:1].upper()}{hint[1:]}." if hint else ""
        raise InputError(path, f'"{BLANK}" at {", ".join(names)}', f'every "{BLANK}" filled in', hint)


def _blanks(value: object, name: str = "") -> list[str]:
    if value == BLANK:
        return [name]
    if isinstance(value, dict):
        return [found for key, item in value.items() for found in _blanks(item, f"{name}.{key}".strip("."))]
    return []


def section(path: Path, name: str, found: dict[str, Any], checks: dict[str, Check]) -> dict[str, Any]:
    """Keys and values of a section, all of them known and possible."""
    where = f"{path}, [{name}]" if name else path
    keys = {key.removesuffix("*"): check for key, check in checks.items()}
    strange = [key for key in found if key not in keys]
    if strange:
        raise InputError(where, f"unknown key {strange[0]!r}", f"one of {', '.join(keys)}")
    absent = [key[:-1] for key in checks if key.endswith("*") and key[:-1] not in found]
    if absent:
        raise InputError(where, f"no {absent[0]!r}", keys[absent[0]][1])
    for key, value in found.items():
        good, expected = keys[key]
        if not good(value):
            raise InputError(where, f"{key} = {value!r}", expected)
    return dict(found)


def values(path: Path, name: str, found: dict[str, Any], checks: dict[str, Check]) -> dict[str, Any]:
    """The same with lists as tuples and years as numbers."""
    return {key: _tidy(value) for key, value in section(path, name, found, checks).items()}


def _tidy(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, dict):
        return {int(year): item for year, item in value.items()}
    return value
