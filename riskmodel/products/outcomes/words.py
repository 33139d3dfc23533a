"""The evaluation of a list in plain Dutch: every share with its counts, and a warning at small numbers."""

from __future__ import annotations

from collections.abc import Mapping

from riskmodel.products.outcomes.evaluate import Estimate, Evaluation, Measurement, counts_of
from riskmodel.products.outcomes.lists import DRAWN, REST, SMALL, TOP
from riskmodel.products.outcomes.visits import DECLINE, NO_DECLINE, UNCLEAR
from riskmodel.products.rendering.dutch import areas_word, day_words, known, share, whole

#: With fewer clear findings than this a figure gets a warning.
FEW = 10


def evaluation_in_words(found: Evaluation) -> list[str]:
    """Return the evaluation of a list, one plain Dutch sentence or two an item."""
    record, parts = found.record, counts_of(found.by_part)
    lines = [
        f"{record.title}, lijst {record.id}, gemaakt op {day_words(record.made_on)}.",
        f"Bovenaan de lijst: {_visits(parts[TOP])}",
    ]
    if parts[DRAWN]["areas"]:
        lines.append(f"Door het lot gekozen: {_visits(parts[DRAWN])}")
    lines += _precision(parts[TOP], found.precision)
    lines += _declines(found, parts)
    lines += _notes(parts)
    return lines + (_later(found.measured) if found.measured else [])


def _visits(part: Mapping[str, int]) -> str:
    areas, visited = part["areas"], part["visited"]
    start = f"{visited} van de {whole(areas)} {_areas(areas)} bezocht."
    if not visited:
        return start
    unclear = f", bij {part[UNCLEAR]} was het onduidelijk" if part[UNCLEAR] else ""
    return f"{start} Achteruitgang gezien in {part[DECLINE]}, geen achteruitgang in {part[NO_DECLINE]}{unclear}."


def _precision(top: Mapping[str, int], precision: Estimate) -> list[str]:
    clear = top[DECLINE] + top[NO_DECLINE]
    if not clear:
        return []
    return [
        f"De lijst had gelijk in {top[DECLINE]} van de {clear} duidelijke gevallen bovenaan "
        f"({share(precision.value)}). Bij lijsten als deze ligt dat tussen {share(precision.low)} en "
        f"{share(precision.high)}.{_few(clear)}"
    ]


def _declines(found: Evaluation, parts: Mapping[str, Mapping[str, int]]) -> list[str]:
    drawn = parts[DRAWN]
    clear, outside = drawn[DECLINE] + drawn[NO_DECLINE], drawn["areas"] + parts[REST]["areas"]
    fit = outside + parts[TOP]["areas"]
    if outside and not clear:
        return [
            "Hoeveel gebieden de lijst mist, is niet te zeggen: buiten de top van de lijst is geen door het lot "
            "gekozen gebied duidelijk beoordeeld."
        ]
    if known(found.declines.value) is None:
        return []
    lines = [
        f"Naar schatting {_go(found.declines.value)} {whole(found.declines.value)} van de {whole(fit)} "
        f"{_areas(fit)} achteruit, te kleine gebieden niet meegeteld.{_between(found.declines)}"
    ]
    if known(found.recall.value) is not None:
        lines.append(
            f"Daarvan staat naar schatting {share(found.recall.value)} bovenaan de lijst (tussen "
            f"{share(found.recall.low)} en {share(found.recall.high)})."
        )
    if outside and clear < FEW:
        lines.append(
            f"Let op: de schatting voor de {outside} gebieden buiten de top rust op {clear} "
            f"{_areas(clear)}. Dat is weinig. Reken vooral met de grenzen."
        )
    return lines


def _go(count: float) -> str:
    return "gaat" if round(count) == 1 else "gaan"


def _between(found: Estimate) -> str:
    if found.low == found.high:
        return " Alle gebieden zijn gezien."
    return f" Met 95% zekerheid zijn het er {whole(found.low)} tot {whole(found.high)}."


def _notes(parts: Mapping[str, Mapping[str, int]]) -> list[str]:
    lines = []
    own = parts[REST]["visited"] + parts[SMALL]["visited"]
    if own:
        seen = parts[REST][DECLINE] + parts[SMALL][DECLINE]
        lines.append(
            f"Buiten de lijst om {'is' if own == 1 else 'zijn'} {own} {_areas(own)} bezocht; in {seen} is "
            "achteruitgang gezien. Die tellen niet mee in de schatting: niemand weet hoe ze gekozen zijn."
        )
    done = sum(part["done"] for part in parts.values())
    if done:
        lines.append(
            f"In {done} {_areas(done)} is iets gedaan. Houd daar rekening mee als u dit vergelijkt met latere "
            "metingen. Wat het heeft opgeleverd, is hieruit niet af te leiden."
        )
    return lines


def _later(measured: Measurement) -> list[str]:
    parts, table = counts_of(measured.by_part), counts_of(measured.agreement)
    fit = {key: sum(parts[part][key] for part in (TOP, DRAWN, REST)) for key in ("areas", "declines")}
    top = parts[TOP]
    lines = [
        f"De meting van {measured.wave}: {top['declines']} van de {top['areas']} gebieden bovenaan gingen "
        f"achteruit{_share_of(top)}, en {fit['declines']} van alle {whole(fit['areas'])} gebieden"
        f"{_share_of(fit)}.{_few(top['areas'])}"
    ]
    both = sum(count for row in table.values() for count in row.values())
    if both:
        same = table[DECLINE][DECLINE] + table[NO_DECLINE][NO_DECLINE]
        lines.append(
            f"Wat ter plaatse is gezien en wat is gemeten, komt overeen in {same} van de {both} gebieden: "
            f"{table[DECLINE][NO_DECLINE]} keer wel gezien en niet gemeten, "
            f"{table[NO_DECLINE][DECLINE]} keer wel gemeten en niet gezien.{_few(both)}"
        )
    return lines


def _share_of(part: Mapping[str, int]) -> str:
    return f" ({share(part['declines'] / part['areas'])})" if part["areas"] else ""


def _few(count: int) -> str:
    return " Dat zijn er weinig: trek er geen conclusie uit." if count < FEW else ""


def _areas(count: int) -> str:
    return areas_word("", count)
