"""The page of the country: its state in the sentences of the monitor, its maps, and the forecasts.

Forecasts made from a municipality's own sources are left out for every reader, unless the service shows them to
all: so the page is the same for everybody.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.catalogue import class_scheme
from riskmodel.forecasting.drivers.national import national_drivers, views_of
from riskmodel.monitor.development import noise_or_unknown
from riskmodel.monitor.measured import Measured, measured_of
from riskmodel.monitor.national import class_distribution
from riskmodel.panel.measurement_noise import Noise
from riskmodel.products.present.national_tables import groups_in
from riskmodel.products.present.national_text import national_text
from riskmodel.products.rendering.dutch import level_words
from riskmodel.products.rendering.style import CLASS_COLOURS
from riskmodel.products.risk_list.map import draw_map
from riskmodel.products.risk_list.page.drawings import NO_STEP, step_limits, steps_of
from riskmodel.products.risk_list.risk_list import RiskList, judged, threatening
from riskmodel.products.risk_list.texts import words_of_event
from riskmodel.web.problems import Problem
from riskmodel.web.serving.snapshot import Snapshot

#: Highest class that counts as onvoldoende, and lowest that counts as ruim voldoende.
LOW, AMPLE = 3, 6
#: Drivers in the table.
NAMED = 6
#: Province of areas whose province is not known.
UNKNOWN = "onbekend"


def national_of(snapshot: Snapshot, *, own_too: bool) -> dict[str, Any]:
    """Return the context of the page."""
    measured = measured_of(snapshot.panel)
    start, end = measured.waves[-2:]
    noise = noise_or_unknown(measured)
    hidden = frozenset() if own_too else snapshot.local
    shown = snapshot.without(hidden)
    if shown is None:
        raise Problem(403, "All forecasts are made from local sources, which only those municipalities may see.")
    country = shown.country
    return {
        "start": start,
        "end": end,
        "level": level_words(measured.level),
        "facts": _facts(measured, country, start, end),
        "classes": _classes(measured, end),
        "sections": _sections(measured, start, end, noise),
        "maps": _maps(snapshot, country),
        "steps": _steps(country.about.threat_limit),
        "words": words_of_event(country.about.event),
        "provinces": _provinces(snapshot, country),
        "drivers": _drivers(snapshot, country),
        "about": country.about,
        "hidden": len(hidden),
    }


def _steps(limit: float) -> list[tuple[float | None, float | None]]:
    """Return the lowest and highest chance of each colour."""
    between = step_limits(limit)
    return list(zip((None, *between), (*between, None), strict=True))


def _sections(measured: Measured, start: int, end: int, noise: Noise) -> list[Any]:
    grouped = groups_in(measured)
    return list(national_text(measured, start, end, grouped.masks, noise, grouped.titles))


def _panel_rows(snapshot: Snapshot, rows: pd.DataFrame) -> npt.NDArray[np.intp]:
    return np.searchsorted(snapshot.panel.areas, rows["location"].to_numpy(dtype=str))


def _facts(measured: Measured, country: RiskList, start: int, end: int) -> dict[str, Any]:
    table = class_distribution(measured)

    def people(wave: int, low: int, high: int) -> tuple[float, float]:
        rows = table[(table["wave"] == wave) & table["class"].between(low, high)]
        return float(rows["share_inhabitants"].sum(min_count=1)), float(rows["inhabitants"].sum(min_count=1))

    said = judged(country.rows)
    return {
        "ample": people(end, AMPLE, 9),
        "ample_before": people(start, AMPLE, 9),
        "low": people(end, 1, LOW),
        "low_before": people(start, 1, LOW),
        "low_areas": int(table[(table["wave"] == end) & (table["class"] <= LOW)]["areas"].sum()),
        "threatens": int(threatening(country.rows).sum()),
        "judged": int(said.sum()),
    }


def _classes(measured: Measured, end: int) -> list[dict[str, Any]]:
    table = class_distribution(measured)
    rows = table[table["wave"] == end].to_dict("records")
    most = max((row["share_areas"] for row in rows), default=0.0) or 1.0
    return [
        {
            "number": row["class"],
            "name": row["class_name"],
            "areas": row["areas"],
            "share": row["share_areas"],
            "people": row["inhabitants"],
            "share_people": row["share_inhabitants"],
            "width": round(100 * row["share_areas"] / most, 1),
            "colour": CLASS_COLOURS[row["class"] - 1],
        }
        for row in reversed(rows)
    ]


def _maps(snapshot: Snapshot, country: RiskList) -> dict[str, Any] | None:
    """Return both maps, with one path a colour: one path an area would be slow on a phone."""
    if snapshot.polygons is None:
        return None
    # The current state is public for all areas; only the forecast may be hidden.
    every = replace(snapshot.country, boundaries=snapshot.polygons)
    drawn = draw_map(every)
    if drawn is None:
        return None
    rows = every.rows
    shown = rows["location"].isin(country.rows["location"]).to_numpy()
    paths = np.array(drawn.paths, dtype=object)
    steps = np.where(shown, steps_of(rows, country.about.threat_limit), NO_STEP)
    classes = rows["score_class"].to_numpy(dtype=float)
    names = class_scheme(snapshot.panel.edition).names
    return {
        "width": drawn.width,
        "height": drawn.height,
        "missing": drawn.missing,
        "borders": drawn.borders,
        "expected": [(step, "".join(paths[steps == step])) for step in range(NO_STEP + 1)],
        "now": [
            (colour, "".join(paths[classes == number])) for number, colour in enumerate(CLASS_COLOURS, start=1)
        ],
        "names": list(zip(CLASS_COLOURS, names, strict=True)),
    }


def _provinces(snapshot: Snapshot, country: RiskList) -> list[dict[str, Any]]:
    """Return how many areas threaten to decline by province, without those too small to judge."""
    rows = country.rows
    year = snapshot.stored.forecast.origin_date.year
    province = views_of(snapshot.panel, year, _panel_rows(snapshot, rows))["province"]
    found = (
        rows.assign(province=province)[judged(rows)]
        .groupby("province")
        .agg(areas=("threatens", "size"), threatens=("threatens", "sum"), pressed=("under_pressure", "sum"))
    )
    found = found.astype(int).assign(share=found["threatens"] / found["areas"]).reset_index()
    most = max(found["share"].max(), 1e-9)
    found = found.assign(width=(100 * found["share"] / most).round(1))
    ordered = found.sort_values(["share", "province"], ascending=[False, True])
    known = ordered[ordered["province"] != UNKNOWN]
    return [{str(name): value for name, value in row.items()} for row in known.to_dict("records")]


def _drivers(snapshot: Snapshot, country: RiskList) -> list[dict[str, Any]]:
    """Return the drivers with the strongest effect on the expected change, over the country."""
    # Areas too small to say anything are not explained.
    parts = country.contributions.dropna().reset_index(drop=True)
    views = views_of(snapshot.panel, snapshot.stored.forecast.origin_date.year, _panel_rows(snapshot, parts))
    table = national_drivers(parts, {"country": views["country"]})
    table = table.sort_values(["strength", "driver"], ascending=[False, True]).head(NAMED)
    most = max(float(table["strength"].max()), 1e-9)
    table = table.assign(width=(100 * table["strength"] / most).round(1))
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
