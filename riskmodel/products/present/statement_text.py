"""Statements to parliament beside our figures, as a table in Markdown and as text."""

from __future__ import annotations

import pandas as pd

from riskmodel.catalogue import load
from riskmodel.monitor.published.statements import find_statement


def side_by_side(table: pd.DataFrame) -> str:
    """Return a table of statements as Markdown, with its sources and the reasons to differ under it."""
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
    lines += ["", *(f"- [{number}] {source}" for number, source in enumerate(sources, start=1))]
    if not table["read"].all():
        lines.append("- \\* said to stand there by others; we have not seen the sentence itself")
    lines += [f"- {mark}: {explained[mark]}" for mark in used]
    return "\n".join(lines)


def in_full(table: pd.DataFrame) -> str:
    """Return a text on each statement: its source, our figures, the counts behind them, why they differ."""
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
            instrument = f"  {row['edition']} {row['level']}: "
            lines.append(instrument + (f"not shown: {row['missing']}" if row["missing"] else row["figure"]))
            lines += [f"    {row['detail']}"] * bool(row["detail"])
            lines += [f"    {mark}: {explained[mark]}" for mark in row["differs"]]
        lines += [f"  note: {statement.note}"] * bool(statement.note)
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def _with_marks(figure: str, marks: str) -> str:
    return f"{figure} ({', '.join(marks)})" if marks else figure
