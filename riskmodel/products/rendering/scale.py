"""Straight scales from values to places in a drawing, with ends that can be read."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from riskmodel.products.rendering import dutch

_TIDY = (1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0)


@dataclass(frozen=True)
class Scale:
    """A straight scale from values to places in a drawing.

    Attributes
    ----------
    low, high : float
        Values at the left and at the right edge.
    width : float
        Width of the drawing.
    """

    low: float
    high: float
    width: float

    def place(self, value: float) -> float:
        """Give the distance from the left edge for a value."""
        return round((value - self.low) / (self.high - self.low) * self.width, 2)

    def bar(self, start: float, end: float) -> dict[str, float]:
        """Give the left edge and the width of a bar between two values."""
        left, right = sorted((self.place(start), self.place(end)))
        return {"x": left, "width": round(right - left, 2)}


def _round_up(size: float) -> float:
    """Give the nearest tidy number that is not smaller, so that the ends of a scale can be read."""
    power = 10.0 ** math.floor(math.log10(size))
    return next(step * power for step in _TIDY if step * power >= size - 1e-12)


def symmetric_scale(values: Iterable[Any], width: float) -> Scale:
    """Make a scale with nought in the middle that holds all values."""
    largest = max((abs(found) for found in map(dutch.known, values) if found is not None), default=0.0)
    end = _round_up(largest) if largest > 0 else 0.1
    return Scale(-end, end, width)
