"""The association of two indicators in plain Dutch, without a word about causes."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np

from riskmodel.catalogue.units import decimal
from riskmodel.monitor.association.association import ALL, Association
from riskmodel.products.rendering.dutch import areas_word, count_of, listed, whole


def in_words(found: Association, group: str = ALL) -> str:
    """Return the association in Dutch sentences, one paragraph."""
    return " ".join(_sentences(found, group))


def _sentences(found: Association, group: str) -> Iterable[str]:
    level, change = found.row(group, "level"), found.row(group, "change")
    between, within = found.row(group, "between"), found.row(group, "within")
    one, other = (f"‘{label}’" for label in found.labels)
    yield f"{one} (A) en {other} (B), {group}."
    last = found.years[-1]
    yield _level(found, level, _pair_of_years(last[1:]))
    if len(found.years) == 1:
        yield "Van A of B is maar één jaar in deze periode bekend. Over verandering is dus niets te zeggen."
    else:
        yield _change(found, change)
        yield from _apart(found, between, within)
    yield _years(found)
    yield from _cautions(found, level)


def _level(found: Association, row: Mapping[Hashable, Any], years: str) -> str:
    return _correlation(
        found, row, f"In {years}", "waar A hoger is, is B meestal hoger", "waar A hoger is, is B meestal lager"
    )


def _change(found: Association, row: Mapping[Hashable, Any]) -> str:
    first, last = found.years[0], found.years[-1]
    when = f"Van {_pair_of_years(first[1:])} tot {_pair_of_years(last[1:])}"
    up = "waar A meer steeg dan gemiddeld, steeg ook B meestal meer dan gemiddeld"
    down = "waar A meer steeg dan gemiddeld, steeg B meestal minder dan gemiddeld"
    text = _correlation(found, row, when, up, down, what="de verandering van A", other="die van B")
    if not _side(row):
        return text
    slope, low, high = (_significant(row[f"slope{end}"]) for end in ("", "_low", "_high"))
    return (
        f"{text} Een verandering van A die 1 groter is, gaat gemiddeld samen met een verandering van B van "
        f"{slope} (95%-interval {low} tot {high})."
    )


def _correlation(
    found: Association,
    row: Mapping[Hashable, Any],
    when: str,
    up: str,
    down: str,
    *,
    what: str = "A",
    other: str = "B",
) -> str:
    n = count_of(row["n"], found.level)
    if np.isnan(row["spearman_low"]):
        return f"{when}: te weinig gebieden of verschillen om een samenhang te berekenen ({n})."
    figures = (
        f"rangcorrelatie {decimal(row['spearman'], 2)}, 95%-interval {decimal(row['spearman_low'], 2)} tot "
        f"{decimal(row['spearman_high'], 2)}; gewone correlatie {decimal(row['pearson'], 2)}; {n}"
    )
    side = _side(row)
    if not side:
        return f"{when} is er geen duidelijke samenhang tussen {what} en {other} ({figures})."
    return f"{when} hangt {what} samen met {other}: {up if side > 0 else down} ({figures})."


def _side(row: Mapping[Hashable, Any]) -> int:
    """Return the sign of a rank correlation whose interval leaves out zero; otherwise 0."""
    return int(row["spearman_low"] > 0) - int(row["spearman_high"] < 0)


def _apart(found: Association, between: Mapping[Hashable, Any], within: Mapping[Hashable, Any]) -> Iterable[str]:
    if np.isnan(between["spearman_low"]) or np.isnan(within["spearman_low"]):
        return
    areas = areas_word(found.level)
    yield (
        f"Tussen {areas} (gemiddeld over de jaren) is de rangcorrelatie {_with_bounds(between)}; binnen {areas} "
        f"(over de jaren, los van het gemiddelde van elk jaar) {_with_bounds(within)}."
    )
    if _side(between) * _side(within) < 0:
        yield (
            f"Let op: die twee hebben een ander teken. Wat je ziet als je {areas} vergelijkt, "
            "gaat hier niet samen op in de tijd."
        )


def _with_bounds(row: Mapping[Hashable, Any]) -> str:
    low, high = decimal(row["spearman_low"], 2), decimal(row["spearman_high"], 2)
    return f"{decimal(row['spearman'], 2)} ({low} tot {high})"


def _years(found: Association) -> str:
    exact = all(asked == one == other for asked, one, other in found.years)
    if exact and len(found.years) > 1:
        return f"Gebruikte jaren: {listed([str(asked) for asked, _, _ in found.years])}."
    asked = f"Gevraagd: {found.start} en {found.end}. "
    first, second = (listed(sorted({str(row[column]) for row in found.years})) for column in (1, 2))
    return f"{asked}Gebruikt is het jaar dat het dichtst daarbij ligt: {first} voor A en {second} voor B."


def _cautions(found: Association, level: Mapping[Hashable, Any]) -> Iterable[str]:
    if not np.isnan(level["spearman_low"]):
        drawn = "hele gemeenten" if level["whole_municipalities"] else areas_word(found.level)
        narrow = "" if level["whole_municipalities"] else "; ze liggen in te weinig gemeenten, dus het is te smal"
        yield f"Het interval komt uit {whole(found.draws)} trekkingen van {drawn}{narrow}."
    if found.leefbaarometer == 2:
        yield (
            "Let op: A en B komen allebei uit de Leefbaarometer. Hun samenhang zit voor een deel al in de "
            "berekening."
        )
    elif found.leefbaarometer:
        yield (
            "Let op: de Leefbaarometer is zelf berekend uit veel cijfers over gebieden. Hoort het andere cijfer "
            "daarbij, dan zit de samenhang voor een deel al in de berekening."
        )
    if found.proxies:
        names = listed(["A" if name == found.first else "B" for name in found.proxies])
        yield f"Let op: {names} kan indirect iets zeggen over de herkomst van bewoners. Wees daar voorzichtig mee."
    yield "Een samenhang zegt niet waarom twee cijfers samen op en neer gaan."


def _pair_of_years(years: tuple[int, ...]) -> str:
    first, second = years
    return str(first) if first == second else f"{first} (A) en {second} (B)"


def _significant(value: float) -> str:
    """Return a number with two significant digits."""
    if value == 0:
        return "0"
    digits = max(0, 1 - int(np.floor(np.log10(abs(value)))))
    return decimal(value, min(digits, 9), sign=True)
