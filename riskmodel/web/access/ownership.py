"""Whose an upload or a job is, and who may see it: its owner, and administrators of its municipality."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, false, insert, or_, true

from riskmodel.web.access.identity import Identity
from riskmodel.web.database import tables
from riskmodel.web.database.database import as_json, now
from riskmodel.web.problems import Problem


def municipality_for(identity: Identity, asked: str | None) -> str:
    """The municipality that something made by somebody belongs to; empty for the organisation itself."""
    bound = identity.municipalities
    if asked is not None:
        if bound is not None and asked not in bound:
            raise Problem(403, "This login does not belong to that municipality.")
        return asked
    if bound is None or not bound:
        return ""
    if len(bound) > 1:
        raise Problem(422, f"Name the municipality it belongs to: one of {', '.join(sorted(bound))}.")
    return next(iter(bound))


def visible_to(identity: Identity, table: Table) -> ColumnElement[bool]:
    """The rows of a table that somebody may see.

    A login that no longer belongs to the municipality does not see what it uploaded for it either.
    """
    if not identity.name:
        return false()
    column, bound = table.c, identity.municipalities
    within = true() if bound is None else column.municipality.in_(sorted(bound))
    own = and_(column.who == identity.name, or_(column.municipality == "", within))
    return or_(own, within) if identity.at_least("admin") else own


def noted(connection: Connection, identity: Identity, address: str, action: str, **what: Any) -> None:
    """Write a line in the audit log within the transaction of what it tells of: both or neither."""
    connection.execute(
        insert(tables.audit_log).values(
            at=now(), who=identity.name, address=address, action=action, what=as_json(what)
        )
    )


def from_json(text: str | None) -> dict[str, Any]:
    """A JSON object that was kept as text; empty where there is none."""
    found = json.loads(text or "{}")
    assert isinstance(found, dict)
    return found
