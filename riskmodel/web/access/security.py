"""Protection against other sites that use a reader's browser: headers, host names and origins of requests."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping

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


def known_host(host: str, allowed: Iterable[str]) -> bool:
    """Return whether the service may be reached under the name in a ``Host`` header.

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
    """Return the name in a ``Host`` header without its port; None when it is not one."""
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


def from_other_origin(headers: Mapping[str, str], *, browser: bool) -> bool:
    """Return whether another site made a browser send a request that changes something.

    Headers have names in lower case. Every browser in use sends ``Sec-Fetch-Site``, ``Origin`` or both with such a
    request, and no script can set them. Without either the request comes from a program, which no other site can
    steer; where only a ``browser`` has business, it is refused too. See ``docs/security.md``.

    Examples
    --------
    >>> host = {"host": "risk.example"}
    >>> from_other_origin({**host, "origin": "https://risk.example"}, browser=True)
    False
    >>> from_other_origin({**host, "sec-fetch-site": "same-site"}, browser=True)
    True
    >>> from_other_origin(host, browser=True), from_other_origin(host, browser=False)
    (True, False)
    """
    site = headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return True
    origin = headers.get("origin") or headers.get("referer")
    if not origin:
        return browser and site is None
    scheme, _, rest = origin.partition("://")
    # Not the scheme: behind a proxy that ends TLS, the service itself is asked over plain HTTP.
    return (
        scheme not in ("http", "https") or rest.partition("/")[0].casefold() != headers.get("host", "").casefold()
    )
