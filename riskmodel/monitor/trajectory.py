"""How a group of areas developed, beside the rest of the country and beside comparable areas.

Only areas measured in every wave are followed, and each weighs as much as it had inhabitants in one base year:
a group's score then moves because areas change, not because areas come and go or people move between them.
A difference between a group and comparable areas is a difference in figures; it says nothing about what caused it.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.errors import InputError
from riskmodel.monitor.measured import Measured
from riskmodel.panel.noise import estimate_noise
from riskmodel.panel.panel import FloatArray

Weight = Literal["inhabitants", "areas"]
BoolArray = npt.NDArray[np.bool_]

#: Classes 1 to 3, 4, and 5 to 9.
SHARES: dict[str, tuple[int, int]] = {"onvoldoende": (1, 3), "zwak": (4, 4), "voldoende": (5, 9)}
#: Comparable areas taken for each area of a group.
NEIGHBOURS = 5


def trajectory(
    measured: Measured,
    chosen: BoolArray,
    *,
    weight: Weight = "inhabitants",
    base_year: int | None = None,
    matched: FloatArray | None = None,
    constant: bool = True,
) -> pd.DataFrame:
    """Scores and class shares of a group, the rest and comparable areas, measurement by measurement.

    Parameters
    ----------
    measured : Measured
        The measurements.
    chosen : numpy.ndarray of bool, shape (areas,)
        The group.
    weight : {"inhabitants", "areas"}
        Whether an area weighs by its inhabitants in the base year, or every area the same. Areas without a count,
        or with none, are left out of ``"inhabitants"``.
    base_year : int, optional
        Measurement whose inhabitants are the weights, by default the last.
    matched : numpy.ndarray, shape (areas,), optional
        Weights of comparable areas as :func:`comparable` gives them.
    constant : bool
        Whether only areas measured in every wave are followed.

    Returns
    -------
    pandas.DataFrame
        One row a part (``group``, ``rest``, ``comparable``, ``all``) and wave: ``part, wave, areas, inhabitants,
        score, deviation, sd, standard_error, change_first, change_previous``, the shares (0 to 1)
        ``onvoldoende, zwak, voldoende`` with the counts of areas behind them ``onvoldoende_areas, ...``, and
        ``left_out``: areas of the part not followed because a measurement or count is missing. ``sd`` is the
        spread between areas; ``standard_error`` how far the mean would lie off if measured again.
    """
    if chosen.shape != measured.areas.shape:
        raise InputError("group", f"{chosen.shape} marks", f"one an area: {measured.areas.shape}")
    base = measured.column(measured.waves[-1] if base_year is None else base_year)
    inhabitants = measured.inhabitants[:, base]
    weights = _weights(inhabitants, weight)
    noise = _noise(measured, inhabitants)
    parts: dict[str, FloatArray] = {"group": weights * chosen, "rest": weights * ~chosen}
    if matched is not None:
        parts["comparable"] = matched
    parts["all"] = weights
    belongs = {"group": chosen, "rest": ~chosen, "comparable": parts.get("comparable", weights) > 0}
    frames = [
        _part(
            measured, name, each, belongs.get(name, np.ones(len(chosen), dtype=bool)), inhabitants, noise, constant
        )
        for name, each in parts.items()
    ]
    return pd.concat(frames, ignore_index=True)


def _weights(inhabitants: FloatArray, weight: Weight) -> FloatArray:
    if weight == "areas":
        return np.ones(len(inhabitants))
    if weight != "inhabitants":
        raise InputError("weight", repr(weight), "inhabitants or areas")
    return np.nan_to_num(inhabitants, nan=0.0)


def _noise(measured: Measured, inhabitants: FloatArray) -> FloatArray:
    """Jitter of one measurement of every area; NaN where there are too few areas or waves to tell."""
    try:
        return estimate_noise(measured.score, inhabitants).of_score(inhabitants)
    except InputError:
        return np.full(len(inhabitants), np.nan)


def _part(
    measured: Measured,
    name: str,
    weights: FloatArray,
    belongs: BoolArray,
    inhabitants: FloatArray,
    noise: FloatArray,
    constant: bool,
) -> pd.DataFrame:
    there = ~np.isnan(measured.score) & (weights > 0)[:, None]
    if constant:
        there = np.broadcast_to(np.asarray(there.all(axis=1))[:, None], there.shape)
    load = np.where(there, weights[:, None], 0.0)
    total = load.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        load = load / total
    score = np.where(there, measured.score, 0.0)
    mean = (load * score).sum(axis=0)
    classes = np.where(there, measured.classes, 0.0)
    in_class = {key: (classes >= low) & (classes <= high) for key, (low, high) in SHARES.items()}
    return pd.DataFrame(
        {
            "part": name,
            "wave": measured.waves,
            "areas": there.sum(axis=0),
            "inhabitants": np.where(there, np.nan_to_num(inhabitants)[:, None], 0.0).sum(axis=0),
            "score": mean,
            "deviation": mean - measured.base,
            "sd": np.sqrt((load * (score - mean) ** 2).sum(axis=0)),
            "standard_error": np.sqrt((load**2 * np.where(there, noise[:, None] ** 2, 0.0)).sum(axis=0)),
            "change_first": mean - mean[0],
            "change_previous": np.diff(mean, prepend=np.nan),
            **{key: (load * inside).sum(axis=0) for key, inside in in_class.items()},
            **{f"{key}_areas": inside.sum(axis=0) for key, inside in in_class.items()},
            "left_out": belongs.sum() - there.sum(axis=0),
        }
    )


def comparable(measured: Measured, chosen: BoolArray, base_wave: int, urbanity: FloatArray) -> FloatArray:
    """Weights of areas outside a group that resembled it at one measurement.

    Parameters
    ----------
    measured : Measured
        The measurements.
    chosen : numpy.ndarray of bool, shape (areas,)
        The group.
    base_wave : int
        Measurement at which areas must look alike.
    urbanity : numpy.ndarray, shape (areas,)
        Degree of urbanisation, 1 (very high) to 5 (none).

    Returns
    -------
    numpy.ndarray, shape (areas,)
        Weight of every area outside the group; they add up to the inhabitants of the group.
    """
    weights, _ = match(measured, chosen, base_wave, urbanity)
    return weights


def match(
    measured: Measured, chosen: BoolArray, base_wave: int, urbanity: FloatArray
) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """Weights as :func:`comparable`, and the nearest areas of each followed area of the group."""
    base = measured.column(base_wave)
    followed = ~np.isnan(measured.score).any(axis=1) & ~np.isnan(urbanity)
    followed &= np.nan_to_num(measured.inhabitants[:, -1]) > 0
    inside, outside = np.flatnonzero(chosen & followed), np.flatnonzero(~chosen & followed)
    distance = np.abs(measured.score[inside, base][:, None] - measured.score[outside, base][None, :])
    distance = distance + 1000.0 * np.abs(np.rint(urbanity[inside])[:, None] - np.rint(urbanity[outside])[None, :])
    nearest = outside[np.argsort(distance, axis=1, kind="stable")[:, :NEIGHBOURS]]
    weights = np.zeros(len(chosen))
    share = measured.inhabitants[inside, -1] / nearest.shape[1]
    np.add.at(weights, nearest, share[:, None])
    return weights, nearest
