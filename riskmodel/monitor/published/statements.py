"""What letters to parliament say about liveability, held against what the files at hand say.

The sentences and their published figures stand in ``catalogue/statements.toml``. Most were counted per buurt on
Leefbaarometer 2.0; where a figure of ours differs, the reasons are told beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pandas as pd

from riskmodel.catalogue import load
from riskmodel.errors import InputError
from riskmodel.monitor.measured import Measured
from riskmodel.monitor.national import Groups
from riskmodel.monitor.published.statement_figures import FIGURES, Asked, Figure, Missing, Shown

#: What is measured, and the groups of areas in it.
Instrument = tuple[Measured, Groups]


@dataclass(frozen=True)
class Statement:
    """A sentence with its published figure.

    Attributes
    ----------
    id, sentence, published, source : str
        Short name, the sentence in English, its figure, and where it stands.
    read : bool
        Whether the figure was read in that source; otherwise others say that it stands there.
    level, edition : str
        Of the published figure; an empty level where the source does not say, an empty edition where there is no
        figure on the Leefbaarometer.
    asked : Asked
        What it is about.
    other_waves : mapping of str to tuple of int
        Measurements to take for an edition that lacks those asked for.
    figure : str
        Name of the function that computes ours.
    reasons : tuple of str
        Marks of reasons to differ that hold for every instrument.
    note : str
        What else a reader must know.
    """

    id: str
    sentence: str
    published: str
    source: str
    read: bool
    level: str
    edition: str
    asked: Asked
    other_waves: Mapping[str, tuple[int, ...]]
    figure: str
    reasons: tuple[str, ...]
    note: str


@cache
def all_statements() -> tuple[Statement, ...]:
    """Every statement of the catalogue, in its order."""
    content = load("statements")
    return tuple(_statement(key, entry, content["sources"]) for key, entry in content["statements"].items())


def find_statement(name: str) -> Statement:
    """One statement by its id."""
    found = [each for each in all_statements() if each.id == name.strip().lower()]
    if not found:
        raise InputError("statement", repr(name), f"one of {', '.join(each.id for each in all_statements())}")
    return found[0]


def held_against(statement: Statement, measured: Measured, groups: Groups) -> tuple[Shown, tuple[str, ...]]:
    """Our figure for a statement, and the marks of the reasons why it may differ from the published one."""
    waves = statement.other_waves.get(measured.edition, statement.asked.waves)
    lacking = [str(wave) for wave in waves if wave not in measured.waves]
    if lacking:
        return Missing(f"no scores of {', '.join(lacking)}"), ()
    asked = replace(statement.asked, waves=waves)
    try:
        shown = FIGURES[statement.figure](measured, groups, asked)
    except InputError as error:
        return Missing(f"{error.where}: {error.found}"), ()
    return shown, _differs(statement, measured, asked, shown) if isinstance(shown, Figure) else ()


def statements_table(
    instruments: Sequence[Instrument], statements: Sequence[Statement] | None = None
) -> pd.DataFrame:
    """Every statement beside every instrument."""
    rows = []
    for statement in all_statements() if statements is None else statements:
        for measured, groups in instruments:
            shown, differs = held_against(statement, measured, groups)
            rows.append(
                {
                    "id": statement.id,
                    "sentence": statement.sentence,
                    "published": statement.published,
                    "source": statement.source,
                    "read": statement.read,
                    "edition": measured.edition,
                    "level": measured.level,
                    **_told(shown),
                    "differs": "".join(differs),
                }
            )
    columns = ["id", "sentence", "published", "source", "read", "edition", "level"]
    return pd.DataFrame(rows, columns=[*columns, "figure", "detail", "values", "differs", "missing"])


def _told(shown: Shown) -> dict[str, object]:
    if isinstance(shown, Missing):
        return {"figure": "", "detail": "", "values": (), "missing": shown.reason}
    return {"figure": shown.text, "detail": shown.detail, "values": shown.values, "missing": ""}


def side_by_side(table: pd.DataFrame) -> str:
    """Markdown table of a table of statements, with its sources and the reasons to differ under it."""
    instruments = list(dict.fromkeys(zip(table["edition"], table["level"], strict=True)))
    heads = [f"Leefbaarometer {edition}, {level}" for edition, level in instruments]
    sources = list(dict.fromkeys(table["source"]))
    lines = [
        f"| id | statement | published | {' | '.join(heads)} |",
        f"|---|---|---|{'---|' * len(heads)}",
    ]
    for (name,), rows in table.groupby(["id"], sort=False):
        first = rows.iloc[0]
        number = sources.index(first["source"]) + 1
        mark = "" if first["read"] else "*"
        cells = [
            f"not shown: {row['missing']}" if row["missing"] else _with_marks(row["figure"], row["differs"])
            for row in rows.to_dict("records")
        ]
        lines.append(
            f"| {name} | {first['sentence']} | {first['published']} [{number}{mark}] | {' | '.join(cells)} |"
        )
    used = sorted({mark for marks in table["differs"] for mark in marks})
    explained = load("statements")["reasons"]
    lines += ["", *(f"- [{place}] {source}" for place, source in enumerate(sources, start=1))]
    if not table["read"].all():
        lines.append("- \\* said to stand there by others; we have not seen the sentence itself")
    lines += [f"- {mark}: {explained[mark]}" for mark in used]
    return "\n".join(lines)


def in_full(table: pd.DataFrame) -> str:
    """Text on each statement of a table: its source, our figures, the counts behind them, why they differ."""
    explained = load("statements")["reasons"]
    blocks = []
    for (name,), rows in table.groupby(["id"], sort=False):
        statement = find_statement(str(name))
        where = "" if statement.read else " (said to stand there by others; we have not seen it)"
        lines = [
            f"{statement.id}: {statement.sentence}",
            f"  published: {statement.published}",
            f"  source: {statement.source}{where}",
        ]
        if statement.edition:
            lines.append(f"  counted: Leefbaarometer {statement.edition}, {statement.level or 'level not told'}")
        for row in rows.to_dict("records"):
            told = f"  {row['edition']} {row['level']}: "
            lines.append(told + (f"not shown: {row['missing']}" if row["missing"] else row["figure"]))
            lines += [f"    {row['detail']}"] * bool(row["detail"])
            lines += [f"    {mark}: {explained[mark]}" for mark in row["differs"]]
        lines += [f"  note: {statement.note}"] * bool(statement.note)
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _statement(key: str, entry: Mapping[str, Any], sources: Mapping[str, str]) -> Statement:
    low, high = entry.get("classes", (1, 9))
    asked = Asked(tuple(entry["waves"]), (low, high), tuple(entry.get("groups", ())), entry["weight"])
    return Statement(
        id=key,
        sentence=entry["sentence"],
        published=entry["published"],
        source=sources[entry["source"]],
        read=entry["read"],
        level=entry["level"],
        edition=entry["edition"],
        asked=asked,
        other_waves={edition: tuple(waves) for edition, waves in entry.get("other_waves", {}).items()},
        figure=entry["figure"],
        reasons=tuple(entry.get("reasons", ())),
        note=entry.get("note", ""),
    )


def _differs(statement: Statement, measured: Measured, asked: Asked, figure: Figure) -> tuple[str, ...]:
    people = figure.weight == "inhabitants"
    marks = {
        "U": not statement.level and bool(statement.edition),
        "L": statement.level not in ("", measured.level),
        "E": statement.edition not in ("", measured.edition),
        "A": figure.weight != statement.asked.weight,
        "C": people and any(measured.counted.get(wave) != wave for wave in asked.waves),
        "Y": asked.waves != statement.asked.waves,
    }
    return (*(mark for mark, holds in marks.items() if holds), *statement.reasons)


def _with_marks(figure: str, marks: str) -> str:
    return f"{figure} ({', '.join(marks)})" if marks else figure
