"""The whole way on an invented country, in one call: files, workspace, backtest, model, forecast and list."""

from __future__ import annotations

import shlex
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
#: Steps of :func:`run_demo`, as they are told while it works.
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
    """What a demonstration made.

    Attributes
    ----------
    workspace : Path
        The workspace.
    municipality : str
        Whom the list is for.
    list : Path
        Its page.
    forms : dict of str to Path
        The list in every form.
    """

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


def demo_text(done: Demo) -> str:
    """Where the list is, and how to look further."""
    place = shlex.quote(str(done.workspace))
    return "\n".join(
        [
            f"A finished risk list of {done.municipality}, an invented municipality:",
            f"  {done.list}",
            "Where this workspace stands, and what comes next:",
            f"  riskmodel status --workspace {place}",
            "The present of the same areas:",
            f"  riskmodel current --workspace {place} --municipality {shlex.quote(done.municipality)}",
        ]
    )
