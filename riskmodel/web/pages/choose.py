"""The form in which a municipality says what it wants: read, checked, and told what is wrong in plain Dutch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from riskmodel.catalogue.places import find_municipalities, places
from riskmodel.errors import InputError
from riskmodel.products.risk_list.random_visits import AUDIT_SHARE
from riskmodel.web.serving.snapshot import Snapshot
from riskmodel.workspace.safe_text import plain_text

#: Places that one form takes; a region counts as one.
MOST_PLACES = 40
#: Longest name that is looked at.
LONGEST = 100
#: Most areas that can be visited, as the API has it.
MOST_VISITS = 20_000


@dataclass(frozen=True)
class Choice:
    """What somebody filled in.

    Attributes
    ----------
    places : tuple of str
        Municipalities and regions, as they were typed; never empty, so that there is a field to type in.
    experiment : str
        Name of the question; empty for the first one.
    capacity : str
        How many areas can be visited, as it was typed.
    audit : bool
        Whether a part of the visits is drawn by lot.
    """

    places: tuple[str, ...] = ("",)
    experiment: str = ""
    capacity: str = "10"
    audit: bool = True

    @property
    def audit_share(self) -> float:
        """Part of the visits that is drawn by lot."""
        return AUDIT_SHARE if self.audit else 0.0


@dataclass(frozen=True)
class Checked:
    """A choice after it was looked at.

    Attributes
    ----------
    places : tuple of str
        Names that are known, each once.
    capacity : int or None
        How many areas can be visited; None for not filled in.
    errors : mapping of str to str
        Id of a field, and what is wrong with it.
    """

    places: tuple[str, ...]
    capacity: int | None
    errors: Mapping[str, str] = field(default_factory=dict)


def choice_of(form: Mapping[str, Sequence[str]], *, sent: bool) -> Choice:
    """Read a form, or the address of the page."""
    places = tuple(plain_text(text).strip()[:LONGEST] for text in form.get("gemeente", ()))[:MOST_PLACES]
    before = Choice()
    return Choice(
        places=places or before.places,
        experiment=_first(form, "vraag", "")[:LONGEST],
        capacity=plain_text(_first(form, "aantal", "" if sent else before.capacity)).strip()[:LONGEST],
        audit=bool(form.get("lot")) if sent else before.audit,
    )


def checked(choice: Choice, snapshot: Snapshot) -> Checked:
    """Look at a choice."""
    errors: dict[str, str] = {}
    present = frozenset(snapshot.municipalities)
    found: dict[str, str] = {}
    for number, text in enumerate(choice.places, start=1):
        if not text:
            continue
        try:
            find_municipalities(text, present)
        except InputError:
            errors[f"gemeente-{number}"] = _unknown(text, snapshot)
        else:
            found.setdefault(text.casefold(), text)
    if not found and not errors:
        errors["gemeente-1"] = "Kies een gemeente of regio."
    capacity = _capacity(choice.capacity)
    if isinstance(capacity, str):
        errors["aantal"] = capacity
        capacity = None
    return Checked(tuple(found.values()), capacity, errors)


def place_names(snapshot: Snapshot) -> list[tuple[str, str]]:
    """Regions, provinces and municipalities that can be chosen: name, and what it is; in that order."""
    present = frozenset(snapshot.municipalities)
    own = sorted(set(snapshot.municipalities.values()), key=str.casefold)
    known = {name.casefold() for name in own}
    areas = [
        (name, f"{'provincie' if name.startswith('Provincie ') else 'regio'}, {inside} gemeenten")
        for name, codes in places().items()
        if (inside := len(present.intersection(codes))) and name.casefold() not in known
    ]
    return [*areas, *((name, "gemeente") for name in own)]


def _first(form: Mapping[str, Sequence[str]], name: str, otherwise: str) -> str:
    values = form.get(name, ())
    return values[0] if values else otherwise


def _unknown(text: str, snapshot: Snapshot) -> str:
    names = {name.casefold(): name for name, _ in place_names(snapshot)}
    close = get_close_matches(text.casefold(), list(names), n=2, cutoff=0.7)
    if close:
        return f"‘{text}’ kennen we niet. Bedoelt u {' of '.join(names[each] for each in close)}?"
    return f"‘{text}’ kennen we niet. Kies een naam uit de lijst."


def _capacity(text: str) -> int | str | None:
    """A number of visits, None for none filled in, or what is wrong."""
    if not text:
        return None
    bare = text.replace(".", "")
    if not (bare.isascii() and bare.isdigit()) or not 1 <= int(bare[:9]) <= MOST_VISITS or len(bare) > 6:
        return "Vul een heel getal in, zoals 10. Of laat het leeg."
    return int(bare)
