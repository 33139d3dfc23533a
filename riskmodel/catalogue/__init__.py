"""Definitions as data: indicators, drivers, classes, sources, municipalities and regions.

Everything here is read from the TOML and CSV files beside this module and cached; no function
touches the workspace or the network.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
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
        Id of the driver under which its contributions are reported.
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
        The moment or period of the year to which a value refers.
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

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> ClassScheme:
        """The classes of an entry of the catalogue."""
        return cls(tuple(entry["names"]), np.array(entry["cuts"]))

    def classify(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Class of each value, from 1; NaN stays NaN."""
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
def driver_labels() -> dict[str, str]:
    """Dutch label of every driver, by its id."""
    return {driver.id: driver.label for driver in drivers()}


def find_indicators(words: Iterable[str]) -> list[Indicator]:
    """Indicators in whose id, labels, driver or source all words occur."""
    names = driver_labels()
    found = []
    for each in indicators().values():
        text = " ".join([each.id, each.label_nl, each.label_en, names[each.driver], each.source]).casefold()
        if all(word.casefold() in text for word in words):
            found.append(each)
    return found


@cache
def class_scheme(edition: str) -> ClassScheme:
    """The nine classes of an edition such as ``"3.0"``, by the deviation from its base constant."""
    return ClassScheme.of(load("classes")[edition])


def published_on(indicator: str | Indicator, year: int) -> date:
    """Date on which the value of an indicator for 1 January of a year was published.

    The exact date is in ``sources.toml`` where it is known; otherwise it is the reference date plus the
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


def newest_wave(today: date) -> int:
    """Year of the newest wave of Leefbaarometer 3.0 that is out on a day, as far as the catalogue can know.

    A wave without a known publication date is taken to be out after the usual lag.

    Examples
    --------
    >>> newest_wave(date(2024, 5, 23)), newest_wave(date(2024, 5, 24))
    (2020, 2022)
    """
    about = load("sources")["leefbaarometer-3.0"]
    waves: list[int] = about["waves"]
    step: int = about["wave_years"]
    expected = [*waves, *range(waves[-1] + step, today.year + 1, step)]
    return max((wave for wave in expected if published_on("score", wave) <= today), default=waves[0])


@cache
def municipalities() -> pd.DataFrame:
    """Municipality names: columns ``code, name, province``; codes of 2016, 2022 and 2024 (CBS, CC BY 4.0)."""
    return read_table("municipalities")


def read_table(name: str) -> pd.DataFrame:
    """Texts of one CSV file of the catalogue, by path without its ending."""
    with resources.files(__package__).joinpath(f"{name}.csv").open(encoding="utf-8") as file:
        return pd.read_csv(file, dtype=str, keep_default_na=False)


@cache
def regions() -> dict[str, tuple[str, ...]]:
    """Named regions and the municipality codes in them."""
    return {name: tuple(codes) for name, codes in load("groups")["regions"].items()}


def plain(name: str) -> str:
    """A name as words without capitals, accents and punctuation, to compare names by.

    Examples
    --------
    >>> plain("’s-Gravenhage (gemeente)"), plain("SÚDWEST  Fryslân")
    ('s gravenhage gemeente', 'sudwest fryslan')
    """
    letters = unicodedata.normalize("NFKD", name)
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold()
    return " ".join(re.findall(r"[^\W_]+", bare))
