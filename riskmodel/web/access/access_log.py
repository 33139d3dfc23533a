"""The access log: who did what, when, and from which address."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Insert, insert

from riskmodel.web.database import tables
from riskmodel.web.database.database import as_json, now


def log_access(connection: Connection, who: str, address: str, action: str, **what: Any) -> None:
    """Write a line within the transaction of the action itself, so that both are stored or neither.

    ``who`` is the name of an identity, empty without a login; ``what`` holds values that JSON knows.
    """
    connection.execute(access_line(who, address, action, **what))


def access_line(who: str, address: str, action: str, **what: Any) -> Insert:
    """Return the statement that writes a line of this moment, as :func:`log_access` does."""
    return insert(tables.access_log).values(at=now(), who=who, address=address, action=action, what=as_json(what))
