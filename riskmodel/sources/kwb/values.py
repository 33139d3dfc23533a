"""From the text of a KWB table to its figures: numbers, missing values, limits, shares from counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.catalogue import indicators, load
from riskmodel.errors import InputError
from riskmodel.sources.kwb.files import quoted

Floats = npt.NDArray[np.float64]
#: Place of a row, for messages; with a column name the place of a cell.
Place = Callable[[int, str], str]

#: A number of this or lower is how geographic services write that there is none.
MISSING_FROM = -99990.0
NUMBER = r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"
WITH_COMMA = NUMBER.replace(r"\.", "[.,]")
INFINITE = ("inf", "-inf", "+inf", "infinity", "-infinity", "nan")
URBANITY = (1.0, 2.0, 3.0, 4.0, 5.0)
#: From this many inhabitants or households a sum of rounded parts tells counts from percentages.
ENOUGH = 200.0
#: Parts may miss their whole by their roundings: five counts to fives, or five whole percentages.
COUNTS_OFF, PERCENT_OFF = 25.0, 3.0
#: Share of areas whose parts must add up: an official file may hold a slip, swapped columns miss everywhere.
MOST = 0.95


def numbers(text: Sequence[str], column: str, place: Place, missing: Sequence[str], *, comma: bool) -> Floats:
    """Numbers of a column; what stands for a missing one becomes NaN."""
    cells = pd.Series(text, dtype="str")
    empty = cells.isin(list(missing)).to_numpy()
    good = cells.str.fullmatch(WITH_COMMA if comma else NUMBER).to_numpy(dtype=bool)
    wrong = ~good & ~empty
    if wrong.any():
        row = int(np.argmax(wrong))
        if text[row].lower() in INFINITE:
            raise InputError(place(row, column), "a value that is not finite", "a finite number")
        is_comma = "," in text[row] and not comma
        hint = "Numbers need a decimal point." if is_comma else ""
        raise InputError(place(row, column), quoted(text[row]), f"a number or {list(missing)}", hint)
    values = np.full(len(text), np.nan)
    values[~empty] = cells[~empty].str.replace(",", ".").astype("float64").to_numpy()
    infinite = np.isinf(values)
    if infinite.any():
        raise InputError(place(int(np.argmax(infinite)), column), "a value that is not finite", "a finite number")
    return np.where(values <= MISSING_FROM, np.nan, values)


def numbers_of_words(
    text: Sequence[str], column: str, place: Place, words: Mapping[str, int], missing: Sequence[str]
) -> Floats:
    """Numbers that stand for the words of a column."""
    for row, word in enumerate(text):
        if word not in words and word not in missing:
            raise InputError(place(row, column), quoted(word), f"one of {list(words)}")
    return np.array([words.get(word, np.nan) for word in text], dtype="float64")


def check_limits(values: Floats, quantity: str, column: str, place: Place, *, unsure: bool = False) -> Floats:
    """Refuse impossible values of a quantity; an urbanity of 0 stands for a missing one."""
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
    _refuse(wrong, values, column, place, expected)
    if not unsure and (quantity.startswith("n_") or (entry and entry.kind == "extensive")):
        hint = "The point or comma may separate thousands."
        _refuse(values % 1 > 0, values, column, place, "a whole number", hint)
    return values


def parts_of_groups() -> dict[str, str]:
    """Group of every part that belongs to one."""
    return {part: name for name, entry in load("kwb")["groups"].items() for part in entry["parts"]}


def _refuse(
    wrong: npt.NDArray[np.bool_], values: Floats, column: str, place: Place, expected: str, hint: str = ""
) -> None:
    if wrong.any():
        row = int(np.argmax(wrong))
        raise InputError(place(row, column), f"{values[row]:g}", expected, hint)


def settle_units(
    quantities: dict[str, Floats], columns: Mapping[str, str], place: Place, unsure: Sequence[str]
) -> list[str]:
    """Check that groups add up to their whole; where a column may hold either, find out whether it holds counts.

    Age groups add up to the inhabitants when they are counts, and to 100 when they are percentages: this settles
    what the name of the column leaves open, and betrays columns that were swapped.
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
                holds = _counts_or_percent(counts, percent, votes, keys, columns, place)
                for part, key in zip(parts, keys, strict=True):
                    settled = part if holds is percent else key
                    quantities[settled] = check_limits(quantities.pop(key), settled, columns[key], place)
            off = votes & ~holds
            if off.sum() > (1 - MOST) * votes.sum():
                row = int(np.argmax(off))
                first = columns[keys[0]]
                raise InputError(
                    place(row, first),
                    f"{group} that add up to {totals[row]:g}",
                    f"about {whole[row]:g}" if holds is counts else "about 100",
                    "Columns may have been swapped.",
                )
            if off.any():
                where = place(int(np.argmax(off)), "")
                notes.append(f"do not add up: {group} of {off.sum()} areas, the first in {where}")
    return notes


def _counts_or_percent(
    counts: npt.NDArray[np.bool_],
    percent: npt.NDArray[np.bool_],
    votes: npt.NDArray[np.bool_],
    keys: Sequence[str],
    columns: Mapping[str, str],
    place: Place,
) -> npt.NDArray[np.bool_]:
    if not votes.any():
        names = f"{columns[keys[0]]!r} to {columns[keys[-1]]!r}"
        raise InputError(
            place(0, ""),
            f"no area of {ENOUGH:g} or more to tell whether {names} hold counts or percentages",
            "a table with larger areas",
            "Use the whole table.",
        )
    return counts if counts[votes].mean() >= percent[votes].mean() else percent


def derive(
    quantities: Mapping[str, Floats], columns: Mapping[str, str], place: Place
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
            raise InputError(place(row, columns[part]), f"{count[row]:g}", f"at most {whole[row]:g}, their whole")
        enough = whole >= rules["minimum"]
        withheld |= ~enough & ~np.isnan(count)
        made[indicator] = rule["per"] * np.minimum(count, whole) / np.where(enough, whole, np.nan)
    return made, withheld


def withhold_rounded(quantities: dict[str, Floats], rounded: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Drop published shares that were made from rounded counts of too few inhabitants; tell of which areas."""
    few = ~(quantities["population"] >= load("kwb")["derived"]["minimum"])
    withheld = np.zeros(len(few), dtype=bool)
    for key in rounded:
        withheld |= few & ~np.isnan(quantities[key])
        quantities[key] = np.where(few, np.nan, quantities[key])
    return withheld
