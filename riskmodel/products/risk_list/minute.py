"""The first screen of a list: the areas at the top of each section by name, or that none is exceptional."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from riskmodel.products.rendering.dutch import LEVELS
from riskmodel.products.risk_list.risk_list import RiskList, flagged, judged, threatening
from riskmodel.products.risk_list.texts import Sentence
from riskmodel.products.risk_list.verdicts import OTHER, TO_WEAK, WEAK

#: Names in each section of the first screen; of lists without sections, in the only one.
MOST = {TO_WEAK: 6, WEAK: 4, OTHER: 5, "top": 8}
#: An area of more inhabitants than this is too large to visit as one.
LARGE = 10_000
#: Names of the levels in English.
ENGLISH = {"wijk": "district", "buurt": "neighbourhood", "gemeente": "municipality", "pc4": "postcode area"}


@dataclass(frozen=True)
class Section:
    """One section: its key, the areas shown with what raises their chance, and how many more there are."""

    key: str
    areas: tuple[tuple[dict[str, Any], tuple[Sentence, ...]], ...]
    more: int


@dataclass(frozen=True)
class Minute:
    """The sections, and the sentences of a list without exceptional areas."""

    sections: tuple[Section, ...]
    nothing: tuple[Sentence, ...]

    @property
    def first(self) -> tuple[Section, ...]:
        """The sections that are visited."""
        return tuple(section for section in self.sections if section.key != OTHER)

    @property
    def others(self) -> Section | None:
        """Areas that may fall, but not to weak."""
        return next((section for section in self.sections if section.key == OTHER and section.areas), None)


def minute(risk_list: RiskList, most: Mapping[str, int] = MOST) -> Minute:
    """Return the first screen of a list, with at most so many names in each section."""
    rows = risk_list.rows
    said = judged(rows)
    if risk_list.about.event.kind != "slide":
        return Minute((_section(risk_list, "top", np.flatnonzero(said), most),), ())
    found = {key: np.flatnonzero(said & (rows["section"] == key).to_numpy()) for key in (TO_WEAK, WEAK, OTHER)}
    found[OTHER] = found[OTHER][np.argsort(-rows["p_decline"].to_numpy(float)[found[OTHER]], kind="stable")]
    sections = tuple(_section(risk_list, key, chosen, most) for key, chosen in found.items())
    return Minute(sections, _nothing(risk_list))


def _section(risk_list: RiskList, key: str, chosen: npt.NDArray[np.intp], most: Mapping[str, int]) -> Section:
    shown = chosen[: most[key]].tolist()
    areas = risk_list.rows.iloc[shown].to_dict("records")
    whys = [risk_list.why[row][:2] if risk_list.why else () for row in shown]
    named = ({str(name): value for name, value in area.items()} for area in areas)
    return Section(key, tuple(zip(named, whys, strict=True)), len(chosen) - len(shown))


def _nothing(risk_list: RiskList) -> tuple[Sentence, ...]:
    """Return the sentences of a list on which no area threatens; none where one does."""
    rows, about = risk_list.rows, risk_list.about
    if threatening(rows).any():
        return ()
    level = about.level
    words: dict[str, Any] = {"level": LEVELS.get(level, ("gebied",))[0], "level_en": ENGLISH.get(level, "area")}
    sentences = [Sentence("stands_out_none", words | {"name": about.title.removeprefix("Risicolijst ")})]
    people = rows["inhabitants"].to_numpy(float)[~flagged(rows, "too_small")]
    mean = float(np.nanmean(people)) if np.isfinite(people).any() else 0.0
    if mean > LARGE:
        sentences.append(Sentence("stands_out_large", words | {"people": round(mean, -3)}))
    return tuple(sentences)
