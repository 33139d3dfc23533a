"""Who lives in which class and where it is onvoldoende, in plain Dutch."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from riskmodel.monitor.measured import Measured
from riskmodel.monitor.national import (
    COUNTRY,
    GROUP,
    INSUFFICIENT,
    MUNICIPALITY,
    PROVINCE,
    SMALL,
    UNKNOWN,
    Groups,
    InClasses,
    class_distribution,
    in_classes,
    onvoldoende,
)
from riskmodel.products.present.national_words import counting, people
from riskmodel.products.rendering.dutch import areas_word, count_of, share, whole

#: Lowest class of "ruim voldoende of beter".
AMPLE = 6
#: Municipalities that are named.
NAMED = 5
LOW = "onvoldoende, ruim onvoldoende of zeer onvoldoende"


def state_paragraphs(measured: Measured, start: int, end: int) -> list[str]:
    """Return the shares of ruim voldoende or better and of onvoldoende, at the end beside the start."""
    table = class_distribution(measured)
    classes = ((AMPLE, 9, "ruim voldoende of beter"), (1, INSUFFICIENT, LOW))
    return [
        _shares(measured.level, end, start, name, *(in_classes(table, wave, low, high) for wave in (end, start)))
        for low, high, name in classes
    ]


def _shares(level: str, end: int, start: int, name: str, now: InClasses, then: InClasses) -> str:
    one = areas_word(level, 1)
    before = f"In {start} {'was' if then.areas == 1 else 'waren'} het {count_of(then.areas, level)} van de"
    areas = f"{before} {whole(then.all_areas)}."
    if not now.all_people:
        has = "had" if now.areas == 1 else "hadden"
        return (
            f"In {end} {has} {whole(now.areas)} van de {count_of(now.all_areas, level)} de klasse {name}. {areas}"
        )
    if not now.areas:
        return f"In {end} had geen enkele {one} de klasse {name}. {areas}"
    text = (
        f"In {end} woonde {share(now.people / now.all_people, 1)} van de inwoners in een {one} met de klasse "
        f"{name}. Dat zijn {people(now.people)} van de {people(now.all_people)} inwoners, in {whole(now.areas)} "
        f"van de {count_of(now.all_areas, level)}."
    )
    if not then.all_people:
        return f"{text} {areas}"
    return (
        f"{text} In {start} was het {share(then.people / then.all_people, 1)}: {people(then.people)} inwoners, in "
        f"{count_of(then.areas, level)}."
    )


def where_paragraphs(measured: Measured, end: int, groups: Groups, titles: Mapping[str, str]) -> list[str]:
    """Return in which provinces, municipalities and groups the areas of class 1 to 3 lie."""
    level = measured.level
    table = onvoldoende(measured, groups)
    now = table[table["wave"] == end]
    country = now[now["kind"] == COUNTRY].iloc[0]
    total = int(country["areas"])
    paragraphs = [f"{counting(total, level, 'had', 'hadden')} in {end} de klasse {LOW}."]
    if not total:
        return paragraphs
    for kind, words in ((PROVINCE, "Verdeeld over de provincies"), (MUNICIPALITY, "Gemeenten met de meeste")):
        ranked = now[(now["kind"] == kind) & (now["areas"] > 0) & (now["name"] != UNKNOWN)]
        ranked = ranked.sort_values(["areas", "name"], ascending=[False, True])
        shown = ranked if kind == PROVINCE else ranked.head(NAMED)
        if len(shown) and level != kind:
            names = ", ".join(f"{name} ({whole(areas)})" for name, areas in shown[["name", "areas"]].to_numpy())
            rest = total - int(shown["areas"].sum())
            more = "provincie niet bekend" if kind == PROVINCE else "andere gemeenten"
            paragraphs.append(f"{words}: {names}{f'; {more}: {rest}' if rest else ''}.")
    paragraphs += [
        _group(row, total, titles.get(row["name"], row["name"]), level)
        for row in now[now["kind"] == GROUP].to_dict("records")
    ]
    small = int(country["small_areas"])
    if small:
        paragraphs.append(
            f"Van de {whole(total)} {'is' if small == 1 else 'zijn'} er {whole(small)} klein: minder dan "
            f"{whole(SMALL)} inwoners. De score van een klein gebied schommelt veel."
        )
    return paragraphs


def _group(row: Mapping[Hashable, Any], total: int, title: str, level: str) -> str:
    if not row["areas"]:
        return (
            f"In {title} ligt er geen. Daar hebben in totaal {count_of(row['measured_areas'], level)} een score."
        )
    text = (
        f"In {title} {'ligt' if row['areas'] == 1 else 'liggen'} {whole(row['areas'])} van de {whole(total)} "
        f"({share(row['part_areas'], 1)}). Daar {'heeft' if row['measured_areas'] == 1 else 'hebben'} in totaal "
        f"{count_of(row['measured_areas'], level)} een score."
    )
    part = row["part_inhabitants"]
    many = areas_word(level)
    if pd.isna(part):
        return text
    return f"{text} Van de inwoners van die {whole(total)} {many} woont {share(part, 1)} in deze groep."
