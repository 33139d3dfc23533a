"""``riskmodel ingest``: one command a source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import riskmodel
from riskmodel.cli.json_results import ingest_result, links_result
from riskmodel.cli.options import WORKSPACE, WorkspaceOption
from riskmodel.cli.output import JsonOption, show, working
from riskmodel.cli.text import ingest_text
from riskmodel.errors import InputError

if TYPE_CHECKING:
    from riskmodel.sources.observations import Observations

ingest = typer.Typer(no_args_is_help=True, help="Read official and local files into the workspace.")

FilesArgument = Annotated[list[Path], typer.Argument(help="One or more files as published.", show_default=False)]
BoundariesOption = Annotated[
    int | None,
    typer.Option(
        help="Year of the area classification of the codes, such as 2022; by default what is known of the files."
    ),
]
ReplaceOption = Annotated[
    bool, typer.Option("--replace", help="Put a file in the place of another of the same source, level and year.")
]
AcceptOption = Annotated[
    list[str] | None,
    typer.Option(help="Code of a finding, such as AR05, to let through; may be repeated; needs --reason."),
]
ReasonOption = Annotated[
    str, typer.Option(help="Why what was found is right, in a sentence; kept with the values.")
]
READING = "reading the files"

#: Command and what it reads, for sources that need nothing but files. Kept here so that help needs no reader.
PLAIN = {
    "leefbaarometer-2": "Read Leefbaarometer 2.0: an instrument of its own, never mixed with 3.0.",
    "leefbaarometer-wfs": "Read attribute tables of the Leefbaarometer WFS, with classes.",
    "police": "Read offences and nuisance per area (47018NED, 47022NED, 47024NED).",
    "rivm": "Read the health monitor of RIVM and GGD (50090NED).",
    "veiligheidsmonitor": "Read the Veiligheidsmonitor per gemeente, with its margins (85146NED).",
    "ses-woa": "Read SES-WOA, the socio-economic status of areas by CBS.",
    "woon": "Read results of the housing survey WoON, with their margins.",
}


@ingest.command("leefbaarometer")
def ingest_leefbaarometer(
    files: Annotated[
        list[Path], typer.Argument(help="CSV files as published, the open-data zip, or a folder with either.")
    ],
    workspace: WorkspaceOption = WORKSPACE,
    boundaries: BoundariesOption = None,
    level: Annotated[
        list[str] | None,
        typer.Option(
            help="wijk, buurt, gemeente, pc4 or grid: take only these; may be repeated; by default all there are."
        ),
    ] = None,
    replace: ReplaceOption = False,
    accept: AcceptOption = None,
    reason: ReasonOption = "",
    as_json: JsonOption = False,
) -> None:
    """Read Leefbaarometer 3.0 scores, any level.

    Example: riskmodel ingest leefbaarometer "Leefbaarometer-scores wijken 2002-2020.csv"
    """
    with working(READING):
        read = riskmodel.ingest_leefbaarometer(
            files,
            riskmodel.Workspace(workspace),
            boundaries=boundaries,
            levels=level or (),
            replace=replace,
            accept=_accepted(accept, reason),
        )
    _show(read, as_json)


@ingest.command("kwb")
def ingest_kwb(
    files: FilesArgument,
    workspace: WorkspaceOption = WORKSPACE,
    year: Annotated[
        int | None,
        typer.Option(help="Year of the figures, such as 2022, where the name of the file does not say."),
    ] = None,
    allow_origin: Annotated[
        bool, typer.Option("--allow-origin", help="Also read shares by origin, which are blocked otherwise.")
    ] = False,
    replace: ReplaceOption = False,
    accept: AcceptOption = None,
    reason: ReasonOption = "",
    as_json: JsonOption = False,
) -> None:
    """Read Kerncijfers wijken en buurten: size and context.

    Example: riskmodel ingest kwb wijk_2016.csv wijk_2022.csv
    """
    with working(READING):
        read = riskmodel.ingest_kwb(
            files,
            riskmodel.Workspace(workspace),
            year=year,
            allow_origin=allow_origin,
            replace=replace,
            accept=_accepted(accept, reason),
        )
    _show(read, as_json)


@ingest.command("crosswalk")
def ingest_crosswalk(
    file: Annotated[
        Path, typer.Argument(help="CSV with level, year_from, year_to, code_from, code_to and addresses.")
    ],
    workspace: WorkspaceOption = WORKSPACE,
    as_json: JsonOption = False,
) -> None:
    """Read links between area codes of different years, so that sources on other boundaries join.

    Example: riskmodel ingest crosswalk code_changes_2016_2024.csv
    """
    with working(READING):
        result = links_result(riskmodel.ingest_crosswalk(file, riskmodel.Workspace(workspace)))
    show(as_json, lambda: result, lambda: "crosswalk: {links:,} links, {from}-{to}".format(**result))


@ingest.command("boundaries")
def ingest_boundaries(
    file: Annotated[Path, typer.Argument(help="Polygons: GeoPackage, GeoJSON or shapefile.")],
    workspace: WorkspaceOption = WORKSPACE,
    level: Annotated[
        str | None,
        typer.Option(help="wijk, buurt, gemeente, pc4 or grid; only needed where a file holds several."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Read polygons, for maps and for who borders on whom; needs riskmodel[geo].

    Example: riskmodel ingest boundaries wijk_2022.geojson
    """
    from riskmodel.sources.boundaries import level_of

    with working(READING):
        areas = riskmodel.ingest_boundaries(file, riskmodel.Workspace(workspace), level=level)
    result = {"level": level_of(areas), "areas": len(areas)}
    show(as_json, lambda: result, lambda: "boundaries: {areas:,} areas of level {level}".format(**result))


@ingest.command("local")
def ingest_local(
    file: Annotated[Path, typer.Argument(help="CSV, XLSX or Parquet file of a municipality.")],
    workspace: WorkspaceOption = WORKSPACE,
    mapping: Annotated[Path | None, typer.Option(help="TOML file that says what the columns mean.")] = None,
    draft_mapping: Annotated[
        Path | None, typer.Option(help="New TOML file for a first mapping, to be completed; nothing is read in.")
    ] = None,
    replace: ReplaceOption = False,
    accept: AcceptOption = None,
    reason: ReasonOption = "",
    as_json: JsonOption = False,
) -> None:
    """Read a municipality's own figures through a mapping.

    Example: riskmodel ingest local survey.csv --draft-mapping survey.toml
    """
    if (mapping is None) == (draft_mapping is None):
        raise InputError("ingest local", "both or neither", "either --mapping M.toml or --draft-mapping M.toml")
    if draft_mapping is not None:
        path = riskmodel.draft_local_mapping(file, draft_mapping)
        then = f'{path}: replace every "...", then run: riskmodel ingest local {file} --mapping {path}'
        show(as_json, lambda: {"mapping": path}, lambda: then)
    elif mapping is not None:
        permitted = _accepted(accept, reason)
        with working(READING):
            read = riskmodel.ingest_local(
                file, riskmodel.Workspace(workspace), mapping=mapping, replace=replace, accept=permitted
            )
        _show(read, as_json)


def _plain(source: str) -> Callable[..., None]:
    def command(
        files: FilesArgument,
        workspace: WorkspaceOption = WORKSPACE,
        boundaries: BoundariesOption = None,
        replace: ReplaceOption = False,
        accept: AcceptOption = None,
        reason: ReasonOption = "",
        as_json: JsonOption = False,
    ) -> None:
        with working(READING):
            read = riskmodel.ingest(
                source,
                files,
                riskmodel.Workspace(workspace),
                boundaries=boundaries,
                replace=replace,
                accept=_accepted(accept, reason),
            )
        _show(read, as_json)

    return command


for _source, _help in PLAIN.items():
    ingest.command(_source, help=f"{_help}\n\nExample: riskmodel ingest {_source} FILE")(_plain(_source))


def _accepted(codes: Sequence[str] | None, reason: str) -> dict[str, str]:
    return dict.fromkeys(codes or (), reason)


def _show(read: Sequence[Observations], as_json: bool) -> None:
    show(as_json, lambda: ingest_result(read), lambda: ingest_text(read))
