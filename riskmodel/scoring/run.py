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

from riskmodel.errors import InputError, refuse_damage
from riskmodel.scoring.drift import DriftCounts, drift_report
from riskmodel.scoring.driver_sums import DriverSums
from riskmodel.scoring.inputs import Source, default_keep, open_source
from riskmodel.scoring.job import DEVIATION, Job, Opened, open_here, versions
from riskmodel.scoring.parts import REJECTS, SCORES, footer_of
from riskmodel.scoring.reference import load_reference
from riskmodel.scoring.release import Release
from riskmodel.scoring.scorer import answers_of
from riskmodel.sources.formats.files import sha256_of
from riskmodel.workspace.atomic import json_bytes, write_atomically

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
        What ``manifest.json`` says: ``totals``, ``notes``, ``parts``, ``drift``.
    """

    folder: Path
    release: Release
    manifest: dict[str, Any]


def open_input(path: Path, release: Release, keep: Sequence[str] | None) -> Source:
    """Open what is to be scored; columns to keep must not have the name of an answer."""
    carried = default_keep(path) if keep is None else tuple(dict.fromkeys(keep))
    answers = answers_of(release.experiment.event)
    taken = [name for name in carried if name in answers or name.startswith("driver_")]
    if taken:
        raise InputError("--keep", repr(taken[0]), "columns that no answer is named after")
    return open_source(path, (DEVIATION, *release.model.names), carried)


def run(
    output: Path,
    release: Release,
    source: Source,
    sums: DriverSums | None,
    engine: Engine,
    progress: Progress | None,
) -> Scored:
    """Score every chunk that is missing, and close the folder; the caller holds its lock."""
    job = Job(
        release=str(release.folder.resolve()),
        root=str(source.root.resolve()),
        output=str(output.resolve()),
        keep=source.keep,
        drivers=sums is not None,
        how="" if sums is None else sums.how,
        versions=versions(),
    )
    _start_or_resume(output / RUN, _about(release, job, source))
    _remove_drafts(output)
    _run(engine, open_here(job, release, sums), source, progress)
    manifest = _manifest(output, release, source)
    write_atomically(output / MANIFEST, json_bytes(manifest))
    return Scored(output, release, manifest)


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


def _start_or_resume(path: Path, about: dict[str, Any]) -> None:
    """Begin a run, or go on with the same one."""
    if not path.exists():
        write_atomically(path, json_bytes(about))
        return
    with refuse_damage(path, "a damaged file", "what riskmodel wrote", "Name another --output."):
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


def _remove_drafts(output: Path) -> None:
    """Remove what a killed process left; the lock excludes that another one writes here."""
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


def _manifest(output: Path, release: Release, source: Source) -> dict[str, Any]:
    reference = load_reference(release.folder, release.model.names)
    counts = None if reference is None else DriftCounts.none(len(reference))
    parts: list[dict[str, Any]] = []
    reasons: Counter[str] = Counter()
    for chunk in source.chunks:
        footer = footer_of(output, chunk)
        part = {"part": chunk.part, "rows": chunk.rows, "scored": footer["scored"], "rejected": footer["rejected"]}
        part["sha256"] = sha256_of(output / SCORES / chunk.part)
        if footer["rejected"]:
            part["rejects_sha256"] = sha256_of(output / REJECTS / chunk.part)
        parts.append(part)
        reasons.update(footer["reasons"])
        if counts is not None and footer["drift"] is not None:
            counts = counts + DriftCounts.from_dict(footer["drift"])
    totals = {key: sum(part[key] for part in parts) for key in ("rows", "scored", "rejected")}
    return {
        "model": release.id,
        "totals": {**totals, "reasons": dict(sorted(reasons.items()))},
        "notes": list(source.notes),
        "drift": drift_report(reference, counts),
        "parts": parts,
    }
