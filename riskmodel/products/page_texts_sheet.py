"""Texts of the area sheets of the risk list page: Dutch, English."""

from __future__ import annotations

#: Key to Dutch and English.
SHEET: dict[str, tuple[str, str]] = {
    "sheet": ("Gebiedsblad", "Area sheet"),
    "sheets": ("Gebiedsbladen", "Area sheets"),
    "sheets_note": (
        "Van de {count:n0} gebieden met de hoogste rang op de lijst. Alle gebieden staan in de tabel.",
        "Of the {count:n0} highest ranked areas on the list. All areas are in the table.",
    ),
    "close": ("Sluit", "Close"),
    "previous": ("Vorige", "Previous"),
    "next": ("Volgende", "Next"),
    "print_sheet": ("Druk dit blad af", "Print this sheet"),
    "place": ("Rang {rank:n0} van {all:n0}", "Rank {rank:n0} of {all:n0}"),
    "verdict": (
        "Van 100 gebieden als dit gaan er naar verwachting **{count}** achteruit.",
        "Of 100 areas like this one, **{count}** are expected to decline.",
    ),
    "verdict_low": (
        "Van 100 gebieden als dit gaat er naar verwachting **minder dan 1** achteruit.",
        "Of 100 areas like this one, **fewer than 1** is expected to decline.",
    ),
    "verdict_times": (
        "Dat is {times} keer zo vaak als gemiddeld in Nederland ({average:ps}).",
        "That is {times} times as often as the Dutch average ({average:ps}).",
    ),
    "verdict_same": (
        "Dat is ongeveer zo vaak als gemiddeld in Nederland ({average:ps}).",
        "That is about as often as the Dutch average ({average:ps}).",
    ),
    "verdict_less": (
        "Dat is minder vaak dan gemiddeld in Nederland ({average:ps}).",
        "That is less often than the Dutch average ({average:ps}).",
    ),
    "ranks": (
        "Deze rang is niet precies: in 80 van de 100 gevallen ligt hij tussen **{low:n0} en {high:n0}** (van "
        "{all:n0}).",
        "This rank is not exact: in 80 of 100 cases it lies between **{low:n0} and {high:n0}** (of {all:n0}).",
    ),
    "abstain_title": ("Te klein om iets te zeggen", "Too small to say anything"),
    "abstain": (
        "Hier wonen {people:n0} mensen. De score schommelt dan sterk door toeval. We geven daarom geen oordeel. "
        "Ga af op wat u ter plaatse weet.",
        "{people:n0} people live here. The score then swings by chance. So we give no verdict. Rely on what you "
        "know on the spot.",
    ),
    "abstain_unknown": (
        "Van dit gebied is te weinig bekend. We geven daarom geen oordeel. Ga af op wat u ter plaatse weet.",
        "Too little is known about this area. So we give no verdict. Rely on what you know on the spot.",
    ),
    "model_value": (
        "Het model rekende wel een kans uit: {chance:p}.",
        "The model did compute a chance: {chance:p}.",
    ),
    "audit_text": (
        "Dit gebied is door het lot gekozen. Zo kan later worden nagegaan of de lijst werkt.",
        "This area was drawn at random, so that the list can be checked later.",
    ),
    "trend": ("Hoe ging het, en wat wordt verwacht?", "How did it go, and what is expected?"),
    "trend_alt": (
        "Score van {first:n3} in {from} naar {last:n3} in {to}. Verwacht in {year}: {expected:n3}, met 80% kans "
        "tussen {low:n3} en {high:n3}.",
        "Score from {first:n3} in {from} to {last:n3} in {to}. Expected in {year}: {expected:n3}, with 80% "
        "chance between {low:n3} and {high:n3}.",
    ),
    "trend_note": (
        "De waaier toont wat het model verwacht: donker 50%, licht 80% kans. Hoger is beter.",
        "The fan shows what the model expects: dark 50%, light 80% chance. Higher is better.",
    ),
    "this_area": ("dit gebied", "this area"),
    "country": ("Nederland", "Netherlands"),
    "dimensions": ("Waar staat het gebied op vijf onderdelen?", "How does the area do on five dimensions?"),
    "dimensions_note": (
        "Meting {year}, in punten van de score. Rechts van het midden is goed voor de leefbaarheid.",
        "Measurement {year}, in score points. Right of the middle is good for liveability.",
    ),
    "dim_change": ("{change:s3} sinds {since}", "{change:s3} since {since}"),
    "dim_country": ("◇ Nederland", "◇ Netherlands"),
    "part": ("Onderdeel", "Part"),
    "value": ("Waarde", "Value"),
    "drivers": ("Waarom deze verwachting?", "Why this expectation?"),
    "drivers_note": (
        "Wat het model optelt, in punten van de score. Dit is geen oorzaak en geen knop om aan te draaien.",
        "What the model adds up, in score points. This is not a cause, and not a knob to turn.",
    ),
    "leading": ("Wat vooruit kan lopen", "What may lead"),
    "leading_note": ("Gegevens buiten de score zelf.", "Data outside the score itself."),
    "own": ("Wat al in de score zit", "What is already in the score"),
    "own_note": (
        "De stand, het verloop en de onderdelen van de score zelf. Ze zeggen vaak: terug naar gewoon.",
        "Level, course and dimensions of the score itself. They often say: back to normal.",
    ),
    "start": ("Begin: een gemiddeld gebied", "Start: an average area"),
    "other": ("Andere onderdelen samen", "Other parts together"),
    "total": ("Som: verwachte verandering", "Sum: expected change"),
    "pushes": ("trekt omlaag", "pushes down"),
    "holds": ("houdt op peil", "holds up"),
    "unstable": ("wisselt per rekenronde", "varies between runs"),
    "unstable_note": (
        "**Wisselt per rekenronde**: andere rekenrondes geven hier soms het tegendeel ({low:s3} tot {high:s3}). "
        "Leun er niet op.",
        "**Varies between runs**: other runs sometimes say the opposite here ({low:s3} to {high:s3}). Do not "
        "rely on it.",
    ),
    "against": ("Tegenover vergelijkbare gebieden: {value:s3}.", "Against comparable areas: {value:s3}."),
    "behind": ("Wat zit hierachter?", "What is behind this?"),
    "no_drivers": ("Voor dit gebied is geen uitleg beschikbaar.", "No explanation is available for this area."),
    "rounding": (
        "Door afronding scheelt de som van de getoonde getallen {gap:n3}.",
        "By rounding the sum of the numbers shown differs by {gap:n3}.",
    ),
    "mechanisms": ("Wat stapelt zich op?", "What stacks up?"),
    "mechanisms_note": (
        "Leesbare regels naast het model. Ze veranderen de kans niet.",
        "Readable rules beside the model. They do not change the chance.",
    ),
    "comparable": ("Vergelijkbare gebieden", "Comparable areas"),
    "comparable_note": (
        "Ongeveer even hoge score, grootte en stedelijkheid. Handig om ervaringen uit te wisselen.",
        "About the same score, size and urbanity. Useful for exchanging experience.",
    ),
    "past": ("Wat zei deze methode hier eerder, en wat gebeurde er?", "What did this method say here before?"),
    "past_note": (
        "Missers staan er net zo goed bij. ‘Hoog’ is: bij de 10% van Nederland met de hoogste kans.",
        "Misses are shown as well. ‘High’ is: among the 10% of the country with the highest chance.",
    ),
    "past_from": ("Voorspeld", "Forecast"),
    "past_said": ("Gezegd", "Said"),
    "past_was": ("Gebeurd", "Happened"),
    "past_verdict": ("Oordeel", "Verdict"),
    "past_span": ("{year} voor {target}", "{year} for {target}"),
    "past_chance": (
        "kans {chance} (plaats {rank:n0} van {of:n0})",
        "chance {chance} (place {rank:n0} of {of:n0})",
    ),
    "past_yes": ("{change:s3}: achteruit", "{change:s3}: declined"),
    "past_no": ("{change:s3}: niet achteruit", "{change:s3}: no decline"),
    "past_hit": ("✓ Hoog, en het gebeurde", "✓ High, and it happened"),
    "past_false": ("✗ Hoog, maar het gebeurde niet", "✗ High, but it did not happen"),
    "past_missed": ("✗ Gemist: niet hoog, wel achteruit", "✗ Missed: not high, yet declined"),
    "past_quiet": ("✓ Niet hoog, en het gebeurde niet", "✓ Not high, and it did not happen"),
    "facts": ("Cijfers", "Figures"),
    "limits_short": (
        "Dit blad is een signaal om te gaan kijken, geen oordeel over een buurt of haar bewoners. Het model kent "
        "uw plannen en wat er net gebeurd is niet.",
        "This sheet is a signal to go and look, no verdict on a neighbourhood or its residents. The model does "
        "not know your plans or what has just happened.",
    ),
    "source_line": (
        "Voorspelling {id}, model {model} {version}, meting {origin:d}, lijst gemaakt op {made:d}.",
        "Forecast {id}, model {model} {version}, measurement {origin:d}, list made on {made:d}.",
    ),
    "dutch_only": (
        "Namen en zinnen die uit de Nederlandse gegevens komen, blijven Nederlands.",
        "Names and sentences that come from the Dutch data stay in Dutch.",
    ),
    "driver_onv": ("overlast", "nuisance"),
    "driver_safety": ("veiligheid", "safety"),
    "driver_soc": ("sociale samenhang", "social cohesion"),
    "driver_won": ("woningvoorraad", "housing stock"),
    "driver_fys": ("fysieke omgeving", "physical environment"),
    "driver_vrz": ("voorzieningen", "amenities"),
    "driver_context": ("bewoners", "residents"),
    "driver_health": ("gezondheid", "health"),
    "driver_surroundings": ("ligging en buren", "location and neighbours"),
    "driver_local": ("lokale bronnen", "local sources"),
    "driver_size": ("omvang van het gebied", "size of the area"),
    "driver_reversal": ("terugval naar het eigen gemiddelde", "return to its own mean"),
    "driver_history": ("stand en verloop van de score", "level and course of the score"),
    "driver_part_onv": ("deelscore overlast en onveiligheid", "part of the score: nuisance and unsafety"),
    "driver_part_soc": ("deelscore sociale samenhang", "part of the score: social cohesion"),
    "driver_part_won": ("deelscore woningvoorraad", "part of the score: housing stock"),
    "driver_part_fys": ("deelscore fysieke omgeving", "part of the score: physical environment"),
    "driver_part_vrz": ("deelscore voorzieningen", "part of the score: amenities"),
    "dimension_onv": ("overlast en onveiligheid", "nuisance and unsafety"),
}
