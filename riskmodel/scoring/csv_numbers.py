"""How a CSV file writes its numbers, settled by all its rows before the first is scored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from riskmodel.errors import InputError
from riskmodel.scoring.csv_records import Records, read_records
from riskmodel.sources.formats.numbers import OTHER, SIGNS, UNGROUPED, Doubt, Evidence, NumberFormat

#: Rows that are looked at together.
ROWS = 512


def settle_numbers(path: Path, index: Records, columns: Sequence[str]) -> tuple[NumberFormat, tuple[str, ...]]:
    """The format of the numbers in some columns, and what was taken where a number can be two."""
    # A comma outside quotation marks ends a cell: the first decimal point settles the rest.
    no_commas = index.delimiter == "," and not index.quoted
    evidence = Evidence()
    for batch in _batches(path, index, columns):
        for name in columns:
            _add(evidence, name, pc.utf8_trim_whitespace(batch.column(name)))
        if no_commas and evidence.decimal:
            break
    form = evidence.number_format()
    if isinstance(form, Doubt):
        raise form.refusal(f"{path}, column {form.column!r}")
    taken = {name: text for (name, sign), text in evidence.grouped.items() if sign == form.thousands}
    return form, tuple(form.note(name, [text]) for name, text in taken.items())


def _batches(path: Path, index: Records, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    for start, end, *_ in index.stretches if columns else ():
        try:
            yield from read_records(path, start, end, columns, lambda row: "skip").to_batches(ROWS)
        except (pa.ArrowException, OSError) as error:
            raise InputError(path, f"rows that cannot be read ({error})", "a whole file") from error


def _add(evidence: Evidence, column: str, texts: Any) -> None:
    """Add the texts of a column that say something new: most say again what the decimal sign is."""
    for sign in [OTHER[known] for known in evidence.decimal] or SIGNS:
        evidence.add(column, texts.filter(pc.match_substring(texts, sign)).to_pylist())
    if column not in evidence.ungrouped:
        found = pc.index(pc.match_substring_regex(texts, f"^(?:{UNGROUPED})$"), True).as_py()
        evidence.add(column, [] if found < 0 else [texts[found].as_py()])
