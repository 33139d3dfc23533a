"""What is told where something is not installed: one message, with the command that installs it."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from riskmodel.errors import missing_openmp
from riskmodel.workspace.store import Workspace
from tests.test_command_line import PROGRAM

#: A command, the package that is absent, and what to install. ``W``: a workspace with the scores of the example.
EXTRAS = {
    "serve W": ("fastapi", "riskmodel[web]"),
    "serve W --database postgresql+psycopg://risk@localhost/risk": ("psycopg", "riskmodel[postgres]"),
    "ingest boundaries polygons.geojson W": ("geopandas", "riskmodel[geo]"),
    "score features.csv --model released --output out --engine dask W": ("distributed", "riskmodel[dask]"),
    "score features.csv --model released --output out --engine spark W": ("pyspark", "riskmodel[spark]"),
}


def run(line: str, before: str, workspace: Workspace, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the program after a statement that makes the machine poorer."""
    words = shlex.split(re.sub(r" W\b", f" --workspace {workspace.folder}", line))
    code = PROGRAM.replace("import sys;", f"import sys; {before};")
    return subprocess.run(
        [sys.executable, "-c", code, *words], cwd=folder, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize("line", EXTRAS)
def test_an_extra_that_is_not_installed_is_named(
    line: str, tmp_path: Path, example_workspace: Workspace, released_folder: Path
) -> None:
    package, install = EXTRAS[line]
    (tmp_path / "polygons.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    names = ["deviation", *json.loads((released_folder / "model.json").read_text())["features"]]
    (tmp_path / "features.csv").write_text("\n".join([",".join(names), ",".join("0" for _ in names), ""]))
    (tmp_path / "released").symlink_to(released_folder)
    done = run(line, f"sys.modules['{package}'] = None", example_workspace, tmp_path)
    assert done.returncode == 2, done.stderr
    message = done.stderr.strip().splitlines()
    assert len(message) == 1, done.stderr
    assert install in message[0]
    assert {path.name for path in tmp_path.iterdir()} == {"polygons.geojson", "features.csv", "released"}


@pytest.fixture
def released_folder() -> Path:
    """A released model of the repository."""
    return next((Path(__file__).parents[1] / "models" / "decline-2y").iterdir())


def test_without_openmp_it_is_told_how_to_get_it(tmp_path: Path, example_workspace: Workspace) -> None:
    # What the loader of a bare Debian says to LightGBM.
    (tmp_path / "lightgbm.py").write_text(
        "raise OSError('libgomp.so.1: cannot open shared object file: No such file or directory')\n"
    )
    done = run("forecast W", f"sys.path.insert(0, {str(tmp_path)!r})", example_workspace, tmp_path)
    assert done.returncode == 2
    assert "apt install libgomp1" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert missing_openmp(OSError("libcrypt.so.1: cannot open shared object file")) is None


def test_make_says_at_once_what_the_machine_lacks() -> None:
    script = Path(__file__).parents[1] / "upkeep" / "machine.py"
    assert subprocess.run([sys.executable, script], check=False).returncode == 0
    bare = (
        "import ctypes, importlib.util, runpy, sys\n"
        "def absent(name): raise OSError(name)\n"
        "ctypes.CDLL, importlib.util.find_spec, sys.version_info = absent, lambda name: None, (3, 10)\n"
        f"runpy.run_path({str(script)!r}, run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", bare], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert [words in done.stderr for words in ("3.11 or newer", "python3-venv", "libgomp1")] == [True] * 3
