"""A released model: one folder with text files only, never a pickle.

``release.json`` gives the origin of the model, ``experiment.yaml`` what it answers, and ``model.json`` (with
``location.txt`` and ``scale.txt`` for trees) is the model itself; what describes it, its card, lies beside it. The
SHA-256 of every file is in ``release.json`` and is checked before anything is read.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from riskmodel.errors import InputError, refuse_damage
from riskmodel.forecasting.experiment import Experiment, load_experiment
from riskmodel.forecasting.models.lightgbm import LightGBM
from riskmodel.forecasting.models.points import Points
from riskmodel.forecasting.models.saved import read_about
from riskmodel.forecasting.models.scorecard import Scorecard
from riskmodel.forecasting.models.structural import Structural
from riskmodel.forecasting.origins import Origin
from riskmodel.panel.panel import Panel
from riskmodel.sources.formats.documents import read_json
from riskmodel.sources.formats.files import sha256_of
from riskmodel.sources.observations import SourceFile
from riskmodel.workspace.atomic import draft_folder, json_bytes
from riskmodel.workspace.folder import Folder
from riskmodel.workspace.transaction import put

#: Models that can be released.
ReleasedModel = LightGBM | Structural | Scorecard | Points
LOADERS: dict[str, type[LightGBM] | type[Structural] | type[Scorecard] | type[Points]] = {
    "lightgbm": LightGBM,
    "structural": Structural,
    "scorecard": Scorecard,
    "points": Points,
}

#: Files that describe a model, by name, made when its id is known.
Description = Callable[[str], Mapping[str, bytes]]
WRITTEN = "a folder written by 'riskmodel train'"
#: Endings of the files of a released model: none of them is read without a fingerprint.
TEXTS = (".json", ".txt", ".yaml", ".md", ".png", ".csv")


@dataclass(frozen=True)
class Release:
    """A released model and where it comes from.

    Attributes
    ----------
    id : str
        Name of its folder: model, origin and fingerprint of the model and of its input files.
    name : str
        Name of the model in its experiment.
    experiment : Experiment
        What it answers.
    model : LightGBM, Structural, Scorecard or Points
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
        Its path.
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

    @property
    def model_name(self) -> str:
        """Name under which it is registered: that of the model of its horizon and level."""
        return self.experiment.model_name(self.level)


def save_release(
    parent: Path,
    name: str,
    model: ReleasedModel,
    experiment_file: Path,
    panel: Panel,
    origin: Origin,
    code: str,
    description: Description | None = None,
    workspace: Folder | None = None,
) -> Release:
    """Write a released model under ``parent``; the same model again changes at most its description."""
    with draft_folder(parent) as temporary:
        model.save(temporary)
        shutil.copyfile(experiment_file, temporary / "experiment.yaml")
        files = [[file.name, file.sha256] for file in panel.files]
        own = f"{name}-{origin.wave}-{_digest(_sums(temporary), files)}"
        about = {
            "name": name,
            "level": panel.level,
            "edition": panel.edition,
            "wave": origin.wave,
            "known_at": origin.known_at.isoformat(),
            "pairs": origin.pairs,
            "code_version": code,
            "files": files,
        }
        _finish(temporary, parent / own, about, description(own) if description else {}, workspace)
    return load_release(parent / own)


def describe_release(
    release: Release, description: Mapping[str, bytes], workspace: Folder | None = None
) -> Release:
    """Put another description beside a released model, which itself stays as it is to the byte."""
    about = json.loads((release.folder / "release.json").read_text(encoding="utf-8"))
    with draft_folder(release.folder.parent) as temporary:
        # What a model writes of itself tells which files are the model and which describe it.
        release.model.save(temporary)
        for path in [*temporary.iterdir(), temporary / "experiment.yaml"]:
            shutil.copyfile(release.folder / path.name, path)
        digest = _digest(_sums(temporary), about["files"])
        if not release.id.endswith(digest):
            raise InputError(
                release.folder, "a folder renamed or put together by hand", f"a name ending in {digest}"
            )
        _finish(temporary, release.folder, about, description, workspace)
    return load_release(release.folder)


def _finish(
    draft: Path,
    folder: Path,
    about: Mapping[str, object],
    description: Mapping[str, bytes],
    workspace: Folder | None,
) -> None:
    """Add description and fingerprints to a draft and publish it, unless the same is there already."""
    for name, content in description.items():
        (draft / name).write_bytes(content)
    whole = {**about, "sha256": _sums(draft)}
    if not _holds(folder, whole["sha256"]):
        (draft / "release.json").write_bytes(json_bytes(whole, indent=2))
        put(workspace, {draft: folder})


def _digest(sums: Mapping[str, str], files: object) -> str:
    """Ending of a model's id: of the files of the model itself and of its input files."""
    return hashlib.sha256(json.dumps([sums, files]).encode()).hexdigest()[:10]


def _sums(folder: Path) -> dict[str, str]:
    return {path.name: sha256_of(path) for path in sorted(folder.iterdir())}


def _holds(folder: Path, sums: object) -> bool:
    """Whether a folder is a release of exactly these files."""
    try:
        return bool(json.loads((folder / "release.json").read_text(encoding="utf-8"))["sha256"] == sums)
    except (OSError, KeyError, TypeError, ValueError):
        return False


def load_release(folder: Path) -> Release:
    """Read a released model after checking every file's fingerprint."""
    about, kind = read_json(folder / "release.json", WRITTEN), read_about(folder).get("kind")
    with refuse_damage(folder, "no released model", WRITTEN):
        changed = [name for name, sum_ in about["sha256"].items() if sha256_of(folder / Path(name).name) != sum_]
        changed += sorted(
            path.name
            for path in folder.iterdir()
            if path.suffix in TEXTS and path.name not in {"release.json", *about["sha256"]}
        )
        files = tuple(SourceFile(name, sum_) for name, sum_ in about["files"])
        pairs = tuple((int(start), int(end)) for start, end in about["pairs"])
        known_at = date.fromisoformat(about["known_at"])
        described = {key: str(about[key]) for key in ("name", "level", "edition", "code_version")}
        wave = int(about["wave"])
    if changed:
        raise InputError(folder / changed[0], "a file that was changed or added", "a fingerprint in release.json")
    if not isinstance(kind, str) or kind not in LOADERS:
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
