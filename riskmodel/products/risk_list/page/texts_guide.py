"""Texts of method, limits and provenance of the risk list page: Dutch, English."""

from __future__ import annotations

from riskmodel.products.rendering import dutch

_LIMITS_ENGLISH: tuple[tuple[str, str], ...] = (
    (
        "A signal, not a verdict.",
        "The figures are an estimate of a statistical model. An area with a high chance may stay the same or "
        "improve. And an area low on the list may still need attention.",
    ),
    (
        "Not a cause.",
        "The contributions show which data change the expectation of the model. That is not a cause: turning "
        "such a knob does not help by itself.",
    ),
    (
        "About areas, never about persons.",
        "Nothing follows from this list about a resident, a household or an address.",
    ),
    (
        "The model does not know your plans.",
        "It works with national data. What was agreed, built or happened in the area is known better by people "
        "there.",
    ),
    (
        "People decide.",
        "Use the list to choose where to look and talk. Do not take a measure on the basis of this list alone.",
    ),
)

_LIMITS = {
    f"limit_{place}{suffix}": (nl[part], en[part])
    for place, (nl, en) in enumerate(zip(dutch.LIMITS, _LIMITS_ENGLISH, strict=True), start=1)
    for part, suffix in enumerate(("", "_text"))
}

#: English for the labels of :func:`riskmodel.products.risk_list.provenance.provenance`.
PROVENANCE: dict[str, str] = {
    "Peildatum van de laatste meting": "Reference date of the last measurement",
    "Meting bekendgemaakt op": "Measurement published on",
    "Lijst gemaakt op": "List made on",
    "Kijkt vooruit": "Looks ahead",
    "Model": "Model",
    "Versie van het model": "Version of the model",
    "Experiment": "Experiment",
    "Versie van de code": "Version of the code",
    "Kenmerk van de voorspelling": "Forecast id",
    "Let op": "Note",
}

#: Key to Dutch and English.
GUIDE: dict[str, tuple[str, str]] = {
    **_LIMITS,
    **{f"origin_{place}": (nl, en) for place, (nl, en) in enumerate(PROVENANCE.items())},
    "about": ("Over deze lijst", "About this list"),
    "guide": ("Zo leest u de lijst", "How to read the list"),
    "g_score": ("Score nu", "Score now"),
    "g_score_text": (
        "De totaalscore van de Leefbaarometer bij de laatste meting. Hoger is beter. Erachter staat de klasse: "
        "van 1 (zeer onvoldoende) tot en met 9 (uitstekend).",
        "The total score of the Leefbaarometer at the last measurement. Higher is better. Behind it stands the "
        "class: from 1 (very inadequate) to 9 (excellent).",
    ),
    "g_chance": ("Kans op achteruitgang", "Chance of decline"),
    "g_chance_text": (
        "Met achteruitgang bedoelen we: {event}, binnen {horizon} jaar. Gemiddeld over alle gebieden van deze "
        "voorspelling is die kans {average:ps}, dus ongeveer {average:one}. ‘18 van de 100’ wil zeggen: van 100 "
        "gebieden als dit gaan er naar verwachting 18 achteruit en 82 niet.",
        "By decline we mean: {event_en}, within {horizon} years. The mean over all areas of this forecast is "
        "{average:ps}, so about {average:one}. ‘18 of 100’ means: of 100 areas like this, 18 are expected to "
        "decline and 82 not.",
    ),
    "g_expected": ("Verwachte verandering", "Expected change"),
    "g_expected_text": (
        "De dikke streep is de verwachting, in punten van de score. In 8 van de 10 gevallen valt de verandering "
        "binnen de balk. Links van de dunne nullijn is achteruitgang, rechts vooruitgang. Een lange balk "
        "betekent: erg onzeker. Alle balken hebben dezelfde schaal, van {low:s3} tot {high:s3}.",
        "The thick mark is the expectation, in score points. In 8 of 10 cases the change falls within the bar. "
        "Left of the thin line is decline, right is improvement. A long bar means: very unsure. All bars have "
        "the same scale, from {low:s3} to {high:s3}.",
    ),
    "g_pressed_text": (
        "Bij de laatste meting had het gebied klasse 4 (zwak) of lager.",
        "At the last measurement the area had class 4 (weak) or lower.",
    ),
    "g_threatened_text": (
        "De kans op achteruitgang is {limit:ps} of meer. Dat is duidelijk meer dan gemiddeld.",
        "The chance of decline is {limit:ps} or more. That is clearly more than average.",
    ),
    "g_small_text": (
        "Er wonen minder dan {small:n0} mensen. De score schommelt dan sterk door toeval. Het gebied staat "
        "onderaan en krijgt geen oordeel.",
        "Fewer than {small:n0} people live there. The score then swings by chance. The area stands at the end "
        "and gets no verdict.",
    ),
    "g_audit_text": (
        "Door het lot gekozen buiten de lijst. Wie ook daar gaat kijken, kan later nagaan of de lijst beter is "
        "dan toeval.",
        "Drawn at random outside the list. Looking there too makes it possible to check later whether the list "
        "beats chance.",
    ),
    "limits": ("Wat deze lijst niet zegt", "What this list does not say"),
    "method": ("Hoe is dit gemaakt?", "How was this made?"),
    "method_1": (
        "Het model leert van eerdere metingen van de Leefbaarometer hoe scores daarna veranderden. Het voorspelt "
        "niet één getal maar een verdeling: welke veranderingen waarschijnlijk zijn en welke niet. De kans op "
        "achteruitgang, de verwachting en de balk komen uit diezelfde verdeling.",
        "The model learns from earlier measurements of the Leefbaarometer how scores changed afterwards. It "
        "forecasts not one number but a distribution: which changes are likely and which are not. The chance of "
        "decline, the expectation and the bar all come from that distribution.",
    ),
    "method_2": (
        "Het model mag alleen weten wat bekend was op {known:d}. Achteraf vergelijken we voorspellingen uit het "
        "verleden met wat er gebeurde, ook met eenvoudige lijstjes zoals ‘de laagste score eerst’.",
        "The model may only know what was known on {known:d}. Past forecasts are compared with what happened, "
        "also against simple lists such as ‘lowest score first’.",
    ),
    "method_3": (
        "Een deel van elke daling of stijging is toeval. Hoe kleiner het gebied, hoe groter dat toeval.",
        "Part of every fall or rise is chance. The smaller the area, the larger that chance.",
    ),
    "register": ("Gegevens voor het algoritmeregister", "Data for the algorithm register"),
    "r_name": ("Naam", "Name"),
    "r_description": ("Korte omschrijving", "Short description"),
    "r_description_text": (
        "Dit model schat per gebied hoe groot de kans is dat de leefbaarheid achteruitgaat. Het werkt met "
        "openbare cijfers over gebieden, niet over personen. De lijst helpt kiezen waar de gemeente gaat kijken.",
        "This model estimates for each area the chance that liveability declines. It works with public figures "
        "about areas, not persons. The list helps to choose where the municipality goes to look.",
    ),
    "r_human": ("Menselijke tussenkomst", "Human intervention"),
    "r_human_text": (
        "Het model neemt geen besluit. Medewerkers bekijken elk gebied ter plaatse en beslissen zelf.",
        "The model takes no decision. Staff look at each area on the spot and decide themselves.",
    ),
    "r_risks": ("Risico’s", "Risks"),
    "r_risks_text": (
        "Gebieden kunnen onterecht hoog of laag staan. Een lijst kan een buurt een slechte naam geven. Daarom "
        "staan onzekerheid en eerdere missers erbij, en worden ook gebieden door het lot gekozen als daar ruimte "
        "voor is.",
        "Areas may wrongly stand high or low. A list may give an area a bad name. Therefore uncertainty and "
        "earlier misses are shown, and areas are drawn at random as well where there is room for it.",
    ),
    "r_category": ("Publicatiecategorie", "Publication category"),
    "r_category_text": (
        "Vul in na uw eigen toets: Hoog-risico AI-systeem, Impactvolle algoritmes of Overige algoritmes.",
        "Fill in after your own assessment: high-risk AI system, impactful algorithms or other algorithms.",
    ),
    "r_fill": (
        "Vul zelf aan: organisatie, status, contact en wettelijke grondslag.",
        "Fill in yourself: organisation, status, contact and legal basis.",
    ),
    "provenance": ("Waar komt deze lijst vandaan?", "Where does this list come from?"),
    "day": ("{day:d}", "{day:d}"),
    "years": ("{horizon} jaar", "{horizon} years"),
    "files": ("Gebruikte bestanden", "Files used"),
    "files_none": ("niet opgegeven", "not given"),
    "record": ("Hoe goed werkte dit eerder?", "How well did this work before?"),
}
