"""Cells of tables as texts; needs nothing but Python itself."""

from __future__ import annotations

from datetime import date, datetime


def as_text(value: object) -> str:
    """A cell as it would stand in a CSV; what is no number stays recognisable as such."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value).strip()
