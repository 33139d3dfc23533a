"""Counts, shares and changes as a Dutch reader expects them, and texts of sections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

#: What stands where a figure is missing.
UNKNOWN = "onbekend"
MINUS = "\N{MINUS SIGN}"
#: Singular and plural of a level.
LEVELS = {
    "wijk": ("wijk", "wijken"),
    "buurt": ("buurt", "buurten"),
    "gemeente": ("gemeente", "gemeenten"),
    "pc4": ("postcodegebied", "postcodegebieden"),
    "grid": ("vierkant", "vierkanten"),
}


@dataclass(frozen=True)
class Section:
    """A heading and the paragraphs under it, in Dutch.

    Attributes
    ----------
    heading : str
        Without full stop.
    paragraphs : tuple of str
        Full sentences.
    """

    heading: str
    paragraphs: tuple[str, ...]


def as_text(title: str, sections: Sequence[Section]) -> str:
    """Plain text."""
    blocks = [title.upper()]
    for section in sections:
        blocks += [f"{section.heading}\n{'-' * len(section.heading)}", *section.paragraphs]
    return "\n\n".join(blocks) + "\n"


def as_markdown(title: str, sections: Sequence[Section]) -> str:
    """Markdown with headings."""
    blocks = [f"# {title}"]
    for section in sections:
        blocks += [f"## {section.heading}", *section.paragraphs]
    return "\n\n".join(blocks) + "\n"


def level_words(level: str) -> tuple[str, str]:
    """Singular and plural of a level."""
    return LEVELS.get(level, ("gebied", "gebieden"))


def counting(count: int, level: str, verb: str, verbs: str) -> str:
    """A count with its noun and verb, as a sentence begins: ``"3 wijken gingen"``, ``"Geen wijk ging"``."""
    if count == 0:
        return f"Geen {level_words(level)[0]} {verb}"
    return f"{count_of(count, level)} {verb if count == 1 else verbs}"


def count_of(count: float, level: str) -> str:
    """A count with its noun, such as ``"1 wijk"``."""
    one, many = level_words(level)
    return f"{whole(count)} {one if count == 1 else many}"


def listed(words: Sequence[object]) -> str:
    """Words with commas and *en*: ``"2014, 2018 en 2020"``."""
    texts = [str(word) for word in words]
    return " en ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def _comma(value: float, decimals: int) -> str:
    return f"{value:,.{decimals}f}".translate(str.maketrans(",.", ".,"))


def whole(value: Any) -> str:
    """A count with dots between thousands."""
    return UNKNOWN if value is None or pd.isna(value) else _comma(round(float(value)), 0)


def percent(value: Any, decimals: int = 1) -> str:
    """A share as a percentage with a decimal comma."""
    return UNKNOWN if value is None or pd.isna(value) else f"{_comma(100 * float(value), decimals)}%"


def signed(value: Any, decimals: int = 3) -> str:
    """A change with its sign and a decimal comma."""
    rounded = round(float(value), decimals)
    return ("+" if rounded > 0 else MINUS if rounded < 0 else "") + _comma(abs(rounded), decimals)


def people(value: Any) -> str:
    """A number of people: in millions with one decimal, below a million whole."""
    if value is None or pd.isna(value):
        return UNKNOWN
    return f"{_comma(value / 1e6, 1)} miljoen" if value >= 1e6 else whole(value)
