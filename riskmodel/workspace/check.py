"""What is in a panel, and what looks wrong: for people as a table, for programs as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.panel.panel import FloatArray, Panel
from riskmodel.sources.observations import Observations
from riskmodel.workspace.ingest_checks.settle import ACCEPTED, FLAGGED

if TYPE_CHECKING:
    from riskmodel.workspace.store import Workspace

#: A jump of the middle of an indicator between two of its years by more than this many of its own spreads.
BREAK = 1.5
#: An area whose indicator stands this many spreads from where it stood, while the country hardly moved.
JUMP = 15.0
#: Inhabitants multiplied or divided by more than this between two tables: the code may mean another area.
OTHER_AREA = 3.0


@dataclass(frozen=True)
class Coverage:
    """One indicator in one year.

    Attributes
    ----------
    indicator, source, driver : str
        What it is.
    year : int
        Of the values.
    published : str
        Date on which they became public.
    joined : float
        Share of the panel's areas that have a value.
    estimated : float
        Share of the areas whose value was carried over from an area that was split.
    """

    indicator: str
    source: str
    driver: str
    year: int
    published: str
    joined: float
    estimated: float


@dataclass(frozen=True)
class Finding:
    """Something that looks wrong.

    Attributes
    ----------
    code : str
        ``"impossible"``, ``"break"``, ``"jump"`` or ``"other-area"``.
    indicator : str
        Where it was seen.
    year : int
        In which year.
    message : str
        What was seen, and what to look at.
    """

    code: str
    indicator: str
    year: int
    message: str


@dataclass(frozen=True)
class Check:
    """All that ``riskmodel check`` says.

    Attributes
    ----------
    level : str
        Level of the panel.
    areas : int
        Number of areas.
    waves : tuple of int
        Waves of the score.
    coverage : tuple of Coverage
        A line an indicator and year.
    blocked : tuple of str
        What readers left out and why.
    findings : tuple of Finding
        What looks wrong.
    flagged : tuple of str
        What was flagged, or accepted with a reason, when a file came in.
    """

    level: str
    areas: int
    waves: tuple[int, ...]
    coverage: tuple[Coverage, ...]
    blocked: tuple[str, ...]
    findings: tuple[Finding, ...]
    flagged: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """The same as plain data, for JSON."""
        return asdict(self)


def check(workspace: Workspace, *, level: str | None = None) -> Check:
    """What is in a workspace and what looks wrong, at a level, by default the first that was ingested."""
    panel = workspace.panel(level, allow_origin=True)
    return check_panel(panel, workspace.observations(panel.level))


def check_panel(panel: Panel, sources: Sequence[Observations] = ()) -> Check:
    """Look through a panel."""
    notes = [(note, f"{source.source} {source.level}: {note}") for source in sources for note in source.notes]
    return Check(
        level=panel.level,
        areas=len(panel.areas),
        waves=panel.waves,
        coverage=tuple(_coverage(panel, key, year) for key in panel.indicators for year in panel.years_of(key)),
        blocked=tuple(dict.fromkeys(told for note, told in notes if "blocked" in note)),
        findings=tuple(finding for key in panel.indicators for finding in _findings(panel, key)),
        flagged=tuple(dict.fromkeys(told for note, told in notes if note.startswith((FLAGGED, ACCEPTED)))),
    )


def _coverage(panel: Panel, key: str, year: int) -> Coverage:
    about = panel.definitions[key]
    values = panel.at(key, year)
    certain = panel.certainty.get((key, year))
    return Coverage(
        indicator=key,
        source=about.source,
        driver=about.driver,
        year=year,
        published=panel.published_on(key, year).isoformat(),
        joined=float((~np.isnan(values)).mean()),
        estimated=0.0 if certain is None else float(((certain < 1) & ~np.isnan(values)).mean()),
    )


def _findings(panel: Panel, key: str) -> list[Finding]:
    about = panel.definitions[key]
    found = []
    years = panel.years_of(key)
    for year in years:
        values = panel.at(key, year)
        wrong = (values < 0) & (about.kind == "extensive")
        if about.unit == "percent":
            wrong |= (values < 0) | (values > 100)
        if wrong.any():
            area = panel.areas[np.argmax(wrong)]
            found.append(Finding("impossible", key, year, f"{int(wrong.sum())} areas, first {area}: {about.unit}"))
    for before, after in pairwise(years):
        found += _steps(panel, key, before, after)
    return found


def _steps(panel: Panel, key: str, before: int, after: int) -> list[Finding]:
    """Breaks between two consecutive years of an indicator."""
    old, new = panel.at(key, before), panel.at(key, after)
    both = ~np.isnan(old) & ~np.isnan(new)
    if both.sum() < 10:
        return []
    old, new, areas = old[both], new[both], panel.areas[both]
    if key == "population":
        large = (old >= 500) & (new >= 500)
        ratio = np.where(large, new / np.where(large, old, 1.0), 1.0)
        other = (ratio > OTHER_AREA) | (ratio < 1 / OTHER_AREA)
        if not other.any():
            return []
        text = f"{int(other.sum())} areas with inhabitants more than {OTHER_AREA:g} times or less than a third of "
        return [Finding("other-area", key, after, f"{text}{before}, first {areas[np.argmax(other)]}: same area?")]
    spread = _spread(old)
    shift = float(np.median(new) - np.median(old))
    if spread > 0 and abs(shift) > BREAK * spread:
        text = f"the middle of all areas moved by {shift:.3g} since {before}: another definition or unit?"
        return [Finding("break", key, after, text)]
    far = np.abs(new - old - shift) > JUMP * max(_spread(new - old), 1e-9)
    about = panel.definitions[key]
    if about.kind == "extensive" or about.unit == "class" or not far.any():
        return []
    text = f"{int(far.sum())} areas jumped far since {before}, first {areas[np.argmax(far)]}"
    return [Finding("jump", key, after, text)]


def _spread(values: FloatArray) -> float:
    low, high = np.quantile(values, [0.25, 0.75])
    return float(high - low)
