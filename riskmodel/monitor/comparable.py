"""Comparable areas: areas outside a group that resembled it at one measurement.

Every area of the group gets the areas outside it whose score was nearest at the base measurement, among areas of
the same urbanity (the nearest class where a class has too few). Nothing is drawn by lot: the same data give the
same areas. Such areas show what happened elsewhere with a score like the group's. They do not show a cause: the
group may differ from them in many other ways. Areas that are not on a list are among them too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from riskmodel.errors import InputError
from riskmodel.monitor.development import inhabitants_at
from riskmodel.monitor.measured import Measured
from riskmodel.panel.panel import FloatArray

Weight = Literal["inhabitants", "areas"]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

#: Comparable areas taken for each area of a group.
NEIGHBOURS = 5


@dataclass(frozen=True)
class Match:
    """Areas of a group and the areas that resembled them.

    Attributes
    ----------
    group : numpy.ndarray of int, shape (followed,)
        Indices of the areas of the group that were measured in every wave and have a weight and an urbanity.
    nearest : numpy.ndarray of int, shape (followed, neighbours)
        For each, indices of the areas outside the group that resembled it most, nearest first.
    weights : numpy.ndarray, shape (areas,)
        Weight of every area as a comparable one; together as much as the group.
    """

    group: IntArray
    nearest: IntArray
    weights: FloatArray


def weights_of(measured: Measured, weight: Weight) -> FloatArray:
    """Return the weight of every area at the last measurement, shape (areas,), never NaN."""
    if weight == "areas":
        return np.ones(len(measured.areas))
    if weight != "inhabitants":
        raise InputError("weight", repr(weight), "inhabitants or areas")
    people = np.nan_to_num(inhabitants_at(measured, measured.waves[-1]))
    if not (people > 0).any():
        raise InputError("weight", "no area with inhabitants", "some", "Ingest KWB files, or weigh by areas.")
    return people


def followed(measured: Measured, weights: FloatArray) -> BoolArray:
    """Return the areas with a weight and a score in every wave in which any area has one, shape (areas,)."""
    waves = ~np.isnan(measured.score).all(axis=0)
    complete: BoolArray = ~np.isnan(measured.score[:, waves]).any(axis=1) & (weights > 0)
    return complete


def checked(measured: Measured, chosen: BoolArray) -> BoolArray:
    """Return the mask of a group; refuse one of the wrong shape, empty or of all areas."""
    marks = np.asarray(chosen)
    if marks.shape != measured.areas.shape or marks.dtype != bool:
        raise InputError(
            "group",
            f"{marks.dtype} marks of shape {marks.shape}",
            f"true or false for {len(measured.areas)} areas",
        )
    if not marks.any() or marks.all():
        raise InputError("group", f"{int(marks.sum())} of {len(marks)} areas", "some areas, not all")
    return marks


def match(
    measured: Measured,
    chosen: BoolArray,
    base_wave: int,
    urbanity: FloatArray,
    *,
    weight: Weight = "inhabitants",
) -> Match:
    """Return the areas that resembled a group at one measurement.

    ``urbanity`` is 1 (very high) to 5 (none), shape (areas,); rounded to whole classes.
    """
    chosen = checked(measured, chosen)
    if urbanity.shape != measured.areas.shape:
        raise InputError("urbanity", f"shape {urbanity.shape}", f"one value an area: {measured.areas.shape}")
    base = measured.score[:, measured.column(base_wave)]
    weights = weights_of(measured, weight)
    usable = followed(measured, weights) & ~np.isnan(urbanity) & ~np.isnan(base)
    inside, outside = np.flatnonzero(chosen & usable), np.flatnonzero(~chosen & usable)
    if not len(inside) or len(outside) < NEIGHBOURS:
        raise InputError(
            "comparable areas",
            f"{len(inside)} areas of the group and {len(outside)} others with every score and an urbanity",
            f"at least 1 and {NEIGHBOURS}",
        )
    classes = np.rint(urbanity)
    apart = np.abs(classes[inside][:, None] - classes[outside][None, :])
    gaps = np.abs(base[inside][:, None] - base[outside][None, :])
    order = np.lexsort((np.broadcast_to(outside, gaps.shape), gaps, apart), axis=1)[:, :NEIGHBOURS]
    share = weights[inside] / NEIGHBOURS
    spread = np.zeros(len(weights))
    np.add.at(spread, outside[order], share[:, None])
    return Match(inside, outside[order], spread)
