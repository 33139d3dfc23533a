"""Groups of areas in Dutch: where they come from, what of them was found, and why a change has no shares."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from riskmodel.monitor.decomposition import CANCELLED_OUT, NO_AREAS, UNCHANGED
from riskmodel.monitor.groups import Found
from riskmodel.monitor.view import View

#: Why the mean change of a group has no shares of dimensions.
NO_SHARES = {
    "": "",
    NO_AREAS: "geen aandeel: geen gebied met scores en gewicht",
    UNCHANGED: "geen aandeel: de score is bijna gelijk gebleven",
    CANCELLED_OUT: "geen aandeel: de dimensies heffen elkaar grotendeels op",
}


def found_words(found: Found) -> str:
    """Return what of a group is in the measurements: ``"19 van de 40 delen gevonden: 26 gebieden. ..."``."""
    count = int(found.areas.sum())
    areas = "1 gebied" if count == 1 else f"{count} gebieden"
    whole = found.parts == found.listed
    text = f"Alle {found.parts}" if whole and found.parts > 1 else parts_found(found)
    text = f"Gevonden: {areas}." if whole and found.parts == 1 else f"{text} delen gevonden: {areas}."
    if found.missing:
        text += f" Niet in de gegevens: {'; '.join(found.missing)}."
    if found.unmapped:
        text += f" Niet aan een gebied te koppelen: {'; '.join(found.unmapped)}."
    return text


def parts_found(found: Found) -> str:
    """Return how many of the parts of a group were found: ``"19 van de 40"``."""
    return f"{found.parts} van de {found.listed}"


def coverage(view: View) -> str:
    """Return how many parts of the group of a view were found; empty when all were, and for municipalities."""
    if view.found is None or view.found.parts == view.found.listed:
        return ""
    return f"{parts_found(view.found)} delen"


def origin_of(view: View) -> str:
    """Return where the group of a view comes from and what of it was found; empty for municipalities."""
    if view.group is None or view.found is None:
        return ""
    source = f"Bron van de groep: {view.group.source}." if view.group.source else ""
    return " ".join(filter(None, [source, view.group.note, found_words(view.found)]))


def in_dutch(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return the tables of a view with the notes on shares in Dutch."""
    found = dict(tables)
    if "contributions_of_group" in found:
        table = found["contributions_of_group"]
        found["contributions_of_group"] = table.assign(note=table["note"].map(NO_SHARES))
    return found
