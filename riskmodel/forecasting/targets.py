"""Targets of forecasts: the change of the score, and events defined by it.

Every event says of an area: its change stays below a limit. The limit is the same everywhere (a fall), depends on
the score of the area (tipping), on the change of the country (a relative fall) or on the measurement noise of the
score of an area of that size (a fall beyond noise).
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np

from riskmodel.catalogue import class_scheme
from riskmodel.errors import InputError
from riskmodel.panel.measurement_noise import estimate_noise
from riskmodel.panel.panel import FloatArray, Panel
from riskmodel.sources.formats.settings import Expected, Whole, settings
from riskmodel.sources.leefbaarometer.edition2 import development_scheme

Kind = Literal["fall", "tipping", "development", "relative_fall", "beyond_noise"]
KINDS: tuple[Kind, ...] = ("fall", "tipping", "development", "relative_fall", "beyond_noise")
#: Development class of an area that does not change.
NO_CHANGE = 4


@settings("event")
class Event:
    """The event whose chance is forecast."""

    kind: Annotated[Kind, Expected(f"one of {', '.join(map(repr, KINDS))}")]
    """``"fall"``: the score falls by more than ``more_than``. ``"tipping"``: an area of class ``from_class`` or
    better is in class ``to_class`` or lower at the next measurement. ``"development"``: the change is of class
    ``development_class`` or lower, by the cuts of Leefbaarometer 2.0 (those of 3.0 are not published).
    ``"relative_fall"``: the change is more than ``more_than`` below the mean change of all areas.
    ``"beyond_noise"``: the score falls by more than ``times_noise`` standard deviations of the noise of a change,
    given the size of the area; areas whose size was not known take no part."""
    more_than: Annotated[float, Expected("score points between 0 and 1", gt=0, lt=1)] = 0.05
    """Score points."""
    from_class: Whole = 5
    """Class of the score, 1 to 9."""
    to_class: Whole = 4
    """Class of the score, below ``from_class``."""
    development_class: Annotated[int, Expected("1, 2 or 3", ge=1, lt=NO_CHANGE)] = 3
    """Development class; 4 is no change."""
    times_noise: Annotated[float, Expected("a number between 0 and 20", gt=0, lt=20)] = 2.0
    """Standard deviations."""

    def __post_init__(self) -> None:
        if not 1 <= self.to_class < self.from_class <= 9:
            raise InputError("event", f"from class {self.from_class} to {self.to_class}", "a lower class")

    @property
    def name(self) -> str:
        """Name in the Scores container, for instance ``"fall_0.05"``."""
        ending = {
            "fall": f"{self.more_than:g}",
            "relative_fall": f"{self.more_than:g}",
            "tipping": f"{self.from_class}_{self.to_class}",
            "development": f"{self.development_class}",
            "beyond_noise": f"{self.times_noise:g}",
        }
        return f"{self.kind}_{ending[self.kind]}"

    @property
    def limit_by_area(self) -> bool:
        """Whether the limit follows only from a panel."""
        return self.kind in ("tipping", "beyond_noise")

    def limit(self, country_change: float = 0.0) -> float:
        """Change below which the event happens, the same in every area."""
        if self.limit_by_area:
            raise InputError(f"event {self.name}", "no limits of the areas", "those of a panel")
        if self.kind == "development":
            return self._development_cut()
        return -self.more_than + (country_change if self.kind == "relative_fall" else 0.0)

    def limits(self, panel: Panel, wave: int, country_change: float = 0.0) -> FloatArray:
        """Change below which the event happens, shape (areas,); NaN where it is unknown.

        Only what was known when the wave was published plays a part.
        """
        if self.kind == "tipping":
            limits: FloatArray = class_scheme(panel.edition).cuts[self.to_class - 1] - panel.deviation(wave)
            return limits
        if self.kind == "beyond_noise":
            return -self.times_noise * noise_of_change(panel, wave)
        return np.full(len(panel.areas), self.limit(country_change))

    def eligible(self, panel: Panel, wave: int) -> np.ndarray:
        """Areas to which the question applies at a wave, boolean, shape (areas,)."""
        measured: np.ndarray = ~np.isnan(panel.at("score", wave))
        if self.kind == "tipping":
            measured &= panel.classes(wave) >= self.from_class
        if self.kind == "beyond_noise":
            measured &= ~np.isnan(self.limits(panel, wave))
        return measured

    def happened(self, panel: Panel, wave: int, end: int) -> FloatArray:
        """1.0 where the event happened between two waves, 0.0 where not, NaN where not measured."""
        if self.kind == "tipping":
            later = panel.classes(end)
            return np.where(np.isnan(later), np.nan, (later <= self.to_class).astype(float))
        change = score_change(panel, wave, end)
        known = ~np.isnan(change)
        limits = self.limits(panel, wave, float(change[known].mean()) if known.any() else 0.0)
        return np.where(known & ~np.isnan(limits), (change < limits).astype(float), np.nan)

    def _development_cut(self) -> float:
        return float(development_scheme().cuts[self.development_class - 1])


def score_change(panel: Panel, start: int, end: int) -> FloatArray:
    """Change of the total score between two waves in score points, shape (areas,)."""
    return panel.at("score", end) - panel.at("score", start)


def noise_of_change(panel: Panel, wave: int) -> FloatArray:
    """Standard deviation of the noise of a change, given size, as it could be known when a wave was published."""
    moment = panel.published_on("score", wave)
    nothing = np.full(len(panel.areas), np.nan)
    counted = [year for year in panel.years_of("population") if panel.published_on("population", year) <= moment]
    if not counted:
        return nothing
    inhabitants = panel.latest("population", counted[-1])
    waves = [year for year in panel.waves if panel.published_on("score", year) <= moment]
    try:
        noise = estimate_noise(np.column_stack([panel.at("score", year) for year in waves]), inhabitants)
    except InputError:  # too few areas with a size and two successive changes, or changes that do not turn back
        return nothing
    return np.where(np.isnan(inhabitants), np.nan, noise.of_change(inhabitants))
