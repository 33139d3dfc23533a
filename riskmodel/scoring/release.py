"""A released model: one folder with text files only, never a pickle.

``release.json`` says where the model comes from, ``experiment.yaml`` what it answers, and ``model.json`` (with
``location.txt`` and ``scale.txt`` for trees) is the model itself. Every file's SHA-256 stands in ``release.json``
and is checked before anything is read.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from riskmodel.errors import InputError
from riskmodel.forecasting.experiment import Experiment, load_experiment
from riskmodel.forecasting.models.lightgbm import LightGBM
from riskmodel.forecasting.models.scorecard import Scorecard
from riskmodel.forecasting.origins import Origin
from riskmodel.panel.panel import Panel
from riskmodel.panel.store import draft_folder
from riskmodel.sources.observations import SourceFile

#: Models that can be released.
ReleasedModel = LightGBM | Scorecard
LOADERS: dict[str, type[LightGBM] | type[Scorecard]] = {"lightgbm": LightGBM, "scorecard": Scorecard}

#: Endings of the files of a released model: none of them is read without a fingerprint.
TEXTS = (".json", ".txt", ".yaml")


@dataclass(frozen=True)
class Release:
    """A released model and where it comes from.

    Attributes
    ----------
    id : str
        Name of its folder: model, origin and fingerprint of its files.
    name : str
        Name of the model in its experiment.
    experiment : Experiment
        What it answers.
    model : LightGBM or Scorecard
        The fitted model.
    level, edition : str
        Level and edition it was trained on.
    wave : int
        Wave of the training origin.
    known_at : datetime.date
        Nothing published later was used.
    pairs : tuple of (int, int)
        Waves of the training examples.
    code_version : str
        Version of riskmodel that trained it.
    files : tuple of SourceFile
        Input files behind the panel.
    folder : Path
        Where it stands.
    """

    id: str
    name: str
    experiment: Experiment
    model: ReleasedModel
    level: str
    edition: str
    wave: int
    known_at: date
    pairs: tuple[tuple[int, int], ...]
    code_version: str
    files: tuple[SourceFile, ...]
    folder: Path


def save_release(
    parent: Path,
    name: str,
    model: ReleasedModel,
    experiment_file: Path,
    panel: Panel,
    origin: Origin,
    code: str,
) -> Release:
    """Write a released model under ``parent``; the same model again changes nothing.

    Returns
    -------
    Release
        As read back from disk.
    """
    with draft_folder(parent) as temporary:
        model.save(temporary)
        shutil.copyfile(experiment_file, temporary / "experiment.yaml")
        sums = {path.name: _sha256(path) for path in sorted(temporary.iterdir())}
        about = {
            "name": name,
            "level": panel.level,
            "edition": panel.edition,
            "wave": origin.wave,
            "known_at": origin.known_at.isoformat(),
            "pairs": origin.pairs,
            "code_version": code,
            "files": [[file.name, file.sha256] for file in panel.files],
            "sha256": sums,
        }
        digest = hashlib.sha256(json.dumps([sums, about["files"]]).encode()).hexdigest()[:10]
        folder = parent / f"{name}-{origin.wave}-{digest}"
        if not folder.exists():
            (temporary / "release.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
            temporary.rename(folder)
    return load_release(folder)


def load_release(folder: Path) -> Release:
    """Read a released model after checking every file's fingerprint.

    Raises
    ------
    InputError
        If a file is missing, was changed, or is not what it should be.
    """
    try:
        about = json.loads((folder / "release.json").read_text(encoding="utf-8"))
        changed = [name for name, sum_ in about["sha256"].items() if _sha256(folder / Path(name).name) != sum_]
        changed += sorted(
            path.name
            for path in folder.iterdir()
            if path.suffix in TEXTS and path.name not in {"release.json", *about["sha256"]}
        )
        kind = json.loads((folder / "model.json").read_text(encoding="utf-8"))["kind"]
        files = tuple(SourceFile(name, sum_) for name, sum_ in about["files"])
        pairs = tuple((int(start), int(end)) for start, end in about["pairs"])
        known_at = date.fromisoformat(about["known_at"])
        described = {key: str(about[key]) for key in ("name", "level", "edition", "code_version")}
        wave = int(about["wave"])
    except (OSError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            folder, f"no released model ({error})", "a folder written by 'riskmodel train'"
        ) from error
    if changed:
        raise InputError(folder / changed[0], "a file that was changed or added", "a fingerprint in release.json")
    if kind not in LOADERS:
        raise InputError(folder / "model.json", f"kind {kind!r}", f"one of {sorted(LOADERS)}")
    return Release(
        id=folder.name,
        experiment=load_experiment(folder / "experiment.yaml"),
        model=LOADERS[kind].load(folder),
        wave=wave,
        known_at=known_at,
        pairs=pairs,
        files=files,
        folder=folder,
        **described,
    )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
