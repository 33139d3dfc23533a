"""Current score, class, dimensions and change since earlier waves, for every area."""

from __future__ import annotations

import numpy as np
import pandas as pd

from riskmodel.catalogue import DIMENSIONS, class_scheme, municipalities
from riskmodel.panel.panel import Panel


def municipality_names(panel: Panel) -> np.ndarray:
    """Name of every area's municipality, shape (areas,); the code where no name is known, empty without code."""
    names = municipalities().set_index("code")["name"]
    codes = pd.Series(panel.municipality_codes())
    found: np.ndarray = codes.map(names).fillna(codes).to_numpy(dtype=str)
    return found


def current_table(panel: Panel, wave: int | None = None) -> pd.DataFrame:
    """State of every area at a wave.

    Parameters
    ----------
    panel : Panel
        Everything measured.
    wave : int, optional
        By default the last.

    Returns
    -------
    pandas.DataFrame
        One row an area with a score: ``location, name, municipality, wave, score, deviation, class, class_name``,
        the five dimensions with ``dimensions_wave`` (the last wave up to this one in which they were published),
        and ``change_since_YEAR`` for every earlier wave, nearest first. Scores and changes in score points.
    """
    wave = panel.waves[-1] if wave is None else wave
    scheme = class_scheme(panel.edition)
    score, classes = panel.at("score", wave), panel.classes(wave)
    there = ~np.isnan(score)
    published = [year for year in panel.years_of(DIMENSIONS[0]) if year <= wave]
    dimensions_wave = published[-1] if published else None
    columns: dict[str, object] = {
        "location": panel.areas[there],
        "name": panel.names[there],
        "municipality": municipality_names(panel)[there],
        "wave": wave,
        "score": score[there],
        "deviation": panel.deviation(wave)[there],
        "class": classes[there].astype(int),
        "class_name": np.array(scheme.names)[classes[there].astype(int) - 1],
        "dimensions_wave": dimensions_wave,
    }
    if dimensions_wave is not None:
        columns |= {dimension: panel.at(dimension, dimensions_wave)[there] for dimension in DIMENSIONS}
    for earlier in sorted((year for year in panel.waves if year < wave), reverse=True):
        columns[f"change_since_{earlier}"] = (score - panel.at("score", earlier))[there]
    return pd.DataFrame(columns)


def class_shares(table: pd.DataFrame) -> pd.Series:
    """Number of areas per class, 1 to 9, from a table of :func:`current_table`."""
    return table["class"].value_counts().reindex(range(1, 10), fill_value=0).sort_index()
