"""Current score, class, dimensions and change since earlier waves, for every area."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.monitor.measured import Measured, measured_of
from riskmodel.monitor.measured import municipality_names as names_of_codes
from riskmodel.panel.panel import Panel


def municipality_names(areas: Panel | Measured) -> npt.NDArray[np.str_]:
    """Name of every area's municipality, shape (areas,); the code where no name is known, empty without code."""
    return names_of_codes(areas.municipality_codes())


def state_table(measured: Measured, wave: int | None = None) -> pd.DataFrame:
    """State of every area at a measurement."""
    wave = measured.waves[-1] if wave is None else wave
    now = measured.column(wave)
    there = ~np.isnan(measured.score[:, now])
    classes = measured.classes[there, now].astype(int)
    published = [year for year in measured.dimension_waves() if year <= wave]
    dimensions_wave = published[-1] if published else None
    columns: dict[str, object] = {
        "location": measured.areas[there],
        "name": measured.names[there],
        "municipality": municipality_names(measured)[there],
        "wave": wave,
        "score": measured.score[there, now],
        "deviation": measured.deviation[there, now],
        "class": classes,
        "class_name": np.array(measured.scheme.names)[classes - 1],
        "inhabitants": measured.inhabitants[there, now],
    }
    if measured.covered is not None:
        columns["covered"] = measured.covered[there, now]
    columns["dimensions_wave"] = dimensions_wave
    if dimensions_wave is not None:
        then = measured.column(dimensions_wave)
        columns |= {name: values[there, then] for name, values in measured.dimensions.items()}
    for earlier in sorted((year for year in measured.waves if year < wave), reverse=True):
        columns[f"change_since_{earlier}"] = measured.change(earlier, wave)[there]
    return pd.DataFrame(columns)


def current_table(panel: Panel, wave: int | None = None) -> pd.DataFrame:
    """State of every area of a panel at a measurement, by default the last; see :func:`state_table`."""
    return state_table(measured_of(panel), wave)
