"""Which model and which forecast answer a question.

A model forecasts the change over one horizon at one level: it is named so (``change-2y-wijk``), and so are its
folders of releases and forecasts and its registered model in MLflow. An experiment asks a question of it.
Workspaces of earlier versions have a model for every experiment, named after it; those are found by that name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

from riskmodel.errors import InputError
from riskmodel.forecasting.backtest_record import QUESTION
from riskmodel.forecasting.builtin_experiments import MAIN, builtin_names, experiment_file
from riskmodel.forecasting.experiment import Experiment, load_experiment
from riskmodel.forecasting.forecast_store import StoredForecast, load_forecast
from riskmodel.forecasting.moment import default_moment, moment_of
from riskmodel.workspace.folder import Folder
from riskmodel.workspace.transaction import intact

#: What is answered where several questions could be and none is named, first choice first.
PREFERRED = (MAIN, "decline-2y")
#: Level of the model that is taken where there are several of one horizon.
FIRST_LEVEL = "wijk"
ABOUT = "about.json"
FORECAST = "Run: riskmodel forecast"


def model_of(workspace: Folder, asked: str) -> str:
    """Name of the model that answers an experiment; a name of a model, or one that is unknown, as it is."""
    question = find_question(workspace, asked)
    there = [] if question is None else _models_for(workspace, question)
    return there[0] if there else asked


def find_question(workspace: Folder, name: str) -> Experiment | None:
    """An experiment by its name: as a model was trained with it, a backtest was made of it, or built in.

    None where nothing has that name.
    """
    stored = [path for path in _files(workspace, f"*/*/{QUESTION}") if _names(path, name)]
    files = [*stored, workspace.path("backtests", name, QUESTION)]
    if name in builtin_names():
        files.append(experiment_file(Path(name)))
    return next((load_experiment(path) for path in files if path.exists()), None)


def questions_of(workspace: Folder, forecast: Path) -> list[str]:
    """Names of what a stored forecast answers: its model's own experiment, and others that were backtested."""
    trained = load_experiment(forecast / QUESTION)
    found = {trained.name}
    # A forecast of an earlier version answers nothing but its own question.
    if forecast.parent.name == trained.name:
        return [trained.name]
    for path in sorted(workspace.path("backtests").glob(f"[!.]*/{QUESTION}")):
        question = load_experiment(path)
        if (question.horizon, question.allow_origin) == (trained.horizon, trained.allow_origin):
            found.add(question.name)
    return in_order(found)


def in_order(names: Iterable[str]) -> list[str]:
    """Names of questions, those of :data:`PREFERRED` first.

    Examples
    --------
    >>> in_order(["decline-4y", "decline-2y", "slide-4y"])
    ['decline-2y', 'decline-4y', 'slide-4y']
    """
    return sorted(names, key=lambda name: (name not in PREFERRED, name != MAIN, name))


def asked_of(trained: Experiment, question: Experiment) -> Experiment:
    """A question, asked of the models of the experiment that they were trained with."""
    if trained.name == question.name:
        return trained
    if (question.horizon, question.allow_origin) != (trained.horizon, trained.allow_origin):
        raise InputError(
            f"experiment {question.name}",
            f"horizon {question.horizon}, allow_origin {question.allow_origin}",
            f"those of the model: horizon {trained.horizon}, allow_origin {trained.allow_origin}",
        )
    own = ("name", "question", "event", "targets", "cohorts", "capacity")
    return replace(trained, **{name: getattr(question, name) for name in own})


def forecast_folder(workspace: Folder, forecast_id: str) -> Path:
    """Folder of a stored forecast by its id."""
    found = list(workspace.path("forecasts").glob(f"[!.]*/{forecast_id}"))
    return found[0] if found else workspace.path("forecasts", forecast_id)


def release_folder(workspace: Folder, release_id: str) -> Path:
    """Folder of a released model by its id."""
    found = list(workspace.path("models").glob(f"[!.]*/{release_id}"))
    return found[0] if found else workspace.path("models", release_id)


def stored_forecast(workspace: Folder, folder: Path, name: str) -> StoredForecast:
    """A stored forecast, asked the question of an experiment."""
    stored = load_forecast(folder)
    question = stored.experiment if stored.experiment.name == name else find_question(workspace, name)
    if question is None:
        raise InputError(f"experiment {name}", "no such experiment", f"one of {questions_of(workspace, folder)}")
    return replace(stored, experiment=asked_of(stored.experiment, question))


def newest_forecast(workspace: Folder, asked: str | None, today: date | None = None) -> StoredForecast:
    """The newest forecast that answers an experiment, asked its question.

    Where none is named: the only model's own question; of several models that ask about sliding, the one whose
    moment lies ahead (see :func:`~riskmodel.forecasting.moment.default_moment`); else one of :data:`PREFERRED`.
    """
    names = forecast_models(workspace)
    if asked is None:
        chosen = _default(workspace, names, today)
        return load_forecast(_newest(workspace, chosen)) if chosen else _refuse(workspace, asked, names)
    model = model_of(workspace, asked)
    if model not in names:
        untrained = find_question(workspace, asked) and not workspace.path("models", model).is_dir()
        return _refuse(workspace, asked, names, f"Run: riskmodel train {asked}" if untrained else FORECAST)
    folder = _newest(workspace, model)
    return load_forecast(folder) if asked == model else stored_forecast(workspace, folder, asked)


def other_horizon(workspace: Folder, stored: StoredForecast) -> StoredForecast | None:
    """The newest forecast of the same event over another number of years, from the same wave; None without."""
    for name in forecast_models(workspace):
        other = load_forecast(_newest(workspace, name))
        same = other.forecast.origin_date == stored.forecast.origin_date and other.level == stored.level
        if same and other.forecast.horizon != stored.forecast.horizon and other.forecast.readings:
            return replace(other, experiment=replace(other.experiment, event=stored.experiment.event))
    return None


def forecast_models(workspace: Folder) -> list[str]:
    """Names of the models with a stored forecast."""
    return sorted({path.parents[1].name for path in workspace.path("forecasts").glob(f"[!.]*/[!.]*/{ABOUT}")})


def _default(workspace: Folder, names: list[str], today: date | None) -> str | None:
    if len(names) < 2:
        return "".join(names) or None
    own = {name: load_forecast(_newest(workspace, name)) for name in names}
    kinds = {stored.experiment.event.kind for stored in own.values()}
    if today is not None and kinds == {"slide"}:
        moments = {
            name: moment_of(stored.forecast.origin_date.year, stored.forecast.horizon, "3.0", today)
            for name, stored in own.items()
        }
        first = default_moment(list(moments.values()))
        return next(name for name, moment in moments.items() if moment == first)
    preferred = (name for wanted in PREFERRED for name in names if wanted in (name, own[name].experiment.name))
    found = next(preferred, None)
    if found is None:
        raise InputError("--experiment", "nothing", f"one of {names}")
    return found


def _refuse(workspace: Folder, asked: str | None, names: list[str], hint: str = FORECAST) -> StoredForecast:
    raise InputError(
        workspace.folder,
        f"no forecast{f' for {asked!r}' if asked else ''}",
        f"one of {names}" if names else "a forecast",
        hint,
    )


def _newest(workspace: Folder, model: str) -> Path:
    found = workspace.path("forecasts", model).glob(f"[!.]*/{ABOUT}")
    return intact(workspace, max(found, key=lambda path: path.stat().st_mtime_ns).parent)


def _models_for(workspace: Folder, question: Experiment) -> list[str]:
    """Models that answer a question, that of the first level first, one of an earlier version last."""
    there = {path.parts[-3] for path in _files(workspace, "*/*/*")}
    levels = [(name, name.split("-")[2]) for name in there if name.count("-") >= 2]
    fitting = [name for name, level in levels if name == question.model_name(level)]
    first = question.model_name(FIRST_LEVEL)
    return [*sorted(fitting, key=lambda name: (name != first, name)), *(there & {question.name})]


def _files(workspace: Folder, pattern: str) -> Iterator[Path]:
    for kind in ("models", "forecasts"):
        yield from sorted(
            path for path in workspace.path(kind).glob(pattern) if not path.parts[-3].startswith(".")
        )


def _names(path: Path, name: str) -> bool:
    """Whether a file of an experiment has that name; cheaper than reading all of it."""
    with path.open(encoding="utf-8") as lines:
        return any(
            line.split("#")[0].strip() in (f"name: {name}", f'name: "{name}"', f"name: '{name}'") for line in lines
        )
