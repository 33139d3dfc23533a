"""``riskmodel reproduce``: make a stored result again and compare it bit by bit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

from riskmodel.errors import InputError, refuse_damage
from riskmodel.forecasting.backtest_record import ABOUT, QUESTION, read_record, write_record
from riskmodel.forecasting.origins import origin_at
from riskmodel.panel.panel import Panel
from riskmodel.products.outcomes.lists import list_json, list_record
from riskmodel.products.risk_list.formats import write_formats
from riskmodel.scoring.release import load_release
from riskmodel.sources.formats.files import sha256_of
from riskmodel.workflow.outcomes import load_list
from riskmodel.workflow.questions import forecast_folder, release_folder, stored_forecast
from riskmodel.workspace.store import Workspace
from riskmodel.workspace.transaction import intact
from riskmodel.workspace.versions import versions

#: Files that are equal to the last bit or not, and notes.
Comparison: TypeAlias = tuple[dict[str, bool], tuple[str, ...]]

#: Keys that are not compared: another version may do other arithmetic, and a note says so.
VERSIONS = ("code_version", "made_with")


@dataclass(frozen=True)
class Reproduction:
    """A result that was made again.

    Attributes
    ----------
    id, kind : str
        ``kind`` is ``"forecast"``, ``"backtest"``, ``"list"`` or ``"model"``.
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
        Its workspace, with what it was made from.
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
    stored = intact(workspace, known[identity])
    kind = stored.relative_to(workspace.folder).parts[0]
    again = {"forecasts": _forecast, "backtests": _backtest, "lists": _list, "models": _model}[kind]
    with TemporaryDirectory() as draft:
        equal, notes = again(workspace, stored, Path(draft))
    same = tuple(name for name in equal if equal[name])
    return Reproduction(identity, kind.removesuffix("s"), same, tuple(n for n in equal if not equal[n]), notes)


def reproducible(workspace: Workspace) -> dict[str, Path]:
    """Everything that can be made again, by its id."""
    patterns = ("forecasts/*/*", "backtests/*", "lists/*.json", "models/*/*")
    found = [path for pattern in patterns for path in sorted(workspace.folder.glob(pattern))]
    return {path.name.removesuffix(".json"): path for path in found if not path.name.startswith(".")}


def _forecast(workspace: Workspace, stored: Path, draft: Path) -> Comparison:
    from riskmodel.workflow.forecast import forecast_with

    about = _read(stored / ABOUT)
    release = load_release(intact(workspace, release_folder(workspace, str(about.get("release")))))
    panel = _panel(workspace, release.level, release.experiment.allow_origin, about.get("inputs"), stored)
    return _compare(stored, draft / forecast_with(release, panel, draft).id)


def _backtest(workspace: Workspace, stored: Path, draft: Path) -> Comparison:
    from riskmodel.forecasting import backtest as backtesting
    from riskmodel.workflow.findings import checked_backtest, write_findings

    record = read_record(stored)
    waves = sorted({forecast.origin_date.year for forecast in record.forecasts})
    settings = {"origins": waves, "leave_out": None, "seeds": 0, **record.settings}
    panel = _panel(workspace, record.level, record.experiment.allow_origin, list(record.inputs), stored)
    done = backtesting.run(
        record.experiment,
        panel,
        settings["origins"],
        leave_out=settings["leave_out"],
        seeds=settings["seeds"],
    )
    again, findings = checked_backtest(done, panel, record.code_version)
    write_record(again, (stored / QUESTION).read_text(encoding="utf-8"), draft)
    write_findings(findings, draft)
    equal, notes = _compare(stored, draft)
    if not record.settings:
        notes += ("its settings were not kept: origins are those of its forecasts, the rest is by default",)
    return equal, notes


def _list(workspace: Workspace, stored: Path, draft: Path) -> Comparison:
    from riskmodel.workflow.risk_list import make_list

    record = load_list(workspace, stored.stem)
    source = intact(workspace, forecast_folder(workspace, record.forecast_id))
    forecast = stored_forecast(workspace, source, record.experiment)
    inputs = _read(source / ABOUT).get("inputs")
    panel = _panel(workspace, record.level, forecast.experiment.allow_origin, inputs, source)
    made = make_list(
        workspace,
        forecast,
        panel,
        record.municipalities,
        record.title,
        record.capacity,
        record.made_on,
        record.audit_share,
    )
    paths = write_formats(made, draft, list(record.forms)) if record.forms else {}
    again = list_record(
        made, record.level, record.municipalities, record.audit_share, record.made_with, record.forms
    )
    then, now = _read(stored), json.loads(list_json(again))
    equal = {stored.name: then == {key: now.get(key) for key in then}}
    equal |= {path.name: sha256_of(path) == record.forms[form] for form, path in paths.items()}
    notes = _other_versions(record.made_with)
    notes += () if paths else ("no fingerprints of its forms were kept: only the list itself was compared",)
    if not all(equal.values()):
        notes += ("forms show the latest backtest and boundaries too: those may be others by now",)
    return equal, notes


def _model(workspace: Workspace, stored: Path, draft: Path) -> Comparison:
    from riskmodel.forecasting.stage import fit, stage_of

    release = load_release(stored)
    inputs = [file.sha256 for file in release.files]
    panel = _panel(workspace, release.level, release.experiment.allow_origin, inputs, stored)
    stage = stage_of(panel, origin_at(panel, release.wave, release.experiment.horizon))
    spec = release.experiment.model(release.name)
    fit(spec, release.experiment, stage.training).save(draft)  # type: ignore[attr-defined]
    equal = {path.name: _equal(path, stored / path.name) for path in sorted(draft.iterdir())}
    now = versions()["riskmodel"]
    notes = () if release.code_version == now else (f"riskmodel {release.code_version} then, {now} now",)
    return equal, (*notes, "its card and pictures describe the model and are not made again")


def _panel(workspace: Workspace, level: str, allow_origin: bool, inputs: Any, stored: Path) -> Panel:
    """The panel, when it is made of the same files."""
    panel = workspace.panel(level, allow_origin=allow_origin)
    now = {file.sha256: file.name for file in panel.files}
    if inputs != list(now):
        gone = [sum_[:12] for sum_ in inputs or [] if sum_ not in now]
        more = [name for sum_, name in now.items() if sum_ not in (inputs or [])]
        raise InputError(
            stored,
            f"a workspace with other input files (not here any more: {', '.join(gone) or 'none'}; "
            f"new: {', '.join(more) or 'none'})",
            "the files that it was made from, in the same order",
            "Make it again in a copy of the workspace of that time, or in a new one with those files.",
        )
    return panel


def _compare(stored: Path, again: Path) -> Comparison:
    """Compare the files of two folders."""
    names = sorted({path.name for folder in (stored, again) for path in folder.iterdir() if path.is_file()})
    equal = {name: _equal(stored / name, again / name) for name in names if name != ABOUT}
    then, now = _read(stored / ABOUT), _read(again / ABOUT)
    # What an earlier version did not write cannot be compared.
    equal[ABOUT] = all(then[key] == now.get(key) for key in then if key not in VERSIONS)
    return equal, _other_versions(then.get("made_with", {}))


def _equal(one: Path, other: Path) -> bool:
    return one.is_file() and other.is_file() and one.read_bytes() == other.read_bytes()


def _other_versions(then: Mapping[str, str]) -> tuple[str, ...]:
    if not then:
        return ("with which versions it was made was not kept",)
    now = versions()
    return tuple(f"{name} {then[name]} then, {now.get(name)} now" for name in then if then[name] != now.get(name))


def _read(path: Path) -> dict[str, Any]:
    with refuse_damage(path, "a damaged file", "what riskmodel wrote"):
        found = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise InputError(path, "a damaged file", "what riskmodel wrote")
    return found
