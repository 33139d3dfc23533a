"""Transitions between classes: areas and people between two measurements, and the largest movers."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.errors import InputError
from riskmodel.monitor.development import development_table, households_at, inhabitants_at, span
from riskmodel.monitor.measured import Measured
from riskmodel.panel.measurement_noise import Noise
from riskmodel.panel.panel import FloatArray

Weight = Literal["inhabitants", "households"]
#: Name of the class of areas without a score.
NOT_MEASURED = "niet gemeten"
#: Fewest inhabitants of an area among those that moved most.
FEWEST = 200.0


def transition_rows(measured: Measured, start: int, end: int) -> pd.DataFrame:
    """Return areas and people by class at the start and class at the end.

    One row a pair of classes that occurs, 0 without a score. Shares are those of the areas (or people) in
    ``from_class``. People are those at the end: the table shows how areas moved and never how people did.
    """
    before, after = _classes(measured, start, end)
    people = weights_of(measured, end, "inhabitants")
    households = weights_of(measured, end, "households")
    each = pd.DataFrame(
        {
            "from_class": before,
            "to_class": after,
            "areas": 1,
            "inhabitants": np.nan_to_num(people),
            "households": np.nan_to_num(households),
            "without_inhabitants": np.isnan(people).astype(int),
        }
    )
    rows = each.groupby(["from_class", "to_class"], as_index=False).sum()
    origin = rows.groupby("from_class")
    rows["share"] = rows["areas"] / origin["areas"].transform("sum")
    known = origin["inhabitants"].transform("sum")
    rows["share_inhabitants"] = rows["inhabitants"] / known.where(known > 0)
    names = np.array([NOT_MEASURED, *measured.scheme.names])
    rows.insert(2, "from_name", names[rows["from_class"]])
    rows.insert(3, "to_name", names[rows["to_class"]])
    return rows


def movers(
    measured: Measured,
    start: int,
    end: int,
    n: int = 10,
    *,
    noise: Noise | None = None,
) -> pd.DataFrame:
    """Return the areas that rose and fell most beyond the noise, small areas left out.

    In an area with fewer than :data:`FEWEST` inhabitants a score moves with every dwelling that is built or taken
    down; areas of unknown size stay.
    """
    if n < 1:
        raise InputError("n", str(n), "1 or more")
    table = development_table(measured, start, end, noise)
    require_noise(table)
    small = table[["inhabitants_start", "inhabitants"]].min(axis=1) < FEWEST
    chosen = table[~small & table["beyond_noise"]]
    ordered = chosen.sort_values(["change", "location"], ascending=[False, True])
    up = ordered[ordered["change"] > 0].head(n)
    down = ordered[ordered["change"] < 0].sort_values(["change", "location"]).head(n)
    found = pd.concat([up.assign(mover="stijger"), down.assign(mover="daler")], ignore_index=True)
    found["rank"] = found.groupby("mover").cumcount() + 1
    found.attrs = table.attrs | {"left_out_small": int(small.sum())}
    return found[["mover", "rank", *table.columns]]


def require_noise(table: pd.DataFrame) -> None:
    """Refuse a development table without a known noise."""
    if len(table) and table["noise"].isna().all():
        raise InputError(
            f"jitter of Leefbaarometer {table.attrs['edition']}, level {table.attrs['level']}",
            "no estimate",
            "one, to tell changes beyond it",
            "Pass the `noise` of the whole country.",
        )


def weights_of(measured: Measured, wave: int, weight: Weight | None) -> FloatArray:
    """Return the weight of every area, shape (areas,): 1, or people at the nearest wave; NaN where unknown."""
    if weight is None:
        return np.ones(len(measured.areas))
    if weight not in ("inhabitants", "households"):
        raise InputError("weight", repr(weight), "inhabitants, households or none")
    return inhabitants_at(measured, wave) if weight == "inhabitants" else households_at(measured, wave)


def _classes(measured: Measured, start: int, end: int) -> tuple[npt.NDArray[np.int_], npt.NDArray[np.int_]]:
    """Return the class at both measurements, 0 without a score."""
    first, last = span(measured, start, end)
    classes = np.nan_to_num(measured.classes, nan=0.0).astype(int)
    return classes[:, first], classes[:, last]
