"""Changes in the country between two measurements: directions, class borders, dimensions that fell."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import binomtest, norm

from riskmodel.monitor.decomposition import dimension_contributions, dimension_label, strongest_dimension
from riskmodel.monitor.development import BACK, BEYOND, FORWARD, NOT_KNOWN, UNCLEAR, development_table, span
from riskmodel.monitor.measured import Measured
from riskmodel.monitor.national import INSUFFICIENT, ratio
from riskmodel.panel.measurement_noise import Noise


def direction_shares(measured: Measured, start: int, end: int, noise: Noise | None = None) -> pd.DataFrame:
    """Return how many areas and people went forward, back or neither, beyond the noise.

    ``by_jitter`` is the share of areas that noise alone would put there: a share about as large says nothing.
    """
    table = development_table(measured, start, end, noise)
    order = [FORWARD, BACK, UNCLEAR, NOT_KNOWN]
    counts = table.groupby("direction").agg(areas=("change", "size"), inhabitants=("inhabitants", "sum"))
    counts = counts.reindex(order, fill_value=0).astype(float)
    tail = float(norm.sf(BEYOND))
    found = pd.DataFrame(
        {
            "direction": order,
            "areas": counts["areas"].to_numpy(dtype=int),
            "share_areas": (counts["areas"] / counts["areas"].sum()).to_numpy(),
            "inhabitants": counts["inhabitants"].to_numpy(),
            "share_inhabitants": (counts["inhabitants"] / counts["inhabitants"].sum()).to_numpy(),
            "by_jitter": [tail, tail, 1 - 2 * tail, np.nan],
        }
    )
    found.attrs = table.attrs | {"without_inhabitants": int(table["inhabitants"].isna().sum())}
    return found


def crossings(measured: Measured, start: int, end: int, noise: Noise | None = None) -> pd.DataFrame:
    """Return the areas that entered, left or stayed in class 1 to 3, and how many changed beyond the noise."""
    table = development_table(measured, start, end, noise)
    before, after = table["class_start"] <= INSUFFICIENT, table["class_end"] <= INSUFFICIENT
    kinds = {"erin": ~before & after, "eruit": before & ~after, "gebleven": before & after}
    return pd.DataFrame(
        [
            {
                "crossing": name,
                "areas": int(chosen.sum()),
                "inhabitants": float(table.loc[chosen, "inhabitants"].sum()),
                "areas_without_inhabitants": int(table.loc[chosen, "inhabitants"].isna().sum()),
                "beyond_noise": int((chosen & table["beyond_noise"]).sum()),
            }
            for name, chosen in kinds.items()
        ]
    )


def fallers_by_dimension(measured: Measured, start: int, end: int, noise: Noise | None = None) -> pd.DataFrame:
    """Return which dimension fell most in areas that fell beyond the noise, beside the same in all areas.

    The second column is the peer: a dimension that moves much falls most in many areas, whatever the score does.
    Coinciding is bookkeeping and no cause. ``low95, high95`` are Wilson's; areas of one municipality fall
    together, so the true interval is wider.
    """
    fallen = strongest_dimension(measured, start, end, noise=noise)["dimension"].value_counts()
    keys = list(measured.dimensions)
    changes = dimension_contributions(measured, start, end)[keys].to_numpy()
    lowest = np.bincount(changes.argmin(axis=1), minlength=len(keys)) if len(changes) else np.zeros(len(keys), int)
    fallers = fallen.reindex(keys, fill_value=0).to_numpy(dtype=int)
    total = int(fallers.sum())
    bounds = [
        tuple(binomtest(int(count), total).proportion_ci(method="wilson")) if total else (np.nan, np.nan)
        for count in fallers
    ]
    return pd.DataFrame(
        {
            "dimension": keys,
            "label": [dimension_label(key) for key in keys],
            "fallers": fallers,
            "of_fallers": total,
            "share_fallers": ratio(fallers.astype(float), float(total)),
            "low95": [low for low, _ in bounds],
            "high95": [high for _, high in bounds],
            "all_areas": lowest,
            "of_all": lowest.sum(),
            "share_all": ratio(lowest.astype(float), float(lowest.sum())),
        }
    )


def mean_change(
    measured: Measured, start: int, end: int, chosen: npt.NDArray[np.bool_] | None = None
) -> tuple[float, int]:
    """Return the mean change of the score per inhabitant, and the number of areas behind it.

    People are those who live in the area at the end of the span, so that only scores change and no weights. Areas
    whose people are not known are left out; where none are known, every area counts once.
    """
    span(measured, start, end)
    change, people = measured.change(start, end), measured.inhabitants[:, measured.column(end)]
    weight = np.ones(len(change)) if np.isnan(people).all() else people
    used = ~np.isnan(change) & ~np.isnan(weight)
    used &= True if chosen is None else chosen
    mass = float(weight[used].sum())
    return (float(weight[used] @ change[used]) / mass if mass else float("nan")), int(used.sum())
