"""The risk list: one row an area, worst first, with what the reader needs to doubt it.

This module holds the container only; :mod:`riskmodel.products.risk_list.build` fills it from a forecast and
:mod:`riskmodel.products.risk_list.formats.csv`, ``workbook`` and ``page`` write it down.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.catalogue import Driver
from riskmodel.errors import InputError
from riskmodel.products.risk_list.area_sheet import AreaSheet

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

#: Columns of ``RiskList.rows``, with the Dutch heading and what stands in them.
COLUMNS: dict[str, tuple[str, str]] = {
    "rank": ("Rang", "1 = grootste kans op achteruitgang binnen deze lijst"),
    "location": ("Code", "gebiedscode van het CBS"),
    "name": ("Gebied", "naam van het gebied"),
    "municipality": ("Gemeente", "naam van de gemeente"),
    "inhabitants": ("Inwoners", "aantal inwoners, laatst bekende stand"),
    "score": ("Score nu", "totaalscore van de Leefbaarometer bij de laatste meting"),
    "score_class": ("Klasse", "klasse 1 (zeer onvoldoende) tot en met 9 (uitstekend)"),
    "class_name": ("Oordeel nu", "naam van de klasse"),
    "change_last": ("Verandering laatste meting", "score min die van de meting ervoor"),
    "change_long": ("Verandering langere termijn", "score min die van de vroegste vergeleken meting"),
    "p_decline": ("Kans op achteruitgang", "kans volgens het model binnen de termijn, 0 tot 1"),
    "expected_change": ("Verwachte verandering", "gemiddelde van de voorspelde verandering"),
    "lower80": ("Ondergrens 80%", "in 1 van de 10 gevallen valt de verandering lager uit"),
    "upper80": ("Bovengrens 80%", "in 1 van de 10 gevallen valt de verandering hoger uit"),
    "under_pressure": ("Nu onder druk", "klasse 4 (zwak) of lager bij de laatste meting"),
    "threatens": (
        "Dreigt achteruit te gaan",
        "kans duidelijk groter dan gemiddeld in Nederland; nooit bij een gebied dat te klein is om iets te zeggen",
    ),
    "too_small": ("Te klein om iets te zeggen", "zo weinig inwoners dat de score van toeval sterk schommelt"),
    "on_list": ("Binnen capaciteit", "hoort bij de gebieden die bezocht kunnen worden"),
    "audit": ("Steekproef", "door het lot gekozen om te bezoeken, om de lijst later te kunnen beoordelen"),
    "drivers_down": ("Wat trekt omlaag", "sterkste bijdragen die de verwachting verlagen, in woorden"),
    "drivers_up": ("Wat houdt op peil", "sterkste bijdragen die de verwachting verhogen, in woorden"),
}


@dataclass(frozen=True)
class About:
    """Where a risk list comes from; printed on every form of it.

    Attributes
    ----------
    title : str
        Heading in Dutch, for instance ``"Risicolijst Venlo"``.
    question : str
        The question in one plain Dutch sentence.
    event : str
        The event whose chance is shown, for instance ``"de score daalt meer dan 0,05"``.
    experiment, model, model_version, code_version, forecast_id : str
        What reproduces the list.
    origin_date, known_at : datetime.date
        Reference date of the wave the forecast starts from, and the date it was published.
    made_on : datetime.date
        Day on which the list was made.
    horizon : int
        Years ahead.
    change_last_from, change_long_from : int or None
        Waves against which the two changes are taken.
    average_risk : float
        Mean chance of decline over all areas of the same forecast.
    threat_limit : float
        Chance from which an area *dreigt achteruit te gaan*.
    small_limit : int
        Fewer inhabitants than this is too small to say much.
    capacity : int or None
        How many areas can be visited.
    sources : tuple of str
        The input files with their fingerprints.
    example : bool
        True when the data is invented.
    track_record : str
        Plain Dutch sentence on how well this method did at earlier origins; empty when unknown.
    notices : tuple of str
        What the reader must know beside that, such as sensitive indicators that were allowed.
    """

    title: str
    question: str
    event: str
    experiment: str
    model: str
    model_version: str
    code_version: str
    forecast_id: str
    origin_date: date
    known_at: date
    made_on: date
    horizon: int
    change_last_from: int | None
    change_long_from: int | None
    average_risk: float
    threat_limit: float
    small_limit: int
    capacity: int | None
    sources: tuple[str, ...]
    example: bool
    track_record: str
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class RiskList:
    """A risk list: rows, the contributions behind them, and where it comes from.

    Attributes
    ----------
    rows : pandas.DataFrame
        Columns :data:`COLUMNS`, sorted by ``rank``; missing numbers are NaN.
    contributions : pandas.DataFrame
        Same order as ``rows``: ``location``, ``base`` and one column a driver, in score points.
        ``base`` plus the driver columns is ``expected_change``.
    drivers : tuple of Driver
        The driver columns, in reading order.
    about : About
        Provenance and settings.
    sheets : tuple of AreaSheet
        One an area, in the order of ``rows``; empty when only the list was asked for.
    boundaries : geopandas.GeoDataFrame, optional
        Polygons of the areas in RD metres, columns ``location`` and ``geometry``; None when there are none.
    peers : pandas.DataFrame, optional
        All municipalities of the same forecast, as :func:`riskmodel.products.risk_list.risk_list.town_counts` counts them.
    """

    rows: pd.DataFrame
    contributions: pd.DataFrame
    drivers: tuple[Driver, ...]
    about: About
    sheets: tuple[AreaSheet, ...] = ()
    boundaries: GeoDataFrame | None = None
    peers: pd.DataFrame | None = None

    def __post_init__(self) -> None:
        missing = [column for column in COLUMNS if column not in self.rows.columns]
        if missing:
            raise InputError("risk list", f"no column {missing}", f"the columns {list(COLUMNS)}")
        if list(self.rows["location"]) != list(self.contributions["location"]):
            raise InputError("risk list", "other areas in rows than in contributions", "the same areas")
        if self.sheets and [sheet.location for sheet in self.sheets] != list(self.rows["location"]):
            raise InputError("risk list", "other areas in sheets than in rows", "the same areas")


def flagged(rows: pd.DataFrame, flag: str) -> npt.NDArray[np.bool_]:
    """A flag of every row of a risk list, shape (areas,); a missing one is not set."""
    found: npt.NDArray[np.bool_] = rows[flag].to_numpy() == True  # noqa: E712
    return found


def town_counts(rows: pd.DataFrame) -> pd.DataFrame:
    """Count per municipality how many of its areas threaten and are under pressure."""
    known = ~flagged(rows, "too_small") & rows["municipality"].fillna("").ne("").to_numpy()
    shown = rows[known]
    counted = (
        pd.DataFrame(
            {
                "name": shown["municipality"],
                "areas": 1,
                "threatens": shown["threatens"].astype(int),
                "pressed": shown["under_pressure"].astype(int),
            }
        )
        .groupby("name", as_index=False)
        .sum()
    )
    counted["share"] = counted["threatens"] / counted["areas"]
    order = ["share", "areas", "name"]
    made: pd.DataFrame = counted.sort_values(order, ascending=[False, False, True], ignore_index=True)
    return made
