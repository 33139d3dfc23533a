"""Make a risk list from a snapshot: whose areas, under which heading, and what of it may be shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from riskmodel.catalogue.places import find_municipalities, place_of
from riskmodel.errors import InputError
from riskmodel.products.risk_list.build import build_risk_list
from riskmodel.products.risk_list.random_visits import AUDIT_SHARE
from riskmodel.products.risk_list.risk_list import RiskList
from riskmodel.products.risk_list.sheets import area_sheets
from riskmodel.web.serving.snapshot import Snapshot


@dataclass(frozen=True)
class Asked:
    """What decides what is on a list.

    Attributes
    ----------
    municipalities : tuple of str
        ``GM`` codes, sorted; empty for the whole country.
    title : str
        Heading.
    capacity : int or None
        How many areas can be visited.
    audit_share : float
        Part of the visits that is drawn.
    """

    municipalities: tuple[str, ...]
    title: str
    capacity: int | None
    audit_share: float = AUDIT_SHARE


def make(snapshot: Snapshot, asked: Asked, made_on: date) -> RiskList:
    """A list of a snapshot, with a sheet for every area and polygons where there are any."""
    made = build_risk_list(
        snapshot.panel,
        snapshot.stored,
        asked.municipalities,
        title=asked.title,
        capacity=asked.capacity,
        made_on=made_on,
        track_record=snapshot.track_record,
        audit_share=asked.audit_share,
    )
    sheets = area_sheets(snapshot.panel, snapshot.stored, made.rows, past=snapshot.past)
    hidden = snapshot.local - set(asked.municipalities)
    if hidden:
        owner = dict(zip(snapshot.panel.areas.tolist(), snapshot.owners.tolist(), strict=True))
        sheets = tuple(
            replace(
                sheet, comparable=tuple(each for each in sheet.comparable if owner[each.location] not in hidden)
            )
            for sheet in sheets
        )
    polygons = snapshot.polygons
    if polygons is not None:
        own = polygons[polygons["location"].isin(made.rows["location"])].reset_index(drop=True)
        polygons = own if len(own) else None
    return replace(made, sheets=sheets, boundaries=polygons)


def asked_of(
    snapshot: Snapshot,
    names: Sequence[str],
    capacity: int | None,
    audit_share: float,
    may_see: Callable[[Sequence[str]], bool],
) -> Asked:
    """What is asked, from the names somebody gave."""
    present = frozenset(snapshot.municipalities)
    if names and not present:
        raise InputError("--municipality", "areas without municipality", "areas whose code names one")
    codes = tuple(sorted({code for name in names for code in find_municipalities(name, present)}))
    closed = sorted(snapshot.local & set(codes or present))
    if closed and not may_see(closed):
        if codes:
            raise PermissionError(", ".join(closed))
        codes = tuple(sorted(present - {code for code in closed if not may_see([code])}))
        if not codes:
            raise PermissionError(", ".join(closed))
        title = "Risicolijst Nederland, zonder gemeenten met eigen gegevens"
    else:
        title = f"Risicolijst {', '.join(_proper(snapshot, name) for name in names) if names else 'Nederland'}"
    return Asked(codes, title, capacity, audit_share)


def _proper(snapshot: Snapshot, name: str) -> str:
    """The name as it is written: what somebody typed stands on no list, however it was typed."""
    codes = find_municipalities(name, frozenset(snapshot.municipalities))
    return place_of(name) or " en ".join(snapshot.municipalities[code] for code in codes)
