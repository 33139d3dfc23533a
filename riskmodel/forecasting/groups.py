"""Groups of areas over which forecasts are judged: cohorts, and classes of size, urbanity and level.

Who belongs to a group at a wave is decided by what was known when that wave was published. Size and urbanity were
published for few years: where none was known yet, the first figure that came after stands in. Groups are for
judging only, no model sees them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskmodel.errors import InputError
from riskmodel.panel.panel import FloatArray, Panel

#: Fewer inhabitants than this is too small to say anything about one area (docs/outcomes.md has the figures).
#: On the official wijken a fall is told from no fall hardly better than by tossing a coin below 100 inhabitants
#: (AUC among equals in size .56, 95% interval .50 to .62; 100 to 200: .63, .56 to .70; 1,000 and more: .71), and
#: up to some 250 to 300 inhabitants size alone brings an ordinary area above the limit of *dreigt* (see
#: :func:`riskmodel.products.risk_list.how_sure.flagged_by_size`). 200 lies between the two.
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


@dataclass(frozen=True)
class Cohort:
    """The areas over which scores are taken: those that meet every condition.

    Attributes
    ----------
    name : str
        Name in the Scores container.
    min_inhabitants, max_inhabitants : int
        At least and at most this many inhabitants; areas of unknown size meet neither condition. 0 for no limit.
    min_class, max_class : int
        Class of the score at the start of the forecast, 1 to 9.
    size, urbanity, level : tuple of str
        Classes from :data:`LABELS`, any of which will do; empty for all.
    """

    name: str
    min_inhabitants: int = 0
    max_inhabitants: int = 0
    min_class: int = 1
    max_class: int = 9
    size: tuple[str, ...] = ()
    urbanity: tuple[str, ...] = ()
    level: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        where = f"cohort {self.name!r}"
        if self.min_inhabitants < 0 or 0 < self.max_inhabitants < self.min_inhabitants:
            raise InputError(
                where, f"{self.min_inhabitants} to {self.max_inhabitants} inhabitants", "a range of sizes"
            )
        if not 1 <= self.min_class <= self.max_class <= 9:
            raise InputError(where, f"classes {self.min_class} to {self.max_class}", "a range within 1 to 9")
        for kind, labels in LABELS.items():
            unknown = [label for label in getattr(self, kind) if label not in labels]
            if unknown:
                raise InputError(f"{where}: {kind}", repr(unknown[0]), f"one of {', '.join(map(repr, labels))}")

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


def as_known(panel: Panel, indicator: str, wave: int) -> FloatArray:
    """A slowly changing indicator as it was known when a wave was published, shape (areas,).

    The newest value known by then; for an area that had none, the first that was published after. NaN where there
    is none at all.
    """
    moment = panel.published_on("score", wave)
    known = np.full(len(panel.areas), np.nan)
    later = [year for year in panel.years_of(indicator) if panel.published_on(indicator, year) > moment]
    earlier = [year for year in panel.years_of(indicator) if year not in later]
    for year in [*reversed(earlier), *later]:
        known = np.where(np.isnan(known), panel.at(indicator, year), known)
    return known


def abstains(inhabitants: FloatArray) -> npt.NDArray[np.bool_]:
    """Whether an area is too small to say anything, shape of ``inhabitants``; an unknown size is not small."""
    small: npt.NDArray[np.bool_] = inhabitants < SMALL
    return small


def labels_of(panel: Panel, wave: int, kind: str) -> npt.NDArray[np.str_]:
    """Label of every area at a wave, shape (areas,): one of ``LABELS[kind]`` or ``"unknown"``."""
    if kind == "size":
        value = as_known(panel, "population", wave)
        number = np.searchsorted(SIZES, value, side="right").astype(float)
    elif kind == "urbanity":
        # Carried over from other boundaries it is a mean of classes.
        value = as_known(panel, "urbanity", wave)
        number = np.round(value) - 1
    else:
        value = panel.classes(wave)
        number = np.fmax(value, 4.0) - 4
    place = np.where(np.isnan(value), len(LABELS[kind]), number).astype(int)
    labels: npt.NDArray[np.str_] = np.array([*LABELS[kind], UNKNOWN])[place]
    return labels
