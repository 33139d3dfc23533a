"""``riskmodel check``: the contents of a panel, and what looks wrong in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from riskmodel.panel.panel import FloatArray, Panel
from riskmodel.sources.observations import Observations
from riskmodel.workspace.findings import Finding
from riskmodel.workspace.ingest_checks.admit import ACCEPTED, FLAGGED

if TYPE_CHECKING:
    from riskmodel.workspace.store import Workspace

#: A jump of the middle of an indicator between two of its years by more than this many of its own spreads.
BREAK = 1.5
#: A change of an area by more than this many spreads of all changes.
JUMP = 15.0
#: Inhabitants multiplied or divided by more than this between two tables: the code may mean another area.
OTHER_AREA = 3.0


@dataclass(frozen=True)
class Coverage:
    """One indicator in one year.

    Attributes
    ----------
    published : str
        Date on which its values became public.
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
class CheckReport:
    """Result of :func:`check`.

    Attributes
    ----------
    coverage : tuple of Coverage
        One an indicator and year.
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
        """Plain data, for JSON."""
        findings = [found.as_dict("code", "indicator", "year", "message") for found in self.findings]
        return {**asdict(self), "findings": findings}


def check(workspace: Workspace, *, level: str | None = None) -> CheckReport:
    """Report what is in a workspace and what looks wrong, at a level, by default the first that was ingested."""
    panel = workspace.panel(level, allow_origin=True)
    return check_panel(panel, workspace.observations(panel.level))


def check_panel(panel: Panel, sources: Sequence[Observations] = ()) -> CheckReport:
    """Report what is in a panel and what looks wrong."""
    notes = [(note, f"{source.source} {source.level}: {note}") for source in sources for note in source.notes]
    return CheckReport(
        level=panel.level,
        areas=len(panel.areas),
        waves=panel.waves,
        coverage=tuple(_coverage(panel, key, year) for key in panel.indicators for year in panel.years_of(key)),
        blocked=tuple(dict.fromkeys(line for note, line in notes if "blocked" in note)),
        findings=tuple(found for key in panel.indicators for found in _findings(panel, key)),
        flagged=tuple(dict.fromkeys(line for note, line in notes if note.startswith((FLAGGED, ACCEPTED)))),
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


def _findings(panel: Panel, key: str) -> Iterator[Finding]:
    about, years = panel.definitions[key], panel.years_of(key)
    for year in years:
        values = panel.at(key, year)
        wrong = (values < 0) & (about.kind == "extensive")
        if about.unit == "percent":
            wrong |= (values < 0) | (values > 100)
        if wrong.any():
            message = f"{int(wrong.sum())} areas, first {panel.areas[np.argmax(wrong)]}: {about.unit}"
            yield _finding("impossible", key, year, message)
    for before, after in pairwise(years):
        if found := _step(panel, key, before, after):
            yield _finding(found[0], key, after, found[1])


def _step(panel: Panel, key: str, before: int, after: int) -> tuple[str, str] | None:
    """Code and message of a break between two consecutive years of an indicator."""
    old, new = panel.at(key, before), panel.at(key, after)
    both = ~np.isnan(old) & ~np.isnan(new)
    if both.sum() < 10:
        return None
    old, new, areas = old[both], new[both], panel.areas[both]
    if key == "population":
        large = (old >= 500) & (new >= 500)
        ratio = np.where(large, new / np.where(large, old, 1.0), 1.0)
        other = (ratio > OTHER_AREA) | (ratio < 1 / OTHER_AREA)
        if not other.any():
            return None
        text = f"{int(other.sum())} areas with inhabitants more than {OTHER_AREA:g} times or less than a third of "
        return "other-area", f"{text}{before}, first {areas[np.argmax(other)]}: same area?"
    spread = _spread(old)
    shift = float(np.median(new) - np.median(old))
    if spread > 0 and abs(shift) > BREAK * spread:
        return (
            "break",
            f"the middle of all areas moved by {shift:.3g} since {before}: another definition or unit?",
        )
    far = np.abs(new - old - shift) > JUMP * max(_spread(new - old), 1e-9)
    about = panel.definitions[key]
    if about.kind == "extensive" or about.unit == "class" or not far.any():
        return None
    return "jump", f"{int(far.sum())} areas jumped far since {before}, first {areas[np.argmax(far)]}"


def _finding(code: str, indicator: str, year: int, message: str) -> Finding:
    return Finding(code, "", "warning", "failed", message, indicator=indicator, year=year)


def _spread(values: FloatArray) -> float:
    low, high = np.quantile(values, [0.25, 0.75])
    return float(high - low)
