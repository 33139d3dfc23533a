"""Texts of the workbook of a risk list: its guide and its provenance."""

from __future__ import annotations

from riskmodel.products.rendering.dutch import LIMITS, percent_short, whole
from riskmodel.products.risk_list.formats.workbook_explained import MOST_EXPLAINED
from riskmodel.products.risk_list.provenance import caveats, origin_lines
from riskmodel.products.risk_list.risk_list import COLUMNS, About, RiskList
from riskmodel.products.risk_list.texts import Sentence, event_in_dutch, in_dutch

#: A sheet of texts: blocks of a heading and lines of label and text.
Blocks = list[tuple[str, list[tuple[str, str]]]]


def _settings(about: About) -> list[tuple[str, str]]:
    capacity = "geen grens" if about.capacity is None else f"{whole(about.capacity)} gebieden"
    return [
        ("Achteruitgang", f"{event_in_dutch(about.event)}, binnen {about.horizon} jaar"),
        ("Gemiddelde kans", percent_short(about.average_risk)),
        ("Dreigt achteruit te gaan", f"kans van {percent_short(about.threat_limit)} of meer"),
        ("Te klein om iets te zeggen", f"minder dan {whole(about.small_limit)} inwoners; kans in grijs"),
        ("Verandering laatste meting", _since(about.change_last_from)),
        ("Verandering langere termijn", _since(about.change_long_from)),
        ("Capaciteit", capacity),
        ("Bijdragen", "de basis plus alle bijdragen is de verwachte verandering, in punten van de score"),
    ]


def _since(year: int | None) -> str:
    return "niet vergeleken" if year is None else f"vergeleken met {year}"


def guide_blocks(about: About) -> Blocks:
    """Return how to read a workbook: its sheets, columns and thresholds, and the limits of a list."""
    columns = [
        (heading, f"{meaning} (in de andere bestanden: {name})") for name, (heading, meaning) in COLUMNS.items()
    ]
    sheets = [
        ("Risicolijst", "een regel per gebied, grootste kans bovenaan; kies met de pijltjes in de kop"),
        (
            "Uitleg per gebied",
            f"wat er achter de kans zit, van de eerste {MOST_EXPLAINED} gebieden en van de steekproef; kies bij "
            "Gebied één gebied en u ziet zijn blad",
        ),
        ("Bijdragen", "van alle gebieden wat elk onderdeel aan de verwachte verandering toevoegt"),
        ("Herkomst", "model, metingen, datum en bestanden"),
    ]
    blocks: Blocks = [
        ("Wat staat waar?", sheets),
        ("Wat betekenen de kolommen?", columns),
        ("Waar ligt de grens?", _settings(about)),
        ("Wat deze lijst niet zegt", list(LIMITS)),
    ]
    if about.track_record:
        blocks.append(("Hoe goed werkte deze methode eerder?", [("", in_dutch(about.track_record))]))
    if about.places:
        sentences = (Sentence("places_intro"), *about.places)
        blocks.append((in_dutch(Sentence("places")), [("", in_dutch(each)) for each in sentences]))
    return blocks


def origin_blocks(risk_list: RiskList) -> Blocks:
    """Return the provenance of a list, and its caveats."""
    return [
        ("Waar komt deze lijst vandaan?", origin_lines(risk_list)),
        ("Let op", [("", text) for text in caveats(risk_list.about)]),
    ]
