"""Values of indicators in plain Dutch: decimal comma, dots between thousands, a real minus sign."""

from __future__ import annotations

import math

MINUS = "\N{MINUS SIGN}"
#: How a unit is written: template, decimals, factor.
UNITS: dict[str, tuple[str, int, float]] = {
    "percent": ("{}%", 0, 1.0),
    "%": ("{}%", 0, 1.0),
    "thousand euro": ("\N{EURO SIGN} {}", 0, 1000.0),
    "km": ("{} km", 1, 1.0),
    "persons": ("{}", 0, 1.0),
    "households": ("{}", 0, 1.0),
    "dwellings": ("{}", 0, 1.0),
    "number": ("{}", 0, 1.0),
    "class": ("{}", 0, 1.0),
    "score points": ("{}", 3, 1.0),
    "points": ("{} punt", 3, 1.0),
}
#: Other units, and rates: a number with one decimal.
PLAIN = ("{}", 1, 1.0)


def amount(value: float, unit: str, *, sign: bool = False) -> str:
    """Write a value in its unit."""
    if not math.isfinite(value):
        return ""
    template, decimals, factor = UNITS.get(unit, PLAIN)
    scaled = value * factor
    if "%" in template and abs(scaled) < 9.95:
        decimals = 1
    rounded = round(scaled, decimals)
    digits = f"{abs(rounded):,.{decimals}f}".translate(str.maketrans(",.", ".,"))
    if "%" in template:
        digits = digits.removesuffix(",0")
    mark = MINUS if rounded < 0 else "+" if sign and rounded > 0 else ""
    return mark + template.format(digits)
