"""An experiment: one question, one YAML file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from riskmodel.errors import InputError
from riskmodel.forecasting.builtin_experiments import builtin_names
from riskmodel.forecasting.curve import Outputs
from riskmodel.forecasting.groups import LABELS, Cohort
from riskmodel.forecasting.models import ModelSpec, make
from riskmodel.forecasting.targets import Event
from riskmodel.sources.formats.documents import read_yaml
from riskmodel.workspace.safe_text import safe_cell

__all__ = ["LEFT_OUT", "SIMPLE_KINDS", "Cohort", "Experiment", "load_experiment"]

#: Kinds of models that anybody can follow without a model: the simple orderings, a model's opponents.
SIMPLE_KINDS = ("ordering", "markov")
#: Ending of the name of a model that forecast each province without having learned from it.
LEFT_OUT = " (province left out)"
#: Longest name of a model or cohort.
LONGEST_LABEL = 100
#: Events that products can tell about: those read off a threshold or the classes.
MAIN_KINDS = ("fall", "tipping")


@dataclass(frozen=True)
class Experiment:
    """A question and how it is answered.

    Attributes
    ----------
    name : str
        Also the name of the registered model and the MLflow experiment.
    question : str
        In plain Dutch.
    horizon : int
        Years ahead.
    event : Event
        What counts as decline.
    targets : tuple of Event
        Other events that are read off the same forecasts and scored beside it.
    outputs : Outputs
        Quantile levels and thresholds reported.
    cohorts : tuple of Cohort
        Groups of areas over which scores are taken.
    capacity : int
        Length K of the list that is scored.
    models : tuple of ModelSpec
        All models that are backtested.
    champion, challenger : str
        Names of the models that ``train`` registers under these aliases.
    seed : int
        Seed of the bootstrap.
    allow_origin : bool
        Whether indicators of the origin of residents may be used. An explicit choice that is recorded in MLflow
        and on every product; by default they are blocked.
    """

    name: str
    question: str
    horizon: int
    event: Event
    outputs: Outputs
    cohorts: tuple[Cohort, ...]
    capacity: int
    models: tuple[ModelSpec, ...]
    champion: str
    challenger: str
    seed: int = 1
    allow_origin: bool = False
    targets: tuple[Event, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.horizon <= 20:
            raise InputError("horizon", str(self.horizon), "1 to 20 years")
        if self.capacity < 1:
            raise InputError("capacity", str(self.capacity), "at least 1 area")
        names = [model.name for model in self.models]
        if len(set(names)) != len(names) or not names:
            raise InputError("models", f"names {names}", "at least one model, every name once")
        for alias in (self.champion, self.challenger):
            if alias not in names:
                raise InputError("champion or challenger", repr(alias), f"one of {names}")
        if self.event.kind not in MAIN_KINDS:
            expected = f"one of {', '.join(MAIN_KINDS)}"
            raise InputError("event.kind", self.event.kind, expected, "Put it under targets, where it is scored.")
        if self.event.kind == "fall" and -self.event.more_than not in self.outputs.thresholds:
            raise InputError("thresholds", str(self.outputs.thresholds), f"{-self.event.more_than:g} among them")
        for what, each in (("cohorts", self.cohorts), ("event and targets", self.events)):
            found = [one.name for one in each]
            if len(set(found)) != len(found) or not found:
                raise InputError(what, f"names {found}", "at least one, every name once")

    @property
    def events(self) -> tuple[Event, ...]:
        """All events that are scored, the main one first."""
        return (self.event, *self.targets)

    @property
    def orderings(self) -> tuple[str, ...]:
        """Names of the simple orderings, a model's opponents."""
        return tuple(spec.name for spec in self.models if spec.kind in SIMPLE_KINDS)

    def role(self, name: str) -> str:
        """What a model is here: ``champion``, ``challenger``, ``ordering`` or ``model``."""
        name = name.removesuffix(LEFT_OUT)
        roles = dict.fromkeys(self.orderings, "ordering")
        return (roles | {self.challenger: "challenger", self.champion: "champion"}).get(name, "model")

    def model(self, name: str) -> ModelSpec:
        """The model of that name; leaving provinces out makes no other model of it."""
        return next(model for model in self.models if model.name == name.removesuffix(LEFT_OUT))


def load_experiment(path: Path) -> Experiment:
    """Read an experiment from YAML."""
    content = read_yaml(
        path,
        "an experiment file",
        f"{', '.join(builtin_names())} come along; your own is a file such as experiments/decline-2y.yaml.",
    )
    if not isinstance(content, dict):
        raise InputError(path, type(content).__name__, "keys and values")
    try:
        experiment = _experiment(content)
        for spec in experiment.models:
            make(spec)
    except InputError as error:
        raise InputError(f"{path}: {error.where}", error.found, error.expected, error.hint) from error
    except (TypeError, ValueError, OverflowError, AttributeError) as error:
        raise InputError(path, str(error), "values as in experiments/decline-2y.yaml") from error
    return experiment


def _experiment(content: Mapping[str, Any]) -> Experiment:
    _check_keys("experiment", content, [field.name for field in fields(Experiment)] + ["quantiles", "thresholds"])
    models = tuple(
        ModelSpec(
            _label("models", entry["name"]),
            entry["kind"],
            {k: v for k, v in entry.items() if k not in ("name", "kind")},
        )
        for entry in _entries("models", content["models"], ("name", "kind"))
    )
    return Experiment(
        name=_name(content["name"]),
        question=str(content["question"]),
        horizon=_whole("horizon", content["horizon"]),
        event=_event("event", content["event"]),
        outputs=Outputs(
            tuple(float(level) for level in content["quantiles"]),
            tuple(float(point) for point in content["thresholds"]),
        ),
        cohorts=tuple(_cohort(entry) for entry in _entries("cohorts", content["cohorts"], ("name",))),
        capacity=_whole("capacity", content["capacity"]),
        models=models,
        champion=str(content["champion"]),
        challenger=str(content["challenger"]),
        seed=_whole("seed", content.get("seed", 1)),
        allow_origin=_yes(content.get("allow_origin", False)),
        targets=tuple(
            _event("targets", entry) for entry in _entries("targets", content.get("targets", []), ("kind",))
        ),
    )


def _event(where: str, content: Any) -> Event:
    entry = dict(content)
    _check_keys(where, entry, [field.name for field in fields(Event)])
    return Event(**entry)


def _cohort(entry: Mapping[str, Any]) -> Cohort:
    _check_keys("cohort", entry, [field.name for field in fields(Cohort)])
    for key in ("min_inhabitants", "max_inhabitants", "min_class", "max_class"):
        _whole(key, entry.get(key, 0))
    lists = {key: tuple(_texts(key, entry[key])) for key in LABELS if key in entry}
    return Cohort(**{**entry, "name": _label("cohorts", entry["name"]), **lists})


def _texts(key: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise InputError(f"cohort: {key}", repr(value)[:80], f"a list of {', '.join(map(repr, LABELS[key]))}")
    return value


def _check_keys(where: str, content: Mapping[str, Any], allowed: Sequence[str]) -> None:
    unknown = [str(key) for key in content if key not in allowed]
    if unknown:
        raise InputError(where, f"unknown key {unknown[0]!r}", f"keys {', '.join(allowed)}")
    if where == "experiment":
        optional = {"seed", "outputs", "allow_origin", "targets"}
        missing = [key for key in allowed if key not in content and key not in optional]
        if missing:
            raise InputError(where, f"no key {missing[0]!r}", f"keys {', '.join(allowed)}")


def _entries(where: str, content: Any, required: Sequence[str]) -> list[dict[str, Any]]:
    if not isinstance(content, list) or not all(isinstance(entry, dict) for entry in content):
        raise InputError(where, repr(content), "a list of entries")
    for entry in content:
        for key in required:
            if key not in entry:
                raise InputError(where, f"an entry without {key!r}", f"entries with {', '.join(required)}")
    return content


def _whole(key: str, value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise InputError(key, repr(value)[:80], "a whole number")
    return value


def _yes(value: Any) -> bool:
    if not isinstance(value, bool):
        raise InputError("allow_origin", repr(value), "true or false")
    return value


def _label(where: str, name: Any) -> str:
    """A name that stands in tables, pictures and MLflow."""
    text = str(name)
    if not text or len(text) > LONGEST_LABEL or safe_cell(text) != text:
        expected = f"a name of 1 to {LONGEST_LABEL} characters on one line that does not start like a formula"
        raise InputError(where, repr(text)[:80], expected)
    return text


def _name(name: Any) -> str:
    text = str(name)
    if not text or not all(letter.isalnum() or letter in "-_" for letter in text):
        raise InputError("name", repr(name), "letters, digits, - and _ only: it names a folder")
    return text
