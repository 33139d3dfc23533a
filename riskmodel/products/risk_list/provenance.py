"""Where a risk list comes from and what must be known of it, in the shapes that the different forms need."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from riskmodel.products.rendering import dutch
from riskmodel.products.risk_list.risk_list import About, RiskList


def waves_of(risk_list: RiskList) -> tuple[int, ...]:
    """Waves whose scores stand behind a list, ascending."""
    if risk_list.sheets:
        return risk_list.sheets[0].trend.years
    about = risk_list.about
    named = (about.change_long_from, about.change_last_from, about.origin_date.year)
    return tuple(sorted({year for year in named if year is not None}))


def caveats(about: About) -> tuple[str, ...]:
    """What a reader must know before using a list, most urgent first."""
    return (
        *([f"Voorbeeld. {dutch.EXAMPLE}"] if about.example else []),
        *about.notices,
        too_small(about),
        *(f"{heading} {text}" for heading, text in dutch.LIMITS),
    )


def short_caveats(about: About) -> tuple[str, ...]:
    """:func:`caveats` with only the first words of each limit, for places that are repeated many times."""
    return (*caveats(about)[: -len(dutch.LIMITS)], *(heading for heading, _ in dutch.LIMITS))


def too_small(about: About) -> str:
    """What is said of areas too small for a verdict, in plain Dutch."""
    return (
        f"Gebieden met minder dan {dutch.whole(about.small_limit)} inwoners zijn te klein om iets te zeggen: "
        "hun kans is uitgerekend, maar toeval is daar te groot."
    )


def origin_lines(risk_list: RiskList) -> list[tuple[str, str]]:
    """Where a list comes from, as label and value in plain Dutch, with its waves and files."""
    about = risk_list.about
    return [
        ("Vraag", about.question),
        ("Achteruitgang", f"{about.event}, binnen {about.horizon} jaar"),
        *((label, value) for label, value in provenance(about) if label != "Let op"),
        ("Gebruikte metingen", ", ".join(map(str, waves_of(risk_list)))),
        *(("Bron", source) for source in about.sources),
    ]


def provenance_cells(risk_list: RiskList) -> dict[str, str]:
    """Give the provenance as cells of a table, the same for every row."""
    about = risk_list.about
    return {
        "made_on": about.made_on.isoformat(),
        "origin_date": about.origin_date.isoformat(),
        "known_at": about.known_at.isoformat(),
        "waves": " ".join(map(str, waves_of(risk_list))),
        "horizon": f"{about.horizon} jaar",
        "event": about.event,
        "model": about.model,
        "model_version": about.model_version,
        "code_version": about.code_version,
        "forecast_id": about.forecast_id,
        "let_op": " ".join(short_caveats(about)),
    }


def provenance_record(risk_list: RiskList) -> dict[str, Any]:
    """Give the provenance as a record of plain values, for JSON."""
    told = {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in asdict(risk_list.about).items()
        if name != "notices"
    }
    return told | {
        "sources": list(risk_list.about.sources),
        "waves": list(waves_of(risk_list)),
        "let_op": list(caveats(risk_list.about)),
    }


def provenance(about: About) -> list[tuple[str, str]]:
    """List where a risk list comes from, as label and value; the sources are left out."""
    return [
        ("Peildatum van de laatste meting", dutch.day_words(about.origin_date)),
        ("Meting bekendgemaakt op", dutch.day_words(about.known_at)),
        ("Lijst gemaakt op", dutch.day_words(about.made_on)),
        ("Kijkt vooruit", f"{about.horizon} jaar"),
        ("Model", about.model),
        ("Versie van het model", about.model_version),
        ("Experiment", about.experiment),
        ("Versie van de code", about.code_version),
        ("Kenmerk van de voorspelling", about.forecast_id),
        *(("Let op", notice) for notice in about.notices),
    ]
