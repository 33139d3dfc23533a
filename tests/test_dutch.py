"""The Dutch of a list: short sentences, and none of the words that no municipality uses."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from riskmodel.products.rendering.dutch import LIMITS
from riskmodel.products.risk_list.texts import TEXTS

TEMPLATES = Path(__file__).parents[1] / "riskmodel" / "products" / "templates"
MOST_WORDS = 20
#: What must not be read on any form of a list.
RULED_OUT = (
    "het meest kan dalen",
    "is er te weinig om iets te zeggen",
    "terugval naar het eigen gemiddelde",
    "stand en verloop",
    "houdt op peil",
    "trekt omlaag",
    "in 80 van de 100 gevallen tussen plaats",
    "nog op orde",
    "onder druk",
    "keer voorzien",
    "liggen bijna even goede modellen",
    "gemiddeld gebied",
    "wat vooruit kan lopen",
    "wat al in de score zit",
    "niet hoog genoeg voor een bezoek",
    "de waaier is",
    "achteraf gekozen",
)


def sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?:;])\s+", text.replace("**", ""))


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_sentences_of_a_list_are_short_and_plain(key: str) -> None:
    dutch = TEXTS[key][0]
    for sentence in sentences(dutch):
        words = [word for word in sentence.split() if re.search(r"\w", word)]
        assert len(words) <= MOST_WORDS, sentence
    found = [words for words in RULED_OUT if words in dutch.casefold()]
    assert not found, dutch


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("risk_list*.j2")), ids=lambda path: path.name)
def test_templates_of_a_list_hold_none_of_the_words(path: Path) -> None:
    text = path.read_text(encoding="utf-8").casefold()
    assert not [words for words in RULED_OUT if words in text]


def test_what_a_list_does_not_say_is_short() -> None:
    for heading, text in LIMITS:
        for sentence in (*sentences(heading), *sentences(text)):
            assert len(sentence.split()) <= MOST_WORDS, sentence
