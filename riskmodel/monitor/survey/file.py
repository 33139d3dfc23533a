"""Surveys among residents or professionals: shares that saw decline and progress, per area or group.

The file is a CSV with one row an area or group; see ``docs/surveys.md``. Areas, never persons: a file with persons
or addresses is refused, and answers of few persons are treated as missing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from riskmodel.catalogue import load
from riskmodel.errors import InputError
from riskmodel.panel.panel import FloatArray
from riskmodel.sources.formats import delimited
from riskmodel.sources.local.mapping import SUPPRESS_BELOW
from riskmodel.sources.local.persons import refuse_persons
from riskmodel.sources.local.table import Format, open_table
from riskmodel.sources.observations import SourceFile

#: How a file counts its answers: persons, a fraction of 1, or a percentage.
Answers = Literal["number", "share", "percent"]
#: Level of a survey whose rows are groups of areas.
GROUP = "groep"
LEVELS = ("buurt", "wijk", "gemeente")
MISSING = ("", "NA")
#: Two shares of one question, each rounded to whole percents, add up to one percent too much at most.
ROUNDING = 0.01
WHOLE = {"number": np.inf, "share": 1.0, "percent": 100.0}


@dataclass(frozen=True)
class Survey:
    """Answers per area or group.

    Attributes
    ----------
    level : str
        ``"buurt"``, ``"wijk"``, ``"gemeente"``, or ``"groep"`` for named groups of areas.
    codes : numpy.ndarray of str, shape (units,)
        Area codes, or names of groups; each once.
    respondents : numpy.ndarray, shape (units,)
        Number of persons who answered; NaN where they are too few or not known.
    decline, progress : numpy.ndarray, shape (units,)
        Share of the respondents who saw decline and progress, 0 to 1; NaN where not asked or too few answered.
    population : numpy.ndarray, shape (units,)
        Number of persons whom the respondents represent; NaN where unknown.
    who : str
        Who answered, in the plural, as in sentences: ``"bewoners"``.
    file : SourceFile or None
        The file it came from.
    notes : tuple of str
        What was treated as missing and why.
    """

    level: str
    codes: npt.NDArray[np.str_]
    respondents: FloatArray
    decline: FloatArray
    progress: FloatArray
    population: FloatArray
    who: str = "bewoners"
    file: SourceFile | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_units(self.codes, lambda row: f"survey, row {row + 1}")
        for name in ("respondents", "decline", "progress", "population"):
            if getattr(self, name).shape != self.codes.shape:
                raise InputError(
                    "survey", f"{name} of shape {getattr(self, name).shape}", f"shape {self.codes.shape}"
                )
        for name, share in {"decline": self.decline, "progress": self.progress}.items():
            _first((share < 0) | (share > 1), self.codes, f"{name} beside 0 to 1", "a share of 0 to 1")
            few = ~np.isnan(share) & ~(self.respondents >= SUPPRESS_BELOW)
            _first(few, self.codes, f"{name} of fewer than {SUPPRESS_BELOW} persons", "NaN")
        too_much = self.decline + self.progress > 1 + ROUNDING
        _first(too_much, self.codes, "decline and progress above 1 together", "at most 1")


def read_survey(path: Path, *, answers: Answers | None = None, who: str = "bewoners") -> Survey:
    """Read a survey from CSV; answers of fewer than five persons become missing.

    Parameters
    ----------
    path : Path
        Comma separated UTF-8 file with ``code`` (GM, WK or BU codes, all of one level) or ``group`` (names),
        ``respondents``, ``saw_decline`` and ``saw_progress``, and perhaps ``population``.
    answers : {"number", "share", "percent"}, optional
        How the file counts; by default the columns end in ``_number``, ``_share`` (0 to 1) or ``_percent``.
    who : str
        Who answered, in the plural.

    Raises
    ------
    InputError
        If the file has persons or addresses, a unit twice or an impossible number, or does not say how it counts.
    """
    names = delimited.header(path)
    unit = _one_of(path, names, ("code", "group"), "a column 'code' or 'group'")
    kind, columns = _answers(path, names, answers)
    refuse_persons(open_table(path, Format()), unit)
    optional = [name for name in ("population",) if name in names]
    numeric = ["respondents", *columns, *optional]
    table = delimited.read(path, [unit, *numeric], numeric, MISSING)
    codes = np.array([text.strip() for text in table[unit].to_pylist()], dtype=str)
    level = _level(path, codes) if unit == "code" else GROUP
    _check_units(codes, lambda row: f"{path}, line {row + 2}, column {unit!r}")
    respondents = _column(path, table, "respondents", np.inf, whole=True)
    population = _column(path, table, "population", np.inf, whole=True) if optional else respondents * np.nan
    decline, progress = (_column(path, table, name, WHOLE[kind], whole=kind == "number") for name in columns)
    if kind == "number":
        _fault(path, decline + progress > respondents, "more answers than respondents", "at most one a person")
        with np.errstate(divide="ignore", invalid="ignore"):
            decline, progress = decline / respondents, progress / respondents
    elif kind == "percent":
        decline, progress = decline / 100, progress / 100
    too_much = decline + progress > 1 + ROUNDING
    _fault(path, too_much, "decline and progress above 100% together", "at most 100%")
    _fault(path, respondents > population, "more respondents than population", "at most as many")
    few = ~(respondents >= SUPPRESS_BELOW)
    notes = []
    if few.any():
        text = f"suppressed: {int(few.sum())} rows, fewer than {SUPPRESS_BELOW} persons or their number not known"
        notes.append(f"{text}; they are treated as missing")
    if kind == "percent" and not (np.fmax(decline, progress) > 0.01).any():
        notes.append("no answer is above 1 %: are they fractions?")
    respondents, decline, progress = (np.where(few, np.nan, each) for each in (respondents, decline, progress))
    file = SourceFile.of(path)
    return Survey(level, codes, respondents, decline, progress, population, who, file, tuple(notes))


def _one_of(path: Path, names: Sequence[str], wanted: Sequence[str], expected: str) -> str:
    there = [name for name in wanted if name in names]
    if len(there) != 1:
        found = f"columns {' and '.join(map(repr, there))}" if there else f"columns {delimited.shown(names)}"
        raise InputError(f"{path}, line 1", found, expected)
    return there[0]


def _answers(path: Path, names: Sequence[str], answers: Answers | None) -> tuple[Answers, tuple[str, str]]:
    """Return how answers are counted, and the columns of decline and progress."""
    if answers is not None:
        if answers not in get_args(Answers):
            raise InputError("answers", repr(answers), f"one of {', '.join(get_args(Answers))}")
        return answers, ("saw_decline", "saw_progress")
    kinds: list[Answers] = [kind for kind in get_args(Answers) if f"saw_decline_{kind}" in names]
    if len(kinds) != 1:
        raise InputError(
            f"{path}, line 1",
            f"columns {delimited.shown(names)}",
            "saw_decline_number and saw_progress_number, or both with _share or _percent",
            "Or say how a column without such an ending counts: answers='number', 'share' or 'percent'.",
        )
    return kinds[0], (f"saw_decline_{kinds[0]}", f"saw_progress_{kinds[0]}")


def _level(path: Path, codes: npt.NDArray[np.str_]) -> str:
    """Return the level of the codes: that of the first one, which all others must have."""
    forms = {level: load("local")["levels"][level] for level in LEVELS}
    level = next((level for level in LEVELS if re.fullmatch(forms[level]["pattern"], codes[0])), None)
    examples = ", ".join(str(form["example"]) for form in forms.values())
    expected = f"a code like {forms[level]['example']}, as in the first row" if level else f"one of {examples}"
    pattern = forms[level]["pattern"] if level else "(?!)"
    for row, code in enumerate(codes):
        if not re.fullmatch(pattern, code):
            hint = "Names of groups belong in a column 'group'; one file holds areas of one level."
            raise InputError(f"{path}, line {row + 2}, column 'code'", repr(str(code)), expected, hint)
    return str(level)


def _check_units(codes: npt.NDArray[np.str_], where: Callable[[int], str]) -> None:
    seen: set[str] = set()
    for row, code in enumerate(codes):
        if code == "" or code in seen:
            found = f"{str(code)!r} again" if code else "nothing"
            raise InputError(where(row), found, "every area or group once")
        seen.add(str(code))


def _column(path: Path, table: pa.Table, name: str, highest: float, *, whole: bool) -> FloatArray:
    values: FloatArray = table[name].to_numpy(zero_copy_only=False).astype(float)
    wrong = (values < 0) | (values > highest) | (whole & (values % 1 > 0))
    if wrong.any():
        row = int(np.argmax(wrong))
        number = "a whole number of 0 or more" if whole else f"0 to {highest:g}"
        hint = "" if whole or values[row] < 0 else "Do the columns say how they count? See docs/surveys.md."
        raise InputError(f"{path}, line {row + 2}, column {name!r}", f"{values[row]:g}", number, hint)
    return values


def _fault(path: Path, wrong: npt.NDArray[np.bool_], found: str, expected: str) -> None:
    if wrong.any():
        raise InputError(f"{path}, line {int(np.argmax(wrong)) + 2}", found, expected)


def _first(wrong: npt.NDArray[np.bool_], codes: npt.NDArray[np.str_], found: str, expected: str) -> None:
    if wrong.any():
        raise InputError(f"survey, {codes[np.argmax(wrong)]}", found, expected)
