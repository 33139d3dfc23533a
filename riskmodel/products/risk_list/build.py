"""Make a risk list from a stored forecast, its contributions and the panel."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from riskmodel.catalogue import class_scheme, drivers
from riskmodel.errors import InputError
from riskmodel.forecasting.drivers.alternative_models import unsure_of
from riskmodel.forecasting.forecast_store import StoredForecast
from riskmodel.forecasting.groups import SMALL, abstains
from riskmodel.monitor.measured import municipality_names
from riskmodel.panel.panel import FloatArray, Panel
from riskmodel.products.risk_list.area_sheet import Past
from riskmodel.products.risk_list.driver_words import in_words
from riskmodel.products.risk_list.random_visits import RANDOM_SHARE, draw_seed, list_id, plan_visits, visits_notice
from riskmodel.products.risk_list.risk_list import COLUMNS, About, RiskList, town_counts
from riskmodel.products.risk_list.sheets import area_sheets
from riskmodel.products.risk_list.texts import Sentence

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

#: *Dreigt achteruit te gaan*: at least this many times the mean chance of all areas of the same forecast, in an
#: area that is large enough to say something about.
THREAT_TIMES_AVERAGE = 2.0
#: Class 4 (zwak) or lower is *nu onder druk*.
PRESSURE_CLASS = 4
#: The longer development is taken over about this many years.
LONG_YEARS = 6


def build_risk_list(
    panel: Panel,
    stored: StoredForecast,
    municipalities: tuple[str, ...],
    *,
    title: str,
    capacity: int | None,
    made_on: date,
    track_record: Sentence | None = None,
    past: Mapping[str, tuple[Past, ...]] | None = None,
    boundaries: GeoDataFrame | None = None,
    audit_share: float = RANDOM_SHARE,
    hidden: frozenset[str] = frozenset(),
    with_sheets: bool = True,
) -> RiskList:
    """Return the risk list of some municipalities; none is the whole country.

    ``past`` holds earlier forecasts by area, ``boundaries`` the polygons of any areas, in RD metres. Areas of the
    municipalities in ``hidden`` (``GM`` codes) are shown as comparable to no other.
    """
    forecast, event = stored.forecast, stored.experiment.event
    wave = forecast.origin_date.year
    position = np.searchsorted(panel.areas, forecast.locations)
    asked = event.eligible(panel, wave)[position]
    chosen = asked & _inside(panel, position, municipalities)
    if not chosen.any():
        raise InputError("risk list", "no area to which the question applies", "at least one area with a score")
    average = float(forecast.chance_of(event)[asked].mean())
    limit = THREAT_TIMES_AVERAGE * average
    last, long = _earlier_waves(panel, wave)
    areas = _areas(panel, stored, position, limit, last, long)
    worst_first = np.lexsort((areas["location"], -areas["p_decline"], areas["too_small"]))
    order = worst_first[chosen[worst_first]]
    rows = areas.iloc[order].reset_index(drop=True)
    rows.insert(0, "rank", np.arange(1, len(rows) + 1))
    deciding = (stored.id, municipalities, capacity, audit_share)
    seed = draw_seed(*deciding)
    visits = plan_visits(rows["too_small"].to_numpy(), capacity, audit_share, seed)
    rows["on_list"], rows["audit"] = visits.top, visits.drawn
    drawn = visits_notice(list_id(wave, *deciding), seed, visits)
    origin = Sentence("notice_origin") if stored.experiment.allow_origin else None
    about = About(
        title=title,
        question=stored.experiment.question,
        event=event,
        experiment=stored.experiment.name,
        model=stored.model,
        model_version=stored.release_id,
        code_version=stored.code_version,
        forecast_id=stored.id,
        origin_date=forecast.origin_date,
        known_at=forecast.known_at,
        made_on=made_on,
        horizon=forecast.horizon,
        change_last_from=last,
        change_long_from=long,
        average_risk=average,
        threat_limit=limit,
        small_limit=SMALL,
        capacity=capacity,
        sources=tuple(f"{file.name} (sha256 {file.sha256[:12]})" for file in panel.files),
        example=_invented(panel),
        track_record=track_record,
        notices=tuple(notice for notice in (origin, drawn) if notice),
    )
    contributions = stored.contributions.iloc[order].reset_index(drop=True)
    return RiskList(
        rows=rows[list(COLUMNS)],
        contributions=contributions,
        drivers=tuple(driver for driver in drivers() if driver.id in contributions.columns),
        about=about,
        sheets=area_sheets(panel, stored, rows, past=past, hidden=hidden) if with_sheets else (),
        boundaries=_own_boundaries(boundaries, rows),
        peers=town_counts(areas[asked]),
    )


def _earlier_waves(panel: Panel, wave: int) -> tuple[int | None, int | None]:
    """Return the waves from which the last and the longer development are taken, where there are any."""
    earlier = [year for year in panel.waves if year < wave]
    long = next((year for year in reversed(earlier) if wave - year >= LONG_YEARS), None)
    return (earlier[-1] if earlier else None), long


def _areas(
    panel: Panel, stored: StoredForecast, position: np.ndarray, limit: float, last: int | None, long: int | None
) -> pd.DataFrame:
    """Return the columns of a list but the rank and the visits, for every area of the forecast in its order."""
    forecast = stored.forecast
    wave = forecast.origin_date.year
    chance = forecast.chance_of(stored.experiment.event)
    inhabitants = panel.latest("population")[position]
    classes = panel.classes(wave)[position]
    too_small = abstains(inhabitants)
    words = stored.contributions.drop(columns="location")
    measured = pd.DataFrame() if stored.explanation is None else stored.explanation.stability
    unsure = unsure_of(measured, stored.contributions)
    return pd.DataFrame(
        {
            "location": forecast.locations,
            "name": panel.names[position],
            "municipality": municipality_names(panel.municipality_codes())[position],
            "inhabitants": inhabitants,
            "score": panel.at("score", wave)[position],
            "score_class": classes.astype(int),
            "class_name": np.array(class_scheme(panel.edition).names)[classes.astype(int) - 1],
            "change_last": _change(panel, wave, last)[position],
            "change_long": _change(panel, wave, long)[position],
            "p_decline": chance,
            "expected_change": forecast.mean,
            "lower80": forecast.quantile(0.1),
            "upper80": forecast.quantile(0.9),
            "under_pressure": classes <= PRESSURE_CLASS,
            # Without a verdict there is no *dreigt* either,
            "threatens": (chance >= limit) & ~too_small,
            "too_small": too_small,
            # nor an explanation.
            "drivers_down": np.where(too_small, "", in_words(words, down=True, unsure=unsure)),
            "drivers_up": np.where(too_small, "", in_words(words, down=False, unsure=unsure)),
        }
    )


def _inside(panel: Panel, position: np.ndarray, municipalities: tuple[str, ...]) -> np.ndarray:
    if not municipalities:
        return np.ones(len(position), dtype=bool)
    inside: np.ndarray = np.isin(panel.municipality_codes()[position], municipalities)
    return inside


def _change(panel: Panel, wave: int, earlier: int | None) -> FloatArray:
    return panel.at("score", wave) - (np.nan if earlier is None else panel.at("score", earlier))


def _invented(panel: Panel) -> bool:
    """Return whether the areas are those of the example: municipality numbers from 9000 are invented."""
    return any(code >= "GM9000" for code in panel.municipality_codes())


def _own_boundaries(boundaries: GeoDataFrame | None, rows: pd.DataFrame) -> GeoDataFrame | None:
    if boundaries is None:
        return None
    own = boundaries[boundaries["location"].isin(rows["location"])].reset_index(drop=True)
    return own if len(own) else None
