"""A survey beside the measurement in plain Dutch, without a word about causes."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from riskmodel.catalogue.units import decimal
from riskmodel.monitor.survey.agreement import FEWEST_UNITS, NAMED, Agreement, FigureComparison
from riskmodel.monitor.uncertainty import Estimate
from riskmodel.products.rendering.dutch import UNKNOWN, areas_word, count_of, listed, whole
from riskmodel.sources.local.mapping import SUPPRESS_BELOW


def in_words(outcome: Agreement | FigureComparison) -> str:
    """Return the outcome in Dutch sentences, one paragraph."""
    return " ".join(_agreement(outcome) if isinstance(outcome, Agreement) else _comparison(outcome))


def percent(share: float) -> str:
    """Return a share as a percentage: whole from 10%, with one decimal below; never rounded to none or all.

    Examples
    --------
    >>> percent(0.304), percent(0.0183), percent(0.09), percent(0.0), percent(0.0002), percent(0.998)
    ('30%', '1,8%', '9%', '0%', 'minder dan 0,1%', 'meer dan 99%')
    """
    if 0 < share < 0.0005:
        return "minder dan 0,1%"
    if 0.995 <= share < 1:
        return "meer dan 99%"
    return f"{decimal(100 * share, 0 if share >= 0.0995 else 1).removesuffix(',0')}%"


def with_interval(found: Estimate) -> str:
    """Return an estimate with its 95% interval, where it has one."""
    value = decimal(found.value, 2)
    if np.isnan(found.low):
        return value
    return f"{value}, 95%-interval {decimal(found.low, 2)} tot {decimal(found.high, 2)}"


def _agreement(found: Agreement) -> Iterable[str]:
    units, who = count_of(found.units, found.level), found.who
    yield (
        f"In {whole(found.agree)} van de {units} zien {who} en meting dezelfde kant op; "
        f"in {whole(found.part)} niet; in {whole(found.cannot_say)} is het niet te zeggen "
        f"(meting {found.start} tot {found.end})."
    )
    decided = found.agree + found.part
    if decided:
        low, high = percent(found.share.low), percent(found.share.high)
        yield (
            f"Waar het wel te zeggen is, wijzen beide in {percent(found.share.value)} van de gevallen dezelfde "
            f"kant op ({whole(found.agree)} van {whole(decided)}, 95%-interval {low} tot {high}). "
            f"Hadden de twee niets met elkaar te maken, dan is ongeveer {percent(found.by_chance)} te verwachten."
        )
    if found.part:
        yield f"Ze verschillen in {_parted(found)}."
    if not np.isnan(found.rank_correlation.low):
        drawn = "hele gemeenten" if found.whole_municipalities else areas_word(found.level)
        yield (
            f"De volgorde volgens {who} en die volgens de meting hebben een rangcorrelatie van "
            f"{with_interval(found.rank_correlation)} ({count_of(found.ranked, found.level)}; 1 is dezelfde "
            f"volgorde, 0 is geen verband; interval uit {whole(found.draws)} trekkingen van {drawn})."
        )
    elif found.ranked < FEWEST_UNITS:
        yield (
            f"Voor een rangcorrelatie zijn er te weinig antwoorden met een meting erbij: "
            f"{count_of(found.ranked, found.level)}. Er zijn er minstens {FEWEST_UNITS} nodig."
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
        named.append(f"nog {count_of(more, found.level)}")
    return listed(named)


def _cautions(found: Agreement) -> Iterable[str]:
    if found.withheld:
        yield (
            f"Van {count_of(found.withheld, found.level)} staan de antwoorden er niet bij: minder dan "
            f"{SUPPRESS_BELOW} mensen vulden de enquête in, of hun aantal is niet bekend."
        )
    if found.few:
        yield (
            f"In {count_of(found.few, found.level)} vulden minder dan 30 mensen de enquête in: "
            "die cijfers zijn erg onzeker."
        )
    if found.not_measured:
        yield f"Voor {count_of(found.not_measured, found.level)} is er geen meting over deze jaren."
    if found.noise_unknown:
        yield (
            f"Van {count_of(found.noise_unknown, found.level)} is de ruis van de meting niet bekend. Daarom valt "
            "er geen richting te noemen."
        )


def _comparison(found: FigureComparison) -> Iterable[str]:
    asked = "" if found.respondents is None else f"{whole(found.respondents)} "
    answered = "" if found.respondents is None else " die antwoord gaven,"
    yield f"Van de {asked}{found.who}{answered} zag {_shares(found)}."
    unknown = found.areas_in_all - found.areas
    more = areas_word(found.level)
    yield (
        f"Tussen de metingen van {found.start} en {found.end} daalde de score van "
        f"{count_of(found.areas_fell, found.level)} meer dan de ruis van de meting; daar woont "
        f"{percent(found.fell)} van de inwoners. Van {count_of(found.areas_rose, found.level)} steeg de score "
        f"meer dan de ruis; daar woont {percent(found.rose)}. Dat is van de {count_of(found.areas, found.level)} "
        f"met {whole(found.inhabitants)} inwoners samen."
    )
    yield (
        f"Ook als er niets verandert, geeft de ruis bij ongeveer {percent(found.by_noise)} van de {more} zo'n "
        "daling te zien, en bij evenveel zo'n stijging."
    )
    if unknown:
        yield f"Van {count_of(unknown, found.level)} is de score of het aantal inwoners niet bekend."
    if found.respondents is None:
        yield f"Hoeveel {found.who} antwoord gaven, is niet bekend. Bij die cijfers hoort daarom geen interval."
    yield (
        "De twee cijfers meten niet hetzelfde: het ene telt mensen die iets zien, het andere telt inwoners "
        f"van {more} met een andere score."
    )


def _shares(found: FigureComparison) -> str:
    parts = [
        f"{percent(share.value)}{_between(share)} {what}"
        for what, share in {"achteruitgang": found.decline, "vooruitgang": found.progress}.items()
        if not np.isnan(share.value)
    ]
    return listed(parts)


def _between(share: Estimate) -> str:
    if np.isnan(share.low):
        return ""
    return f" (95%-interval {percent(share.low)} tot {percent(share.high)})"


def table_in_dutch(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table of a survey with Dutch headings and numbers."""
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


def _known(value: float, digits: int, *, sign: bool = False) -> str:
    return UNKNOWN if np.isnan(value) else decimal(value, digits, sign=sign)


def _share(row: Mapping[Hashable, Any], name: str) -> str:
    if np.isnan(row[name]):
        return UNKNOWN
    return f"{percent(row[name])} ({percent(row[f'{name}_low'])}–{percent(row[f'{name}_high'])})"
