"""Figures on a sheet of the present."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from riskmodel.panel.measurement_noise import Noise

#: With fewer inhabitants the score of an area is so noisy that its figure alone says little.
SMALL_AREA = 500
#: With fewer areas than this percentages say little.
FEW_AREAS = 10
#: Highest class that is *zwak*, and lowest that is *ruim voldoende*.
WEAK, AMPLE = 4, 6


@dataclass(frozen=True)
class Span:
    """Changes between two measurements beyond the noise of the score.

    Attributes
    ----------
    start, end : int
        The two measurements.
    risen, fallen : pandas.DataFrame
        Rows of the development table, largest change first.
    unclear, unknown, not_comparable : int
        Areas whose change is within the noise, whose noise is not known, and that miss one of the scores.
    """

    start: int
    end: int
    risen: pd.DataFrame
    fallen: pd.DataFrame
    unclear: int
    unknown: int
    not_comparable: int

    @property
    def known(self) -> bool:
        """Whether the change and the noise are known of some area."""
        return len(self.risen) + len(self.fallen) + self.unclear > 0


@dataclass(frozen=True)
class Parts:
    """Contributions of the dimensions to the mean change.

    Attributes
    ----------
    start, end : int
        Measurements with dimensions, as far apart as the sheet looks back.
    rows : pandas.DataFrame
        ``label, change, country``: mean change of each dimension here and in the country, in score points.
    total, country_total : float
        Mean change of the score here and in the country.
    left_out : int
        Areas without the figures it takes.
    fallers : pandas.DataFrame
        Areas that fell beyond the noise, with the ``label`` of the dimension that fell most.
    """

    start: int
    end: int
    rows: pd.DataFrame
    total: float
    country_total: float
    left_out: int
    fallers: pd.DataFrame


@dataclass(frozen=True)
class Facts:
    """All figures on a sheet of the present.

    Attributes
    ----------
    title, edition, level : str
        Name of the municipality or group, edition of the Leefbaarometer, and level of the areas.
    wave : int
        The measurement the sheet is about.
    counted : int or None
        Year of the counts of inhabitants.
    areas : pandas.DataFrame
        All areas, lowest score first and those without at the end: ``location, name, municipality, inhabitants,
        score, class, class_name, small`` and, for every span, ``change_START`` and ``direction_START``.
    classes : pandas.DataFrame
        Per class: ``class, class_name, areas, inhabitants, share`` and ``country_inhabitants, country_share``.
    spans : tuple of Span
        Since the previous measurement, and since the long ago one if that is another.
    parts : Parts or None
        None where dimensions were not measured twice in the time looked back on.
    weighted : bool
        Whether an area weighs by its inhabitants in the means; every area the same where they are not known.
    course : pandas.DataFrame
        ``wave, here, rest``: mean score of the areas measured in every wave.
    followed : int
        Areas behind ``here``.
    course_words, rest_words : str
        How the two went, as what follows after a subject.
    noise : Noise
        Noise of the score.
    waves, dimension_waves : tuple of int
        All measurements of the release, and those with dimensions.
    """

    title: str
    edition: str
    level: str
    wave: int
    counted: int | None
    areas: pd.DataFrame
    classes: pd.DataFrame
    spans: tuple[Span, ...]
    parts: Parts | None
    weighted: bool
    course: pd.DataFrame
    followed: int
    course_words: str
    rest_words: str
    noise: Noise
    waves: tuple[int, ...]
    dimension_waves: tuple[int, ...]

    @property
    def measured_areas(self) -> int:
        """Areas with a score."""
        return int(self.areas["score"].notna().sum())

    @property
    def inhabitants(self) -> float:
        """Inhabitants of the areas with a score and a count."""
        return float(self.classes["inhabitants"].sum())

    def people(self, low: int, high: int) -> tuple[float, float, float, float]:
        """Return inhabitants of some classes and of all, here, and the same two in the country."""
        inside = self.classes["class"].between(low, high)
        here, country = self.classes["inhabitants"], self.classes["country_inhabitants"]
        return (
            float(here[inside].sum()), float(here.sum()), float(country[inside].sum()), float(country.sum())
        )  # fmt: skip
