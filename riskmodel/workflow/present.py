"""``riskmodel current``, ``monitor`` and ``national``: the present of areas, municipalities and the country."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from riskmodel.errors import InputError
from riskmodel.monitor.current import state_table
from riskmodel.monitor.development import noise_or_unknown
from riskmodel.monitor.measured import Measured, measured, measured_of
from riskmodel.monitor.view import View, in_municipalities, span_of, tables, view_of
from riskmodel.panel.panel import FloatArray
from riskmodel.products.present.folder import Written, publish, write_pictures, write_sheet, write_tables
from riskmodel.products.present.group_words import in_dutch, origin_of
from riskmodel.products.present.national_tables import SHOWN_GROUPS, groups_in, national_pictures, national_tables
from riskmodel.sources.leefbaarometer import edition2 as leefbaarometer2
from riskmodel.sources.leefbaarometer import scores as leefbaarometer
from riskmodel.workspace.safe_text import write_table
from riskmodel.workspace.store import Workspace
from riskmodel.workspace.transaction import put_file


def current(
    workspace: Workspace,
    *,
    level: str | None = None,
    municipality: Sequence[str] = (),
    edition: str = "3.0",
    wave: int | None = None,
) -> pd.DataFrame:
    """State of every area, also written to ``current/`` in the workspace.

    Parameters
    ----------
    workspace : Workspace
        With ingested scores.
    level, edition : str, optional
        As for :func:`riskmodel.monitor.measured.measured`.
    municipality : sequence of str
        Names, ``GM`` codes or regions whose areas are returned; the file always holds all.
    wave : int, optional
        By default the last measurement.

    Returns
    -------
    pandas.DataFrame
        See :func:`riskmodel.monitor.current.state_table`. The file is ``LEVEL.csv`` for the last measurement of
        3.0, otherwise ``LEVEL-EDITION-WAVE.csv``.

    Raises
    ------
    InputError
        If there are no such scores, measurement or municipalities.
    """
    country = measured(workspace, level=level, edition=edition)
    chosen = in_municipalities(country, municipality) if municipality else None
    table = state_table(country, wave)
    newest = edition == "3.0" and wave in (None, country.waves[-1])
    name = country.level if newest else f"{country.level}-{edition}-{country.waves[-1] if wave is None else wave}"
    put_file(workspace, workspace.path("current", f"{name}.csv"), lambda path: write_table(table, path))
    if chosen is None:
        return table
    return table[table["location"].isin(country.areas[chosen])].reset_index(drop=True)


def monitor_areas(
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
    """Write the present of a municipality or a group: sheet, tables and pictures."""
    country, urbanity = _country(workspace, level, edition)
    view = view_of(country, municipality, group, start, end)
    made = tables(view, urbanity)
    boundaries = _boundaries(workspace, country.level)

    # The files behind the sheet: scores of its edition, and counts of people.
    scores = {"3.0": leefbaarometer.SOURCE, "2.0": leefbaarometer2.SOURCE}[edition]
    sources = [
        file
        for each in workspace.observations(country.level)
        if each.source == scores or "population" in each.indicators
        for file in each.files
    ]
    today = made_on or datetime.now(tz=UTC).date()
    notes: list[str] = []

    def fill(folder: Path) -> None:
        from riskmodel.products.present.pictures.view_pictures import pictures_of

        write_tables(folder, in_dutch(made))
        write_pictures(folder, pictures_of(view, made, boundaries))
        notes.extend(write_sheet(folder, view, start=start, boundaries=boundaries, files=sources, made_on=today))
        origin = origin_of(view)
        if origin:
            (folder / "group.txt").write_text(origin + "\n", encoding="utf-8")

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
    from riskmodel.products.present.national_text import national_text
    from riskmodel.products.present.national_words import as_markdown, as_text

    country = measured(workspace, level=level, edition=edition)
    start, end = span_of(country, start, end)
    grouped, noise = groups_in(country), noise_or_unknown(country)
    made = national_tables(country, start, end, grouped.masks, noise)
    shown = {name: mask for name, mask in grouped.masks.items() if name in SHOWN_GROUPS}
    sections = national_text(country, start, end, shown, noise, grouped.titles)
    title = f"Leefbaarheid in Nederland, {start} en {end}"

    def fill(folder: Path) -> None:
        write_tables(folder, made)
        write_pictures(folder, national_pictures(country, start, end, made, grouped.partly))
        (folder / "nederland.txt").write_text(as_text(title, sections), encoding="utf-8")
        (folder / "nederland.md").write_text(as_markdown(title, sections), encoding="utf-8")

    return country, Written(publish(out, fill))


def _country(workspace: Workspace, level: str | None, edition: str) -> tuple[Measured, FloatArray | None]:
    """Every area, and its degree of urbanity in the latest year that has one; None where none is known."""
    if edition == "3.0":
        panel = workspace.panel(level)
        country, known = measured_of(panel), pd.Series(panel.latest("urbanity"), index=panel.areas)
    else:
        country = measured(workspace, level=level, edition=edition)
        frames = [each.frame for each in workspace.observations(country.level) if "urbanity" in each.indicators]
        rows = pd.concat(frames) if frames else pd.DataFrame(columns=["location", "year", "urbanity"])
        known = rows.dropna(subset="urbanity").sort_values("year").groupby("location")["urbanity"].last()
    found = known.reindex(country.areas).to_numpy(dtype=float)
    return country, None if np.isnan(found).all() else np.asarray(found)


def _boundaries(workspace: Workspace, level: str) -> Any:
    """Polygons of a level; None without them, or without the libraries that read them."""
    try:
        return workspace.boundaries(level)
    except InputError:
        return None
