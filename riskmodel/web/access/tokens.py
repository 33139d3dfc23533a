"""API tokens: made, listed, revoked and looked up.

A token is ``rm_ID_SECRET``: the id finds its row, the secret is 256 random bits of which only the SHA-256 is kept.
There is nothing to guess in so many bits, so a slow hash would only slow down the service.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, insert, select, update

from riskmodel.errors import InputError
from riskmodel.web.access.identity import LONGEST_NAME, Identity, is_clean, is_code
from riskmodel.web.database import tables
from riskmodel.web.database.database import as_json, now, reading, writing
from riskmodel.web.settings import ROLES, Role

#: Seconds for which a token that was looked up is believed: this long a revoked one goes on working.
BELIEVED = 2.0
#: Seconds between two notes of when a token was used.
NOTED = 60.0
#: More known tokens than this are not kept in memory.
MOST = 10_000
_NOTHING = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True)
class Token:
    """A token without its secret.

    Attributes
    ----------
    id, label, created_at : str
        Its name, what it is for, and since when it exists.
    role : {"reader", "analyst", "admin"}
        What it may do.
    municipalities : tuple of str or None
        ``GM`` codes it is bound to; None for all.
    revoked_at, last_used_at : str or None
        Moments; the last use is kept to the minute.
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
    """Make a token; its text is returned once and cannot be shown again."""
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
    return f"rm_{identity}_{hidden}", next(each for each in list_tokens(engine) if each.id == identity)


def list_tokens(engine: Engine) -> list[Token]:
    """All tokens, oldest first, revoked ones too."""
    with reading(engine) as connection:
        rows = connection.execute(select(tables.tokens).order_by(tables.tokens.c.created_at, tables.tokens.c.id))
        return [_token(dict(row._mapping)) for row in rows]


def revoke_token(engine: Engine, identity: str) -> Token:
    """Make a token worthless, at once for new requests but for :data:`BELIEVED` seconds."""
    column = tables.tokens.c
    with writing(engine) as connection:
        connection.execute(
            update(tables.tokens)
            .where(column.id == identity, column.revoked_at.is_(None))
            .values(revoked_at=now())
        )
    found = [each for each in list_tokens(engine) if each.id == identity]
    if not found:
        raise InputError("token", repr(identity), "the id of a token", "See: riskmodel token list")
    return found[0]


class Tokens:
    """Looks tokens up, and remembers for a moment what it found."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[str, tuple[float, Identity | None]] = {}

    def remembered(self, text: str) -> tuple[bool, Identity | None]:
        """Whether an answer for this text is fresh, and that answer."""
        at, identity = self._known.get(_hash(text), (-BELIEVED, None))
        return time.monotonic() - at < BELIEVED, identity

    def look_up(self, text: str) -> Identity | None:
        """Who a token stands for; None for a wrong or revoked one."""
        identity, hidden = _parts(text)
        with reading(self._engine) as connection:
            row = connection.execute(select(tables.tokens).where(tables.tokens.c.id == identity)).first()
        kept = _NOTHING if row is None else str(row.hash)
        right = hmac.compare_digest(_hash(hidden), kept) and row is not None and row.revoked_at is None
        if not right or row is None:
            return None
        token = _token(dict(row._mapping))
        self._note_use(token)
        bound = None if token.municipalities is None else frozenset(token.municipalities)
        found = Identity(f"token:{token.id}", token.role, bound, ambient=False)
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[_hash(text)] = (time.monotonic(), found)
        return found

    def _note_use(self, token: Token) -> None:
        moment = now()
        if token.last_used_at is not None and _seconds(moment) - _seconds(token.last_used_at) < NOTED:
            return
        with writing(self._engine) as connection:
            connection.execute(
                update(tables.tokens).where(tables.tokens.c.id == token.id).values(last_used_at=moment)
            )


def _parts(text: str) -> tuple[str, str]:
    kind, _, rest = text.partition("_")
    identity, _, hidden = rest.partition("_")
    whole = kind == "rm" and identity.isascii() and identity.isalnum() and bool(hidden)
    return (identity, hidden) if whole else ("", "")


def _token(row: dict[str, Any]) -> Token:
    bound = row["municipalities"]
    kept = {key: row[key] for key in ("id", "role", "label", "created_at", "revoked_at", "last_used_at")}
    return Token(**kept, municipalities=None if bound is None else tuple(json.loads(str(bound))))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()
