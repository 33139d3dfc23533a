"""Let new observations in, or not: findings become one refusal or notes that stay with the values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from riskmodel.errors import InputError
from riskmodel.sources.observations import Observations
from riskmodel.workspace.ingest_checks import CHECKS, run_checks
from riskmodel.workspace.ingest_checks.base import Arrival, Finding

#: How notes of findings begin, by which ``riskmodel check`` finds them back.
FLAGGED, ACCEPTED = "flagged: ", "accepted: "


def settle(
    observations: Sequence[Observations], held: Iterable[Observations], accept: Mapping[str, str] | None = None
) -> list[Observations]:
    """Check what arrives, earliest first, against what is there and what came before it in the same call."""
    reasons = dict(accept or {})
    known = {check.code for check in CHECKS}
    for code, reason in reasons.items():
        if code not in known:
            raise InputError("accept", repr(code), f"one of {', '.join(sorted(known))}")
        if not reason.strip():
            raise InputError("accept", f"{code} without a reason", "why it is right, for whoever looks later")
    there = list(held)
    notes: dict[int, tuple[str, ...]] = {}
    order = sorted(range(len(observations)), key=lambda place: observations[place].years[:1])
    for place in order:
        each = observations[place]
        findings = run_checks(Arrival.of(each, there))
        _refuse(each, [found for found in findings if found.severity == "refuse" and found.code not in reasons])
        notes[place] = tuple(dict.fromkeys(_note(found, reasons) for found in findings))
        there.append(each)
    return [replace(each, notes=(*each.notes, *notes[place])) for place, each in enumerate(observations)]


def _note(found: Finding, reasons: Mapping[str, str]) -> str:
    if found.code in reasons:
        return f"{ACCEPTED}{found.line} (because: {reasons[found.code].strip()})"
    return f"{FLAGGED}{found.line}"


def _refuse(each: Observations, findings: Sequence[Finding]) -> None:
    if not findings:
        return
    first = findings[0]
    more = f", and {len(findings) - 1} more of this kind or another" if len(findings) > 1 else ""
    codes = " ".join(f"--accept {code}" for code in dict.fromkeys(found.code for found in findings))
    raise InputError(
        f"{', '.join(file.name for file in each.files)} ({each.source}, {each.level})",
        f"{first.line}{more}",
        "values that fit what is known of the same areas",
        f'Look at the file first. If it is right after all: {codes} --reason "..."',
    )
