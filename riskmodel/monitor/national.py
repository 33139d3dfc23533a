"""The whole country: who lives in which class, and where it is onvoldoende.

Every table carries the counts behind its shares. Shares of people rest on the areas whose people are known; how
many areas are not is told beside them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel import catalogue
from riskmodel.catalogue import group_lists
from riskmodel.monitor.development import municipality_names
from riskmodel.monitor.measured import Measured
from riskmodel.panel.panel import FloatArray

#: Groups of areas by name: True for every area in it, shape (areas,).
Groups = Mapping[str, npt.NDArray[np.bool_]]
#: Highest class that counts as onvoldoende: zeer onvoldoende, ruim onvoldoende and onvoldoende.
INSUFFICIENT = 3
#: With fewer inhabitants than this an area is small: its score rests on few dwellings.
SMALL = 200.0
#: Kinds of places, and the name of what is not known.
COUNTRY, PROVINCE, MUNICIPALITY, GROUP = "land", "provincie", "gemeente", "groep"
UNKNOWN = "onbekend"


def class_distribution(measured: Measured) -> pd.DataFrame:
    """Areas, inhabitants and households per class at every measurement."""
    classes = np.nan_to_num(measured.classes, nan=0.0).astype(int)
    within = classes[:, :, None] == np.arange(1, 10)
    columns: dict[str, FloatArray] = {"areas": within.sum(axis=0).astype(float)}
    for name, people in (("inhabitants", measured.inhabitants), ("households", measured.households)):
        unknown = np.isnan(people)[:, :, None]
        counts = np.where(within, np.nan_to_num(people)[:, :, None], 0.0).sum(axis=0)
        known = (within & ~unknown).any(axis=(0, 2))
        columns[name] = np.where(known[:, None], counts, np.nan)
        columns[f"areas_without_{name}"] = (within & unknown).sum(axis=0).astype(float)
    shares = {
        f"share_{name}": ratio(columns[name], columns[name].sum(axis=1, keepdims=True))
        for name in ("areas", "inhabitants", "households")
    }
    waves = np.repeat(measured.waves, 9)
    table = pd.DataFrame(
        {
            "wave": waves,
            "class": np.tile(np.arange(1, 10), len(measured.waves)),
            "class_name": np.tile(np.array(measured.scheme.names), len(measured.waves)),
            **{name: values.ravel() for name, values in (columns | shares).items()},
            "counted": pd.Series([measured.counted.get(int(wave)) for wave in waves], dtype="Int64"),
        }
    )
    whole = ["areas", "areas_without_inhabitants", "areas_without_households"]
    order = ["areas", "share_areas", "inhabitants", "share_inhabitants", "households", "share_households"]
    table = table.astype(dict.fromkeys(whole, int))[["wave", "class", "class_name", *order, *whole[1:], "counted"]]
    missing = np.isnan(measured.score).sum(axis=0)
    table.attrs = {
        "edition": measured.edition,
        "level": measured.level,
        "not_measured": {wave: int(count) for wave, count in zip(measured.waves, missing, strict=True)},
    }
    return table


def onvoldoende(measured: Measured, groups: Groups | None = None) -> pd.DataFrame:
    """Areas of class 1 to 3 and who lives there: in the country, per province, municipality and group."""
    members = _members(measured, groups or {})
    tables = []
    for column, wave in enumerate(measured.waves):
        classes, count = measured.classes[:, column], measured.inhabitants[:, column]
        low, there = classes <= INSUFFICIENT, ~np.isnan(classes)
        known = ~np.isnan(count)
        each = pd.DataFrame(
            {
                "areas": low,
                "measured_areas": there,
                "inhabitants": np.where(low & known, count, 0.0),
                "known_inhabitants": np.where(there & known, count, 0.0),
                "small_areas": low & (count < SMALL),
                "areas_without_inhabitants": low & ~known,
            }
        )
        tables.append(_per_place(each, members).assign(wave=wave))
    table = pd.concat(tables, ignore_index=True)
    table = table[(table["kind"] != MUNICIPALITY) | (table["areas"] > 0)].reset_index(drop=True)
    areas = ["areas", "measured_areas", "share_areas", "part_areas"]
    people = ["inhabitants", "known_inhabitants", "share_inhabitants", "part_inhabitants"]
    table = table[["wave", "kind", "name", *areas, *people, "small_areas", "areas_without_inhabitants"]]
    table.attrs = {"edition": measured.edition, "level": measured.level, "counted": dict(measured.counted)}
    return table


def ratio(counts: FloatArray, total: float | FloatArray) -> FloatArray:
    """Counts as a share of a total; NaN where the total is nought."""
    shares: FloatArray = np.divide(
        counts, total, out=np.full(np.shape(counts), np.nan), where=np.broadcast_to(total, counts.shape) > 0
    )
    return shares


def _members(measured: Measured, groups: Groups) -> pd.DataFrame:
    """One row an area and place it lies in: ``area`` (its place in ``measured``), ``kind, name``."""
    places = [(COUNTRY, "Nederland", np.arange(len(measured.areas)))]
    codes = pd.Series(measured.municipality_codes())
    if (codes != "").all():
        for kind, names in (
            (PROVINCE, codes.map(_provinces()).fillna(UNKNOWN)),
            (MUNICIPALITY, pd.Series(municipality_names(measured))),
        ):
            places += [(kind, str(name), rows.to_numpy()) for name, rows in names.groupby(names).groups.items()]
    places += [(GROUP, name, np.flatnonzero(chosen)) for name, chosen in groups.items()]
    return pd.concat(
        [pd.DataFrame({"area": rows, "kind": kind, "name": name}) for kind, name, rows in places],
        ignore_index=True,
    )


def _provinces() -> dict[str, str]:
    """Province of every municipality, those that went into another since 2016 included."""
    names = catalogue.municipalities()["province"].unique()
    return {
        code: group_lists.ACCENTED.get(name, name)
        for name, group in group_lists.groups().items()
        if name in names
        for code in group.members
    }


def _per_place(each: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """Sums over places, with their shares; the first place is the country."""
    parts = each.iloc[members["area"]].reset_index(drop=True)
    sums = parts.groupby([members["kind"], members["name"]], sort=False).sum().reset_index()
    for name, whole in (("areas", "measured_areas"), ("inhabitants", "known_inhabitants")):
        counts = sums[name].to_numpy(dtype=float)
        sums[f"share_{name}"] = ratio(counts, sums[whole].to_numpy(dtype=float))
        sums[f"part_{name}"] = ratio(counts, float(counts[0]))
    return sums
