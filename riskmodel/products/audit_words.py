"""An audit by groups of areas in plain Dutch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from riskmodel.forecasting.attributes import FIFTHS
from riskmodel.forecasting.group_audit import GroupAudit
from riskmodel.products import dutch
from riskmodel.products.audit_tables import differing, looked_at

#: Kinds of areas, as audit and backtest name them, in Dutch.
GROUPS: Mapping[str, str] = {
    "below 200": "minder dan 200 inwoners",
    "200 to 499": "200 tot 500 inwoners",
    "500 to 1,999": "500 tot 2.000 inwoners",
    "2,000 to 4,999": "2.000 tot 5.000 inwoners",
    "5,000 and more": "5.000 inwoners of meer",
    "very strongly urban": "zeer sterk stedelijk",
    "strongly urban": "sterk stedelijk",
    "moderately urban": "matig stedelijk",
    "hardly urban": "weinig stedelijk",
    "not urban": "niet stedelijk",
    "class 4 and lower": "nu klasse 4 of lager",
    **{f"class {number}": f"nu klasse {number}" for number in range(5, 10)},
    **dict(
        zip(
            FIFTHS,
            (
                "de laagste inkomens (een vijfde van de gebieden)",
                "inkomens onder het midden",
                "middeninkomens",
                "inkomens boven het midden",
                "de hoogste inkomens (een vijfde van de gebieden)",
            ),
            strict=True,
        )
    ),
}
#: What is told of them: words for more and for less than elsewhere.
METRICS: Mapping[str, tuple[str, str]] = {
    "selection_rate": ("vaker op de lijst", "minder vaak op de lijst"),
    "places_per_event": ("meer plekken per echte daling", "minder plekken per echte daling"),
    "precision": ("de lijst klopt er vaker", "de lijst klopt er minder vaak"),
    "false_negative_rate": ("een daling wordt vaker gemist", "een daling wordt minder vaak gemist"),
    "false_positive_rate": ("vaker onterecht op de lijst", "minder vaak onterecht op de lijst"),
    # Against elsewhere: a group may be less wrong than the rest of the country.
    "chance_minus_share": ("de kans is er hoger geschat dan elders", "de kans is er lager geschat dan elders"),
}


def differences_in_dutch(audit: GroupAudit) -> list[tuple[str, list[str]]]:
    """What differs from the rest of the country by group: its name and what is told of it."""
    found: dict[str, list[str]] = {}
    for row in differing(audit).to_dict("records"):
        found.setdefault(GROUPS.get(str(row["group"]), str(row["group"])), []).append(_told(row))
    return list(found.items())


def tally_in_dutch(audit: GroupAudit) -> str:
    """How many comparisons were made, and how many would differ by chance alone."""
    made, differ = len(looked_at(audit)), len(differing(audit))
    return (
        f"Er zijn {made} vergelijkingen gemaakt. Bij {differ} is het verschil groter dan de onzekerheid. "
        f"Ook zonder echt verschil zou dat bij ongeveer {0.05 * made:.0f} zo zijn."
    )


def _told(row: Mapping[Any, Any]) -> str:
    metric, more = str(row["metric"]), row["difference"] > 0
    words = METRICS[metric][0 if more else 1]
    if metric == "places_per_event":
        return f"{words} ({dutch.number(row['value'], 1)}, elders {dutch.number(row['rest'], 1)})"
    if metric == "chance_minus_share":
        value, rest = (dutch.signed(100 * row[key], 1) for key in ("value", "rest"))
        return f"{words} ({value} procentpunt naast wat er gebeurde, elders {rest})"
    return f"{words} ({dutch.percent(row['value'])}, elders {dutch.percent(row['rest'])})"
