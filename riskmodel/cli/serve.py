"""``riskmodel serve`` and ``riskmodel token``: the web service and who may use it."""

from __future__ import annotations

import ipaddress
import logging
import os
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from riskmodel.cli import complete
from riskmodel.cli.options import WORKSPACE, WorkspaceOption
from riskmodel.cli.output import USE, JsonOption, remark, show
from riskmodel.errors import InputError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from riskmodel.web.access.tokens import Token
    from riskmodel.web.settings import Settings

serving = typer.Typer()
tokens = typer.Typer(no_args_is_help=True, help="API tokens: who may ask the service what.")

#: Needed by the service and by nothing else.
LIBRARIES = ("fastapi", "uvicorn", "prometheus_client", "python_multipart")
DatabaseOption = Annotated[
    str | None,
    typer.Option(
        envvar="RISKMODEL_DATABASE",
        help="Database of the service: sqlite:///FILE or postgresql+psycopg://...; by default in the workspace.",
    ),
]
LIMIT = 1000


@serving.command(rich_help_panel=USE)
def serve(
    workspace: WorkspaceOption = WORKSPACE,
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 for all of this machine.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8000,
    database: DatabaseOption = None,
    anonymous: Annotated[
        bool | None,
        typer.Option(
            "--anonymous/--no-anonymous", help="Whether anybody may read without a login; by default so."
        ),
    ] = None,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(help="Name under which the service is reached; may be repeated; * for any."),
    ] = None,
    root_path: Annotated[
        str | None,
        typer.Option(help="Path below which a proxy shows the service, such as /risico; by default none."),
    ] = None,
) -> None:
    """Serve pages and API from a workspace; everything else is set by RISKMODEL_... in the environment.

    Example: riskmodel serve --workspace workspace --port 8000
    """
    _require()
    import uvicorn

    from riskmodel.web.app import create_app
    from riskmodel.web.settings import read_settings

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = read_settings(
        os.environ,
        workspace=workspace,
        database=database,
        anonymous=anonymous,
        allowed_hosts=tuple(allowed_host) if allowed_host else None,
        root_path=root_path,
    )
    _check_names(host, settings)
    app = create_app(settings)
    typer.echo(f"http://{f'[{host}]' if ':' in host else host}:{port}{settings.root_path}")
    # The service finds the address of a client itself, from the proxies that were named; no header names it.
    uvicorn.run(
        app,
        host=host,
        port=port,
        proxy_headers=False,
        server_header=False,
        access_log=False,
        limit_concurrency=LIMIT,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=20,
        log_config=None,
    )


@tokens.command("create")
def create(
    label: Annotated[str, typer.Option(help="Who has the token and what for, for instance 'Venlo, dashboard'.")],
    role: Annotated[
        str, typer.Option(help="What it may do: reader, analyst or admin.", autocompletion=complete.roles)
    ] = "reader",
    municipality: Annotated[
        list[str] | None,
        typer.Option(help="GM code whose own data it may see; may be repeated; by default all."),
    ] = None,
    workspace: WorkspaceOption = WORKSPACE,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a token; it is shown once.

    Example: riskmodel token create --label "Venlo, dashboard" --role reader --municipality GM0983
    """
    from riskmodel.web.access.access_log import log_access
    from riskmodel.web.access.tokens import create_token
    from riskmodel.web.database.database import writing

    engine = _engine(workspace, database)
    text, token = create_token(engine, _role(role), label, municipality or None)
    with writing(engine) as connection:
        log_access(connection, "command line", "", "token create", token=token.id, role=token.role)
    show(as_json, lambda: {"token": text, **asdict(token)}, lambda: text)
    remark(f"token {token.id} ({token.role}); it is not shown again")


@tokens.command("list")
def list_them(
    workspace: WorkspaceOption = WORKSPACE, database: DatabaseOption = None, as_json: JsonOption = False
) -> None:
    """Show all tokens, without their secrets.

    Example: riskmodel token list
    """
    from riskmodel.web.access.tokens import list_tokens

    found = list_tokens(_engine(workspace, database))
    show(as_json, lambda: found, lambda: "\n".join(map(_token_line, found)) or "no tokens yet")


@tokens.command("revoke")
def revoke(
    identity: Annotated[str, typer.Argument(help="Id of the token: the part between rm_ and the next _.")],
    workspace: WorkspaceOption = WORKSPACE,
    database: DatabaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a token worthless, from now on.

    Example: riskmodel token revoke 0a1b2c3d4e5f
    """
    from riskmodel.web.access.access_log import log_access
    from riskmodel.web.access.tokens import revoke_token
    from riskmodel.web.database.database import writing

    engine = _engine(workspace, database)
    token = revoke_token(engine, identity)
    with writing(engine) as connection:
        log_access(connection, "command line", "", "token revoke", token=token.id)
    show(as_json, lambda: token, lambda: f"token {token.id} revoked {token.revoked_at}")


def _token_line(token: Token) -> str:
    bound = "all" if token.municipalities is None else ",".join(token.municipalities)
    state = f"revoked {token.revoked_at}" if token.revoked_at else f"last used {token.last_used_at or 'never'}"
    return f"{token.id}  {token.role:8}  {bound:10}  {token.created_at}  {state}  {token.label}"


def _engine(workspace: Path, database: str | None) -> Engine:
    _require()
    from riskmodel.web.database.database import connect, upgrade
    from riskmodel.web.settings import read_settings

    settings = read_settings(os.environ, workspace=workspace, database=database)
    if not settings.workspace.is_dir():
        raise InputError(settings.workspace, "no folder", "a workspace")
    engine = connect(settings.database_url)
    upgrade(engine)
    return engine


def _role(text: str) -> Any:
    from riskmodel.web.settings import ROLES

    if text not in ROLES:
        raise InputError("--role", repr(text), f"one of {', '.join(ROLES)}")
    return text


def _check_names(host: str, settings: Settings) -> None:
    """Whoever listens beyond this machine says under which names, or the service would answer to any."""
    try:
        inside = ipaddress.ip_address(host).is_loopback
    except ValueError:
        inside = host == "localhost"
    if not inside and not settings.allowed_hosts:
        typer.echo(
            "reached by its address only: name the service with --allowed-host or RISKMODEL_ALLOWED_HOSTS",
            err=True,
        )


def _require() -> None:
    missing = [name for name in LIBRARIES if find_spec(name) is None]
    if missing:
        raise InputError(
            "this installation", f"no {', '.join(missing)}", "the libraries of the service",
            "Install them with: pip install 'riskmodel[web]'",
        )  # fmt: skip
