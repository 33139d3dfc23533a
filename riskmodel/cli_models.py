"""The commands of analysts: hold attempts against each other, and promote a model."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

import riskmodel
from riskmodel.cli_ingest import WORKSPACE, WorkspaceOption

if TYPE_CHECKING:
    from riskmodel.forecasting.checks import Finding
    from riskmodel.training import Trained

models = typer.Typer()


@models.command()
def compare(
    attempts: Annotated[
        list[str],
        typer.Argument(
            help="Two or more: NAME of an experiment (its latest backtest) or id of a run in MLflow; "
            ":MODEL behind it for another model than the champion."
        ),
    ],
    workspace: WorkspaceOption = WORKSPACE,
    cohort: Annotated[
        list[str] | None, typer.Option(help="Name of a cohort; may be repeated; by default the first two.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON, with every cohort, in place of tables.")
    ] = False,
) -> None:
    """Put backtests or models side by side: skill, paired differences, calibration, list overlap.

    Example: riskmodel compare decline-2y decline-2y:scorecard
    """
    from riskmodel.attempt_tables import comparison_tables
    from riskmodel.panel.store import Workspace

    found = riskmodel.compare(Workspace(workspace), attempts, cohorts=cohort or ())
    typer.echo(json.dumps(found.as_dict(), indent=2) if as_json else comparison_tables(found, cohort or ()))


@models.command()
def promote(
    experiment: Annotated[str, typer.Argument(help="Name of the experiment, for instance decline-2y.")],
    workspace: WorkspaceOption = WORKSPACE,
    version: Annotated[
        str | None,
        typer.Option(help="Version number or alias; by default candidate where there is one, else challenger."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Promote though the gate does not hold.")] = False,
    reason: Annotated[str, typer.Option(help="Why; needed with --force, kept with the model.")] = "",
) -> None:
    """Make a trained model the champion, if it beats the best ordering, is calibrated and no check forbids it.

    Example: riskmodel promote decline-2y --version 3
    """
    from riskmodel.panel.store import Workspace

    done = riskmodel.promote(Workspace(workspace), experiment, version=version, force=force, reason=reason)
    for text in done.reasons:
        typer.echo(f"against: {text}", err=True)
    if not done.promoted:
        typer.echo(f"version {done.version} of {experiment} was not promoted", err=True)
        raise typer.Exit(1)
    how = "by force" if done.reasons else "the gate held"
    typer.echo(f"version {done.version} of {experiment} is champion now ({how}): {done.release_id}")


def echo_findings(findings: Sequence[Finding]) -> None:
    """Print findings, one line each."""
    for found in findings:
        typer.echo(found.line)


def echo_trained(role: str, trained: Trained) -> None:
    """Print where a trained model stands, what it is now, and what the checks found."""
    release = trained.release
    typer.echo(f"{role}: {release.folder}")
    typer.echo(f"version {trained.version} of {release.experiment.name}, {_standing(role, trained)}")
    echo_findings(trained.findings)


def _standing(role: str, trained: Trained) -> str:
    name = trained.release.experiment.name
    wrong = [f.code for f in trained.findings if f.severity == "error" and f.outcome == "failed"]
    if role == "challenger":
        return "challenger"
    if trained.alias == "champion":
        spoken = f", though the checks speak against it: {', '.join(wrong)}" if wrong else ""
        return f"champion because there was none yet{spoken}"
    if not trained.alias:
        return "the same model as the champion"
    return f"candidate: another model is champion; riskmodel promote {name} --version {trained.version}"
