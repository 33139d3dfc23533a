"""The commands that keep a workspace: make something again, and take files for good."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskmodel.cli.options import WORKSPACE, WorkspaceOption
from riskmodel.cli.output import ACCOUNT, JsonOption, show, working

keep = typer.Typer()


@keep.command(rich_help_panel=ACCOUNT)
def reproduce(
    identity: Annotated[
        str, typer.Argument(metavar="ID", help="Id of a forecast, list or model, or the experiment of a backtest.")
    ],
    workspace: WorkspaceOption = WORKSPACE,
    as_json: JsonOption = False,
) -> None:
    """Make a stored forecast, backtest, list or model again and compare it bit by bit.

    Nothing is written. The exit code is 1 when anything differs.

    Example: riskmodel reproduce 2020-0a1b2c3d4e
    """
    from riskmodel.cli.json_results import reproduce_result
    from riskmodel.cli.text import reproduce_text
    from riskmodel.workflow.reproduce import reproduce as again
    from riskmodel.workspace.store import Workspace

    with working("making it again"):
        found = again(Workspace(workspace), identity)
    show(as_json, lambda: reproduce_result(found), lambda: reproduce_text(found))
    raise typer.Exit(1 if found.differs else 0)


@keep.command(rich_help_panel=ACCOUNT)
def adopt(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files or folders in the workspace; by default everything.")
    ] = None,
    workspace: WorkspaceOption = WORKSPACE,
    anew: Annotated[
        bool, typer.Option("--anew", help="Begin a new manifest, because the old one is damaged.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Take files for good as they stand now, or as gone; needed once after changing any by hand.

    Also brings a workspace of an earlier riskmodel to this format. What can be checked is checked first.

    Example: riskmodel adopt observations/police-offences_wijk_2022.parquet
    """
    from riskmodel.workspace.store import Workspace
    from riskmodel.workspace.transaction import adopt as take

    with working("looking at the files"):
        changed = take(Workspace(workspace), paths or [], anew=anew)
    told = f"{len(changed)} noted otherwise than before"
    show(as_json, lambda: {"changed": changed}, lambda: "\n".join([*(f"  {name}" for name in changed), told]))
