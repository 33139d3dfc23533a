"""Commands about the present: state and changes of areas, statements, published classes and surveys."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import riskmodel
from riskmodel.cli.json_results import monitor_result, survey_result
from riskmodel.cli.options import (
    WORKSPACE,
    EditionOption,
    LevelOption,
    MunicipalityOption,
    WorkspaceOption,
    municipality_option,
)
from riskmodel.cli.output import PRESENT, JsonOption, remark, show, working
from riskmodel.cli.text import current_text, monitor_text, survey_text, written_text

present = typer.Typer()

FromOption = Annotated[
    int | None, typer.Option("--from", help="First measurement, such as 2018; by default the one before the last.")
]
ToOption = Annotated[
    int | None, typer.Option("--to", help="Last measurement, such as 2020; by default the newest.")
]
OutOption = Annotated[Path, typer.Option("--out", help="Folder to write into.")]


@present.command(rich_help_panel=PRESENT)
def current(
    workspace: WorkspaceOption = WORKSPACE,
    level: LevelOption = None,
    municipality: MunicipalityOption = None,
    edition: EditionOption = "3.0",
    wave: Annotated[int | None, typer.Option(help="Measurement, such as 2020; by default the last.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show score, class, dimensions and changes of every area, and write them to the workspace.

    Example: riskmodel current --municipality Venlo --wave 2018
    """
    opened = riskmodel.Workspace(workspace)
    table = riskmodel.current(opened, level=level, municipality=municipality or [], edition=edition, wave=wave)
    folder = opened.path("current")
    show(as_json, lambda: {"folder": folder, "areas": table}, lambda: current_text(table, folder))


@present.command("monitor", rich_help_panel=PRESENT)
def monitor_areas(
    out: OutOption,
    workspace: WorkspaceOption = WORKSPACE,
    municipality: Annotated[
        list[str] | None,
        municipality_option("Name, GM code, region or 'Provincie Utrecht'; may be repeated; this or --group."),
    ] = None,
    group: Annotated[
        str | None, typer.Option(help="Name of a group such as G4, or a CSV or TOML file with your own.")
    ] = None,
    level: LevelOption = None,
    edition: EditionOption = "3.0",
    start: FromOption = None,
    end: ToOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the present of a municipality or group: a sheet in Dutch, tables and pictures.

    Example: riskmodel monitor --municipality Venlo --out monitor/venlo
    """
    with working("describing the present"):
        view, written = riskmodel.monitor_areas(
            riskmodel.Workspace(workspace),
            out,
            municipality=municipality or [],
            group=group,
            level=level,
            edition=edition,
            start=start,
            end=end,
        )
    for note in written.notes:
        remark(note)
    about = {"title": view.title, "from": view.start, "to": view.end}
    show(
        as_json,
        lambda: monitor_result(view.areas, written) | about,
        lambda: monitor_text(view, out, written.files),
    )


@present.command(rich_help_panel=PRESENT)
def national(
    out: OutOption,
    workspace: WorkspaceOption = WORKSPACE,
    level: LevelOption = None,
    edition: EditionOption = "3.0",
    start: FromOption = None,
    end: ToOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the national picture: tables, a text in plain Dutch, and pictures.

    Example: riskmodel national --edition 2.0 --out monitor/nederland
    """
    with working("describing the country"):
        country, written = riskmodel.national(
            riskmodel.Workspace(workspace), out, level=level, edition=edition, start=start, end=end
        )
    heading = f"{len(country.areas):,} areas of level {country.level}, Leefbaarometer {country.edition}"
    show(as_json, lambda: monitor_result(country, written), lambda: written_text(heading, out, written.files))


@present.command(rich_help_panel=PRESENT)
def statement(
    name: Annotated[
        str | None, typer.Argument(help="Id of one statement, such as onvoldoende; by default all.")
    ] = None,
    workspace: WorkspaceOption = WORKSPACE,
    as_json: JsonOption = False,
) -> None:
    """Hold what letters to parliament say against the ingested scores, side by side.

    Example: riskmodel statement onvoldoende
    """
    from riskmodel.products.present.statement_text import in_full, side_by_side

    with working("holding statements against the scores"):
        table = riskmodel.statements(riskmodel.Workspace(workspace), name)
    show(as_json, lambda: table, lambda: in_full(table) if name else side_by_side(table))


@present.command(rich_help_panel=PRESENT)
def verify(
    files: Annotated[list[Path], typer.Argument(help="Files of the Leefbaarometer as published.")],
    as_json: JsonOption = False,
) -> None:
    """Compute published classes and sums again; exit code 1 when something differs.

    Example: riskmodel verify score_gemeente.xlsx
    """
    with working("computing classes and sums again"):
        text, same = riskmodel.verify(files)
    show(as_json, lambda: {"same": same, "report": text.splitlines()}, lambda: text)
    if not same:
        raise typer.Exit(1)


@present.command(rich_help_panel=PRESENT)
def survey(
    file: Annotated[
        Path, typer.Argument(help="CSV with code (or group), respondents, saw_decline and saw_progress.")
    ],
    workspace: WorkspaceOption = WORKSPACE,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder to write table and text into; by default they are only shown."),
    ] = None,
    level: LevelOption = None,
    edition: EditionOption = "3.0",
    start: FromOption = None,
    end: ToOption = None,
    who: Annotated[str, typer.Option(help="Who answered, in Dutch and in the plural, for the text.")] = "bewoners",
    answers: Annotated[
        str | None,
        typer.Option(
            help="How answers are counted: number, share or percent; only needed where the columns do not say."
        ),
    ] = None,
    group: Annotated[
        list[str] | None,
        typer.Option(help="CSV or TOML file with a group of your own that the survey names; may be repeated."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Hold a survey of residents or professionals against the measured development.

    Example: riskmodel survey enquete.csv --from 2016 --to 2020
    """
    with working("holding the survey against the scores"):
        table, text = riskmodel.survey(
            file,
            riskmodel.Workspace(workspace),
            out=out,
            level=level,
            edition=edition,
            start=start,
            end=end,
            who=who,
            answers=answers,
            groups=group or [],
        )
    show(as_json, lambda: survey_result(table, text, out), lambda: survey_text(table, text, out))
