"""Make something again from the workspace, and hold it against what was kept, bit by bit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from riskmodel.errors import InputError, damage_told
from riskmodel.forecasting.backtest_record import ABOUT, QUESTION, read_record, write_record
from riskmodel.forecasting.forecast import Forecast
from riskmodel.forecasting.forecast_store import load_forecast
from riskmodel.forecasting.origins import origin_at
from riskmodel.panel.panel import Panel
from riskmodel.products.outcomes.lists import list_record, load_list, text_of
from riskmodel.products.risk_list.formats import write_forms
from riskmodel.scoring.release import load_release
from riskmodel.workspace.manifest import sha256_of
from riskmodel.workspace.store import Workspace
from riskmodel.workspace.transaction import intact
from riskmodel.workspace.versions import made_with

#: What is told beside the comparison: another version may do other arithmetic, and says so.
VERSIONS = ("code_version", "made_with")


@dataclass(frozen=True)
class Reproduction:
    """What came of making something again.

    Attributes
    ----------
    id, kind : str
        What it is; ``kind`` is ``"forecast"``, ``"backtest"``, ``"list"`` or ``"model"``.
    same, differs : tuple of str
        Files that are equal to the last bit, and those that are not.
    notes : tuple of str
        Versions that are others now, and what could not be compared.
    """

    id: str
    kind: str
    same: tuple[str, ...]
    differs: tuple[str, ...]
    notes: tuple[str, ...] = ()


def reproduce(workspace: Workspace, identity: str) -> Reproduction:
    """Make a stored forecast, backtest, list or model again and compare it bit by bit.

    Nothing in the workspace is changed.

    Parameters
    ----------
    workspace : Workspace
        Where it is kept, with what it was made from.
    identity : str
        Id of a forecast, a list or a model; for a backtest the name of its experiment.

    Raises
    ------
    InputError
        If there is nothing of that name, it is damaged, or the workspace holds other input files by now.
    """
    known = reproducible(workspace)
    if identity not in known:
        expected = f"one of {', '.join(known)}" if known else "a forecast, backtest, list or model"
        raise InputError(f"reproduce {identity}", "nothing of that name in this workspace", expected)
    place = intact(workspace, known[identity])
    kind = place.relative_to(workspace.folder).parts[0]
    again = {"forecasts": _forecast, "backtests": _backtest, "lists": _list, "models": _model}[kind]
    with TemporaryDirectory() as folder:
        found = again(workspace, place, Path(folder))
    return replace(found, id=identity, kind=kind.removesuffix("s"))


def reproducible(workspace: Workspace) -> dict[str, Path]:
    """Everything that can be made again, by its id."""
    patterns = ("forecasts/*/*", "backtests/*", "lists/*.json", "models/*/*")
    found = [path for pattern in patterns for path in sorted(workspace.folder.glob(pattern))]
    return {path.name.removesuffix(".json"): path for path in found if not path.name.startswith(".")}


def _forecast(workspace: Workspace, place: Path, folder: Path) -> Reproduction:
    from riskmodel.workflow.forecast import forecast_with

    about = _read(place / "about.json")
    release = load_release(
        intact(workspace, workspace.path("models", place.parent.name, str(about.get("release"))))
    )
    panel = _panel(workspace, release.level, release.experiment.allow_origin, about.get("inputs"), place)
    made = forecast_with(release, panel, folder)
    return _compared(place, folder / made.id)


def _backtest(workspace: Workspace, place: Path, folder: Path) -> Reproduction:
    from riskmodel.forecasting import backtest as backtesting
    from riskmodel.workflow.findings import checked_backtest, write_findings

    kept = read_record(place)
    settings = {"origins": _waves(kept.forecasts), "leave_out": None, "seeds": 0, **kept.settings}
    panel = _panel(workspace, kept.level, kept.experiment.allow_origin, list(kept.inputs), place)
    done = backtesting.run(
        kept.experiment,
        panel,
        settings["origins"],
        leave_out=settings["leave_out"],
        seeds=settings["seeds"],
    )
    record, findings = checked_backtest(done, panel, kept.code_version)
    write_record(record, (place / QUESTION).read_text(encoding="utf-8"), folder)
    write_findings(findings, folder)
    found = _compared(place, folder)
    note = "its settings were not kept: origins are those of its forecasts, the rest is by default"
    return found if kept.settings else replace(found, notes=(*found.notes, note))


def _list(workspace: Workspace, place: Path, folder: Path) -> Reproduction:
    from riskmodel.workflow.risk_list import list_of

    kept = load_list(workspace, place.stem)
    source = intact(workspace, workspace.path("forecasts", kept.experiment, kept.forecast_id))
    stored = load_forecast(source)
    inputs = _read(source / "about.json").get("inputs")
    panel = _panel(workspace, kept.level, stored.experiment.allow_origin, inputs, source)
    made = list_of(
        workspace,
        stored,
        panel,
        kept.municipalities,
        kept.title,
        kept.capacity,
        kept.made_on,
        kept.audit_share,
    )
    paths = write_forms(made, folder, list(kept.forms)) if kept.forms else {}
    again = list_record(made, kept.level, kept.municipalities, kept.audit_share, kept.made_with, kept.forms)
    then, now = _read(place), json.loads(text_of(again))
    answers = {place.name: then == {key: now.get(key) for key in then}}
    answers |= {path.name: sha256_of(path) == kept.forms[form] for form, path in paths.items()}
    notes = _other_versions(kept.made_with)
    notes += () if paths else ("no fingerprints of its forms were kept: only the list itself was compared",)
    if not all(answers.values()):
        notes += ("forms show the latest backtest and boundaries too: those may be others by now",)
    return _told(answers, notes)


def _model(workspace: Workspace, place: Path, folder: Path) -> Reproduction:
    from riskmodel.forecasting import backtest as backtesting
    from riskmodel.forecasting.checks import stage_of

    release = load_release(place)
    inputs = [file.sha256 for file in release.files]
    panel = _panel(workspace, release.level, release.experiment.allow_origin, inputs, place)
    stage = stage_of(panel, origin_at(panel, release.wave, release.experiment.horizon))
    spec = release.experiment.model(release.name)
    backtesting.fit(spec, release.experiment, stage.training).save(folder)  # type: ignore[attr-defined]
    answers = {path.name: _equal(path, place / path.name) for path in sorted(folder.iterdir())}
    now = made_with()["riskmodel"]
    notes = () if release.code_version == now else (f"riskmodel {release.code_version} then, {now} now",)
    return _told(answers, (*notes, "its card and pictures describe the model and are not made again"))


def _panel(workspace: Workspace, level: str, allow_origin: bool, inputs: Any, place: Path) -> Panel:
    """The panel, when it is made of the same files."""
    panel = workspace.panel(level, allow_origin=allow_origin)
    now = {file.sha256: file.name for file in panel.files}
    if inputs != list(now):
        gone = [sum_[:12] for sum_ in inputs or [] if sum_ not in now]
        more = [name for sum_, name in now.items() if sum_ not in (inputs or [])]
        raise InputError(
            place,
            f"a workspace with other input files (not here any more: {', '.join(gone) or 'none'}; "
            f"new: {', '.join(more) or 'none'})",
            "the files that it was made from, in the same order",
            "Make it again in a copy of the workspace of that time, or in a new one with those files.",
        )
    return panel


def _compared(place: Path, again: Path) -> Reproduction:
    """Hold a folder against the one that was made again."""
    names = sorted({path.name for folder in (place, again) for path in folder.iterdir() if path.is_file()})
    answers = {name: _equal(place / name, again / name) for name in names if name != ABOUT}
    kept, made = _read(place / ABOUT), _read(again / ABOUT)
    # What an earlier version did not keep cannot be compared.
    told = [key for key in kept if key not in VERSIONS]
    answers[ABOUT] = [kept[key] for key in told] == [made.get(key) for key in told]
    return _told(answers, _other_versions(kept.get("made_with", {})))


def _told(answers: Mapping[str, bool], notes: tuple[str, ...]) -> Reproduction:
    same = tuple(name for name, equal in answers.items() if equal)
    return Reproduction("", "", same, tuple(name for name in answers if name not in same), notes)


def _equal(one: Path, other: Path) -> bool:
    return one.is_file() and other.is_file() and one.read_bytes() == other.read_bytes()


def _other_versions(then: Mapping[str, str]) -> tuple[str, ...]:
    if not then:
        return ("with which versions it was made was not kept",)
    now = made_with()
    return tuple(f"{name} {then[name]} then, {now.get(name)} now" for name in then if then[name] != now.get(name))


def _waves(forecasts: tuple[Forecast, ...]) -> list[int]:
    return sorted({forecast.origin_date.year for forecast in forecasts})


def _read(path: Path) -> dict[str, Any]:
    with damage_told(path, "a damaged file", "what riskmodel wrote"):
        found = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise InputError(path, "a damaged file", "what riskmodel wrote")
    return found
