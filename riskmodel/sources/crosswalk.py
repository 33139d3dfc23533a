"""Links between area codes of different boundary vintages, weighted by addresses.

The table lists, for every pair of years, the areas whose code changed or that were split or merged, with the
number of addresses that moved from one code to the other. Other areas have the same code in both years.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from riskmodel.sources.formats import delimited
from riskmodel.sources.formats.rows import cell_of, lines, refuse
from riskmodel.sources.observations import SourceFile

COLUMNS = ("level", "year_from", "year_to", "code_from", "code_to", "addresses")
FIRST_YEAR, LAST_YEAR = 1995, 2049
PREFIX = {"wijk": "WK", "gemeente": "GM"}
WIDTH = {"wijk": 6, "gemeente": 4}


def read_links(path: Path) -> tuple[pd.DataFrame, SourceFile]:
    """Read a table of links.

    Parameters
    ----------
    path : Path
        CSV with columns :data:`COLUMNS`; codes without their ``WK`` or ``GM``.

    Returns
    -------
    pandas.DataFrame
        The same columns, codes with their prefix, ``addresses`` as float.
    SourceFile
        The file's fingerprint.

    Raises
    ------
    InputError
        If a level, code or number is not as expected.
    """
    numeric = ["year_from", "year_to", "addresses"]
    frame = delimited.read(path, list(COLUMNS), numeric).to_pandas()
    levels = frame["level"]
    refuse(~levels.isin(list(PREFIX)), lines(path, "level"), cell_of(levels), f"{list(PREFIX)}")
    for column in ("code_from", "code_to"):
        codes = frame[column]
        wrong = ~codes.str.fullmatch(r"[0-9]{4}[0-9A-Z]*") | (codes.str.len() != levels.map(WIDTH))
        expected = "a code of 4 or 6 characters such as 0344 or 034401"
        refuse(wrong, lines(path, column), cell_of(codes), expected)
        frame[column] = levels.map(PREFIX) + codes
    bad = ~(frame[numeric] >= 0).all(axis=1)
    refuse(bad, lines(path), "a missing or negative number", f"{numeric} of 0 or more")
    years = frame[["year_from", "year_to"]]
    odd = ~((years % 1 == 0) & (years >= FIRST_YEAR) & (years <= LAST_YEAR)).all(axis=1)

    def found(row: int) -> str:
        return f"years {' and '.join(f'{value:g}' for value in years.iloc[row])}"

    refuse(odd, lines(path), found, "years such as 2016 and 2022")
    return frame.astype({"year_from": "int32", "year_to": "int32"}), SourceFile.of(path)
