"""Every text of the risk list page in plain Dutch (B1) and in English, and how values are filled in.

A text may hold ``{name}``, ``{name:form}``, ``{name|one|many}`` (the word with a count) and ``**bold**``.
The script of the page reads the same texts and forms, so that both languages come from one place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from typing import Any

from markupsafe import Markup, escape

from riskmodel.products.rendering import dutch
from riskmodel.products.risk_list.page.texts_guide import GUIDE
from riskmodel.products.risk_list.page.texts_list import LIST
from riskmodel.products.risk_list.page.texts_sheet import SHEET
from riskmodel.workspace.safe_text import plain_text

#: Key to Dutch and English.
TEXTS: dict[str, tuple[str, str]] = LIST | SHEET | GUIDE

_SLOT = re.compile(r"\{(\w+)(?::(\w+)|\|([^|}]*)\|([^}]*))?\}")
_BOLD = re.compile(r"\*\*(.+?)\*\*")

#: What can be done with a value: the forms of ``{name:form}``.
FORMS: dict[str, Callable[[Any], str]] = {
    "n0": dutch.whole,
    "n2": lambda value: dutch.number(value, 2),
    "n3": dutch.number,
    "s3": dutch.signed,
    "p": dutch.percent,
    "ps": dutch.percent_short,
    "one": dutch.one_in,
    "d": lambda value: dutch.day_words(date.fromisoformat(value)),
}

#: The five forms of an event (see ``riskmodel.forecasting.targets``), for the English reader.
_EVENTS: tuple[tuple[str, str], ...] = (
    (
        r"de score daalt meer dan ([\d,]+) punt \(ontwikkelingsklasse (\d) of lager\)",
        r"the score falls by more than \1 points (development class \2 or lower)",
    ),
    (r"de score daalt meer dan ([\d,]+)(?: punt)?", r"the score falls by more than \1 points"),
    (
        r"de score blijft meer dan ([\d,]+) punt achter bij het land",
        r"the score falls behind the country by more than \1 points",
    ),
    (
        r"het gebied zakt van klasse (\d) of hoger naar klasse (\d) of lager",
        r"the area drops from class \1 or higher to class \2 or lower",
    ),
    (
        r"de score daalt meer dan ([\d,]+) keer wat bij een gebied van die grootte toeval is",
        r"the score falls by more than \1 times what is chance for an area of that size",
    ),
)


def english_event(event: str) -> str:
    """Say an event in English."""
    for pattern, english in _EVENTS:
        found = re.fullmatch(pattern, event)
        if found:
            return found.expand(english).replace(",", ".")
    return event


def _form(value: Any, form: str | None) -> str:
    if form is None:
        return plain_text(value)
    return FORMS[form](value)


def fill(text: str, values: dict[str, Any]) -> str:
    """Put values into a Dutch text."""

    def put(found: re.Match[str]) -> str:
        name, form, one, many = found.groups()
        if one is not None:
            return one if values[name] == 1 else str(many)
        return _form(values[name], form)

    return _SLOT.sub(put, text)


def say(key: str, **values: Any) -> Markup:
    """Give a Dutch text as HTML."""
    # Bold is found before values are put in: a name with asterisks in it is a name.
    parts = _BOLD.split(TEXTS[key][0])
    filled = [escape(fill(part, values)) for part in parts]
    return Markup().join(Markup("<b>%s</b>") % part if place % 2 else part for place, part in enumerate(filled))


def marked(key: str, **values: Any) -> Markup:
    """Give the attributes by which the script finds a text again when another language is asked for."""
    if not values:
        return Markup('data-t="%s"') % key
    return Markup('data-t="%s" data-p="%s"') % (key, json.dumps(values, ensure_ascii=False))


def text(key: str, **values: Any) -> Markup:
    """Give a text in an element of its own, which the script can put into another language."""
    return Markup("<span %s>%s</span>") % (marked(key, **values), say(key, **values))
