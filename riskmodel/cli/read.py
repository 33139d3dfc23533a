"""The commands that get files, and that look at what was read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

import riskmodel
from riskmodel.cli import complete
from riskmodel.cli.options import WORKSPACE, WorkspaceOption
from riskmodel.cli.output import READ, JsonOption, show, working
from riskmodel.errors import InputError

getting = typer.Typer()
looking = typer.Typer()

LevelOption = Annotated[
    str | None,
    typer.Option(
        help="wijk, buurt, gemeente, pc4 or grid; by default the first that was ingested.",
        autocompletion=complete.levels,
    ),
]


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
            years_of("--years", years) or [],
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
    from riskmodel.cli.text import check_table, deep_table
    from riskmodel.workspace.store import Workspace

    if deep:
        with working("looking at every byte"):
            whole = riskmodel.check_deep(Workspace(workspace))
        show(as_json, whole.as_dict, lambda: deep_table(whole))
        raise typer.Exit(1 if whole.damages else 0)
    found = riskmodel.check(Workspace(workspace), level=level)
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
    from riskmodel.cli.json_results import indicator_result
    from riskmodel.cli.text import found_indicators, indicator_table

    asked = words or []
    show(as_json, lambda: indicator_result(found_indicators(asked)), lambda: indicator_table(asked))


def years_of(option: str, texts: Sequence[str] | None) -> list[int] | None:
    """Years from what was given for an option, such as ``2016,2018``; None where nothing was."""
    if not texts:
        return None
    parts = [part for text in texts for part in text.replace(",", " ").split()]
    wrong = [part for part in parts if not part.isdigit()]
    if wrong:
        raise InputError(option, repr(wrong[0]), "years such as 2016,2018")
    return [int(part) for part in parts]
