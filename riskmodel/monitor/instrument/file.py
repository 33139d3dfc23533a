"""Tables of weights on disk: an :class:`riskmodel.monitor.instrument.instrument.Instrument` from TOML or CSV.

TOML has ``name, edition, approximation, within, about``, a table ``[intercept]`` and a ``[[term]]`` an indicator.
CSV has the columns of :data:`CSV_COLUMNS`; a row without indicator has an intercept as its weight. A centre is a
number, or one a year: ``{ 2016 = 3.1, 2020 = 3.4 }`` in TOML, ``2016:3.1 2020:3.4`` in CSV.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from riskmodel.catalogue import indicators
from riskmodel.errors import InputError, unreadable
from riskmodel.monitor.instrument.instrument import Instrument, Term

CSV_COLUMNS = ("edition", "dimension", "indicator", "weight", "transform", "centre")
#: The shipped approximation.
APPROXIMATION = "approximation-3.0"


def read_instrument(path: Path, *, allow_origin: bool = False) -> Instrument:
    """Read an instrument from a TOML or CSV file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        return _parsed(str(path), text, path.stem, path.suffix.lower() == ".csv", allow_origin)
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise InputError(path, "text that is not UTF-8", "a UTF-8 file") from error


def shipped_instrument(name: str = APPROXIMATION) -> Instrument:
    """Return a shipped instrument: the approximation of 3.0, which is not the official instrument."""
    text = resources.files("riskmodel.catalogue").joinpath("weights", f"{name}.toml").read_text(encoding="utf-8")
    return _parsed(f"catalogue/weights/{name}.toml", text, name, False, False)


def _parsed(where: str, text: str, stem: str, as_csv: bool, allow_origin: bool) -> Instrument:
    try:
        entry = _of_csv(text) if as_csv else tomllib.loads(text)
        terms = tuple(_term(row) for row in entry["term"])
        made = Instrument(
            name=str(entry.get("name", stem)),
            edition=str(entry["edition"]),
            intercept={key: float(value) for key, value in entry["intercept"].items()},
            terms=terms,
            approximation=bool(entry.get("approximation", True)),
            within=int(entry.get("within", 0)),
            about=str(entry.get("about", "")),
            fit=tuple(entry.get("fit", ())),
        )
    except InputError as error:
        raise InputError(f"{where}, {error.where}", error.found, error.expected, error.hint) from error
    except KeyError as error:
        raise InputError(where, f"no {error.args[0]!r}", "a table of weights, see docs/instrument.md") from error
    except (AttributeError, TypeError, ValueError, OverflowError, RecursionError, csv.Error) as error:
        raise InputError(where, str(error), "a table of weights, see docs/instrument.md") from error
    known = indicators()
    for term in made.terms:
        if not allow_origin and term.indicator in known and known[term.indicator].sensitivity == "origin":
            raise InputError(
                where,
                f"indicator {term.indicator!r} of the origin of residents",
                "none",
                "It is blocked unless allow_origin is given.",
            )
    return made


def _of_csv(text: str) -> dict[str, Any]:
    rows = list(csv.DictReader(text.splitlines()))
    absent = [name for name in CSV_COLUMNS if not rows or name not in rows[0]]
    if absent:
        raise InputError("line 1", f"no column {absent[0]!r}", ", ".join(CSV_COLUMNS))
    editions = {row["edition"] for row in rows}
    if len(editions) > 1:
        raise InputError(
            "column 'edition'", " and ".join(sorted(editions)), "one edition: two are two instruments"
        )
    return {
        "edition": editions.pop(),
        "intercept": {row["dimension"]: row["weight"] for row in rows if not row["indicator"]},
        "term": [row for row in rows if row["indicator"]],
    }


def _term(row: Mapping[str, Any]) -> Term:
    centre = row.get("centre") or 0.0
    if isinstance(centre, str) and ":" in centre:
        centre = dict(each.split(":") for each in centre.split())
    if isinstance(centre, Mapping):
        centre = {int(year): float(value) for year, value in centre.items()}
    return Term(
        str(row["dimension"]),
        str(row["indicator"]),
        float(row["weight"]),
        str(row.get("transform") or "none"),
        centre if isinstance(centre, Mapping) else float(centre),
    )
