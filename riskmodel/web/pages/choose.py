"""The form with which somebody orders a list: read it, validate it, and explain errors in plain Dutch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from riskmodel.catalogue.area_names import called, close_names, find_municipalities, named_regions, usual_names
from riskmodel.errors import InputError
from riskmodel.products.risk_list.random_visits import RANDOM_SHARE
from riskmodel.web.serving.snapshot import Snapshot
from riskmodel.workspace.safe_text import plain_text

#: Most municipalities and regions in one form.
MOST_NAMES = 40
#: Characters of a field that are read.
LONGEST = 100
#: Most areas that can be visited, as the API has it.
MOST_VISITS = 20_000


@dataclass(frozen=True)
class Choice:
    """The fields of the form as they were filled in.

    Attributes
    ----------
    names : tuple of str
        Municipalities and regions; never empty, so that there is a field to type in.
    experiment : str
        Name of the question; empty for the main one.
    capacity : str
        How many areas can be visited.
    random_visits : bool
        Whether a part of the visits is drawn by lot.
    """

    names: tuple[str, ...] = ("",)
    experiment: str = ""
    capacity: str = "10"
    random_visits: bool = True

    @property
    def audit_share(self) -> float:
        """Share of the visits that is drawn by lot."""
        return RANDOM_SHARE if self.random_visits else 0.0


@dataclass(frozen=True)
class ValidChoice:
    """The values of a form after validation.

    Attributes
    ----------
    names : tuple of str
        Known names, each once.
    capacity : int or None
        How many areas can be visited; None when not filled in.
    errors : mapping of str to str
        Message by id of the field.
    """

    names: tuple[str, ...]
    capacity: int | None
    errors: Mapping[str, str] = field(default_factory=dict)


def choice_of(form: Mapping[str, Sequence[str]], *, sent: bool) -> Choice:
    """Return the choice in an address, or in a form that was ``sent``, where a missing box was not ticked."""
    names = tuple(plain_text(text).strip()[:LONGEST] for text in form.get("gemeente", ()))[:MOST_NAMES]
    before = Choice()
    return Choice(
        names=names or before.names,
        experiment=(form.get("vraag") or [""])[0][:LONGEST],
        capacity=plain_text((form.get("aantal") or ["" if sent else before.capacity])[0]).strip()[:LONGEST],
        random_visits=bool(form.get("lot")) if sent else before.random_visits,
    )


def validate(choice: Choice, snapshot: Snapshot) -> ValidChoice:
    """Return the values of a choice, and what is wrong with it."""
    errors: dict[str, str] = {}
    present = frozenset(snapshot.municipalities)
    found: dict[str, str] = {}
    for number, text in enumerate(choice.names, start=1):
        if not text:
            continue
        try:
            find_municipalities(text, present)
        except InputError:
            errors[f"gemeente-{number}"] = _unknown(text, snapshot)
        else:
            found.setdefault(called(text), text)
    if not found and not errors:
        errors["gemeente-1"] = "Kies een gemeente of regio."
    capacity = _capacity(choice.capacity)
    if isinstance(capacity, str):
        errors["aantal"] = capacity
        capacity = None
    return ValidChoice(tuple(found.values()), capacity, errors)


def choosable_names(snapshot: Snapshot) -> list[tuple[str, str]]:
    """Return name and kind of the regions, provinces and municipalities that can be chosen, in that order.

    A usual name has the official one for a kind.
    """
    present = frozenset(snapshot.municipalities)
    own = sorted(set(snapshot.municipalities.values()), key=str.casefold)
    known = {name.casefold() for name in own}
    areas = [
        (name, f"{'provincie' if name.startswith('Provincie ') else 'regio'}, {inside} gemeenten")
        for name, codes in named_regions().items()
        if (inside := len(present.intersection(codes))) and name.casefold() not in known
    ]
    return [*areas, *((name, "gemeente") for name in own), *usual_names(present).items()]


def _unknown(text: str, snapshot: Snapshot) -> str:
    close = close_names(text, frozenset(snapshot.municipalities), most=2, cutoff=0.7)
    if close:
        return f"‘{text}’ kennen we niet. Bedoelt u {' of '.join(close)}?"
    return f"‘{text}’ kennen we niet. Kies een naam uit de lijst."


def _capacity(text: str) -> int | str | None:
    """Return the number of visits, None for an empty field, or a message."""
    if not text:
        return None
    bare = text.replace(".", "")
    if not (bare.isascii() and bare.isdigit()) or not 1 <= int(bare[:9]) <= MOST_VISITS or len(bare) > 6:
        return "Vul een heel getal in, zoals 10. Of laat het leeg."
    return int(bare)
