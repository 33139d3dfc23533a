"""What things are, as data: indicators, drivers, classes, sources, municipalities and regions.

Everything here is read from the TOML and CSV files beside this module and cached; no function
touches the workspace or the network.
"""

from __future__ import annotations

import tomllib
import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from dateutil.relativedelta import relativedelta

from riskmodel.errors import InputError

#: The five dimensions of the Leefbaarometer 3.0; they add up to the deviation.
DIMENSIONS: tuple[str, ...] = ("onv", "soc", "won", "fys", "vrz")


@dataclass(frozen=True)
class Indicator:
    """One indicator of the catalogue.

    Attributes
    ----------
    id, label_nl, label_en, unit : str
        Name, labels and unit.
    driver : str
        Id of the driver under which its contributions are told.
    direction : {"good", "bad", "neutral"}
        Whether a higher value is good for liveability.
    kind : {"extensive", "intensive"}
        A count that adds up over areas, or a rate, share or score.
    source : str
        Source id in ``sources.toml``.
    lag_months : int
        Months from the reference date to publication.
    structural : bool
        Whether the latest known value also describes earlier years.
    sensitivity : str
        ``""``, ``"proxy"`` or ``"origin"`` (blocked unless asked for).
    reference : str
        To which moment or period of the year a value refers.
    feature : bool
        Whether models may use it; classes published beside the score they come from are no features.
    """

    id: str
    label_nl: str
    label_en: str
    driver: str
    unit: str
    direction: str
    kind: str
    source: str
    lag_months: int
    structural: bool = False
    sensitivity: str = ""
    reference: str = "1 January"
    feature: bool = True


@dataclass(frozen=True)
class Driver:
    """A group of contributions under one plain Dutch name.

    Attributes
    ----------
    id : str
        Column of a table of contributions.
    label, label_en : str
        Plain Dutch and English name.
    """

    id: str
    label: str
    label_en: str = ""


@dataclass(frozen=True)
class ClassScheme:
    """Classes of a score, a deviation or a change.

    Attributes
    ----------
    names : tuple of str
        Class names, worst first.
    cuts : numpy.ndarray, shape (classes - 1,)
        Lowest value of every class but the first, in score points.
    """

    names: tuple[str, ...]
    cuts: npt.NDArray[np.float64]

    def classify(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Class of each value, from 1; NaN stays NaN.

        Parameters
        ----------
        values : numpy.ndarray
            What the cuts are about, any shape; for ``class_scheme("3.0")`` the score minus its base constant.
        """
        classes = np.searchsorted(self.cuts, values, side="right") + 1.0
        return np.where(np.isnan(values), np.nan, classes)


@cache
def load(name: str) -> dict[str, Any]:
    """Contents of one TOML file of the catalogue, by path without its ending."""
    text = resources.files(__package__).joinpath(f"{name}.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def indicators() -> dict[str, Indicator]:
    """All indicators by id: those of the Leefbaarometer first, then the other sources in order of name."""
    folder = resources.files(__package__).joinpath("indicators")
    names = sorted(path.name.removesuffix(".toml") for path in folder.iterdir() if path.name.endswith(".toml"))
    names.sort(key=lambda name: not name.startswith("leefbaarometer-3"))
    found: dict[str, Indicator] = {}
    for name in names:
        for key, entry in load(f"indicators/{name}").items():
            if key in found:
                raise InputError(f"catalogue/indicators/{name}.toml", f"indicator {key!r} again", "every id once")
            found[key] = Indicator(id=key, **entry)
    return found


@cache
def drivers() -> tuple[Driver, ...]:
    """All drivers in reading order."""
    return tuple(Driver(key, entry["label"], entry["label_en"]) for key, entry in load("drivers").items())


@cache
def class_scheme(edition: str) -> ClassScheme:
    """The nine classes of an edition such as ``"3.0"``, by the deviation from its base constant."""
    entry = load("classes")[edition]
    return ClassScheme(tuple(entry["names"]), np.array(entry["cuts"]))


def published_on(indicator: str | Indicator, year: int) -> date:
    """Date on which the value of an indicator for 1 January of a year was published.

    The exact date stands in ``sources.toml`` where it is known; otherwise the reference date plus the
    indicator's lag.

    Examples
    --------
    >>> published_on("score", 2020)
    datetime.date(2022, 4, 14)
    >>> published_on("score", 2018)
    datetime.date(2020, 5, 1)
    """
    entry = indicators()[indicator] if isinstance(indicator, str) else indicator
    exact: dict[str, date] = load("sources").get(entry.source, {}).get("published", {})
    by_lag: date = date(year, 1, 1) + relativedelta(months=entry.lag_months)
    return exact.get(str(year), by_lag)


@cache
def municipalities() -> pd.DataFrame:
    """Municipality names: columns ``code, name, province``; codes of 2016, 2022 and 2024 (CBS, CC BY 4.0)."""
    with resources.files(__package__).joinpath("municipalities.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype=str, keep_default_na=False)


@cache
def regions() -> dict[str, tuple[str, ...]]:
    """Named regions and the municipality codes in them."""
    return {name: tuple(codes) for name, codes in load("groups")["regions"].items()}


@cache
def places() -> dict[str, tuple[str, ...]]:
    """Regions and provinces that may be named in place of a municipality, and the codes in them.

    A province is called ``"Provincie Utrecht"``, since some share their name with a municipality.
    """
    from riskmodel.catalogue.group_lists import ACCENTED, provinces

    named = {f"Provincie {ACCENTED.get(name, name)}": group.members for name, group in provinces().items()}
    return regions() | named


def place_of(asked: str) -> str | None:
    """The region or province that a name means; a municipality comes before a province of the same name.

    Examples
    --------
    >>> place_of("drechtsteden"), place_of("limburg"), place_of("provincie utrecht"), place_of("Utrecht")
    ('Drechtsteden', 'Provincie Limburg', 'Provincie Utrecht', None)
    """
    wanted = plain(asked)
    names = {plain(name): name for name in places()}
    if wanted in names:
        return names[wanted]
    if wanted in {plain(name) for name in municipalities()["name"]}:
        return None
    return names.get(f"provincie {wanted}")


def called(asked: str) -> str:
    """A municipality, region or province as it is written, whatever was typed.

    Examples
    --------
    >>> called("GM0983"), called("ALMERE"), called("limburg"), called("Nergenshuizen")
    ('Venlo', 'Almere', 'Provincie Limburg', 'Nergenshuizen')
    """
    table = municipalities()
    known: dict[str, str] = dict(zip(table["name"].str.casefold(), table["name"], strict=True))
    known |= dict(zip(table["code"].str.casefold(), table["name"], strict=True))
    return place_of(asked) or known.get(asked.strip().casefold(), asked.strip())


def plain(name: str) -> str:
    """A name without capitals, accents and spaces around it, to compare names by."""
    letters = unicodedata.normalize("NFD", name.strip())
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold()


def find_municipalities(asked: str, present: frozenset[str]) -> tuple[str, ...]:
    """Codes of the municipalities that a user means by a name, a code, a region or a province.

    Parameters
    ----------
    asked : str
        Municipality name, ``GM`` code, or name of a region or province; upper and lower case are the same.
    present : frozenset of str
        Municipality codes that occur in the data at hand.

    Returns
    -------
    tuple of str
        The codes, all of them in ``present``.

    Raises
    ------
    InputError
        If nothing by that name is in the data.
    """
    wanted = asked.strip().casefold()
    table = municipalities()
    place = place_of(asked)
    codes = set(places()[place]) if place else set()
    codes |= set(table.loc[table["name"].str.casefold() == wanted, "code"])
    codes |= {code for code in present if code.casefold() == wanted}
    found = tuple(sorted(codes & present))
    if not found:
        raise InputError(
            "--municipality",
            repr(asked),
            "a municipality, GM code, region or province in the data",
            _suggest(asked, present),
        )
    return found


def _suggest(asked: str, present: frozenset[str]) -> str:
    """What may have been meant: names close to it that are in the data, or some that are."""
    from difflib import get_close_matches

    table, wanted = municipalities(), plain(asked)
    known = {plain(name): name for name in [*table["name"], *places()]}
    if place_of(asked) or wanted in known:
        return "It exists, but none of its areas is in the data."
    here = sorted(table.loc[table["code"].isin(present), "name"])
    named = here + [name for name, codes in places().items() if present & set(codes)]
    # What stands in brackets behind a name is not typed, and would make every such name look alike.
    short = {plain(name).partition(" (")[0]: name for name in named}
    close = get_close_matches(wanted.partition(" (")[0], list(short), n=3)
    if close:
        return f"Did you mean {', '.join(short[name] for name in close)}?"
    absent = get_close_matches(wanted, list(known), n=1)
    if absent:
        return f"Did you mean {known[absent[0]]}? None of its areas is in the data."
    return f"In the data are {', '.join(here[:3])}{' and others' if len(here) > 3 else ''}." if here else ""
