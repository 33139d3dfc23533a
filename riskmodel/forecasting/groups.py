"""Groups of areas over which forecasts are judged: cohorts, and classes of size, urbanity and level.

Who belongs to a group at a wave is decided by what was known when that wave was published. Size and urbanity were
published for few years: where none was known yet, the first figure that came after is used. Groups are for
evaluation only, no model sees them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import AfterValidator

from riskmodel.errors import InputError
from riskmodel.forecasting.targets import WEAK_CLASS
from riskmodel.panel.panel import FloatArray, Panel
from riskmodel.sources.formats.settings import Whole, settings
from riskmodel.workspace.safe_text import safe_cell

#: Fewer inhabitants than this is too small to say anything about one area (docs/outcomes.md has the figures).
#: On the official wijken a fall is distinguished from no fall hardly better than by tossing a coin below 100
#: inhabitants (AUC among equals in size .56, 95% interval .50 to .62; 100 to 200: .63, .56 to .70; 1,000 and more:
#: .71), and up to some 250 to 300 inhabitants size alone brings an ordinary area (the median chance of 101 areas
#: of about its size) above the limit of *dreigt*. 200 lies between the two.
SMALL = 200
#: Borders of the size classes, in inhabitants.
SIZES = (SMALL, 500, 2_000, 5_000)
#: Label of every class, by kind of group, in reading order.
LABELS: dict[str, tuple[str, ...]] = {
    "size": ("below 200", "200 to 499", "500 to 1,999", "2,000 to 4,999", "5,000 and more"),
    # Of CBS: 1 is 2,500 addresses per square kilometre or more, 5 fewer than 500.
    "urbanity": ("very strongly urban", "strongly urban", "moderately urban", "hardly urban", "not urban"),
    "level": ("class 4 and lower", "class 5", "class 6", "class 7", "class 8", "class 9"),
}
UNKNOWN = "unknown"
#: Longest name of a model or cohort.
LONGEST_LABEL = 100


def _checked_label(text: str) -> str:
    if not text or len(text) > LONGEST_LABEL or safe_cell(text) != text:
        expected = f"a name of 1 to {LONGEST_LABEL} characters on one line that does not start like a formula"
        raise InputError("", repr(text)[:80], expected)
    return text


#: A name that tables, pictures and MLflow show.
Label = Annotated[str, AfterValidator(_checked_label)]


@settings("cohort")
class Cohort:
    """The areas over which scores are taken: those that meet every condition."""

    name: Label
    """Name in the Scores container."""
    min_inhabitants: Whole = 0
    """At least this many inhabitants; areas of unknown size do not meet it. 0 for no limit."""
    max_inhabitants: Whole = 0
    """At most this many inhabitants; areas of unknown size do not meet it. 0 for no limit."""
    min_class: Whole = 1
    """Lowest class of the score at the start of the forecast, 1 to 9."""
    max_class: Whole = 9
    """Highest class of the score at the start of the forecast, 1 to 9."""
    size: tuple[str, ...] = ()
    """Size classes from :data:`LABELS`, any of which will do; empty for all."""
    urbanity: tuple[str, ...] = ()
    """Degrees of urbanity from :data:`LABELS`, any of which will do; empty for all."""
    level: tuple[str, ...] = ()
    """Classes of the score from :data:`LABELS`, any of which will do; empty for all."""

    def __post_init__(self) -> None:
        where = f"cohort {self.name!r}"
        if 0 < self.max_inhabitants < self.min_inhabitants:
            found = f"{self.min_inhabitants} to {self.max_inhabitants} inhabitants"
            raise InputError(where, found, "a range of sizes")
        if not 1 <= self.min_class <= self.max_class <= 9:
            raise InputError(where, f"classes {self.min_class} to {self.max_class}", "a range within 1 to 9")
        for kind, labels in LABELS.items():
            unknown = [label for label in getattr(self, kind) if label not in labels]
            if unknown:
                raise InputError(f"{where}: {kind}", repr(unknown[0]), f"one of {', '.join(map(repr, labels))}")

    @property
    def classes(self) -> frozenset[int]:
        """Classes of the score that its areas can have at the start of a forecast."""
        labels = LABELS["level"]
        by_label = {
            each: labels[max(each, WEAK_CLASS) - WEAK_CLASS] for each in range(self.min_class, self.max_class + 1)
        }
        return frozenset(each for each, label in by_label.items() if not self.level or label in self.level)

    def members(self, panel: Panel, wave: int | None = None) -> npt.NDArray[np.bool_]:
        """Areas in the cohort, boolean, shape (areas,)."""
        wave = panel.waves[-1] if wave is None else wave
        inside = np.ones(len(panel.areas), dtype=bool)
        if self.min_inhabitants or self.max_inhabitants:
            inhabitants = as_known(panel, "population", wave)
            inside &= (inhabitants >= self.min_inhabitants) & (inhabitants <= (self.max_inhabitants or np.inf))
        if (self.min_class, self.max_class) != (1, 9):
            classes = panel.classes(wave)
            inside &= (classes >= self.min_class) & (classes <= self.max_class)
        for kind in LABELS:
            asked = getattr(self, kind)
            if asked:
                inside &= np.isin(labels_of(panel, wave, kind), asked)
        return inside


def as_known(
    panel: Panel, indicator: str, wave: int, values: Callable[[int], FloatArray] | None = None
) -> FloatArray:
    """A slowly changing indicator as it was known when a wave was published, shape (areas,).

    The newest value known by then; for an area that had none, the first that was published after. NaN where there
    is none at all. ``values`` gives something else of a year than the indicator itself.
    """
    moment = panel.published_on("score", wave)
    known = np.full(len(panel.areas), np.nan)
    later = [year for year in panel.years_of(indicator) if panel.published_on(indicator, year) > moment]
    earlier = [year for year in panel.years_of(indicator) if year not in later]
    for year in [*reversed(earlier), *later]:
        known = np.where(np.isnan(known), values(year) if values else panel.at(indicator, year), known)
    return known


def abstains(inhabitants: FloatArray) -> npt.NDArray[np.bool_]:
    """Whether an area is too small to say anything, shape of ``inhabitants``; an unknown size is not small."""
    return inhabitants < SMALL


def labels_of(panel: Panel, wave: int, kind: str) -> npt.NDArray[np.str_]:
    """Label of every area at a wave, shape (areas,): one of ``LABELS[kind]`` or ``"unknown"``."""
    return np.array([*LABELS[kind], UNKNOWN])[label_numbers(panel, wave, kind)]


def label_numbers(panel: Panel, wave: int, kind: str) -> npt.NDArray[np.intp]:
    """Index in ``LABELS[kind]`` of every area at a wave, shape (areas,); one beyond the last where unknown."""
    if kind == "size":
        value = as_known(panel, "population", wave)
        number = np.searchsorted(SIZES, value, side="right").astype(float)
    elif kind == "urbanity":
        # Carried over from other boundaries it is a mean of classes.
        value = as_known(panel, "urbanity", wave)
        number = np.round(value) - 1
    else:
        value = panel.classes(wave)
        number = np.fmax(value, float(WEAK_CLASS)) - WEAK_CLASS
    return np.where(np.isnan(value), len(LABELS[kind]), number).astype(np.intp)
