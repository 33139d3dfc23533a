"""Links between area codes of different boundary vintages, weighted by addresses.

The table lists, for every pair of years, the areas whose code changed or that were split or merged, with the
number of addresses that moved from one code to the other. Areas that are not listed kept their code.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from riskmodel.errors import InputError
from riskmodel.sources.formats import delimited
from riskmodel.sources.observations import SourceFile

COLUMNS = ("level", "year_from", "year_to", "code_from", "code_to", "addresses")
FIRST_YEAR, LAST_YEAR = 1995, 2049
PREFIX = {"wijk": ("WK", 6), "gemeente": ("GM", 4)}


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
    unknown = ~frame["level"].isin(list(PREFIX))
    if unknown.any():
        row = int(np.argmax(unknown.to_numpy()))
        raise InputError(
            f"{path}, line {row + 2}, column 'level'", repr(frame["level"].iloc[row]), f"{list(PREFIX)}"
        )
    for column in ("code_from", "code_to"):
        prefix = frame["level"].map({level: letters for level, (letters, _) in PREFIX.items()})
        width = frame["level"].map({level: digits for level, (_, digits) in PREFIX.items()})
        wrong = ~frame[column].str.fullmatch(r"[0-9]{4}[0-9A-Z]*") | (frame[column].str.len() != width)
        if wrong.any():
            row = int(np.argmax(wrong.to_numpy()))
            raise InputError(
                f"{path}, line {row + 2}, column {column!r}",
                repr(frame[column].iloc[row]),
                "a code of 4 or 6 characters such as 0344 or 034401",
            )
        frame[column] = prefix + frame[column]
    bad = ~(frame[numeric] >= 0).all(axis=1)
    if bad.any():
        row = int(np.argmax(bad.to_numpy()))
        raise InputError(f"{path}, line {row + 2}", "a missing or negative number", f"{numeric} of 0 or more")
    years = frame[["year_from", "year_to"]]
    odd = ~((years % 1 == 0) & (years >= FIRST_YEAR) & (years <= LAST_YEAR)).all(axis=1)
    if odd.any():
        row = int(np.argmax(odd.to_numpy()))
        found = " and ".join(f"{value:g}" for value in years.iloc[row])
        raise InputError(f"{path}, line {row + 2}", f"years {found}", "years such as 2016 and 2022")
    return frame.astype({"year_from": "int32", "year_to": "int32"}), SourceFile.of(path)
