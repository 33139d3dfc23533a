"""What keeps other sites, and other machines, from making a browser do something here; and the audit log."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Engine, insert

from riskmodel.web.access.identity import Identity
from riskmodel.web.database import tables
from riskmodel.web.database.database import as_json, now, secret, writing
from riskmodel.web.settings import LOOPBACK_NAMES

#: Policy of answers that bring none of their own: nothing may run or load, nobody may frame it.
API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
#: Policy of pages: our own style and script, forms to ourselves. Pages with style or script inside have their own
#: policy in the page; both hold.
PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'self'"
)
#: Policy around a list as one file: it brings its own, with hashes, in the page; here only what a page cannot say.
FILE_POLICY = "object-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
HEADERS: dict[str, str] = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
#: Methods that change nothing.
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

COOKIE = "riskmodel_form"
FIELD = "form_token"
_KEY = "form tokens"


def raw_headers() -> list[tuple[bytes, bytes]]:
    """The headers of every answer, as ASGI wants them."""
    return [(name.encode(), value.encode()) for name, value in HEADERS.items()]


def known_host(host: str, allowed: Iterable[str]) -> bool:
    """Whether the service may be reached under the name in a ``Host`` header.

    An address always may: the attack that this keeps off needs a name that somebody else controls.

    Examples
    --------
    >>> [known_host(host, ()) for host in ("127.0.0.1:8000", "[::1]:8000", "localhost", "evil.example")]
    [True, True, True, False]
    """
    name = host_name(host)
    if name is None:
        return False
    allowed = {each.casefold() for each in allowed}
    if "*" in allowed or name in allowed or name in LOOPBACK_NAMES:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def host_name(host: str) -> str | None:
    """The name in a ``Host`` header without its port; None when it is not one."""
    if host.startswith("["):
        bare, closed, rest = host[1:].partition("]")
        colon, port = rest[:1], rest[1:]
        if not closed or colon not in ("", ":"):
            return None
    else:
        bare, colon, port = host.partition(":")
    if not bare or (port and not (port.isascii() and port.isdigit())):
        return None
    if not all(letter.isascii() and (letter.isalnum() or letter in "-._:") for letter in bare):
        return None
    return bare.casefold()


def from_elsewhere(headers: Mapping[str, str]) -> bool:
    """Whether a browser says that another site started a request."""
    site = headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return True
    origin = headers.get("origin") or headers.get("referer")
    if not origin:
        return False
    scheme, _, rest = origin.partition("://")
    return (
        scheme not in ("http", "https") or rest.partition("/")[0].casefold() != headers.get("host", "").casefold()
    )


class Forms:
    """Tokens that tie a form to the browser it was shown to.

    A cookie that other sites' requests do not carry (SameSite=Strict) holds a random value; the form holds a
    keyed hash of that value and of who is logged in. Other sites can neither read nor make it.

    Examples
    --------
    A page::

        value, header = forms.cookie(request.cookies, secure=request.url.scheme == "https")
        form = forms.token(value, identity)           # <input type="hidden" name="form_token" value="...">
        response.headers["set-cookie"] = header       # when there is one

    The route that gets the form::

        forms.check(request.headers, request.cookies, form["form_token"], identity) or raise Problem(403)
    """

    def __init__(self, engine: Engine) -> None:
        self._key = secret(engine, _KEY)

    def cookie(self, cookies: Mapping[str, str], *, secure: bool) -> tuple[str, str | None]:
        """The value of the browser's cookie, and a ``Set-Cookie`` header when it has none yet."""
        held = cookies.get(COOKIE, "")
        if len(held) == 43 and held.isascii() and held.replace("-", "a").replace("_", "a").isalnum():
            return held, None
        value = secrets.token_urlsafe(32)
        return value, f"{COOKIE}={value}; Path=/; HttpOnly; SameSite=Strict" + ("; Secure" if secure else "")

    def token(self, value: str, identity: Identity) -> str:
        """What the form holds, for a cookie and a login."""
        return hmac.new(self._key, f"{value}\n{identity.name}".encode(), hashlib.sha256).hexdigest()

    def check(
        self, headers: Mapping[str, str], cookies: Mapping[str, str], given: str, identity: Identity
    ) -> bool:
        """Whether a form comes from a page of ours, shown to this browser and login."""
        value = cookies.get(COOKIE, "")
        if not value or from_elsewhere(headers):
            return False
        expected = self.token(value, identity).encode()
        return hmac.compare_digest(expected, given.encode("utf-8", "replace"))


def note(engine: Engine, who: str, address: str, action: str, **what: Any) -> None:
    """Write a line in the audit log."""
    with writing(engine) as connection:
        connection.execute(
            insert(tables.audit_log).values(at=now(), who=who, address=address, action=action, what=as_json(what))
        )
