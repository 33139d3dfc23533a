"""The commands that keep a workspace: make something again, and take files for good."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskmodel.cli_ingest import WORKSPACE, WorkspaceOption
from riskmodel.cli_output import ACCOUNT

keep = typer.Typer()


@keep.command(rich_help_panel=ACCOUNT)
def reproduce(
    identity: Annotated[
        str, typer.Argument(metavar="ID", help="Of a forecast, list or model; a backtest's name.")
    ],
    workspace: WorkspaceOption = WORKSPACE,
) -> None:
    """Make a stored forecast, backtest, list or model again and compare it bit by bit.

    Nothing is written. The exit code is 1 when anything differs.

    Example: riskmodel reproduce 2020-0a1b2c3d4e
    """
    from riskmodel.panel.store import Workspace
    from riskmodel.reproducing import reproduce as again

    found = again(Workspace(workspace), identity)
    for name in found.same:
        typer.echo(f"  same     {name}")
    for name in found.differs:
        typer.echo(f"  DIFFERS  {name}")
    for note in found.notes:
        typer.echo(f"  note     {note}")
    typer.echo(f"{found.kind} {found.id}: {'differs' if found.differs else 'the same to the last bit'}")
    raise typer.Exit(1 if found.differs else 0)


@keep.command(rich_help_panel=ACCOUNT)
def adopt(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files or folders in the workspace; by default everything.")
    ] = None,
    workspace: WorkspaceOption = WORKSPACE,
    anew: Annotated[bool, typer.Option("--anew", help="Begin a new manifest: the old one is damaged.")] = False,
) -> None:
    """Take files for good as they stand now, or as gone; needed once after changing any by hand.

    Also brings a workspace of an earlier riskmodel to this format. What can be checked is checked first.

    Example: riskmodel adopt observations/police-offences_wijk_2022.parquet
    """
    from riskmodel.keeping import adopt as take
    from riskmodel.panel.store import Workspace

    changed = take(Workspace(workspace), paths or [], anew=anew)
    for name in changed:
        typer.echo(f"  {name}")
    typer.echo(f"{len(changed)} noted otherwise than before")
