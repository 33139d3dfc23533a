"""``riskmodel demo``: all steps on an invented country: files, workspace, backtest, model, forecast and list."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from riskmodel.errors import InputError
from riskmodel.forecasting.builtin_experiments import MAIN, experiment_file
from riskmodel.workflow.backtest import backtest
from riskmodel.workflow.example import municipalities, write_example
from riskmodel.workflow.forecast import forecast
from riskmodel.workflow.ingest import ingest_boundaries, ingest_kwb, ingest_leefbaarometer
from riskmodel.workflow.risk_list import risk_list
from riskmodel.workflow.train import train
from riskmodel.workspace.store import Workspace

CAPACITY = 10
#: Steps of :func:`run_demo`, for its progress bar.
STEPS = (
    "inventing a country",
    "reading its files",
    "looking back: how good would forecasts have been",
    "training the model",
    "forecasting",
    "making the list",
)


@dataclass(frozen=True)
class Demo:
    """A finished demonstration: its workspace and municipality, the page of its list, and all forms of it."""

    workspace: Path
    municipality: str
    list: Path
    forms: dict[str, Path]


def run_demo(
    folder: Path, *, areas: int = 1200, progress: Callable[[str, int, int], None] = lambda what, step, steps: None
) -> Demo:
    """Go from invented files to a finished risk list."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            folder, "something that is there already", "a new folder", "Name another: riskmodel demo FOLDER"
        )
    workspace, question = Workspace(folder / "workspace"), experiment_file(Path(MAIN))
    municipality = str(municipalities()["name"].iloc[0])

    def at(step: int) -> None:
        progress(STEPS[step], step, len(STEPS))

    at(0)
    files = write_example(folder / "files", n_areas=areas)
    at(1)
    ingest_leefbaarometer([files.leefbaarometer], workspace)
    ingest_kwb(files.kwb, workspace)
    # Maps are an extra; without its library the list has everything but a map.
    if find_spec("geopandas") is not None:
        ingest_boundaries(files.boundaries, workspace)
    at(2)
    backtest(question, workspace)
    at(3)
    train(question, workspace)
    at(4)
    forecast(workspace, experiment=MAIN)
    at(5)
    _, forms = risk_list(workspace, folder / "list", municipality=[municipality], capacity=CAPACITY)
    return Demo(workspace.folder, municipality, forms["html"], forms)
