"""Records of the lists that municipalities were given, to which the visits to their areas refer.

A record has every area of a list with its rank, the chance that the list asks for (``p_decline``, whatever the
event), why it is visited and its chance of being visited.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from riskmodel.errors import InputError
from riskmodel.products.risk_list.risk_list import RiskList, silent

#: Why an area is visited, or is not.
TOP, DRAWN, REST, SMALL = "top", "drawn", "rest", "too_small"
PARTS = (TOP, DRAWN, REST, SMALL)
COLUMNS = ("location", "name", "rank", "p_decline", "part", "inclusion")


@dataclass(frozen=True)
class ListRecord:
    """The record of a list.

    Attributes
    ----------
    id : str
        Name of the list, printed on it.
    title, experiment, forecast_id, model_version, level : str
        Its provenance.
    municipalities : tuple of str
        ``GM`` codes; empty for the whole country.
    capacity : int or None
        How many areas could be visited.
    audit_share : float
        Part of the visits that was drawn.
    seed : int
        Seed of the draw.
    wave, horizon : int
        Wave of the forecast, and years ahead.
    made_on : datetime.date
        Day on which the list was first made.
    areas : pandas.DataFrame
        Columns :data:`COLUMNS` in order of rank: ``part`` is one of :data:`PARTS`, ``inclusion`` the chance of
        being visited.
    made_with : mapping of str to str
        Versions that made it, see :mod:`riskmodel.workspace.versions`; empty where they were not recorded.
    forms : mapping of str to str
        SHA-256 of every file that was written when the list was first made, by its format.
    """

    id: str
    title: str
    experiment: str
    forecast_id: str
    model_version: str
    level: str
    municipalities: tuple[str, ...]
    capacity: int | None
    audit_share: float
    seed: int
    wave: int
    horizon: int
    made_on: date
    areas: pd.DataFrame
    made_with: Mapping[str, str] = field(default_factory=dict)
    forms: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if list(self.areas.columns) != list(COLUMNS) or not self.areas["part"].isin(PARTS).all():
            raise InputError(f"list {self.id}", "areas that are described otherwise", f"columns {list(COLUMNS)}")
        if self.areas["location"].duplicated().any():
            raise InputError(f"list {self.id}", "an area twice", "every area once")


def list_record(
    risk_list: RiskList,
    level: str,
    municipalities: Sequence[str],
    audit_share: float,
    versions: Mapping[str, str] | None = None,
    forms: Mapping[str, str] | None = None,
) -> ListRecord:
    """Return the record of a risk list."""
    about, rows = risk_list.about, risk_list.rows
    top, drawn = (rows[key].to_numpy(dtype=bool) for key in ("on_list", "audit"))
    small = silent(rows)
    rest = ~top & ~small
    chance = drawn.sum() / max(int(rest.sum()), 1)
    wave = about.origin_date.year
    areas = pd.DataFrame(
        {
            "location": rows["location"].astype(str),
            "name": rows["name"].astype(str),
            "rank": rows["rank"].astype(int),
            "p_decline": rows["chance"].astype(float),
            "part": np.select([top, drawn, small], [TOP, DRAWN, SMALL], REST),
            "inclusion": np.select([top, rest], [1.0, chance], 0.0),
        }
    )
    return ListRecord(
        id=about.list_id,
        title=about.title,
        experiment=about.experiment,
        forecast_id=about.forecast_id,
        model_version=about.model_version,
        level=level,
        municipalities=tuple(sorted(set(municipalities))),
        capacity=about.capacity,
        audit_share=float(audit_share),
        seed=about.draw_seed,
        wave=wave,
        horizon=about.horizon,
        made_on=about.made_on,
        areas=areas,
        made_with=versions or {},
        forms=forms or {},
    )


def list_json(record: ListRecord) -> str:
    """Return a list as the text of its file."""
    # An area too small to say anything has no chance.
    areas = record.areas.astype(object).where(record.areas.notna(), None).to_dict(orient="records")
    about = {**asdict(record), "areas": areas, "made_on": str(record.made_on)}
    return json.dumps(about, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def list_from_json(about: Mapping[str, Any]) -> ListRecord:
    """Return the list of the contents of its file."""
    areas = pd.DataFrame(about["areas"], columns=list(COLUMNS))
    read = {
        "areas": areas.astype({"rank": int, "p_decline": float, "inclusion": float}),
        "municipalities": tuple(about["municipalities"]),
        "made_on": date.fromisoformat(about["made_on"]),
    }
    return ListRecord(**{**about, **read})
