"""The commands of accountability: audit by groups of areas."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import riskmodel
from riskmodel.cli_ingest import WORKSPACE, WorkspaceOption

governance = typer.Typer()


@governance.command()
def audit(
    experiment: Annotated[str, typer.Argument(help="Name of an experiment with a backtest, such as decline-2y.")],
    workspace: WorkspaceOption = WORKSPACE,
    groups: Annotated[
        Path | None,
        typer.Option(
            help="CSV with location, group and, optionally, label: other groups to audit by, for instance by "
            "composition of the population. Used for this audit alone, never stored and never a feature."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write into; by default audits/EXPERIMENT in the workspace.")
    ] = None,
) -> None:
    """Tell who stands on the list and where it is wrong, by urbanity, size, level, income and groups of your own.

    Example: riskmodel audit decline-2y --groups composition.csv --out audit
    """
    from riskmodel.panel.store import Workspace

    done = riskmodel.audit(Workspace(workspace), experiment, groups=groups, out=out)
    typer.echo(done.text)
    for path in done.files:
        typer.echo(path)
