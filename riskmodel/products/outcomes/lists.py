"""Lists as they were given to a municipality, kept so that what is found on the spot can be tied to them.

``lists/ID.json`` in the workspace holds every area of a list with its rank, its chance, why it is visited and how
likely it was to be visited. A list is written once and never changed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from riskmodel.errors import InputError, damage_told
from riskmodel.products.risk_list.random_visits import audit_seed, list_id
from riskmodel.products.risk_list.risk_list import RiskList
from riskmodel.sources.formats.documents import read_json
from riskmodel.workspace.lock import only_writer
from riskmodel.workspace.store import Workspace
from riskmodel.workspace.transaction import put_file

#: Why an area is visited, or is not.
TOP, DRAWN, REST, SMALL = "top", "drawn", "rest", "too_small"
PARTS = (TOP, DRAWN, REST, SMALL)
#: A list without a capacity is not kept: nobody goes anywhere by it.
MAKE = "Run: riskmodel risk-list --municipality NAME --capacity 10 --out lists/NAME"
COLUMNS = ("location", "name", "rank", "p_decline", "part", "inclusion")


@dataclass(frozen=True)
class ListRecord:
    """A list as it was given.

    Attributes
    ----------
    id : str
        Name of the list, printed on it.
    title, experiment, forecast_id, model_version, level : str
        Where it comes from.
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
        Versions that made it, see :func:`riskmodel.workspace.versions.made_with`; empty where that was not kept.
    forms : mapping of str to str
        Fingerprint of every form that was written when the list was first made.
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
    made: RiskList,
    level: str,
    municipalities: Sequence[str],
    audit_share: float,
    made_with: Mapping[str, str] | None = None,
    forms: Mapping[str, str] | None = None,
) -> ListRecord:
    """What must be kept of a risk list."""
    about, rows = made.about, made.rows
    top, drawn, small = (rows[key].to_numpy(dtype=bool) for key in ("on_list", "audit", "too_small"))
    rest = ~top & ~small
    chance = drawn.sum() / max(int(rest.sum()), 1)
    wave = about.origin_date.year
    areas = pd.DataFrame(
        {
            "location": rows["location"].astype(str),
            "name": rows["name"].astype(str),
            "rank": rows["rank"].astype(int),
            "p_decline": rows["p_decline"].astype(float),
            "part": np.select([top, drawn, small], [TOP, DRAWN, SMALL], REST),
            "inclusion": np.select([top, rest], [1.0, chance], 0.0),
        }
    )
    deciding = (about.forecast_id, municipalities, about.capacity, audit_share)
    return ListRecord(
        id=list_id(wave, *deciding),
        title=about.title,
        experiment=about.experiment,
        forecast_id=about.forecast_id,
        model_version=about.model_version,
        level=level,
        municipalities=tuple(sorted(set(municipalities))),
        capacity=about.capacity,
        audit_share=float(audit_share),
        seed=audit_seed(*deciding),
        wave=wave,
        horizon=about.horizon,
        made_on=about.made_on,
        areas=areas,
        made_with=made_with or {},
        forms=forms or {},
    )


def save_list(workspace: Workspace, record: ListRecord) -> Path:
    """Write a list into the workspace; the same list again, on a later day, leaves it as it is."""
    path = _path(workspace, record.id)
    with only_writer(workspace):
        return _save(workspace, record, path)


def _save(workspace: Workspace, record: ListRecord, path: Path) -> Path:
    if path.exists():
        held = load_list(workspace, record.id)
        if not held.areas.equals(record.areas):
            raise InputError(
                path,
                "other areas than the same forecast gives now",
                "the same areas: lists are never overwritten",
                "The code or a library has changed; make a new forecast first.",
            )
        return path
    return put_file(workspace, path, lambda place: place.write_text(text_of(record), encoding="utf-8"))


def text_of(record: ListRecord) -> str:
    """A list as it is kept in its file."""
    about = {**asdict(record), "areas": record.areas.to_dict(orient="records"), "made_on": str(record.made_on)}
    return json.dumps(about, indent=1, ensure_ascii=False) + "\n"


def load_list(workspace: Workspace, identity: str | None = None) -> ListRecord:
    """Read a list back."""
    known = sorted(path.stem for path in workspace.path("lists").glob("*.json"))
    chosen = known[0] if identity is None and len(known) == 1 else identity
    if chosen not in known:
        found = "no name of a list" if identity is None else f"no list {identity!r}"
        expected = f"one of {', '.join(known)}" if known else "a list"
        raise InputError("--list", found, expected, "" if known else MAKE)
    path = _path(workspace, str(chosen))
    written = "a file written by 'riskmodel risk-list'"
    about: dict[str, Any] = read_json(path, written, missing=True)
    with damage_told(path, "no list", written):
        about["areas"] = pd.DataFrame(about["areas"], columns=list(COLUMNS)).astype(
            {"rank": int, "p_decline": float, "inclusion": float}
        )
        about["municipalities"] = tuple(about["municipalities"])
        about["made_on"] = date.fromisoformat(about["made_on"])
        return ListRecord(**about)


def _path(workspace: Workspace, identity: str) -> Path:
    return workspace.path("lists", f"{identity}.json")
