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
        "Plaats {rank:n0} is een schatting. Weten we straks waar de score het meest daalde, dan staat dit gebied "
        "in 80 van de 100 gevallen tussen plaats **{low:n0} en {high:n0}** (van {all:n0}).",
        "Place {rank:n0} is an estimate. Once we know where the score fell most, this area stands between place "
        "**{low:n0} and {high:n0}** (of {all:n0}) in 80 of 100 cases.",
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
    "trend_said": (
        "Verwacht in {year}: **{expected:n3}**. In 8 van de 10 gevallen komt de score uit tussen {low:n3} en "
        "{high:n3}.",
        "Expected in {year}: **{expected:n3}**. In 8 of 10 cases the score ends up between {low:n3} and "
        "{high:n3}.",
    ),
    "trend_note": (
        "Hoger is beter. De waaier is wat kan gebeuren: licht in 8 van de 10 gevallen, donker in 5 van de 10.",
        "Higher is better. The fan is what may happen: light in 8 of 10 cases, dark in 5 of 10.",
    ),
    "trend_none": ("Van dit gebied zijn geen scores bekend.", "No scores of this area are known."),
    "this_area": ("dit gebied", "this area"),
    "country": ("Nederland", "Netherlands"),
    "dimensions": ("Waar staat het gebied op vijf onderdelen?", "How does the area do on five dimensions?"),
    "dimensions_note": (
        "Meting {year}, in punten van de score. Rechts van het midden is goed voor de leefbaarheid, links niet.",
        "Measurement {year}, in score points. Right of the middle is good for liveability, left is not.",
    ),
    "dim_change": ("{change:s3} sinds {since}", "{change:s3} since {since}"),
    "dim_country": ("◇ Nederland", "◇ Netherlands"),
    "part": ("Onderdeel", "Part"),
    "value": ("Waarde", "Value"),
    "drivers": ("Waarom deze verwachting?", "Why this expectation?"),
    "drivers_note": (
        "Het model telt deze punten op. Dit zijn geen oorzaken en geen knoppen om aan te draaien.",
        "The model adds up these points. They are not causes, and not knobs to turn.",
    ),
    "drivers_hint": (
        "Kies een onderdeel om te zien wat erachter zit.",
        "Choose a part to see what is behind it.",
    ),
    "leading": ("Wat vooruit kan lopen", "What may lead"),
    "leading_note": ("Gegevens die los van de score gemeten zijn.", "Data measured apart from the score."),
    "own": ("Wat al in de score zit", "What is already in the score"),
    "own_note": (
        "De score zelf, eerder en nu, en haar vijf onderdelen.",
        "The score itself, before and now, and its five dimensions.",
    ),
    "start": ("Begin: gemiddeld gebied", "Start: average area"),
    "other": ("Andere onderdelen samen", "Other parts together"),
    "total": ("Som: verwachte verandering", "Sum: expected change"),
    "pushes": ("trekt omlaag", "pushes down"),
    "holds": ("houdt op peil", "holds up"),
    "unstable": ("niet zeker", "not sure"),
    "unstable_key": (
        "**≈ niet zeker**: een bijna even goed model zegt hier het tegendeel. Leun er niet op.",
        "**≈ not sure**: a model that is about as good says the opposite here. Do not rely on it.",
    ),
    "spread_key": (
        "Het dunne streepje: zo ver liggen bijna even goede modellen uit elkaar.",
        "The thin line: so far models that are about as good lie apart.",
    ),
    "unstable_note": (
        "**Niet zeker**: bijna even goede modellen komen hier uit op {low:s3} tot {high:s3}.",
        "**Not sure**: models that are about as good arrive at {low:s3} to {high:s3} here.",
    ),
    "against": (
        "Verschil met vergelijkbare gebieden: **{value:s3}**.",
        "Difference with comparable areas: **{value:s3}**.",
    ),
    "no_drivers": ("Voor dit gebied is geen uitleg beschikbaar.", "No explanation is available for this area."),
    "rounding": (
        "Door afronding scheelt de som van de getoonde getallen {gap:n3}.",
        "By rounding the sum of the numbers shown differs by {gap:n3}.",
    ),
    "mechanisms": ("Wat stapelt zich op?", "What stacks up?"),
    "mechanisms_note": (
        "Vaste regels die los staan van het model. Ze veranderen de kans niet.",
        "Fixed rules apart from the model. They do not change the chance.",
    ),
    "mechanisms_none": (
        "Geen van de regels gaat hier op, of de gegevens ervoor ontbreken.",
        "None of the rules holds here, or the data for them is missing.",
    ),
    "comparable": ("Vergelijkbare gebieden", "Comparable areas"),
    "comparable_note": (
        "In andere gemeenten, met ongeveer dezelfde score, omvang en stedelijkheid. Handig om ervaringen uit te "
        "wisselen.",
        "In other municipalities, of about the same score, size and urbanity. Useful for exchanging experience.",
    ),
    "past": ("Wat zei deze methode hier eerder?", "What did this method say here before?"),
    "past_sum": (
        "Na {all} eerdere {all|voorspelling|voorspellingen} ging dit gebied **{fell} keer** achteruit: {hit} keer "
        "voorzien, {missed} keer gemist. En {wrong} keer stond het hoog zonder dat het gebeurde.",
        "After {all} earlier {all|forecast|forecasts} this area declined **{fell} {fell|time|times}**: {hit} "
        "foreseen, {missed} missed. And {wrong} {wrong|time|times} it stood high without it happening.",
    ),
    "past_small": (
        "Voor zo’n klein gebied gaf de lijst ook toen geen oordeel. Dit rekende het model uit:",
        "Of an area this small the list gave no verdict then either. This is what the model computed:",
    ),
    "past_never": (
        "Van dit gebied is geen eerdere voorspelling om na te gaan.",
        "There is no earlier forecast of this area to check.",
    ),
    "past_note": (
        "‘Hoog’ is: bij de 10% van Nederland met de hoogste kans.",
        "‘High’ is: among the 10% of the country with the highest chance.",
    ),
    "past_from": ("Voorspeld", "Forecast"),
    "past_said": ("Gezegd", "Said"),
    "past_was": ("Gebeurd", "Happened"),
    "past_span": ("{year} voor {target}", "{year} for {target}"),
    "past_chance": ("kans {chance}", "chance {chance}"),
    "past_place": ("plaats {rank:n0} van {of:n0}", "place {rank:n0} of {of:n0}"),
    "past_yes": ("{change:s3}: achteruit", "{change:s3}: declined"),
    "past_no": ("{change:s3}: niet achteruit", "{change:s3}: no decline"),
    "past_hit": ("✓ hoog, en het gebeurde", "✓ high, and it happened"),
    "past_false": ("✗ hoog, maar het gebeurde niet", "✗ high, but it did not happen"),
    "past_missed": ("✗ gemist: niet hoog, wel achteruit", "✗ missed: not high, yet declined"),
    "past_quiet": ("✓ niet hoog, en het gebeurde niet", "✓ not high, and it did not happen"),
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
        "Namen van gebieden blijven zoals ze zijn. Wat alleen in het Nederlands bestaat, blijft Nederlands.",
        "Names of areas stay as they are. What exists in Dutch only stays Dutch.",
    ),
}
