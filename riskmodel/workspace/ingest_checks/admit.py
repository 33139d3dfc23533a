"""Admit new observations or refuse them: findings become one error, or notes that stay with the values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from riskmodel.errors import InputError
from riskmodel.sources.observations import Observations
from riskmodel.workspace.findings import Finding
from riskmodel.workspace.ingest_checks import CHECKS, run_checks
from riskmodel.workspace.ingest_checks.base import Arrival

#: Prefixes of notes, by which ``riskmodel check`` finds them.
FLAGGED, ACCEPTED = "flagged: ", "accepted: "


def admit(
    observations: Sequence[Observations], existing: Iterable[Observations], accept: Mapping[str, str] | None = None
) -> list[Observations]:
    """Check observations, earliest first, and note the findings; raise InputError for one that is not accepted.

    Each is compared with what is stored and with what came before it in the same call.
    """
    reasons = dict(accept or {})
    known = {check.code for check in CHECKS}
    for code, reason in reasons.items():
        if code not in known:
            raise InputError("accept", repr(code), f"one of {', '.join(sorted(known))}")
        if not reason.strip():
            raise InputError("accept", f"{code} without a reason", "why it is right, for whoever looks later")
    earlier = list(existing)
    notes: dict[int, tuple[str, ...]] = {}
    for index in sorted(range(len(observations)), key=lambda index: observations[index].years[:1]):
        each = observations[index]
        findings = run_checks(Arrival.of(each, earlier))
        _refuse(each, [found for found in findings if found.severity == "refuse" and found.code not in reasons])
        notes[index] = tuple(dict.fromkeys(_note(found, reasons) for found in findings))
        earlier.append(each)
    return [replace(each, notes=(*each.notes, *notes[index])) for index, each in enumerate(observations)]


def _note(found: Finding, reasons: Mapping[str, str]) -> str:
    if found.code in reasons:
        return f"{ACCEPTED}{_line(found)} (because: {reasons[found.code].strip()})"
    return f"{FLAGGED}{_line(found)}"


def _line(found: Finding) -> str:
    where = " ".join(filter(None, (found.indicator, str(found.year))))
    return f"{found.code} {found.title}: {where}: {found.message}"


def _refuse(each: Observations, findings: Sequence[Finding]) -> None:
    if not findings:
        return
    first = findings[0]
    more = f", and {len(findings) - 1} more of this kind or another" if len(findings) > 1 else ""
    codes = " ".join(f"--accept {code}" for code in dict.fromkeys(found.code for found in findings))
    raise InputError(
        f"{', '.join(file.name for file in each.files)} ({each.source}, {each.level})",
        f"{_line(first)}{more}",
        "values that fit what is known of the same areas",
        f'Look at the file first. If it is right after all: {codes} --reason "..."',
    )
