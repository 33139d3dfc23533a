"""Commands about the future: backtest, train, forecast, compare models and promote one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

import riskmodel
from riskmodel.cli import complete
from riskmodel.cli.json_results import backtest_result, forecast_result, promote_result, train_result
from riskmodel.cli.options import WORKSPACE, LevelOption, WorkspaceOption, parse_years
from riskmodel.cli.output import FUTURE, JsonOption, remark, show, working
from riskmodel.cli.text import backtest_text, forecast_text, promote_text, train_text

future = typer.Typer()

ExperimentArgument = Annotated[
    Path,
    typer.Argument(
        help="A YAML file such as experiments/slide-2y.yaml, or the name of one that comes along: slide-2y.",
        autocompletion=complete.experiment_files,
    ),
]


@future.command(rich_help_panel=FUTURE)
def backtest(
    experiment: ExperimentArgument,
    workspace: WorkspaceOption = WORKSPACE,
    origins: Annotated[
        list[str] | None,
        typer.Option(help="Measurements to start from, such as 2016,2018; by default all that can be tested."),
    ] = None,
    level: LevelOption = None,
    leave_out: Annotated[
        Literal["province"] | None,
        typer.Option(help="Forecast each of these also with models that learned nothing from it."),
    ] = None,
    seeds: Annotated[
        int, typer.Option(help="How many times more to fit the champion, each with another seed.")
    ] = 0,
    as_json: JsonOption = False,
) -> None:
    """Fit every model of an experiment at every origin, score and check it, and log it to MLflow.

    Example: riskmodel backtest experiments/slide-2y.yaml
    """
    from riskmodel.workflow.findings import findings_of

    opened = riskmodel.Workspace(workspace)
    with working("reading the workspace") as progress:
        done = riskmodel.backtest(
            experiment,
            opened,
            origins=parse_years("--origins", origins),
            level=level,
            progress=progress,
            leave_out=leave_out,
            seeds=seeds,
        )
    for skipped in done.skipped:
        remark(f"not applicable: {skipped.model} at origin {skipped.wave}: {skipped.reason}")
    name = done.experiment.name
    findings, folder = findings_of(opened, name), opened.path("backtests", name)
    show(
        as_json,
        lambda: backtest_result(done, findings, folder),
        lambda: backtest_text(done, findings, folder, leave_out),
    )


@future.command(rich_help_panel=FUTURE)
def train(
    experiment: ExperimentArgument,
    workspace: WorkspaceOption = WORKSPACE,
    level: LevelOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train champion and challenger on everything known now and register them in MLflow.

    Example: riskmodel train experiments/slide-2y.yaml
    """
    with working("training champion and challenger"):
        trained = riskmodel.train(experiment, riskmodel.Workspace(workspace), level=level)
    show(as_json, lambda: train_result(trained), lambda: train_text(trained))


@future.command(rich_help_panel=FUTURE)
def forecast(
    workspace: WorkspaceOption = WORKSPACE,
    experiment: Annotated[
        str | None,
        typer.Option(
            help="Name of an experiment, such as slide-2y; by default every trained model.",
            autocompletion=complete.trained,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Forecast from the latest wave with the champion.

    Example: riskmodel forecast --experiment slide-2y
    """
    with working("forecasting"):
        made = riskmodel.forecast(riskmodel.Workspace(workspace), experiment=experiment)
    show(as_json, lambda: forecast_result(made), lambda: forecast_text(made))


@future.command(rich_help_panel=FUTURE)
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

    Example: riskmodel compare slide-2y slide-2y:structural
    """
    from riskmodel.cli.text_compare import comparison_tables

    with working("comparing"):
        found = riskmodel.compare(riskmodel.Workspace(workspace), attempts, cohorts=cohort or ())
    show(as_json, found.as_dict, lambda: comparison_tables(found, cohort or ()))


@future.command(rich_help_panel=FUTURE)
def promote(
    experiment: Annotated[
        str,
        typer.Argument(
            help="Name of an experiment, such as slide-2y, or of a model, such as change-2y-wijk.",
            autocompletion=complete.trained,
        ),
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

    Example: riskmodel promote slide-2y --version 3
    """
    done = riskmodel.promote(
        riskmodel.Workspace(workspace), experiment, version=version, force=force, reason=reason
    )
    for text in done.reasons:
        typer.echo(f"against: {text}", err=True)
    show(as_json, lambda: promote_result(done), lambda: promote_text(done))
    if not done.promoted:
        raise typer.Exit(1)
