"""The calls behind the commands of the monitor: what is, what changed, and what the files say of statements.

:func:`monitor` is ``riskmodel.monitor_areas`` on the package: ``riskmodel.monitor`` is its room of modules.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from riskmodel.errors import InputError
from riskmodel.monitor.development import noise_or_unknown
from riskmodel.monitor.measured import Edition, Measured, measured
from riskmodel.monitor.national_tables import TOLD, groups_in, national_pictures, national_tables
from riskmodel.monitor.view import View, span_of, tables, view_of
from riskmodel.monitoring_files import Written, publish, write_pictures, write_sheet, write_tables
from riskmodel.panel.panel import FloatArray
from riskmodel.panel.store import LEVELS, Workspace

if TYPE_CHECKING:
    from riskmodel.monitor.statements import Statement

#: Levels in the order in which statements are held against them: most were counted per buurt.
NEAR_BUURT = ("buurt", "wijk", "pc4", "grid", "gemeente")
EDITIONS: tuple[Edition, ...] = ("2.0", "3.0")


def monitor(
    workspace: Workspace,
    out: Path,
    *,
    municipality: Sequence[str] = (),
    group: str | None = None,
    level: str | None = None,
    edition: str = "3.0",
    start: int | None = None,
    end: int | None = None,
    made_on: date | None = None,
) -> tuple[View, Written]:
    """Write the present of a municipality or a group: sheet, tables and pictures.

    Parameters
    ----------
    workspace : Workspace
        With ingested scores.
    out : Path
        Folder to write into; nothing is written unless everything can be.
    municipality : sequence of str
        Names, ``GM`` codes or regions.
    group : str, optional
        Name of a group that comes along, or a CSV or TOML file with one; instead of municipalities.
    level, edition : str, optional
        As for :func:`riskmodel.monitor.measured.measured`.
    start, end : int, optional
        By default the last two measurements; the sheet also looks back ten years.
    made_on : datetime.date, optional
        Date on the sheet, by default today.

    Returns
    -------
    View
        What is shown.
    Written
        The sheet as HTML and PDF, tables as CSV, pictures as PNG and SVG. Without the library for PDF there is no
        PDF, and a note says so.

    Raises
    ------
    InputError
        If there are no such scores, areas or measurements, or nothing can be written there.
    """
    country = measured(workspace, level=level, edition=edition)
    view = view_of(country, municipality, group, start, end)
    made = tables(view, _urbanity(workspace, country))
    boundaries = _boundaries(workspace, country.level)

    notes: list[str] = []

    def fill(folder: Path) -> None:
        from riskmodel.monitor.view_pictures import pictures_of

        write_tables(folder, made)
        write_pictures(folder, pictures_of(view, made, boundaries))
        notes.extend(write_sheet(folder, workspace, view, start, boundaries, made_on))
        if view.note:
            (folder / "group.txt").write_text(view.note + "\n", encoding="utf-8")

    files = publish(out, fill)
    return view, Written(files, tuple(notes))


def national(
    workspace: Workspace,
    out: Path,
    *,
    level: str | None = None,
    edition: str = "3.0",
    start: int | None = None,
    end: int | None = None,
) -> tuple[Measured, Written]:
    """Write the national picture: tables, a text in plain Dutch, and pictures.

    Parameters
    ----------
    workspace : Workspace
        With ingested scores.
    out : Path
        Folder to write into; nothing is written unless everything can be.
    level, edition : str, optional
        As for :func:`riskmodel.monitor.measured.measured`.
    start, end : int, optional
        By default the last two measurements.

    Returns
    -------
    Measured
        What was measured.
    Written
        The files.

    Raises
    ------
    InputError
        If there are no such scores or measurements, or nothing can be written there.
    """
    from riskmodel.monitor.national_text import national_text
    from riskmodel.monitor.national_words import as_markdown, as_text

    country = measured(workspace, level=level, edition=edition)
    start, end = span_of(country, start, end)
    grouped, noise = groups_in(country), noise_or_unknown(country)
    made = national_tables(country, start, end, grouped.masks, noise)
    told = {name: mask for name, mask in grouped.masks.items() if name in TOLD}
    sections = national_text(country, start, end, told, noise, grouped.titles)
    title = f"Leefbaarheid in Nederland, {start} en {end}"

    def fill(folder: Path) -> None:
        write_tables(folder, made)
        write_pictures(folder, national_pictures(country, start, end, made, grouped.partly))
        (folder / "nederland.txt").write_text(as_text(title, sections), encoding="utf-8")
        (folder / "nederland.md").write_text(as_markdown(title, sections), encoding="utf-8")

    return country, Written(publish(out, fill))


def statements(workspace: Workspace, statement: str | None = None) -> pd.DataFrame:
    """Hold statements to parliament against the files in a workspace.

    Parameters
    ----------
    workspace : Workspace
        With ingested scores of either edition, or both.
    statement : str, optional
        Id of one; by default all, each beside one level of each edition. One is held against every level.

    Returns
    -------
    pandas.DataFrame
        See :func:`riskmodel.monitor.statements.statements_table`.

    Raises
    ------
    InputError
        If there is no such statement, or there are no scores.
    """
    from riskmodel.monitor.statements import find_statement, statements_table

    wanted: list[Statement] | None = [find_statement(statement)] if statement else None
    instruments: list[Measured] = []
    for edition in EDITIONS:
        held = [each for level in NEAR_BUURT if (each := _held(workspace, level, edition)) is not None]
        instruments += held if statement else held[:1]
    if not instruments:
        raise InputError(
            workspace.folder,
            "no scores of the Leefbaarometer",
            "some",
            "Run: riskmodel ingest leefbaarometer FILE, or riskmodel ingest leefbaarometer-2 FILES",
        )
    return statements_table([(each, groups_in(each).masks) for each in instruments], wanted)


def verify(files: Sequence[Path]) -> tuple[str, bool]:
    """Compute published classes and sums again; see :func:`riskmodel.monitor.verify.verify_files`."""
    from riskmodel.monitor.verify import verify_files

    return verify_files(files)


def survey(
    file: Path,
    workspace: Workspace,
    *,
    out: Path | None = None,
    level: str | None = None,
    edition: str = "3.0",
    start: int | None = None,
    end: int | None = None,
    who: str = "bewoners",
    answers: str | None = None,
    groups: Sequence[str] = (),
) -> tuple[pd.DataFrame, str]:
    """Hold a survey against the measured development.

    Parameters
    ----------
    file : Path
        See :func:`riskmodel.monitor.survey.read_survey`.
    workspace : Workspace
        With ingested scores.
    out : Path, optional
        Folder for the table, the text and a picture; by default nothing is written.
    level, edition, start, end
        As for :func:`national`.
    who : str
        Who answered, in the plural.
    answers : {"number", "share", "percent"}, optional
        How answers are counted, where the columns do not say.
    groups : sequence of str
        Files with groups of one's own that the survey names.

    Returns
    -------
    pandas.DataFrame
        See :func:`riskmodel.monitor.survey.survey_table`.
    str
        What it says, in plain Dutch.

    Raises
    ------
    InputError
        If the survey or the scores are not as expected, or nothing can be written there.
    """
    from riskmodel.monitor import survey as surveys
    from riskmodel.monitor.groups import group

    if answers not in (None, "number", "share", "percent"):
        raise InputError("--answers", repr(answers), "number, share or percent")
    read = surveys.read_survey(file, answers=answers, who=who)  # type: ignore[arg-type]
    country = measured(workspace, level=level, edition=edition)
    start, end = span_of(country, start, end)
    table = surveys.survey_table(read, country, start, end, with_groups=[group(each) for each in groups])
    text = "\n".join([*read.notes, surveys.in_words(surveys.agreement(table))])

    def fill(folder: Path) -> None:
        write_tables(folder, {"survey": table, "enquete": surveys.table_in_dutch(table)})
        (folder / "enquete.txt").write_text(text + "\n", encoding="utf-8")

    if out is not None:
        publish(out, fill)
    return table, text


def _held(workspace: Workspace, level: str, edition: str) -> Measured | None:
    if level not in LEVELS:
        return None
    try:
        return measured(workspace, level=level, edition=edition)
    except InputError:
        return None


def _urbanity(workspace: Workspace, country: Measured) -> FloatArray | None:
    """Degree of urbanity of every area, of its latest year; None where none is known."""
    if country.edition == "3.0":
        panel = workspace.panel(country.level)
        known = pd.Series(panel.latest("urbanity"), index=panel.areas)
    else:
        held = [each.frame for each in workspace.observations(country.level) if "urbanity" in each.indicators]
        rows = pd.concat(held) if held else pd.DataFrame(columns=["location", "year", "urbanity"])
        known = rows.dropna(subset="urbanity").sort_values("year").groupby("location")["urbanity"].last()
    found = known.reindex(country.areas).to_numpy(dtype=float)
    return None if np.isnan(found).all() else np.asarray(found)


def _boundaries(workspace: Workspace, level: str) -> Any:
    """Polygons of a level; None without them, or without the libraries that read them."""
    try:
        return workspace.boundaries(level)
    except InputError:
        return None
