"""Sections of a Dutch text as plain text and Markdown, and counts at the start of a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from riskmodel.products.rendering.dutch import areas_word, count_of, known, number, whole


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
    """Return sections as plain text."""
    blocks = [title.upper()]
    for section in sections:
        blocks += [f"{section.heading}\n{'-' * len(section.heading)}", *section.paragraphs]
    return "\n\n".join(blocks) + "\n"


def as_markdown(title: str, sections: Sequence[Section]) -> str:
    """Return sections as Markdown with headings."""
    blocks = [f"# {title}"]
    for section in sections:
        blocks += [f"## {section.heading}", *section.paragraphs]
    return "\n\n".join(blocks) + "\n"


def counting(count: int, level: str, verb: str, verbs: str) -> str:
    """Return a count with its noun and verb, as a sentence begins: ``"3 wijken gingen"``, ``"Geen wijk ging"``."""
    if count == 0:
        return f"Geen {areas_word(level, 1)} {verb}"
    return f"{count_of(count, level)} {verb if count == 1 else verbs}"


def people(value: Any) -> str:
    """Return a number of people: in millions with one decimal, below a million whole."""
    found = known(value)
    return f"{number(found / 1e6, 1)} miljoen" if found is not None and found >= 1e6 else whole(found)
