"""SES-WOA (CBS): socio-economic status of households per municipality, district and neighbourhood.

Two figures are read: the mean score of the households of an area, and how much their scores differ (spread). The
table comes as the open-data service gives it (keys, decimal point) or as the StatLine website saves it
(semicolons, decimal commas, titles in the header, ``2022*`` for a provisional year); ``catalogue/ses_woa.toml``
knows both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from riskmodel.catalogue import load
from riskmodel.errors import InputError
from riskmodel.sources.observations import Observations, require_files
from riskmodel.sources.statline import statline

SOURCE = "ses-woa"
#: A year as the open-data service (2022JJ00) or the website (2022, provisional 2022* and 2022**) writes it.
YEAR = re.compile(r"((?:19|20)[0-9]{2})(?:JJ00|\*{0,2})")


def read_scores(files: Sequence[Path], boundaries: int | None = None) -> list[Observations]:
    """Read SES-WOA tables of one classification of areas.

    Parameters
    ----------
    files : sequence of Path
        CSV files, open data or StatLine.
    boundaries : int, optional
        Boundary vintage of the codes; by default that of the table whose number is in each file's name.

    Returns
    -------
    list of Observations
        One a level, all years, with ``ses_score`` and ``ses_spread``.

    Raises
    ------
    InputError
        On any deviation from the format, an area and year given twice, or tables of different boundaries.
    """
    require_files(files, "at least one SES-WOA table")
    catalogue = load("ses_woa")
    vintages = {path: boundaries or _vintage(path, catalogue["boundaries"]) for path in files}
    first = files[0]
    for path, vintage in vintages.items():
        if vintage != vintages[first]:
            found = f"boundaries of {vintage}"
            hint = "A table on other boundaries gives all years again; read one table."
            raise InputError(path, found, f"{vintages[first]} as in {first.name}", hint)
    parts = [_read_one(path, catalogue) for path in files]
    frame = statline.together(
        [part for part, _ in parts], lambda file, row: parts[file][1].at(row), "every area and year once"
    )
    provisional = sorted(set(frame.loc[frame.pop("provisional"), "year"].tolist()))
    notes = [f"provisional: {', '.join(map(str, provisional))}"] if provisional else []
    return statline.by_level(SOURCE, frame, vintages[first], files, notes)


def _vintage(path: Path, tables: Mapping[str, int]) -> int:
    numbers = [number for number in tables if number in path.name.upper()]
    if len(numbers) != 1:
        raise InputError(
            path,
            f"{len(numbers)} table numbers in the file name",
            f"one of {', '.join(tables)}",
            "Each table stands on boundaries of another year: name the file after the table, or say which year.",
        )
    return int(tables[numbers[0]])


def _read_one(path: Path, catalogue: Mapping[str, Any]) -> tuple[pd.DataFrame, statline.StatLineTable]:
    """Areas of one file by the index of their row, and the table."""
    dialect = _dialect(path, catalogue["dialects"])
    area, period = dialect["area"], dialect["period"]
    table = statline.read(path, [area, period], dialect["columns"])
    table.check(period, YEAR.fullmatch, "a year like 2022JJ00 or 2022")
    chosen = table.are_areas(area)
    if not chosen.any():
        raise InputError(path, "no gemeente, wijk or buurt", "scores per area")
    codes, years = table.column(area).cells(), table.column(period)
    frame = pd.DataFrame(
        {
            "location": codes,
            "name": codes,
            "year": years.each([int(text[:4]) for text in years.texts], np.int32),
            "provisional": years.each(["*" in text for text in years.texts], bool),
        }
    )
    for column, indicator in dialect["columns"].items():
        frame[indicator] = table.numbers(column, *catalogue["range"][indicator])
    return frame[chosen].astype({"location": "str", "name": "str"}), table


def _dialect(path: Path, dialects: Mapping[str, Any]) -> Mapping[str, Any]:
    _, names = statline.header(path)
    for dialect in dialects.values():
        if {dialect["area"], dialect["period"], *dialect["columns"]} <= set(names):
            return dict(dialect)
    known = "; ".join(
        f"{each['label']}: {', '.join([each['area'], *each['columns']])}" for each in dialects.values()
    )
    raise InputError(f"{path}, line 1", f"columns {', '.join(names[:8])[:300]}", f"one of: {known}")
