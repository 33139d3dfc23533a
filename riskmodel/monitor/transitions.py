"""From which class to which: areas and people between two measurements, and who moved most."""

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
    """Areas and people by class at the start and class at the end."""
    before, after = _classes(measured, start, end)
    people = weights_of(measured, end, "inhabitants")
    homes = weights_of(measured, end, "households")
    each = pd.DataFrame(
        {
            "from_class": before,
            "to_class": after,
            "areas": 1,
            "inhabitants": np.nan_to_num(people),
            "households": np.nan_to_num(homes),
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
    beyond_noise: bool = True,
    fewest: float = FEWEST,
    noise: Noise | None = None,
) -> pd.DataFrame:
    """Areas that rose and fell most."""
    if n < 1:
        raise InputError("n", str(n), "1 or more")
    table = development_table(measured, start, end, noise)
    if beyond_noise:
        need_noise(table)
    small = table[["inhabitants_start", "inhabitants"]].min(axis=1) < fewest
    chosen = table[~small & (table["beyond_noise"] | (not beyond_noise))]
    ordered = chosen.sort_values(["change", "location"], ascending=[False, True])
    up = ordered[ordered["change"] > 0].head(n)
    down = ordered[ordered["change"] < 0].sort_values(["change", "location"]).head(n)
    found = pd.concat([up.assign(mover="stijger"), down.assign(mover="daler")], ignore_index=True)
    found["rank"] = found.groupby("mover").cumcount() + 1
    found.attrs = table.attrs | {"left_out_small": int(small.sum())}
    return found[["mover", "rank", *table.columns]]


def need_noise(table: pd.DataFrame) -> None:
    """Stop where a development table does not know the noise."""
    if len(table) and table["noise"].isna().all():
        raise InputError(
            f"jitter of Leefbaarometer {table.attrs['edition']}, level {table.attrs['level']}",
            "no estimate",
            "one, to tell changes beyond it",
            "Pass the `noise` of the whole country, or `beyond_noise=False` for all changes.",
        )


def weights_of(measured: Measured, wave: int, weight: Weight | None) -> FloatArray:
    """Weight of every area, shape (areas,): 1, or people there at a wave (else the nearest); NaN where unknown."""
    if weight is None:
        return np.ones(len(measured.areas))
    if weight not in ("inhabitants", "households"):
        raise InputError("weight", repr(weight), "inhabitants, households or none")
    return inhabitants_at(measured, wave) if weight == "inhabitants" else households_at(measured, wave)


def _classes(measured: Measured, start: int, end: int) -> tuple[npt.NDArray[np.int_], npt.NDArray[np.int_]]:
    """Class at both measurements, 0 without a score."""
    first, last = span(measured, start, end)
    classes = np.nan_to_num(measured.classes, nan=0.0).astype(int)
    return classes[:, first], classes[:, last]
