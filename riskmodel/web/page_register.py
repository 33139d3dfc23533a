"""The entry for the *Algoritmeregister*: what follows from the model, and what only an organisation can say.

Names and lengths of the fields are those of publication standard 1.0 of the Dutch algorithm register.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from riskmodel.products import dutch
from riskmodel.web.snapshot import Snapshot

#: Longest text of each field that has a limit.
LONGEST = {
    "name": 100,
    "description_short": 400,
    "goal": 2500,
    "proportionality": 2500,
    "human_intervention": 2500,
    "risks": 2500,
    "source_data": 2500,
    "methods_and_models": 5000,
    "tags": 2500,
}


@dataclass(frozen=True)
class Field:
    """One field of the entry.

    Attributes
    ----------
    key, label : str
        Name in the standard, and in Dutch.
    value : str
        What can be said already; empty when a person must say it.
    required : bool
        Whether the standard asks for it.
    ask : str
        What a person has to do.
    """

    key: str
    label: str
    value: str
    required: bool = False
    ask: str = ""


def register_entry(snapshot: Snapshot, sources: Sequence[str]) -> list[Field]:
    """The fields of the entry, in the order of the standard.

    Parameters
    ----------
    snapshot : Snapshot
        What is served of the main question.
    sources : sequence of str
        Names of the sources, with their licence.
    """
    horizon, event = snapshot.experiment.horizon, snapshot.experiment.event.in_dutch
    return [
        Field("name", "Naam", "Vooruitkijken waar de leefbaarheid in wijken kan dalen", True),
        Field(
            "description_short",
            "Korte omschrijving",
            f"Dit model schat voor elke wijk de kans op achteruitgang van de leefbaarheid binnen {horizon} jaar. "
            "Gemeenten gebruiken de lijst om te kiezen in welke wijken zij gaan kijken en praten. Het model gaat "
            "over gebieden, nooit over personen.",
            True,
        ),
        Field("organization", "Organisatienaam", "", True, "Vul de officiële naam van uw organisatie in."),
        Field("category", "Thema", "Wonen"),
        Field("status", "Status", "", True, "Kies: In ontwikkeling, In gebruik of Buiten gebruik."),
        Field("begin_date", "Begindatum", "", ask="Vul in sinds welke maand u de lijst gebruikt."),
        Field("contact_email", "Contactgegevens", "", True, "Vul een algemeen mailadres of een website in."),
        Field(
            "publication_category",
            "Publicatiecategorie",
            "",
            True,
            "Kies samen met uw jurist: Hoog-risico AI-systeem, Impactvolle algoritmes of Overige algoritmes.",
        ),
        Field(
            "goal",
            "Doel en impact",
            "Het doel is eerder zien waar de leefbaarheid in een gebied kan dalen. De gemeente kan daar dan gaan "
            "kijken. Inwoners en bedrijven merken er niet direct iets van: er volgt geen besluit over een persoon "
            "of bedrijf uit.",
            ask="Vul aan wat uw organisatie met de lijst doet.",
        ),
        Field(
            "proportionality",
            "Afwegingen",
            "",
            ask="Beschrijf waarom u de lijst gebruikt, en welke voordelen en nadelen u hebt afgewogen.",
        ),
        Field(
            "human_intervention",
            "Menselijke tussenkomst",
            "De lijst neemt geen besluit. Mensen kiezen welke gebieden zij bezoeken en wat zij daarna doen. Bij "
            "elk gebied staat hoe onzeker de schatting is. Een deel van de bezoeken kan door het lot worden "
            "gekozen. Zo is te zien wat de lijst mist.",
            ask="Vul aan wie in uw organisatie beslist.",
        ),
        Field("risks", "Risicobeheer", " ".join(f"{heading} {words}" for heading, words in dutch.LIMITS)),
        Field("lawful_basis", "Wettelijke basis", "", ask="Beschrijf op welke taak of wet u zich baseert."),
        Field(
            "impacttoetsen",
            "Toelichting op impacttoetsen",
            "",
            ask="Noem de toetsen die zijn gedaan, zoals een IAMA of DPIA, of waarom ze niet zijn gedaan.",
        ),
        Field("source_data", "Gegevens", "; ".join(sources) + ". Alle gegevens gaan over gebieden."),
        Field(
            "methods_and_models",
            "Technische werking",
            f"Het model voorspelt de verdeling van de verandering van de score van de Leefbaarometer. Uit die "
            f"verdeling volgt de kans dat dit gebeurt: {event}, binnen {horizon} jaar. Model: "
            f"{snapshot.stored.model}, versie {snapshot.stored.release_id}. {snapshot.track_record}".strip(),
        ),
        Field("provider", "Leverancier", "", ask="Vul in wie de dienst voor u draait, als u dat niet zelf doet."),
        Field("publiccode", "Link naar broncode", "", ask="Vul in waar de code staat die u gebruikt."),
        Field("lang", "Taal", "nld", True),
        Field("standard_version", "Versie publicatiestandaard", "1.0"),
        Field("tags", "Zoektermen", "leefbaarheid, wijken, vroegsignalering, Leefbaarometer, voorspelling"),
    ]
