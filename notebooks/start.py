"""The workspace of the notebooks: the one that ``RISKMODEL_WORKSPACE`` names, or an invented country.

The invented country is made once, in ``notebooks/example``: its files, a backtest, a champion and a forecast. That
takes about a minute; afterwards every notebook opens it at once.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy as np

import riskmodel
from riskmodel.workflow.example import write_example
from riskmodel.workspace.store import Workspace

# Libraries that miss a widget for their progress bars say so with a path of this machine.
warnings.filterwarnings("ignore", message="IProgress not found")

HERE = Path(__file__).parent
#: The question of the notebooks, and the model that answers it.
EXPERIMENT = HERE.parent / "experiments" / "decline-2y.yaml"
MODEL = "change-2y-wijk"


def workspace() -> Workspace:
    """Open the workspace; make what is missing in it."""
    given = os.environ.get("RISKMODEL_WORKSPACE")
    place = Workspace(given or HERE / "example" / "workspace")
    if not place.path("observations").exists():
        with tempfile.TemporaryDirectory() as folder:
            files = write_example(Path(folder))
            riskmodel.ingest_leefbaarometer([files.leefbaarometer], place)
            riskmodel.ingest_kwb(files.kwb, place)
            # Maps are an extra; without its library the pictures are there without them.
            if find_spec("geopandas") is not None:
                riskmodel.ingest_boundaries(files.boundaries, place)
    if not place.path("backtests", EXPERIMENT.stem).exists():
        riskmodel.backtest(EXPERIMENT, place)
    if not place.path("models", MODEL).exists():
        riskmodel.train(EXPERIMENT, place)
    if not place.path("forecasts", MODEL).exists():
        riskmodel.forecast(place, experiment=EXPERIMENT.stem)
    return place


def a_municipality(place: Workspace) -> str:
    """A municipality to look at: Venlo where it is in the data, else the one with most areas."""
    known, counts = np.unique(place.panel().municipality_codes(), return_counts=True)
    return "GM0983" if "GM0983" in known else str(known[counts.argmax()])
