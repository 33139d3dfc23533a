"""Read a delimited text file strictly: every refusal names the file, the line and the value."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from riskmodel.errors import InputError, unreadable
from riskmodel.sources.formats.numbers import Doubt, Evidence, is_number
from riskmodel.sources.formats.tables import check_once

#: Of a header in a message, no more characters than this: the first line of a wrong file can be very long.
WIDTH = 160
LONGEST_LINE = 1 << 20
CUT = "The file may be cut off."
CUT_OR_COMMAS = "The file may be cut off, or numbers may be written with a decimal comma."
UTF8_CSV = "a UTF-8 CSV file"


def first_line(path: Path) -> str:
    """The first line of a UTF-8 file."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return file.readline(LONGEST_LINE)
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise not_utf8(path) from error


def header(path: Path) -> list[str]:
    """Column names in the first line of a comma separated UTF-8 file."""
    names = next((row for _, row in split(path, first_line(path))), [])
    if not names:
        raise InputError(path, "an empty file", "a header line and rows")
    if len(names) == 1 and ";" in names[0]:
        raise semicolons(f"{path}, line 1")
    check_once(f"{path}, line 1", names)
    return names


def semicolons(where: str, separator: str = ";") -> InputError:
    """The refusal of a file with semicolons or tabs, which is not as its publisher wrote it."""
    hint = "Use the file as published, not one saved again by a spreadsheet."
    return InputError(where, f"columns separated by {separator!r}", "columns separated by ','", hint)


def split(
    path: Path, text: str, separator: str = ",", *, expected: str = UTF8_CSV, strict: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Cells of each record of delimited text, none for an empty line, and the line on which the record begins."""
    records = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=strict)
    line = 1
    try:
        for cells in records:
            yield line, cells
            # A record begins where the one before it ended; a cell may contain line ends.
            line = records.line_num + 1
    except csv.Error as error:
        raise InputError(f"{path}, line {line}", f"text that is no CSV ({error})", expected) from error


def decode(
    path: Path,
    content: bytes,
    encoding: str = "utf-8",
    *,
    found: str = "bytes that are not UTF-8 text",
    expected: str = "a UTF-8 file",
    hint: str = "",
) -> str:
    """Text of a file without byte order mark; the words are for the message about bytes in another encoding."""
    try:
        return content.decode("utf-8-sig" if encoding == "utf-8" else encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}, line {line}", found, expected, hint) from error


def shown(names: Sequence[str]) -> str:
    """Column names for a message: short, and on one line."""
    text = ", ".join(names).replace("\n", "\\n")
    return text if len(text) <= WIDTH else f"{text[:WIDTH]} ..."


def check_present(
    where: object, names: Sequence[str], wanted: Iterable[str], expected: str, hint: str = ""
) -> None:
    """Refuse a header without one of the wanted columns."""
    absent = [name for name in wanted if name not in names]
    if absent:
        raise InputError(where, f"no column {absent[0]!r} (columns: {shown(names)})", expected, hint)


def read(path: Path, columns: Sequence[str], numeric: Sequence[str], missing: Sequence[str] = ("NA",)) -> pa.Table:
    """Read the named columns of a comma separated UTF-8 file."""
    names = header(path)
    check_present(f"{path}, line 1", names, columns, f"{list(columns)}")
    options = pv.ConvertOptions(
        column_types={name: pa.float64() if name in numeric else pa.string() for name in names},
        include_columns=list(columns),
        null_values=list(missing),
        strings_can_be_null=False,
        quoted_strings_can_be_null=False,
    )
    table = load(path, names, options, hint=CUT_OR_COMMAS, numeric=numeric, missing=missing)
    _refuse_open_points(path, names, [name for name in numeric if name in columns])
    for name in numeric:
        # Missing values are null here, and null is neither finite nor infinite.
        row = pc.index(pc.is_finite(table[name]), False).as_py() if name in columns else -1
        if row >= 0:
            position = f"{path}, line {row + 2}, column {name!r}"
            raise InputError(position, "a value that is not finite", "a finite number")
    return table


def _refuse_open_points(path: Path, names: Sequence[str], numeric: Sequence[str]) -> None:
    """Refuse a file of which every point in a number may separate thousands; most show the opposite at once."""
    evidence, first = Evidence(), dict[tuple[str, str], int]()
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        for row in islice(rows, 1, None):
            cells = dict(zip(names, row, strict=False))
            for name in numeric:
                text = cells.get(name, "").strip()
                if not text.isdigit():
                    evidence.add(name, [text])
                    first.setdefault((name, text), rows.line_num)
            if evidence.decimal:
                return
    found = evidence.number_format()
    if isinstance(found, Doubt):
        raise found.refusal(f"{path}, line {first[found.column, found.text]}, column {found.column!r}")


def load(
    path: Path,
    names: Sequence[str],
    options: pv.ConvertOptions,
    *,
    separator: str = ",",
    hint: str = CUT,
    numeric: Sequence[str] = (),
    missing: Sequence[str] = (),
    skip: Callable[[pv.InvalidRow], str] | None = None,
) -> pa.Table:
    """The rows of a text file below its header; the first line that cannot be read is refused."""
    try:
        table = pv.read_csv(
            path,
            # Threads would number the texts of a column in another order every time.
            read_options=pv.ReadOptions(use_threads=bool(numeric), column_names=names, skip_rows=1),
            parse_options=pv.ParseOptions(delimiter=separator, invalid_row_handler=skip),
            convert_options=options,
        )
    except pa.ArrowInvalid as error:
        fault = _first_fault(path, names, separator, hint, numeric, missing)
        raise fault or InputError(path, f"text that is no CSV ({error})", UTF8_CSV) from error
    if table.num_rows == 0:
        raise InputError(path, "a header without rows", "rows below the header")
    return table


def _first_fault(
    path: Path, names: Sequence[str], separator: str, hint: str, numeric: Sequence[str], missing: Sequence[str]
) -> InputError | None:
    """The first line of another width, or the first value that is no number, in a file; None for neither."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, delimiter=separator)
            next(rows)
            for row in rows:
                line = f"{path}, line {rows.line_num}"
                if row and len(row) != len(names):
                    fields = f"{len(names)} fields, as in the header"
                    return InputError(line, f"{len(row)} fields", fields, hint)
                for name, value in zip(names, row, strict=False):
                    if name in numeric and value not in missing and not _is_number(value):
                        comma = "Numbers need a decimal point." if is_number(value) else ""
                        expected = f"a number or {list(missing)}"
                        return InputError(f"{line}, column {name!r}", repr(value), expected, comma)
    except UnicodeDecodeError:
        return not_utf8(path)
    except csv.Error as error:
        return InputError(path, f"text that is no CSV ({error})", UTF8_CSV)
    return None


def not_utf8(path: Path) -> InputError:
    """The refusal of a file by the line of its first byte that is not UTF-8; a decoder reads ahead of it."""
    hint, number = "", 1
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if number == 1 and line.startswith(b"PK"):
                hint = "It looks like a zip archive or a workbook: unpack it, or save it as CSV."
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                break
    return InputError(f"{path}, line {number}", "bytes that are not UTF-8 text", UTF8_CSV, hint)


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return "_" not in value
