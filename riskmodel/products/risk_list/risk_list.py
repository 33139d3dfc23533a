"""The container of a risk list: one row an area, worst first, with its explanation and provenance.

:mod:`riskmodel.products.risk_list.build` makes it, :mod:`riskmodel.products.risk_list.formats` writes it to files.
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
from riskmodel.forecasting.moment import Moment
from riskmodel.forecasting.targets import READINGS, Event
from riskmodel.products.risk_list.area_sheet import AreaSheet
from riskmodel.products.risk_list.texts import Sentence
from riskmodel.products.risk_list.verdicts import NEW, SMALL

if TYPE_CHECKING:
    from geopandas import GeoDataFrame

#: Columns of ``RiskList.rows``, with their Dutch heading and meaning.
COLUMNS: dict[str, tuple[str, str]] = {
    "rank": ("Rang", "1 = grootste kans binnen deze lijst"),
    "location": ("Code", "gebiedscode van het CBS"),
    "name": ("Gebied", "naam van het gebied"),
    "municipality": ("Gemeente", "naam van de gemeente"),
    "inhabitants": ("Inwoners", "aantal inwoners, laatst bekende stand"),
    "score": ("Score nu", "totaalscore van de Leefbaarometer bij de laatste meting"),
    "score_class": ("Klasse", "klasse 1 (zeer onvoldoende) tot en met 9 (uitstekend)"),
    "class_name": ("Oordeel nu", "naam van de klasse"),
    "change_last": ("Verandering laatste meting", "score min die van de meting ervoor"),
    "change_long": ("Verandering langere termijn", "score min die van de vroegste vergeleken meting"),
    "section": ("Onderdeel", "to_weak: kan zakken naar zwak; weak: is al zwak of lager; other: andere dalers"),
    "chance": ("Kans", "kans op wat deze lijst vraagt, 0 tot 1; bij de laagste klasse die van p_clear_slide"),
    "p_slide": ("Kans om te zakken", "kans op een lagere klasse dan nu, en zwak of lager"),
    "p_clear_slide": ("Kans op duidelijke daling", "kans op zwak of lager na een daling van meer dan 0,05 punt"),
    "p_weak": ("Kans op zwak of lager", "kans op klasse 4 (zwak) of lager"),
    "p_lower_class": ("Kans op lagere klasse", "kans op een lagere klasse dan nu"),
    "p_recover": ("Kans op herstel", "kans op klasse 5 of hoger, voor wie nu lager staat"),
    "p_decline": ("Kans op achteruitgang", "kans op een daling van meer dan 0,05 punt"),
    "kind": ("Soort", "near: net boven de grens; real: echte daling"),
    "target_date": ("Gaat over", "datum van de meting waarover de kansen gaan"),
    "p_other": ("Kans andere termijn", "dezelfde kans voor de andere termijn, als die er is"),
    "expected_change": ("Verwachte verandering", "gemiddelde van de voorspelde verandering"),
    "lower80": ("Ondergrens 80%", "in 1 van de 10 gevallen valt de verandering lager uit"),
    "upper80": ("Bovengrens 80%", "in 1 van de 10 gevallen valt de verandering hoger uit"),
    "under_pressure": ("Nu zwak of lager", "klasse 4 (zwak) of lager bij de laatste meting"),
    "threatens": (
        "Dreigt",
        "kans van minstens 5%, en minstens 5 keer zo groot als gemiddeld in Nederland; niet zonder oordeel",
    ),
    "verdict": (
        "Oordeel",
        "threatens: dreigt; raised: verhoogd; uncertain: onzeker, de score schommelt hier sterk",
    ),
    "reason": (
        "Waarom geen oordeel",
        "small: te klein; new: nieuwbouw, korte geschiedenis; lowest: kan niet lager",
    ),
    "too_small": ("Te klein om iets te zeggen", "zo weinig inwoners dat de score van toeval sterk schommelt"),
    "on_list": ("Binnen capaciteit", "hoort bij de gebieden die bezocht kunnen worden"),
    "audit": ("Steekproef", "door het lot gekozen om te bezoeken, om de lijst later te kunnen beoordelen"),
    "drivers_down": ("Wat werkt ongunstig", "sterkste bijdragen die de verwachting verlagen, in woorden"),
    "drivers_up": ("Wat werkt gunstig", "sterkste bijdragen die de verwachting verhogen, in woorden"),
}
#: Columns of ``RiskList.rows`` that are true or false.
FLAGS = ("under_pressure", "threatens", "too_small", "on_list", "audit")
#: Columns of ``RiskList.rows`` that hold text.
TEXT_COLUMNS = (
    *("location", "name", "municipality", "class_name", "section", "kind", "target_date", "verdict", "reason"),
    *("drivers_down", "drivers_up"),
)
#: Columns of chances.
CHANCES = ("chance", *(f"p_{name}" for name in READINGS), "p_other")
#: Columns of ``RiskList.rows`` that are empty for an area too small to say anything.
MODEL_NUMBERS = (*CHANCES, "expected_change", "lower80", "upper80")


@dataclass(frozen=True)
class About:
    """Provenance and settings of a risk list; part of every format of it.

    Attributes
    ----------
    title : str
        Heading in Dutch, for instance ``"Risicolijst Venlo"``.
    question : str
        The question in one plain Dutch sentence.
    event : Event
        The event whose chance is shown.
    experiment, model, model_version, code_version, forecast_id : str
        Identifiers that reproduce the list.
    origin_date, known_at : datetime.date
        Reference date of the wave that the forecast starts from, and the date of its publication.
    made_on : datetime.date
        Day on which the list was made.
    horizon : int
        Years ahead.
    change_last_from, change_long_from : int or None
        Waves against which the two changes are taken.
    average_risk : float
        Mean chance over the areas of the same forecast that are large enough and where the event can happen.
    threat_limit, raised_limit : float
        Chances from which an area *dreigt*, and from which its chance is *verhoogd*.
    small_limit : int
        Areas with fewer inhabitants than this are too small to judge.
    capacity : int or None
        How many areas can be visited.
    sources : tuple of str
        The input files with their fingerprints.
    example : bool
        True when the data is invented.
    track_record : Sentence or None
        How well this method did at earlier origins; None when not known.
    places : tuple of Sentence
        Which kinds of areas had more or fewer places than events on its earlier lists.
    notices : tuple of Sentence
        Warnings, such as that of sensitive indicators that were allowed.
    list_id, level : str
        Name of the list, and level of its areas.
    draw_seed : int
        Seed of the random visits.
    moment, other_moment : Moment or None
        The measurement that the list is about, seen from the day on which it was made, and that of ``p_other``.
    """

    title: str
    question: str
    event: Event
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
    raised_limit: float
    small_limit: int
    capacity: int | None
    sources: tuple[str, ...]
    example: bool
    track_record: Sentence | None
    places: tuple[Sentence, ...] = ()
    notices: tuple[Sentence, ...] = ()
    list_id: str = ""
    draw_seed: int = 0
    level: str = "wijk"
    moment: Moment | None = None
    other_moment: Moment | None = None

    @property
    def target_date(self) -> date:
        """Reference date of the measurement that the chances are about."""
        return self.origin_date.replace(year=self.origin_date.year + self.horizon)


@dataclass(frozen=True)
class RiskList:
    """A risk list: rows, the contributions behind them, and its provenance.

    Attributes
    ----------
    rows : pandas.DataFrame
        Columns :data:`COLUMNS`, sorted by ``rank``; missing numbers are NaN.
    contributions : pandas.DataFrame
        Same order as ``rows``: ``location``, ``base`` and one column a driver, in score points.
        ``base`` plus the driver columns is ``expected_change``.
    drivers : tuple of Driver
        The driver columns, in reading order.
    sheets : tuple of AreaSheet
        One an area, in the order of ``rows``; empty for a list without sheets.
    boundaries : geopandas.GeoDataFrame, optional
        Polygons of the areas in RD metres, columns ``location`` and ``geometry``; None when there are none.
    peers : pandas.DataFrame, optional
        All municipalities of the same forecast, as :func:`town_counts` counts them.
    chance_parts : pandas.DataFrame, optional
        Same order as ``rows``: ``location`` and one column a group of drivers, its share of ``chance`` minus the
        country's mean chance; NaN for areas without a chance or too small. None for models without such parts.
    why : tuple of tuple of Sentence
        Same order as ``rows``: what raises the chance of each area most, in words.
    """

    rows: pd.DataFrame
    contributions: pd.DataFrame
    drivers: tuple[Driver, ...]
    about: About
    sheets: tuple[AreaSheet, ...] = ()
    boundaries: GeoDataFrame | None = None
    peers: pd.DataFrame | None = None
    chance_parts: pd.DataFrame | None = None
    why: tuple[tuple[Sentence, ...], ...] = ()

    def __post_init__(self) -> None:
        missing = [column for column in COLUMNS if column not in self.rows.columns]
        if missing:
            raise InputError("risk list", f"no column {missing}", f"the columns {list(COLUMNS)}")
        if list(self.rows["location"]) != list(self.contributions["location"]):
            raise InputError("risk list", "other areas in rows than in contributions", "the same areas")
        if self.sheets and [sheet.location for sheet in self.sheets] != list(self.rows["location"]):
            raise InputError("risk list", "other areas in sheets than in rows", "the same areas")

    @property
    def chance_groups(self) -> list[str]:
        """Groups of drivers with a part of the chance, in reading order."""
        parts = self.chance_parts
        return [] if parts is None else [name for name in parts.columns if name != "location"]

    @property
    def shapes(self) -> npt.NDArray[np.object_]:
        """Polygons of the areas in the order of the rows; None where there is no boundary."""
        known = {}
        if self.boundaries is not None:
            shapes = np.asarray(self.boundaries.geometry.array, dtype=object)
            known = dict(zip(self.boundaries["location"], shapes, strict=True))
        return np.array([known.get(code) for code in self.rows["location"]], dtype=object)


def flagged(rows: pd.DataFrame, flag: str) -> npt.NDArray[np.bool_]:
    """Return a flag of every row of a risk list, shape (areas,); a missing one is not set."""
    flags: npt.NDArray[np.bool_] = rows[flag].to_numpy() == True  # noqa: E712
    return flags


def silent(rows: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return of which areas a list says nothing: too small, or a building site."""
    areas: npt.NDArray[np.bool_] = rows["reason"].isin((SMALL, NEW)).to_numpy()
    return areas


def judged(rows: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return which areas get a verdict: large enough, no building site, and with a chance."""
    said = ~(silent(rows) | flagged(rows, "too_small"))
    known: npt.NDArray[np.bool_] = said & np.isfinite(rows["chance"].to_numpy(float))
    return known


def threatening(rows: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Return which areas *dreigen*: only those that get a verdict, whatever the model computed."""
    return flagged(rows, "threatens") & judged(rows)


def counts(rows: pd.DataFrame) -> dict[str, int]:
    """Count the areas of a list, those with each flag, and those that both threaten and are under pressure.

    Who threatens or is under pressure is counted among the areas that get a verdict, as everywhere on a list.
    """
    said = judged(rows)
    flags = {name: flagged(rows, name) for name in FLAGS}
    flags |= {name: flags[name] & said for name in ("under_pressure", "threatens")}
    both = flags["under_pressure"] & flags["threatens"]
    totals = {"areas": len(rows), "judged": int(said.sum()), "both": int(both.sum())}
    return totals | {name: int(flag.sum()) for name, flag in flags.items()}


def town_counts(rows: pd.DataFrame) -> pd.DataFrame:
    """Count per municipality how many of its areas threaten and are under pressure."""
    known = judged(rows) & rows["municipality"].fillna("").ne("").to_numpy()
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
    counts: pd.DataFrame = counted.sort_values(order, ascending=[False, False, True], ignore_index=True)
    return counts
