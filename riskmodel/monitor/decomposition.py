"""Decomposition of a change of the score into its dimensions: per area, per group and over all areas.

Dimensions add up to the deviation, so their changes add up to the change of the score. That is bookkeeping and
says nothing about causes.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel import catalogue
from riskmodel.errors import InputError
from riskmodel.monitor.development import development_table, span
from riskmodel.monitor.measured import Measured, municipality_names
from riskmodel.monitor.transitions import Weight, require_noise, weights_of
from riskmodel.panel.measurement_noise import Noise
from riskmodel.panel.panel import FloatArray

#: A mean change smaller than this many score points has no shares.
NEAR_ZERO = 0.001
#: Nor has one smaller than this part of what its dimensions moved, up and down taken together.
CANCELLED = 0.25
#: Fewest municipalities from which an interval is drawn.
FEWEST = 10
#: Why a mean change has no shares: no area with scores and weight, hardly a change, or dimensions that cancel out.
NO_AREAS, UNCHANGED, CANCELLED_OUT = "no areas", "unchanged", "cancelled out"
#: Name of all areas taken together.
ALL = "alle gebieden"


def dimension_label(dimension: str) -> str:
    """Return the plain Dutch name of a dimension of either edition, such as ``"veiligheid"``."""
    label: str = catalogue.indicators()[dimension].label_nl
    return label.removesuffix(" (Leefbaarometer 2.0)")


def dimension_contributions(measured: Measured, start: int, end: int) -> pd.DataFrame:
    """Return the change of every dimension of every area between two measurements, in score points.

    Areas measured at both, in the order of ``measured``; the dimensions add up to ``change``.
    """
    changes = _changes(measured, start, end)
    total = measured.change(start, end)
    there = ~np.isnan(changes).any(axis=1) & ~np.isnan(total)
    table = pd.DataFrame(
        {
            "location": measured.areas,
            "name": measured.names,
            "municipality": municipality_names(measured.municipality_codes()),
            "start": start,
            "end": end,
            "change": total,
            **dict(zip(measured.dimensions, changes.T, strict=True)),
        }
    )[there].reset_index(drop=True)
    table.attrs = {"edition": measured.edition, "level": measured.level, "not_measured": int((~there).sum())}
    return table


def group_contributions(
    measured: Measured,
    start: int,
    end: int,
    weights: Weight | FloatArray | None = "inhabitants",
    groups: Mapping[str, npt.NDArray[np.bool_]] | None = None,
) -> pd.DataFrame:
    """Return the weighted mean change of every dimension, of all areas together and of groups of them.

    One row a group and dimension. ``weights`` of None counts every area once; an area without scores or weight is
    left out. ``share`` is that of ``total_change`` (negative where a dimension went the other way), and NaN with
    the reason in ``note``.
    """
    changes = _changes(measured, start, end)
    if weights is None or isinstance(weights, str):
        weights = weights_of(measured, end, weights)
    _per_area(measured, "weights", weights, np.number)
    if (weights < 0).any():
        raise InputError("weights", f"{np.nanmin(weights)}", "none below nought")
    there = ~np.isnan(changes).any(axis=1) & ~np.isnan(weights)
    everything = {ALL: np.ones(len(measured.areas), dtype=bool)} | dict(groups or {})
    for name, chosen in everything.items():
        _per_area(measured, f"group {name!r}", chosen, np.bool_)
    rows = [_group_rows(measured, name, chosen, there, changes, weights) for name, chosen in everything.items()]
    return pd.concat(rows, ignore_index=True)


def covariance_shares(
    measured: Measured, start: int, end: int, draws: int = 2000, seed: int = 20240524
) -> pd.DataFrame:
    """Return the share of each dimension in the differences between areas in their change.

    The share is cov(change of the dimension, change of the score) / var(change of the score); as the dimensions
    add up to the score, the shares add up to 1. The interval comes from drawing whole municipalities with
    replacement, because neighbouring areas change together; NaN below ten municipalities.

    References
    ----------
    Shorrocks (1982), Inequality decomposition by factor components, Econometrica 50(1).
    """
    table = dimension_contributions(measured, start, end)
    if len(table) < 3 or np.ptp(table["change"]) == 0:
        raise InputError(f"changes {start}-{end}", f"{len(table)} areas", "three or more that differ")
    parts = table[list(measured.dimensions)].to_numpy()
    total = table["change"].to_numpy()
    codes = pd.Series(measured.municipality_codes(), index=measured.areas).reindex(table["location"])
    clustered = bool((codes != "").all())
    cluster, labels = pd.factorize(codes if clustered else table["location"])
    shares = _drawn_shares(parts, total, cluster, draws, seed)
    low, high = np.percentile(shares[1:], [2.5, 97.5], axis=0) if len(labels) >= FEWEST else (np.nan, np.nan)
    return pd.DataFrame(
        {
            "dimension": list(measured.dimensions),
            "label": [dimension_label(each) for each in measured.dimensions],
            "share": shares[0],
            "low95": low,
            "high95": high,
            "areas": len(table),
            "municipalities": len(labels) if clustered else 0,
        }
    )


def strongest_dimension(measured: Measured, start: int, end: int, *, noise: Noise | None = None) -> pd.DataFrame:
    """Return the dimension that fell most for every area that fell beyond the noise.

    ``lead`` is how much more it fell than the next dimension, in score points.
    """
    parts = dimension_contributions(measured, start, end)
    development = development_table(measured, start, end, noise)
    require_noise(development)
    falling = (development["change"] < 0) & development["beyond_noise"]
    keys = list(measured.dimensions)
    found = development.loc[falling, ["location", "name", "municipality", "inhabitants", "change"]]
    found = found.merge(parts[["location", *keys]], on="location")
    ordered = np.sort(found[keys].to_numpy(), axis=1)
    found["dimension"] = np.array(keys)[np.argmin(found[keys].to_numpy(), axis=1)]
    found["label"] = found["dimension"].map(dimension_label)
    found["dimension_change"] = ordered[:, 0]
    found["lead"] = ordered[:, 1] - ordered[:, 0]
    return found.drop(columns=keys).sort_values(["change", "location"], ignore_index=True)


def _changes(measured: Measured, start: int, end: int) -> FloatArray:
    """Return the changes of the dimensions, shape (areas, dimensions)."""
    first, last = span(measured, start, end)
    having = measured.dimension_waves()
    for wave in (start, end):
        if wave not in having:
            raise InputError(
                f"measurement {wave} of Leefbaarometer {measured.edition}",
                "no dimensions",
                f"one of {list(having)}" if having else "a wave with dimensions; there is none",
                "The score itself can be followed with development_table.",
            )
    return np.column_stack([values[:, last] - values[:, first] for values in measured.dimensions.values()])


def _per_area(measured: Measured, where: str, values: npt.NDArray[np.generic], kind: type) -> None:
    if values.shape != measured.areas.shape or not np.issubdtype(values.dtype, kind):
        raise InputError(
            where, f"{values.dtype} of shape {values.shape}", f"{kind.__name__} of shape {measured.areas.shape}"
        )


def _group_rows(
    measured: Measured,
    name: str,
    chosen: npt.NDArray[np.bool_],
    there: npt.NDArray[np.bool_],
    changes: FloatArray,
    weight: FloatArray,
) -> pd.DataFrame:
    used = chosen & there
    mass = float(weight[used].sum())
    means = weight[used] @ changes[used] / mass if mass > 0 else np.full(changes.shape[1], np.nan)
    total = float(means.sum())
    note = _why_no_share(means)
    return pd.DataFrame(
        {
            "group": name,
            "dimension": list(measured.dimensions),
            "label": [dimension_label(each) for each in measured.dimensions],
            "change": means,
            "total_change": total,
            "share": np.nan if note else means / total,
            "areas": int(used.sum()),
            "left_out": int((chosen & ~there).sum()),
            "weight": mass,
            "note": note,
        }
    )


def _why_no_share(means: FloatArray) -> str:
    total = abs(float(means.sum()))
    if np.isnan(total):
        return NO_AREAS
    if total < NEAR_ZERO:
        return UNCHANGED
    if total < CANCELLED * float(np.abs(means).sum()):
        return CANCELLED_OUT
    return ""


def _drawn_shares(
    parts: FloatArray, total: FloatArray, cluster: npt.NDArray[np.intp], draws: int, seed: int
) -> FloatArray:
    """Return covariance shares with every cluster once (first row) and by draw; shape (1 + draws, dimensions)."""
    clusters, width = int(cluster.max()) + 1, parts.shape[1] + 1
    values = np.column_stack([parts, total])
    sums = np.zeros((clusters, 1 + 2 * width))
    np.add.at(sums, cluster, np.column_stack([np.ones(len(total)), values, values * total[:, None]]))
    drawn = np.random.default_rng(seed).multinomial(clusters, np.full(clusters, 1 / clusters), size=draws)
    added = np.vstack([np.ones(clusters), drawn]) @ sums
    means, products = added[:, 1 : 1 + width] / added[:, :1], added[:, 1 + width :] / added[:, :1]
    covariance = products - means * means[:, -1:]
    shares: FloatArray = covariance[:, :-1] / covariance[:, -1:]
    return shares
