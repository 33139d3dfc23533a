"""``riskmodel score``: score new data in batch with a released model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from riskmodel.errors import InputError
from riskmodel.forecasting.features import features_of
from riskmodel.forecasting.origins import latest_origin
from riskmodel.scoring.driver_sums import DriverSums, driver_sums
from riskmodel.scoring.engine_local import require
from riskmodel.scoring.job import DEVIATION
from riskmodel.scoring.release import Release, load_release
from riskmodel.scoring.run import ENGINES, MANIFEST, RUN, Engine, Progress, Scored, open_input, run
from riskmodel.workflow.questions import release_folder
from riskmodel.workspace.atomic import write_atomically
from riskmodel.workspace.folder import Folder
from riskmodel.workspace.lock import only_writer
from riskmodel.workspace.store import Workspace

MODELS = "models:/"
#: File with the features of a workspace, beside the scores.
FEATURES = "features.parquet"


def score(
    source: Path | str,
    model: str | Path,
    output: Path | str,
    *,
    drivers: bool = False,
    engine: Engine = "local",
    workspace: Workspace | None = None,
    keep: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> Scored:
    """Score an input with a released model.

    Parameters
    ----------
    source : Path or str
        A CSV or Parquet file or a folder of Parquet files with the model's features and ``deviation``; or a
        workspace, of which the latest wave is scored as ``forecast`` does.
    model : str or Path
        See :func:`find_release`.
    output : Path or str
        A new folder, or one in which the same run was broken off.
    drivers : bool
        Whether to add the contribution of every driver.
    engine : {"local", "dask", "spark"}
        Where it is done; the result has the same bits.
    workspace : Workspace, optional
        Where models are registered; by default the source where that is one, else ``workspace``.
    keep : sequence of str, optional
        Columns that are carried along; by default ``location`` where it is there.
    progress : callable, optional
        Called with rows done and rows in all.

    Returns
    -------
    Scored
        Its folder and manifest.

    Raises
    ------
    InputError
        If something does not fit at the door, the folder holds a finished or another run, or another process is
        writing there.
    """
    source, output = Path(source), Path(output)
    if engine not in ENGINES:
        raise InputError("--engine", repr(engine), f"one of {', '.join(ENGINES)}")
    require(engine)
    if (output / MANIFEST).exists():
        raise _finished(output)
    if source.is_dir() and output.resolve().is_relative_to(source.resolve()) and not is_workspace(source):
        raise InputError("--output", f"{output}, inside the input", "a folder outside it")
    inputs = Workspace(source) if is_workspace(source) else None
    if inputs is None and not source.exists():
        raise InputError(source, "no such file or folder", "a CSV or Parquet file, a folder, or a workspace")
    release = find_release(str(model), workspace or inputs or Workspace("workspace"))
    sums = _driver_sums(release) if drivers else None
    _refuse_other_folder(output)
    found = open_input(source, release, keep) if inputs is None else None
    with only_writer(Folder(output), timeout=0):
        # It may have been finished while this one looked.
        if (output / MANIFEST).exists():
            raise _finished(output)
        if inputs is not None:
            found = open_input(write_features(release, inputs, output), release, keep)
        assert found is not None
        return run(output, release, found, sums, engine, progress)


def _driver_sums(release: Release) -> DriverSums:
    sums = driver_sums(release.model)
    if sums is None:
        raise InputError("--drivers", f"{release.name!r}, a model that cannot tell drivers", "one that can")
    return sums


def _finished(output: Path) -> InputError:
    return InputError(
        output, "a finished run", "a new folder", "Scores are never replaced: name another --output."
    )


def _refuse_other_folder(output: Path) -> None:
    """A folder with files of something else would be mixed up with the scores."""
    if not output.exists() or (output / RUN).exists():
        return
    if not output.is_dir():
        raise InputError(output, "a file", "a folder to write into")
    others = sorted(each.name for each in output.iterdir() if each.name[0] != "." and each.name != FEATURES)
    if others:
        raise InputError(output, f"a folder with {others[0]!r} in it", "a new folder")


def find_release(model: str, workspace: Workspace) -> Release:
    """Find a released model by its folder, its experiment or its address in the registry."""
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
    return load_release(release_folder(workspace, version.release_id))


def is_workspace(path: Path) -> bool:
    """Whether a folder is a workspace, and not one of Parquet files to score."""
    return (path / "observations").is_dir()


def write_features(release: Release, workspace: Workspace, folder: Path) -> Path:
    """Build the features of the latest wave as ``forecast`` does, and write them as input."""
    panel = workspace.panel(release.level, allow_origin=release.experiment.allow_origin)
    origin = latest_origin(panel, release.experiment.horizon)
    features, deviation = features_of(panel, origin), panel.deviation(origin.wave)
    known = ~np.isnan(deviation)
    table = pa.table(
        {
            "location": panel.areas[known],
            DEVIATION: deviation[known],
            **dict(zip(features.names, features.values[known].T.copy(), strict=True)),
        }
    )
    return write_atomically(folder / FEATURES, lambda path: pq.write_table(table, path, compression="zstd"))
