"""The ``riskmodel`` program: one command a step, each a few lines over the call of the same name."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup

import riskmodel
from riskmodel import cli_complete as complete
from riskmodel.cli_govern import governance
from riskmodel.cli_ingest import WORKSPACE, WorkspaceOption, ingest
from riskmodel.cli_keep import keep
from riskmodel.cli_list import listing, outcomes
from riskmodel.cli_models import models
from riskmodel.cli_monitor import monitor
from riskmodel.cli_output import FUTURE, PANELS, PRESENT, READ, USE, JsonOption, be_quiet, remark, show, working
from riskmodel.cli_score import scoring
from riskmodel.cli_serve import serving, tokens
from riskmodel.cli_start import starting, tell_status
from riskmodel.errors import InputError, missing_openmp
from riskmodel.writing import told_plainly


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
app.add_typer(ingest, name="ingest", rich_help_panel=READ)
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
    str | None, typer.Option(help="By default every trained one.", autocompletion=complete.trained)
]
LevelOption = Annotated[
    str | None,
    typer.Option(
        help="wijk, buurt, gemeente, pc4 or grid; by default the first that was ingested.",
        autocompletion=complete.levels,
    ),
]
MunicipalityOption = Annotated[
    list[str] | None,
    typer.Option(
        "--municipality",
        help="Name, GM code, region or 'Provincie Utrecht'; may be repeated.",
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
    wave: Annotated[int | None, typer.Option(help="Measurement, by default the last.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show and write current score, class, dimensions and changes of every area.

    Example: riskmodel current --municipality Venlo --wave 2018
    """
    from riskmodel.panel.store import Workspace
    from riskmodel.reports import current_text

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
        typer.Option(help="Waves to start from, such as 2016,2018; by default all that the panel allows."),
    ] = None,
    level: LevelOption = None,
    leave_out: Annotated[
        Literal["province"] | None,
        typer.Option(help="Forecast each province also with models that learned nothing from it."),
    ] = None,
    seeds: Annotated[int, typer.Option(help="Fit the champion this many times more, with other seeds.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Fit every model of an experiment at every origin, score and check it, and log it to MLflow.

    Example: riskmodel backtest experiments/decline-2y.yaml
    """
    from riskmodel.checking import findings_of
    from riskmodel.panel.store import Workspace
    from riskmodel.reports import backtest_text
    from riskmodel.results import backtest_result

    place = Workspace(workspace)
    with working("reading the workspace") as progress:
        done = riskmodel.backtest(
            experiment,
            place,
            origins=_years("--origins", origins),
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
    from riskmodel.panel.store import Workspace
    from riskmodel.reports import train_text
    from riskmodel.results import train_result

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
    from riskmodel.panel.store import Workspace
    from riskmodel.reports import forecast_text
    from riskmodel.results import forecast_result

    with working("forecasting"):
        made = riskmodel.forecast(Workspace(workspace), experiment=experiment)
    show(as_json, lambda: forecast_result(made), lambda: forecast_text(made))


@app.command("risk-list", rich_help_panel=USE)
def risk_list(
    out: Annotated[Path, typer.Option(help="Folder to write into.")],
    workspace: WorkspaceOption = WORKSPACE,
    municipality: MunicipalityOption = None,
    capacity: Annotated[int | None, typer.Option(help="How many areas can be visited.")] = None,
    experiment: Annotated[
        str | None,
        typer.Option(
            help="The question; by default decline-2y, or the only one there is.", autocompletion=complete.trained
        ),
    ] = None,
    audit_share: Annotated[
        float, typer.Option(help="Part of the visits drawn at random from the areas further down.")
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
    from riskmodel.panel.store import Workspace
    from riskmodel.reports import list_text
    from riskmodel.results import list_result

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


@app.command(rich_help_panel=READ)
def check(
    workspace: WorkspaceOption = WORKSPACE,
    level: LevelOption = None,
    as_json: JsonOption = False,
    deep: Annotated[bool, typer.Option("--deep", help="Look at every byte; exit code 1 for damage.")] = False,
) -> None:
    """Show what is in the workspace: sources, waves, coverage, what is blocked, what looks wrong.

    Example: riskmodel check
    """
    from riskmodel.panel.store import Workspace
    from riskmodel.reports import check_table, deep_table

    if deep:
        with working("looking at every byte"):
            whole = riskmodel.check_deep(Workspace(workspace))
        show(as_json, whole.as_dict, lambda: deep_table(whole))
        raise typer.Exit(1 if whole.damages else 0)
    found = riskmodel.check(Workspace(workspace), level=level)
    show(as_json, found.as_dict, lambda: check_table(found))


@app.command(rich_help_panel=READ)
def indicators(
    words: Annotated[list[str] | None, typer.Argument(help="Show only what has these words in it.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List or search the catalogue of indicators.

    Example: riskmodel indicators overlast
    """
    from riskmodel.reports import found_indicators, indicator_table
    from riskmodel.results import indicator_result

    asked = words or []
    show(as_json, lambda: indicator_result(found_indicators(asked)), lambda: indicator_table(asked))


@app.command(rich_help_panel=READ)
def download(
    source: Annotated[str, typer.Argument(help="leefbaarometer, kwb, boundaries ...")],
    years: Annotated[list[str], typer.Option(help="Years, such as 2020,2022.")],
    cache: Annotated[Path, typer.Option(help="Folder that keeps what was downloaded.")] = Path("downloads"),
    as_json: JsonOption = False,
) -> None:
    """Download official files from their publisher, with resume and checks.

    Example: riskmodel download kwb --years 2020,2022
    """
    from riskmodel.sources.download import download as fetch

    with working(f"asking for {source}", unit="bytes") as progress:
        files = fetch(
            source,
            _years("--years", years) or [],
            cache,
            progress=lambda name, done, whole: progress(name, done, whole or done),
        )
    show(as_json, lambda: {"files": files}, lambda: "\n".join(map(str, files)))


def main() -> None:
    """Run the program; bad input ends with one message and exit code 2, and so does a full disk."""
    try:
        # What is put in place tells so itself; this is for whatever else needs a disk, such as temporary files.
        with told_plainly("a temporary file"):
            app()
    except InputError as error:
        typer.echo(f"riskmodel: {error}", err=True)
        sys.exit(2)
    except OSError as error:
        told = missing_openmp(error)
        if told is None:
            raise
        typer.echo(f"riskmodel: {told}", err=True)
        sys.exit(2)


def _years(option: str, texts: Sequence[str] | None) -> list[int] | None:
    if not texts:
        return None
    parts = [part for text in texts for part in text.replace(",", " ").split()]
    wrong = [part for part in parts if not part.isdigit()]
    if wrong:
        raise InputError(option, repr(wrong[0]), "years such as 2016,2018")
    return [int(part) for part in parts]


if __name__ == "__main__":
    main()
