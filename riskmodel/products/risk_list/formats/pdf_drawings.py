"""Coordinates of the drawings in the PDF of a risk list: score over time with its fan, and bars around zero."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from riskmodel.products.rendering import dutch
from riskmodel.products.rendering.labels import readable, spread
from riskmodel.products.rendering.trend import TrendFrame, grid_values
from riskmodel.products.risk_list.area_sheet import AreaSheet, Fan

#: Most spaces between grid lines.
_MOST_SPACES = 5


@dataclass(frozen=True)
class TrendDrawing:
    """Score of an area so far, beside its municipality and the country, and the fan of its forecast.

    Attributes
    ----------
    width, height, left, right, top, bottom : float
        Size of the drawing and of its frame.
    grid : tuple of (float, str)
        Height and text of the lines.
    years : tuple of (float, str)
        x and text of the years.
    lines : tuple of (str, str)
        Kind (``"country"``, ``"town"`` or ``"own"``) and path.
    dots : tuple of (float, float)
        Measured scores of the area.
    wide, narrow : str
        Corners of the wedges of 80% and 50%; empty where the quantiles are not known.
    now : float
        x of the last measurement.
    expected : tuple of (float, float, float, float) or None
        Line from the last score to the expected one.
    labels : tuple of (float, str, str)
        Height, text and kind of the names at the end of the lines.
    description : str
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
    description: str


def quantile_of(fan: Fan, chance: float) -> float | None:
    """Return a quantile of a fan; None where it has none."""
    return next((dutch.known(value) for known, value in fan.quantiles.items() if abs(known - chance) < 1e-9), None)


def trend_drawing(sheet: AreaSheet, town: str, width: float = 420.0, height: float = 196.0) -> TrendDrawing | None:
    """Return the scores of an area over time as a drawing; None without a score."""
    trend, fan = sheet.trend, sheet.fan
    own = [dutch.known(value) for value in trend.score]
    series = {
        "country": [dutch.known(value) for value in trend.country],
        "town": [dutch.known(value) for value in trend.municipality],
        "own": own,
    }
    expected, low, high = dutch.known(fan.expected), quantile_of(fan, 0.1), quantile_of(fan, 0.9)
    values = [value for line in (*series.values(), (expected, low, high)) for value in line if value is not None]
    if not values or all(value is None for value in own):
        return None
    left, right, top, bottom = 32.0, width - 104.0, 8.0, height - 20.0
    last = max(fan.year, trend.years[-1])
    grid = grid_values(min(values), max(values), _MOST_SPACES, margin=0.25)
    frame = TrendFrame(left, right, top, bottom, trend.years[0], last, grid[0], grid[-1])
    x, y = frame.x, frame.y
    origin, start = trend.years[-1], own[-1]

    def wedge(lower: float | None, upper: float | None) -> str:
        if start is None or lower is None or upper is None:
            return ""
        return f"{x(origin)},{y(start)} {x(fan.year)},{y(upper)} {x(fan.year)},{y(lower)}"

    ends = {"own": expected if expected is not None else start}
    ends |= {kind: series[kind][-1] for kind in ("town", "country")}
    names = {"own": "dit gebied", "town": town, "country": "Nederland"}
    ends_in_order = sorted((y(value), names[kind], kind) for kind, value in ends.items() if value is not None)
    heights = spread([height_of for height_of, _, _ in ends_in_order], 12.0, top + 4, bottom)
    return TrendDrawing(
        width=width,
        height=height,
        left=left,
        right=right,
        top=top,
        bottom=bottom,
        grid=tuple((y(value), dutch.number(value, 2)) for value in grid),
        years=tuple(readable([(x(year), str(year)) for year in (*trend.years, fan.year)], 27.0)),
        lines=tuple((kind, _path([x(year) for year in trend.years], line, y)) for kind, line in series.items()),
        dots=tuple((x(year), y(value)) for year, value in zip(trend.years, own, strict=True) if value is not None),
        wide=wedge(low, high),
        narrow=wedge(quantile_of(fan, 0.25), quantile_of(fan, 0.75)),
        now=x(origin),
        expected=None if start is None or expected is None else (x(origin), y(start), x(fan.year), y(expected)),
        labels=tuple(
            (round(float(height_of), 1), name, kind)
            for height_of, (_, name, kind) in zip(heights, ends_in_order, strict=True)
        ),
        description=_description(sheet, low, high),
    )


def bar(value: float | None, end: float) -> tuple[float, float] | None:
    """Return left edge and width of a bar from zero, in percent of a scale from ``-end`` to ``end``.

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
    """Return the position of a value, in percent of a scale from ``-end`` to ``end``."""
    found = dutch.known(value)
    return None if found is None else round(50.0 + max(-1.0, min(1.0, found / end)) * 50.0, 2)


def largest(values: Iterable[float | None], least: float) -> float:
    """Return the largest size among the values, and no less than ``least``."""
    return max([least, *(abs(found) for found in map(dutch.known, values) if found is not None)])


def _path(xs: Sequence[float], values: Sequence[float | None], y: Callable[[float], float]) -> str:
    """Return the path through the known values; what is missing leaves a gap."""
    steps, joined = [], False
    for x, value in zip(xs, values, strict=True):
        if value is not None:
            steps.append(f"{'L' if joined else 'M'}{x},{y(value)}")
        joined = value is not None
    return "".join(steps)


def _description(sheet: AreaSheet, low: float | None, high: float | None) -> str:
    trend, fan = sheet.trend, sheet.fan
    scores = [
        (year, value)
        for year, value in zip(trend.years, trend.score, strict=True)
        if dutch.known(value) is not None
    ]
    (first, start), (last, end) = scores[0], scores[-1]
    so_far = f"Score van {dutch.number(start)} in {first} naar {dutch.number(end)} in {last}."
    if dutch.known(fan.expected) is None:
        return so_far
    expected = f" Verwacht in {fan.year}: {dutch.number(fan.expected)}"
    if low is None or high is None:
        return f"{so_far}{expected}."
    return f"{so_far}{expected}, met 80% kans tussen {dutch.number(low)} en {dutch.number(high)}."
