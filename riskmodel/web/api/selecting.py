"""Select the areas that are asked for and may be seen, and convert their rows to the types of the API."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import numpy as np
import numpy.typing as npt
from fastapi import Request

from riskmodel.catalogue import DIMENSIONS, drivers, plain
from riskmodel.catalogue.area_names import find_municipalities
from riskmodel.products.risk_list.risk_list import CHANCES, MODEL_NUMBERS
from riskmodel.products.risk_list.texts import event_in_dutch
from riskmodel.web.access.identity import Identity
from riskmodel.web.api.asked import AreasAsked, PageAsked
from riskmodel.web.api.models import (
    Area,
    Change,
    Contribution,
    Drivers,
    Forecast,
    Quantile,
    Score,
    Source,
    members,
)
from riskmodel.web.problems import Problem
from riskmodel.web.serving.snapshot import Snapshot

BoolArray = npt.NDArray[np.bool_]


def source_of(snapshot: Snapshot) -> Source:
    """Return the forecast behind an answer."""
    stored = snapshot.stored
    return Source(
        experiment=snapshot.experiment.name,
        question=snapshot.experiment.question,
        event=event_in_dutch(snapshot.experiment.event),
        model=stored.model,
        model_version=stored.release_id,
        forecast_id=stored.id,
        snapshot=snapshot.id,
        origin_date=stored.forecast.origin_date,
        known_at=stored.forecast.known_at,
        horizon=stored.forecast.horizon,
    )


def municipality_codes(snapshot: Snapshot, names: Sequence[str]) -> tuple[str, ...]:
    """Return the ``GM`` codes of municipalities by names, codes or regions."""
    present = frozenset(snapshot.municipalities)
    return tuple(sorted({code for name in names for code in find_municipalities(name, present)}))


def hidden_from(snapshot: Snapshot, identity: Identity, open_to_all: bool) -> frozenset[str]:
    """Return municipalities whose forecasts use local sources that this identity may not see."""
    if open_to_all or identity.municipalities is None:
        return frozenset()
    return snapshot.local - identity.municipalities


def refuse_hidden(codes: Sequence[str], hidden: frozenset[str]) -> None:
    """Raise a problem with status 403 when a municipality that was named is hidden."""
    closed = sorted(set(codes) & hidden)
    if closed:
        raise Problem(403, f"{', '.join(closed)}: made from local sources, which only that municipality may see.")


def chosen(
    areas: npt.NDArray[np.str_],
    snapshot: Snapshot,
    asked: AreasAsked,
    hidden: frozenset[str] = frozenset(),
) -> npt.NDArray[np.intp]:
    """Return the indices in ``areas`` of those that meet all filters and may be seen, in order of code."""
    row = np.searchsorted(snapshot.panel.areas, areas)
    owner = snapshot.owners[row]
    inside: BoolArray = np.ones(len(areas), dtype=bool)
    if asked.municipality:
        codes = municipality_codes(snapshot, asked.municipality)
        refuse_hidden(codes, hidden)
        inside &= np.isin(owner, codes)
    if asked.area:
        inside &= np.isin(areas, asked.area)
        refuse_hidden(snapshot.owners[np.isin(snapshot.panel.areas, asked.area)].tolist(), hidden)
    if hidden:
        inside &= ~np.isin(owner, sorted(hidden))
    if asked.name:
        wanted = plain(asked.name)
        inside &= bool(wanted) & (np.char.find(snapshot.plain_names[row], wanted) >= 0)
    found_at = np.flatnonzero(inside)
    ordered: npt.NDArray[np.intp] = found_at[np.argsort(areas[found_at], kind="stable")]
    return ordered


def paging(request: Request, asked: PageAsked, total: int) -> dict[str, Any]:
    """Return the members of a page other than its items."""
    following = asked.offset + asked.limit
    others = [(key, value) for key, value in request.query_params.multi_items() if key not in ("offset", "limit")]
    query = urlencode([*others, ("offset", following), ("limit", asked.limit)])
    return {
        "total": total,
        "offset": asked.offset,
        "limit": asked.limit,
        "next": f"{request.url.path}?{query}" if following < total else None,
    }


def known(value: float) -> float | None:
    """Return a number, or None when it is missing."""
    return float(value) if math.isfinite(value) else None


def area_rows(snapshot: Snapshot, at: npt.NDArray[np.intp]) -> list[Area]:
    """Return the areas of the panel at these indices."""
    panel = snapshot.panel
    people = panel.latest("population")[at].tolist()
    codes, owners = panel.areas[at].tolist(), snapshot.owners[at].tolist()
    return [
        Area(
            code=code,
            name=name,
            level=panel.level,
            municipality=snapshot.municipalities.get(owner, ""),
            municipality_code=owner,
            inhabitants=known(count),
        )
        for code, name, owner, count in zip(codes, panel.names[at].tolist(), owners, people, strict=True)
    ]


def score_rows(snapshot: Snapshot, at: npt.NDArray[np.intp]) -> list[Score]:
    """Return the current state at these indices."""
    table = snapshot.current.iloc[at]
    earlier = [(int(name.rpartition("_")[2]), name) for name in table.columns if name.startswith("change_since_")]
    parts = [name for name in DIMENSIONS if name in table.columns]
    return [
        Score(
            **members(row, Score)
            | {
                "code": row["location"],
                "score_class": row["class"],
                "inhabitants": known(row["inhabitants"]),
                "dimensions_wave": row["dimensions_wave"] if parts else None,
                "dimensions": {name: known(row[name]) for name in parts},
                "changes": [Change(since=year, change=known(row[name])) for year, name in earlier],
            }
        )
        for row in table.to_dict("records")
    ]


def forecast_rows(snapshot: Snapshot, at: npt.NDArray[np.intp]) -> list[Forecast]:
    """Return rows of the country's list at these indices, with the whole distribution."""
    rows, forecast = snapshot.country.rows.iloc[at], snapshot.stored.forecast
    row_of = forecast.positions(rows["location"].to_numpy(dtype=str))
    quantiles, chances = forecast.quantiles[row_of].tolist(), forecast.pmf[row_of].clip(0, 1).tolist()
    levels = forecast.outputs.quantiles
    return [
        Forecast(
            **members(row, Forecast) | model_numbers(row),
            code=row["location"],
            quantiles=[]
            if row["too_small"]
            else [Quantile(level=level, change=value) for level, value in zip(levels, own, strict=True)],
            class_chances=[] if row["too_small"] else classes,
        )
        for row, own, classes in zip(rows.to_dict("records"), quantiles, chances, strict=True)
    ]


def model_numbers(row: Mapping[Any, Any]) -> dict[str, float | None]:
    """Return the numbers of the model in a row of a list; None where it has none."""
    numbers = {name: known(row[name]) for name in MODEL_NUMBERS if name != "p_other"}
    return {
        name: value if value is None or name not in CHANCES else min(max(value, 0.0), 1.0)
        for name, value in numbers.items()
    }


def driver_rows(snapshot: Snapshot, at: npt.NDArray[np.intp]) -> list[Drivers]:
    """Return contributions at these indices of the country's list, largest first."""
    rows, parts = snapshot.country.rows.iloc[at], snapshot.country.contributions.iloc[at]
    labels = {driver.id: driver.label for driver in drivers() if driver.id in parts.columns}
    return [
        Drivers(
            **members(row, Drivers) | {"expected_change": known(row["expected_change"])},
            code=row["location"],
            base=known(own["base"]),
            contributions=[]
            if row["too_small"]
            else [
                Contribution(driver=key, label=labels[key], contribution=own[key])
                for key in sorted(labels, key=lambda key: (-abs(own[key]), key))
            ],
        )
        for row, own in zip(rows.to_dict("records"), parts.to_dict("records"), strict=True)
    ]
