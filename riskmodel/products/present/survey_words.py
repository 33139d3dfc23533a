"""The outcome of holding a survey against the measurement, in plain Dutch. Not a word about why."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from riskmodel.monitor.survey.agreement import AREA, FEWEST_UNITS, NAMED, UNITS, Agreement, Held
from riskmodel.monitor.uncertainty import Figure
from riskmodel.sources.local.mapping import SUPPRESS_BELOW

MINUS = "\N{MINUS SIGN}"


def in_words(outcome: Agreement | Held) -> str:
    """The outcome in Dutch sentences, one paragraph."""
    return " ".join(_agreement(outcome) if isinstance(outcome, Agreement) else _held(outcome))


def decimals(value: float, places: int, *, sign: bool = False) -> str:
    """A number with a decimal comma, dots between thousands and a real minus sign.

    Examples
    --------
    >>> decimals(-1234.5, 1), decimals(0.42, 2, sign=True)
    ('−1.234,5', '+0,42')
    """
    rounded = round(value, places) + 0.0
    text = f"{abs(rounded):,.{places}f}".translate(str.maketrans(",.", ".,"))
    return f"{MINUS if rounded < 0 else '+' if sign and rounded > 0 else ''}{text}"


def percent(share: float) -> str:
    """A share as a percentage: whole from 10%, with one decimal below; never rounded to none or all.

    Examples
    --------
    >>> percent(0.304), percent(0.0183), percent(0.09), percent(0.0), percent(0.0002), percent(0.998)
    ('30%', '1,8%', '9%', '0%', 'minder dan 0,1%', 'meer dan 99%')
    """
    if 0 < share < 0.0005:
        return "minder dan 0,1%"
    if 0.995 <= share < 1:
        return "meer dan 99%"
    return f"{decimals(100 * share, 0 if share >= 0.0995 else 1).removesuffix(',0')}%"


def counted(number: int, level: str) -> str:
    """A number with the name of what was counted.

    Examples
    --------
    >>> counted(1, "wijk"), counted(1200, "wijk"), counted(3, "pc4")
    ('1 wijk', '1.200 wijken', '3 gebieden')
    """
    one, more = UNITS.get(level, AREA)
    return f"{decimals(number, 0)} {one if number == 1 else more}"


def with_interval(found: Figure) -> str:
    """A figure with its 95% interval, where it has one."""
    value = decimals(found.value, 2)
    if np.isnan(found.low):
        return value
    return f"{value}, 95%-interval {decimals(found.low, 2)} tot {decimals(found.high, 2)}"


def _agreement(found: Agreement) -> Iterable[str]:
    units, who = counted(found.units, found.level), found.who
    yield (
        f"In {decimals(found.agree, 0)} van de {units} zien {who} en meting dezelfde kant op; "
        f"in {decimals(found.part, 0)} niet; in {decimals(found.cannot_say, 0)} is het niet te zeggen "
        f"(meting {found.start} tot {found.end})."
    )
    decided = found.agree + found.part
    if decided:
        low, high = percent(found.share.low), percent(found.share.high)
        yield (
            f"Waar het wel te zeggen is, wijzen beide in {percent(found.share.value)} van de gevallen dezelfde "
            f"kant op ({decimals(found.agree, 0)} van {decimals(decided, 0)}, 95%-interval {low} tot {high}). "
            f"Hadden de twee niets met elkaar te maken, dan is ongeveer {percent(found.by_chance)} te verwachten."
        )
    if found.part:
        yield f"Ze verschillen in {_parted(found)}."
    if not np.isnan(found.rank_correlation.low):
        drawn = "hele gemeenten" if found.whole_municipalities else UNITS.get(found.level, AREA)[1]
        yield (
            f"De volgorde volgens {who} en die volgens de meting hebben een rangcorrelatie van "
            f"{with_interval(found.rank_correlation)} ({counted(found.ranked, found.level)}; 1 is dezelfde "
            f"volgorde, 0 is geen verband; interval uit {decimals(found.draws, 0)} trekkingen van {drawn})."
        )
    elif found.ranked < FEWEST_UNITS:
        yield (
            f"Voor een rangcorrelatie zijn er te weinig antwoorden met een meting erbij: "
            f"{counted(found.ranked, found.level)}. Er zijn er minstens {FEWEST_UNITS} nodig."
        )
    else:
        yield "Een rangcorrelatie is niet te geven, omdat de antwoorden of de metingen bijna niet verschillen."
    yield from _cautions(found)
    if found.part:
        yield "Een verschil betekent niet dat een van de twee fout is: ze kijken op een andere manier."


def _parted(found: Agreement) -> str:
    named = [
        f"{row['name']} ({found.who}: {row['seen']}, meting: {row['measured']})"
        for _, row in found.parted.head(NAMED).iterrows()
    ]
    more = found.part - len(named)
    if more:
        named.append(f"nog {counted(more, found.level)}")
    return _and(named)


def _and(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} en {parts[-1]}"


def _cautions(found: Agreement) -> Iterable[str]:
    if found.withheld:
        yield (
            f"Van {counted(found.withheld, found.level)} staan de antwoorden er niet bij: minder dan "
            f"{SUPPRESS_BELOW} mensen vulden de enquête in, of hun aantal is niet bekend."
        )
    if found.few:
        yield (
            f"In {counted(found.few, found.level)} vulden minder dan 30 mensen de enquête in: "
            "die cijfers zijn erg onzeker."
        )
    if found.not_measured:
        yield f"Voor {counted(found.not_measured, found.level)} is er geen meting over deze jaren."
    if found.noise_unknown:
        yield (
            f"Van {counted(found.noise_unknown, found.level)} is de ruis van de meting niet bekend. Daarom valt "
            "er geen richting te noemen."
        )


def _held(found: Held) -> Iterable[str]:
    asked = "" if found.respondents is None else f"{decimals(found.respondents, 0)} "
    answered = "" if found.respondents is None else " die antwoord gaven,"
    yield f"Van de {asked}{found.who}{answered} zag {_shares(found)}."
    unknown = found.areas_in_all - found.areas
    _, more = UNITS.get(found.level, AREA)
    yield (
        f"Tussen de metingen van {found.start} en {found.end} daalde de score van "
        f"{counted(found.areas_fell, found.level)} meer dan de ruis van de meting; daar woont "
        f"{percent(found.fell)} van de inwoners. Van {counted(found.areas_rose, found.level)} steeg de score "
        f"meer dan de ruis; daar woont {percent(found.rose)}. Dat is van de {counted(found.areas, found.level)} "
        f"met {decimals(found.inhabitants, 0)} inwoners samen."
    )
    yield (
        f"Ook als er niets verandert, geeft de ruis bij ongeveer {percent(found.by_noise)} van de {more} zo'n "
        "daling te zien, en bij evenveel zo'n stijging."
    )
    if unknown:
        yield f"Van {counted(unknown, found.level)} is de score of het aantal inwoners niet bekend."
    if found.respondents is None:
        yield f"Hoeveel {found.who} antwoord gaven, is niet bekend. Bij die cijfers hoort daarom geen interval."
    yield (
        "De twee cijfers meten niet hetzelfde: het ene telt mensen die iets zien, het andere telt inwoners "
        f"van {more} met een andere score."
    )


def _shares(found: Held) -> str:
    parts = [
        f"{percent(share.value)}{_between(share)} {what}"
        for what, share in {"achteruitgang": found.decline, "vooruitgang": found.progress}.items()
        if not np.isnan(share.value)
    ]
    return _and(parts)


def _between(share: Figure) -> str:
    if np.isnan(share.low):
        return ""
    return f" (95%-interval {percent(share.low)} tot {percent(share.high)})"


def table_in_dutch(table: pd.DataFrame) -> pd.DataFrame:
    """The table of a survey with Dutch headings and numbers, ready to read."""
    rows = table.to_dict("records")
    columns: dict[str, list[Any]] = {
        "Gebied": list(table["name"]),
        "Antwoorden": [_known(row["respondents"], 0) for row in rows],
        "Zag achteruitgang": [_share(row, "decline") for row in rows],
        "Zag vooruitgang": [_share(row, "progress") for row in rows],
        "Gemeten verandering": [_known(row["change"], 3, sign=True) for row in rows],
        "Marge van de meting": [_known(row["change_high"] - row["change"], 3) for row in rows],
        table.attrs["who"].capitalize(): list(table["seen"]),
        "Meting": list(table["measured"]),
        "Samen": list(table["agrees"]),
        "Waarom niet te zeggen": list(table["reason"]),
    }
    return pd.DataFrame(columns)


def _known(value: float, places: int, *, sign: bool = False) -> str:
    return "onbekend" if np.isnan(value) else decimals(value, places, sign=sign)


def _share(row: Mapping[Hashable, Any], name: str) -> str:
    if np.isnan(row[name]):
        return "onbekend"
    return f"{percent(row[name])} ({percent(row[f'{name}_low'])}–{percent(row[f'{name}_high'])})"
