"""Read what a municipality found on visits to the areas of a list, without anything about persons.

One row a visit. The values are in Dutch, because the people who go there write them; docs/outcomes.md explains the
columns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

import pandas as pd

from riskmodel.errors import InputError
from riskmodel.products.outcomes.lists import ListRecord
from riskmodel.sources.local.persons import is_bsn, refuse_persons
from riskmodel.sources.local.table import Format, Table, content_of, open_table
from riskmodel.sources.observations import SourceFile

#: Columns of the file, with their English and Dutch names.
NAMES: dict[str, tuple[str, ...]] = {
    "location": ("location", "code", "gebied", "gebiedscode"),
    "visited_on": ("visited_on", "bezocht_op", "datum"),
    "found": ("found", "gevonden"),
    "done": ("done", "gedaan"),
    "by": ("by", "door"),
}
DECLINE, NO_DECLINE, UNCLEAR = "decline", "no_decline", "unclear"
#: Values of *gevonden*.
FOUND: dict[str, str] = {"achteruitgang": DECLINE, "geen achteruitgang": NO_DECLINE, "onduidelijk": UNCLEAR}
#: Values of *door*, who visited. A closed list: names of people cannot get in.
BY = ("gemeente", "wijkteam", "corporatie", "politie", "welzijn", "bewoners", "anders")
#: Longest text of *gedaan*.
LONGEST = 200
COLUMNS = (*NAMES, "file", "sha256")

_POSTCODE = re.compile(r"(?<![0-9])[1-9][0-9]{3} ?[A-Z]{2}(?![A-Za-z])")
_PHONE = re.compile(r"(?:\+31|(?<![0-9])0)[ -]?(?:[0-9][ -]?){8,9}(?![0-9])")
_MAIL = re.compile(r"\S@\S")
_ADDRESS = re.compile(
    r"\b\w*(?:straat|laan|weg|plein|hof|kade|dijk|singel|gracht|dreef|steeg|pad|park)\s+[0-9]+", re.IGNORECASE
)
_DIGITS = re.compile(r"(?<![0-9])[0-9]{9}(?![0-9])")
_PERSONAL = {
    "a full postcode": _POSTCODE,
    "a telephone number": _PHONE,
    "an e-mail address": _MAIL,
    "a street with a house number": _ADDRESS,
}


def read_visits(file: Path, record: ListRecord, today: date) -> pd.DataFrame:
    """Read a file of visits to the areas of a list."""
    table = open_table(file, Format(separator=_separator(file)))
    names = _columns(table)
    refuse_persons(table, names["location"])
    cells = {key: [_text(cell) for cell in table.column(name)] for key, name in names.items()}
    areas = frozenset(record.areas["location"])
    rows = []
    for row in range(len(table)):
        at = {key: table.at(row, name) for key, name in names.items()}
        value = {key: column[row] for key, column in cells.items()}
        if value["location"] not in areas:
            raise InputError(at["location"], repr(value["location"]), f"the code of an area on list {record.id}")
        if value["found"].casefold() not in FOUND:
            raise InputError(at["found"], repr(value["found"]), f"one of {', '.join(FOUND)}")
        if value["by"].casefold() not in BY:
            hint = "Never the name of a person."
            raise InputError(at["by"], "another word", f"one of {', '.join(BY)}", hint)
        _refuse_personal(at["done"], value["done"])
        rows.append(
            {
                "location": value["location"],
                "visited_on": _day(at["visited_on"], value["visited_on"], record.made_on, today),
                "found": FOUND[value["found"].casefold()],
                "done": value["done"],
                "by": value["by"].casefold(),
            }
        )
    visits = pd.DataFrame(rows)
    doubled = visits.duplicated(["location", "visited_on"])
    if doubled.any():
        where = table.at(int(doubled.to_numpy().argmax()), names["location"])
        raise InputError(where, "a second row for the same area and day", "one row a visit")
    visits = visits.assign(file=file.name, sha256=SourceFile.of(file).sha256)
    return visits[list(COLUMNS)]


def refuse_known(known: pd.DataFrame, visits: pd.DataFrame) -> None:
    """Refuse visits to an area on a day of which a visit was recorded before."""
    both = known.merge(visits, on=["location", "visited_on"], suffixes=("_known", ""))
    if len(both):
        first = both.iloc[0]
        raise InputError(
            str(first["file"]),
            f"a visit to {first['location']} on {first['visited_on']} that {first['file_known']} gave already",
            "visits that were not recorded before",
            "What was recorded stays. Give only new visits; a later one replaces what an earlier one found.",
        )


def _separator(file: Path) -> str:
    """Return the separator: Dutch spreadsheets save CSV with semicolons."""
    first = content_of(file).split(b"\n", 1)[0]
    return ";" if first.count(b";") > first.count(b",") else ","


def _columns(table: Table) -> Mapping[str, str]:
    names: dict[str, str] = {}
    for name in table.names:
        plain = name.casefold().replace(" ", "_")
        key = next((key for key, known in NAMES.items() if plain in known), "")
        if key in names:
            raise InputError(table.header, f"columns {names[key]!r} and {name!r}", "one of the two")
        if key:
            names[key] = name
        else:
            # Refused by name first: an unknown column may be one about persons.
            refuse_persons(table)
            raise InputError(table.header, f"column {name!r}", f"only {', '.join(NAMES)}")
    missing = [key for key in NAMES if key not in names]
    if missing:
        either = " or ".join(map(repr, NAMES[missing[0]][:2]))
        raise InputError(table.header, f"no column {missing[0]!r}", f"a column {either}")
    return names


def _text(cell: str | float) -> str:
    return f"{cell:.15g}" if isinstance(cell, float) else " ".join(cell.split())


def _day(where: str, text: str, made_on: date, today: date) -> date:
    for form in ("%Y-%m-%d", "%d-%m-%Y", "%Y-%m-%dT%H:%M:%S"):
        try:
            day = datetime.strptime(text, form).date()
        except ValueError:
            continue
        if not made_on <= day <= today:
            raise InputError(where, str(day), f"a day from {made_on}, when the list was made, to {today}")
        return day
    raise InputError(where, repr(text), "a day such as 2024-05-31 or 31-05-2024")


def _refuse_personal(where: str, text: str) -> None:
    if len(text) > LONGEST:
        raise InputError(where, f"{len(text)} characters", f"at most {LONGEST}")
    kinds = [kind for kind, pattern in _PERSONAL.items() if pattern.search(text)]
    kinds += ["a citizen service number (BSN)"] * any(is_bsn(found) for found in _DIGITS.findall(text))
    if kinds:
        raise InputError(where, f"what looks like {kinds[0]}", "what was done, without persons or addresses")
