"""Make a risk list from a stored forecast, its contributions and the panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.catalogue import class_scheme, drivers
from riskmodel.errors import InputError
from riskmodel.forecasting.drivers.alternative_models import unsure_of
from riskmodel.forecasting.drivers.chance_contributions import additive_scores, background_of, shapley
from riskmodel.forecasting.forecast import Forecast
from riskmodel.forecasting.forecast_store import StoredForecast
from riskmodel.forecasting.groups import SMALL, abstains
from riskmodel.forecasting.growth import short_history
from riskmodel.forecasting.moment import moment_of
from riskmodel.forecasting.targets import READINGS, WEAK_CLASS, Event
from riskmodel.monitor.measured import municipality_names
from riskmodel.panel.panel import FloatArray, Panel
from riskmodel.products.risk_list.area_sheet import Past
from riskmodel.products.risk_list.chance_words import why
from riskmodel.products.risk_list.driver_words import in_words
from riskmodel.products.risk_list.random_visits import RANDOM_SHARE, draw_seed, list_id, plan_visits, visits_notice
from riskmodel.products.risk_list.risk_list import COLUMNS, MODEL_NUMBERS, About, RiskList, town_counts
from riskmodel.products.risk_list.sheets import area_sheets
from riskmodel.products.risk_list.texts import Sentence
from riskmodel.products.risk_list.verdicts import (
    THREATENS,
    Facts,
    kinds,
    reasons,
    sections,
    verdicts,
    worth_a_visit,
)

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

IntArray = npt.NDArray[np.intp]
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
    places: tuple[Sentence, ...] = (),
    past: Mapping[str, tuple[Past, ...]] | None = None,
    boundaries: GeoDataFrame | None = None,
    audit_share: float = RANDOM_SHARE,
    with_sheets: bool = True,
    other: StoredForecast | None = None,
) -> RiskList:
    """Return the risk list of some municipalities; none is the whole country.

    Parameters
    ----------
    panel : Panel
        With the scores behind the forecast.
    stored : StoredForecast
        Forecast and question.
    municipalities : tuple of str
        ``GM`` codes; empty for the whole country.
    title, capacity, made_on, track_record, places
        See :class:`~riskmodel.products.risk_list.risk_list.About`.
    past : mapping of str to tuple of Past, optional
        Earlier forecasts by area.
    boundaries : geopandas.GeoDataFrame, optional
        Polygons of any areas, in RD metres.
    audit_share : float
        Part of the visits that is drawn at random.
    with_sheets : bool
        Whether to explain every area: its sheet, and the parts of its chance.
    other : StoredForecast, optional
        The same question over another number of years, shown beside it.
    """
    forecast, event = with_readings(stored.forecast), stored.experiment.event
    wave = forecast.origin_date.year
    position = np.searchsorted(panel.areas, forecast.locations)
    facts = _facts(panel, forecast, event, position)
    # Who cannot slide any further is on a list about sliding, by the chance of a clear slide.
    listed = ~np.isnan(facts.chance) & (facts.asked | (event.kind == "slide"))
    chosen = listed & _inside(panel, position, municipalities)
    if not chosen.any():
        raise InputError("risk list", "no area to which the question applies", "at least one area with a score")
    last, long = _earlier_waves(panel, wave)
    areas = _areas(panel, stored, forecast, position, facts, last, long, other)
    silent = facts.small | facts.new
    worst_first = np.lexsort((areas["location"], -facts.chance, facts.new, facts.small))
    order = worst_first[chosen[worst_first]]
    rows = areas.iloc[order].reset_index(drop=True)
    rows.insert(0, "rank", np.arange(1, len(rows) + 1))
    # One forecast answers several questions, so the question is part of what decides.
    answered = f"{stored.experiment.name}/{stored.id}" if stored.forecast.readings else stored.id
    deciding = (answered, municipalities, capacity, audit_share)
    seed, identity = draw_seed(*deciding), list_id(wave, *deciding)
    worth = worth_a_visit(facts, areas["section"].to_numpy(dtype=str))[order]
    visits = plan_visits(silent[order], capacity, audit_share, seed, worth)
    rows["on_list"], rows["audit"] = visits.top, visits.drawn
    drawn = visits_notice(identity, seed, visits)
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
        average_risk=facts.average,
        threat_limit=facts.threat,
        raised_limit=facts.raised,
        small_limit=SMALL,
        capacity=capacity,
        sources=tuple(f"{file.name} (sha256 {file.sha256[:12]})" for file in panel.files),
        example=_invented(panel),
        track_record=track_record,
        places=places,
        notices=tuple(notice for notice in (origin, drawn) if notice),
        list_id=identity,
        draw_seed=seed,
        level=stored.level,
        moment=moment_of(wave, forecast.horizon, panel.edition, made_on),
        other_moment=None if other is None else moment_of(wave, other.forecast.horizon, panel.edition, made_on),
    )
    contributions = stored.contributions.iloc[order].reset_index(drop=True)
    contributions.loc[facts.small[order], contributions.columns != "location"] = np.nan
    parts = _chance_parts(panel, stored, facts, position, order) if with_sheets else None
    return RiskList(
        rows=rows[list(COLUMNS)],
        contributions=contributions,
        drivers=tuple(driver for driver in drivers() if driver.id in contributions.columns),
        about=about,
        sheets=area_sheets(panel, stored, rows, past=past) if with_sheets else (),
        boundaries=_own_boundaries(boundaries, rows),
        peers=town_counts(areas[listed]),
        chance_parts=parts,
        why=tuple(why(parts, rows, long)),
    )


def _earlier_waves(panel: Panel, wave: int) -> tuple[int | None, int | None]:
    """Return the waves from which the last and the longer development are taken, where there are any."""
    earlier = [year for year in panel.waves if year < wave]
    long = next((year for year in reversed(earlier) if wave - year >= LONG_YEARS), None)
    return (earlier[-1] if earlier else None), long


def with_readings(forecast: Forecast) -> Forecast:
    """Return a forecast with the chances that every list shows; those that an earlier version left out are NaN."""
    unknown = dict.fromkeys(READINGS, np.full(len(forecast.locations), np.nan))
    decline = forecast.chance_of(READINGS["decline"])
    return replace(forecast, readings={**unknown, "decline": decline}) if not forecast.readings else forecast


def _facts(panel: Panel, forecast: Forecast, event: Event, position: IntArray) -> Facts:
    wave, known = forecast.origin_date.year, panel.known_at(forecast.known_at)
    asked = event.eligible(panel, wave)[position]
    chance = forecast.chance_of(event)
    if event.kind == "slide":
        chance = np.where(asked, chance, forecast.readings["clear_slide"])
    return Facts(
        event=event,
        chance=chance,
        decline=forecast.readings["decline"],
        expected=forecast.mean,
        classes=panel.classes(wave)[position],
        asked=asked,
        small=abstains(panel.latest("population")[position]),
        new=short_history(known)[position],
    )


def _areas(
    panel: Panel,
    stored: StoredForecast,
    forecast: Forecast,
    position: IntArray,
    facts: Facts,
    last: int | None,
    long: int | None,
    other: StoredForecast | None,
) -> pd.DataFrame:
    """Return the columns of a list but the rank and the visits, for every area of the forecast in its order."""
    wave = forecast.origin_date.year
    classes = facts.classes.astype(int)
    words = stored.contributions.drop(columns="location")
    measured = pd.DataFrame() if stored.explanation is None else stored.explanation.stability
    unsure = unsure_of(measured, stored.contributions)
    said = verdicts(facts)
    areas = pd.DataFrame(
        {
            "location": forecast.locations,
            "name": panel.names[position],
            "municipality": municipality_names(panel.municipality_codes())[position],
            "inhabitants": panel.latest("population")[position],
            "score": panel.at("score", wave)[position],
            "score_class": classes,
            "class_name": np.array(class_scheme(panel.edition).names)[classes - 1],
            "change_last": _change(panel, wave, last)[position],
            "change_long": _change(panel, wave, long)[position],
            "section": sections(facts),
            "chance": facts.chance,
            **{f"p_{name}": chance for name, chance in forecast.readings.items()},
            "kind": kinds(forecast.readings["slide"], forecast.readings["decline"]),
            "target_date": f"{wave + forecast.horizon}-01-01",
            "p_other": _other_chance(forecast, stored.experiment.event, other),
            "expected_change": forecast.mean,
            "lower80": forecast.quantile(0.1),
            "upper80": forecast.quantile(0.9),
            "under_pressure": facts.classes <= WEAK_CLASS,
            "threatens": said == THREATENS,
            "verdict": said,
            "reason": reasons(facts),
            "too_small": facts.small,
            # Without a verdict there is no explanation.
            "drivers_down": np.where(facts.small, "", in_words(words, down=True, unsure=unsure)),
            "drivers_up": np.where(facts.small, "", in_words(words, down=False, unsure=unsure)),
        }
    )
    areas.loc[facts.small, list(MODEL_NUMBERS)] = np.nan
    areas.loc[facts.small, "kind"] = ""
    return areas


def _other_chance(forecast: Forecast, event: Event, other: StoredForecast | None) -> FloatArray:
    """Chance of the same event over the other number of years, at the areas of a forecast."""
    if other is None or not other.forecast.readings:
        return np.full(len(forecast.locations), np.nan)
    chance = pd.Series(other.forecast.chance_of(event), index=other.forecast.locations)
    return np.asarray(chance.reindex(forecast.locations), dtype=float)


def _chance_parts(
    panel: Panel, stored: StoredForecast, facts: Facts, position: IntArray, order: IntArray
) -> pd.DataFrame | None:
    """Return the parts of the chance of every listed area by group of drivers; None without parts of spreads."""
    counted = facts.asked & ~facts.small
    if stored.explanation is None or stored.explanation.spread is None or not counted.any():
        return None
    limits = facts.event.limits(panel, stored.forecast.origin_date.year)[position]
    scores = additive_scores(stored.contributions, stored.explanation.spread, limits, upward=facts.event.upward)
    background = background_of(scores, counted)
    parts = shapley(scores, background, order[counted[order]])
    table = pd.DataFrame(np.nan, index=range(len(order)), columns=list(scores.groups))
    table[counted[order]] = parts
    table.insert(0, "location", stored.forecast.locations[order])
    return table


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
