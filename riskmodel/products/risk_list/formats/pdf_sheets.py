"""Contents of the paper sheet of one area, in amounts that fit on one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from riskmodel.products.rendering import dutch
from riskmodel.products.risk_list.area_sheet import AreaSheet, DriverRow, Past
from riskmodel.products.risk_list.formats.pdf_drawings import largest, trend_drawing
from riskmodel.products.risk_list.sheet_drivers import LEAST_SHOWN
from riskmodel.products.risk_list.texts import in_dutch
from riskmodel.workspace.safe_text import plain_text

#: Drivers on a sheet and indicators behind one; the other drivers are added up.
MOST_DRIVERS, MOST_INDICATORS = 8, 1
MOST_COMPARABLE, MOST_MECHANISMS, MOST_PAST = 5, 6, 6
#: Longest name; a longer one is cut, because a sheet is one page.
LONGEST = 70
#: The chance of an area was high when it was in this part of the country's list.
HIGH_SHARE = 0.1


@dataclass(frozen=True)
class _Part:
    """One line of the reasons on a sheet."""

    label: str
    value: float
    stable: bool
    behind: tuple[str, ...]


def clipped(text: Any, longest: int = LONGEST) -> str:
    """Return a text without invisible signs, cut where it is longer than there is room for.

    Examples
    --------
    >>> clipped("Een heel lange naam", 10)
    'Een heel…'
    """
    plain = plain_text(text).strip()
    return plain if len(plain) <= longest else f"{plain[: longest - 1].rstrip()}…"


def sheet_context(area: dict[str, Any], sheet: AreaSheet, areas: int) -> dict[str, Any]:
    """Return what the template shows of one area."""
    chance = dutch.known(area["chance"])
    leading, own, rest = _parts(sheet.drivers)
    numbers = [part.value for part in (*leading, *own)] + [area["expected_change"]]
    base = _base(area, sheet)
    dimensions = [row for row in sheet.dimensions if dutch.known(row.value) is not None]
    return {
        "area": area,
        "sheet": sheet,
        "count": 0 if chance is None else min(round(100 * chance), 99),
        "rank": _rank_line(area["rank"], sheet, areas),
        "trend": trend_drawing(sheet, clipped(area["municipality"], 18) or "gemeente"),
        "groups": [
            ("Andere cijfers over het gebied", "buiten de score zelf", leading),
            ("De score zelf", "eerder en nu, met haar onderdelen", own),
        ],
        "base": base,
        "rest": rest,
        "end": largest([*numbers, base], 0.005),
        "dimensions": dimensions,
        "dimensions_end": largest([value for row in dimensions for value in (row.value, row.country)], 0.05),
        "mechanisms": sheet.mechanisms[:MOST_MECHANISMS],
        "more_mechanisms": max(len(sheet.mechanisms) - MOST_MECHANISMS, 0),
        "comparable": sheet.comparable[:MOST_COMPARABLE],
        "past": [(past, _verdict(past)) for past in sheet.past[-MOST_PAST:]],
    }


def _base(area: dict[str, Any], sheet: AreaSheet) -> float | None:
    expected = dutch.known(area["expected_change"])
    return None if expected is None else expected - sum(driver.contribution for driver in sheet.drivers)


def _parts(drivers: Sequence[DriverRow]) -> tuple[list[_Part], list[_Part], float | None]:
    """Return leading drivers and parts of the score, both from fall to rise, and the sum of the other drivers."""
    strongest = sorted(drivers, key=lambda driver: -abs(driver.contribution))
    shown = [driver for driver in strongest if abs(driver.contribution) >= LEAST_SHOWN][:MOST_DRIVERS]
    others = [driver for driver in drivers if driver not in shown]

    def lines(definitional: bool) -> list[_Part]:
        chosen = [driver for driver in shown if driver.definitional == definitional]
        return [
            _Part(driver.label, driver.contribution, driver.stable, _behind(driver))
            for driver in sorted(chosen, key=lambda driver: driver.contribution)
        ]

    return lines(False), lines(True), sum(driver.contribution for driver in others) if others else None


def _behind(driver: DriverRow) -> tuple[str, ...]:
    return tuple(
        f"{found.label}{f': {in_dutch(found.text)}' if found.text else ''}"
        for found in driver.indicators[:MOST_INDICATORS]
    )


def _rank_line(rank: Any, sheet: AreaSheet, areas: int) -> dict[str, Any]:
    # The range is written as it was measured, but its drawing includes the area's own rank.
    low, high = min(sheet.rank_low, int(rank)), max(sheet.rank_high, int(rank))
    left = (low - 1) / areas * 100
    return {
        "left": round(left, 2),
        "width": round(high / areas * 100 - left, 2),
        "spot": round((int(rank) - 0.5) / areas * 100, 2),
    }


def _verdict(past: Past) -> tuple[bool, str]:
    """Return whether the method was right, and that in plain Dutch."""
    if past.rank <= past.of * HIGH_SHARE:
        return past.happened, "gewaarschuwd, en gebeurd" if past.happened else "gewaarschuwd, ging goed"
    return not past.happened, "gemist" if past.happened else "niet gewaarschuwd, ging goed"
