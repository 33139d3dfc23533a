"""Commands on lists and scores: risk lists, scores of new data, what-if, and outcomes of visits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

import riskmodel
from riskmodel.cli import complete
from riskmodel.cli.json_results import list_result, outcomes_result, visits_result
from riskmodel.cli.options import (
    WORKSPACE,
    ExperimentOption,
    MunicipalityOption,
    WorkspaceOption,
    municipality_option,
)
from riskmodel.cli.output import USE, JsonOption, show, working
from riskmodel.cli.text import list_text, score_summary

lists = typer.Typer()
outcomes = typer.Typer(no_args_is_help=True, help="What was found on the spot, and what that says of a list.")

ListOption = Annotated[
    str | None,
    typer.Option(
        "--list",
        help="Name of the list, printed on it; may be left out when there is one.",
        autocompletion=complete.lists,
    ),
]


@lists.command("risk-list", rich_help_panel=USE)
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
    experiment: ExperimentOption = None,
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
    with working("making the list"):
        made, forms = riskmodel.risk_list(
            riskmodel.Workspace(workspace),
            out,
            municipality=municipality or [],
            capacity=capacity,
            experiment=experiment,
            audit_share=audit_share,
            forms=form or [],
        )
    show(as_json, lambda: list_result(made, forms), lambda: list_text(made, forms))


@lists.command(rich_help_panel=USE)
def score(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="INPUT",
            help="CSV, Parquet file, folder of Parquet files, or a workspace (its latest wave).",
        ),
    ],
    model: Annotated[
        str,
        typer.Option(help="Experiment (its champion), folder of a released model, or models:/NAME@champion."),
    ],
    output: Annotated[
        Path, typer.Option(help="A new folder, or that of the same run which was broken off: it is continued.")
    ],
    drivers: Annotated[
        bool, typer.Option("--drivers", help="Also tell the contribution of every driver.")
    ] = False,
    engine: Annotated[
        Literal["local", "dask", "spark"],
        typer.Option(
            help="Where to compute: this machine, or a cluster (needs riskmodel[dask] or riskmodel[spark])."
        ),
    ] = "local",
    workspace: Annotated[
        Path | None,
        typer.Option(
            envvar="RISKMODEL_WORKSPACE",
            help="Where models are registered; by default INPUT where that is one, else workspace.",
        ),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(help="Column to carry along; may be repeated; by default location where it is there."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Score rows of features in a stream: chances, expected change, interval and drivers as Parquet.

    Example: riskmodel score cells/ --model slide-2y --output scores/cells --drivers
    """
    with working("looking at the input", unit="rows") as progress:
        done = riskmodel.score(
            source,
            model,
            output,
            drivers=drivers,
            engine=engine,
            workspace=None if workspace is None else riskmodel.Workspace(workspace),
            keep=keep or None,
            progress=lambda scored, rows: progress("scoring", scored, rows),
        )
    show(
        as_json,
        lambda: {"folder": done.folder, "manifest": done.manifest},
        lambda: "\n".join([*score_summary(done.manifest), str(done.folder / "scores")]),
    )


@lists.command("what-if", rich_help_panel=USE)
def what_if(
    change: Annotated[
        list[str],
        typer.Option(help="INDICATOR=+0.01, INDICATOR=-2 or INDICATOR=*0.9 (10% less); may be repeated."),
    ],
    workspace: WorkspaceOption = WORKSPACE,
    municipality: Annotated[
        list[str] | None,
        municipality_option("Where it changes: name, GM code or region; may be repeated; by default everywhere."),
    ] = None,
    experiment: ExperimentOption = None,
    as_json: JsonOption = False,
) -> None:
    """See how the model's forecast moves when indicators have another value: model behaviour, not an effect.

    Example: riskmodel what-if --change rivm_loneliness=*0.9 --municipality Venlo
    """
    from riskmodel.workflow.what_if import parse_changes

    changes = parse_changes(change)
    with working("asking the model"):
        table = riskmodel.what_if(
            riskmodel.Workspace(workspace), changes, municipality=municipality or (), experiment=experiment
        )
    label = table.attrs["label"]
    show(
        as_json,
        lambda: {"label": label, "areas": table},
        lambda: f"{label}\n{table.to_string(index=False, float_format='{:.4f}'.format)}\n{label}",
    )


@outcomes.command("ingest")
def ingest(
    file: Annotated[Path, typer.Argument(help="CSV or XLSX with code, bezocht_op, gevonden, gedaan, door.")],
    workspace: WorkspaceOption = WORKSPACE,
    list_id: ListOption = None,
    as_json: JsonOption = False,
) -> None:
    """Record visits to the areas of a list.

    Example: riskmodel outcomes ingest bezoeken.csv --list 2020-0a1b2c3d4e
    """
    from riskmodel.workflow.outcomes import load_list

    opened = riskmodel.Workspace(workspace)
    visits = riskmodel.ingest_outcomes(file, opened, list_id=list_id)
    result = visits_result(visits, load_list(opened, list_id).id)
    show(as_json, lambda: result, lambda: f"{result['visits']} visits to {result['areas']} areas")


@outcomes.command("show")
def show_visits(
    workspace: WorkspaceOption = WORKSPACE, list_id: ListOption = None, as_json: JsonOption = False
) -> None:
    """Show every visit that was recorded for a list.

    Example: riskmodel outcomes show --list 2020-0a1b2c3d4e
    """
    from riskmodel.workflow.outcomes import load_list, load_visits

    opened = riskmodel.Workspace(workspace)
    visits = load_visits(opened, load_list(opened, list_id)).drop(columns="sha256")
    show(as_json, lambda: visits, lambda: visits.to_string(index=False) if len(visits) else "no visits yet")


@outcomes.command("evaluate")
def evaluate(
    workspace: WorkspaceOption = WORKSPACE, list_id: ListOption = None, as_json: JsonOption = False
) -> None:
    """Tell what the visits say of a list: how often it was right, and what it missed.

    Example: riskmodel outcomes evaluate --list 2020-0a1b2c3d4e
    """
    from riskmodel.products.outcomes.words import evaluation_in_words

    found = riskmodel.evaluate_outcomes(riskmodel.Workspace(workspace), list_id=list_id)
    text = evaluation_in_words(found)
    show(as_json, lambda: outcomes_result(found, text), lambda: "\n".join(text))
