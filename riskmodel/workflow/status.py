"""Where a workspace stands in the way from files to a risk list, and what comes next.

Reads names and times of files and one small table, so that the answer is there at once; nothing heavy is imported.
"""

from __future__ import annotations

import json
import os
import shlex
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from riskmodel.forecasting.builtin_experiments import MAIN

State = Literal["done", "next", "again", "later"]

SCORES = "leefbaarometer-3.0"
MARKS: dict[State, str] = {"done": "[x]", "again": "[!]", "next": "[ ]", "later": "[ ]"}


@dataclass(frozen=True)
class Step:
    """One step of the way.

    Attributes
    ----------
    name : str
        ``scores``, ``context``, ``boundaries``, ``backtest``, ``model``, ``forecast``, ``list`` or ``visits``.
    state : {"done", "next", "again", "later"}
        ``again``: it was done, and what it rests on has changed since. ``later``: it can be left out.
    told : str
        What is there, or why it is not.
    command : str
        What does it, or does it again.
    """

    name: str
    state: State
    told: str
    command: str


@dataclass(frozen=True)
class Status:
    """A workspace and its steps, in order.

    Attributes
    ----------
    workspace : Path
        The folder.
    exists : bool
        Whether there is anything in it.
    steps : tuple of Step
        Empty where there is no workspace.
    """

    workspace: Path
    exists: bool
    steps: tuple[Step, ...] = ()

    @property
    def next(self) -> Step | None:
        """The first step that is to be done, or done again."""
        return next((step for step in self.steps if step.state in ("next", "again")), None)

    def as_dict(self) -> dict[str, Any]:
        """The same as plain data."""
        steps = [
            {"name": each.name, "state": each.state, "told": each.told, "command": each.command}
            for each in self.steps
        ]
        following = self.next.command if self.next else None
        return {"workspace": str(self.workspace), "exists": self.exists, "steps": steps, "next": following}


def usual_workspace() -> Path:
    """The workspace that is meant when none is named."""
    return Path(os.environ.get("RISKMODEL_WORKSPACE") or "workspace")


def where_it_is(folder: Path) -> str:
    """Option that names a workspace; nothing for the usual one.

    Examples
    --------
    >>> where_it_is(Path("demo/workspace"))
    ' --workspace demo/workspace'
    """
    return "" if folder == usual_workspace() else f" --workspace {shlex.quote(str(folder))}"


def status_of(folder: Path, option: str = "") -> Status:
    """Where a workspace stands."""
    if not any(folder.glob("observations/*.parquet")):
        return Status(folder, folder.is_dir() and any(folder.iterdir()))
    data = _newest(folder.glob("observations/*.parquet"), folder.glob("boundaries/*.parquet"))
    steps = [*_data_steps(folder), _backtest_step(folder, data), *_forecast_steps(folder, data), *_lists(folder)]
    return Status(folder, True, tuple(_with_option(step, option) for step in steps))


def status_text(status: Status) -> str:
    """The checklist as text, with the next command to type."""
    if not status.steps:
        there = "nothing was ingested into" if status.exists else "there is no folder"
        return "\n".join(
            [
                f"No data yet: {there} {str(status.workspace)!r}.",
                "(Another workspace: --workspace FOLDER, or RISKMODEL_WORKSPACE in the environment.)",
                "",
                "To try it on an invented country:",
                "  riskmodel demo",
                "To start with the official files:",
                "  riskmodel ingest leefbaarometer FILE.csv",
                "All commands:",
                "  riskmodel --help",
            ]
        )
    lines = [f"Workspace {status.workspace}", ""]
    lines += [f"  {MARKS[each.state]} {each.name:<11} {each.told}" for each in status.steps]
    following = status.next
    lines += ["", "Next:", f"  {following.command}"] if following else ["", "Everything is up to date."]
    later = [each.command for each in status.steps if each.state == "later"]
    if later:
        lines += ["May be left out:", *(f"  {command}" for command in later)]
    return "\n".join(lines)


def _data_steps(folder: Path) -> list[Step]:
    held: dict[str, list[str]] = {}
    for path in sorted(folder.glob("observations/*.parquet")):
        source, _, rest = path.stem.partition("_")
        held.setdefault(source, []).append(rest.replace("_", " "))
    scores = held.pop(SCORES, [])
    held.pop("crosswalk", None)
    others = "; ".join(f"{source} ({', '.join(parts)})" for source, parts in held.items())
    polygons = sorted(path.stem for path in folder.glob("boundaries/*.parquet") if "-borders" not in path.name)
    return [
        Step(
            "scores",
            "done" if scores else "next",
            f"Leefbaarometer 3.0, {', '.join(scores)}" if scores else "none of Leefbaarometer 3.0 yet",
            "riskmodel ingest leefbaarometer FILE.csv",
        ),
        Step(
            "context",
            "done" if others else "later",
            others or "none: size of areas is not known, forecasts say less",
            "riskmodel ingest kwb wijk_2016.csv wijk_2022.csv",
        ),
        Step(
            "boundaries",
            "done" if polygons else "later",
            ", ".join(polygons) or "none: no maps, no neighbours",
            "riskmodel ingest boundaries wijk_2022.geojson",
        ),
    ]


def _backtest_step(folder: Path, data: int) -> Step:
    found = _folders(folder / "backtests", "scores.csv")
    older = [path.name for path in found if _newest([path / "scores.csv"]) < data]
    name = older[0] if older else MAIN
    return _step("backtest", [_dated(path, "scores.csv") for path in found], older, f"riskmodel backtest {name}")


def _forecast_steps(folder: Path, data: int) -> list[Step]:
    """Models and forecasts of every experiment that was trained."""
    champions = _champions(folder / "mlflow.db")
    trained = sorted({path.parent.parent.name for path in folder.glob("models/*/[!.]*/release.json")})
    models = [f"{name} {_version(champions.get(name))}".strip() for name in trained]
    told, behind = [], []
    for name in trained:
        newest = _latest(folder / "forecasts" / name)
        if newest is None:
            behind.append(f"{name} has none yet")
        elif _newest([newest / "about.json"]) < data:
            behind.append(f"{name} is older than the data")
        elif name in champions and _read(newest / "about.json").get("release") != champions[name][1]:
            behind.append(f"{name} was made by another model than the champion")
        else:
            told.append(f"{name} {newest.name}")
    state: State = "done" if told and not behind else ("again" if told or "older" in str(behind) else "next")
    return [
        _step("model", models, [], f"riskmodel train {MAIN}"),
        Step("forecast", state, "; ".join([*told, *behind]) or "none yet", "riskmodel forecast"),
    ]


def _lists(folder: Path) -> list[Step]:
    lists = sorted(folder.glob("lists/[!.]*.json"), key=lambda path: path.stat().st_mtime_ns)
    latest = _latest(folder / "forecasts" / "*")
    name = lists[-1].stem if lists else "ID"
    told = [f"{len(lists)}, the newest {name}: {_read(lists[-1]).get('title', '')}"] if lists else []
    older = [name] if lists and latest and _newest(lists) < _newest([latest / "about.json"]) else []
    make = "riskmodel risk-list --municipality NAME --capacity 10 --out lists/NAME"
    visits = sum(1 for _ in folder.glob("outcomes/**/*.parquet"))
    return [
        _step("list", told, older, make),
        Step(
            "visits",
            "done" if visits else "later",
            "recorded" if visits else "none recorded: what was found on the spot",
            f"riskmodel outcomes ingest VISITS.csv --list {name}",
        ),
    ]


def _step(name: str, there: Sequence[str], older: Sequence[str], command: str) -> Step:
    told = "; ".join(there) or "none yet"
    if older:
        told += " (older than what it rests on)"
    return Step(name, "again" if older else ("done" if there else "next"), told, command)


def _with_option(step: Step, option: str) -> Step:
    return Step(step.name, step.state, step.told, f"{step.command}{option}")


def _folders(parent: Path, holding: str) -> list[Path]:
    return sorted(path.parent for path in parent.glob(f"[!.]*/{holding}"))


def _latest(pattern: Path) -> Path | None:
    """The newest forecast in folders that match."""
    found = list(pattern.parent.glob(f"{pattern.name}/[!.]*/about.json"))
    return max(found, key=lambda path: path.stat().st_mtime_ns).parent if found else None


def _newest(*paths: Iterable[Path]) -> int:
    return max((path.stat().st_mtime_ns for each in paths for path in each), default=0)


def _dated(folder: Path, file: str) -> str:
    return f"{folder.name} ({datetime.fromtimestamp((folder / file).stat().st_mtime):%d-%m-%Y %H:%M})"


def _version(champion: tuple[str, str] | None) -> str:
    return f"(champion: version {champion[0]})" if champion else ""


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _champions(store: Path) -> dict[str, tuple[str, str]]:
    """Version and release of each champion, read from MLflow's own tables; nothing where they cannot be read.

    Importing MLflow takes seconds, and the store may be in use: reading it only needs the standard library.
    """
    asked = (
        "SELECT a.name, a.version, t.value FROM registered_model_aliases a JOIN model_version_tags t "
        "ON t.name = a.name AND t.version = a.version WHERE a.alias = 'champion' AND t.key = 'release'"
    )
    if not store.exists():
        return {}
    try:
        with closing(sqlite3.connect(f"file:{store.resolve()}?mode=ro", uri=True, timeout=1)) as database:
            return {str(name): (str(version), str(release)) for name, version, release in database.execute(asked)}
    except sqlite3.Error:
        return {}
