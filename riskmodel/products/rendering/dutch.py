"""Numbers, dates and fixed sentences as a Dutch reader expects them, shared by every form."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import pandas as pd

#: What stands where a number is missing.
UNKNOWN = "onbekend"

#: The real minus sign: it lines up with ``+`` and screen readers say it aloud, unlike a hyphen.
MINUS = "\N{MINUS SIGN}"

# fmt: off
MONTHS = (
    "januari", "februari", "maart", "april", "mei", "juni",
    "juli", "augustus", "september", "oktober", "november", "december",
)
# fmt: on

#: What stands on every form of a list whose data is invented.
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
    """Give a number back, or None when it is missing or not finite."""
    if value is None or pd.isna(value):
        return None
    result = float(value)
    return result if math.isfinite(result) else None


def is_true(value: Any) -> bool:
    """Say whether a flag is set; a missing flag is not."""
    return value is not None and not pd.isna(value) and bool(value)


def _digits(size: float, decimals: int) -> str:
    return f"{size:,.{decimals}f}".translate(str.maketrans(",.", ".,"))


def number(value: Any, decimals: int = 3) -> str:
    """Write a number with a decimal comma and dots between thousands."""
    found = known(value)
    if found is None:
        return UNKNOWN
    rounded = round(found, decimals)
    return (MINUS if rounded < 0 else "") + _digits(abs(rounded), decimals)


def signed(value: Any, decimals: int = 3) -> str:
    """Write a change: always with its sign, except for nought."""
    found = known(value)
    text = number(value, decimals)
    return f"+{text}" if found is not None and round(found, decimals) > 0 else text


def whole(value: Any) -> str:
    """Write a count without decimals."""
    return number(value, 0)


def percent(value: Any, decimals: int = 0) -> str:
    """Write a chance as a percentage, never as certain or impossible."""
    found = known(value)
    if found is None:
        return UNKNOWN
    step = 10.0**-decimals
    rounded = round(100 * found, decimals)
    if rounded <= 0:
        return f"minder dan {_digits(step, decimals)}%"
    if rounded >= 100:
        return f"meer dan {_digits(100 - step, decimals)}%"
    return f"{_digits(rounded, decimals)}%"


def percent_short(value: Any) -> str:
    """Write a limit as a percentage with one decimal, dropping a decimal that is nought."""
    return percent(value, 1).replace(",0%", "%")


def one_in(value: Any) -> str:
    """Write a chance as one in so many."""
    found = known(value)
    if found is None or found <= 0:
        return UNKNOWN
    return f"1 op de {whole(1 / found)}"


def yes_no(value: Any) -> str:
    """Write a flag in words."""
    if value is None or pd.isna(value):
        return UNKNOWN
    return "ja" if bool(value) else "nee"


def day_words(day: date) -> str:
    """Write a date in full."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
