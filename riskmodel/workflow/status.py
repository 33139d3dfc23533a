"""``riskmodel status``: the steps from files to a risk list that a workspace has taken, and the next one.

Reads names and times of files and one small table, so that the answer is there at once; imports nothing heavy.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from riskmodel.forecasting.builtin_experiments import MAIN
from riskmodel.workspace.mlflow_store import champions

State = Literal["done", "next", "again", "later"]

SCORES = "leefbaarometer-3.0"


@dataclass(frozen=True)
class Step:
    """One step.

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
        """Plain data, for JSON."""
        following = self.next.command if self.next else None
        return {
            "workspace": str(self.workspace),
            "exists": self.exists,
            "steps": [asdict(step) for step in self.steps],
            "next": following,
        }


def default_workspace() -> Path:
    """The workspace that is meant when none is named."""
    return Path(os.environ.get("RISKMODEL_WORKSPACE") or "workspace")


def workspace_option(folder: Path) -> str:
    """Option that names a workspace; empty for the usual one.

    Examples
    --------
    >>> workspace_option(Path("demo/workspace"))
    ' --workspace demo/workspace'
    """
    return "" if folder == default_workspace() else f" --workspace {shlex.quote(str(folder))}"


def status_of(folder: Path, option: str = "") -> Status:
    """Status of a workspace; every command ends with an option."""
    observations = sorted(folder.glob("observations/*.parquet"))
    if not observations:
        return Status(folder, folder.is_dir() and any(folder.iterdir()))
    boundaries = sorted(folder.glob("boundaries/*.parquet"))
    data = _newest([*observations, *boundaries])
    steps = [
        *_data_steps(observations, boundaries),
        _backtest_step(folder, data),
        *_forecast_steps(folder, data),
        *_list_steps(folder),
    ]
    return Status(folder, True, tuple(replace(step, command=f"{step.command}{option}") for step in steps))


def _data_steps(observations: Sequence[Path], boundaries: Sequence[Path]) -> list[Step]:
    stored: dict[str, list[str]] = {}
    for path in observations:
        source, _, rest = path.stem.partition("_")
        stored.setdefault(source, []).append(rest.replace("_", " "))
    scores = stored.pop(SCORES, [])
    stored.pop("crosswalk", None)
    others = "; ".join(f"{source} ({', '.join(parts)})" for source, parts in stored.items())
    polygons = ", ".join(path.stem for path in boundaries if "-borders" not in path.name)
    return [
        Step(
            "scores",
            "done" if scores else "next",
            f"Leefbaarometer 3.0, {', '.join(scores)}" if scores else "none of Leefbaarometer 3.0 yet",
            "riskmodel ingest leefbaarometer FILE.csv",
        ),
        _optional(
            "context",
            others,
            "none: size of areas is not known, forecasts say less",
            "riskmodel ingest kwb wijk_2016.csv wijk_2022.csv",
        ),
        _optional(
            "boundaries", polygons, "none: no maps, no neighbours", "riskmodel ingest boundaries wijk_2022.geojson"
        ),
    ]


def _backtest_step(folder: Path, data: int) -> Step:
    found = sorted(folder.glob("backtests/[!.]*/scores.csv"))
    older = [path.parent.name for path in found if _newest([path]) < data]
    dated = [
        f"{path.parent.name} ({datetime.fromtimestamp(path.stat().st_mtime):%d-%m-%Y %H:%M})" for path in found
    ]
    return _step("backtest", dated, older, f"riskmodel backtest {older[0] if older else MAIN}")


def _forecast_steps(folder: Path, data: int) -> list[Step]:
    """Models and forecasts of every experiment that was trained."""
    known = champions(folder)
    trained = sorted({path.parent.parent.name for path in folder.glob("models/*/[!.]*/release.json")})
    models = [f"{name} (champion: version {known[name][0]})" if name in known else name for name in trained]
    current, behind = [], []
    for name in trained:
        newest = _latest_forecast(folder, name)
        if newest is None:
            behind.append(f"{name} has none yet")
        elif _newest([newest]) < data:
            behind.append(f"{name} is older than the data")
        elif name in known and _read(newest).get("release") != known[name][1]:
            behind.append(f"{name} was made by another model than the champion")
        else:
            current.append(f"{name} {newest.parent.name}")
    state: State = "done" if current and not behind else "again" if current or "older" in str(behind) else "next"
    return [
        _step("model", models, [], f"riskmodel train {MAIN}"),
        Step("forecast", state, "; ".join([*current, *behind]) or "none yet", "riskmodel forecast"),
    ]


def _list_steps(folder: Path) -> list[Step]:
    lists = sorted(folder.glob("lists/[!.]*.json"), key=lambda path: path.stat().st_mtime_ns)
    latest = _latest_forecast(folder, "*")
    name = lists[-1].stem if lists else "ID"
    there = [f"{len(lists)}, the newest {name}: {_read(lists[-1]).get('title', '')}"] if lists else []
    older = [name] if lists and latest and _newest(lists) < _newest([latest]) else []
    return [
        _step("list", there, older, "riskmodel risk-list --municipality NAME --capacity 10 --out lists/NAME"),
        _optional(
            "visits",
            "recorded" if any(folder.glob("outcomes/**/*.parquet")) else "",
            "none recorded: what was found on the spot",
            f"riskmodel outcomes ingest VISITS.csv --list {name}",
        ),
    ]


def _step(name: str, there: Sequence[str], older: Sequence[str], command: str) -> Step:
    text = "; ".join(there) or "none yet"
    if older:
        return Step(name, "again", f"{text} (older than what it rests on)", command)
    return Step(name, "done" if there else "next", text, command)


def _optional(name: str, there: str, absent: str, command: str) -> Step:
    return Step(name, "done" if there else "later", there or absent, command)


def _latest_forecast(folder: Path, experiment: str) -> Path | None:
    """Description of the newest forecast of experiments that match a pattern."""
    found = folder.glob(f"forecasts/{experiment}/[!.]*/about.json")
    return max(found, key=lambda path: path.stat().st_mtime_ns, default=None)


def _newest(paths: Iterable[Path]) -> int:
    return max((path.stat().st_mtime_ns for path in paths), default=0)


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
