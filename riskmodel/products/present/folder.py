"""Folders that the commands of the monitor write: all of it is made before anything is put in place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from riskmodel.errors import InputError
from riskmodel.monitor.view import View
from riskmodel.sources.leefbaarometer import edition2 as leefbaarometer2
from riskmodel.sources.leefbaarometer import scores as leefbaarometer
from riskmodel.sources.observations import Observations
from riskmodel.workspace.atomic import draft_folder
from riskmodel.workspace.safe_text import write_table
from riskmodel.workspace.store import Workspace

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Written:
    """What a command of the monitor wrote.

    Attributes
    ----------
    files : mapping of str to Path
        Path of each file by its name within the folder.
    notes : tuple of str
        What could not be made, and why.
    """

    files: Mapping[str, Path]
    notes: tuple[str, ...] = ()


def write_tables(folder: Path, made: dict[str, pd.DataFrame]) -> None:
    """Write tables as CSV files of their names."""
    for name, table in made.items():
        write_table(table, folder / f"{name}.csv")


def write_pictures(folder: Path, made: dict[str, Figure]) -> None:
    """Write pictures as PNG and SVG under ``pictures``."""
    from riskmodel.products.rendering.style import save

    for name, figure in made.items():
        save(figure, folder / "pictures", name)


def write_sheet(
    folder: Path, workspace: Workspace, view: View, start: int | None, boundaries: Any, made_on: date | None
) -> list[str]:
    """Write the sheet of the present, and tell what of it could not be made."""
    from riskmodel.products.present.pictures.of_view import fills
    from riskmodel.products.present.sheet import write_now_sheet
    from riskmodel.products.rendering.pdf import html_to_pdf

    held = [each for each in workspace.observations(view.country.level) if _behind(each, view.country.edition)]
    # A group of which parts are missing must not pass for the whole.
    title = f"{view.title} ({view.coverage})" if view.coverage else view.title
    paths = write_now_sheet(
        view.country,
        view.chosen,
        title=title,
        name=f"leefbaarheid-{slug(view.title)}-{view.end}",
        out=folder,
        # Unless a start was asked for, the sheet chooses its own look back.
        start=start,
        end=view.end,
        noise=view.noise,
        boundaries=boundaries if fills(view, boundaries) else None,
        files=tuple(file for each in held for file in each.files),
        made_on=made_on or datetime.now(tz=UTC).date(),
        example=bool(np.char.startswith(view.areas.municipality_codes(), "GM9").any()),
        pdf=False,
    )
    try:
        html_to_pdf(paths["html"].read_text(encoding="utf-8"), paths["html"].with_suffix(".pdf"))
    except InputError as error:
        return [f"no PDF: {error.found}. {error.hint}"]
    return []


def slug(text: str) -> str:
    """A title as part of a file name: lower case letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "gebied"


def _behind(each: Observations, edition: str) -> bool:
    """Whether observations stand behind a sheet: scores of its edition, and counts of people."""
    scores = {"3.0": leefbaarometer.SOURCE, "2.0": leefbaarometer2.SOURCE}[edition]
    return each.source == scores or "population" in each.indicators


def publish(out: Path, fill: Callable[[Path], None]) -> dict[str, Path]:
    """Let ``fill`` write into a draft folder, then put everything in place."""
    if out.exists() and not out.is_dir():
        raise InputError(out, "a file", "a folder, or nothing")
    with draft_folder(out.absolute().parent) as draft:
        fill(draft)
        names = sorted(path.relative_to(draft) for path in draft.rglob("*") if path.is_file())
        try:
            if out.exists():
                for name in names:
                    (out / name).parent.mkdir(exist_ok=True)
                    (draft / name).replace(out / name)
            else:
                draft.rename(out)
        except OSError as error:
            raise InputError(out, error.strerror or "no folder", "a folder to write into") from error
    return {name.as_posix(): out / name for name in names}
