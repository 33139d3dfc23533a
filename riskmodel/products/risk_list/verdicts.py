"""Section and verdict of each area of a list, the kind of slide it would be, or why there is no verdict.

The limits keep a list from crying wolf. *Dreigt* takes a chance that is worth a visit by itself and that is far
above the country's; both hold for the distribution of one horizon and level.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskmodel.forecasting.targets import WEAK_CLASS, Event
from riskmodel.panel.panel import FloatArray

BoolArray = npt.NDArray[np.bool_]

#: *Dreigt*: at least this chance, and at least so many times the country's mean.
THREAT_FLOOR, THREAT_TIMES = 0.05, 5.0
#: *Verhoogd*: at least so many times the country's mean, below *dreigt*.
RAISED_TIMES = 2.0
#: Sections of a list about sliding: may slide to weak; is weak or lower already; others that may fall.
TO_WEAK, WEAK, OTHER = "to_weak", "weak", "other"
#: Kinds of slide: the border is near, or the score itself falls.
NEAR, REAL = "near", "real"
#: Why a list says nothing: too few inhabitants, a building site, or no lower class to slide to.
SMALL, NEW, LOWEST = "small", "new", "lowest"
#: Verdicts, from most to least; ``uncertain`` is a high chance of a fall without an expected fall.
THREATENS, RAISED, UNCERTAIN = "threatens", "raised", "uncertain"


@dataclass(frozen=True)
class Facts:
    """What the verdicts follow from; arrays of shape (areas,).

    Attributes
    ----------
    event : Event
        What is asked.
    chance : numpy.ndarray
        Chance of the event; for areas of the lowest class, of a clear slide where a slide is asked.
    decline : numpy.ndarray
        Chance of a fall of more than .05.
    expected : numpy.ndarray
        Expected change in score points.
    classes : numpy.ndarray
        Class of the score, 1 to 9.
    asked, small, new : numpy.ndarray of bool
        Whether the event can happen, whether the area is too small, and whether it is a building site.
    """

    event: Event
    chance: FloatArray
    decline: FloatArray
    expected: FloatArray
    classes: FloatArray
    asked: BoolArray
    small: BoolArray
    new: BoolArray

    @property
    def average(self) -> float:
        """Mean chance of the country over the areas that are large enough and where the event can happen."""
        return country_mean(self.chance, self.asked & ~self.small)

    @property
    def threat(self) -> float:
        """Chance from which an area *dreigt*."""
        return max(THREAT_FLOOR, THREAT_TIMES * self.average)

    @property
    def raised(self) -> float:
        """Chance from which a chance is *verhoogd*."""
        return RAISED_TIMES * self.average


def country_mean(chance: FloatArray, counted: BoolArray) -> float:
    """Mean chance over the areas that count; 0 without any."""
    return float(chance[counted].mean()) if counted.any() else 0.0


def reasons(facts: Facts) -> npt.NDArray[np.str_]:
    """Why an area gets no verdict or no chance: ``small``, ``new``, ``lowest`` or empty."""
    lowest = (facts.event.kind == "slide") & ~facts.asked
    return np.select([facts.small, facts.new, lowest], [SMALL, NEW, LOWEST], "")


def verdicts(facts: Facts) -> npt.NDArray[np.str_]:
    """Verdict of each area: ``threatens``, ``raised``, ``uncertain`` or empty.

    A fall is a threat only where one is expected: a wide distribution around a rise has a high chance of one too.
    """
    silent = facts.small | facts.new | ~facts.asked
    swings = (facts.event.kind == "fall") & (facts.chance >= facts.raised) & (facts.expected >= 0)
    return np.select(
        [silent, swings, facts.chance >= facts.threat, facts.chance >= facts.raised],
        ["", UNCERTAIN, THREATENS, RAISED],
        "",
    )


def sections(facts: Facts) -> npt.NDArray[np.str_]:
    """Section of each area in a list about sliding; empty in other lists, and for areas that fit in none.

    From class 5 on a chance of at least the country's mean belongs to the first; whoever is weak is in the second.
    The third holds who is expected to fall, with at least twice the country's chance of a clear fall.
    """
    nowhere = np.full(len(facts.chance), "", dtype="<U7")
    if facts.event.kind != "slide":
        return nowhere
    silent = facts.small | facts.new
    weak = facts.classes <= WEAK_CLASS
    falls = facts.decline >= RAISED_TIMES * country_mean(facts.decline, ~facts.small)
    return np.select(
        [silent, weak, facts.chance >= facts.average, falls & (facts.expected < 0)],
        ["", WEAK, TO_WEAK, OTHER],
        nowhere,
    )


def kinds(slide: FloatArray, decline: FloatArray) -> npt.NDArray[np.str_]:
    """Kind of slide of each area: ``near`` where at least half of its chance lies at falls of .05 or less.

    A slide is a change below the area's limit, so its part at falls of .05 or less is what exceeds the chance of a
    larger fall. Empty where there is no chance to slide.
    """
    near = np.maximum(slide - decline, 0.0) >= slide / 2
    return np.where(np.isnan(slide), "", np.where(near, NEAR, REAL))


def worth_a_visit(facts: Facts, section: npt.NDArray[np.str_]) -> BoolArray:
    """Areas that can be at the top of a list: in one about sliding, those of its first two sections.

    Of the areas that are weak already, those whose chance to slide further is below the country's are not.
    """
    fit = ~(facts.small | facts.new)
    if facts.event.kind == "slide":
        fit &= np.isin(section, (TO_WEAK, WEAK)) & (facts.chance >= facts.average)
    return fit
