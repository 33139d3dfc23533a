"""Tables for people: skill, the panel, the catalogue."""

from __future__ import annotations

from collections.abc import Sequence

from riskmodel.catalogue import drivers, indicators
from riskmodel.deep import DeepCheck
from riskmodel.panel.check import Check
from riskmodel.reports_skill import group_calibration_table, ordering_table, skill_table, summary_table

__all__ = [
    "check_table",
    "deep_table",
    "group_calibration_table",
    "indicator_table",
    "ordering_table",
    "skill_table",
    "summary_table",
]


def check_table(found: Check) -> str:
    """Readable text of a :class:`~riskmodel.panel.check.Check`."""
    lines = [
        f"level {found.level}, {found.areas:,} areas, waves {', '.join(map(str, found.waves))}",
        "",
        f"{'indicator':<28} {'source':<20} {'year':>5} {'published':>11} {'joined':>8} {'estimated':>10}",
    ]
    lines += [
        f"{each.indicator:<28} {each.source:<20} {each.year:>5} {each.published:>11} {each.joined:>8.1%} "
        f"{each.estimated:>10.1%}"
        for each in found.coverage
    ]
    lines += ["", "blocked or left out:", *(f"  {note}" for note in found.blocked or ("nothing",))]
    lines += ["", "looks wrong:"]
    lines += [f"  {each.code}: {each.indicator} {each.year}: {each.message}" for each in found.findings] or [
        "  nothing"
    ]
    return "\n".join(lines)


def deep_table(found: DeepCheck) -> str:
    """Readable text of a :class:`~riskmodel.deep.DeepCheck`."""
    lines = [f"{each.path}: {each.what}" for each in found.damages]
    lines += [f"note: {note}" for note in found.notes]
    verdict = f"{len(found.damages)} damaged" if found.damages else "nothing damaged"
    return "\n".join([*lines, f"{found.files:,} files, {found.bytes / 1e6:,.1f} MB read: {verdict}"])


def indicator_table(words: Sequence[str]) -> str:
    """Catalogue as text: indicators in whose id, labels, driver or source all words occur."""
    names = {driver.id: driver.label for driver in drivers()}
    lines = []
    for each in indicators().values():
        text = " ".join([each.id, each.label_nl, each.label_en, names[each.driver], each.source]).casefold()
        if all(word.casefold() in text for word in words):
            marks = [each.kind, each.direction, f"published after {each.lag_months} months"]
            marks += ["blocked (origin)"] if each.sensitivity == "origin" else []
            lines.append(
                f"{each.id:<32} {each.label_nl} ({each.unit}) · {names[each.driver]} · {each.source} · "
                + ", ".join(marks)
            )
    return "\n".join(lines) or "no indicator with these words"
