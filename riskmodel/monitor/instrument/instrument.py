"""An instrument as data: how indicators make dimensions and a total, by a table of weights.

A dimension is ``intercept + sum of weight x (transform(indicator) - centre)`` in score points, the deviation is
the sum of the dimensions, and the classes are those of the edition. The files with scores lack the weights of
the official instruments; whoever has them can put them in the same format (``file.py``). What ships
here is an approximation estimated from published dimensions; ``docs/instrument.md`` says how good it is.
Calculated scores are never spliced with published ones: two instruments in one series would look like a change.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from riskmodel.catalogue import DIMENSIONS, ClassScheme, class_scheme, indicators, load
from riskmodel.errors import InputError
from riskmodel.panel.panel import FloatArray, Panel
from riskmodel.sources.leefbaarometer import edition2 as leefbaarometer2

TRANSFORMS = ("none", "log", "per_1000")


@dataclass(frozen=True)
class Term:
    """What one indicator adds to one dimension.

    Attributes
    ----------
    dimension, indicator : str
        Ids.
    weight : float
        Score points a unit of the transformed indicator.
    transform : {"none", "log", "per_1000"}
        As it is; natural logarithm (missing where not positive); or a count per 1,000 inhabitants.
    centre : float or mapping of int to float
        Where the indicator adds nothing: one value, or one for each year of the indicator's figures, such as the
        national mean of that year. Figures of other years are then not used.
    """

    dimension: str
    indicator: str
    weight: float
    transform: str = "none"
    centre: float | Mapping[int, float] = 0.0

    @property
    def proxy(self) -> bool:
        """Whether the catalogue marks the indicator as a proxy of a sensitive trait."""
        known = indicators().get(self.indicator)
        return known is not None and known.sensitivity == "proxy"


@dataclass(frozen=True)
class Instrument:
    """A table of weights.

    Attributes
    ----------
    name : str
        Its name in tables.
    edition : {"3.0", "2.0"}
        Edition whose dimensions and classes it calculates.
    intercept : mapping of str to float
        For every dimension of the edition, its score where every indicator is at its centre.
    terms : tuple of Term
        A dimension and indicator once.
    approximation : bool
        False only for the coefficients of the publisher itself.
    within : int
        Figures of the nearest year at most so many years from the year asked are used.
    about : str
        Where the weights come from.
    fit : tuple of mapping
        How well it does on published scores, as measured when it was made.
    """

    name: str
    edition: str
    intercept: Mapping[str, float]
    terms: tuple[Term, ...]
    approximation: bool = True
    within: int = 0
    about: str = ""
    fit: tuple[Mapping[str, Any], ...] = ()

    def __post_init__(self) -> None:
        where = f"instrument {self.name!r}"
        wanted = dimensions_of(self.edition, where)
        if set(self.intercept) != set(wanted):
            raise InputError(where, f"intercepts of {sorted(self.intercept)}", f"of {sorted(wanted)}")
        seen = set()
        for term in self.terms:
            entry = f"{where}, {term.indicator!r} in {term.dimension!r}"
            if term.dimension not in wanted:
                raise InputError(entry, "another dimension", f"one of {', '.join(wanted)}")
            if term.transform not in TRANSFORMS:
                raise InputError(entry, f"transform {term.transform!r}", f"one of {', '.join(TRANSFORMS)}")
            centres = term.centre.values() if isinstance(term.centre, Mapping) else [term.centre]
            if not all(math.isfinite(number) for number in [term.weight, *centres]):
                raise InputError(entry, "a weight or centre that is no number", "numbers")
            if (term.dimension, term.indicator) in seen:
                raise InputError(entry, "it twice", "every indicator once in a dimension")
            seen.add((term.dimension, term.indicator))

    @property
    def scheme(self) -> ClassScheme:
        """Classes of the edition: on the deviation for 3.0, on the absolute score for 2.0."""
        return class_scheme("3.0") if self.edition == "3.0" else leefbaarometer2.class_scheme()


def dimensions_of(edition: str, where: str = "--edition") -> tuple[str, ...]:
    """Return the ids of the dimensions of an edition."""
    if edition == "3.0":
        return DIMENSIONS
    if edition != "2.0":
        raise InputError(where, f"edition {edition!r}", "3.0 or 2.0")
    return tuple(key for key in load("leefbaarometer2")["indicators"].values() if key != "lbm2_score")


def score_from_indicators(data: Panel | pd.DataFrame, instrument: Instrument, year: int) -> pd.DataFrame:
    """Return dimensions, deviation and class of every area, calculated from indicators.

    A frame is indexed by area code with a column an indicator; from a panel every indicator has the figures of the
    nearest year within ``instrument.within`` years. A dimension with a missing indicator is missing, and so is the
    total.
    """
    areas = data.areas if isinstance(data, Panel) else data.index.to_numpy(dtype=str)
    values: dict[str, FloatArray] = {
        key: np.full(len(areas), float(constant)) for key, constant in instrument.intercept.items()
    }
    absent: dict[str, np.ndarray] = {}
    for term in instrument.terms:
        centred = centred_values(data, term, year, instrument.within)
        values[term.dimension] = values[term.dimension] + term.weight * centred
        absent[term.indicator] = np.isnan(centred)
    deviation = np.sum([values[key] for key in instrument.intercept], axis=0)
    scheme = instrument.scheme
    base = 0.0 if instrument.edition == "3.0" else float(load("leefbaarometer2")["base"])
    classes = scheme.classify(deviation + base)
    names = np.array([*scheme.names, ""])
    return pd.DataFrame(
        {
            "location": areas,
            "year": year,
            **{key: values[key] for key in dimensions_of(instrument.edition)},
            "deviation": deviation,
            "class": classes,
            "class_name": names[np.where(np.isnan(classes), 0, classes).astype(int) - 1],
            "missing": np.sum([np.zeros(len(areas)), *absent.values()], axis=0).astype(int),
            "instrument": instrument.name,
            "approximation": instrument.approximation,
        }
    )


def centred_values(data: Panel | pd.DataFrame, term: Term, year: int, within: int) -> FloatArray:
    """Return transformed values of an indicator less their centre, shape (areas,)."""
    where = f"indicator {term.indicator!r}"
    years = data.years_of(term.indicator) if isinstance(data, Panel) else (year,)
    if not years or (isinstance(data, pd.DataFrame) and term.indicator not in data):
        raise InputError(where, "no figures", "figures of every indicator of the instrument")
    if isinstance(term.centre, Mapping):
        centred = tuple(term.centre)
        years = tuple(each for each in years if each in centred) if isinstance(data, Panel) else centred
    near = sorted((abs(each - year), each) for each in years if abs(each - year) <= within)
    if not near:
        centres = f" that has a centre ({sorted(term.centre)})" if isinstance(term.centre, Mapping) else ""
        raise InputError(
            where,
            f"no figures of a year{centres} within {within} years of {year}",
            "such figures",
            "A centre for another year can be added to the instrument.",
        )
    chosen = near[0][1]
    centre = term.centre[chosen] if isinstance(term.centre, Mapping) else term.centre
    moved: FloatArray = transformed(data, term.indicator, term.transform, chosen) - centre
    return moved


def transformed(data: Panel | pd.DataFrame, indicator: str, transform: str, year: int) -> FloatArray:
    """Return the values of an indicator in a year of a panel, or in a frame, after a transform; shape (areas,)."""
    values = data.at(indicator, year) if isinstance(data, Panel) else data[indicator].to_numpy(dtype=float)
    if transform == "log":
        return np.log(np.where(values > 0, values, np.nan))
    if transform == "per_1000":
        people = inhabitants(data, year)
        rate: FloatArray = 1000.0 * values / np.where(people > 0, people, np.nan)
        return rate
    return values


def inhabitants(data: Panel | pd.DataFrame, year: int) -> FloatArray:
    """Return inhabitants of every area in the year nearest to one, shape (areas,)."""
    if isinstance(data, pd.DataFrame):
        if "population" not in data:
            raise InputError("per_1000", "no column 'population'", "inhabitants of every area")
        return data["population"].to_numpy(dtype=float)
    years = data.years_of("population")
    if not years:
        raise InputError("panel", "no inhabitants", "indicator 'population'", "Run: riskmodel ingest kwb FILES")
    return data.at("population", min(years, key=lambda each: (abs(each - year), each)))


def national_centre(data: Panel | pd.DataFrame, indicator: str, transform: str, year: int) -> float:
    """Return the mean of a transformed indicator over all areas, weighted by inhabitants: a centre for a year.

    ``data`` is the whole country: a centre of part of it would move every score.
    """
    values, people = transformed(data, indicator, transform, year), inhabitants(data, year)
    there = ~np.isnan(values) & (people > 0)
    if not there.any():
        raise InputError(
            f"indicator {indicator!r}", f"no value in {year}", "values and inhabitants of the country"
        )
    return float(np.average(values[there], weights=people[there]))
