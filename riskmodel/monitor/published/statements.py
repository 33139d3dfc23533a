"""Statements of letters to parliament about liveability, compared with figures from the files at hand.

The sentences and their published figures are in ``catalogue/statements.toml``. Most were counted per buurt on
Leefbaarometer 2.0; a figure of ours that may differ carries the marks of the reasons.
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
from riskmodel.monitor.published.statement_figures import FIGURES, Figure, Missing, Question, Shown

#: The scores of an edition and level, and the groups of areas in it.
Scored = tuple[Measured, Groups]


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
    asked: Question
    other_waves: Mapping[str, tuple[int, ...]]
    figure: str
    reasons: tuple[str, ...]
    note: str


@cache
def all_statements() -> tuple[Statement, ...]:
    """Return every statement of the catalogue, in its order."""
    content = load("statements")
    return tuple(_statement(key, entry, content["sources"]) for key, entry in content["statements"].items())


def find_statement(name: str) -> Statement:
    """Return one statement by its id."""
    found = [each for each in all_statements() if each.id == name.strip().lower()]
    if not found:
        raise InputError("statement", repr(name), f"one of {', '.join(each.id for each in all_statements())}")
    return found[0]


def compare(statement: Statement, measured: Measured, groups: Groups) -> tuple[Shown, tuple[str, ...]]:
    """Return our figure for a statement, and the marks of why it may differ from the published one."""
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


def statements_table(instruments: Sequence[Scored], statements: Sequence[Statement] | None = None) -> pd.DataFrame:
    """Return a row for every statement and instrument.

    ``differs`` has the marks of reasons to differ; ``missing`` says why there is no figure.
    """
    rows = []
    for statement in all_statements() if statements is None else statements:
        for measured, groups in instruments:
            shown, differs = compare(statement, measured, groups)
            rows.append(
                {
                    "id": statement.id,
                    "sentence": statement.sentence,
                    "published": statement.published,
                    "source": statement.source,
                    "read": statement.read,
                    "edition": measured.edition,
                    "level": measured.level,
                    **_figure_columns(shown),
                    "differs": "".join(differs),
                }
            )
    columns = ["id", "sentence", "published", "source", "read", "edition", "level"]
    return pd.DataFrame(rows, columns=[*columns, "figure", "detail", "values", "differs", "missing"])


def _figure_columns(shown: Shown) -> dict[str, object]:
    if isinstance(shown, Missing):
        return {"figure": "", "detail": "", "values": (), "missing": shown.reason}
    return {"figure": shown.text, "detail": shown.detail, "values": shown.values, "missing": ""}


def _statement(key: str, entry: Mapping[str, Any], sources: Mapping[str, str]) -> Statement:
    low, high = entry.get("classes", (1, 9))
    asked = Question(tuple(entry["waves"]), (low, high), tuple(entry.get("groups", ())), entry["weight"])
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


def _differs(statement: Statement, measured: Measured, asked: Question, figure: Figure) -> tuple[str, ...]:
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
