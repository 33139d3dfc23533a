"""Provenance and caveats of a risk list, in the shapes that the different formats need."""

from __future__ import annotations

from typing import Any

from riskmodel.products.rendering import dutch
from riskmodel.products.risk_list.risk_list import About, RiskList
from riskmodel.products.risk_list.texts import TEXTS, Sentence, event_in_dutch, in_dutch


def waves_of(risk_list: RiskList) -> tuple[int, ...]:
    """Return the waves whose scores are behind a list, ascending."""
    if risk_list.sheets:
        return risk_list.sheets[0].trend.years
    about = risk_list.about
    named = (about.change_long_from, about.change_last_from, about.origin_date.year)
    return tuple(sorted({year for year in named if year is not None}))


def caveats(about: About) -> tuple[str, ...]:
    """Return what a reader must know before using a list, in plain Dutch, most urgent first."""
    return (*_own_caveats(about), *(f"{heading} {text}" for heading, text in dutch.LIMITS))


def _own_caveats(about: About) -> tuple[str, ...]:
    example = [f"Voorbeeld. {dutch.EXAMPLE}"] if about.example else []
    return (*example, *map(in_dutch, about.notices), too_small(about))


def too_small(about: About) -> str:
    """Return the caveat about areas too small for a verdict, in plain Dutch."""
    return (
        f"Gebieden met minder dan {dutch.whole(about.small_limit)} inwoners zijn te klein om iets te zeggen: "
        "de score schommelt daar te sterk door toeval."
    )


def provenance(about: About) -> list[tuple[str, str | Sentence]]:
    """Return key of the label and value of every line of the provenance but the files."""
    return [
        ("origin_measured", Sentence("day", {"day": about.origin_date.isoformat()})),
        ("origin_published", Sentence("day", {"day": about.known_at.isoformat()})),
        ("origin_made", Sentence("day", {"day": about.made_on.isoformat()})),
        ("origin_ahead", Sentence("years", {"horizon": about.horizon})),
        ("origin_model", about.model),
        ("origin_version", about.model_version),
        ("origin_experiment", about.experiment),
        ("origin_code", about.code_version),
        ("origin_forecast", about.forecast_id),
    ]


def origin_lines(risk_list: RiskList) -> list[tuple[str, str]]:
    """Return the provenance as label and value in plain Dutch, with waves and files."""
    about = risk_list.about
    return [
        ("Vraag", about.question),
        ("Achteruitgang", f"{event_in_dutch(about.event)}, binnen {about.horizon} jaar"),
        *(
            (TEXTS[key][0], value if isinstance(value, str) else in_dutch(value))
            for key, value in provenance(about)
        ),
        ("Gebruikte metingen", ", ".join(map(str, waves_of(risk_list)))),
        *(("Bron", source) for source in about.sources),
    ]


def provenance_cells(risk_list: RiskList) -> dict[str, str]:
    """Return the provenance as cells of a table, the same for every row.

    Of the limits only their headings, because they are repeated many times.
    """
    about = risk_list.about
    return {
        "made_on": about.made_on.isoformat(),
        "origin_date": about.origin_date.isoformat(),
        "known_at": about.known_at.isoformat(),
        "waves": " ".join(map(str, waves_of(risk_list))),
        "horizon": f"{about.horizon} jaar",
        "event": event_in_dutch(about.event),
        "model": about.model,
        "model_version": about.model_version,
        "code_version": about.code_version,
        "forecast_id": about.forecast_id,
        "let_op": " ".join([*_own_caveats(about), *(heading for heading, _ in dutch.LIMITS)]),
    }


def provenance_record(risk_list: RiskList) -> dict[str, Any]:
    """Return the provenance as a record of plain values, for JSON."""
    about = risk_list.about
    dates = {
        name: getattr(about, name).isoformat() for name in ("origin_date", "known_at", "made_on", "target_date")
    }
    texts = {"event": event_in_dutch(about.event), "track_record": in_dutch(about.track_record)}
    apart = ("notices", "moment", "other_moment", "places")
    plain = {name: value for name, value in vars(about).items() if name not in apart}
    return (
        plain
        | dates
        | texts
        | {"places": [in_dutch(each) for each in about.places]}
        | {"sources": list(about.sources), "waves": list(waves_of(risk_list)), "let_op": list(caveats(about))}
    )
