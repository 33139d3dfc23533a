"""Texts of the risk list page as HTML, and values as the script of the page reads them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from riskmodel.catalogue.units import Amount
from riskmodel.products.risk_list.texts import TEXTS, Sentence, fill, variant

_BOLD = re.compile(r"\*\*(.+?)\*\*")


def packed(value: Amount | Sentence) -> Any:
    """Return an amount as ``[number, unit, signed]``, a sentence as ``{"t": key, "p": values}``."""
    if isinstance(value, Sentence):
        return {"t": value.key, "p": dict(value.values)}
    return [value.shown, value.unit, *([1] if value.signed else [])]


@dataclass(frozen=True)
class PageTexts:
    """Texts of a page in the words of one family of events."""

    family: str

    def say(self, key: str, **values: Any) -> Markup:
        """Return a Dutch text as HTML."""
        # Bold is found before values are put in: a name with asterisks in it is a name.
        parts = _BOLD.split(TEXTS[variant(key, self.family)][0])
        filled = [escape(fill(part, values)) for part in parts]
        return Markup().join(
            Markup("<b>%s</b>") % part if index % 2 else part for index, part in enumerate(filled)
        )

    def text(self, key: str, **values: Any) -> Markup:
        """Return a text in an element of its own, which the script can put into another language."""
        return Markup("<span %s>%s</span>") % (marked(key, **values), self.say(key, **values))

    def sentence(self, sentence: Sentence) -> Markup:
        """Return a sentence in an element of its own."""
        return self.text(sentence.key, **sentence.values)


def marked(key: str, **values: Any) -> Markup:
    """Return the attributes by which the script finds a text again when another language is asked for."""
    if not values:
        return Markup('data-t="%s"') % key
    return Markup('data-t="%s" data-p="%s"') % (key, json.dumps(values, ensure_ascii=False, default=packed))
