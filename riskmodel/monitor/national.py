"""The whole country: people per class, and where it is onvoldoende.

Every table carries the counts behind its shares. Shares of people rest on the areas whose people are known; the
number of other areas is beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel import catalogue
from riskmodel.catalogue import group_lists
from riskmodel.monitor.measured import Measured, municipality_names
from riskmodel.panel.panel import FloatArray

#: Groups of areas by name: True for every area in it, shape (areas,).
Groups = Mapping[str, npt.NDArray[np.bool_]]
#: Highest class that counts as onvoldoende: zeer onvoldoende, ruim onvoldoende and onvoldoende.
INSUFFICIENT = 3
#: With fewer inhabitants than this an area is small: its score rests on few dwellings.
SMALL = 200.0
#: Kinds of territories, and the name of an unknown one.
COUNTRY, PROVINCE, MUNICIPALITY, GROUP = "land", "provincie", "gemeente", "groep"
UNKNOWN = "onbekend"


def class_distribution(measured: Measured) -> pd.DataFrame:
    """Return areas, inhabitants and households per class at every measurement.

    One row a measurement and class. Shares are those of all areas with a class; ``counted`` is the year of the
    inhabitants; where no count is known at a measurement, people and their shares are NaN.
    """
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


@dataclass(frozen=True)
class InClasses:
    """Areas and people in some classes, of all of them; people are 0 where none are known."""

    areas: int
    all_areas: int
    people: float
    all_people: float


def in_classes(table: pd.DataFrame, wave: int, low: int, high: int) -> InClasses:
    """Return the areas and people in some classes at a measurement, from :func:`class_distribution`."""
    rows = table[table["wave"] == wave]
    chosen = rows[rows["class"].between(low, high)]
    return InClasses(
        int(chosen["areas"].sum()),
        int(rows["areas"].sum()),
        float(chosen["inhabitants"].sum()),
        float(rows["inhabitants"].sum()),
    )


def onvoldoende(measured: Measured, groups: Groups | None = None) -> pd.DataFrame:
    """Return the areas of class 1 to 3 and their inhabitants: in all, per province, municipality and group.

    ``share_`` is the part of the measured areas (or people) of a territory, ``part_`` that of all such areas of
    the country; ``small_areas`` have fewer than :data:`SMALL` inhabitants. Municipalities without such an area
    have no row.
    """
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
        tables.append(_per_territory(each, members).assign(wave=wave))
    table = pd.concat(tables, ignore_index=True)
    table = table[(table["kind"] != MUNICIPALITY) | (table["areas"] > 0)].reset_index(drop=True)
    areas = ["areas", "measured_areas", "share_areas", "part_areas"]
    people = ["inhabitants", "known_inhabitants", "share_inhabitants", "part_inhabitants"]
    table = table[["wave", "kind", "name", *areas, *people, "small_areas", "areas_without_inhabitants"]]
    table.attrs = {"edition": measured.edition, "level": measured.level, "counted": dict(measured.counted)}
    return table


def ratio(counts: FloatArray, total: float | FloatArray) -> FloatArray:
    """Return counts as a share of a total; NaN where the total is 0."""
    shares: FloatArray = np.divide(
        counts, total, out=np.full(np.shape(counts), np.nan), where=np.broadcast_to(total, counts.shape) > 0
    )
    return shares


def _members(measured: Measured, groups: Groups) -> pd.DataFrame:
    """Return a row for every area and territory around it: ``area`` (its index), ``kind, name``."""
    territories = [(COUNTRY, "Nederland", np.arange(len(measured.areas)))]
    codes = pd.Series(measured.municipality_codes())
    if (codes != "").all():
        for kind, names in (
            (PROVINCE, codes.map(_provinces()).fillna(UNKNOWN)),
            (MUNICIPALITY, pd.Series(municipality_names(measured.municipality_codes()))),
        ):
            groups_of = names.groupby(names).groups
            territories += [(kind, str(name), rows.to_numpy()) for name, rows in groups_of.items()]
    territories += [(GROUP, name, np.flatnonzero(chosen)) for name, chosen in groups.items()]
    return pd.concat(
        [pd.DataFrame({"area": rows, "kind": kind, "name": name}) for kind, name, rows in territories],
        ignore_index=True,
    )


def _provinces() -> dict[str, str]:
    """Return the province of every municipality, those that went into another since 2016 included."""
    names = catalogue.municipalities()["province"].unique()
    return {code: name for name, group in group_lists.groups().items() if name in names for code in group.members}


def _per_territory(each: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """Return sums over territories, with their shares; the first territory is the country."""
    parts = each.iloc[members["area"]].reset_index(drop=True)
    sums = parts.groupby([members["kind"], members["name"]], sort=False).sum().reset_index()
    for name, whole in (("areas", "measured_areas"), ("inhabitants", "known_inhabitants")):
        counts = sums[name].to_numpy(dtype=float)
        sums[f"share_{name}"] = ratio(counts, sums[whole].to_numpy(dtype=float))
        sums[f"part_{name}"] = ratio(counts, float(counts[0]))
    return sums
