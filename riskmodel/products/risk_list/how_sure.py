"""How sure a risk list is of one area, in figures and words that a reader can check afterwards.

The chance as a natural frequency, and what the same method said before and what then happened, hits and misses
alike. Beside these stand the ranks that an area could have had (:mod:`riskmodel.products.risk_list.ranks`) and whether it is
too small to say anything (:mod:`riskmodel.forecasting.groups`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from riskmodel.errors import InputError
from riskmodel.forecasting.backtest_record import FORECASTS, QUESTION
from riskmodel.forecasting.experiment import Experiment, load_experiment
from riskmodel.forecasting.forecast import Forecast, read_forecasts
from riskmodel.forecasting.groups import abstains
from riskmodel.forecasting.targets import Event, score_change
from riskmodel.panel.panel import FloatArray, Panel
from riskmodel.products.rendering.dutch import known
from riskmodel.products.risk_list.area_sheet import Past
from riskmodel.workspace.store import Workspace

#: Areas of about one size over which a median chance is taken.
WINDOW = 101
#: What areas of a level are called; others are *gebieden*.
LEVEL_WORDS = {"wijk": "wijken", "buurt": "buurten", "gemeente": "gemeenten", "pc4": "postcodegebieden"}


def frequency(chance: float, event: Event, *, level: str = "wijk", years: int | None = None) -> str:
    """Chance as a natural frequency: readers understand "18 of 100 such areas" better than "18%".

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
    areas = LEVEL_WORDS.get(level, "gebieden")
    one = count <= 1
    if event.kind == "fall":
        points = f"{event.more_than:g}".replace(".", ",")
        verb = "gaat" if one else "gaan"
        return f"Van 100 vergelijkbare {areas} {verb} er {within}{many} meer dan {points} punt achteruit."
    if event.kind == "tipping":
        verb = "zakt" if one else "zakken"
        return f"Van 100 vergelijkbare {areas} {verb} er {within}{many} naar klasse {event.to_class} of lager."
    return f"Bij {many} van 100 vergelijkbare {areas} gebeurt {within}dit: {event.in_dutch}."


def flagged_by_size(chance: FloatArray, inhabitants: FloatArray, limit: float) -> float:
    """Inhabitants below which size alone brings an ordinary area above a limit.

    The chance of the ordinary area is the median of :data:`WINDOW` areas of about its size.
    """
    there = ~np.isnan(inhabitants)
    if there.sum() < WINDOW:
        raise InputError("areas", f"{there.sum()} of known size", f"at least {WINDOW}")
    order = np.argsort(inhabitants[there], kind="stable")
    medians = np.median(np.lib.stride_tricks.sliding_window_view(chance[there][order], WINDOW), axis=1)
    flagged = np.flatnonzero(medians >= limit)
    return float(inhabitants[there][order][flagged[-1] + WINDOW // 2]) if len(flagged) else 0.0


def past_of(
    workspace: Workspace, experiment: Experiment, model: str, panel: Panel, *, before: int | None = None
) -> Mapping[str, tuple[Past, ...]]:
    """What the same method said of every area at earlier origins, and what then happened.

    Ranks are those of the list of the whole country as it would have been: highest chance first, areas that are
    too small (by their latest known size) at the end.
    """
    folder = workspace.path("backtests", experiment.name)
    if not (folder / FORECASTS).exists() or not _same_question(folder / QUESTION, experiment):
        return {}
    told: dict[str, tuple[Past, ...]] = {}
    for forecast in _forecasts_of(folder / FORECASTS, model):
        wave = forecast.origin_date.year
        if forecast.horizon != experiment.horizon or (before is not None and wave >= before):
            continue
        for location, past in _past_at(forecast, experiment.event, panel):
            told[location] = (*told.get(location, ()), past)
    return told


def _forecasts_of(path: Path, model: str) -> list[Forecast]:
    """Forecasts of one model: reading those of all models takes ten times as long."""
    try:
        rows = pq.read_table(path, filters=[("model", "==", model)])
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InputError(path, "a damaged file", "forecasts as written by riskmodel") from error
    with TemporaryDirectory() as folder:
        pq.write_table(rows, Path(folder) / FORECASTS)
        return read_forecasts(Path(folder) / FORECASTS)


def _same_question(file: Path, experiment: Experiment) -> bool:
    if not file.exists():
        return True
    stored = load_experiment(file)
    return (stored.event, stored.horizon, stored.allow_origin) == (
        experiment.event,
        experiment.horizon,
        experiment.allow_origin,
    )


def _past_at(forecast: Forecast, event: Event, panel: Panel) -> list[tuple[str, Past]]:
    wave, end = forecast.origin_date.year, forecast.origin_date.year + forecast.horizon
    here = np.flatnonzero(np.isin(forecast.locations, panel.areas))
    place = np.searchsorted(panel.areas, forecast.locations[here])
    asked = event.eligible(panel, wave)[place]
    here, place = here[asked], place[asked]
    chance = forecast.chance_of(event)[here]
    rank = np.empty(len(here), dtype=np.intp)
    small = abstains(panel.latest("population")[place])
    rank[np.lexsort((forecast.locations[here], -chance, small))] = np.arange(1, len(here) + 1)
    happened, change = event.happened(panel, wave, end)[place], score_change(panel, wave, end)[place]
    measured = np.flatnonzero(~np.isnan(happened))
    return [
        (
            str(forecast.locations[here[row]]),
            Past(
                year=wave,
                target_year=end,
                chance=float(chance[row]),
                rank=int(rank[row]),
                of=len(here),
                change=float(change[row]),
                happened=bool(happened[row]),
            ),
        )
        for row in measured
    ]
