"""Picture of a group of areas over time, against the rest of the country and comparable areas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Unpack

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from riskmodel.catalogue.units import decimal
from riskmodel.errors import InputError
from riskmodel.monitor.development import HALF_80
from riskmodel.products.present.pictures.layout import Texts, bare, leader, require, single, widest
from riskmodel.products.rendering.labels import spread
from riskmodel.products.rendering.style import BLUE, FAINT, INK, MUTED, ORANGE, SAME, comma_axis, drawn

#: Line styles beside the colours, so that lines can be told apart without them.
SERIES = ((BLUE, "-", "o"), (INK, (0, (5, 2)), "s"), (ORANGE, (0, (1, 1.2)), "D"), (SAME, "-.", "^"))


@drawn
def group_trajectory(
    table: pd.DataFrame,
    **texts: Unpack[Texts],
) -> Figure:
    """Draw the scores of a group of areas and of others over the waves, each with its band.

    ``series, wave, value`` and, for a band, ``low, high``; the first series is the group itself.
    """
    require(table, ("series", "wave", "value"), "trajectory of a group")
    series = list(dict.fromkeys(table["series"]))
    if len(series) > len(SERIES):
        raise InputError("trajectory of a group", f"{len(series)} series", f"at most {len(SERIES)}")
    right = widest([f"{each}  0,00" for each in series], 9) * 1.1 + 0.3
    figure, axes = single(texts, height=3.5, left=0.65, right=right, below=0.35, above=0.25)
    lasts = []
    for each, (colour, line, marker) in zip(series, SERIES, strict=False):
        rows = table[table["series"] == each].dropna(subset="value").sort_values("wave")
        if {"low", "high"} <= set(rows.columns):
            axes.fill_between(rows["wave"], rows["low"], rows["high"], color=colour, alpha=0.14, lw=0)
        axes.plot(rows["wave"], rows["value"], color=colour, ls=line, marker=marker, ms=4, lw=1.8)
        lasts.append(
            (float(rows["wave"].iloc[-1]), float(rows["value"].iloc[-1])) if len(rows) else (np.nan, np.nan)
        )
    low, high = axes.get_ylim()
    waves = sorted(int(wave) for wave in table["wave"].unique())
    ends = spread(np.nan_to_num([value for _, value in lasts], nan=low), 0.2 / 3.5 * (high - low), low, high)
    for each, end, (wave, value), (colour, *_) in zip(series, ends, lasts, SERIES, strict=False):
        if not np.isnan(value):
            axes.annotate(
                f"{each}  {decimal(value)}",
                (wave, value),
                (waves[-1] + 0.03 * (waves[-1] - waves[0]), end),
                color=colour if colour == BLUE else INK,
                weight="bold",
                va="center",
                annotation_clip=False,
                arrowprops=leader(colour),
            )
    axes.set_ylim(low, high)
    axes.set_xticks(waves, [str(wave) for wave in waves])
    axes.set_title("gemiddelde score", fontsize=8.5, color=MUTED, pad=6)
    axes.grid(axis="y", color=FAINT, lw=0.8)
    comma_axis(axes, "y")
    bare(axes)
    axes.tick_params(axis="y", length=0)
    return figure


def bands(trajectory: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """Return a trajectory of a group as the table that :func:`group_trajectory` draws."""
    require(trajectory, ("part", "wave", "score", "standard_error"), "trajectory of a group")
    parts = [trajectory[trajectory["part"] == part].assign(series=name) for part, name in names.items()]
    rows = pd.concat(parts, ignore_index=True)
    require(rows, ("series",), f"parts {', '.join(names)} of a trajectory")
    error = HALF_80 * rows["standard_error"]
    return rows[["series", "wave"]].assign(
        value=rows["score"], low=rows["score"] - error, high=rows["score"] + error
    )
