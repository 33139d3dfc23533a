"""Health monitor of RIVM and GGD per neighbourhood, district and municipality (table 50090NED).

One workbook (or CSV) a year as the open-data service gives it: padded codes and figures, ``.`` for a figure that
is withheld, blanks for a topic that was not asked that year. Figures are estimates of a model, in percent of
adults. ``catalogue/rivm.toml`` says which column is which indicator and of which boundaries the codes are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from riskmodel.catalogue import load
from riskmodel.errors import InputError
from riskmodel.sources.formats.archives import SheetBounds
from riskmodel.sources.formats.files import first_bytes
from riskmodel.sources.formats.tables import Cell, as_text
from riskmodel.sources.formats.workbook import read_workbook
from riskmodel.sources.observations import Observations, require_files
from riskmodel.sources.statline import statline

SOURCE = "rivm"
AREA, PERIOD, AGE, MARGIN = "WijkenEnBuurten", "Perioden", "Leeftijd", "Marges"
MUNICIPALITY, CODE = "Gemeentenaam", "Codering"
#: The official workbooks are 26 MB unpacked, with 43 columns and 17,342 rows.
LARGEST_UNPACKED = 300 << 20
MOST_COLUMNS, MOST_CELLS = 78, 7_800_000


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
    require_files(files, "at least one file of the health monitor")
    catalogue = load("rivm")
    parts = [_read_one(path, catalogue, check_boundaries=boundaries is None) for path in files]
    frame = statline.together(parts, lambda file, _: files[file], "every area and year once")
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
    vintage = boundaries or int(catalogue["boundaries"])
    return statline.by_level(SOURCE, frame.drop(columns=never), vintage, files, notes)


def _read_one(path: Path, catalogue: Mapping[str, Any], check_boundaries: bool) -> pd.DataFrame:
    """Areas of one file: ``location, name, year`` and all indicators of the table."""
    table, stems = _open(path, catalogue["columns"])
    chosen = table.are_areas(AREA)
    area = table.column(AREA)
    if CODE in stems:
        _same_codes(table, stems[CODE])
    for name, wanted in ((AGE, catalogue["age"]), (MARGIN, catalogue["margin"])):
        column = table.column(name)
        fits = column.each([text == wanted for text in column.texts], bool)
        if not fits.any():
            found = f"only {', '.join(map(repr, column.texts[:5]))[:200]}"
            raise InputError(f"{path}, column {name!r}", found, repr(wanted))
        chosen &= fits
    if not chosen.any():
        raise InputError(path, "no gemeente, wijk or buurt", "estimates per area")
    if check_boundaries:
        _check_boundaries(path, set(area.texts), catalogue)
    years = table.years(PERIOD, chosen, "a year like 2020JJ00")
    codes = names = area.cells()
    if MUNICIPALITY in stems:
        titles = table.column(stems[MUNICIPALITY]).cells()
        names = np.where(area.each([text.startswith("GM") for text in area.texts], bool), titles, codes)
    values: dict[str, Any] = {"location": codes, "name": names, "year": years}
    for stem, indicator in catalogue["columns"].items():
        values[indicator] = table.numbers(stems[stem], 0.0, 100.0)
    frame = pd.DataFrame(values)[chosen].astype({"location": "str", "name": "str"})
    twice = frame.duplicated(["location", "year"])
    if twice.any():
        raise table.fault(int(twice.index[twice.to_numpy()][0]), AREA, "every area and year once")
    return frame


def _open(path: Path, columns: Mapping[str, str]) -> tuple[statline.StatLineTable, dict[str, str]]:
    """The table in a file, and its columns by name without number."""
    start = first_bytes(path, 8)
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        found = "a workbook with a password or in the format before 2007"
        raise InputError(path, found, "an .xlsx workbook", "Open it and save it again.")
    rows = _first_sheet(path) if start.startswith(b"PK\x03\x04") else None
    names = statline.header(path)[1] if rows is None else [as_text(name) for name in rows[0]]
    stems = statline.by_stem(path, names, [MUNICIPALITY, CODE, *columns])
    wanted = [AGE, MARGIN, AREA, PERIOD]
    numeric = [stems.get(stem, f"{stem}_...") for stem in columns]
    absent = [name for name in (*wanted, *numeric) if name not in names]
    if absent:
        found = f"no column {absent[0]!r} (columns: {', '.join(names[:8])[:300]})"
        hint = "Another edition of the table has other topics; this reader knows 50090NED."
        raise InputError(f"{path}, row 1", found, f"the {len(wanted) + len(numeric)} columns of 50090NED", hint)
    wanted += [stems[stem] for stem in (MUNICIPALITY, CODE) if stem in stems]
    if rows is None:
        return statline.read(path, wanted, numeric), stems
    return statline.from_sheet(path, rows, wanted, numeric), stems


def _first_sheet(path: Path) -> list[list[Cell]]:
    bounds = SheetBounds(LARGEST_UNPACKED, MOST_COLUMNS, MOST_CELLS)
    sheets = read_workbook(path, path.read_bytes(), bounds, "The file may be cut off or protected.")
    rows = next(iter(sheets.values()), [])
    if not rows:
        raise InputError(path, "an empty sheet", "a header line and rows")
    return rows


def _same_codes(table: statline.StatLineTable, column: str) -> None:
    """Refuse a table whose two columns of area codes differ: columns or rows have been shuffled."""
    key, code = table.column(AREA), table.column(column)
    pairs = np.unique(np.stack([key.index, code.index]), axis=1)
    for one, other in pairs.T:
        if key.texts[one] != code.texts[other]:
            row = int(np.argmax((key.index == one) & (code.index == other)))
            raise table.fault(row, column, f"{key.texts[one]!r} as in column {AREA!r}")


def _check_boundaries(path: Path, codes: set[str], catalogue: Mapping[str, Any]) -> None:
    other = sorted(codes & set(catalogue["other_boundaries"]))
    if other:
        found = f"{other[0]}, which was no municipality in {catalogue['boundaries']}"
        expected = f"codes of {catalogue['boundaries']}"
        raise InputError(path, found, expected, "Say on which boundaries the codes stand.")
