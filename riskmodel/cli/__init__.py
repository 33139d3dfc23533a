"""The ``riskmodel`` program: one module a group of commands, each a few lines over the call of its name."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import riskmodel
from riskmodel.cli.account import accounting
from riskmodel.cli.future import future
from riskmodel.cli.ingest import ingest
from riskmodel.cli.lists import lists, outcomes
from riskmodel.cli.output import PANELS, READ, USE, set_quiet
from riskmodel.cli.present import present
from riskmodel.cli.read import getting, looking
from riskmodel.cli.serve import serving, tokens
from riskmodel.cli.start import show_status, starting
from riskmodel.errors import InputError, missing_openmp
from riskmodel.workspace.atomic import report_disk_trouble


class InOrder(TyperGroup):
    """A group that lists commands in the order in which they are used, not in that of the modules."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names of the commands."""
        panels = {name: getattr(command, "rich_help_panel", None) for name, command in self.commands.items()}
        return sorted(panels, key=lambda name: PANELS.index(panels[name]))


app = typer.Typer(
    cls=InOrder,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
app.add_typer(starting)
app.add_typer(getting)
app.add_typer(ingest, name="ingest", rich_help_panel=READ)
app.add_typer(looking)
app.add_typer(present)
app.add_typer(future)
app.add_typer(lists)
app.add_typer(outcomes, name="outcomes", rich_help_panel=USE)
app.add_typer(serving)
app.add_typer(tokens, name="token", rich_help_panel=USE)
app.add_typer(accounting)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"riskmodel {riskmodel.__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No moving bars and no remarks; results and errors only.")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Which Dutch neighbourhoods threaten to decline, why, and how sure.

    Without a command: where this workspace stands, and what comes next.
    """
    set_quiet(quiet)
    if context.invoked_subcommand is None:
        show_status(None)


def main() -> None:
    """Run the program; bad input ends with one message and exit code 2, and so does a full disk."""
    try:
        # Atomic writers report so themselves; this is for whatever else needs a disk, such as temporary files.
        with report_disk_trouble("a temporary file"):
            app()
    except (InputError, OSError) as error:
        message = error if isinstance(error, InputError) else missing_openmp(error)
        if message is None:
            raise
        typer.echo(f"riskmodel: {message}", err=True)
        sys.exit(2)
