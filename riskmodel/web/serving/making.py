"""Make a risk list from a snapshot: its municipalities, its heading, and what of it may be shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from riskmodel.catalogue.area_names import all_called, find_municipalities
from riskmodel.errors import InputError
from riskmodel.products.risk_list.build import build_risk_list
from riskmodel.products.risk_list.random_visits import RANDOM_SHARE
from riskmodel.products.risk_list.risk_list import RiskList
from riskmodel.web.serving.snapshot import Snapshot


@dataclass(frozen=True)
class ListOptions:
    """The options that determine a list.

    Attributes
    ----------
    municipalities : tuple of str
        ``GM`` codes, sorted; empty for the whole country.
    capacity : int or None
        How many areas can be visited.
    audit_share : float
        Share of the visits that is drawn by lot.
    """

    municipalities: tuple[str, ...]
    title: str
    capacity: int | None
    audit_share: float = RANDOM_SHARE


def make(snapshot: Snapshot, options: ListOptions, made_on: date) -> RiskList:
    """Make a list, with a sheet for every area and polygons where there are any.

    It is seen by who may see all its municipalities: nothing of others with local sources is in any figure.
    """
    hidden = snapshot.local - set(options.municipalities or snapshot.municipalities)
    shown = snapshot.without(hidden) or snapshot
    return build_risk_list(
        shown.panel,
        shown.stored,
        options.municipalities,
        title=options.title,
        capacity=options.capacity,
        made_on=made_on,
        track_record=snapshot.track_record,
        places=snapshot.places,
        past=snapshot.past,
        boundaries=snapshot.polygons,
        audit_share=options.audit_share,
    )


def list_options(
    snapshot: Snapshot, names: Sequence[str], capacity: int | None, audit_share: float, hidden: frozenset[str]
) -> ListOptions:
    """Return the options of a list of municipalities or regions by name, or of the whole country.

    ``hidden`` has the municipalities that the reader may not see: PermissionError where the list names one or
    nothing else is left; a list of the country leaves them out.
    """
    present = frozenset(snapshot.municipalities)
    if names and not present:
        raise InputError("--municipality", "areas without municipality", "areas whose code names one")
    codes = tuple(sorted({code for name in names for code in find_municipalities(name, present)}))
    local = snapshot.local & set(codes or present)
    if not local & hidden:
        title = f"Risicolijst {all_called(names) or 'Nederland'}"
        return ListOptions(codes, title, capacity, audit_share)
    visible = tuple(sorted(present - hidden))
    if codes or not visible:
        raise PermissionError(", ".join(sorted(local)))
    return ListOptions(
        visible, "Risicolijst Nederland, zonder gemeenten met eigen gegevens", capacity, audit_share
    )
