"""The command that scores an input of any size with a released model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

import riskmodel
from riskmodel.cli.output import USE, JsonOption, show, working

scoring = typer.Typer()
#: Features told on a terminal; the manifest has all of them.
SHOWN = 10


@scoring.command(rich_help_panel=USE)
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

    Example: riskmodel score cells/ --model decline-2y --output scores/cells --drivers
    """
    from riskmodel.workspace.store import Workspace

    with working("looking at the input", unit="rows") as progress:
        done = riskmodel.score(
            source,
            model,
            output,
            drivers=drivers,
            engine=engine,
            workspace=None if workspace is None else Workspace(workspace),
            keep=keep or None,
            progress=lambda scored, rows: progress("scoring", scored, rows),
        )
    show(
        as_json,
        lambda: {"folder": done.folder, "manifest": done.manifest},
        lambda: "\n".join([*summary(done.manifest), str(done.folder / "scores")]),
    )


def summary(manifest: dict[str, Any]) -> list[str]:
    """What a finished run is told as, a line each: rows, rejects by reason, and drift."""
    totals = manifest["totals"]
    lines = [f"{manifest['model']}: {totals['scored']:,} of {totals['rows']:,} rows scored"]
    if totals["rejected"]:
        told = ", ".join(f"{number:,} {reason}" for reason, number in totals["reasons"].items())
        rows = "1 row" if totals["rejected"] == 1 else f"{totals['rejected']:,} rows"
        lines.append(f"{rows} rejected ({told}); each with its reason under rejects")
    drift = manifest["drift"]
    if not drift["reference"]:
        return [*lines, f"drift: not known, {drift['note']}"]
    warned = [each for each in drift["features"] if each["warning"]]
    warned.sort(key=lambda each: (-each["psi"], each["feature"]))
    outside = sum(bool(each["below"] or each["above"]) for each in drift["features"])
    lines.append(
        f"drift: {len(warned)} of {len(drift['features'])} features unlike the training (PSI above "
        f"{drift['psi_limit']:g} or {drift['missing_limit']:.0%} more missing); {outside} with values outside"
    )
    lines += [
        f"  {each['feature']}: PSI {each['psi']:.2f}, missing {each['missing']:.0%} "
        f"(training {each['missing_training']:.0%}), {each['below'] + each['above']:,} values outside the range"
        for each in warned[:SHOWN]
    ]
    return lines if len(warned) <= SHOWN else [*lines, f"  ... and {len(warned) - SHOWN} more in manifest.json"]
