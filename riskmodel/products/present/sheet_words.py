"""Texts of a sheet of the present in plain Dutch (B1): every share with its counts, and never a cause."""

from __future__ import annotations

import numpy as np
import pandas as pd

from riskmodel.monitor.development import BEYOND
from riskmodel.products.present.pictures.layout import local_name
from riskmodel.products.present.sheet_data import AMPLE, FEW_AREAS, SMALL_AREA, WEAK, Facts, Parts, Span
from riskmodel.products.rendering.dutch import UNKNOWN, areas_word, listed, number, signed, whole

#: Most areas that are named in one sentence.
MOST_NAMED = 5
#: Mean changes smaller than this are called almost none.
NEAR_ZERO = 0.005
#: A dimension is named when it changed at least this part of what the one that changed most did.
WORTH_A_WORD = 0.5


def share(part: float, total: float, decimals: int = 0) -> str:
    """Return a share as a percentage: 0% and 100% only when it is none or all.

    Examples
    --------
    >>> share(0, 10), share(1, 1000), share(999, 1000), share(1, 4), share(0, 0)
    ('0%', 'minder dan 1%', 'meer dan 99%', '25%', 'onbekend')
    """
    if not total > 0 or np.isnan(part):
        return UNKNOWN
    if part == 0:
        return "0%"
    step = 10.0**-decimals
    rounded = round(100 * part / total, decimals)
    if rounded <= 0 < part:
        return f"minder dan {number(step, decimals)}%"
    if rounded >= 100 and part < total:
        return f"meer dan {number(100 - step, decimals)}%"
    return f"{number(rounded, decimals)}%"


def quoted(label: object) -> str:
    """Return a name between quotation marks."""
    return f"\N{LEFT SINGLE QUOTATION MARK}{label}\N{RIGHT SINGLE QUOTATION MARK}"


def summary(facts: Facts) -> list[str]:
    """Return the summary, a sentence or two a paragraph."""
    few = (
        f"Let op: dit blad gaat over maar {facts.measured_areas} {areas_word(facts.level, facts.measured_areas)}. "
        "Kijk dan naar de aantallen, niet naar de percentages."
    )
    return [
        *([few] if facts.measured_areas < FEW_AREAS else []),
        _weak(facts),
        f"De gemiddelde score in {facts.title} {facts.course_words}. De rest van Nederland {facts.rest_words}.",
    ]


def _weak(facts: Facts) -> str:
    low, here, country_low, country = facts.people(1, WEAK)
    if not here > 0:
        return "Het aantal inwoners is niet bekend. Daarom staan hier alleen aantallen gebieden."
    where = f"in een {areas_word(facts.level, 1)} met de klasse zwak of lager"
    who = (
        f"In {facts.title} wonen {whole(low)} van de {whole(here)} inwoners ({share(low, here)}) {where}."
        if low > 0
        else f"In {facts.title} woont niemand van de {whole(here)} inwoners {where}."
    )
    return f"{who} In Nederland: {share(country_low, country)} ({whole(country_low)})."


def others(span: Span) -> str:
    """Return how many areas neither rose nor fell beyond the noise, and why others cannot be compared."""
    if not span.known:
        why = "de schommeling van de score is niet bekend" if span.unknown else "er zijn geen twee scores"
        return f"(niet te zeggen: {why})"
    lost = span.not_comparable + span.unknown
    missing = f", {lost} niet te vergelijken" if lost else ""
    return f"({span.unclear} zonder duidelijke verandering{missing})"


def names(facts: Facts, rows: pd.DataFrame) -> str:
    """Return the names of the areas that changed most, with the change; small areas only by their number.

    The largest changes are found where scores are noisiest, so without this the list would be one of tiny areas.
    """
    small = rows["inhabitants"] < SMALL_AREA
    large = rows[~small]
    shown = [
        f"{local_name(name)}\N{NO-BREAK SPACE}({signed(change, 2)})"
        for name, change in large[["name", "change"]].head(MOST_NAMED).itertuples(index=False)
    ]
    more = len(large) - len(shown)
    if more:
        shown.append(f"{more} andere")
    count = int(small.sum())
    if count:
        shown.append(f"{count} kleine {areas_word(facts.level, count)}")
    return listed(shown) if shown else "geen"


def dimensions(facts: Facts, parts: Parts) -> list[str]:
    """Return which dimensions the mean change consists of: bookkeeping, and no cause."""
    here = areas_word(facts.level, parts.left_out)
    left_out = f" {parts.left_out} {here} zonder de nodige cijfers: niet meegeteld." if parts.left_out else ""
    up, down = _strongest(parts, 1), _strongest(parts, -1)
    if abs(parts.total) < NEAR_ZERO:
        both = listed([f"{word} ging {side}" for word, side in ((up, "omhoog"), (down, "omlaag")) if word])
        first = f"De gemiddelde score bleef bijna gelijk{': ' if both else ''}{both}.{left_out}"
    else:
        rose = parts.total > 0
        with_it, against = (up, down) if rose else (down, up)
        other = f" Daartegenin: {against}." if against else ""
        first = f"De stijging zit vooral in {with_it}." if rose else f"De daling zit vooral in {with_it}."
        first = f"{first}{other}{left_out}"
    return [first, *_fallers(facts, parts)]


def _strongest(parts: Parts, sign: int) -> str:
    """Return the dimensions that changed in a direction and matter beside the largest change; else empty."""
    size = sign * parts.rows["change"]
    strong = parts.rows.assign(size=size)[size >= max(NEAR_ZERO, WORTH_A_WORD * size.abs().max())]
    strong = strong.sort_values("size", ascending=False, kind="stable")
    # A name such as "overlast en onveiligheid" must not be taken for two.
    return listed([quoted(label) for label in strong["label"]])


def _fallers(facts: Facts, parts: Parts) -> list[str]:
    count = len(parts.fallers)
    if count == 0:
        return []
    per = sorted(parts.fallers["label"].value_counts().items(), key=lambda one: (-one[1], str(one[0])))
    if count == 1:
        one = f"de ene {areas_word(facts.level, 1)} die toen duidelijk daalde"
        return [f"In {one}, daalde {quoted(per[0][0])} het meest."]
    labels = listed([f"{quoted(label)} ({number_of} keer)" for label, number_of in per])
    return [f"In de {count} {areas_word(facts.level)} die toen duidelijk daalden, daalde het meest: {labels}."]


def tiles(facts: Facts) -> list[tuple[str, str, str]]:
    """Return the key figures: the figure, its name, and a remark."""
    without = len(facts.areas) - facts.measured_areas
    low, here, country_low, country = facts.people(1, WEAK)
    good, _, country_good, _ = facts.people(AMPLE, 9)
    unknown = int(facts.classes["without_inhabitants"].sum())
    if not here > 0:
        beside = ("niet geteld", UNKNOWN, UNKNOWN)
    else:
        counted = f"geteld in {facts.counted}" if facts.counted else "jaar van de telling onbekend"
        missing = f"; van {unknown} {areas_word(facts.level, unknown)} onbekend" if unknown else ""
        beside = (
            f"{counted}{missing}",
            f"{whole(low)} inwoners. Nederland: {share(country_low, country)}",
            f"{whole(good)} inwoners. Nederland: {share(country_good, country)}",
        )
    return [
        (
            whole(facts.measured_areas),
            f"{areas_word(facts.level, facts.measured_areas)} met een score",
            f"{without} zonder score" if without else "geen enkele zonder score",
        ),
        (whole(here) if here > 0 else UNKNOWN, "inwoners", beside[0]),
        (share(low, here), "woont in klasse zwak of lager", beside[1]),
        (share(good, here), "woont in ruim voldoende of hoger", beside[2]),
    ]


def limits(facts: Facts) -> list[tuple[str, str]]:
    """Return the limits of the sheet: a heading and one or two plain sentences each."""
    return [
        (
            "Een signaal, geen oordeel en geen oorzaak.",
            "De score is een statistische schatting, gemaakt om te signaleren. De onderdelen ervan zijn niet "
            "vanzelf de knoppen om aan te draaien.",
        ),
        (
            "Ga ter plaatse kijken.",
            "Wat er speelt, weten bewoners en mensen die er werken. Daar is lokaal onderzoek voor nodig.",
        ),
        (
            "Toeval speelt mee.",
            "Elke score schommelt, in een klein gebied het meest. Duidelijk is een verandering die groter is dan "
            f"{number(BEYOND, 2)} keer die schommeling. Dan lijkt van elke 10 {areas_word(facts.level)} waarin "
            "niets verandert er toch ongeveer 1 te veranderen.",
        ),
        (
            "Over gebieden, nooit over personen.",
            "U kunt hieruit niets afleiden over een bewoner, een huishouden of een adres.",
        ),
    ]


def origin(facts: Facts) -> list[tuple[str, str]]:
    """Return the origin of the figures, as label and value."""
    noise = facts.noise.of_change(np.array([500.0, 5000.0]))
    weighing = "gewogen naar inwoners" if facts.weighted else "alle gebieden tellen even zwaar"
    noise_text = (
        f"{number(noise[0])} punt bij 500 inwoners, {number(noise[1])} bij 5.000 (standaardafwijking)"
        if np.isfinite(noise).all()
        else "niet bekend"
    )
    return [
        (
            "Meting",
            f"1 januari {facts.wave}, vergeleken met {listed([span.start for span in facts.spans])}",
        ),
        (
            "Meetinstrument",
            f"Leefbaarometer {facts.edition}. Scores van een andere uitgave zijn er niet mee te vergelijken.",
        ),
        (
            "Nederland",
            f"{whole(facts.classes['country_areas'].sum())} {areas_word(facts.level)} met een score, "
            f"{whole(facts.classes['country_inhabitants'].sum())} inwoners",
        ),
        ("Uitgave", f"metingen {listed(facts.waves)}"),
        ("Niveau", areas_word(facts.level)),
        (
            "Gemiddelde score",
            f"{weighing}; {facts.followed} {areas_word(facts.level, facts.followed)} met elke keer een score",
        ),
        ("Dimensies bekend in", listed(facts.dimension_waves) or "geen enkele meting"),
        ("Inwoners geteld in", str(facts.counted) if facts.counted else UNKNOWN),
        ("Schommeling van een verandering", noise_text),
    ]
