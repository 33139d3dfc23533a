"""Targets of forecasts: the change of the score, and events defined by it.

Every event says of an area: its change stays below a limit. The limit is the same everywhere (a fall), depends on
the score of the area (tipping and the readings), on the change of the country (a relative fall) or on the
measurement noise of the score of an area of that size (a fall beyond noise). A recovery is the one event above its
limit.
"""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Literal, get_args

import numpy as np

from riskmodel.catalogue import ClassScheme, class_scheme
from riskmodel.errors import InputError
from riskmodel.panel.measurement_noise import estimate_noise
from riskmodel.panel.panel import FloatArray, Panel
from riskmodel.sources.formats.settings import Expected, Whole, settings
from riskmodel.sources.leefbaarometer.edition2 import development_scheme

Kind = Literal[
    "fall",
    "tipping",
    "development",
    "relative_fall",
    "beyond_noise",
    "slide",
    "clear_slide",
    "weak",
    "lower_class",
    "recover",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
#: What a kind of event can be told besides its kind.
PARAMETERS: dict[Kind, tuple[str, ...]] = {
    "fall": ("more_than",),
    "tipping": ("from_class", "to_class"),
    "development": ("development_class",),
    "relative_fall": ("more_than",),
    "beyond_noise": ("times_noise",),
}
#: Class *zwak*: areas in it or lower are under pressure.
WEAK_CLASS = 4
#: A fall of more than this many score points is clear, not a step over a border that was near.
CLEAR_FALL = 0.05
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
    given the size of the area; areas whose size was not known take no part.
    ``"slide"``: a lower class than now, and class 4 (zwak) or lower; areas of class 1 cannot go lower and take no
    part. ``"clear_slide"``: class 4 or lower, and fallen by more than .05; the class may be the same. ``"weak"``:
    class 4 or lower. ``"lower_class"``: a lower class than now. ``"recover"``: an area of class 4 or lower is in
    class 5 or higher."""
    more_than: Annotated[float, Expected("score points between 0 and 1", gt=0, lt=1)] = CLEAR_FALL
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
        own = PARAMETERS.get(self.kind, ())
        for field in fields(self):
            if field.name not in ("kind", *own) and getattr(self, field.name) != field.default:
                found = f"{getattr(self, field.name)} for kind {self.kind!r}"
                raise InputError(f"event.{field.name}", found, f"nothing but {', '.join(('kind', *own))}")

    @property
    def name(self) -> str:
        """Name in the Scores container, for instance ``"fall_0.05"`` or ``"slide"``."""
        values = [f"{getattr(self, name):g}" for name in PARAMETERS.get(self.kind, ())]
        return "_".join([self.kind, *values])

    @property
    def upward(self) -> bool:
        """Whether the event happens at or above its limit, not below it."""
        return self.kind == "recover"

    @property
    def limit_by_area(self) -> bool:
        """Whether the limit follows only from a panel."""
        return self.kind not in ("fall", "development", "relative_fall")

    @property
    def from_classes(self) -> range:
        """Classes of the score from which the event can happen."""
        lowest = {"tipping": self.from_class, "slide": 2, "lower_class": 2}
        return range(lowest.get(self.kind, 1), 1 + (WEAK_CLASS if self.kind == "recover" else 9))

    def limit(self, country_change: float = 0.0) -> float:
        """Change below which the event happens, the same in every area."""
        if self.limit_by_area:
            raise InputError(f"event {self.name}", "no limits of the areas", "those of a panel")
        if self.kind == "development":
            return self._development_cut()
        return -self.more_than + (country_change if self.kind == "relative_fall" else 0.0)

    def limits(self, panel: Panel, wave: int, country_change: float = 0.0) -> FloatArray:
        """Change below which the event happens, shape (areas,); NaN where it is unknown or cannot happen.

        Only what was known when the wave was published plays a part.
        """
        if self.kind == "beyond_noise":
            return -self.times_noise * noise_of_change(panel, wave)
        if self.limit_by_area:
            return self.limits_at(panel.deviation(wave), class_scheme(panel.edition))
        return np.full(len(panel.areas), self.limit(country_change))

    def limits_at(self, deviation: FloatArray, scheme: ClassScheme) -> FloatArray:
        """Change below which an event happens at scores minus the base constant, shape (areas,).

        NaN where it cannot happen: the lowest class cannot go lower, only class 4 or lower recovers.
        """
        if not self.limit_by_area:
            return np.full(len(deviation), self.limit())
        classes = scheme.classify(deviation)
        below: FloatArray = scheme.cuts[self.to_class - 1] - deviation
        if self.kind in ("slide", "lower_class"):
            highest = WEAK_CLASS + 1 if self.kind == "slide" else len(scheme.names)
            # Lower border of the class that has to be left; the lowest class has none.
            left = np.clip(np.nan_to_num(classes), 2, highest).astype(int)
            below = np.where(classes > 1, scheme.cuts[left - 2] - deviation, np.nan)
        if self.kind == "clear_slide":
            below = np.minimum(below, -CLEAR_FALL)
        elif self.kind == "recover":
            below = np.where(classes <= WEAK_CLASS, below, np.nan)
        return below

    def eligible(self, panel: Panel, wave: int) -> np.ndarray:
        """Areas to which the question applies at a wave, boolean, shape (areas,)."""
        measured: np.ndarray = ~np.isnan(panel.at("score", wave))
        if self.kind == "tipping":
            measured &= panel.classes(wave) >= self.from_class
        elif self.limit_by_area:
            measured &= ~np.isnan(self.limits(panel, wave))
        return measured

    def happened(self, panel: Panel, wave: int, end: int) -> FloatArray:
        """1.0 where the event happened between two waves, 0.0 where not, NaN where not measured."""
        change, later = score_change(panel, wave, end), panel.classes(end)
        if self.kind == "tipping":
            return np.where(np.isnan(later), np.nan, (later <= self.to_class).astype(float))
        known = ~np.isnan(change)
        limits = self.limits(panel, wave, float(change[known].mean()) if known.any() else 0.0)
        known &= ~np.isnan(limits)
        return np.where(known, self._happened(change, limits, panel.classes(wave), later).astype(float), np.nan)

    def _happened(self, change: FloatArray, limits: FloatArray, now: FloatArray, later: FloatArray) -> np.ndarray:
        # By the classes themselves: on a border, rounding of a change would decide otherwise.
        weak, lower = later <= WEAK_CLASS, later < now
        by_class = {
            "slide": weak & lower,
            "clear_slide": weak & (change < -CLEAR_FALL),
            "weak": weak,
            "lower_class": lower,
            "recover": ~weak,
        }
        return by_class.get(self.kind, change < limits)

    def _development_cut(self) -> float:
        return float(development_scheme().cuts[self.development_class - 1])


#: Events that are read off every forecast, by name and in reading order: one distribution, many questions.
READINGS: dict[str, Event] = {
    **{name: Event(name) for name in ("slide", "clear_slide", "weak", "lower_class", "recover")},
    "decline": Event("fall", CLEAR_FALL),
}


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
