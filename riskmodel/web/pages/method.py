"""The page of the method: the model, its sources, its limits and its entry for the register."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from riskmodel.catalogue import load
from riskmodel.forecasting.groups import SMALL
from riskmodel.panel.panel import Panel
from riskmodel.products.governance.register_entry import entry_of
from riskmodel.products.governance.register_words import RegisterFacts, register_values
from riskmodel.products.governance.register_words import sources_of as register_sources
from riskmodel.products.rendering import dutch
from riskmodel.products.risk_list.texts import event_in_dutch, in_dutch
from riskmodel.web.serving.snapshot import Snapshot


def method_of(snapshot: Snapshot, *, own_too: bool) -> dict[str, Any]:
    """Return the context of the page; ``own_too`` is whether sources of municipalities are named."""
    forecast = snapshot.stored.forecast
    shown = snapshot if own_too else snapshot.without(snapshot.local)
    facts = RegisterFacts(
        event=event_in_dutch(snapshot.experiment.event),
        horizon=snapshot.experiment.horizon,
        level=snapshot.stored.level,
        model=snapshot.stored.model,
        release_id=snapshot.stored.release_id,
        sources=register_sources(snapshot.panel, own_too=own_too),
        track_record=in_dutch(snapshot.track_record),
    )
    entry = entry_of(register_values(facts))
    return {
        "event": event_in_dutch(snapshot.experiment.event),
        "horizon": snapshot.experiment.horizon,
        "sources": sources_of(snapshot.panel, own_too=own_too),
        "limits": dutch.LIMITS,
        "allow_origin": snapshot.experiment.allow_origin,
        "start": forecast.origin_date.year,
        "target": forecast.origin_date.year + forecast.horizon,
        "known_at": dutch.day_words(forecast.known_at),
        "origin_date": dutch.day_words(forecast.origin_date),
        "threshold": None if shown is None else shown.country.about,
        "small_limit": SMALL,
        "release": snapshot.stored.release_id,
        "model": snapshot.stored.model,
        "code_version": snapshot.stored.code_version,
        "forecast_id": snapshot.stored.id,
        "fields": entry.fields,
        "to_do": [field.label for field in entry.missing],
    }


def sources_of(panel: Panel, *, own_too: bool) -> list[dict[str, Any]]:
    """Return the sources of all forecasts, with licence, years and number of indicators."""
    labels = load("sources")
    found: dict[str, dict[str, Any]] = {}
    for about, years in panel.for_forecasts().items():
        if about.source not in labels and not own_too:
            continue
        row = found.setdefault(
            about.source,
            {"label": labels.get(about.source, {}).get("label", about.source), "figures": 0, "years": set()},
        )
        row["figures"] += 1
        row["years"] |= set(years)
    return [{**row, "years": _years(sorted(row["years"]))} for row in found.values()]


def _years(years: Sequence[int]) -> str:
    return dutch.listed(years) if len(years) <= 4 else f"{years[0]} tot en met {years[-1]} ({len(years)} jaren)"
