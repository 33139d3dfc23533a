"""Whether Dutch text is plain enough for level B1: short sentences."""

from __future__ import annotations

import re


def sentences(text: str) -> list[str]:
    """Sentences of running text, and of what stands behind boxes; no tables, headings or lists of figures."""
    lines = [line for line in text.splitlines() if not line.startswith(("|", "#", "- ", "  "))]
    whole = " ".join(line.strip() for line in lines).replace("**", "")
    asked = [line.removeprefix("- [ ] ") for line in text.splitlines() if line.startswith("- [ ] ")]
    return [part for part in re.split(r"(?<=[.?!:])\s+", " ".join([whole, *asked])) if part.strip()]


def lengths(text: str) -> list[int]:
    """Words in each sentence."""
    return [len(sentence.split()) for sentence in sentences(text)]
