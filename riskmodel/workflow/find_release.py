"""Which released model is meant, and where its input comes from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from riskmodel.errors import InputError
from riskmodel.forecasting.features import features_of
from riskmodel.forecasting.origins import latest_origin
from riskmodel.scoring.job import DEVIATION
from riskmodel.scoring.release import Release, load_release
from riskmodel.workspace.atomic import write_atomically
from riskmodel.workspace.store import Workspace

MODELS = "models:/"
#: Features that were built from a workspace, kept beside the scores.
FEATURES = "features.parquet"


def find_release(model: str, workspace: Workspace) -> Release:
    """The released model that is asked for."""
    from riskmodel.workflow.tracking import registry

    if not model.startswith(MODELS):
        folder = Path(model)
        if (folder / "release.json").exists():
            return load_release(folder)
        if folder.is_dir() or len(folder.parts) > 1:
            raise InputError(folder, "no released model", "a folder with a file release.json")
        model = f"{MODELS}{model}@{registry.CHAMPION}"
    name, _, asked = model.removeprefix(MODELS).replace("@", "/").partition("/")
    if not name or not asked:
        raise InputError("--model", repr(model), "models:/NAME@ALIAS or models:/NAME/VERSION")
    version = registry.find_version(workspace, name, asked)
    return load_release(workspace.path("models", name, version.release_id))


def is_workspace(path: Path) -> bool:
    """Whether a folder is a workspace, and not one of Parquet files to score."""
    return (path / "observations").is_dir()


def write_features(release: Release, workspace: Workspace, folder: Path) -> Path:
    """Build the features of the latest wave as ``forecast`` does, and write them as input."""
    panel = workspace.panel(release.level, allow_origin=release.experiment.allow_origin)
    origin = latest_origin(panel, release.experiment.horizon)
    features, deviation = features_of(panel, origin), panel.deviation(origin.wave)
    there = ~np.isnan(deviation)
    table = pa.table(
        {
            "location": panel.areas[there],
            DEVIATION: deviation[there],
            **dict(zip(features.names, features.values[there].T.copy(), strict=True)),
        }
    )
    return write_atomically(folder / FEATURES, lambda path: pq.write_table(table, path, compression="zstd"))
