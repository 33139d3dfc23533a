"""The range of ranks that an area could have had."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import logit

from riskmodel.forecasting.forecast import Forecast
from riskmodel.panel.panel import FloatArray

#: Share of the cases within a range of ranks.
SHARE = 0.8

IntArray = npt.NDArray[np.intp]


def rank_range(
    forecast: Forecast,
    rows: IntArray,
    draws: int = 1000,
    seed: int = 1,
    *,
    limits: FloatArray | None = None,
    last: npt.NDArray[np.bool_] | None = None,
) -> tuple[IntArray, IntArray]:
    """Return the lowest and highest rank that each area could have, in 80 of 100 cases.

    What will be measured is drawn from the forecast again and again; in every draw the areas are ranked, the
    largest fall below its limit first, and those in ``last`` at the end. The range is the shortest that holds 80%
    of an area's ranks. It can be checked once the new measurement is there: at the origins 2012 to 2018 of the
    official wijken 77 to 87% of the areas were within their range (docs/outcomes.md). A range over other seeds or
    close models would be much too narrow: most of what is not known is what the area will do.

    Areas are drawn independently. What all areas share does not change their order; what the areas of one
    municipality share makes true ranges within a country somewhat wider.

    References
    ----------
    Goldstein and Spiegelhalter (1996), "League tables and their limitations", JRSS A 159(3).
    """
    if not len(rows):
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp)
    rng = np.random.default_rng(seed)
    # Equally spaced quantiles in another order for every area: as good as many more independent draws.
    drawn = rng.permuted(quantiles_at(forecast, rows, (np.arange(draws) + 0.5) / draws), axis=1)
    if limits is not None:
        drawn = drawn - limits[:, None]
    if last is not None:
        drawn = drawn + np.where(last, np.ptp(drawn) + 1.0, 0.0)[:, None]
    order = np.argsort(drawn, axis=0)
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(1, len(rows) + 1)[:, None], axis=0)
    return shortest_range(rank)


def shortest_range(ranks: IntArray, share: float = SHARE) -> tuple[IntArray, IntArray]:
    """Return the shortest range that holds a share of the values of each row; of equals the lowest."""
    inside = int(np.ceil(share * ranks.shape[1]))
    ascending = np.sort(ranks, axis=1)
    start = np.argmin(ascending[:, inside - 1 :] - ascending[:, : ranks.shape[1] - inside + 1], axis=1)
    row = np.arange(len(ranks))
    return ascending[row, start], ascending[row, start + inside - 1]


def quantiles_at(forecast: Forecast, rows: IntArray, chances: FloatArray) -> FloatArray:
    """Return quantiles of some areas at any chances, from the inverse of the curve; shape (areas, chances)."""
    curve = forecast.curve.rows(rows)
    wanted, at = logit(chances)[None, :], curve.logits
    upto = np.zeros((len(rows), len(chances)), dtype=np.intp)
    for knot in at.T:
        upto += knot[:, None] <= wanted
    final = at.shape[1] - 1
    left, right = np.clip(upto - 1, 0, final), np.clip(upto, 0, final)
    x0, x1 = (np.take_along_axis(curve.points, side, axis=1) for side in (left, right))
    l0, l1 = (np.take_along_axis(at, side, axis=1) for side in (left, right))
    inside = (upto > 0) & (upto <= final)
    width = np.maximum(curve.points[:, -1:] - curve.points[:, :1], 1e-12)
    per_logit = np.where(inside, (x1 - x0) / np.where(inside, l1 - l0, 1.0), width / (at[:, -1:] - at[:, :1]))
    values: FloatArray = x0 + (wanted - l0) * per_logit
    return values
