"""Read a delimited text file strictly: every refusal names the file, the line and the value."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from riskmodel.errors import InputError, unreadable

#: Of a header in a message, no more characters than this: the first line of a wrong file can be very long.
WIDTH = 160


def header(path: Path) -> list[str]:
    """Column names in the first line of a comma separated UTF-8 file."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            names = next(csv.reader(file), [])
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeDecodeError as error:
        raise _not_utf8(path) from error
    except csv.Error as error:
        raise InputError(f"{path}, line 1", f"text that is no CSV ({error})", "a UTF-8 CSV file") from error
    if not names:
        raise InputError(path, "an empty file", "a header line and rows")
    if len(names) == 1 and ";" in names[0]:
        raise InputError(
            f"{path}, line 1",
            "columns separated by ';'",
            "columns separated by ','",
            "Use the file as published, not one saved again by a spreadsheet.",
        )
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise InputError(f"{path}, line 1", f"column {doubled[0]!r} twice", "every column once")
    return names


def shown(names: Sequence[str]) -> str:
    """Column names for a message: short, and in characters that a terminal can print."""
    text = ", ".join(names).encode("unicode_escape").decode()
    return text if len(text) <= WIDTH else f"{text[:WIDTH]} ..."


def read(path: Path, columns: Sequence[str], numeric: Sequence[str], missing: Sequence[str] = ("NA",)) -> pa.Table:
    """Read the named columns of a comma separated UTF-8 file."""
    names = header(path)
    absent = [name for name in columns if name not in names]
    if absent:
        raise InputError(
            f"{path}, line 1",
            f"no column {absent[0]!r} (columns: {shown(names)})",
            f"{list(columns)}",
        )
    types = {name: pa.float64() if name in numeric else pa.string() for name in names}
    try:
        table = pv.read_csv(
            path,
            parse_options=pv.ParseOptions(newlines_in_values=False),
            convert_options=pv.ConvertOptions(
                column_types=types,
                include_columns=list(columns),
                null_values=list(missing),
                strings_can_be_null=False,
                quoted_strings_can_be_null=False,
            ),
        )
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise _first_fault(path, names, numeric, missing, error) from error
    if table.num_rows == 0:
        raise InputError(path, "a header without rows", "rows below the header")
    for name in numeric:
        # Missing values are null here, and null is neither finite nor infinite.
        row = pc.index(pc.is_finite(table[name]), False).as_py() if name in columns else -1
        if row >= 0:
            raise InputError(
                f"{path}, line {row + 2}, column {name!r}", "a value that is not finite", "a finite number"
            )
    return table


def _first_fault(
    path: Path, names: list[str], numeric: Sequence[str], missing: Sequence[str], cause: Exception
) -> InputError:
    """Walk through the file again to name the first line that cannot be read."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file)
            next(rows)
            faults = (_fault_of(f"{path}, line {rows.line_num}", row, names, numeric, missing) for row in rows)
            first = next((fault for fault in faults if fault is not None), None)
    except UnicodeDecodeError:
        return _not_utf8(path)
    except csv.Error as error:
        return InputError(path, f"text that is no CSV ({error})", "a comma separated file")
    return first or InputError(path, str(cause), "a comma separated file")


def _fault_of(
    line: str, row: list[str], names: list[str], numeric: Sequence[str], missing: Sequence[str]
) -> InputError | None:
    """What is wrong with one row; None for nothing."""
    if row and len(row) != len(names):
        return InputError(
            line,
            f"{len(row)} fields",
            f"{len(names)} fields, as in the header",
            "The file may be cut off, or numbers may be written with a decimal comma.",
        )
    for name, value in zip(names, row, strict=False):
        if name in numeric and value not in missing and not _is_number(value):
            hint = "Numbers need a decimal point." if _is_number(value.replace(",", ".")) else ""
            return InputError(f"{line}, column {name!r}", repr(value), f"a number or {list(missing)}", hint)
    return None


def _not_utf8(path: Path) -> InputError:
    """Name the line of the first byte that is not UTF-8; a decoder reads ahead and cannot tell."""
    content = path.read_bytes()
    try:
        content.decode("utf-8")
        line = 1
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
    return InputError(f"{path}, line {line}", "bytes that are not UTF-8 text", "a UTF-8 CSV file")


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return "_" not in value


def as_text(value: object) -> str:
    """A cell as it would stand in a CSV; what is no number stays recognisable as such."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value).strip()
