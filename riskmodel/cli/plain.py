"""Results as plain data, ready for JSON. Imports nothing heavy: tables and arrays are known by their methods."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import date
from pathlib import PurePath
from typing import Any


def plain(value: Any) -> Any:
    """Convert to plain data: only mappings, lists, text, numbers, booleans and None.

    Examples
    --------
    >>> plain({"day": date(2020, 1, 1), "values": (1, float("nan"))})
    {'day': '2020-01-01', 'values': [1, None]}
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, date):
        # NaT is a day that is no day: the only one that differs from itself.
        return value.isoformat() if value == value else None
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, Sequence | set | frozenset):
        return [plain(each) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    if hasattr(value, "to_dict"):
        return plain(value.to_dict("records"))
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    raise TypeError(f"{type(value).__name__} cannot be told as plain data")
