"""Strength of drivers by group of areas: the country, provinces, degrees of urbanity and classes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.catalogue import class_scheme, drivers, municipalities
from riskmodel.forecasting.drivers.contributions import definitional
from riskmodel.panel.panel import Panel

COLUMNS = ("view", "group", "driver", "label", "definitional", "areas", "strength", "strongest", "share")
#: Degrees of urbanity of Statistics Netherlands.
URBANITY = ("zeer sterk stedelijk", "sterk stedelijk", "matig stedelijk", "weinig stedelijk", "niet stedelijk")
ALL = "Nederland"
UNKNOWN = "onbekend"


def views_of(known: Panel, wave: int, chosen: npt.NDArray[np.intp]) -> dict[str, npt.NDArray[np.str_]]:
    """Groups in which the drivers of a forecast are looked at."""
    listed = municipalities().drop_duplicates("code").set_index("code")["province"]
    province = pd.Series(known.municipality_codes()[chosen]).map(listed).fillna("").replace("", UNKNOWN)
    degree = known.latest("urbanity")[chosen]
    rounded = np.clip(np.nan_to_num(np.rint(degree), nan=1), 1, len(URBANITY)).astype(int)
    classes = known.classes(wave)[chosen]
    names = np.array(class_scheme(known.edition).names)[np.nan_to_num(classes, nan=1).astype(int) - 1]
    return {
        "country": np.full(len(chosen), ALL),
        "province": province.to_numpy(dtype=str),
        "urbanity": np.where(np.isnan(degree), UNKNOWN, np.array(URBANITY)[rounded - 1]),
        "class": np.where(np.isnan(classes), UNKNOWN, names),
    }


def national_drivers(table: pd.DataFrame, views: dict[str, npt.NDArray[np.str_]]) -> pd.DataFrame:
    """How much each driver moves the expectation, and in which areas it is the strongest.

    Strength is about how a model's expectations differ between areas, not about what makes areas decline.
    """
    own = definitional()
    present = [each for each in drivers() if each.id in table.columns]
    size = np.abs(table[[each.id for each in present]].to_numpy(dtype=float))
    kind = np.array([each.id in own for each in present])
    first = np.zeros(size.shape, dtype=bool)
    for one in (True, False):
        among = np.where(kind == one, size, -1.0)
        if (kind == one).any():
            first[np.arange(len(size)), among.argmax(axis=1)] = True
    rows = []
    for view, groups in views.items():
        for group in sorted(set(groups.tolist())):
            inside = groups == group
            n = int(inside.sum())
            for column, each in enumerate(present):
                count = int(first[inside, column].sum())
                strength = float(size[inside, column].mean())
                rows.append((view, group, each.id, each.label, bool(kind[column]), n, strength, count, count / n))
    return pd.DataFrame(rows, columns=list(COLUMNS))
