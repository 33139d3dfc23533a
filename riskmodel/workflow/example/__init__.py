"""An invented country in the published file formats, for trying, teaching and testing.

No real municipality and no figure of a real area is in it; names of wijken are put together from everyday
words. It does copy the statistical behaviour of the real wijk panel, so that a method which only works on easy
data does not look good here either: noise that grows as areas get smaller, rises that are partly undone at the
next wave, heavy tails, and a small part of decline that can be forecast from history.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from riskmodel.errors import InputError
from riskmodel.workflow.example.country import draw_country, municipalities, trajectories
from riskmodel.workflow.example.map import write_map
from riskmodel.workflow.example.tables import kwb_2016, kwb_2022, leefbaarometer

__all__ = ["ExampleFiles", "municipalities", "write_example"]

# Two digits of a wijk code count the wijken of a municipality; the largest one has 1.15 times the mean.
MAX_AREAS = 3400


@dataclass(frozen=True)
class ExampleFiles:
    """Files of an invented country.

    Attributes
    ----------
    leefbaarometer : Path
        Scores per wijk, 2002-2020, in the format of the Leefbaarometer 3.0 open data.
    kwb : tuple of Path
        Kerncijfers wijken en buurten of 2016 and of 2022, in this order.
    boundaries : Path
        Polygons of the areas.
    """

    leefbaarometer: Path
    kwb: tuple[Path, Path]
    boundaries: Path


def write_example(folder: Path, *, n_areas: int = 1200, seed: int = 1) -> ExampleFiles:
    """Write an invented country as four files in the formats the publishers use."""
    if not 1 <= n_areas <= MAX_AREAS:
        raise InputError("n_areas", str(n_areas), f"1 to {MAX_AREAS}")
    rng = np.random.default_rng(seed)
    country = draw_country(rng, n_areas, np.random.default_rng([seed, 1]))
    scores = trajectories(rng, country)
    folder.mkdir(parents=True, exist_ok=True)
    files = ExampleFiles(
        leefbaarometer=folder / "Voorbeeld Leefbaarometer-scores wijken 2002-2020.csv",
        kwb=(folder / "voorbeeld_wijk_2016.csv", folder / "voorbeeld_wijk_2022.csv"),
        boundaries=folder / "voorbeeld_wijk_2022.geojson",
    )
    plain: dict[str, Any] = {"index": False, "lineterminator": "\n"}
    leefbaarometer(rng, country, scores).to_csv(files.leefbaarometer, **plain, na_rep="NA")
    kwb_2016(rng, country).to_csv(files.kwb[0], **plain)
    text = kwb_2022(rng, country).to_csv(None, **plain, na_rep="NA", quoting=csv.QUOTE_NONNUMERIC)
    # The publisher quotes text but not NA; the standard library cannot tell these apart.
    files.kwb[1].write_text(text.replace('"NA"', "NA"), encoding="utf-8", newline="\n")
    land = country.land.astype(np.float64)
    write_map(files.boundaries, list(country.code), list(country.name), land, np.random.default_rng([seed, 2]))
    return files
