"""Numbers, dates, level names and fixed sentences in Dutch, shared by all products."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd

from riskmodel.catalogue.units import decimal

#: The text of a missing number.
UNKNOWN = "onbekend"

#: Singular and plural of the areas of a level; ``"groep"`` is a group of them in a survey.
LEVELS = {
    "wijk": ("wijk", "wijken"),
    "buurt": ("buurt", "buurten"),
    "gemeente": ("gemeente", "gemeenten"),
    "pc4": ("postcodegebied", "postcodegebieden"),
    "grid": ("vierkant", "vierkanten"),
    "groep": ("groep", "groepen"),
}

# fmt: off
MONTHS = (
    "januari", "februari", "maart", "april", "mei", "juni",
    "juli", "augustus", "september", "oktober", "november", "december",
)
# fmt: on

#: The warning on every format of a list whose data is invented.
EXAMPLE = "Deze gebieden en cijfers zijn verzonnen. Ze gaan niet over echte plaatsen."

#: What a risk list does not say: a heading and one or two plain sentences each.
LIMITS: tuple[tuple[str, str], ...] = (
    (
        "Een signaal, geen oordeel.",
        "De cijfers zijn een schatting van een statistisch model. Ook een gebied met een hoge kans "
        "kan gelijk blijven of vooruitgaan. En een gebied dat laag staat, kan toch aandacht nodig hebben.",
    ),
    (
        "Geen oorzaak.",
        "De bijdragen laten zien welke gegevens de verwachting van het model veranderen. "
        "Dat is iets anders dan een oorzaak: aan zo'n knop draaien helpt niet vanzelf.",
    ),
    (
        "Over gebieden, nooit over personen.",
        "U kunt uit deze lijst niets afleiden over een bewoner, een huishouden of een adres.",
    ),
    (
        "Het model kent uw plannen niet.",
        "Het werkt met landelijke gegevens. Wat er in de wijk is afgesproken, gebouwd of gebeurd, "
        "weten mensen ter plaatse beter.",
    ),
    (
        "Mensen beslissen.",
        "Gebruik de lijst om te kiezen waar u gaat kijken en praten. Neem geen maatregel alleen op "
        "grond van deze lijst.",
    ),
)


def known(value: Any) -> float | None:
    """Return a value as a number; None when it is missing or not finite."""
    if value is None or pd.isna(value):
        return None
    result = float(value)
    return result if math.isfinite(result) else None


def is_true(value: Any) -> bool:
    """Return whether a flag is set; a missing flag is not."""
    return value is not None and not pd.isna(value) and bool(value)


def number(value: Any, decimals: int = 3) -> str:
    """Return a number with a decimal comma and dots between thousands."""
    found = known(value)
    return UNKNOWN if found is None else decimal(found, decimals)


def signed(value: Any, decimals: int = 3) -> str:
    """Return a change: always with its sign, except for zero."""
    found = known(value)
    return UNKNOWN if found is None else decimal(found, decimals, sign=True)


def whole(value: Any) -> str:
    """Return a count without decimals."""
    return number(value, 0)


def shortest(value: float) -> str:
    """Return a number with as many decimals as it has.

    Examples
    --------
    >>> shortest(0.05), shortest(2.0)
    ('0,05', '2')
    """
    return f"{value:g}".replace(".", ",")


def share(value: Any, decimals: int = 0) -> str:
    """Return a share as a percentage; unlike a chance it may be none or all.

    Examples
    --------
    >>> share(0.4567, 1), share(0.0), share(1.0), share(None)
    ('45,7%', '0%', '100%', 'onbekend')
    """
    found = known(value)
    return UNKNOWN if found is None else f"{decimal(100 * found, decimals)}%"


def percent(value: Any, decimals: int = 0) -> str:
    """Return a chance as a percentage, never as certain or impossible."""
    found = known(value)
    if found is None:
        return UNKNOWN
    step = 10.0**-decimals
    rounded = round(100 * found, decimals)
    if rounded <= 0:
        return f"minder dan {decimal(step, decimals)}%"
    if rounded >= 100:
        return f"meer dan {decimal(100 - step, decimals)}%"
    return f"{decimal(rounded, decimals)}%"


def percent_short(value: Any) -> str:
    """Return a limit as a percentage with one decimal, without a decimal of zero."""
    return percent(value, 1).replace(",0%", "%")


def one_in(value: Any) -> str:
    """Return a chance as one in so many."""
    found = known(value)
    if found is None or found <= 0:
        return UNKNOWN
    return f"1 op de {whole(1 / found)}"


def yes_no(value: Any) -> str:
    """Return a flag in words."""
    if value is None or pd.isna(value):
        return UNKNOWN
    return "ja" if bool(value) else "nee"


def day_words(day: date) -> str:
    """Return a date in full."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def level_words(level: str) -> tuple[str, str]:
    """Return singular and plural of the areas of a level."""
    return LEVELS.get(level, ("gebied", "gebieden"))


def areas_word(level: str, count: float = 2) -> str:
    """Return the word for so many areas of a level."""
    one, more = level_words(level)
    return one if count == 1 else more


def count_of(count: float, level: str) -> str:
    """Return a number of areas with their name.

    Examples
    --------
    >>> count_of(1, "wijk"), count_of(1200, "wijk"), count_of(3, "pc4")
    ('1 wijk', '1.200 wijken', '3 postcodegebieden')
    """
    return f"{whole(count)} {areas_word(level, count)}"


def listed(words: Sequence[object]) -> str:
    """Join words with commas and *en*.

    Examples
    --------
    >>> listed(["a"]), listed([2014, 2018, 2020])
    ('a', '2014, 2018 en 2020')
    """
    texts = [str(word) for word in words]
    return " en ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)
