"""Commands that download files, and that show what was read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import riskmodel
from riskmodel.cli.json_results import indicator_result
from riskmodel.cli.options import WORKSPACE, LevelOption, WorkspaceOption, parse_years
from riskmodel.cli.output import READ, JsonOption, show, working
from riskmodel.cli.text import check_table, deep_table, indicator_table

getting = typer.Typer()
looking = typer.Typer()


@getting.command(rich_help_panel=READ)
def download(
    source: Annotated[
        str,
        typer.Argument(
            help="leefbaarometer, leefbaarometer-geometry, kwb, police, police-monthly, police-nuisance, "
            "safety-monitor, rivm, boundaries, boundaries-buurt, boundaries-wijk or boundaries-gemeente."
        ),
    ],
    years: Annotated[list[str], typer.Option(help="Years, such as 2020,2022; may be repeated.")],
    cache: Annotated[
        Path,
        typer.Option(help="Folder that keeps what was downloaded; what is complete there is not asked for again."),
    ] = Path("downloads"),
    as_json: JsonOption = False,
) -> None:
    """Download official files from their publisher; what was broken off is continued.

    Example: riskmodel download kwb --years 2020,2022
    """
    from riskmodel.sources.download.download import download as fetch

    with working(f"asking for {source}", unit="bytes") as progress:
        files = fetch(
            source,
            parse_years("--years", years) or [],
            cache,
            progress=lambda name, done, whole: progress(name, done, whole or done),
        )
    show(as_json, lambda: {"files": files}, lambda: "\n".join(map(str, files)))


@looking.command(rich_help_panel=READ)
def check(
    workspace: WorkspaceOption = WORKSPACE,
    level: LevelOption = None,
    as_json: JsonOption = False,
    deep: Annotated[
        bool, typer.Option("--deep", help="Look at every byte instead; exit code 1 for damage.")
    ] = False,
) -> None:
    """Show what is in the workspace: sources, waves, coverage, what is blocked, what looks wrong.

    Example: riskmodel check
    """
    if deep:
        with working("looking at every byte"):
            whole = riskmodel.check_deep(riskmodel.Workspace(workspace))
        show(as_json, lambda: whole, lambda: deep_table(whole))
        raise typer.Exit(1 if whole.damages else 0)
    found = riskmodel.check(riskmodel.Workspace(workspace), level=level)
    show(as_json, found.as_dict, lambda: check_table(found))


@looking.command(rich_help_panel=READ)
def indicators(
    words: Annotated[
        list[str] | None,
        typer.Argument(help="Show only what has all these words in its id, labels, driver or source."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List or search the catalogue of indicators.

    Example: riskmodel indicators overlast
    """
    from riskmodel.catalogue import find_indicators

    found = find_indicators(words or [])
    show(as_json, lambda: indicator_result(found), lambda: indicator_table(found))
