"""Figures from the text of a KWB table: numbers, missing values, limits, shares from counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from riskmodel.catalogue import indicators, load
from riskmodel.errors import InputError
from riskmodel.sources.formats.numbers import NumberFormat
from riskmodel.sources.formats.rows import refuse
from riskmodel.sources.formats.tables import Cell, quoted

Floats = npt.NDArray[np.float64]
#: For a column name, or ``""``, the position of the cell, or row, of an index.
Where = Callable[[str], Callable[[int], str]]

#: A number of this or lower is how geographic services write that there is none.
MISSING_FROM = -99990.0
INFINITE = ("inf", "-inf", "+inf", "infinity", "-infinity", "nan")
URBANITY = (1.0, 2.0, 3.0, 4.0, 5.0)
#: Fewest inhabitants or households with which a sum of rounded parts distinguishes counts from percentages.
ENOUGH = 200.0
#: How far the sum of parts may be off by rounding: five counts rounded to fives, or five whole percentages.
COUNTS_OFF, PERCENT_OFF = 25.0, 3.0
#: Share of areas whose parts must add up: an official file may have a slip, swapped columns are off everywhere.
MOST = 0.95


def numbers(
    cells: Sequence[Cell], column: str, where: Where, missing: Sequence[str], form: NumberFormat
) -> Floats:
    """Numbers of a column, NaN for the texts that mean a missing one."""
    empty = np.array([cell in missing for cell in cells], dtype=bool)
    read = [form.number(cell) if isinstance(cell, str) else cell for cell in cells]
    values = np.array([np.nan if value is None else value for value in read], dtype="float64")
    endless = np.isinf(values) | np.array([str(cell).lower() in INFINITE for cell in cells], dtype=bool) & ~empty
    refuse(endless, where(column), "a value that is not finite", "a finite number")
    wrong = np.isnan(values) & ~empty
    refuse(wrong, where(column), lambda row: quoted(cells[row]), f"a number or {list(missing)}")
    return np.where(values <= MISSING_FROM, np.nan, values)


def numbers_of_words(
    text: Sequence[str], column: str, where: Where, words: Mapping[str, int], missing: Sequence[str]
) -> Floats:
    """Numbers for the words of a column, NaN for those that mean a missing one."""
    wrong = [word not in words and word not in missing for word in text]
    refuse(wrong, where(column), lambda row: quoted(text[row]), f"one of {list(words)}")
    return np.array([words.get(word, np.nan) for word in text], dtype="float64")


def check_limits(values: Floats, quantity: str, column: str, where: Where, *, unsure: bool = False) -> Floats:
    """Refuse impossible values of a quantity; an urbanity of 0 means a missing one and becomes NaN."""
    entry = indicators().get(quantity)
    # A part that is no indicator itself, such as households without children, is a percentage all the same.
    unit = entry.unit if entry else "percent" if quantity in parts_of_groups() else "persons"
    if quantity == "urbanity":
        values = np.where(values == 0, np.nan, values)
        wrong = ~np.isnan(values) & ~np.isin(values, URBANITY)
        expected = "1 to 5"
    else:
        highest = {"percent": 100.0, "per 1000 inhabitants": 1000.0}.get(unit, np.inf)
        wrong = (values < 0) | (values > highest)
        expected = f"0 to {highest:g}"
    refuse(wrong, where(column), lambda row: f"{values[row]:g}", expected)
    if not unsure and (quantity.startswith("n_") or (entry and entry.kind == "extensive")):
        hint = "The point or comma may separate thousands."
        refuse(values % 1 > 0, where(column), lambda row: f"{values[row]:g}", "a whole number", hint)
    return values


def parts_of_groups() -> dict[str, str]:
    """Group of every part that belongs to one."""
    return {part: name for name, entry in load("kwb")["groups"].items() for part in entry["parts"]}


def settle_units(
    quantities: dict[str, Floats], columns: Mapping[str, str], where: Where, unsure: Sequence[str]
) -> list[str]:
    """Check that groups add up to their whole; where a column may have either, find out whether it has counts.

    Age groups add up to the inhabitants when they are counts, and to 100 when they are percentages. This settles
    what the name of the column leaves open, and finds columns that were swapped.
    """
    notes = []
    for group, entry in load("kwb")["groups"].items():
        parts, whole = entry["parts"], quantities.get(entry["whole"])
        for prefix in ("n_", ""):
            keys = [f"{prefix}{part}" for part in parts]
            if whole is None or not all(key in quantities for key in keys):
                continue
            totals = np.sum([quantities[key] for key in keys], axis=0)
            counts = np.abs(totals - whole) <= COUNTS_OFF
            percent = np.abs(totals - 100) <= PERCENT_OFF + 100 * COUNTS_OFF / np.maximum(whole, 1)
            votes = ~np.isnan(totals) & (whole >= ENOUGH)
            holds = counts if prefix else percent
            if prefix and group in unsure:
                holds = _counts_or_percent(counts, percent, votes, keys, columns, where)
                for part, key in zip(parts, keys, strict=True):
                    settled = part if holds is percent else key
                    quantities[settled] = check_limits(quantities.pop(key), settled, columns[key], where)
            off = votes & ~holds
            if off.sum() > (1 - MOST) * votes.sum():
                row = int(np.argmax(off))
                first = columns[keys[0]]
                found = f"{group} that add up to {totals[row]:g}"
                expected = f"about {whole[row]:g}" if holds is counts else "about 100"
                raise InputError(where(first)(row), found, expected, "Columns may have been swapped.")
            if off.any():
                example = where("")(int(np.argmax(off)))
                notes.append(f"do not add up: {group} of {off.sum()} areas, the first in {example}")
    return notes


def _counts_or_percent(
    counts: npt.NDArray[np.bool_],
    percent: npt.NDArray[np.bool_],
    votes: npt.NDArray[np.bool_],
    keys: Sequence[str],
    columns: Mapping[str, str],
    where: Where,
) -> npt.NDArray[np.bool_]:
    if not votes.any():
        names = f"{columns[keys[0]]!r} to {columns[keys[-1]]!r}"
        found = f"no area of {ENOUGH:g} or more to tell whether {names} hold counts or percentages"
        raise InputError(where("")(0), found, "a table with larger areas", "Use the whole table.")
    return counts if counts[votes].mean() >= percent[votes].mean() else percent


def derive(
    quantities: Mapping[str, Floats], columns: Mapping[str, str], where: Where
) -> tuple[dict[str, Floats], npt.NDArray[np.bool_]]:
    """Shares and rates from counts, for the indicators that the table does not give itself."""
    rules: dict[str, Any] = load("kwb")["derived"]
    made: dict[str, Floats] = {}
    withheld = np.zeros(len(next(iter(quantities.values()))), dtype=bool)
    for indicator, rule in rules["of"].items():
        part = f"n_{indicator}"
        if indicator in quantities or part not in quantities or not all(key in quantities for key in rule["of"]):
            continue
        whole = np.sum([quantities[key] for key in rule["of"]], axis=0)
        count = quantities[part]
        more = count > whole + rules["rounding"]
        if more.any():
            row = int(np.argmax(more))
            expected = f"at most {whole[row]:g}, their whole"
            raise InputError(where(columns[part])(row), f"{count[row]:g}", expected)
        enough = whole >= rules["minimum"]
        withheld |= ~enough & ~np.isnan(count)
        made[indicator] = rule["per"] * np.minimum(count, whole) / np.where(enough, whole, np.nan)
    return made, withheld


def withhold_rounded(quantities: dict[str, Floats], rounded: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Drop published shares made from rounded counts of too few inhabitants; return the areas that lost one."""
    few = ~(quantities["population"] >= load("kwb")["derived"]["minimum"])
    withheld = np.zeros(len(few), dtype=bool)
    for key in rounded:
        withheld |= few & ~np.isnan(quantities[key])
        quantities[key] = np.where(few, np.nan, quantities[key])
    return withheld
