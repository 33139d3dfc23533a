"""Output folders of the commands of the present, written whole or not at all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from riskmodel.errors import InputError
from riskmodel.monitor.view import View
from riskmodel.products.present.group_words import coverage
from riskmodel.sources.observations import SourceFile
from riskmodel.workspace.atomic import draft_folder
from riskmodel.workspace.safe_text import write_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Written:
    """The files that a command of the present wrote.

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
    folder: Path,
    view: View,
    *,
    start: int | None,
    boundaries: Any,
    files: Sequence[SourceFile],
    made_on: date,
) -> list[str]:
    """Write the sheet of the present as page and PDF; return what could not be made.

    Without a start the sheet chooses its own look back.
    """
    from riskmodel.products.present.pictures.view_pictures import fills
    from riskmodel.products.present.sheet import render_now_sheet
    from riskmodel.products.present.sheet_facts import facts
    from riskmodel.products.rendering.pdf import html_to_pdf

    # A group of which parts are missing must not pass for the whole.
    found = coverage(view)
    title = f"{view.title} ({found})" if found else view.title
    html = render_now_sheet(
        facts(view.country, view.chosen, title=title, start=start, end=view.end, noise=view.noise),
        boundaries=boundaries if fills(view, boundaries) else None,
        files=files,
        made_on=made_on,
        example=bool(np.char.startswith(view.areas.municipality_codes(), "GM9").any()),
    )
    path = folder / f"leefbaarheid-{slug(view.title)}-{view.end}.html"
    # A line end other than the one that was hashed would make the browser refuse the style.
    path.write_text(html, encoding="utf-8", newline="\n")
    try:
        html_to_pdf(html, path.with_suffix(".pdf"))
    except InputError as error:
        return [f"no PDF: {error.found}. {error.hint}"]
    return []


def slug(text: str) -> str:
    """Return a title as part of a file name: lower case letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "gebied"


def publish(out: Path, fill: Callable[[Path], None]) -> dict[str, Path]:
    """Let ``fill`` write into a draft folder, then move all of it to ``out``; return the paths by name.

    Files of the same names are replaced, others remain.
    """
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
