"""Trajectory of a group of areas, beside the rest of the country and comparable areas.

Only areas measured in every wave are followed, and each is weighted by its inhabitants at the last
measurement: a group's score then moves because areas change, not because areas enter or leave or people move.
Differences with the rest, or with comparable areas, are differences between figures: they show no cause.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from riskmodel.errors import InputError
from riskmodel.monitor.comparable import BoolArray, Weight, checked, followed, weights_of
from riskmodel.monitor.development import inhabitants_at, noise_or_unknown
from riskmodel.monitor.measured import Measured
from riskmodel.panel.measurement_noise import Noise
from riskmodel.panel.panel import FloatArray

#: Groups of classes: *onvoldoende* is 1 to 3, *zwak* 4, *voldoende* or better 5 to 9.
SHARES: dict[str, tuple[int, int]] = {"onvoldoende": (1, 3), "zwak": (4, 4), "voldoende": (5, 9)}


def trajectory(
    measured: Measured,
    chosen: BoolArray | None = None,
    weight: Weight = "inhabitants",
    *,
    matched: FloatArray | None = None,
    noise: Noise | None = None,
) -> pd.DataFrame:
    """Return scores and class shares of a group, the rest and comparable areas at every measurement.

    One row a part (``group``, ``rest``, ``comparable``, ``all``) and wave. ``standard_error`` is that of the mean
    if measured again, with independent noise of the areas; ``error_first, error_previous`` are those of the
    changes. The shares are 0 to 1; ``left_out`` counts areas of the part that are not in the row.
    """
    weights = weights_of(measured, weight)
    parts: dict[str, FloatArray] = {}
    belongs: dict[str, BoolArray] = {}
    if chosen is not None:
        belongs = {"group": checked(measured, chosen), "rest": ~chosen}
        parts = {"group": weights * chosen, "rest": weights * ~chosen}
    if matched is not None:
        if matched.shape != weights.shape:
            raise InputError("comparable areas", f"shape {matched.shape}", f"one weight an area: {weights.shape}")
        parts["comparable"], belongs["comparable"] = matched, matched > 0
    parts["all"], belongs["all"] = weights, np.ones(len(weights), dtype=bool)
    people = inhabitants_at(measured, measured.waves[-1])
    # NaN where the noise is not known.
    spread = (noise_or_unknown(measured) if noise is None else noise).of_score(people)
    there = ~np.isnan(measured.score) & followed(measured, weights)[:, None]
    return pd.concat(
        [_part(measured, name, each, belongs[name], there, people, spread) for name, each in parts.items()],
        ignore_index=True,
    )


def _part(
    measured: Measured,
    name: str,
    weights: FloatArray,
    belongs: BoolArray,
    there: BoolArray,
    people: FloatArray,
    spread: FloatArray,
) -> pd.DataFrame:
    """Return the rows of one part."""
    there = there & (weights > 0)[:, None]
    if not there.any():
        raise InputError(f"part {name!r}", "no area with a weight and scores in every wave", "at least one")
    load = np.where(there, weights[:, None], 0.0)
    load = np.divide(load, load.sum(axis=0), out=np.full_like(load, np.nan), where=load.sum(axis=0) > 0)
    score = np.where(there, measured.score, 0.0)
    mean = (load * score).sum(axis=0)
    error = np.sqrt((load**2 * np.where(there, spread[:, None], 0.0) ** 2).sum(axis=0))
    first = int(np.argmax(~np.isnan(mean)))
    classes = np.where(there, measured.classes, 0.0)
    inside = {key: (classes >= low) & (classes <= high) for key, (low, high) in SHARES.items()}
    return pd.DataFrame(
        {
            "part": name,
            "wave": measured.waves,
            "areas": there.sum(axis=0),
            "inhabitants": (there * np.nan_to_num(people)[:, None]).sum(axis=0),
            "score": mean,
            "deviation": mean - measured.base,
            "sd": np.sqrt((load * (score - mean) ** 2).sum(axis=0)),
            "standard_error": error,
            "change_first": mean - mean[first],
            "error_first": np.where(np.arange(len(mean)) == first, 0.0, np.hypot(error, error[first])),
            "change_previous": np.diff(mean, prepend=np.nan),
            "error_previous": np.hypot(error, np.concatenate([[np.nan], error[:-1]])),
            **{key: (load * each).sum(axis=0) for key, each in inside.items()},
            **{f"{key}_areas": each.sum(axis=0) for key, each in inside.items()},
            "left_out": belongs.sum() - there.sum(axis=0),
        }
    )
