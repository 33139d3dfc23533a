"""API tokens: create, list, revoke and verify them.

A token is ``rm_ID_SECRET``: the id finds its row, the secret is 256 random bits of which only the SHA-256 is
stored. So many random bits cannot be guessed, and a slow hash would only slow down the service.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cachetools import TTLCache
from sqlalchemy import Engine, insert, select, update

from riskmodel.errors import InputError
from riskmodel.web.access.identity import LONGEST_NAME, Identity, is_clean, is_code
from riskmodel.web.cache import SharedCache
from riskmodel.web.database import tables
from riskmodel.web.database.behind import WriteBehind
from riskmodel.web.database.database import as_json, now, reading, row_of, writing
from riskmodel.web.settings import ROLES, Role

#: Seconds for which a verified token is cached: this long a revoked one goes on working.
CACHED = 2.0
#: Seconds between two updates of when a token was last used.
LAST_USED = 60.0
#: Most verified tokens in memory.
MOST = 10_000
_NOTHING = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True)
class Token:
    """A token without its secret.

    Attributes
    ----------
    id, label, created_at : str
        Its id, its holder and purpose, and when it was made.
    municipalities : tuple of str or None
        ``GM`` codes it is bound to; None for all.
    revoked_at, last_used_at : str or None
        Moments; the last use to the minute.
    """

    id: str
    role: Role
    municipalities: tuple[str, ...] | None
    label: str
    created_at: str
    revoked_at: str | None
    last_used_at: str | None


def create_token(
    engine: Engine, role: Role, label: str, municipalities: Sequence[str] | None = None
) -> tuple[str, Token]:
    """Create a token; return its text, which cannot be shown again, and its row."""
    if role not in ROLES:
        raise InputError("--role", repr(role), f"one of {', '.join(ROLES)}")
    if not label.strip() or len(label) > LONGEST_NAME or not is_clean(label):
        raise InputError("--label", repr(label[:LONGEST_NAME]), f"1 to {LONGEST_NAME} plain characters")
    wrong = [code for code in municipalities or () if not is_code(code)]
    if wrong:
        raise InputError("--municipality", repr(wrong[0]), "a code such as GM0983")
    if municipalities is not None and not municipalities:
        raise InputError("--municipality", "none", "at least one code, or no binding at all")
    identity, hidden = secrets.token_hex(6), secrets.token_urlsafe(32)
    bound = None if municipalities is None else sorted(set(municipalities))
    with writing(engine) as connection:
        connection.execute(
            insert(tables.tokens).values(
                id=identity,
                hash=_hash(hidden),
                role=role,
                municipalities=None if bound is None else as_json(bound),
                label=label.strip(),
                created_at=now(),
            )
        )
    return f"rm_{identity}_{hidden}", _find(engine, identity)


def list_tokens(engine: Engine) -> list[Token]:
    """Return all tokens, oldest first, revoked ones too."""
    with reading(engine) as connection:
        rows = connection.execute(select(tables.tokens).order_by(tables.tokens.c.created_at, tables.tokens.c.id))
        return [_token(dict(row)) for row in rows.mappings()]


def revoke_token(engine: Engine, identity: str) -> Token:
    """Revoke a token: it is refused at once, or after :data:`CACHED` seconds if it was just used."""
    column = tables.tokens.c
    with writing(engine) as connection:
        connection.execute(
            update(tables.tokens)
            .where(column.id == identity, column.revoked_at.is_(None))
            .values(revoked_at=now())
        )
    return _find(engine, identity)


def _find(engine: Engine, identity: str) -> Token:
    row = row_of(engine, tables.tokens, tables.tokens.c.id == identity)
    if row is None:
        raise InputError("token", repr(identity), "the id of a token", "See: riskmodel token list")
    return _token(row)


class Tokens:
    """Verifies tokens, with a short-lived cache of the valid ones."""

    def __init__(self, engine: Engine, behind: WriteBehind) -> None:
        self._engine, self._behind = engine, behind
        self._known: SharedCache[str, Identity] = SharedCache(TTLCache(MOST, CACHED))

    def cached(self, text: str) -> Identity | None:
        """Return the identity of a token that was verified a moment ago; None for any other text."""
        return self._known.get(_hash(text))

    def look_up(self, text: str) -> Identity | None:
        """Return the identity of a token; None for a wrong or revoked one."""
        identity, hidden = _parts(text)
        row = row_of(self._engine, tables.tokens, tables.tokens.c.id == identity)
        stored = _NOTHING if row is None else str(row["hash"])
        # Compared also where there is no such token, so that both take the same time.
        right = hmac.compare_digest(_hash(hidden), stored)
        if not right or row is None or row["revoked_at"] is not None:
            return None
        token = _token(row)
        self._note_use(token)
        bound = None if token.municipalities is None else frozenset(token.municipalities)
        found = Identity(f"token:{token.id}", token.role, bound, ambient=False)
        self._known.put(_hash(text), found)
        return found

    def _note_use(self, token: Token) -> None:
        moment = now()
        if token.last_used_at is not None and _seconds(moment) - _seconds(token.last_used_at) < LAST_USED:
            return
        used = update(tables.tokens).where(tables.tokens.c.id == token.id).values(last_used_at=moment)
        self._behind.put(("token", token.id), used)


def _parts(text: str) -> tuple[str, str]:
    kind, _, rest = text.partition("_")
    identity, _, hidden = rest.partition("_")
    whole = kind == "rm" and identity.isascii() and identity.isalnum() and bool(hidden)
    return (identity, hidden) if whole else ("", "")


def _token(row: dict[str, Any]) -> Token:
    bound = row["municipalities"]
    columns = {name: row[name] for name in Token.__dataclass_fields__}
    return Token(**columns | {"municipalities": None if bound is None else tuple(json.loads(str(bound)))})


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
