"""The risk list as one web page that needs nothing else: no network, no other file, no script to read it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from riskmodel.products import dutch
from riskmodel.products.html import asset, environment, policy
from riskmodel.products.risk_list import About, RiskList
from riskmodel.products.table import plain_text

TEMPLATE = "risk_list.html.j2"

#: Drawing widths in user units; the style sheet stretches the bars to the room there is.
INTERVAL_WIDTH = 180.0
PARTS_WIDTH = 240.0

_TIDY = (1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0)


@dataclass(frozen=True)
class Scale:
    """A straight scale from values to places in a drawing.

    Attributes
    ----------
    low, high : float
        Values at the left and at the right edge.
    width : float
        Width of the drawing.
    """

    low: float
    high: float
    width: float

    def place(self, value: float) -> float:
        """Give the distance from the left edge for a value.

        Parameters
        ----------
        value : float
            A value on the scale.

        Returns
        -------
        float
            The distance, in the units of the drawing.
        """
        return round((value - self.low) / (self.high - self.low) * self.width, 2)

    def bar(self, start: float, end: float) -> dict[str, float]:
        """Give the left edge and the width of a bar between two values.

        Parameters
        ----------
        start, end : float
            The two values, in any order.

        Returns
        -------
        dict of str to float
            ``x`` and ``width``.
        """
        left, right = sorted((self.place(start), self.place(end)))
        return {"x": left, "width": round(right - left, 2)}


def _round_up(size: float) -> float:
    """Give the nearest tidy number that is not smaller, so that the ends of a scale can be read."""
    power = 10.0 ** math.floor(math.log10(size))
    return next(step * power for step in _TIDY if step * power >= size - 1e-12)


def symmetric_scale(values: Iterable[Any], width: float) -> Scale:
    """Make a scale with nought in the middle that holds all values.

    Parameters
    ----------
    values : iterable of Any
        Numbers; missing ones are passed over.
    width : float
        Width of the drawing.

    Returns
    -------
    Scale
        The scale, with tidy ends.
    """
    largest = max((abs(found) for found in map(dutch.known, values) if found is not None), default=0.0)
    end = _round_up(largest) if largest > 0 else 0.1
    return Scale(-end, end, width)


def _interval(row: dict[str, Any], scale: Scale) -> dict[str, Any] | None:
    low, middle, high = (dutch.known(row[name]) for name in ("lower80", "expected_change", "upper80"))
    if low is None or middle is None or high is None:
        return None
    return {
        "below": scale.bar(min(low, 0.0), min(high, 0.0)),
        "above": scale.bar(max(low, 0.0), max(high, 0.0)),
        "middle": scale.place(middle),
    }


def _part(label: str, value: Any, scale: Scale, kind: str) -> dict[str, Any]:
    found = dutch.known(value)
    bar = None if found is None else scale.bar(0.0, found)
    side = "down" if found is not None and found < 0 else "up"
    return {"label": label, "value": found, "bar": bar, "side": side, "kind": kind}


def _parts(risk_list: RiskList, position: int, scale: Scale) -> list[dict[str, Any]]:
    values = risk_list.contributions.iloc[position]
    parts = [_part("Basis", values["base"], scale, "base")]
    parts += [_part(driver.label, values[driver.id], scale, "driver") for driver in risk_list.drivers]
    total = risk_list.rows.iloc[position]["expected_change"]
    return [*parts, _part("Som: verwachting", total, scale, "total")]


def _rounding_gap(parts: list[dict[str, Any]]) -> float:
    """Give what the shown, rounded numbers miss of the shown sum; a careful reader adds them up."""
    shown = [round(float(part["value"]), 3) for part in parts]
    return round(shown[-1] - sum(shown[:-1]), 3)


def _area(risk_list: RiskList, position: int, intervals: Scale, bars: Scale) -> dict[str, Any]:
    row = {str(name): value for name, value in risk_list.rows.iloc[position].items()}
    parts = _parts(risk_list, position, bars)
    complete = all(part["value"] is not None for part in parts)
    flags = ("under_pressure", "threatens", "too_small", "on_list")
    return row | {
        "flag": {flag: dutch.is_true(row[flag]) for flag in flags},
        "interval": _interval(row, intervals),
        "parts": parts if complete else [],
        "gap": _rounding_gap(parts) if complete else 0.0,
    }


def _parts_values(risk_list: RiskList) -> Iterable[Any]:
    columns = ["base", *(driver.id for driver in risk_list.drivers)]
    yield from risk_list.contributions[columns].to_numpy().ravel()
    yield from risk_list.rows["expected_change"]


def _interval_values(rows: pd.DataFrame) -> Iterable[Any]:
    for column in ("lower80", "expected_change", "upper80"):
        yield from rows[column]


def _counts(areas: list[dict[str, Any]]) -> dict[str, int]:
    pressed = [area["flag"]["under_pressure"] for area in areas]
    threatened = [area["flag"]["threatens"] for area in areas]
    return {
        "areas": len(areas),
        "pressed": sum(pressed),
        "threatened": sum(threatened),
        "both": sum(one and other for one, other in zip(pressed, threatened, strict=True)),
    }


def _capacity_line(areas: list[dict[str, Any]]) -> int | None:
    """Give how many areas come before the line; None when all areas can be visited.

    The line stands under the last area that can be visited, so that what it says about the areas below
    it is true even when an area higher up was passed over.
    """
    inside = [position for position, area in enumerate(areas, start=1) if area["flag"]["on_list"]]
    last = max(inside, default=0)
    return last if len(inside) < len(areas) else None


def _context(risk_list: RiskList) -> dict[str, Any]:
    intervals = symmetric_scale(_interval_values(risk_list.rows), INTERVAL_WIDTH)
    bars = symmetric_scale(_parts_values(risk_list), PARTS_WIDTH)
    areas = [_area(risk_list, position, intervals, bars) for position in range(len(risk_list.rows))]
    municipalities = sorted({plain_text(area["municipality"]) for area in areas} - {""})
    return {
        "about": risk_list.about,
        "areas": areas,
        "bars": bars,
        "columns": _headings(risk_list.about),
        "counts": _counts(areas),
        "dutch": dutch,
        "intervals": intervals,
        "line": _capacity_line(areas),
        "municipalities": municipalities,
    }


def _headings(about: About) -> list[dict[str, str]]:
    """List the columns of the page: heading, and which end a first click puts on top."""
    since = "" if about.change_last_from is None else f" sinds {about.change_last_from}"
    return [
        {"id": "rank", "label": "Rang", "first": "ascending"},
        {"id": "name", "label": "Gebied", "first": "ascending"},
        {"id": "inhabitants", "label": "Inwoners", "first": "descending"},
        {"id": "score", "label": "Score nu", "first": "ascending"},
        {"id": "change", "label": f"Verandering{since}", "first": "ascending"},
        {"id": "chance", "label": "Kans op achteruitgang", "first": "descending"},
        {"id": "expected", "label": "Verwachte verandering", "first": "ascending"},
        {"id": "flags", "label": "Signalen", "first": ""},
    ]


def render_page(risk_list: RiskList) -> str:
    """Make the web page of a risk list.

    Parameters
    ----------
    risk_list : RiskList
        The list.

    Returns
    -------
    str
        The whole page as HTML.
    """
    style, script = asset("base.css") + asset("risk_list.css"), asset("risk_list.js")
    # Both texts are ours, and their hashes in the policy only match when they stay unescaped.
    assets = {"style": Markup(style), "script": Markup(script), "policy": Markup(policy(style, script))}
    return environment().get_template(TEMPLATE).render(_context(risk_list), **assets)


def write_page(risk_list: RiskList, path: str | Path) -> None:
    """Write a risk list as one self-contained web page.

    Parameters
    ----------
    risk_list : RiskList
        The list.
    path : str or pathlib.Path
        The file to write.
    """
    # A line end other than the one that was hashed would make the browser refuse style and script.
    Path(path).write_text(render_page(risk_list), encoding="utf-8", newline="\n")
