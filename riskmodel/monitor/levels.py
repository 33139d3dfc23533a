"""Scores of higher areas from those of the areas in them: gemeente from wijk, region from gemeente.

The score of a higher area is the mean of its parts, weighted by inhabitants. Measured on Leefbaarometer 2.0: with
the inhabitants of the same year that mean is the published score of the gemeente to .0013 score points at most;
weighted by households it is up to .025 off.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from riskmodel.errors import InputError
from riskmodel.monitor.measured import Measured, municipality_names
from riskmodel.panel.aggregate import aggregate, parents_of


def raise_level(measured: Measured, higher: str, parents: pd.Series | None = None) -> Measured:
    """Scores and dimensions of higher areas as means of their parts, weighted by inhabitants."""
    owner = _owners(measured, higher, parents)
    waves = [_one_wave(measured, owner, column) for column in range(len(measured.waves))]
    areas = waves[0].index.to_numpy(dtype=str)
    columns = {
        name: np.column_stack([wave[name].to_numpy(dtype=float) for wave in waves]) for name in waves[0].columns
    }
    return replace(
        measured,
        level=higher,
        areas=areas,
        names=municipality_names(areas) if higher == "gemeente" else areas,
        score=columns["score"],
        dimensions={name: columns[name] for name in measured.dimensions},
        inhabitants=columns["inhabitants"],
        households=columns["households"],
        covered=columns["score_covered"],
    )


def _owners(measured: Measured, higher: str, parents: pd.Series | None) -> pd.Series:
    if parents is None:
        codes = parents_of(pd.Series(measured.areas, dtype=str), measured.level, higher)
        return codes.set_axis(measured.areas)
    if parents.index.has_duplicates:
        twice = parents.index[parents.index.duplicated()][0]
        raise InputError("table of parents", f"{twice} twice", "every area once: parts of an area need shares")
    found = parents.reindex(measured.areas)
    if found.isna().all():
        raise InputError(
            "table of parents",
            f"none of the {len(measured.areas)} areas of level {measured.level}",
            f"their codes, such as {measured.areas[0]}",
        )
    return found


def _one_wave(measured: Measured, owner: pd.Series, column: int) -> pd.DataFrame:
    values = {"score": measured.score, **measured.dimensions}
    counts = {"inhabitants": measured.inhabitants, "households": measured.households}
    frame = pd.DataFrame({name: array[:, column] for name, array in (values | counts).items()})
    frame = frame.set_index(pd.Index(measured.areas))
    kinds = dict.fromkeys(values, "intensive") | dict.fromkeys(counts, "extensive")
    return aggregate(frame, owner, frame["inhabitants"], kinds)
