"""Read a table of CBS, police or RIVM open data strictly: keys as text, figures as numbers.

Such a table comes as the open-data service gives it (comma, decimal point, padded keys and figures) or as the
StatLine website saves it (semicolon, decimal comma, a last line "Bron: CBS"). Every column is held as its distinct
texts and, for each row, the number of its text: checks look at each distinct text once, and tens of millions of
rows fit in memory.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv as pv

from riskmodel.errors import InputError, unreadable

#: What stands for a figure that is withheld or unknown, after stripping; nothing else is taken for missing.
MISSING = frozenset({"", ".", "NA", "null"})
LEVELS = {"GM": "gemeente", "WK": "wijk", "BU": "buurt"}
AREA = re.compile(r"GM[0-9]{4}|WK[0-9]{4}[0-9A-Z]{2}|BU[0-9]{4}[0-9A-Z]{4}")
#: Country, parts of the country, provinces, COROP, police units, districts and teams, GGD regions: not our levels.
LARGER_AREA = re.compile(r"(NL|LD|PV|CR|RE|PD|BT|GG)[0-9A-Z]{2,8}")
PERIOD = re.compile(r"(19|20)[0-9]{2}(JJ00|MM(0[1-9]|1[0-2]))")
POINT = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?")
COMMA = re.compile(r"[+-]?[0-9]+(,[0-9]+)?")
#: R writes a hundred thousand as 1e+05. A point before three digits is a thousands separator: refused.
WHOLE = re.compile(r"[0-9]+(\.0)?|[0-9]e\+[0-9]{2}")
#: Reading holds the distinct texts and four bytes a cell; a larger file is a download of everything at once.
MAX_BYTES = 1 << 30
MAX_HEADER = 1 << 20


@dataclass(frozen=True)
class Column:
    """One column: its distinct stripped texts and the number of the text in each row."""

    texts: tuple[str, ...]
    index: npt.NDArray[np.int32]

    @classmethod
    def of(cls, texts: Sequence[str], index: npt.NDArray[np.int32]) -> Column:
        """Strip the texts and join those that become equal."""
        numbers: dict[str, int] = {}
        target = np.array([numbers.setdefault(text.strip(), len(numbers)) for text in texts], dtype=np.int32)
        return cls(tuple(numbers), target[index] if len(target) else index)


@dataclass(frozen=True)
class Table:
    """Columns of one file, and how to name a place in it.

    Attributes
    ----------
    path : Path
        The file.
    columns : dict of str to Column
        By column name as in the file.
    line : callable
        Words for a row number, such as ``"line 12"``.
    decimal_comma : bool
        Whether figures may have a decimal comma.
    """

    path: Path
    columns: dict[str, Column]
    line: Callable[[int], str] = field(repr=False)
    decimal_comma: bool = False

    def text(self, row: int, column: str) -> str:
        """What stands in one row and column."""
        held = self.columns[column]
        return held.texts[int(held.index[row])]

    def fault(self, row: int, column: str, expected: str, hint: str = "") -> InputError:
        """The refusal of what stands in one row and column."""
        text = self.columns[column].texts[self.columns[column].index[row]]
        return InputError(f"{self.path}, {self.line(row)}, column {column!r}", repr(text), expected, hint)

    def check(self, column: str, good: Callable[[str], object], expected: str, hint: str = "") -> None:
        """Refuse the first row whose text is not good."""
        held = self.columns[column]
        bad = np.array([not good(text) for text in held.texts], dtype=bool)
        if bad.any():
            raise self.fault(int(np.argmax(bad[held.index])), column, expected, hint)

    def numbers(self, column: str, lowest: float, highest: float) -> npt.NDArray[np.float64]:
        """Figures of a column, missing ones NaN; the first that is no number or out of range is refused."""
        texts = self.columns[column].texts
        comma = self.decimal_comma and any("," in text for text in texts)
        form = COMMA if comma else POINT
        hint = ""
        if not comma and any(COMMA.fullmatch(text) and "," in text for text in texts):
            hint = "Numbers need a decimal point."
        self.check(
            column, lambda text: text in MISSING or form.fullmatch(text), "a number, or '.' or nothing", hint
        )
        values = [np.nan if text in MISSING else float(text.replace(",", ".")) for text in texts]
        figures = np.array(values, dtype=np.float64)
        wrong = (figures < lowest) | (figures > highest)
        if wrong.any():
            row = int(np.argmax(wrong[self.columns[column].index]))
            raise self.fault(row, column, f"{lowest:g} to {highest:g}")
        return figures[self.columns[column].index]

    def counts(self, column: str) -> npt.NDArray[np.float64]:
        """Whole numbers of a column, missing ones NaN; thousands separators are refused, not guessed."""
        self.check(
            column,
            lambda text: text in MISSING or WHOLE.fullmatch(text),
            "a whole number of 0 or more, or '.' or nothing",
        )
        return self.numbers(column, 0.0, 1e9)

    def levels(self, column: str) -> list[str | None]:
        """Level of each distinct area code of a column; None for larger areas and for "place unknown"."""
        self.check(
            column,
            lambda text: AREA.fullmatch(text) or LARGER_AREA.fullmatch(text),
            "an area code like GM0344, WK034401 or BU03440101",
            "Save the table with codes, not with names.",
        )
        texts = self.columns[column].texts
        known = [bool(AREA.fullmatch(text)) and text[2:6] != "0000" for text in texts]
        return [LEVELS[text[:2]] if good else None for text, good in zip(texts, known, strict=True)]

    def periods(self, column: str) -> npt.NDArray[np.int32]:
        """Year times 100 plus the month (0 for a whole year) of each distinct text of a column."""
        self.check(column, PERIOD.fullmatch, "a period like 2022JJ00 or 2022MM01")
        return np.array(
            [int(text[:4]) * 100 + int(text[6:]) for text in self.columns[column].texts], dtype=np.int32
        )


def header(path: Path) -> tuple[str, list[str]]:
    """Separator and column names of a text table."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise InputError(
                path,
                f"{path.stat().st_size / 2**20:.0f} MB",
                f"at most {MAX_BYTES >> 20} MB",
                "Select fewer years or regions and give several files.",
            )
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline(MAX_HEADER)
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise _not_utf8(path) from error
    separator = ";" if ";" in first else ","
    try:
        names = [name.strip() for name in next(csv.reader([first], delimiter=separator), [])]
    except csv.Error as error:
        raise InputError(f"{path}, line 1", f"text that is no CSV ({error})", "a UTF-8 CSV file") from error
    if not any(names):
        raise InputError(path, "an empty first line" if first else "an empty file", "a header line and rows")
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise InputError(f"{path}, line 1", f"column {doubled[0]!r} twice", "every column once")
    return separator, names


def read(path: Path, columns: Iterable[str], multiline: bool = False) -> Table:
    """Read the named columns of a text table."""
    separator, names = header(path)
    wanted = list(dict.fromkeys(columns))
    absent = [name for name in wanted if name not in names]
    if absent:
        there = ", ".join(names[:12])[:300]
        raise InputError(
            f"{path}, line 1", f"no column {absent[0]!r} (columns: {there})", f"columns {', '.join(wanted)}"
        )
    # StatLine ends a file with its source in a line of one field.
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 200))
        ends_with_source = re.search(rb'[\r\n]"?Bron: [^\r\n]*[\r\n]*\Z', file.read()) is not None

    def skip_source(row: pv.InvalidRow) -> str:
        return "skip" if re.match(r'"?Bron: ', row.text) else "error"

    try:
        table = pv.read_csv(
            path,
            read_options=pv.ReadOptions(use_threads=False, column_names=names, skip_rows=1),
            parse_options=pv.ParseOptions(
                delimiter=separator,
                invalid_row_handler=skip_source if ends_with_source else None,
                newlines_in_values=multiline,
            ),
            convert_options=pv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.dictionary(pa.int32(), pa.string())),
                include_columns=wanted,
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid as error:
        raise _first_fault(path, separator, len(names), error) from error
    if table.num_rows == 0:
        raise InputError(path, "a header without rows", "rows below the header")
    table = table.unify_dictionaries()
    held = {}
    for name in wanted:
        coded = table.column(name).combine_chunks()
        held[name] = Column.of(coded.dictionary.to_pylist(), coded.indices.to_numpy())
    return Table(path, held, lambda row: f"line {_line_of_row(path, separator, row)}", separator == ";")


def by_stem(path: Path, names: Sequence[str], stems: Iterable[str]) -> dict[str, str]:
    """Columns by their name without the number at the end.

    The number (``28`` in ``Eenzaam_28``) is the place of the topic in the table and moves when topics are added.
    Names that are absent are left out of the answer; two columns of one name are refused.
    """
    found: dict[str, str] = {}
    for stem in stems:
        fits = [name for name in names if re.fullmatch(re.escape(stem) + r"_[0-9]+", name)]
        if len(fits) > 1:
            raise InputError(f"{path}, line 1", f"columns {fits[0]!r} and {fits[1]!r}", f"one column {stem!r}")
        if fits:
            found[stem] = fits[0]
    return found


def _line_of_row(path: Path, separator: str, row: int) -> int:
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file, delimiter=separator)
        lines = (rows.line_num for fields in rows if fields)
        return next(islice(lines, row + 1, None), row + 2)


def _first_fault(path: Path, separator: str, width: int, cause: Exception) -> InputError:
    """Walk through the file again to name the first line that cannot be read."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, delimiter=separator)
            for fields in rows:
                if fields and len(fields) != width:
                    return InputError(
                        f"{path}, line {rows.line_num}",
                        f"{len(fields)} fields",
                        f"{width} fields, as in the header",
                        "The file may be cut off.",
                    )
    except UnicodeDecodeError:
        return _not_utf8(path)
    except csv.Error as error:
        cause = error
    return InputError(path, f"text that is no CSV ({cause})", "a UTF-8 CSV file")


def _not_utf8(path: Path) -> InputError:
    """Name the line of the first byte that is not UTF-8, and what the file seems to be."""
    hint = ""
    number = 1
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if number == 1 and line.startswith(b"PK"):
                hint = "It looks like a zip archive or a workbook: unpack it, or save it as CSV."
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                break
    return InputError(f"{path}, line {number}", "bytes that are not UTF-8 text", "a UTF-8 CSV file", hint)
