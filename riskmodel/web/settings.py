"""Settings of the service, from the environment and the options of ``riskmodel serve``."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

from riskmodel.errors import InputError

Role = Literal["reader", "analyst", "admin"]
#: Roles; each includes the ones before it.
ROLES: tuple[Role, ...] = get_args(Role)
#: Prefix of a setting in the environment: ``RISKMODEL_ANONYMOUS=no``.
PREFIX = "RISKMODEL_"
#: A path below which a proxy can show the service, as it is written; no address of another site looks like it.
ROOT_PATH = r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~-]*){1,8}"
_YES, _NO = ("1", "yes", "true", "on"), ("0", "no", "false", "off")
#: Names under which a machine reaches itself.
LOOPBACK_NAMES = ("localhost",)

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class Settings:
    """The settings.

    Attributes
    ----------
    workspace : Path
        Folder of the workspace.
    database : str
        Address of the service's own database: ``sqlite:///FILE`` or ``postgresql+psycopg://...``; by default
        ``service.db`` in the workspace.
    anonymous : bool
        Whether official results may be read, and lists made, without a login.
    local_public : bool
        Whether everybody who may read may also read what was made from local sources.
    trusted_header : str
        Header in which an identity-aware proxy names the user; empty for none.
    trusted_groups_header : str
        Header in which it names the user's groups, separated by commas: a role or ``GM`` codes, each after
        ``riskmodel-``.
    trusted_role : str
        Role of users whose groups name none.
    trusted_proxies : tuple of str
        Addresses or networks of those proxies; headers from elsewhere are ignored.
    allowed_hosts : tuple of str
        Host names of the service, beside addresses and localhost; ``*`` for any.
    root_path : str
        Path below which a proxy shows the service, such as ``/risico``; the trusted ones may send another in
        ``X-Forwarded-Prefix``.
    requests_per_minute : int
        For one address or login; 0 for no limit.
    wrong_tokens_per_minute : int
        Unknown tokens of one address that are looked up.
    max_body_bytes : int
        Largest body of a request that is no upload.
    max_upload_bytes, max_upload_rows : int
        Largest uploaded file.
    request_timeout : float
        Seconds for one answer.
    makers : int
        Lists that are made at the same time.
    cache_bytes : int
        Memory for files of lists.
    kept_bytes : int
        Disk for files of lists that were given to somebody.
    refresh_seconds : float
        How often the service looks for another champion or a newer forecast.
    job_workers : int
        Background jobs that run at the same time.
    """

    workspace: Path
    database: str = ""
    anonymous: bool = True
    local_public: bool = False
    trusted_header: str = ""
    trusted_groups_header: str = ""
    trusted_role: Role = "reader"
    trusted_proxies: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    root_path: str = ""
    requests_per_minute: int = 600
    wrong_tokens_per_minute: int = 10
    max_body_bytes: int = 64 * 1024
    max_upload_bytes: int = 50 * 1024 * 1024
    max_upload_rows: int = 1_000_000
    request_timeout: float = 120.0
    makers: int = 2
    cache_bytes: int = 256 * 1024 * 1024
    kept_bytes: int = 5 * 1024**3
    refresh_seconds: float = 5.0
    job_workers: int = 1

    def __post_init__(self) -> None:
        if self.trusted_role not in ROLES:
            raise InputError("trusted_role", repr(self.trusted_role), f"one of {', '.join(ROLES)}")
        if self.trusted_header and not self.trusted_proxies:
            raise InputError(
                "trusted_header",
                "no addresses that may send it",
                "trusted_proxies",
                "Anybody could claim to be anybody: name the address of the proxy.",
            )
        if self.root_path and not re.fullmatch(ROOT_PATH, self.root_path):
            raise InputError("root_path", repr(self.root_path), "a path such as /risico, without / at its end")
        self.networks  # noqa: B018  (an error now rather than at the first request)
        for name in ("request_timeout", "refresh_seconds"):
            if not getattr(self, name) > 0:
                raise InputError(name, str(getattr(self, name)), "more than 0 seconds")
        for name in ("makers", "max_body_bytes", "max_upload_bytes", "max_upload_rows", "job_workers"):
            if getattr(self, name) < 1:
                raise InputError(name, str(getattr(self, name)), "at least 1")

    @property
    def networks(self) -> tuple[Network, ...]:
        """Networks of the trusted proxies."""
        return tuple(_network(text) for text in self.trusted_proxies)

    @property
    def database_url(self) -> str:
        """Address of the database."""
        return self.database or f"sqlite:///{(self.workspace / 'service.db').resolve()}"

    @property
    def folder(self) -> Path:
        """Folder of the service's own files."""
        return self.workspace / "service"


def read_settings(environment: Mapping[str, str], **given: Any) -> Settings:
    """Return the settings in the environment, with options that override them.

    Examples
    --------
    >>> read_settings({"RISKMODEL_ANONYMOUS": "no", "RISKMODEL_WORKSPACE": "w"}).anonymous
    False
    """
    found: dict[str, Any] = {"workspace": Path("workspace")}
    for field in fields(Settings):
        text = environment.get(PREFIX + field.name.upper())
        if text is not None:
            found[field.name] = _parsed(field.name, str(field.type), text.strip())
    return Settings(**(found | {name: value for name, value in given.items() if value is not None}))


def _parsed(name: str, kind: str, text: str) -> Any:
    where = PREFIX + name.upper()
    if kind == "bool":
        if text.casefold() not in _YES + _NO:
            raise InputError(where, repr(text), "yes or no")
        return text.casefold() in _YES
    if kind in ("int", "float"):
        try:
            return int(text) if kind == "int" else float(text)
        except ValueError as error:
            raise InputError(where, repr(text), "a number") from error
    if kind.startswith("tuple"):
        return tuple(part.strip() for part in text.split(",") if part.strip())
    return Path(text) if kind == "Path" else text


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise InputError("trusted_proxies", repr(text), "an address or network such as 10.0.0.0/8") from error
