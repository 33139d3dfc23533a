"""``riskmodel score``: score new data in batch with a released model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from riskmodel.errors import InputError
from riskmodel.scoring.driver_sums import DriverSums, driver_sums
from riskmodel.scoring.engine_local import require
from riskmodel.scoring.release import Release
from riskmodel.scoring.run import ENGINES, MANIFEST, RUN, Engine, Progress, Scored, open_input, run
from riskmodel.workflow.find_release import FEATURES, find_release, is_workspace, write_features
from riskmodel.workspace.folder import Folder
from riskmodel.workspace.lock import only_writer
from riskmodel.workspace.store import Workspace


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
        See :func:`riskmodel.workflow.find_release.find_release`.
    output : Path or str
        A new folder, or one in which the same run was broken off.
    drivers : bool
        Whether to tell the contribution of every driver.
    engine : {"local", "dask", "spark"}
        Where it is done; the result has the same bits.
    workspace : Workspace, optional
        Where models are registered; by default the source where that is one, else ``workspace``.
    keep : sequence of str, optional
        Columns that are carried along; by default ``location`` where it is there.
    progress : callable, optional
        Told rows done and rows in all.

    Returns
    -------
    Scored
        What was written.

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
    place = Workspace(source) if is_workspace(source) else None
    if place is None and not source.exists():
        raise InputError(source, "no such file or folder", "a CSV or Parquet file, a folder, or a workspace")
    release = find_release(str(model), workspace or place or Workspace("workspace"))
    told = _driver_sums(release) if drivers else None
    _refuse_other_folder(output)
    found = open_input(source, release, keep) if place is None else None
    with only_writer(Folder(output), patience=0):
        # It may have been finished while this one looked.
        if (output / MANIFEST).exists():
            raise _finished(output)
        if place is not None:
            found = open_input(write_features(release, place, output), release, keep)
        assert found is not None
        return run(output, release, found, told, engine, progress)


def _driver_sums(release: Release) -> DriverSums:
    told = driver_sums(release.model)
    if told is None:
        raise InputError("--drivers", f"{release.name!r}, a model that cannot tell drivers", "one that can")
    return told


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
