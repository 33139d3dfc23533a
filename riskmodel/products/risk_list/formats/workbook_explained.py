"""The explanation of each area in a workbook: one row a statement, so that a filter on an area is its sheet."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from riskmodel.products.rendering import dutch
from riskmodel.products.risk_list.area_sheet import AreaSheet, DriverRow
from riskmodel.products.risk_list.risk_list import RiskList, flagged
from riskmodel.products.risk_list.sheet_drivers import LEAST_SHOWN
from riskmodel.products.risk_list.texts import in_dutch
from riskmodel.workspace.safe_text import plain_text

#: Areas explained in a workbook, beside those drawn at random; nobody reads more, and the contributions have all.
MOST_EXPLAINED = 200
#: In place of a chance, for an area that is too small.
NO_VERDICT = "geen oordeel"


@dataclass(frozen=True)
class Statement:
    """One row: what is stated about an area.

    Attributes
    ----------
    kind, part : str
        Kind of statement, and the part of the explanation that it is about.
    contribution, against, low, high : float or None
        In score points; None where it is no contribution, or not measured.
    text : str
        In plain Dutch.
    """

    rank: int
    location: str
    name: str
    kind: str
    part: str
    text: str
    contribution: float | None = None
    against: float | None = None
    low: float | None = None
    high: float | None = None


#: Columns of a statement: attribute, heading, width.
HEADINGS: tuple[tuple[str, str, int], ...] = (
    ("rank", "Rang", 7),
    ("location", "Code", 13),
    ("name", "Gebied", 30),
    ("kind", "Soort", 24),
    ("part", "Onderdeel", 34),
    ("contribution", "Bijdrage", 11),
    ("against", "Tegenover vergelijkbare gebieden", 16),
    ("low", "Laagste van enkele even goede modellen", 20),
    ("high", "Hoogste van enkele even goede modellen", 20),
    ("text", "Toelichting", 80),
)


def explained(risk_list: RiskList) -> list[Statement]:
    """Return the statements about the areas of a list, in order of rank."""
    if not risk_list.sheets:
        return []
    drawn = flagged(risk_list.rows, "audit")
    chosen = np.union1d(np.arange(min(len(drawn), MOST_EXPLAINED)), np.flatnonzero(drawn))
    areas = risk_list.rows.to_dict("records")
    return [
        statement
        for row in chosen.tolist()
        for statement in _of_area(areas[row], risk_list.sheets[row], len(areas))
    ]


def _of_area(area: dict[Any, Any], sheet: AreaSheet, areas: int) -> Iterator[Statement]:
    who = (int(area["rank"]), plain_text(area["location"]), plain_text(area["name"]))
    if dutch.is_true(area["too_small"]) or sheet.abstain:
        yield Statement(*who, "Kans", "", NO_VERDICT)
        return
    yield Statement(*who, "Kans", "", sheet.frequency)
    ranks = f"Deze plaats is onzeker: het kan plaats {sheet.rank_low} tot {sheet.rank_high} van {areas} worden."
    yield Statement(*who, "Plaats op de lijst", "", ranks)
    for driver in sorted(sheet.drivers, key=lambda driver: driver.contribution):
        if abs(driver.contribution) >= LEAST_SHOWN:
            yield _of_driver(who, driver)
    for found in sheet.mechanisms:
        yield Statement(*who, "Stapelt zich op", in_dutch(found.title), in_dutch(found.text))
    for past in sheet.past:
        happened = "het gebeurde" if past.happened else "het gebeurde niet"
        yield Statement(
            *who,
            "Eerder voorspeld",
            f"{past.year} voor {past.target_year}",
            f"Kans {dutch.percent(past.chance)}, plaats {dutch.whole(past.rank)} van {dutch.whole(past.of)}. "
            f"Daarna {dutch.signed(past.change)}: {happened}.",
        )


def _of_driver(who: tuple[int, str, str], driver: DriverRow) -> Statement:
    behind = "; ".join(
        f"{found.label}{f' ({in_dutch(found.text)})' if found.text else ''}" for found in driver.indicators
    )
    unsure = "" if driver.stable else "Niet zeker: een bijna even goed model zegt het tegendeel. Leun er niet op. "
    return Statement(
        *who,
        "De score zelf" if driver.definitional else "Andere cijfers over het gebied",
        driver.label,
        f"{unsure}{behind}",
        contribution=dutch.known(driver.contribution),
        against=dutch.known(driver.against_comparable),
        low=dutch.known(driver.low),
        high=dutch.known(driver.high),
    )
