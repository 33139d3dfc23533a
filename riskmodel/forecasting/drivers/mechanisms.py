"""Mechanisms that stack up in an area: readable rules over indicators, beside the forecast and never in it.

The rules are in ``catalogue/mechanisms.toml``. They are evaluated on what was known when the forecast was made,
and are not applicable, rather than false, where what they ask for is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from string import Formatter
from typing import Any

import numpy as np
import numpy.typing as npt

from riskmodel.catalogue import load
from riskmodel.errors import InputError
from riskmodel.forecasting.drivers.measures import MEASURES, Measurement, measure
from riskmodel.panel.panel import FloatArray, Panel

BoolArray = npt.NDArray[np.bool_]
LIMITS = frozenset({"at_least", "at_most", "top", "bottom"})


@dataclass(frozen=True)
class Condition:
    """One condition of a rule.

    Attributes
    ----------
    name : str
        By which the sentence refers to it.
    indicators : tuple of str
        Of which the first that is known is taken.
    measure : str
        One of :data:`~riskmodel.forecasting.drivers.measures.MEASURES`.
    years : int
        Least number of years of a change.
    limits : mapping of str to float
        One or more of ``at_least, at_most, top, bottom``; all must hold.
    """

    name: str
    indicators: tuple[str, ...]
    measure: str
    years: int
    limits: Mapping[str, float]

    def holds(self, values: FloatArray) -> BoolArray:
        """Whether it holds, shape of ``values``; False where the value is not known."""
        found = ~np.isnan(values)
        known = values[found]
        for key, limit in self.limits.items():
            if key == "at_least":
                found &= values >= limit
            elif key == "at_most":
                found &= values <= limit
            elif key == "top":
                found &= values >= np.quantile(known, 1 - limit) if len(known) else False
            else:
                found &= values <= np.quantile(known, limit) if len(known) else False
        return found


@dataclass(frozen=True)
class Way:
    """One way in which a rule can hold: its sentence, the conditions that must all hold, and the English of it."""

    text: str
    conditions: tuple[Condition, ...]
    text_en: str = ""

    @cached_property
    def slots(self) -> tuple[tuple[str, str], ...]:
        """Name of a condition and which of its figures, for every slot of the sentence."""
        fields = (name for _, name, _, _ in Formatter().parse(self.text) if name)
        return tuple(tuple(name.split(".", 1)) for name in dict.fromkeys(fields))  # type: ignore[misc]


@dataclass(frozen=True)
class Rule:
    """A mechanism.

    Attributes
    ----------
    id, title : str
        Id and plain Dutch name.
    ways : tuple of Way
        The first that holds gives the sentence.
    title_en : str
        Plain English name.
    """

    id: str
    title: str
    ways: tuple[Way, ...]
    title_en: str = ""


@dataclass(frozen=True)
class Holding:
    """A mechanism that holds in an area: its rule, the way in which it holds, and the values of its sentence.

    Attributes
    ----------
    id : str
        Id of the rule.
    way : int
        Index in :attr:`Rule.ways`.
    values : mapping of str to Amount or int
        By slot, such as ``"old.now"``.
    """

    id: str
    way: int
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Stacking:
    """Which mechanisms hold where.

    Attributes
    ----------
    rules : tuple of Rule
        In the order of the catalogue.
    state : numpy.ndarray, shape (rules, areas)
        1 where a rule holds, 0 where it does not, NaN where it is not applicable.
    found : tuple of mapping of int to Holding
        For each rule what holds in every area in which it does, by row of the panel.
    """

    rules: tuple[Rule, ...]
    state: FloatArray
    found: tuple[Mapping[int, Holding], ...] = field(repr=False)

    def of(self, row: int) -> tuple[Holding, ...]:
        """Mechanisms that hold in the area at a row of the panel."""
        return tuple(found[row] for found in self.found if row in found)


@cache
def catalogued_rules() -> tuple[Rule, ...]:
    """The rules of the catalogue."""
    return rules_from(load("mechanisms"))


def rules_from(contents: Mapping[str, Any]) -> tuple[Rule, ...]:
    """Rules as ``mechanisms.toml`` writes them."""
    return tuple(
        Rule(key, entry["title"], tuple(_way(key, each) for each in entry["ways"]), entry.get("title_en", ""))
        for key, entry in contents.items()
    )


def stacking(known: Panel, rules: tuple[Rule, ...] | None = None) -> Stacking:
    """Which mechanisms hold in which areas."""
    chosen = catalogued_rules() if rules is None else rules
    judged = [_judge(known, rule) for rule in chosen]
    state = np.array([state for state, _ in judged]) if judged else np.empty((0, len(known.areas)))
    return Stacking(chosen, state, tuple(found for _, found in judged))


def _way(rule: str, entry: Mapping[str, Any]) -> Way:
    named = {name: about for name, about in entry.items() if name not in ("text", "text_en")}
    conditions = tuple(_condition(rule, name, about) for name, about in named.items())
    return Way(entry["text"], conditions, entry.get("text_en", ""))


def _condition(rule: str, name: str, about: Mapping[str, Any]) -> Condition:
    where, limits = f"mechanism {rule}.{name}", {key: about[key] for key in about if key in LIMITS}
    if about.get("measure") not in MEASURES:
        raise InputError(where, f"measure {about.get('measure')!r}", f"one of {', '.join(MEASURES)}")
    strange = sorted(set(about) - LIMITS - {"indicator", "measure", "years"})
    if strange or not limits or "indicator" not in about:
        raise InputError(where, f"keys {sorted(about)}", f"indicator, measure and one of {sorted(LIMITS)}")
    asked = about["indicator"]
    indicators = (asked,) if isinstance(asked, str) else tuple(asked)
    return Condition(name, indicators, about["measure"], int(about.get("years", 1)), limits)


def _judge(known: Panel, rule: Rule) -> tuple[FloatArray, dict[int, Holding]]:
    state = np.full(len(known.areas), np.nan)
    holdings: dict[int, Holding] = {}
    for index, way in enumerate(rule.ways):
        measured: dict[str, Measurement] = {}
        applicable, holds = np.ones(len(state), dtype=bool), np.ones(len(state), dtype=bool)
        for condition in way.conditions:
            found = measure(known, condition.indicators, condition.measure, condition.years)
            measured[condition.name] = found
            applicable &= ~np.isnan(found.value)
            holds &= condition.holds(found.value)
        holds &= applicable
        for row in np.flatnonzero(holds & (state != 1)).tolist():
            figures = {name: each.figures(row) for name, each in measured.items()}
            values = {f"{name}.{key}": getattr(figures[name], key) for name, key in way.slots}
            holdings[row] = Holding(rule.id, index, values)
        state = np.where(holds, 1.0, np.where(applicable & np.isnan(state), 0.0, state))
    return state, holdings
