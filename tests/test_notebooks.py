"""Every notebook runs from top to bottom: on the invented country, and on the official files where they are."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import riskmodel

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

pytestmark = pytest.mark.long
ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "notebooks"
NOTEBOOKS = sorted(path.name for path in FOLDER.glob("0*.ipynb"))


def run(name: str, workspace: Path, folder: Path) -> list[dict]:
    """Run a copy of a notebook; its outputs."""
    for path in FOLDER.glob("*.py"):
        shutil.copy(path, folder / path.name)
    shutil.copytree(ROOT / "experiments", folder.parent / "experiments", dirs_exist_ok=True)
    notebook = nbformat.read(FOLDER / name, 4)
    before = {key: os.environ.get(key) for key in ("RISKMODEL_WORKSPACE", "PYTHONPATH")}
    os.environ |= {"RISKMODEL_WORKSPACE": str(workspace), "PYTHONPATH": str(ROOT)}
    try:
        nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    finally:
        for key, value in before.items():
            os.environ.pop(key) if value is None else os.environ.__setitem__(key, value)
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def looks_right(name: str, outputs: list[dict]) -> None:
    assert not [output for output in outputs if output.get("name") == "stderr"], name
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert pictures, f"{name} shows no picture"


@pytest.fixture(scope="module")
def invented(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Filled by the first notebook, as for a reader."""
    return tmp_path_factory.mktemp("invented") / "workspace"


@pytest.fixture(scope="module")
def official(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = riskmodel.Workspace(tmp_path_factory.mktemp("official") / "workspace")
    scores = real_data / "leefbaarometer-3.0" / "Leefbaarometer-scores wijken 2002-2020.csv"
    riskmodel.ingest_leefbaarometer([scores], workspace)
    riskmodel.ingest_kwb([real_data / "kwb" / name for name in ("wijk_2016.csv", "wijk_2022.csv")], workspace)
    riskmodel.ingest_boundaries(real_data / "kwb" / "wijk_2022.geojson", workspace)
    return workspace.folder


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_on_the_invented_country(name: str, invented: Path, tmp_path: Path) -> None:
    folder = tmp_path / "notebooks"
    folder.mkdir()
    looks_right(name, run(name, invented, folder))


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_on_the_official_files(name: str, official: Path, tmp_path: Path) -> None:
    folder = tmp_path / "notebooks"
    folder.mkdir()
    looks_right(name, run(name, official, folder))


def test_stored_notebooks_contain_no_local_paths_and_were_run_in_order() -> None:
    for name in NOTEBOOKS:
        notebook = nbformat.read(FOLDER / name, 4)
        text = (FOLDER / name).read_text(encoding="utf-8")
        assert not [word for word in ("/tmp/", "/home/", "/root/", "site-packages") if word in text], name
        counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
        assert counts == list(range(1, len(counts) + 1)), f"{name} was not run from top to bottom"
