"""What visits say of a list, in plain Dutch: every share with its counts, small numbers said to be small."""

from __future__ import annotations

import pandas as pd

from riskmodel.outcomes.evaluate import Estimate, Evaluation, Measured
from riskmodel.outcomes.lists import DRAWN, REST, SMALL, TOP
from riskmodel.outcomes.visits import DECLINE, NO_DECLINE, UNCLEAR
from riskmodel.products.dutch import day_words, known, percent, whole

#: With fewer clear findings than this a figure is said to rest on few.
FEW = 10


def evaluation_in_words(found: Evaluation) -> list[str]:
    """What is known of a list, one plain Dutch sentence or two an item.

    Parameters
    ----------
    found : Evaluation
        The figures.

    Returns
    -------
    list of str
        In reading order.
    """
    record, parts = found.record, found.by_part
    lines = [
        f"{record.title}, lijst {record.id}, gemaakt op {day_words(record.made_on)}.",
        f"Bovenaan de lijst: {_visits(parts.loc[TOP])}",
    ]
    if parts.loc[DRAWN, "areas"]:
        lines.append(f"Door het lot gekozen: {_visits(parts.loc[DRAWN])}")
    lines += _precision(parts.loc[TOP], found.precision)
    lines += _declines(found)
    lines += _notes(parts)
    return lines + (_later(found.measured) if found.measured else [])


def _visits(part: pd.Series) -> str:
    areas, visited = int(part["areas"]), int(part["visited"])
    start = f"{visited} van de {whole(areas)} {_areas(areas)} bezocht."
    if not visited:
        return start
    unclear = f", bij {part[UNCLEAR]} was het onduidelijk" if part[UNCLEAR] else ""
    return f"{start} Achteruitgang gezien in {part[DECLINE]}, geen achteruitgang in {part[NO_DECLINE]}{unclear}."


def _precision(top: pd.Series, share: Estimate) -> list[str]:
    clear = int(top[DECLINE] + top[NO_DECLINE])
    if not clear:
        return []
    return [
        f"De lijst had gelijk in {top[DECLINE]} van de {clear} duidelijke gevallen bovenaan "
        f"({percent(share.value)}). Bij lijsten als deze ligt dat tussen {percent(share.low)} en "
        f"{percent(share.high)}.{_few(clear)}"
    ]


def _declines(found: Evaluation) -> list[str]:
    drawn = found.by_part.loc[DRAWN]
    clear, outside = (
        int(drawn[DECLINE] + drawn[NO_DECLINE]),
        int(drawn["areas"] + found.by_part.loc[REST, "areas"]),
    )
    fit = outside + int(found.by_part.loc[TOP, "areas"])
    if outside and not clear:
        return [
            "Hoeveel gebieden de lijst mist, is niet te zeggen: buiten de top van de lijst is geen door het lot "
            "gekozen gebied duidelijk beoordeeld."
        ]
    if known(found.declines.value) is None:
        return []
    lines = [
        f"Naar schatting gaan {whole(found.declines.value)} van de {whole(fit)} {_areas(fit)} achteruit, "
        f"te kleine gebieden niet meegeteld.{_between(found.declines)}"
    ]
    if known(found.recall.value) is not None:
        lines.append(
            f"Daarvan staat naar schatting {percent(found.recall.value)} bovenaan de lijst (tussen "
            f"{percent(found.recall.low)} en {percent(found.recall.high)})."
        )
    if outside and clear < FEW:
        lines.append(
            f"Let op: de schatting voor de {outside} gebieden buiten de top rust op {clear} "
            f"{_areas(clear)}. Dat is weinig. Reken vooral met de grenzen."
        )
    return lines


def _between(found: Estimate) -> str:
    if found.low == found.high:
        return " Alle gebieden zijn gezien."
    return f" Met 95% zekerheid zijn het er {whole(found.low)} tot {whole(found.high)}."


def _notes(parts: pd.DataFrame) -> list[str]:
    lines = []
    own = int(parts.loc[[REST, SMALL], "visited"].sum())
    if own:
        seen = int(parts.loc[[REST, SMALL], DECLINE].sum())
        lines.append(
            f"Buiten de lijst om {'is' if own == 1 else 'zijn'} {own} {_areas(own)} bezocht; in {seen} is "
            "achteruitgang gezien. Die tellen niet mee in de schatting: niemand weet hoe ze gekozen zijn."
        )
    done = int(parts["done"].sum())
    if done:
        lines.append(
            f"In {done} {_areas(done)} is iets gedaan. Houd daar rekening mee als u dit vergelijkt met latere "
            "metingen. Wat het heeft opgeleverd, is hieruit niet af te leiden."
        )
    return lines


def _later(measured: Measured) -> list[str]:
    parts, table = measured.by_part, measured.agreement
    fit = parts.drop(index=SMALL).sum()
    top = parts.loc[TOP]
    lines = [
        f"De meting van {measured.wave}: {top['declines']} van de {top['areas']} gebieden bovenaan gingen "
        f"achteruit{_share_of(top)}, en {fit['declines']} van alle {whole(fit['areas'])} gebieden"
        f"{_share_of(fit)}.{_few(int(top['areas']))}"
    ]
    both = int(table.to_numpy().sum())
    if both:
        same = int(table.loc[DECLINE, DECLINE] + table.loc[NO_DECLINE, NO_DECLINE])
        lines.append(
            f"Wat ter plaatse is gezien en wat is gemeten, komt overeen in {same} van de {both} gebieden: "
            f"{table.loc[DECLINE, NO_DECLINE]} keer wel gezien en niet gemeten, "
            f"{table.loc[NO_DECLINE, DECLINE]} keer wel gemeten en niet gezien.{_few(both)}"
        )
    return lines


def _share_of(part: pd.Series) -> str:
    return f" ({percent(part['declines'] / part['areas'])})" if part["areas"] else ""


def _few(count: int) -> str:
    return " Dat zijn er weinig: trek er geen conclusie uit." if count < FEW else ""


def _areas(count: int) -> str:
    return "gebied" if count == 1 else "gebieden"
