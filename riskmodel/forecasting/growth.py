"""Growth of areas as it was known, and which of them are building sites: their scores have a short history."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from riskmodel.panel.panel import FloatArray, Panel

#: Indicators whose growth shows building.
BUILDING = ("population", "dwellings")
#: Growth is taken over at most this many years.
SPAN = 5
#: Growth a year above which an area is a building site: half as many again in three years. Of the official wijken
#: known at the wave of 2020 (KWB of 2016 to 2019) 42 of 3,216 grew faster, such as Houthavens and Nobelhorst.
FAST_GROWTH = 0.15
#: With fewer than this at the beginning, growth is a matter of a few houses.
FEWEST = 50.0


def growth(known: Panel, indicator: str) -> FloatArray:
    """Relative growth of an indicator a year, shape (areas,), over the last :data:`SPAN` years that are known.

    NaN with fewer than two known years, and where there was next to nothing at the beginning. ``known`` is a panel
    cut off at the moment that counts.
    """
    years = known.years_of(indicator)
    recent = [year for year in years if year >= years[-1] - SPAN]
    if len(recent) < 2:
        return np.full(len(known.areas), np.nan)
    first, last = known.at(indicator, recent[0]), known.at(indicator, recent[-1])
    there = first >= FEWEST
    ratio = np.where(there, last, np.nan) / np.where(there, first, 1.0)
    return ratio ** (1 / (recent[-1] - recent[0])) - 1


def short_history(known: Panel) -> npt.NDArray[np.bool_]:
    """Areas whose inhabitants or dwellings grew by more than :data:`FAST_GROWTH` a year, shape (areas,)."""
    fast = np.column_stack([np.nan_to_num(growth(known, indicator)) for indicator in BUILDING])
    return np.asarray((fast > FAST_GROWTH).any(axis=1))
