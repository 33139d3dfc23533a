"""Frame of a line drawing of scores over the years, in the units of an SVG; y goes down."""

from __future__ import annotations

import math
from dataclasses import dataclass

#: Steps between grid lines that can be read.
STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


@dataclass(frozen=True)
class TrendFrame:
    """Scales of a line drawing.

    Attributes
    ----------
    left, right, top, bottom : float
        Edges of the frame.
    first, last : float
        Years at the left and right edge.
    low, high : float
        Values at the bottom and the top.
    """

    left: float
    right: float
    top: float
    bottom: float
    first: float
    last: float
    low: float
    high: float

    def x(self, year: float) -> float:
        """Return the position of a year."""
        return round(
            self.left + (year - self.first) / max(self.last - self.first, 1) * (self.right - self.left), 1
        )

    def y(self, value: float) -> float:
        """Return the position of a value."""
        return round(self.top + (self.high - value) / (self.high - self.low) * (self.bottom - self.top), 1)


def grid_values(
    low: float, high: float, spaces: float, *, finest: float = STEPS[0], margin: float = 0.0
) -> list[float]:
    """Return round values around a range, at most so many spaces within it, with a margin in steps."""
    step = next((each for each in STEPS if each >= finest and (high - low) / each <= spaces), STEPS[-1])
    first, last = math.floor((low - margin * step) / step), math.ceil((high + margin * step) / step)
    return [number * step for number in range(first, last + 1)]
