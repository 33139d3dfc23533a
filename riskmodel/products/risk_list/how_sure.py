"""How sure a risk list is of one area: its chance as a natural frequency, and the outcome of earlier forecasts."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from riskmodel.forecasting.experiment import Experiment
from riskmodel.forecasting.forecast import Forecast
from riskmodel.forecasting.groups import abstains
from riskmodel.forecasting.targets import Event, score_change
from riskmodel.panel.panel import Panel
from riskmodel.products.rendering.dutch import areas_word, known, shortest
from riskmodel.products.risk_list.area_sheet import Past
from riskmodel.products.risk_list.texts import event_in_dutch


def frequency(chance: float, event: Event, *, level: str = "wijk", years: int | None = None) -> str:
    """Return a chance as a natural frequency: readers understand "18 of 100 such areas" better than "18%".

    References
    ----------
    Gigerenzer and Hoffrage (1995), "How to improve Bayesian reasoning without instruction: frequency formats",
    Psychological Review 102(4).

    Examples
    --------
    >>> frequency(0.18, Event("fall"))
    'Van 100 vergelijkbare wijken gaan er ongeveer 18 meer dan 0,05 punt achteruit.'
    """
    found = known(chance)
    if found is None:
        return ""
    count = round(100 * found)
    many = "minder dan 1" if count < 1 else "meer dan 99" if count > 99 else f"ongeveer {count}"
    within = "" if years is None else f"binnen {years} jaar "
    areas = "gebieden" if level == "grid" else areas_word(level)
    one = count <= 1
    if event.kind == "fall":
        points = shortest(event.more_than)
        verb = "gaat" if one else "gaan"
        return f"Van 100 vergelijkbare {areas} {verb} er {within}{many} meer dan {points} punt achteruit."
    if event.kind == "tipping":
        verb = "zakt" if one else "zakken"
        return f"Van 100 vergelijkbare {areas} {verb} er {within}{many} naar klasse {event.to_class} of lager."
    if event.kind == "slide":
        verb = "zakt" if one else "zakken"
        return f"Van 100 vergelijkbare {areas} {verb} er {within}{many} naar zwak, of nog verder."
    return f"Bij {many} van 100 vergelijkbare {areas} gebeurt {within}dit: {event_in_dutch(event)}."


def past_by_area(
    forecasts: Iterable[Forecast], experiment: Experiment, panel: Panel, *, before: int | None = None
) -> dict[str, tuple[Past, ...]]:
    """Return earlier forecasts of every area by the same method, and what then happened; only of waves before one.

    Ranks are those of the list of the whole country as it would have been: highest chance first, areas that are
    too small (by their latest known size) at the end.
    """
    found: dict[str, tuple[Past, ...]] = {}
    for forecast in forecasts:
        wave = forecast.origin_date.year
        if forecast.horizon != experiment.horizon or (before is not None and wave >= before):
            continue
        for location, past in _past_at(forecast, experiment.event, panel):
            found[location] = (*found.get(location, ()), past)
    return found


def _past_at(forecast: Forecast, event: Event, panel: Panel) -> list[tuple[str, Past]]:
    wave, end = forecast.origin_date.year, forecast.origin_date.year + forecast.horizon
    here = np.flatnonzero(np.isin(forecast.locations, panel.areas))
    row = np.searchsorted(panel.areas, forecast.locations[here])
    asked = event.eligible(panel, wave)[row]
    here, row = here[asked], row[asked]
    chance = forecast.chance_of(event)[here]
    rank = np.empty(len(here), dtype=np.intp)
    small = abstains(panel.latest("population")[row])
    rank[np.lexsort((forecast.locations[here], -chance, small))] = np.arange(1, len(here) + 1)
    happened, change = event.happened(panel, wave, end)[row], score_change(panel, wave, end)[row]
    measured = np.flatnonzero(~np.isnan(happened))
    return [
        (
            str(forecast.locations[here[index]]),
            Past(
                year=wave,
                target_year=end,
                chance=float(chance[index]),
                rank=int(rank[index]),
                of=len(here),
                change=float(change[index]),
                happened=bool(happened[index]),
            ),
        )
        for index in measured
    ]
