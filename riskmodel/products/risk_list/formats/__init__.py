"""The formats of a risk list, written to one folder: all of them, or none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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

#: Writer of each format, by its extension.
WRITERS: dict[str, Callable[[RiskList, str | Path], None]] = {
    "csv": write_csv,
    "xlsx": write_xlsx,
    "html": write_page,
    "parquet": write_parquet,
    "gpkg": write_geopackage,
    "geojson": write_geojson,
    "pdf": write_list_pdf,
}

#: Formats that are written when none is named: these need nothing beyond the package itself.
DEFAULT = ("csv", "xlsx", "html")
#: Formats with polygons.
GEOGRAPHICAL = ("gpkg", "geojson")
#: Every format.
ALL = "all"

STEM = "risicolijst"


def chosen_formats(names: Sequence[str]) -> tuple[str, ...]:
    """Return the formats that are asked for, after a check that they can be made here."""
    wrong = [name for name in names if name not in WRITERS and name != ALL]
    if wrong:
        raise InputError("--form", repr(wrong[0]), f"one of {', '.join((*WRITERS, ALL))}")
    asked = tuple(WRITERS) if ALL in names else tuple(name for name in WRITERS if name in (names or DEFAULT))
    if any(name in GEOGRAPHICAL for name in asked) and not (find_spec("geopandas") and find_spec("pyogrio")):
        raise InputError(
            "--form",
            f"{_listed(asked)} without the libraries for maps",
            "geopandas and pyogrio in this installation",
            "Install the extra with: pip install 'riskmodel[geo]', or leave these forms out.",
        )
    if "pdf" in asked:
        require_printing()
    return asked


def write_formats(risk_list: RiskList, folder: str | Path, names: Sequence[str] = ()) -> dict[str, Path]:
    """Write a risk list in the formats that are asked for, all of them or none."""
    asked = chosen_formats(names)
    if risk_list.boundaries is None and any(name in GEOGRAPHICAL for name in asked):
        raise InputError(
            "--form",
            f"{_listed(asked)}, but no boundaries of these areas in the workspace",
            "boundaries to draw",
            "Run: riskmodel ingest boundaries FILE, or leave these forms out.",
        )
    target = Path(folder)
    paths = {name: target / f"{STEM}.{name}" for name in asked}
    # Drafts on the same file system, because only there is a rename a single step; and all formats are written
    # before the first rename, so that a failure leaves the previous set together.
    with draft_folder(target) as drafts:
        for name, path in paths.items():
            WRITERS[name](risk_list, drafts / path.name)
        for path in paths.values():
            (drafts / path.name).replace(path)
    return paths


def _listed(asked: Sequence[str]) -> str:
    return " and ".join(name for name in asked if name in GEOGRAPHICAL)
