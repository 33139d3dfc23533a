"""Coordinates of the drawings of the track record: shares with intervals, and reliability diagrams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

#: Size of a panel with chances in units, and the room around it.
SIDE, LEFT, BELOW, ABOVE = 200.0, 34.0, 34.0, 22.0
#: Room for a row of shares, and the width in which they are drawn.
ROW, WIDTH, NAMES = 34.0, 420.0, 96.0
#: Chances that are written on the axes; a square-root scale shows small ones and large ones in one picture.
TICKS = (0.0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0)
#: Highest chance on the axes, unless a value is higher.
TOP = 0.3


@dataclass(frozen=True)
class Interval:
    """A value and its 95% interval.

    Attributes
    ----------
    low, high : float
        Ends of its 95% interval; NaN where none was measured.
    """

    value: float
    low: float = float("nan")
    high: float = float("nan")

    @property
    def known(self) -> bool:
        """Whether the interval was measured."""
        return not (np.isnan(self.low) or np.isnan(self.high))


@dataclass(frozen=True)
class Reliability:
    """A reliability diagram of one year, with a dot for each tenth of the areas.

    Attributes
    ----------
    year : str
        Wave of the forecast.
    size : tuple of float
        Width and height.
    ticks : tuple of tuple
        Horizontal and vertical coordinate and label of each tick.
    dots : tuple of tuple
        Coordinates of each dot and both ends of its interval: ``x, y, top, bottom``.
    rows : tuple of dict
        The same as a table: ``year, n, events, chance, observed, low, high``.
    """

    year: str
    size: tuple[float, float]
    ticks: tuple[tuple[float, float, str], ...]
    dots: tuple[tuple[float, float, float, float], ...]
    rows: tuple[dict[str, Any], ...]


def reliability(year: str, table: pd.DataFrame) -> Reliability:
    """Return the reliability diagram of one year."""
    highest = max(TOP, float(table[["mean_chance", "high95"]].max().max()))
    end = next(tick for tick in TICKS if tick >= min(highest, 1.0))
    ticks = [tick for tick in TICKS if tick <= end]

    def at(value: float) -> float:
        return float(np.sqrt(min(max(value, 0.0), end) / end) * SIDE)

    rows = tuple(
        {
            "year": year,
            "n": int(row["n"]),
            "events": int(row["n_events"]),
            "chance": row["mean_chance"],
            "observed": row["observed"],
            "low": row["low95"],
            "high": row["high95"],
        }
        for row in table.to_dict("records")
    )
    return Reliability(
        year=year,
        size=(LEFT + SIDE + 12, ABOVE + SIDE + BELOW),
        ticks=tuple(
            (round(LEFT + at(tick), 1), round(ABOVE + SIDE - at(tick), 1), f"{100 * tick:.0f}%") for tick in ticks
        ),
        dots=tuple(
            (
                round(LEFT + at(row["chance"]), 1),
                round(ABOVE + SIDE - at(row["observed"]), 1),
                round(ABOVE + SIDE - at(row["high"]), 1),
                round(ABOVE + SIDE - at(row["low"]), 1),
            )
            for row in rows
        ),
        rows=rows,
    )


def interval_rows(rows: Sequence[tuple[Interval, Interval, float]]) -> dict[str, Any]:
    """Return coordinates of shares: of the forecast with its interval, of the simple ordering, and of chance."""
    values = [value for own, simple, base in rows for value in (own.value, own.high, simple.value, base)]
    highest = max(value for value in values if not np.isnan(value))
    end = next(tick for tick in (0.1, 0.2, 0.4, 0.6, 0.8, 1.0) if tick >= min(highest, 1.0))
    step = end / 4

    def at(value: float) -> float | None:
        return None if np.isnan(value) else round(NAMES + min(value, end) / end * (WIDTH - NAMES - 16), 1)

    return {
        "width": WIDTH,
        "height": 26 + ROW * len(rows),
        "ticks": [(at(step * number), f"{100 * step * number:.0f}%") for number in range(5)],
        "rows": [
            {
                "y": 34 + ROW * index,
                "own": at(own.value),
                "low": at(own.low),
                "high": at(own.high),
                "simple": at(simple.value),
                "base": at(base),
            }
            for index, (own, simple, base) in enumerate(rows)
        ],
    }
