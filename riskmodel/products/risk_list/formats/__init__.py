"""All forms of a risk list in one folder: each file is there whole, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from riskmodel.errors import InputError
from riskmodel.products.rendering.pdf import require_printing
from riskmodel.products.risk_list.formats.csv import write_csv
from riskmodel.products.risk_list.formats.geo import write_geojson, write_geopackage
from riskmodel.products.risk_list.formats.parquet import write_parquet
from riskmodel.products.risk_list.formats.pdf import write_list_pdf
from riskmodel.products.risk_list.formats.workbook import write_xlsx
from riskmodel.products.risk_list.page.page import write_page
from riskmodel.products.risk_list.risk_list import RiskList
from riskmodel.workspace.atomic import draft_folder

#: The forms, by their extension.
WRITERS: dict[str, Callable[[RiskList, str | Path], None]] = {
    "csv": write_csv,
    "xlsx": write_xlsx,
    "html": write_page,
    "parquet": write_parquet,
    "gpkg": write_geopackage,
    "geojson": write_geojson,
    "pdf": write_list_pdf,
}

#: What is made when no form is named: these need nothing beyond the package itself.
DEFAULT = ("csv", "xlsx", "html")
#: Forms with polygons.
GEOGRAPHICAL = ("gpkg", "geojson")
#: Stands for every form.
ALL = "all"

STEM = "risicolijst"


def chosen_forms(names: Sequence[str]) -> tuple[str, ...]:
    """Which forms are asked for, after a check that they can be made here."""
    wrong = [name for name in names if name not in WRITERS and name != ALL]
    if wrong:
        raise InputError("--form", repr(wrong[0]), f"one of {', '.join((*WRITERS, ALL))}")
    asked = tuple(WRITERS) if ALL in names else tuple(form for form in WRITERS if form in (names or DEFAULT))
    if any(form in GEOGRAPHICAL for form in asked) and not (find_spec("geopandas") and find_spec("pyogrio")):
        raise InputError(
            "--form",
            f"{_listed(asked)} without the libraries for maps",
            "geopandas and pyogrio in this installation",
            "Install the extra with: pip install 'riskmodel[geo]', or leave these forms out.",
        )
    if "pdf" in asked:
        require_printing()
    return asked


def write_forms(risk_list: RiskList, folder: str | Path, forms: Sequence[str] = ()) -> dict[str, Path]:
    """Write a risk list in the forms that are asked for, all of them or none."""
    asked = chosen_forms(forms)
    if risk_list.boundaries is None and any(form in GEOGRAPHICAL for form in asked):
        raise InputError(
            "--form",
            f"{_listed(asked)}, but no boundaries of these areas in the workspace",
            "boundaries to draw",
            "Run: riskmodel ingest boundaries FILE, or leave these forms out.",
        )
    target = Path(folder)
    paths = {form: target / f"{STEM}.{form}" for form in asked}
    _put(risk_list, target, paths)
    return paths


def _put(risk_list: RiskList, target: Path, paths: Mapping[str, Path]) -> None:
    # Beside their places, because only within one file system is a rename a single step; and all forms are
    # written before the first rename, so that a failure leaves the previous set together.
    with draft_folder(target) as drafts:
        for form, path in paths.items():
            WRITERS[form](risk_list, drafts / path.name)
        for path in paths.values():
            (drafts / path.name).replace(path)


def _listed(asked: Sequence[str]) -> str:
    return " and ".join(form for form in asked if form in GEOGRAPHICAL)
