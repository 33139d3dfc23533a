"""Commands to account for results: audit, register entry, documents of a model, reproduce and adopt."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import riskmodel
from riskmodel.cli import complete
from riskmodel.cli.json_results import audit_result, register_result, reproduce_result
from riskmodel.cli.options import WORKSPACE, ExperimentOption, WorkspaceOption
from riskmodel.cli.output import ACCOUNT, JsonOption, show, working
from riskmodel.cli.text import adopt_text, register_text, reproduce_text

accounting = typer.Typer()


@accounting.command(rich_help_panel=ACCOUNT)
def audit(
    experiment: Annotated[
        str,
        typer.Argument(
            help="Name of an experiment with a backtest, such as slide-2y.", autocompletion=complete.attempts
        ),
    ],
    workspace: WorkspaceOption = WORKSPACE,
    groups: Annotated[
        Path | None,
        typer.Option(
            help="CSV with location, group and, optionally, label: other groups to audit by, for instance by "
            "composition of the population. Used for this audit alone, never stored and never a feature."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write into; by default audits/EXPERIMENT in the workspace.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Tell who is on the list and where it is wrong, by urbanity, size, level, income and groups of your own.

    Example: riskmodel audit slide-2y --groups composition.csv --out audit
    """
    with working("auditing by groups of areas"):
        done = riskmodel.audit(riskmodel.Workspace(workspace), experiment, groups=groups, out=out)
    show(as_json, lambda: audit_result(done, experiment), lambda: "\n".join([done.text, *map(str, done.files)]))


@accounting.command("register-entry", rich_help_panel=ACCOUNT)
def register_entry(
    out: Annotated[Path, typer.Option(help="JSON file to write.")],
    workspace: WorkspaceOption = WORKSPACE,
    experiment: ExperimentOption = None,
    release: Annotated[
        Path | None, typer.Option(help="Folder of a released model, in place of the champion of a workspace.")
    ] = None,
    answers: Annotated[
        Path | None,
        typer.Option(
            help="YAML with what people filled in: the file that is written beside the entry the first time."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the entry for the Algoritmeregister (standard 1.0) and tell which fields people must still fill in.

    Example: riskmodel register-entry --out register.json --answers register-antwoorden.yaml
    """
    made, paths = riskmodel.register_entry(
        riskmodel.Workspace(workspace), out, experiment=experiment, release=release, answers=answers
    )
    show(as_json, lambda: register_result(made, paths), lambda: register_text(made, paths))


@accounting.command(rich_help_panel=ACCOUNT)
def describe(
    release: Annotated[
        Path,
        typer.Argument(help="Folder of a released model: models/NAME/ID, in a workspace or elsewhere."),
    ],
    workspace: WorkspaceOption = WORKSPACE,
    as_json: JsonOption = False,
) -> None:
    """Make card, audit, register entry and IAMA document of a released model anew; the model stays as it is.

    Example: riskmodel describe models/decline-2y/lightgbm-2020-b34e601986
    """
    with working("describing the model anew"):
        described = riskmodel.describe(release, riskmodel.Workspace(workspace))
    files = sorted(described.folder.iterdir())
    show(
        as_json,
        lambda: {"release": described.id, "folder": described.folder, "files": files},
        lambda: "\n".join(map(str, files)),
    )


@accounting.command(rich_help_panel=ACCOUNT)
def reproduce(
    identity: Annotated[
        str, typer.Argument(metavar="ID", help="Id of a forecast, list or model, or the experiment of a backtest.")
    ],
    workspace: WorkspaceOption = WORKSPACE,
    as_json: JsonOption = False,
) -> None:
    """Make a stored forecast, backtest, list or model again and compare it bit by bit.

    Nothing is written. The exit code is 1 when anything differs.

    Example: riskmodel reproduce 2020-0a1b2c3d4e
    """
    with working("making it again"):
        found = riskmodel.reproduce(riskmodel.Workspace(workspace), identity)
    show(as_json, lambda: reproduce_result(found), lambda: reproduce_text(found))
    raise typer.Exit(1 if found.differs else 0)


@accounting.command(rich_help_panel=ACCOUNT)
def adopt(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files or folders in the workspace; by default everything.")
    ] = None,
    workspace: WorkspaceOption = WORKSPACE,
    anew: Annotated[
        bool, typer.Option("--anew", help="Begin a new manifest, because the old one is damaged.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Take files for good as they are now, or as gone; needed once after changing any by hand.

    Also brings a workspace of an earlier riskmodel to this format. What can be checked is checked first.

    Example: riskmodel adopt observations/police-offences_wijk_2022.parquet
    """
    with working("looking at the files"):
        changed = riskmodel.adopt(riskmodel.Workspace(workspace), paths or [], anew=anew)
    show(as_json, lambda: {"changed": changed}, lambda: adopt_text(changed))
