"""What a reader can find out about one area of a risk list: a sheet of paper, a panel on the page.

Containers only. :mod:`riskmodel.products.risk_list.sheets` fills them; page, workbook and PDF show them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Trend:
    """Scores of an area over the waves.

    Attributes
    ----------
    years : tuple of int
        Waves, ascending, up to the one the forecast starts from.
    score, municipality, country : tuple of float
        Score of the area, and mean scores of its municipality and of the country, weighted by inhabitants where
        known; NaN where not measured.
    """

    years: tuple[int, ...]
    score: tuple[float, ...]
    municipality: tuple[float, ...]
    country: tuple[float, ...]


@dataclass(frozen=True)
class Fan:
    """Forecast score at the target wave.

    Attributes
    ----------
    year : int
        Target wave.
    expected : float
        Expected score.
    quantiles : mapping of float to float
        Score at each reported quantile level.
    """

    year: int
    expected: float
    quantiles: Mapping[float, float]


@dataclass(frozen=True)
class DimensionRow:
    """One of the five dimensions.

    Attributes
    ----------
    id, label : str
        Id and plain Dutch name.
    value, country : float
        Deviation in score points, and the country's mean.
    change : float
        Since the previous measurement with dimensions; NaN where unknown.
    year, since : int or None
        Waves of value and change.
    """

    id: str
    label: str
    value: float
    country: float
    change: float
    year: int
    since: int | None


@dataclass(frozen=True)
class IndicatorRow:
    """One indicator behind a driver.

    Attributes
    ----------
    id, label : str
        Indicator (or feature of the score's own history) and its plain Dutch name.
    contribution : float
        To the expected change, in score points.
    text : str
        Value in plain Dutch, for instance ``"12% (Nederland 9%), 2020"``; empty where nothing can be said.
    label_en : str
        Its plain English name; empty where there is none, as for most local sources.
    """

    id: str
    label: str
    contribution: float
    text: str
    label_en: str = ""


@dataclass(frozen=True)
class DriverRow:
    """One driver.

    Attributes
    ----------
    id, label : str
        Id and plain Dutch name.
    contribution : float
        To the expected change, in score points, against the average area of the country.
    against_comparable : float
        The same against the mean of the comparable areas.
    low, high : float
        Lowest and highest contribution over other seeds and close models; NaN where not measured.
    stable : bool
        Whether its sign holds over seeds and close models.
    definitional : bool
        True for parts of the score itself (its history, its dimensions); False for leading indicators.
    indicators : tuple of IndicatorRow
        What it is made of, strongest first.
    """

    id: str
    label: str
    contribution: float
    against_comparable: float
    low: float
    high: float
    stable: bool
    definitional: bool
    indicators: tuple[IndicatorRow, ...]


@dataclass(frozen=True)
class Mechanism:
    """A mechanism that is at work in an area according to a readable rule, beside the model and never in it.

    Attributes
    ----------
    id, title : str
        Id and plain Dutch name.
    text : str
        One plain Dutch sentence with the figures that made the rule hold.
    """

    id: str
    title: str
    text: str


@dataclass(frozen=True)
class Comparable:
    """An area like this one: of about the same level, size and urbanity.

    Attributes
    ----------
    location, name, municipality : str
        Which area.
    score, p_decline : float
        Its score now and its chance of decline.
    """

    location: str
    name: str
    municipality: str
    score: float
    p_decline: float


@dataclass(frozen=True)
class Past:
    """What the same method said from an earlier wave, and what then happened.

    Attributes
    ----------
    year, target_year : int
        Wave it started from and wave it looked at.
    chance : float
        Chance of decline it gave.
    rank, of : int
        Place among the areas of the country.
    change : float
        Change that was then measured, in score points.
    happened : bool
        Whether the event happened.
    """

    year: int
    target_year: int
    chance: float
    rank: int
    of: int
    change: float
    happened: bool


@dataclass(frozen=True)
class AreaSheet:
    """Everything about one area of a risk list.

    Attributes
    ----------
    location : str
        Area code.
    trend : Trend
        Scores so far.
    fan : Fan
        Scores to come.
    dimensions : tuple of DimensionRow
        Empty where none were published.
    drivers : tuple of DriverRow
        In reading order.
    mechanisms : tuple of Mechanism
        Those that hold; often none.
    comparable : tuple of Comparable
        Nearest first.
    past : tuple of Past
        Earliest first; empty without a backtest.
    frequency : str
        The chance as a natural frequency in plain Dutch.
    rank_low, rank_high : int
        Ranks within the list between which the area lies in 80 of 100 cases.
    abstain : bool
        True when the area is too small to say anything.
    """

    location: str
    trend: Trend
    fan: Fan
    dimensions: tuple[DimensionRow, ...]
    drivers: tuple[DriverRow, ...]
    mechanisms: tuple[Mechanism, ...]
    comparable: tuple[Comparable, ...]
    past: tuple[Past, ...]
    frequency: str
    rank_low: int
    rank_high: int
    abstain: bool
