"""All forms of a risk list in one folder: each file is there whole, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from riskmodel.products.page import write_page
from riskmodel.products.risk_list import RiskList
from riskmodel.products.table import write_csv
from riskmodel.products.workbook import write_xlsx

#: The forms, by their extension.
WRITERS: dict[str, Callable[[RiskList, str | Path], None]] = {
    "csv": write_csv,
    "xlsx": write_xlsx,
    "html": write_page,
}

STEM = "risicolijst"


def write_forms(risk_list: RiskList, folder: str | Path) -> dict[str, Path]:
    """Write a risk list as table, workbook and page.

    Parameters
    ----------
    risk_list : RiskList
        The list.
    folder : str or pathlib.Path
        Where the files go; made when it is not there.

    Returns
    -------
    dict of str to pathlib.Path
        The path of each form, by ``"csv"``, ``"xlsx"`` and ``"html"``.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    paths = {form: target / f"{STEM}.{form}" for form in WRITERS}
    # Beside the target, because only within one file system is a rename a single step; and all forms
    # are written before the first rename, so that a failure leaves the previous set together.
    with TemporaryDirectory(dir=target, prefix=f".{STEM}-") as drafts:
        for form, write in WRITERS.items():
            write(risk_list, Path(drafts) / paths[form].name)
        for path in paths.values():
            (Path(drafts) / path.name).replace(path)
    return paths
