"""Score an input of any size with a released model: streamed, restartable, and every row accounted for.

``run.json`` is written first and says what is scored with what; each part is written whole; ``manifest.json`` is
written last and closes the folder. A run that was broken off goes on with the parts that are missing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from riskmodel.errors import InputError, damage_told
from riskmodel.locking import only_writer
from riskmodel.panel.store import Workspace
from riskmodel.scoring.drift import DriftCounts, drift_report
from riskmodel.scoring.driver_sums import DriverSums, driver_sums
from riskmodel.scoring.engine_worker import require
from riskmodel.scoring.find import FEATURES, find_release, is_workspace, write_features
from riskmodel.scoring.inputs import Chunk, Source, default_keep, open_source, sha256_of
from riskmodel.scoring.job import DEVIATION, Job, Opened, open_here, versions
from riskmodel.scoring.parts import REJECTS, SCORES, footer_of
from riskmodel.scoring.reference import load_reference
from riskmodel.scoring.release import Release
from riskmodel.scoring.scorer import ANSWERS
from riskmodel.writing import write_atomically

Engine = Literal["local", "dask", "spark"]
ENGINES = ("local", "dask", "spark")
RUN, MANIFEST = "run.json", "manifest.json"
#: Called with rows done and rows in all, those of an earlier start included.
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Scored:
    """A finished run.

    Attributes
    ----------
    folder : Path
        With ``scores``, ``rejects`` where there are any, ``run.json`` and ``manifest.json``.
    release : Release
        The model.
    manifest : dict
        What ``manifest.json`` says: ``totals``, ``parts``, ``drift``.
    """

    folder: Path
    release: Release
    manifest: dict[str, Any]


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
        See :func:`riskmodel.scoring.find.find_release`.
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
    found = _open(source, release, keep) if place is None else None
    with only_writer(Workspace(output), patience=0):
        # It may have been finished while this one looked.
        if (output / MANIFEST).exists():
            raise _finished(output)
        if found is None and place is not None:
            found = _open(write_features(release, place, output), release, keep)
        assert found is not None
        job = Job(
            release=str(release.folder.resolve()),
            root=str(found.root.resolve()),
            output=str(output.resolve()),
            keep=found.keep,
            drivers=drivers,
            how="" if told is None else told.how,
            versions=versions(),
        )
        _write_or_match(output / RUN, _about(release, job, found))
        _remove_drafts(output)
        _run(engine, open_here(job, release, told), found, progress)
        manifest = _manifest(output, release, found.chunks)
        write_atomically(output / MANIFEST, lambda path: _write_json(path, manifest))
    return Scored(output, release, manifest)


def _open(path: Path, release: Release, keep: Sequence[str] | None) -> Source:
    kept = default_keep(path) if keep is None else tuple(dict.fromkeys(keep))
    taken = [name for name in kept if name in ANSWERS or name.startswith("driver_")]
    if taken:
        raise InputError("--keep", repr(taken[0]), "columns that no answer is named after")
    return open_source(path, (DEVIATION, *release.model.names), kept)


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


def _about(release: Release, job: Job, source: Source) -> dict[str, Any]:
    """What decides every byte of the output, and nothing else: not the engine, not where or when."""
    sums = json.loads((release.folder / "release.json").read_text(encoding="utf-8"))["sha256"]
    return {
        "model": {"id": release.id, "experiment": release.experiment.name, "sha256": sums},
        "input": [asdict(file) for file in source.files],
        "settings": {"drivers": job.drivers, "drivers_by": job.how, "keep": list(job.keep)},
        "chunks": [asdict(chunk) for chunk in source.chunks],
        "versions": dict(job.versions),
    }


def _write_or_match(path: Path, about: dict[str, Any]) -> None:
    """Begin a run, or go on with the same one."""
    if not path.exists():
        write_atomically(path, lambda draft: _write_json(draft, about))
        return
    with damage_told(path, "a damaged file", "what riskmodel wrote", "Name another --output."):
        there = json.loads(path.read_text(encoding="utf-8"))
        other = next((key for key in about if there.get(key) != about[key]), None)
    if other is not None:
        raise InputError(
            path,
            f"a run with another {other}: {_short(there.get(other))}",
            _short(about[other]),
            "Go on with what it began with, or name another --output.",
        )


def _short(value: object, longest: int = 160) -> str:
    text = json.dumps(value)
    return text if len(text) <= longest else text[:longest] + " ..."


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _remove_drafts(output: Path) -> None:
    """What a process left that was killed; the lock says that no other one writes here."""
    for folder in (output / SCORES, output / REJECTS):
        for draft in folder.rglob(".*.parquet"):
            draft.unlink(missing_ok=True)


def _run(engine: Engine, opened: Opened, source: Source, progress: Progress | None) -> None:
    job = opened.job
    todo = [chunk for chunk in source.chunks if not (Path(job.output) / SCORES / chunk.part).exists()]
    total = sum(chunk.rows for chunk in source.chunks)
    at = total - sum(chunk.rows for chunk in todo)

    def done(rows: int) -> None:
        nonlocal at
        at += rows
        if progress:
            progress(at, total)

    done(0)
    if engine == "dask":
        from riskmodel.scoring.engine_dask import run_dask

        run_dask(job, todo, done)
    elif engine == "spark":
        from riskmodel.scoring.engine_spark import run_spark

        run_spark(job, todo, done)
    else:
        from riskmodel.scoring.engine_local import run_local

        run_local(opened, todo, done)


def _manifest(output: Path, release: Release, chunks: Sequence[Chunk]) -> dict[str, Any]:
    reference = load_reference(release.folder, release.model.names)
    counts = None if reference is None else DriftCounts.none(len(reference))
    parts: list[dict[str, Any]] = []
    reasons: Counter[str] = Counter()
    for chunk in chunks:
        told = footer_of(output, chunk)
        part = {"part": chunk.part, "rows": chunk.rows, "scored": told["scored"], "rejected": told["rejected"]}
        part["sha256"] = sha256_of(output / SCORES / chunk.part)
        if told["rejected"]:
            part["rejects_sha256"] = sha256_of(output / REJECTS / chunk.part)
        parts.append(part)
        reasons.update(told["reasons"])
        if counts is not None and told["drift"] is not None:
            counts = counts + DriftCounts.from_dict(told["drift"])
    totals = {key: sum(part[key] for part in parts) for key in ("rows", "scored", "rejected")}
    return {
        "model": release.id,
        "totals": {**totals, "reasons": dict(sorted(reasons.items()))},
        "drift": drift_report(reference, counts),
        "parts": parts,
    }
