"""The ``riskmodel`` program: one command a step, each a few lines over the call of the same name."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup

import riskmodel
from riskmodel.cli import complete
from riskmodel.cli.govern import governance
from riskmodel.cli.ingest import ingest
from riskmodel.cli.keep import keep
from riskmodel.cli.models import models
from riskmodel.cli.options import WORKSPACE, WorkspaceOption
from riskmodel.cli.output import FUTURE, PANELS, PRESENT, READ, USE, JsonOption, be_quiet, remark, show, working
from riskmodel.cli.present import monitor
from riskmodel.cli.read import LevelOption, getting, looking, years_of
from riskmodel.cli.risk_list import listing, outcomes
from riskmodel.cli.score import scoring
from riskmodel.cli.serve import serving, tokens
from riskmodel.cli.start import starting, tell_status
from riskmodel.errors import InputError, missing_openmp
from riskmodel.workspace.atomic import told_plainly


class InOrder(TyperGroup):
    """Lists commands in the order in which they are used, not in that of the modules."""

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
app.add_typer(monitor)
app.add_typer(models)
app.add_typer(governance)
app.add_typer(scoring)
app.add_typer(listing)
app.add_typer(outcomes, name="outcomes", rich_help_panel=USE)
app.add_typer(serving)
app.add_typer(keep)
app.add_typer(tokens, name="token", rich_help_panel=USE)

ExperimentArgument = Annotated[
    Path,
    typer.Argument(
        help="A YAML file such as experiments/decline-2y.yaml, or the name of one that comes along: decline-2y.",
        autocompletion=complete.experiment_files,
    ),
]
TrainedOption = Annotated[
    str | None,
    typer.Option(
        help="Name of a trained experiment, such as decline-2y; by default every one.",
        autocompletion=complete.trained,
    ),
]
MunicipalityOption = Annotated[
    list[str] | None,
    typer.Option(
        "--municipality",
        help="Name, GM code, region or 'Provincie Utrecht'; may be repeated; by default the whole country.",
        autocompletion=complete.municipalities,
    ),
]


@app.callback(invoke_without_command=True)
def start(
    context: typer.Context,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No moving bars and no remarks; results and errors only.")
    ] = False,
) -> None:
    """Which Dutch neighbourhoods threaten to decline, why, and how sure.

    Without a command: where this workspace stands, and what comes next.
    """
    be_quiet(quiet)
    if context.invoked_subcommand is None:
        tell_status(None)


@app.command(rich_help_panel=PRESENT)
def current(
    workspace: WorkspaceOption = WORKSPACE,
    level: LevelOption = None,
    municipality: MunicipalityOption = None,
    edition: Annotated[
        str,
        typer.Option(help="3.0 or 2.0: two instruments, never put together.", autocompletion=complete.editions),
    ] = "3.0",
    wave: Annotated[int | None, typer.Option(help="Measurement, such as 2020; by default the last.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show score, class, dimensions and changes of every area, and write them to the workspace.

    Example: riskmodel current --municipality Venlo --wave 2018
    """
    from riskmodel.cli.text import current_text
    from riskmodel.workspace.store import Workspace

    place = Workspace(workspace)
    table = riskmodel.current(place, level=level, municipality=municipality or [], edition=edition, wave=wave)
    folder = place.path("current")
    show(as_json, lambda: {"folder": folder, "areas": table}, lambda: current_text(table, folder))


@app.command(rich_help_panel=FUTURE)
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

    Example: riskmodel backtest experiments/decline-2y.yaml
    """
    from riskmodel.cli.json_results import backtest_result
    from riskmodel.cli.text import backtest_text
    from riskmodel.workflow.findings import findings_of
    from riskmodel.workspace.store import Workspace

    place = Workspace(workspace)
    with working("reading the workspace") as progress:
        done = riskmodel.backtest(
            experiment,
            place,
            origins=years_of("--origins", origins),
            level=level,
            progress=progress,
            leave_out=leave_out,
            seeds=seeds,
        )
    for skipped in done.skipped:
        remark(f"not applicable: {skipped.model} at origin {skipped.wave}: {skipped.reason}")
    told = done, findings_of(place, done.experiment.name), place.path("backtests", done.experiment.name)
    show(as_json, lambda: backtest_result(*told), lambda: backtest_text(*told, leave_out))


@app.command(rich_help_panel=FUTURE)
def train(
    experiment: ExperimentArgument,
    workspace: WorkspaceOption = WORKSPACE,
    level: LevelOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train champion and challenger on everything known now and register them in MLflow.

    Example: riskmodel train experiments/decline-2y.yaml
    """
    from riskmodel.cli.json_results import train_result
    from riskmodel.cli.text import train_text
    from riskmodel.workspace.store import Workspace

    with working("training champion and challenger"):
        trained = riskmodel.train(experiment, Workspace(workspace), level=level)
    show(as_json, lambda: train_result(trained), lambda: train_text(trained))


@app.command(rich_help_panel=FUTURE)
def forecast(
    workspace: WorkspaceOption = WORKSPACE,
    experiment: TrainedOption = None,
    as_json: JsonOption = False,
) -> None:
    """Forecast from the latest wave with the champion.

    Example: riskmodel forecast --experiment decline-2y
    """
    from riskmodel.cli.json_results import forecast_result
    from riskmodel.cli.text import forecast_text
    from riskmodel.workspace.store import Workspace

    with working("forecasting"):
        made = riskmodel.forecast(Workspace(workspace), experiment=experiment)
    show(as_json, lambda: forecast_result(made), lambda: forecast_text(made))


@app.command("risk-list", rich_help_panel=USE)
def risk_list(
    out: Annotated[Path, typer.Option(help="Folder to write into.")],
    workspace: WorkspaceOption = WORKSPACE,
    municipality: MunicipalityOption = None,
    capacity: Annotated[
        int | None,
        typer.Option(
            help="How many areas can be visited; such a list is kept, so that visits can be held against it."
        ),
    ] = None,
    experiment: Annotated[
        str | None,
        typer.Option(
            help="Name of a trained experiment; by default decline-2y, or the only one there is.",
            autocompletion=complete.trained,
        ),
    ] = None,
    audit_share: Annotated[
        float,
        typer.Option(help="Share of the visits, 0 to 1, that is drawn at random from the areas further down."),
    ] = 0.1,
    form: Annotated[
        list[str] | None,
        typer.Option(
            "--form",
            help="csv, xlsx, html, parquet, gpkg, geojson, pdf or all; may be repeated. By default csv, xlsx and "
            "html. Maps need riskmodel[geo], a PDF riskmodel[pdf].",
            autocompletion=complete.forms,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write a risk list as a table, a workbook and one self-contained page, or in other forms.

    Example: riskmodel risk-list --municipality Venlo --capacity 5 --form html --form pdf --out lists/venlo
    """
    from riskmodel.cli.json_results import list_result
    from riskmodel.cli.text import list_text
    from riskmodel.workspace.store import Workspace

    with working("making the list"):
        made, forms = riskmodel.risk_list(
            Workspace(workspace),
            out,
            municipality=municipality or [],
            capacity=capacity,
            experiment=experiment,
            audit_share=audit_share,
            forms=form or [],
        )
    show(as_json, lambda: list_result(made, forms), lambda: list_text(made, forms))


def main() -> None:
    """Run the program; bad input ends with one message and exit code 2, and so does a full disk."""
    try:
        # What is put in place tells so itself; this is for whatever else needs a disk, such as temporary files.
        with told_plainly("a temporary file"):
            app()
    except (InputError, OSError) as error:
        told = error if isinstance(error, InputError) else missing_openmp(error)
        if told is None:
            raise
        typer.echo(f"riskmodel: {told}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
