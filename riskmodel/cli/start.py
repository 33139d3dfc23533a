"""Commands to begin with: an invented country to try, and the status of a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from riskmodel.cli.output import BEGIN, JsonOption, show, working
from riskmodel.cli.text import demo_text, status_text
from riskmodel.workflow.status import default_workspace, status_of, workspace_option

starting = typer.Typer()


@starting.command(rich_help_panel=BEGIN)
def example(
    folder: Annotated[Path, typer.Argument(help="Folder to write the files into.")],
    areas: Annotated[int, typer.Option(help="How many areas to invent.")] = 1200,
    seed: Annotated[int, typer.Option(help="Any whole number; another seed, another country.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Write the files of an invented country, in the formats as published.

    Example: riskmodel example demo/files
    """
    from riskmodel.workflow.example import write_example

    files = write_example(folder, n_areas=areas, seed=seed)
    paths = [files.leefbaarometer, *files.kwb, files.boundaries]
    show(as_json, lambda: {"files": paths}, lambda: "\n".join(map(str, paths)))


@starting.command(rich_help_panel=BEGIN)
def demo(
    folder: Annotated[Path, typer.Argument(help="New folder for files, workspace and list.")] = Path("demo"),
    areas: Annotated[int, typer.Option(help="How many areas to invent.")] = 1200,
    as_json: JsonOption = False,
) -> None:
    """Go the whole way on an invented country, from files to a finished risk list.

    Example: riskmodel demo
    """
    from riskmodel.workflow.demo import run_demo

    with working("inventing a country") as progress:
        done = run_demo(folder, areas=areas, progress=progress)
    show(as_json, lambda: done, lambda: demo_text(done))


@starting.command(rich_help_panel=BEGIN)
def status(
    workspace: Annotated[
        Path | None,
        typer.Option(
            envvar="RISKMODEL_WORKSPACE", help="Folder with everything read and made; by default workspace."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show how far a workspace is and what comes next; `riskmodel` alone does the same.

    Example: riskmodel status --workspace demo/workspace
    """
    show_status(workspace, as_json)


def show_status(workspace: Path | None, as_json: bool = False) -> None:
    """Print the status of a workspace, by default the usual one."""
    folder = workspace or default_workspace()
    found = status_of(folder, workspace_option(folder))
    show(as_json, found.as_dict, lambda: status_text(found))
