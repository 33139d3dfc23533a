"""Numbers in Dutch, and values of indicators in their units with the decimals that are written of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

MINUS = "\N{MINUS SIGN}"
#: How a unit is written: decimals and factor.
UNITS: dict[str, tuple[int, float]] = {
    "percent": (1, 1.0),
    "%": (1, 1.0),
    "thousand euro": (0, 1000.0),
    "km": (1, 1.0),
    "persons": (0, 1.0),
    "households": (0, 1.0),
    "dwellings": (0, 1.0),
    "number": (0, 1.0),
    "class": (0, 1.0),
    "score points": (3, 1.0),
    "points": (3, 1.0),
}
#: Other units, and rates.
PLAIN = (1, 1.0)


def decimal(value: float, decimals: int = 2, *, sign: bool = False) -> str:
    """Return a number with a decimal comma, dots between thousands and a real minus sign.

    Examples
    --------
    >>> decimal(-1234.5, 1), decimal(0.05, sign=True)
    ('−1.234,5', '+0,05')
    """
    rounded = round(float(value), decimals)
    digits = f"{abs(rounded):,.{decimals}f}".translate(str.maketrans(",.", ".,"))
    return (MINUS if rounded < 0 else "+" if sign and rounded > 0 else "") + digits


@dataclass(frozen=True)
class Amount:
    """A value in its unit, as a sentence carries it.

    Attributes
    ----------
    value : float
        In ``unit``; NaN where it is not known.
    unit : str
        Of the catalogue.
    signed : bool
        Whether a rise is written with its sign.
    """

    value: float
    unit: str
    signed: bool = False

    @property
    def shown(self) -> float | None:
        """The number that is written, rounded to its decimals; None where the value is not known."""
        if not math.isfinite(self.value):
            return None
        decimals, factor = UNITS.get(self.unit, PLAIN)
        scaled = self.value * factor
        return round(scaled, 0 if self.unit in ("percent", "%") and abs(scaled) >= 9.95 else decimals)

    @property
    def decimals(self) -> int:
        """Decimals that are written; a whole percentage has none."""
        whole = self.unit in ("percent", "%") and (self.shown or 0.0).is_integer()
        return 0 if whole else UNITS.get(self.unit, PLAIN)[0]
