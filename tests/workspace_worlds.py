"""A small invented workspace with everything in it, for the tests of what survives.

Also writes the workspace of an earlier format that ``tests/test_formats.py`` reads. With the code of that format
(for format 0: ``git worktree add /tmp/format-0/code 99f0755``) on ``PYTHONPATH``:

    cd /tmp/format-0 && PYTHONPATH=code python workspace_worlds.py workspace format-0.tar.xz
"""

from __future__ import annotations

import sys
import tarfile
from datetime import date
from pathlib import Path

import yaml

import riskmodel
from riskmodel.workflow.example import ExampleFiles, write_example
from riskmodel.workflow.outcomes import load_list
from riskmodel.workspace.store import Workspace

AREAS = 100
TOWN = "GM9001"
NAME = "decline-2y"
#: The day on which lists are made, so that their bytes do not depend on it.
DAY = date(2026, 1, 2)
EXPERIMENTS = Path(__file__).parents[1] / "experiments"


def small_question(path: Path, experiments: Path = EXPERIMENTS) -> Path:
    """The two-year question, quick: two models, few trees, one cohort."""
    content = yaml.safe_load((experiments / f"{NAME}.yaml").read_text(encoding="utf-8"))
    content["models"] = [
        {"name": "lightgbm", "kind": "lightgbm", "trees": 10, "min_in_leaf": 20},
        {"name": "last_rise", "kind": "ordering", "feature": "history.change_last", "risk": "high"},
    ]
    content |= {"cohorts": [{"name": "all"}], "challenger": "lightgbm"}
    content.pop("targets", None)
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def invented(folder: Path) -> ExampleFiles:
    """Files of a country of few areas."""
    return write_example(folder, n_areas=AREAS)


def squares(folder: Path, files: ExampleFiles) -> Path:
    """Boundaries of its areas: squares in rows of twenty."""
    import geopandas
    import pandas as pd
    import shapely

    codes = sorted(pd.read_csv(files.leefbaarometer)["wk_code"].unique())
    places = [(120_000 + 500 * (n % 20), 480_000 + 500 * (n // 20)) for n in range(len(codes))]
    shapes = [shapely.box(x, y, x + 500, y + 500) for x, y in places]
    path = folder / "wijken.geojson"
    geopandas.GeoDataFrame({"wk_code": codes}, geometry=shapes, crs=28992).to_file(path, engine="pyogrio")
    return path


def visits(folder: Path, workspace: Workspace) -> Path:
    """What was found in the first area of the list."""
    first = load_list(workspace).areas["location"].iloc[0]
    path = folder / "bezoeken.csv"
    path.write_text(
        f"code;bezocht_op;gevonden;gedaan;door\n{first};{DAY};achteruitgang;;gemeente\n", encoding="utf-8"
    )
    return path


def walk(workspace: Workspace, folder: Path, experiments: Path = EXPERIMENTS) -> None:
    """Everything that a workspace can hold, made once."""
    folder.mkdir(parents=True, exist_ok=True)
    files, question = invented(folder / "files"), small_question(folder / f"{NAME}.yaml", experiments)
    riskmodel.ingest_leefbaarometer([files.leefbaarometer], workspace)
    riskmodel.ingest_kwb(list(files.kwb), workspace)
    riskmodel.ingest_boundaries(squares(folder, files), workspace)
    riskmodel.current(workspace)
    # In this order the model's card has no pictures of a backtest, which would be most of the bytes.
    riskmodel.train(question, workspace)
    riskmodel.backtest(question, workspace, origins=[2018])
    riskmodel.forecast(workspace)
    riskmodel.risk_list(workspace, folder / "list", municipality=[TOWN], capacity=3, made_on=DAY)
    riskmodel.ingest_outcomes(visits(folder, workspace), workspace, today=DAY)


def contents(folder: Path) -> dict[str, bytes]:
    """Bytes of every file of a folder by its path, without what is unfinished."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    }


if __name__ == "__main__":
    place, archive = Path(sys.argv[1]), Path(sys.argv[2])
    walk(Workspace(place), place.parent / "made", Path(riskmodel.__file__).parents[1] / "experiments")
    with tarfile.open(archive, "w:xz") as packed:
        packed.add(
            place,
            arcname="workspace",
            # Nothing reads these pictures; without them the archive is half as large.
            filter=lambda about: None if about.name.endswith("shap_beeswarm.png") else about,
        )
    print(f"{archive}: {archive.stat().st_size:,} bytes")
