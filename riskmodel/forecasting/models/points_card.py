"""Quantities of a points card, in words and units that people read, and the card as tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.panel.panel import FloatArray

MINUS = "\N{MINUS SIGN}"


@dataclass(frozen=True)
class Quantity:
    """A feature as people read it.

    Attributes
    ----------
    label : str
        Plain Dutch.
    decimals : int
        Decimals with which it is shown.
    rounded : callable
        Rounds values in the unit that people read to readable numbers.
    to_reader, to_feature : callable
        From the feature to that unit and back.
    """

    label: str
    decimals: int
    rounded: Callable[[FloatArray], FloatArray]
    to_reader: Callable[[FloatArray], FloatArray] = np.array
    to_feature: Callable[[FloatArray], FloatArray] = np.array

    def text(self, value: float) -> str:
        """A value in Dutch digits."""
        digits = f"{value:,.{self.decimals}f}".translate(str.maketrans(",.", ".,"))
        return digits.replace("-", MINUS)


@dataclass(frozen=True)
class Card:
    """A points card.

    Attributes
    ----------
    more_than : float
        The fall it is about, in score points.
    bands : pandas.DataFrame
        Columns ``feature, label, from, to`` (in the unit that people read, ``to`` not included; NaN at the open
        ends), ``band`` (the same in Dutch), ``points`` and ``unknown`` (whether an unknown value counts as this
        band). A feature that was never known in training has one band, worth nothing.
    chances : pandas.DataFrame
        Columns ``from, to`` (totals, both included), ``chance_from, chance_to`` (chance of the fall at these
        totals), ``examples`` and ``fell`` (training examples with such a total, and how many of them fell).
    """

    more_than: float
    bands: pd.DataFrame
    chances: pd.DataFrame

    def as_markdown(self) -> str:
        """Both tables in plain Dutch."""
        lines = ["| kenmerk | waarde | punten |", "|---|---|--:|"]
        previous = ""
        for label, band, points, unknown in zip(
            *(self.bands[key].tolist() for key in ("label", "band", "points", "unknown")), strict=True
        ):
            first, previous = "" if label == previous else label, label
            lines.append(f"| {first} | {band}{' (ook: onbekend)' if unknown else ''} | {points} |")
        fall = f"{self.more_than:g}".replace(".", ",")
        lines += ["", f"| totaal | kans op een daling van meer dan {fall} | voorbeelden | daarvan gedaald |"]
        lines += ["|---|---|--:|--:|"]
        for first, last, low, high, examples, fell in self.chances.itertuples(index=False):
            span = f"{first}" if first == last else f"{first} tot en met {last}"
            lines.append(
                f"| {span} | {_percent(low)} tot {_percent(high)} | {_count(examples)} | {_count(fell)} |"
            )
        return "\n".join(lines) + "\n"


def bands_of(feature: str, cuts: Sequence[float], points: Sequence[int], middle: int) -> pd.DataFrame:
    """Rows of :attr:`Card.bands` for one feature."""
    quantity = QUANTITIES[feature]
    texts = [quantity.text(cut) for cut in cuts]
    words = [
        f"minder dan {texts[0]}" if texts else "alle waarden",
        *(f"{one} tot {other}" for one, other in pairwise(texts)),
        *([f"{texts[-1]} of meer"] if texts else []),
    ]
    return pd.DataFrame(
        {
            "feature": feature,
            "label": quantity.label,
            "from": [np.nan, *cuts],
            "to": [*cuts, np.nan],
            "band": words,
            "points": points,
            "unknown": np.arange(len(points)) == middle,
        }
    )


def _to_multiple(values: FloatArray, unit: float) -> FloatArray:
    # Dividing by the inverse keeps .07 at .07, where multiplying by .01 would not.
    return np.rint(values / unit) / round(1 / unit) + 0.0


def _to_two_digits(values: FloatArray) -> FloatArray:
    """Round to two significant digits, and never below 1."""
    least = np.maximum(values, 1.0)
    unit = 10.0 ** np.maximum(np.floor(np.log10(least)) - 1, 0)
    rounded: FloatArray = np.rint(least / unit) * unit
    return rounded


def _inhabitants(values: FloatArray) -> FloatArray:
    """Number of inhabitants behind the feature ``size.inhabitants``."""
    return 10.0**values - 10.0


def _as_size(inhabitants: FloatArray) -> FloatArray:
    """The feature ``size.inhabitants`` of a number of inhabitants."""
    return np.log10(inhabitants + 10.0)


def _percent(chance: float) -> str:
    digits = 0 if chance >= 0.1 else 1
    return f"{100 * chance:.{digits}f}%".replace(".", ",")


def _count(number: int) -> str:
    return f"{number:,}".replace(",", ".")


_hundredths, _half_hundredths = partial(_to_multiple, unit=0.01), partial(_to_multiple, unit=0.005)

#: Quantities that a card may use, in the order in which it shows them. *Stand* is the score against the country's
#: mean of the same wave; surroundings are the areas that share a border, or the others of the municipality.
QUANTITIES: dict[str, Quantity] = {
    "size.inhabitants": Quantity("aantal inwoners", 0, _to_two_digits, _inhabitants, _as_size),
    "history.level": Quantity("stand: score min het landelijk gemiddelde", 2, _hundredths),
    "history.above_own_mean": Quantity("stand min de gemiddelde stand bij eerdere metingen", 2, _hundredths),
    "history.change_last": Quantity("verandering van de stand bij de laatste meting", 2, _hundredths),
    "history.restlessness": Quantity(
        "gemiddelde verandering van de stand per meting, omhoog of omlaag", 3, _half_hundredths
    ),
    "surroundings.difference": Quantity("stand min die van de omgeving", 2, _hundredths),
}


@dataclass(frozen=True)
class Part:
    """One quantity of the card.

    Attributes
    ----------
    feature : str
        Feature name.
    cuts : tuple of float
        Lowest values of the second and later bands, in the unit that people read.
    points : tuple of int
        Of every band, lowest values first.
    middle : int
        Band of the training median; an unknown value counts as one of it.
    """

    feature: str
    cuts: tuple[float, ...]
    points: tuple[int, ...]
    middle: int

    def __post_init__(self) -> None:
        if len(self.points) != len(self.cuts) + 1 or not 0 <= self.middle < len(self.points):
            raise ValueError(f"{self.feature}: {len(self.points)} bands for {len(self.cuts)} cuts")
        if any(one >= other for one, other in pairwise(self.cuts)):
            raise ValueError(f"{self.feature}: cuts that do not ascend")

    def band(self, values: FloatArray) -> npt.NDArray[np.intp]:
        """Band of each value of the feature, shape of ``values``."""
        cuts = QUANTITIES[self.feature].to_feature(np.array(self.cuts, dtype=float))
        found = np.searchsorted(cuts, values, side="right")
        return np.where(np.isnan(values), self.middle, found)

    def points_of(self, values: FloatArray) -> npt.NDArray[np.int_]:
        """Points of each value of the feature, shape of ``values``."""
        return np.array(self.points)[self.band(values)]
