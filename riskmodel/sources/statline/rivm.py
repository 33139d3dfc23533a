"""Health monitor of RIVM and GGD per neighbourhood, district and municipality (table 50090NED).

One workbook (or CSV) a year as the open-data service gives it: padded codes and figures, ``.`` for a figure that
is withheld, blanks for a topic that was not asked that year. Figures are estimates of a model, in percent of
adults. ``catalogue/rivm.toml`` says which column is which indicator and on which boundaries the codes stand.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.catalogue import load
from riskmodel.errors import InputError, unreadable
from riskmodel.sources.formats.archives import SheetBounds, check_workbook, opened
from riskmodel.sources.observations import Observations, SourceFile
from riskmodel.sources.statline import statline

SOURCE = "rivm"
AREA, PERIOD, AGE, MARGIN = "WijkenEnBuurten", "Perioden", "Leeftijd", "Marges"
MUNICIPALITY, CODE = "Gemeentenaam", "Codering"
#: The official workbooks are 26 MB unpacked, with 43 columns and 17,342 rows.
LARGEST_UNPACKED = 300 << 20
MOST_COLUMNS, MOST_CELLS = 78, 7_800_000
CUT = "The file may be cut off or protected."


def read_monitor(files: Sequence[Path], boundaries: int | None = None) -> list[Observations]:
    """Read files of the health monitor, any years.

    Parameters
    ----------
    files : sequence of Path
        Workbooks or CSV files with the columns of the open-data service.
    boundaries : int, optional
        Boundary vintage of the codes; by default that of the catalogue, which is checked against the codes.

    Returns
    -------
    list of Observations
        One a level, all years; a topic that was not asked in a year is missing there, and a topic that was asked
        in none of the years is left out.

    Raises
    ------
    InputError
        On any deviation from the format, an impossible percentage, an area and year given twice, or codes of other
        boundaries.
    """
    if not files:
        raise InputError("files", "none", "at least one file of the health monitor")
    catalogue = load("rivm")
    parts = [_read_one(path, catalogue, check_boundaries=boundaries is None) for path in files]
    frame = pd.concat(parts, keys=range(len(parts)), names=["file", "place"]).reset_index()
    twice = frame.duplicated(["location", "year"]).to_numpy()
    if twice.any():
        row = frame.iloc[int(np.argmax(twice))]
        found = f"{row['location']} in {row['year']} twice"
        raise InputError(files[int(row["file"])], found, "every area and year once")
    frame = frame.sort_values(["location", "year"], ignore_index=True)
    vintage = boundaries or int(catalogue["boundaries"])
    indicators = list(catalogue["columns"].values())
    asked = frame[indicators].notna().groupby(frame["year"]).any()
    never = [name for name in indicators if not asked[name].any()]
    notes = ["estimates of a model made afterwards on one boundary vintage: publication dates are as-if dates"]
    if never:
        notes.append(f"left out, in none of the years: {', '.join(never)}")
    for year, there in asked.iterrows():
        absent = [name for name in indicators if name not in never and not there[name]]
        if absent:
            notes.append(f"not asked in {year}: {', '.join(absent)}")
    frame = frame.drop(columns=["file", "place", *never])
    sources = tuple(SourceFile.of(path) for path in files)
    return [
        Observations(SOURCE, level, vintage, part.reset_index(drop=True), sources, notes=tuple(notes))
        for letters, level in statline.LEVELS.items()
        if len(part := frame[frame["location"].str.startswith(letters)])
    ]


def _read_one(path: Path, catalogue: Mapping[str, Any], check_boundaries: bool) -> pd.DataFrame:
    """Areas of one file: ``location, name, year`` and all indicators of the table."""
    table, stems = _open(path, catalogue["columns"])
    levels = table.levels(AREA)
    area = table.columns[AREA]
    if CODE in stems:
        _same_codes(table, stems[CODE])
    chosen = np.array([level is not None for level in levels])[area.index]
    for column, wanted in ((AGE, catalogue["age"]), (MARGIN, catalogue["margin"])):
        held = table.columns[column]
        fits = np.array([text == wanted for text in held.texts])[held.index]
        if not fits.any():
            found = f"only {', '.join(map(repr, held.texts[:5]))[:200]}"
            raise InputError(f"{path}, column {column!r}", found, repr(wanted))
        chosen &= fits
    if not chosen.any():
        raise InputError(path, "no gemeente, wijk or buurt", "estimates per area")
    codes = np.asarray(area.texts, dtype=object)[area.index]
    if check_boundaries:
        _check_boundaries(path, set(area.texts), catalogue)
    period = table.periods(PERIOD)[table.columns[PERIOD].index]
    monthly = chosen & (period % 100 > 0)
    if monthly.any():
        raise table.fault(int(np.argmax(monthly)), PERIOD, "a year like 2020JJ00")
    values: dict[str, Any] = {"location": codes, "name": codes, "year": (period // 100).astype("int32")}
    if MUNICIPALITY in stems:
        names = table.columns[stems[MUNICIPALITY]]
        titles = np.asarray(names.texts, dtype=object)[names.index]
        values["name"] = np.where([code.startswith("GM") for code in codes], titles, codes)
    for stem, indicator in catalogue["columns"].items():
        values[indicator] = table.numbers(stems[stem], 0.0, 100.0)
    frame = pd.DataFrame(values)[chosen].astype({"location": "str", "name": "str"})
    twice = frame.duplicated(["location", "year"])
    if twice.any():
        raise table.fault(int(twice.index[twice.to_numpy()][0]), AREA, "every area and year once")
    return frame


def _open(path: Path, columns: Mapping[str, str]) -> tuple[statline.Table, dict[str, str]]:
    """The table in a file, and its columns by name without number."""
    try:
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise unreadable(path, error) from error
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        found = "a workbook with a password or in the format before 2007"
        raise InputError(path, found, "an .xlsx workbook", "Open it and save it again.")
    cells = _cells(path) if start.startswith(b"PK\x03\x04") else None
    if cells is not None and not cells.size:
        raise InputError(path, "an empty sheet", "a header line and rows")
    names = statline.header(path)[1] if cells is None else [_text(path, 0, name) for name in cells[0]]
    stems = statline.by_stem(path, names, [MUNICIPALITY, CODE, *columns])
    wanted = [AGE, MARGIN, AREA, PERIOD, *(stems.get(stem, f"{stem}_...") for stem in columns)]
    absent = [name for name in wanted if name not in names]
    if absent:
        there = ", ".join(names[:8])[:300]
        hint = "Another edition of the table has other topics; this reader knows 50090NED."
        found = f"no column {absent[0]!r} (columns: {there})"
        raise InputError(f"{path}, row 1", found, f"the {len(wanted)} columns of 50090NED", hint)
    wanted += [stems[stem] for stem in (MUNICIPALITY, CODE) if stem in stems]
    if cells is None:
        return statline.read(path, wanted), stems
    doubled = [name for name in wanted if names.count(name) > 1]
    if doubled:
        raise InputError(f"{path}, row 1", f"column {doubled[0]!r} twice", "every column once")
    if len(cells) == 1:
        raise InputError(path, "a header without rows", "rows below the header")
    held = {name: _column(path, cells[1:, names.index(name)]) for name in wanted}
    return statline.Table(path, held, lambda row: f"row {row + 2}"), stems


def _cells(path: Path) -> npt.NDArray[np.object_]:
    """Cells of the first sheet of a workbook."""
    with opened(path, "an .xlsx workbook", CUT):
        content = path.read_bytes()
        check_workbook(path, content, SheetBounds(LARGEST_UNPACKED, MOST_COLUMNS, MOST_CELLS), CUT)
        cells = pd.read_excel(io.BytesIO(content), engine="calamine", header=None, dtype=object, na_filter=False)
        return cells.to_numpy(object)


def _column(path: Path, cells: npt.NDArray[np.object_]) -> statline.Column:
    numbers: dict[str, int] = {}
    texts = (cell if type(cell) is str else _text(path, row, cell) for row, cell in enumerate(cells, start=1))
    index = np.array([numbers.setdefault(text, len(numbers)) for text in texts], dtype=np.int32)
    return statline.Column.of(list(numbers), index)


def _text(path: Path, row: int, cell: object) -> str:
    """A cell as it would stand in a CSV."""
    if isinstance(cell, bool) or not isinstance(cell, str | int | float):
        raise InputError(f"{path}, row {row + 1}", repr(cell), "a text or a number")
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return str(cell).strip()


def _same_codes(table: statline.Table, column: str) -> None:
    """The table gives each area code twice; where they differ, columns or rows have been shuffled."""
    key, code = table.columns[AREA], table.columns[column]
    pairs = np.unique(np.stack([key.index, code.index]), axis=1)
    for one, other in pairs.T:
        if key.texts[one] != code.texts[other]:
            row = int(np.argmax((key.index == one) & (code.index == other)))
            raise table.fault(row, column, f"{key.texts[one]!r} as in column {AREA!r}")


def _check_boundaries(path: Path, codes: set[str], catalogue: Mapping[str, Any]) -> None:
    other = sorted(codes & set(catalogue["other_boundaries"]))
    if other:
        raise InputError(
            path,
            f"{other[0]}, which was no municipality in {catalogue['boundaries']}",
            f"codes of {catalogue['boundaries']}",
            "Say on which boundaries the codes stand.",
        )
