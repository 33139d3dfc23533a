"""Containers for the sheet of one area of a risk list: its scores, forecast, drivers and what explains them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from riskmodel.products.risk_list.texts import Sentence


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
    """The forecast of the score at a target wave: its expectation, and the score at each reported quantile."""

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
        Since the previous measurement with dimensions; NaN where not known.
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
        Indicator (or feature of the score's own history) and plain Dutch name.
    contribution : float
        To the expected change, in score points.
    text : Sentence or None
        Its value, such as "12% (Nederland 9%), 2020"; None where it is not known.
    label_en : str
        Plain English name; empty where there is none, as for most local sources.
    """

    id: str
    label: str
    contribution: float
    text: Sentence | None
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
        Whether its sign is the same over seeds and close models.
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
    id : str
        Id of the rule.
    text : Sentence
        With the figures that made the rule hold.
    """

    id: str
    text: Sentence

    @property
    def title(self) -> Sentence:
        """Name of the rule."""
        return Sentence(f"mechanism_{self.id}")


@dataclass(frozen=True)
class Comparable:
    """A comparable area, with its score now and its chance of the event; NaN where it is too small."""

    location: str
    name: str
    municipality: str
    score: float
    chance: float


@dataclass(frozen=True)
class Past:
    """An earlier forecast by the same method, and what then happened.

    Attributes
    ----------
    year, target_year : int
        Wave that it started from and wave that it forecast.
    chance : float
        Chance of decline.
    rank, of : int
        Rank among the areas of the country.
    change : float
        Change that was measured, in score points.
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
