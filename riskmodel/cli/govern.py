"""The commands of accountability: audit by groups of areas, documents of a released model, the register."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import riskmodel
from riskmodel.cli import complete
from riskmodel.cli.options import WORKSPACE, WorkspaceOption
from riskmodel.cli.output import ACCOUNT, JsonOption, show, working

governance = typer.Typer()


@governance.command(rich_help_panel=ACCOUNT)
def audit(
    experiment: Annotated[
        str,
        typer.Argument(
            help="Name of an experiment with a backtest, such as decline-2y.", autocompletion=complete.attempts
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
    """Tell who stands on the list and where it is wrong, by urbanity, size, level, income and groups of your own.

    Example: riskmodel audit decline-2y --groups composition.csv --out audit
    """
    from riskmodel.cli.json_results import audit_result
    from riskmodel.workspace.store import Workspace

    with working("auditing by groups of areas"):
        done = riskmodel.audit(Workspace(workspace), experiment, groups=groups, out=out)
    show(
        as_json,
        lambda: audit_result(done, experiment),
        lambda: "\n".join([done.text, *map(str, done.files)]),
    )


@governance.command("register-entry", rich_help_panel=ACCOUNT)
def register_entry(
    out: Annotated[Path, typer.Option(help="JSON file to write.")],
    workspace: WorkspaceOption = WORKSPACE,
    experiment: Annotated[
        str | None,
        typer.Option(help="Name of a trained experiment; by default decline-2y, or the only one there is."),
    ] = None,
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
    from riskmodel.cli.json_results import register_result
    from riskmodel.products.governance.register_entry import summary
    from riskmodel.workspace.store import Workspace

    made, paths = riskmodel.register_entry(
        Workspace(workspace), out, experiment=experiment, release=release, answers=answers
    )
    show(
        as_json,
        lambda: register_result(made, paths),
        lambda: "\n".join([summary(made), *map(str, paths.values())]),
    )


@governance.command(rich_help_panel=ACCOUNT)
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
    from riskmodel.workspace.store import Workspace

    with working("describing the model anew"):
        described = riskmodel.describe(release, Workspace(workspace))
    files = sorted(described.folder.iterdir())
    show(
        as_json,
        lambda: {"release": described.id, "folder": described.folder, "files": files},
        lambda: "\n".join(map(str, files)),
    )
