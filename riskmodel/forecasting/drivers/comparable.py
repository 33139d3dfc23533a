"""Comparable areas: alike in score, size, urbanity, homes and growth when a forecast starts.

A contribution relative to the country mostly shows that a village is no city. Relative to areas like it, it shows
what sets this one apart. Codes and names play no part in the likeness; the municipality only decides that
comparable areas come from elsewhere, for a reader knows those of the own municipality already.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from riskmodel.forecasting.features import log_inhabitants
from riskmodel.forecasting.growth import BUILDING, FAST_GROWTH, growth
from riskmodel.panel.panel import FloatArray, Panel

#: Comparable areas of each area.
COMPARABLE = 10
#: Indicators of the homes of an area and of who they are built for. What is not known tells no areas apart.
HOMES = ("won", "owner_occupied", "household_size", "age_65_plus")
#: Rows whose distances to all others are in memory at once.
BLOCK = 512
#: Added to a distance within the own municipality: such areas come after all others.
ELSEWHERE_FIRST = 1e6


def traits_of(known: Panel, wave: int) -> FloatArray:
    """Traits by which areas are compared, standardised over the country, shape (areas, traits).

    Score, size, urbanity, homes, and growth of inhabitants and dwellings, of which all beyond that of a building
    site is alike.
    """
    size = log_inhabitants(known.latest("population"))
    built = (np.clip(growth(known, name), -FAST_GROWTH, FAST_GROWTH) for name in BUILDING)
    columns = (known.at("score", wave), size, known.latest("urbanity"), *map(known.latest, HOMES), *built)
    return np.column_stack([_standardised(column) for column in columns])


def nearest_areas(
    traits: FloatArray,
    groups: npt.NDArray[np.str_],
    k: int = COMPARABLE,
    of: npt.NDArray[np.intp] | None = None,
) -> npt.NDArray[np.intp]:
    """The rows most like each row, nearest first."""
    asked = np.arange(len(traits)) if of is None else of
    k = max(min(k, len(traits) - 1), 0)
    found = np.empty((len(asked), k), dtype=np.intp)
    if k == 0:
        return found
    members = np.unique(groups, return_inverse=True)[1]
    named = groups != ""
    for first in range(0, len(asked), BLOCK):
        rows = asked[first : first + BLOCK]
        distance = np.sqrt(((traits[rows, None, :] - traits[None, :, :]) ** 2).sum(axis=2))
        same = (members[rows, None] == members[None, :]) & named[rows, None]
        distance = distance + ELSEWHERE_FIRST * same
        distance[np.arange(len(rows)), rows] = np.inf
        found[first : first + len(rows)] = _smallest(distance, k)
    return found


def _smallest(distance: FloatArray, k: int) -> npt.NDArray[np.intp]:
    """Columns of the k smallest values of each row, ascending, ties in order of column."""
    limit = np.partition(distance, k - 1, axis=1)[:, k - 1 : k]
    below = distance < limit
    tie = distance == limit
    room = k - below.sum(axis=1, keepdims=True)
    chosen = below | (tie & (np.cumsum(tie, axis=1) <= room))
    columns = np.nonzero(chosen)[1].reshape(len(distance), k)
    order = np.argsort(np.take_along_axis(distance, columns, axis=1), axis=1, kind="stable")
    return np.take_along_axis(columns, order, axis=1)


def _standardised(values: FloatArray) -> FloatArray:
    known = ~np.isnan(values)
    if not known.any():
        return np.zeros(len(values))
    centre, spread = values[known].mean(), values[known].std()
    return np.where(known, (values - centre) / (spread if spread > 0 else 1.0), 0.0)
