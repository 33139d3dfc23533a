"""Places of the drawings in the PDF of a risk list: score over time with its fan, and bars around nought."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from riskmodel.products.rendering import dutch
from riskmodel.products.risk_list.area_sheet import AreaSheet, Fan

#: Steps between grid lines that can be read.
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
#: Most spaces between grid lines.
_MOST_SPACES = 5


@dataclass(frozen=True)
class TrendDrawing:
    """Score of an area so far, beside its municipality and the country, and the fan of what is expected.

    Attributes
    ----------
    width, height, left, right, top, bottom : float
        Size of the drawing and of its frame.
    grid : tuple of (float, str)
        Height and text of the lines.
    years : tuple of (float, str)
        Place and text of the years.
    lines : tuple of (str, str)
        Kind (``"country"``, ``"town"`` or ``"own"``) and path.
    dots : tuple of (float, float)
        Measured scores of the area.
    wide, narrow : str
        Corners of the wedges of 80% and 50%; empty where the quantiles are not known.
    now : float
        Place of the last measurement.
    expected : tuple of (float, float, float, float) or None
        Line from the last score to the expected one.
    labels : tuple of (float, str, str)
        Height, text and kind of the names at the end of the lines.
    told : str
        The drawing in one plain Dutch sentence.
    """

    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float
    grid: tuple[tuple[float, str], ...]
    years: tuple[tuple[float, str], ...]
    lines: tuple[tuple[str, str], ...]
    dots: tuple[tuple[float, float], ...]
    wide: str
    narrow: str
    now: float
    expected: tuple[float, float, float, float] | None
    labels: tuple[tuple[float, str, str], ...]
    told: str


def at_level(fan: Fan, level: float) -> float | None:
    """Score of a fan at a quantile level; None where it has none."""
    return next((dutch.known(value) for found, value in fan.quantiles.items() if abs(found - level) < 1e-9), None)


def trend_drawing(sheet: AreaSheet, town: str, width: float = 420.0, height: float = 196.0) -> TrendDrawing | None:
    """Place the scores of an area over time."""
    trend, fan = sheet.trend, sheet.fan
    own = [dutch.known(value) for value in trend.score]
    series = {
        "country": [dutch.known(value) for value in trend.country],
        "town": [dutch.known(value) for value in trend.municipality],
        "own": own,
    }
    expected, low, high = dutch.known(fan.expected), at_level(fan, 0.1), at_level(fan, 0.9)
    values = [value for line in (*series.values(), (expected, low, high)) for value in line if value is not None]
    if not values or all(value is None for value in own):
        return None
    left, right, top, bottom = 32.0, width - 104.0, 8.0, height - 20.0
    first, last = trend.years[0], max(fan.year, trend.years[-1])
    step = next((each for each in _STEPS if (max(values) - min(values)) / each <= _MOST_SPACES), 1.0)
    under = math.floor((min(values) - step / 4) / step) * step
    over = math.ceil((max(values) + step / 4) / step) * step

    def x(year: int) -> float:
        return round(left + (year - first) / max(last - first, 1) * (right - left), 1)

    def y(value: float) -> float:
        return round(top + (over - value) / (over - under) * (bottom - top), 1)

    origin, start = trend.years[-1], own[-1]

    def wedge(lower: float | None, upper: float | None) -> str:
        if start is None or lower is None or upper is None:
            return ""
        return f"{x(origin)},{y(start)} {x(fan.year)},{y(upper)} {x(fan.year)},{y(lower)}"

    ends = {"own": expected if expected is not None else start}
    ends |= {kind: series[kind][-1] for kind in ("town", "country")}
    names = {"own": "dit gebied", "town": town, "country": "Nederland"}
    placed = sorted((y(value), names[kind], kind) for kind, value in ends.items() if value is not None)
    marks = range(round((over - under) / step) + 1)
    return TrendDrawing(
        width=width,
        height=height,
        left=left,
        right=right,
        top=top,
        bottom=bottom,
        grid=tuple((y(under + mark * step), dutch.number(under + mark * step, 2)) for mark in marks),
        years=_readable([(x(year), str(year)) for year in (*trend.years, fan.year)]),
        lines=tuple((kind, _path([x(year) for year in trend.years], line, y)) for kind, line in series.items()),
        dots=tuple((x(year), y(value)) for year, value in zip(trend.years, own, strict=True) if value is not None),
        wide=wedge(low, high),
        narrow=wedge(at_level(fan, 0.25), at_level(fan, 0.75)),
        now=x(origin),
        expected=None if start is None or expected is None else (x(origin), y(start), x(fan.year), y(expected)),
        labels=tuple(
            (height_of, name, kind)
            for height_of, (_, name, kind) in zip(
                apart([place for place, _, _ in placed], 12.0, top + 4, bottom), placed, strict=True
            )
        ),
        told=_told(sheet, low, high),
    )


def apart(heights: Sequence[float], room: float, top: float, bottom: float) -> list[float]:
    """Move ascending heights apart, within a frame.

    Examples
    --------
    >>> apart([50.0, 52.0], 12.0, 0.0, 100.0)
    [50.0, 62.0]
    >>> apart([95.0, 99.0], 12.0, 0.0, 100.0)
    [88.0, 100.0]
    """
    moved: list[float] = []
    for height in heights:
        moved.append(max(height, moved[-1] + room if moved else top))
    floor = bottom
    for place in range(len(moved) - 1, -1, -1):
        moved[place] = min(moved[place], floor)
        floor = moved[place] - room
    return moved


def bar(value: float | None, end: float) -> tuple[float, float] | None:
    """Left edge and width of a bar from nought, in percent of a scale from ``-end`` to ``end``.

    Examples
    --------
    >>> bar(-0.05, 0.1), bar(0.1, 0.1)
    ((25.0, 25.0), (50.0, 50.0))
    """
    found = dutch.known(value)
    if found is None:
        return None
    half = min(abs(found) / end, 1.0) * 50.0
    return round(50.0 - half if found < 0 else 50.0, 2), round(half, 2)


def spot(value: float | None, end: float) -> float | None:
    """Place of a value, in percent of a scale from ``-end`` to ``end``."""
    found = dutch.known(value)
    return None if found is None else round(50.0 + max(-1.0, min(1.0, found / end)) * 50.0, 2)


def largest(values: Iterable[float | None], least: float) -> float:
    """Largest size among the values, and no less than ``least``."""
    return max([least, *(abs(found) for found in map(dutch.known, values) if found is not None)])


def _path(places: Sequence[float], values: Sequence[float | None], y: object) -> str:
    """Path through the known values; what is missing leaves a gap."""
    words, joined = [], False
    for place, value in zip(places, values, strict=True):
        if value is not None:
            words.append(f"{'L' if joined else 'M'}{place},{y(value)}")  # type: ignore[operator]
        joined = value is not None
    return "".join(words)


def _readable(years: list[tuple[float, str]]) -> tuple[tuple[float, str], ...]:
    """Years from the last back, leaving out those that would touch the next."""
    kept: list[tuple[float, str]] = []
    for place, text in reversed(years):
        if not kept or kept[-1][0] - place >= 27.0:
            kept.append((place, text))
    return tuple(reversed(kept))


def _told(sheet: AreaSheet, low: float | None, high: float | None) -> str:
    trend, fan = sheet.trend, sheet.fan
    scores = [
        (year, value)
        for year, value in zip(trend.years, trend.score, strict=True)
        if dutch.known(value) is not None
    ]
    (first, start), (last, end) = scores[0], scores[-1]
    told = f"Score van {dutch.number(start)} in {first} naar {dutch.number(end)} in {last}."
    if dutch.known(fan.expected) is None:
        return told
    expected = f" Verwacht in {fan.year}: {dutch.number(fan.expected)}"
    if low is None or high is None:
        return f"{told}{expected}."
    return f"{told}{expected}, met 80% kans tussen {dutch.number(low)} en {dutch.number(high)}."
