"""The identity behind a request: an API token, a login that a trusted proxy names, or an anonymous client."""

from __future__ import annotations

import ipaddress
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from riskmodel.web.settings import ROLES, Network, Role, Settings

GROUP_PREFIX = "riskmodel-"
LONGEST_NAME = 200


@dataclass(frozen=True)
class Identity:
    """Who sent a request, and what it may do.

    Attributes
    ----------
    name : str
        ``"token:ID"``, ``"user:NAME"``, or empty without a login.
    role : {"reader", "analyst", "admin"} or None
        None for an identity that may do nothing.
    municipalities : frozenset of str or None
        ``GM`` codes whose own data it may see; None for all.
    ambient : bool
        Whether the browser sends the login by itself, so that other sites could make it do so.
    """

    name: str
    role: Role | None
    municipalities: frozenset[str] | None = frozenset()
    ambient: bool = True

    def at_least(self, role: Role) -> bool:
        """Return whether it has a role or a higher one."""
        return self.role is not None and ROLES.index(self.role) >= ROLES.index(role)

    def sees_own(self, codes: Collection[str]) -> bool:
        """Return whether it may see data that belong to these municipalities only."""
        return self.municipalities is None or set(codes) <= self.municipalities


NOBODY = Identity("", None)
ANYBODY = Identity("", "reader")


def client_address(settings_networks: Sequence[Network], peer: str, forwarded: str) -> str:
    """Return the address of the client: the peer, or what trusted proxies forward for, read from the right.

    Examples
    --------
    >>> proxies = (ipaddress.ip_network("10.0.0.0/8"),)
    >>> client_address(proxies, "10.0.0.1", "1.1.1.1, 2.2.2.2, 10.0.0.7")
    '2.2.2.2'
    >>> client_address(proxies, "3.3.3.3", "1.1.1.1")
    '3.3.3.3'
    """
    address = peer
    for hop in reversed([part.strip() for part in forwarded.split(",") if part.strip()]):
        if not trusted(settings_networks, address):
            break
        try:
            address = str(ipaddress.ip_address(hop))
        except ValueError:
            break
    return address


def trusted(networks: Sequence[Network], address: str) -> bool:
    """Return whether an address is that of a trusted proxy."""
    if not networks:
        return False
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in network for network in networks)


def user_of(settings: Settings, name: str, groups: str) -> Identity:
    """Return the identity in the headers of a trusted proxy.

    Groups are separated by commas: ``riskmodel-analyst``, ``riskmodel-GM0983``. A user sees the own data of the
    municipalities that are named, an admin without any of all. A name with control characters is nobody.
    """
    if not name or len(name) > LONGEST_NAME or not is_clean(name):
        return NOBODY
    named = {
        group.strip().removeprefix(GROUP_PREFIX)
        for group in groups.split(",")
        if group.strip().startswith(GROUP_PREFIX)
    }
    roles = [role for role in ROLES if role in named]
    role = roles[-1] if roles else settings.trusted_role
    bound = frozenset(code for code in named if is_code(code))
    return Identity(f"user:{name}", role, None if role == "admin" and not bound else bound)


def is_code(text: str) -> bool:
    """Return whether a text is a municipality code such as ``GM0983``."""
    return len(text) == 6 and text.startswith("GM") and text[2:].isascii() and text[2:].isdigit()


def is_clean(text: str) -> bool:
    """Return whether a text has no control characters, direction marks or lone surrogates."""
    return not any(unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in text)
