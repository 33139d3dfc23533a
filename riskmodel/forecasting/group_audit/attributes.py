"""Attributes by which an audit groups areas: urbanity, size, level, income, and what a user supplies.

Groups are for evaluation only: no model sees them. Who belongs to one at a wave is decided by what was known when
that wave was published; where nothing was known yet, the first figure that came after is used, and the share of
areas of which it was known is reported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from riskmodel.errors import InputError
from riskmodel.forecasting.groups import LABELS, UNKNOWN, as_known, labels_of
from riskmodel.panel.panel import FloatArray, Panel
from riskmodel.sources.supplied_groups import SuppliedGroups

#: Indicators of income, the first that a panel has; whether a high value is a high income.
INCOMES: Mapping[str, bool] = {"income_per_inhabitant": True, "low_income": False}
#: Fifths of equally many areas by income, and what they are called.
FIFTHS = ("lowest fifth", "second fifth", "middle fifth", "fourth fifth", "highest fifth")
#: Indicator behind each attribute; the level is that of the score itself.
INDICATORS = {"urbanity": "urbanity", "size": "population", "level": "score"}
ATTRIBUTES = ("urbanity", "size", "level", "income")

StrArray = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Attribute:
    """Something that areas are grouped by.

    Attributes
    ----------
    name : str
        ``"urbanity"``, ``"size"``, ``"level"``, ``"income"``, or the name of what a user supplied.
    groups : tuple of str
        Names of the groups, in reading order.
    source : str
        Where it comes from.
    labels : mapping of int to numpy.ndarray of str, shape (areas,)
        By wave, the group of every area of the panel; ``"unknown"`` where it is not known.
    known_then : mapping of int to numpy.ndarray of bool, shape (areas,)
        By wave, whether the group of an area was known when the wave was published. Empty for what a user
        supplied, of which that is unknown.
    """

    name: str
    groups: tuple[str, ...]
    source: str
    labels: Mapping[int, StrArray]
    known_then: Mapping[int, npt.NDArray[np.bool_]]


def attributes_of(
    panel: Panel, waves: Sequence[int], supplied: SuppliedGroups | None = None
) -> tuple[Attribute, ...]:
    """Attributes that a panel knows, and the one a user supplied."""
    found = [_known_attribute(panel, waves, name) for name in INDICATORS]
    found += _income(panel, waves)
    if supplied is not None:
        found.append(_supplied(panel, waves, supplied))
    return tuple(found)


def income_fifths(panel: Panel, year: int, indicator: str) -> FloatArray:
    """Number of the fifth, 0 for the lowest incomes, by one year's figures, shape (areas,); NaN where unknown.

    Equal figures fall in the same fifth, so that fifths are not exactly equal in number.
    """
    value = panel.at(indicator, year) * (1 if INCOMES[indicator] else -1)
    known = np.sort(value[~np.isnan(value)])
    below = np.searchsorted(known, value, side="left")
    return np.where(np.isnan(value), np.nan, below * len(FIFTHS) // max(len(known), 1))


def _known_attribute(panel: Panel, waves: Sequence[int], name: str) -> Attribute:
    return Attribute(
        name=name,
        groups=LABELS[name],
        source=_source(panel, INDICATORS[name]),
        labels={wave: labels_of(panel, wave, name) for wave in waves},
        known_then={wave: _known_then(panel, wave, INDICATORS[name]) for wave in waves},
    )


def _income(panel: Panel, waves: Sequence[int]) -> list[Attribute]:
    """Fifths by income, each year's figures ranked by themselves since incomes rise; empty without figures."""
    indicator = next((each for each in INCOMES if panel.years_of(each)), None)
    if indicator is None:
        return []
    by_year = {year: income_fifths(panel, year, indicator) for year in panel.years_of(indicator)}
    names, labels = np.array([*FIFTHS, UNKNOWN]), {}
    for wave in waves:
        fifth = as_known(panel, indicator, wave, by_year.__getitem__)
        labels[wave] = names[np.where(np.isnan(fifth), len(FIFTHS), fifth).astype(int)]
    known = {wave: _known_then(panel, wave, indicator) for wave in waves}
    return [Attribute("income", FIFTHS, _source(panel, indicator), labels, known)]


def _supplied(panel: Panel, waves: Sequence[int], supplied: SuppliedGroups) -> Attribute:
    labels = np.array([supplied.groups.get(str(area), UNKNOWN) for area in panel.areas])
    if (labels == UNKNOWN).all():
        raise InputError(
            supplied.file.name,
            f"no area of level {panel.level} with boundaries of {panel.boundaries}",
            f"codes such as {panel.areas[0]}",
        )
    covered, strange = int((labels != UNKNOWN).sum()), len(set(supplied.groups) - set(panel.areas.tolist()))
    source = (
        f"{supplied.file.name} (sha256 {supplied.file.sha256[:12]}), supplied by the user for this audit: "
        f"{covered:,} of {len(labels):,} areas"
    )
    source += f", {strange:,} codes that are no area here left out" if strange else ""
    return Attribute(supplied.name, supplied.names, source, dict.fromkeys(waves, labels), {})


def _known_then(panel: Panel, wave: int, indicator: str) -> npt.NDArray[np.bool_]:
    """Whether an area had any figure by the time a wave was published, shape (areas,)."""
    moment = panel.published_on("score", wave)
    known = np.zeros(len(panel.areas), dtype=bool)
    for year in panel.years_of(indicator):
        if panel.published_on(indicator, year) <= moment:
            known |= ~np.isnan(panel.at(indicator, year))
    return known


def _source(panel: Panel, indicator: str) -> str:
    about = panel.definitions.get(indicator)
    years = ", ".join(map(str, panel.years_of(indicator)))
    return f"{about.source if about else 'unknown'}: {indicator} of {years}" if years else "not in the workspace"
