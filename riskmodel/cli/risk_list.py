"""The commands around a risk list: outcomes of visits, and what the model would say if."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import riskmodel
from riskmodel.cli import complete
from riskmodel.cli.options import WORKSPACE, WorkspaceOption
from riskmodel.cli.output import USE, JsonOption, show, working

outcomes = typer.Typer(no_args_is_help=True, help="What was found on the spot, and what that says of a list.")
listing = typer.Typer()

ListOption = Annotated[
    str | None,
    typer.Option(
        "--list",
        help="Name of the list, printed on it; may be left out when there is one.",
        autocompletion=complete.lists,
    ),
]


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
    from riskmodel.cli.json_results import visits_result
    from riskmodel.products.outcomes.lists import load_list
    from riskmodel.workspace.store import Workspace

    place = Workspace(workspace)
    visits = riskmodel.ingest_outcomes(file, place, list_id=list_id)
    told = visits_result(visits, load_list(place, list_id).id)
    show(as_json, lambda: told, lambda: f"{told['visits']} visits to {told['areas']} areas")


@outcomes.command("show")
def show_visits(
    workspace: WorkspaceOption = WORKSPACE, list_id: ListOption = None, as_json: JsonOption = False
) -> None:
    """Show every visit that was recorded for a list.

    Example: riskmodel outcomes show --list 2020-0a1b2c3d4e
    """
    from riskmodel.products.outcomes.lists import load_list
    from riskmodel.products.outcomes.visits import visits_of
    from riskmodel.workspace.store import Workspace

    place = Workspace(workspace)
    visits = visits_of(place, load_list(place, list_id)).drop(columns="sha256")
    show(as_json, lambda: visits, lambda: visits.to_string(index=False) if len(visits) else "no visits yet")


@outcomes.command("evaluate")
def evaluate(
    workspace: WorkspaceOption = WORKSPACE, list_id: ListOption = None, as_json: JsonOption = False
) -> None:
    """Tell what the visits say of a list: how often it was right, and what it missed.

    Example: riskmodel outcomes evaluate --list 2020-0a1b2c3d4e
    """
    from riskmodel.cli.json_results import outcomes_result
    from riskmodel.products.outcomes.words import evaluation_in_words
    from riskmodel.workspace.store import Workspace

    found = riskmodel.evaluate_outcomes(Workspace(workspace), list_id=list_id)
    text = evaluation_in_words(found)
    show(as_json, lambda: outcomes_result(found, text), lambda: "\n".join(text))


@listing.command("what-if", rich_help_panel=USE)
def what_if(
    change: Annotated[
        list[str],
        typer.Option(help="INDICATOR=+0.01, INDICATOR=-2 or INDICATOR=*0.9 (10% less); may be repeated."),
    ],
    workspace: WorkspaceOption = WORKSPACE,
    municipality: Annotated[
        list[str] | None,
        typer.Option(
            help="Where it changes: name, GM code or region; may be repeated; by default everywhere.",
            autocompletion=complete.municipalities,
        ),
    ] = None,
    experiment: Annotated[
        str | None,
        typer.Option(
            help="Name of a trained experiment; by default decline-2y, or the only one there is.",
            autocompletion=complete.trained,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """See how the model's forecast moves when indicators have another value: model behaviour, not an effect.

    Example: riskmodel what-if --change rivm_loneliness=*0.9 --municipality Venlo
    """
    from riskmodel.workflow.what_if import parse_changes
    from riskmodel.workspace.store import Workspace

    changes = parse_changes(change)
    with working("asking the model"):
        table = riskmodel.what_if(
            Workspace(workspace), changes, municipality=municipality or (), experiment=experiment
        )
    label = table.attrs["label"]
    show(
        as_json,
        lambda: {"label": label, "areas": table},
        lambda: f"{label}\n{table.to_string(index=False, float_format='{:.4f}'.format)}\n{label}",
    )
