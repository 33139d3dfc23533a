"""The commands of analysts: hold attempts against each other, and promote a model."""

from __future__ import annotations

from typing import Annotated

import typer

import riskmodel
from riskmodel.cli import complete
from riskmodel.cli.options import WORKSPACE, WorkspaceOption
from riskmodel.cli.output import FUTURE, JsonOption, show, working

models = typer.Typer()


@models.command(rich_help_panel=FUTURE)
def compare(
    attempts: Annotated[
        list[str],
        typer.Argument(
            help="Two or more: NAME of an experiment (its latest backtest) or id of a run in MLflow; "
            ":MODEL behind it for another model than the champion.",
            autocompletion=complete.attempts,
        ),
    ],
    workspace: WorkspaceOption = WORKSPACE,
    cohort: Annotated[
        list[str] | None,
        typer.Option(help="Name of a cohort, such as 500+; may be repeated; by default the first two."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Put backtests or models side by side: skill, paired differences, calibration, list overlap.

    Example: riskmodel compare decline-2y decline-2y:scorecard
    """
    from riskmodel.cli.text_compare import comparison_tables
    from riskmodel.workspace.store import Workspace

    with working("comparing"):
        found = riskmodel.compare(Workspace(workspace), attempts, cohorts=cohort or ())
    show(as_json, found.as_dict, lambda: comparison_tables(found, cohort or ()))


@models.command(rich_help_panel=FUTURE)
def promote(
    experiment: Annotated[
        str,
        typer.Argument(help="Name of the experiment, for instance decline-2y.", autocompletion=complete.trained),
    ],
    workspace: WorkspaceOption = WORKSPACE,
    version: Annotated[
        str | None,
        typer.Option(help="Version number or alias; by default candidate where there is one, else challenger."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Promote it although it does not qualify; needs --reason.")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why, in a sentence; kept with the model.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Make a trained model the champion, if it beats the best ordering, is calibrated and no check forbids it.

    Example: riskmodel promote decline-2y --version 3
    """
    from riskmodel.cli.json_results import promote_result
    from riskmodel.cli.text import promote_text
    from riskmodel.workspace.store import Workspace

    done = riskmodel.promote(Workspace(workspace), experiment, version=version, force=force, reason=reason)
    for text in done.reasons:
        typer.echo(f"against: {text}", err=True)
    show(as_json, lambda: promote_result(done), lambda: promote_text(done))
    if not done.promoted:
        raise typer.Exit(1)
