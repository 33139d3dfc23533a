"""Texts of a risk list in Dutch and English by their keys, and sentences: a key with the values for its slots.

The texts are in ``templates/risk_list_texts.toml``, those of mechanisms in the catalogue. The script of the page
reads the same texts and forms of a slot, so that both languages come from one place.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from riskmodel.catalogue.units import MINUS, Amount, decimal
from riskmodel.forecasting.drivers.mechanisms import catalogued_rules
from riskmodel.forecasting.targets import Event
from riskmodel.products.rendering import dutch
from riskmodel.products.rendering.html import asset
from riskmodel.workspace.safe_text import plain_text


@dataclass(frozen=True)
class Sentence:
    """A text by its key, with the values for its slots; put into words where it is shown.

    Attributes
    ----------
    key : str
        Of :data:`TEXTS`.
    values : mapping of str to Any
        By slot: text, number, amount, tuple of numbers or another sentence.
    """

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)


def _texts(
    tables: dict[str, dict[str, list[str]]], limits: list[list[str]]
) -> Iterator[tuple[str, tuple[str, str]]]:
    for table in tables.values():
        yield from ((key, (nl, en)) for key, (nl, en) in table.items())
    for number, (nl, en) in enumerate(zip(dutch.LIMITS, limits, strict=True), start=1):
        yield f"limit_{number}", (nl[0], en[0])
        yield f"limit_{number}_text", (nl[1], en[1])
    for rule in catalogued_rules():
        yield f"mechanism_{rule.id}", (rule.title, rule.title_en)
        for index, way in enumerate(rule.ways):
            yield f"mechanism_{rule.id}_{index}", (way.text, way.text_en)


_FILE = tomllib.loads(asset("risk_list_texts.toml"))
#: Dutch and English template of an amount in a unit; other units are a number alone.
UNITS: dict[str, list[str]] = _FILE.pop("units")
#: Key to Dutch and English.
TEXTS: dict[str, tuple[str, str]] = dict(_texts(_FILE, _FILE.pop("limits")["english"]))

_SLOT = re.compile(r"\{([\w.]+)(?::(\w+)|\|([^|}]*)\|([^}]*))?\}")

#: How a value is written: the forms of ``{name:form}``.
FORMS: dict[str, Callable[[Any], str]] = {
    "n0": dutch.whole,
    "n2": lambda value: dutch.number(value, 2),
    "n3": dutch.number,
    "s3": dutch.signed,
    "p": dutch.percent,
    "ps": dutch.percent_short,
    "one": dutch.one_in,
    "d": lambda value: dutch.day_words(date.fromisoformat(value)),
    "g": dutch.shortest,
    "list": dutch.listed,
    "shares": lambda values: dutch.listed([dutch.UNKNOWN if each is None else f"{each}%" for each in values]),
}


def fill(text: str, values: Mapping[str, Any]) -> str:
    """Return a Dutch text with values in its slots."""

    def put(found: re.Match[str]) -> str:
        name, form, one, many = found.groups()
        if one is not None:
            return one if values[name] == 1 else str(many)
        return FORMS[form](values[name]) if form else _words(values[name])

    return _SLOT.sub(put, text)


def _words(value: Any) -> str:
    if isinstance(value, Sentence):
        return in_dutch(value)
    return _amount(value) if isinstance(value, Amount) else plain_text(value)


def _amount(amount: Amount) -> str:
    shown = amount.shown
    if shown is None:
        return ""
    sign = MINUS if shown < 0 else "+" if amount.signed and shown > 0 else ""
    return sign + UNITS.get(amount.unit, ["{}"])[0].format(decimal(abs(shown), amount.decimals))


def in_dutch(sentence: Sentence | None) -> str:
    """Return a sentence in plain Dutch; nothing is the empty text.

    Examples
    --------
    >>> in_dutch(Sentence("value_alone", {"now": Amount(12.04, "km"), "year": 2020}))
    '12,0 km, 2020'
    """
    return "" if sentence is None else fill(TEXTS[sentence.key][0], sentence.values)


#: Words of a list that differ by event: sliding down over a border, or falling.
SLIDE, FALL = "slide", "fall"


def family_of(event: Event) -> str:
    """Return in which words a list about an event speaks: ``"slide"`` or ``"fall"``."""
    return FALL if event.kind in ("fall", "relative_fall", "beyond_noise", "development") else SLIDE


def variant(key: str, family: str) -> str:
    """Return the key of a text in the words of a family, where it has one: ``key_family``."""
    return own if (own := f"{key}_{family}") in TEXTS else key


def words_of_event(event: Event) -> dict[str, str]:
    """Return the Dutch words of a list about an event: its chance, and what areas threaten to do."""
    family = family_of(event)
    threat = "te zakken" if family == SLIDE else "achteruit te gaan"
    return {"chance": TEXTS[variant("h_chance", family)][0], "threat": threat}


def event_in_dutch(event: Event) -> str:
    """Return what an event is in plain Dutch.

    Examples
    --------
    >>> event_in_dutch(Event("fall"))
    'de score daalt meer dan 0,05 punt'
    """
    return in_dutch(event_sentence(event))


def event_sentence(event: Event) -> Sentence:
    """Return what an event is as a sentence."""
    values: dict[str, Any] = {"points": event.more_than}
    if event.kind == "tipping":
        values = {"from": event.from_class, "to": event.to_class}
    elif event.kind == "development":
        # As many digits as are written.
        values = {"points": float(f"{-event.limit():g}"), "level": event.development_class}
    elif event.kind == "beyond_noise":
        values = {"times": event.times_noise}
    return Sentence(f"event_{event.kind}", values)
