"""Linear scales from values to positions in a drawing, with ends that can be read."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from riskmodel.products.rendering import dutch

_TIDY = (1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0)


@dataclass(frozen=True)
class Scale:
    """A linear scale from values to positions in a drawing.

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

    def position(self, value: float) -> float:
        """Return the distance of a value from the left edge."""
        return round((value - self.low) / (self.high - self.low) * self.width, 2)

    def bar(self, start: float, end: float) -> dict[str, float]:
        """Return the left edge and the width of a bar between two values."""
        left, right = sorted((self.position(start), self.position(end)))
        return {"x": left, "width": round(right - left, 2)}


def _round_up(size: float) -> float:
    """Return the nearest tidy number that is not smaller."""
    power = 10.0 ** math.floor(math.log10(size))
    return next(step * power for step in _TIDY if step * power >= size - 1e-12)


def symmetric_scale(values: Iterable[Any], width: float) -> Scale:
    """Return a scale with zero in the middle and room for all values."""
    largest = max((abs(found) for found in map(dutch.known, values) if found is not None), default=0.0)
    end = _round_up(largest) if largest > 0 else 0.1
    return Scale(-end, end, width)
