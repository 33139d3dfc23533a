"""Which areas to visit: the top of the list, and random visits to the rest.

A list that is only checked at its top confirms itself: nobody ever looks where the model expects nothing. So a
share of the capacity goes to areas drawn at random from the rest: of 20 visits with a share of 10%, 18 are the top
of the list and 2 are drawn. With known chances of being drawn, what is found there tells how much the list misses
(:mod:`riskmodel.products.outcomes`).

The seed follows from the forecast, the municipalities, the capacity and the share. Nobody can draw again until
the outcome pleases, and anybody can draw the same areas again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskmodel.errors import InputError
from riskmodel.panel.panel import FloatArray
from riskmodel.products.risk_list.texts import Sentence

#: Share of the visits that is drawn at random.
RANDOM_SHARE = 0.10
#: From this capacity on at least one visit is drawn: with fewer visits one would be a large part.
AT_LEAST_ONE_FROM = 5

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Visits:
    """Areas of a list that are visited, and the chance that each had of it.

    Attributes
    ----------
    top : numpy.ndarray of bool, shape (areas,)
        Visited because of their rank.
    drawn : numpy.ndarray of bool, shape (areas,)
        Visited because they were drawn.
    inclusion : numpy.ndarray, shape (areas,)
        Chance of being visited under this design: 1 for the top, the same for every other area that is large
        enough, 0 for areas that are too small.
    """

    top: BoolArray
    drawn: BoolArray
    inclusion: FloatArray


def random_visits_count(capacity: int, share: float = RANDOM_SHARE) -> int:
    """Return how many visits are drawn: the share of the capacity, rounded, and at least 1 from 5 visits on.

    Examples
    --------
    >>> [random_visits_count(capacity) for capacity in (3, 5, 14, 15, 40)]
    [0, 1, 1, 2, 4]
    """
    if not 0 <= share <= 1:
        raise InputError("--audit-share", f"{share:g}", "a share from 0 to 1, such as 0.1")
    if share == 0:
        return 0
    # Halves go up: Python's own rounding would give 2 for both 1.5 and 2.5.
    rounded = int(np.floor(share * capacity + 0.5 + 1e-9))
    return min(max(rounded, int(capacity >= AT_LEAST_ONE_FROM)), capacity)


def plan_visits(
    unfit: BoolArray,
    capacity: int | None,
    share: float = RANDOM_SHARE,
    seed: int = 0,
    worth: BoolArray | None = None,
) -> Visits:
    """Divide the visits over the top of a list and a random draw from the rest.

    Parameters
    ----------
    unfit : numpy.ndarray of bool, shape (areas,)
        Areas that are never visited, such as those too small to say anything.
    capacity : int, optional
        How many areas can be visited; by default all.
    share : float
        Part of the visits that is drawn.
    seed : int
        Of the draw.
    worth : numpy.ndarray of bool, shape (areas,), optional
        Areas that can be at the top; by default all that are fit. With fewer of them than visits, some are left.
    """
    if capacity is not None and capacity < 1:
        raise InputError("--capacity", str(capacity), "at least 1 area")
    fit = np.flatnonzero(~unfit)
    best = fit if worth is None else np.flatnonzero(worth & ~unfit)
    asked = len(fit) if capacity is None else min(capacity, len(fit))
    # Where everything is visited there is no rest to draw from.
    size = random_visits_count(asked, share) if asked < len(fit) else 0
    listed = best[: asked - size]
    rest = np.setdiff1d(fit, listed) if size else fit[:0]
    top, drawn = np.zeros(len(unfit), dtype=bool), np.zeros(len(unfit), dtype=bool)
    inclusion = np.zeros(len(unfit))
    top[listed], inclusion[listed] = True, 1.0
    inclusion[rest] = size / max(len(rest), 1)
    drawn[np.random.default_rng(seed).choice(rest, size=size, replace=False)] = True
    return Visits(top, drawn, inclusion)


def list_id(wave: int, forecast_id: str, municipalities: Sequence[str], capacity: int | None, share: float) -> str:
    """Return the name of a list: its wave and a fingerprint of all that decides which areas are on it."""
    return f"{wave}-{_digest(forecast_id, municipalities, capacity, share).hex()[:10]}"


def draw_seed(forecast_id: str, municipalities: Sequence[str], capacity: int | None, share: float) -> int:
    """Return the seed of the draw, from all that decides which areas are on the list, as in :func:`list_id`."""
    # Fewer than 53 bits, so that every JSON reader gives the same number back.
    return int.from_bytes(_digest(forecast_id, municipalities, capacity, share)[-6:], "big")


def visits_notice(identity: str, seed: int, visits: Visits) -> Sentence | None:
    """Return the notice of the random visits, for a list by its name; None when nothing was drawn."""
    count = int(visits.drawn.sum())
    if not count:
        return None
    total, rest = int((visits.top | visits.drawn).sum()), int(((visits.inclusion > 0) & ~visits.top).sum())
    values = {"total": total, "count": count, "rest": rest, "list": identity, "seed": seed}
    return Sentence("notice_visit" if count == 1 else "notice_visits", values)


def _digest(forecast_id: str, municipalities: Sequence[str], capacity: int | None, share: float) -> bytes:
    parts = [forecast_id, sorted(set(municipalities)), capacity, round(float(share), 6)]
    return hashlib.sha256(json.dumps(parts).encode()).digest()
