"""Coordinates and colours of the drawings of the risk list page: steps of the map, quadrant, municipalities."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.products.risk_list.risk_list import flagged, judged
from riskmodel.workspace.safe_text import plain_text

Floats = npt.NDArray[np.float64]

#: Steps of the map as multiples of the limit of *dreigt*: light below it, dark above.
STEPS = (0.25, 0.5, 1.0, 2.0)
#: Step of an area without a verdict.
NO_STEP = len(STEPS) + 1
#: From so many municipalities on, each is one among others.
MANY_TOWNS = 20


@dataclass(frozen=True)
class Quadrant:
    """Coordinates of every area: score now from left to right, chance of decline from below.

    Attributes
    ----------
    width, height : float
        Size of the drawing.
    x, y : numpy.ndarray, shape (areas,)
        Point of every area; NaN where it is not known or the area is too small for a verdict.
    split, limit : float
        x of the line between *nu onder druk* and the rest, and y of the limit of *dreigt*.
    ticks : tuple of (float, float)
        Chance and y of the marks along the side.
    """

    width: float
    height: float
    x: Floats
    y: Floats
    split: float
    limit: float
    ticks: tuple[tuple[float, float], ...]


def steps_of(rows: pd.DataFrame, limit: float) -> npt.NDArray[np.int64]:
    """Return the step of colour of every area."""
    chance = rows["chance"].to_numpy(float)
    steps = np.searchsorted(np.array(STEPS) * limit, chance, side="right")
    return np.where(judged(rows), steps, NO_STEP)


def step_limits(limit: float) -> tuple[float, ...]:
    """Return the chances between the steps of colour."""
    return tuple(step * limit for step in STEPS)


def quadrant(rows: pd.DataFrame, limit: float, width: float = 600.0, height: float = 420.0) -> Quadrant:
    """Return the areas in the quadrant.

    The side has a square-root scale: most areas have a small chance and would lie on one another.
    """
    score, chance = rows["score"].to_numpy(float), rows["chance"].to_numpy(float)
    known = np.isfinite(score) & judged(rows)
    pressed = flagged(rows, "under_pressure") & known
    low, high = (score[known].min(), score[known].max()) if known.any() else (0.0, 1.0)
    room = 0.08 * max(high - low, 0.05)
    low, high = low - room, high + room
    if pressed.any() and (known & ~pressed).any():
        split = (score[pressed].max() + score[known & ~pressed].min()) / 2
    else:
        # Without areas on one side its corner is only a strip, but it is there, with its count of zero.
        split = high if pressed.any() else low
        low, high = (low, high + room) if pressed.any() else (low - room, high)
    top = max(1.15 * (chance[known].max() if known.any() else 0.0), 2.5 * limit)
    rise = height / math.sqrt(top)
    x = (score - low) / (high - low) * width
    y = height - np.sqrt(np.clip(chance, 0.0, None)) * rise
    marks = [mark for mark in (0.01, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8) if mark < top]
    return Quadrant(
        width=width,
        height=height,
        x=np.where(known, x, np.nan).round(1),
        y=np.where(known, y, np.nan).round(1),
        split=round((split - low) / (high - low) * width, 1),
        limit=round(height - math.sqrt(limit) * rise, 1),
        ticks=tuple((mark, round(height - math.sqrt(mark) * rise, 1)) for mark in marks),
    )


def corner_counts(rows: pd.DataFrame) -> dict[str, int]:
    """Count the areas in the four corners of the quadrant; an area without a verdict is in none."""
    shown = rows[judged(rows)]
    pressed, threatened = flagged(shown, "under_pressure"), flagged(shown, "threatens")
    return {
        "both": int((pressed & threatened).sum()),
        "threat": int((~pressed & threatened).sum()),
        "pressure": int((pressed & ~threatened).sum()),
        "none": int((~pressed & ~threatened).sum()),
    }


def towns(counted: pd.DataFrame, own: Collection[str]) -> list[dict[str, Any]]:
    """Return the municipalities with their counts, highest share first."""
    if len(counted) < 2:
        return []
    return [
        {str(key): value for key, value in row.items()}
        | {"name": plain_text(row["name"]), "own": row["name"] in own}
        for row in counted.to_dict("records")
    ]


def among_others(found: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Compare the one municipality of a list with all others; None for several, or without others."""
    own, others = [each for each in found if each["own"]], [each for each in found if not each["own"]]
    if len(own) != 1 or not others:
        return None
    share = own[0]["share"]
    return {key: own[0][key] for key in ("name", "areas", "threatens")} | {
        "lower": sum(each["share"] < share for each in others),
        "same": sum(each["share"] == share for each in others),
        "higher": sum(each["share"] > share for each in others),
        "all": len(others),
    }


def town_dots(found: list[dict[str, Any]], width: float = 600.0, size: float = 7.0) -> list[dict[str, Any]]:
    """Return one dot a municipality along its share, dots of about the same share on top of one another."""
    if len(found) < MANY_TOWNS:
        return []
    piles: dict[int, int] = {}
    placed = []
    for town in found:
        pile = round(town["share"] * width / size)
        height = piles.get(pile, 0)
        piles[pile] = height + 1
        placed.append(town | {"x": round(pile * size, 1), "y": height})
    # A pile of many dots is pressed together rather than drawn off the page.
    steps = {pile: min(size, 165.0 / many) for pile, many in piles.items()}
    dots = [town | {"y": round(steps[round(town["x"] / size)] * (town["y"] + 0.5), 1)} for town in placed]
    return sorted(dots, key=lambda town: bool(town["own"]))
