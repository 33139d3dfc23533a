"""Current score, class, dimensions and change since earlier waves, for every area."""

from __future__ import annotations

import numpy as np
import pandas as pd

from riskmodel.monitor.measured import Measured, measured_of, municipality_names
from riskmodel.panel.panel import Panel


def state_table(measured: Measured, wave: int | None = None) -> pd.DataFrame:
    """Return the state of every area with a score at a measurement, by default the last.

    Scores, dimensions and changes are in score points; ``dimensions_wave`` is the last measurement up to this one
    with dimensions, ``change_since_YEAR`` the change since every earlier one, nearest first.
    """
    wave = measured.waves[-1] if wave is None else wave
    now = measured.column(wave)
    there = ~np.isnan(measured.score[:, now])
    classes = measured.classes[there, now].astype(int)
    published = [year for year in measured.dimension_waves() if year <= wave]
    dimensions_wave = published[-1] if published else None
    columns: dict[str, object] = {
        "location": measured.areas[there],
        "name": measured.names[there],
        "municipality": municipality_names(measured.municipality_codes())[there],
        "wave": wave,
        "score": measured.score[there, now],
        "deviation": measured.deviation[there, now],
        "class": classes,
        "class_name": np.array(measured.scheme.names)[classes - 1],
        "inhabitants": measured.inhabitants[there, now],
    }
    columns["dimensions_wave"] = dimensions_wave
    if dimensions_wave is not None:
        then = measured.column(dimensions_wave)
        columns |= {name: values[there, then] for name, values in measured.dimensions.items()}
    for earlier in sorted((year for year in measured.waves if year < wave), reverse=True):
        columns[f"change_since_{earlier}"] = measured.change(earlier, wave)[there]
    return pd.DataFrame(columns)


def current_table(panel: Panel, wave: int | None = None) -> pd.DataFrame:
    """Return the state of every area of a panel; see :func:`state_table`."""
    return state_table(measured_of(panel), wave)
