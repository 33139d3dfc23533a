"""The ``riskmodel`` program: one command a step, each a few lines over the call of the same name."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

import riskmodel
from riskmodel.cli_govern import governance
from riskmodel.cli_ingest import WORKSPACE, WorkspaceOption, ingest
from riskmodel.cli_keep import keep
from riskmodel.cli_list import listing, outcomes
from riskmodel.cli_models import echo_findings, echo_trained, models
from riskmodel.cli_monitor import monitor
from riskmodel.cli_score import scoring
from riskmodel.cli_serve import serving, tokens
from riskmodel.errors import InputError

if TYPE_CHECKING:
    from riskmodel.forecasting.backtest import Progress

app = typer.Typer(
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    help="Which Dutch neighbourhoods threaten to decline, why, and how sure.",
)
app.add_typer(ingest, name="ingest")
app.add_typer(monitor)
app.add_typer(models)
app.add_typer(governance)
app.add_typer(scoring)
app.add_typer(listing)
app.add_typer(outcomes, name="outcomes")
app.add_typer(serving)
app.add_typer(keep)
app.add_typer(tokens, name="token")

ExperimentArgument = Annotated[Path, typer.Argument(help="For instance experiments/decline-2y.yaml.")]
LevelOption = Annotated[
    str | None,
    typer.Option(help="wijk, buurt, gemeente, pc4 or grid; by default the first that was ingested."),
]
MunicipalityOption = Annotated[
    list[str] | None,
    typer.Option(
        "--municipality",
        help="Name, GM code, region or 'Provincie Utrecht'; may be repeated.",
    ),
]
#: More rows than this are not shown on a terminal; the written file has all of them.
SHOWN = 40


@app.command()
def example(
    folder: Annotated[Path, typer.Argument(help="Folder for the files.")],
    areas: Annotated[int, typer.Option(help="Number of areas.")] = 1200,
    seed: Annotated[int, typer.Option(help="Another seed, another country.")] = 1,
) -> None:
    """Write the files of an invented country, in the formats as published.

    Example: riskmodel example demo/files
    """
    from riskmodel.example import write_example

    files = write_example(folder, n_areas=areas, seed=seed)
    for path in (files.leefbaarometer, *files.kwb):
        typer.echo(path)


@app.command()
def current(
    workspace: WorkspaceOption = WORKSPACE,
    level: LevelOption = None,
    municipality: MunicipalityOption = None,
    edition: Annotated[str, typer.Option(help="3.0 or 2.0: two instruments, never put together.")] = "3.0",
    wave: Annotated[int | None, typer.Option(help="Measurement, by default the last.")] = None,
) -> None:
    """Show and write current score, class, dimensions and changes of every area.

    Example: riskmodel current --municipality Venlo --wave 2018
    """
    from riskmodel.panel.store import Workspace

    place = Workspace(workspace)
    table = riskmodel.current(place, level=level, municipality=municipality or [], edition=edition, wave=wave)
    shown = table.drop(columns=["deviation", "dimensions_wave"])
    if sys.stdout.isatty() and len(shown) > SHOWN:
        shown = shown.head(SHOWN)
    typer.echo(shown.to_string(index=False, float_format="{:.3f}".format, na_rep="-"))
    if len(shown) < len(table):
        typer.echo(f"... and {len(table) - len(shown):,} more")
    measured = table["wave"].iloc[0] if len(table) else "-"
    typer.echo(f"{len(table):,} areas, wave {measured}; all of them in {place.path('current')}")


@app.command()
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
) -> None:
    """Fit every model of an experiment at every origin, score and check it, and log it to MLflow.

    Example: riskmodel backtest experiments/decline-2y.yaml
    """
    from riskmodel.checking import findings_of
    from riskmodel.panel.store import Workspace
    from riskmodel.reports_skill import group_calibration_table, ordering_table, skill_table, summary_table

    place = Workspace(workspace)
    with _progress() as progress:
        done = riskmodel.backtest(
            experiment,
            place,
            origins=_years(origins),
            level=level,
            progress=progress,
            leave_out=leave_out,
            seeds=seeds,
        )
    for skipped in done.skipped:
        typer.echo(f"not applicable: {skipped.model} at origin {skipped.wave}: {skipped.reason}", err=True)
    told = done.scores, done.paired, done.experiment
    typer.echo(skill_table(done.scores, done.experiment, done.paired))
    typer.echo(f"\n{ordering_table(*told)}\n\n{summary_table(*told)}")
    typer.echo(f"\n{group_calibration_table(done.calibration, done.experiment)}\n")
    if leave_out:
        typer.echo(f"\nEach {leave_out} by models that learned nothing from it:\n")
        typer.echo(summary_table(*told, left_out=True))
    echo_findings(findings_of(place, done.experiment.name))
    typer.echo(f"forecasts and scores: {place.path('backtests', done.experiment.name)}")


@app.command()
def train(
    experiment: ExperimentArgument,
    workspace: WorkspaceOption = WORKSPACE,
    level: LevelOption = None,
) -> None:
    """Train champion and challenger on everything known now and register them in MLflow.

    Example: riskmodel train experiments/decline-2y.yaml
    """
    from riskmodel.panel.store import Workspace

    for role, trained in riskmodel.train(experiment, Workspace(workspace), level=level).items():
        echo_trained(role, trained)


@app.command()
def forecast(
    workspace: WorkspaceOption = WORKSPACE,
    experiment: Annotated[str | None, typer.Option(help="By default every trained one.")] = None,
) -> None:
    """Forecast from the latest wave with the champion.

    Example: riskmodel forecast --experiment decline-2y
    """
    from riskmodel.panel.store import Workspace

    for made in riskmodel.forecast(Workspace(workspace), experiment=experiment):
        typer.echo(
            f"{made.experiment.name}: {made.id}, {len(made.forecast.locations):,} areas from "
            f"{made.forecast.origin_date}, known at {made.forecast.known_at}"
        )


@app.command("risk-list")
def risk_list(
    out: Annotated[Path, typer.Option(help="Folder to write into.")],
    workspace: WorkspaceOption = WORKSPACE,
    municipality: MunicipalityOption = None,
    capacity: Annotated[int | None, typer.Option(help="How many areas can be visited.")] = None,
    experiment: Annotated[
        str | None,
        typer.Option(help="The question; by default decline-2y, or the only one there is."),
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
        ),
    ] = None,
) -> None:
    """Write a risk list as a table, a workbook and one self-contained page, or in other forms.

    Example: riskmodel risk-list --municipality Venlo --capacity 5 --form html --form pdf --out lists/venlo
    """
    from riskmodel.panel.store import Workspace

    made, forms = riskmodel.risk_list(
        Workspace(workspace),
        out,
        municipality=municipality or [],
        capacity=capacity,
        experiment=experiment,
        audit_share=audit_share,
        forms=form or [],
    )
    typer.echo(f"{made.about.title}: {len(made.rows):,} areas")
    for path in forms.values():
        typer.echo(path)


@app.command()
def check(
    workspace: WorkspaceOption = WORKSPACE,
    level: LevelOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON in place of a table.")] = False,
    deep: Annotated[bool, typer.Option("--deep", help="Look at every byte; exit code 1 for damage.")] = False,
) -> None:
    """Show what is in the workspace: sources, waves, coverage, what is blocked, what looks wrong.

    Example: riskmodel check
    """
    import json

    from riskmodel.panel.store import Workspace
    from riskmodel.reports import check_table, deep_table

    if deep:
        whole = riskmodel.check_deep(Workspace(workspace))
        typer.echo(json.dumps(whole.as_dict(), indent=2) if as_json else deep_table(whole))
        raise typer.Exit(1 if whole.damages else 0)
    found = riskmodel.check(Workspace(workspace), level=level)
    typer.echo(json.dumps(found.as_dict(), indent=2) if as_json else check_table(found))


@app.command()
def indicators(
    words: Annotated[list[str] | None, typer.Argument(help="Show only what has these words in it.")] = None,
) -> None:
    """List or search the catalogue of indicators.

    Example: riskmodel indicators overlast
    """
    from riskmodel.reports import indicator_table

    typer.echo(indicator_table(words or []))


@app.command()
def download(
    source: Annotated[str, typer.Argument(help="leefbaarometer, kwb, boundaries ...")],
    years: Annotated[list[str], typer.Option(help="Years, such as 2020,2022.")],
    cache: Annotated[Path, typer.Option(help="Folder that keeps what was downloaded.")] = Path("downloads"),
) -> None:
    """Download official files from their publisher, with resume and checks.

    Example: riskmodel download kwb --years 2020,2022
    """
    from riskmodel.sources.download import download as fetch

    with _progress() as progress:
        files = fetch(
            source,
            _years(years) or [],
            cache,
            progress=lambda name, done, whole: progress(name, done, whole or done),
        )
    for path in files:
        typer.echo(path)


def main() -> None:
    """Run the program; bad input ends with one message and exit code 2."""
    try:
        app()
    except InputError as error:
        typer.echo(f"riskmodel: {error}", err=True)
        sys.exit(2)


def _years(texts: Sequence[str] | None) -> list[int] | None:
    if not texts:
        return None
    parts = [part for text in texts for part in text.replace(",", " ").split()]
    wrong = [part for part in parts if not part.isdigit()]
    if wrong:
        raise InputError("--origins", repr(wrong[0]), "years such as 2016,2018")
    return [int(part) for part in parts]


@contextmanager
def _progress() -> Iterator[Progress]:
    """A progress bar on a terminal, nothing elsewhere."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    with Bar(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=None)
        yield lambda what, step, steps: bar.update(task, description=what, completed=step, total=steps)


if __name__ == "__main__":
    main()
