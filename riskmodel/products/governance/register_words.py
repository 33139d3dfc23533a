"""Values of the register entry that follow from a model, and the questions to people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from riskmodel.catalogue import load
from riskmodel.panel.panel import Panel
from riskmodel.products.rendering import dutch

#: The code of the language of an entry: there is no other yet.
LANGUAGE = "nld"
#: Questions to a person, by field. A field with a value may still need an addition.
ASKS: Mapping[str, str] = {
    "organization": "Vul de officiële naam van uw organisatie in.",
    "status": "Kies: In ontwikkeling, In gebruik of Buiten gebruik.",
    "begin_date": "Vul in sinds welke maand u de lijst gebruikt.",
    "contact_email": "Vul een algemeen mailadres of een website in.",
    "website": "Vul in waar inwoners meer kunnen lezen, als u zo'n pagina hebt.",
    "publication_category": (
        "Kies samen met uw jurist: Hoog-risico AI-systeem, Impactvolle algoritmes of Overige algoritmes."
    ),
    "goal": "Vul aan wat uw organisatie met de lijst doet.",
    "proportionality": "Beschrijf waarom u de lijst gebruikt, en welke voordelen en nadelen u hebt afgewogen.",
    "human_intervention": "Vul aan wie in uw organisatie beslist.",
    "lawful_basis": "Beschrijf op welke taak of wet u zich baseert.",
    "lawful_basis_grouping": "Geef van die wet de titel en het adres op wetten.overheid.nl.",
    "impacttoetsen_grouping": "Geef de titel van elke toets die is gedaan, zoals een IAMA of DPIA.",
    "impacttoetsen": "Leg uit welke toetsen niet zijn gedaan, en waarom.",
    "provider": "Vul in wie de dienst voor u draait, of schrijf: Intern ontwikkeld.",
    "publiccode": "Vul in waar de code staat die u gebruikt.",
}


@dataclass(frozen=True)
class Source:
    """A source of the data of a model.

    Attributes
    ----------
    label : str
        Its name, with licence.
    link : str
        Page of the publisher about it; empty for a source of a municipality itself.
    """

    label: str
    link: str = ""


@dataclass(frozen=True)
class RegisterFacts:
    """Facts about a model that are filled in.

    Attributes
    ----------
    event : str
        What the model gives the chance of, in Dutch.
    horizon : int
        Years ahead.
    level : str
        Level of the areas.
    model, release_id : str
        Name of the model and its version.
    sources : tuple of Source
        What it uses.
    track_record : str
        How well the method did before, in plain Dutch; may be empty.
    """

    event: str
    horizon: int
    level: str
    model: str
    release_id: str
    sources: tuple[Source, ...]
    track_record: str = ""


def sources_of(panel: Panel, *, own_too: bool = True) -> tuple[Source, ...]:
    """Return the sources of all indicators behind forecasts."""
    labels, found = load("sources"), {}
    for about in panel.for_forecasts():
        entry = labels.get(about.source)
        if entry is not None:
            found[about.source] = Source(entry["label"], entry["link"])
        elif own_too:
            found[about.source] = Source(f"{about.source} (van de gemeente zelf)")
    return tuple(found.values())


def register_values(facts: RegisterFacts) -> dict[str, Any]:
    """Return the values that follow from a model, by key."""
    area = "elke wijk" if facts.level == "wijk" else "elk gebied"
    years = f"{facts.horizon} jaar"
    return {
        "name": "Vooruitkijken waar de leefbaarheid in wijken kan dalen",
        "description_short": (
            f"Dit model schat voor {area} de kans op achteruitgang van de leefbaarheid binnen {years}. "
            "Gemeenten gebruiken de lijst om te kiezen waar zij gaan kijken en praten. "
            "Het model gaat over gebieden, nooit over personen."
        ),
        "category": ["Wonen"],
        "goal": (
            "Het doel is eerder zien waar de leefbaarheid in een gebied kan dalen. De gemeente kan daar dan gaan "
            "kijken. Inwoners en bedrijven merken er niet direct iets van. Er volgt geen besluit over een persoon "
            "of bedrijf uit."
        ),
        "human_intervention": (
            "De lijst neemt geen besluit. Mensen kiezen welke gebieden zij bezoeken en wat zij daarna doen. Bij "
            "elk gebied staat hoe onzeker de schatting is. Een deel van de bezoeken kan door het lot worden "
            "gekozen. Zo is te zien wat de lijst mist."
        ),
        "risks": " ".join(f"{heading} {words}" for heading, words in dutch.LIMITS),
        "source_data": "; ".join(source.label for source in facts.sources) + ". Alle gegevens gaan over gebieden.",
        "source_data_grouping": [
            {"title": source.label, "link": source.link} for source in facts.sources if source.link
        ],
        "methods_and_models": (
            "Het model voorspelt de verdeling van de verandering van de score van de Leefbaarometer. Uit die "
            f"verdeling volgt de kans dat dit gebeurt: {facts.event}, binnen {years}. Het model leert niet "
            f"vanzelf bij. Model: {facts.model}, versie {facts.release_id}. {facts.track_record}".strip()
        ),
        "lang": LANGUAGE,
        "standard_version": "1.0",
        "tags": "leefbaarheid, wijken, vroegsignalering, Leefbaarometer, voorspelling",
    }
