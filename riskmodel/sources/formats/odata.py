"""Answers of OData services saved as JSON: the answer itself, or its list of records."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from riskmodel.errors import InputError
from riskmodel.sources.formats.delimited import decode
from riskmodel.sources.formats.tables import Cell, Row, Table, as_text, from_rows


def read_odata(path: Path, content: bytes) -> Table[Sequence[Cell]]:
    """The table of an OData answer, every cell as text."""
    text = decode(path, content)
    try:
        answer = json.loads(text)
    except json.JSONDecodeError as error:
        where, hint = f"{path}, line {error.lineno}", "The file may be cut off."
        raise InputError(where, f"text that is no JSON ({error.msg})", "an OData answer", hint) from error
    except (RecursionError, ValueError) as error:
        raise InputError(path, "JSON that cannot be read", "an OData answer") from error
    whole: dict[str, Any] = answer if isinstance(answer, dict) else {"value": answer}
    records = whole.get("value")
    if not isinstance(records, list) or not records or not all(isinstance(each, dict) for each in records):
        raise InputError(path, "JSON without records", "an OData answer with a list 'value' of records")
    names = list(records[0])
    for number, record in enumerate(records, 1):
        if record.keys() != records[0].keys():
            odd = sorted(record.keys() ^ records[0].keys())[0][:160]
            raise InputError(f"{path}, record {number}", f"other fields ({odd})", "those of the first record")

    def rows() -> list[Row]:
        return [(number, [as_text(record[name]) for name in names]) for number, record in enumerate(records, 1)]

    clue, more = str(whole.get("odata.metadata", "")), "odata.nextLink" in whole
    return from_rows(path, names, rows, "record", clue=clue, continues=more)
