"""Ownership of uploads and jobs: seen by their owner, and by administrators of their municipality."""

from __future__ import annotations

from sqlalchemy import ColumnElement, Table, and_, false, or_, true

from riskmodel.web.access.identity import Identity
from riskmodel.web.problems import Problem


def owner_municipality(identity: Identity, asked: str | None) -> str:
    """Return the ``GM`` code that owns what somebody makes; empty for the organisation itself.

    A problem with status 403 for another municipality than one's own, 422 for a login of several that names none.
    """
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
    """Return the condition for the rows that somebody may see, in a table with ``who`` and ``municipality``.

    A login that no longer belongs to the municipality does not see what it uploaded for it either.
    """
    if not identity.name:
        return false()
    column, bound = table.c, identity.municipalities
    within = true() if bound is None else column.municipality.in_(sorted(bound))
    own = and_(column.who == identity.name, or_(column.municipality == "", within))
    return or_(own, within) if identity.at_least("admin") else own
