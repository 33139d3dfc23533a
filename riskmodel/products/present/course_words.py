"""Turning points of a score in plain Dutch."""

from __future__ import annotations

from collections.abc import Sequence

from riskmodel.monitor.turning import Direction, Segment

#: Below this a change is called small ("iets").
SMALL = 0.02
#: From here a change is called clear ("duidelijk"): Leefbaarometer 2.0 calls this a change of an area.
CLEAR = 0.0667

_VERBS: dict[Direction, tuple[str, str]] = {
    "up": ("verbeterde", ""),
    "down": ("ging", "achteruit"),
    "flat": ("bleef", "ongeveer gelijk"),
}


def in_words(segments: Sequence[Segment]) -> str:
    """Return the stretches in plain Dutch, as a sentence goes on after its subject.

    Examples
    --------
    >>> in_words([Segment(2008, 2012, "up", 0.03), Segment(2012, 2018, "down", -0.01)])
    'verbeterde tussen 2008 en 2012, en ging sindsdien iets achteruit'
    """
    if not segments:
        return "heeft te weinig metingen om een ontwikkeling te zien"
    parts = []
    for rank, segment in enumerate(segments):
        verb, tail = _VERBS[segment.direction]
        last = rank == len(segments) - 1
        between = f"tussen {segment.start} en {segment.end}"
        when = "sindsdien" if last and rank else f"daarna tot {segment.end}" if rank else between
        again = "weer" if any(earlier.direction == segment.direction for earlier in segments[:rank]) else ""
        words = [verb, when, again, _how_much(segment), tail]
        parts.append(" ".join(word for word in words if word))
    if len(parts) == 1:
        return parts[0]
    return f"{', '.join(parts[:-1])}, en {parts[-1]}"


def _how_much(segment: Segment) -> str:
    size = round(abs(segment.change), 6)
    if segment.direction == "flat":
        return ""
    return "iets" if size < SMALL else "duidelijk" if size >= CLEAR else ""
