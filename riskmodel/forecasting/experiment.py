"""An experiment: one question, one YAML file."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, StrictBool, field_validator

from riskmodel.errors import InputError
from riskmodel.forecasting.builtin_experiments import builtin_names
from riskmodel.forecasting.curve import Outputs
from riskmodel.forecasting.groups import Cohort
from riskmodel.forecasting.models import ModelSpec, make
from riskmodel.forecasting.targets import READINGS, Event
from riskmodel.sources.formats.documents import read_yaml
from riskmodel.sources.formats.settings import Expected, Whole, settings

__all__ = ["HOLDOUT", "SIMPLE_KINDS", "Cohort", "Experiment", "load_experiment"]

#: Kinds of models that anybody can follow without a model: the simple orderings, a model's opponents.
SIMPLE_KINDS = ("ordering", "markov")
#: Ending of the name of a model that forecast each province without having learned from it.
HOLDOUT = " (province left out)"
#: Events that products can report: the readings of every forecast, and those read off a threshold or the classes.
MAIN_KINDS = (*(event.kind for event in READINGS.values()), "tipping")


def _checked_name(text: str) -> str:
    if not text or not all(letter.isalnum() or letter in "-_" for letter in text):
        raise InputError("", repr(text), "letters, digits, - and _ only: it names a folder")
    return text


@settings("")
class Experiment:
    """A question and how it is answered."""

    name: Annotated[str, AfterValidator(_checked_name)]
    """Also the name of its backtests and of their experiment in MLflow."""
    question: str
    """In plain Dutch."""
    horizon: Annotated[int, Expected("1 to 20 years", ge=1, le=20)]
    """Years ahead."""
    event: Event
    """What counts as decline."""
    outputs: Outputs
    """Quantiles and thresholds reported; in a file ``quantiles`` and ``thresholds`` are keys of the experiment."""
    cohorts: tuple[Cohort, ...]
    """Groups of areas over which scores are taken."""
    capacity: Annotated[int, Expected("at least 1 area", ge=1, lt=2**31)]
    """Length K of the list that is scored."""
    models: tuple[ModelSpec, ...]
    """All models that are backtested."""
    champion: str
    """Name of the model that ``train`` registers under this alias."""
    challenger: str
    """Name of the model that ``train`` registers under this alias."""
    seed: Whole = 1
    """Seed of the bootstrap."""
    allow_origin: StrictBool = False
    """Whether indicators of the origin of residents may be used. An explicit choice that is recorded in MLflow and
    on every product; by default they are blocked."""
    targets: tuple[Event, ...] = ()
    """Other events that are read off the same forecasts and scored beside it."""

    @field_validator("models", mode="before")
    @classmethod
    def _with_parameters(cls, entries: Any) -> Any:
        """What a file writes beside name and kind of a model are its parameters."""
        return [_model_entry(each) for each in entries] if isinstance(entries, list) else entries

    def __post_init__(self) -> None:
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
        for event, cohort in product(self.events, self.cohorts):
            if cohort.classes.isdisjoint(event.from_classes):
                lowest, highest = event.from_classes[0], event.from_classes[-1]
                expected = f"areas of class {lowest} to {highest} in it, where {event.name!r} can happen"
                raise InputError("cohorts", f"cohort {cohort.name!r}", expected)

    def model_name(self, level: str) -> str:
        """Name of the model that answers it at a level, also in MLflow, for instance ``"change-2y-wijk"``.

        A model that may use indicators of origin has a name of its own, so that it answers no other question.
        """
        return f"change-{self.horizon}y-{level}{'-origin' if self.allow_origin else ''}"

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
        name = name.removesuffix(HOLDOUT)
        roles = dict.fromkeys(self.orderings, "ordering")
        return (roles | {self.challenger: "challenger", self.champion: "champion"}).get(name, "model")

    def model(self, name: str) -> ModelSpec:
        """The model of that name; leaving provinces out makes no other model of it."""
        return next(model for model in self.models if model.name == name.removesuffix(HOLDOUT))


def _model_entry(entry: Any) -> Any:
    if not isinstance(entry, dict):
        return entry
    own = {key: value for key, value in entry.items() if key in ("name", "kind")}
    return {**own, "parameters": {key: value for key, value in entry.items() if key not in own}}


def load_experiment(path: Path) -> Experiment:
    """Read an experiment from YAML."""
    content = read_yaml(
        path,
        "an experiment file",
        f"{', '.join(builtin_names())} come along; your own is a file such as experiments/decline-2y.yaml.",
    )
    if not isinstance(content, dict):
        raise InputError(path, type(content).__name__, "keys and values")
    content["outputs"] = {key: content.pop(key) for key in ("quantiles", "thresholds") if key in content}
    try:
        experiment = Experiment(**{str(key): value for key, value in content.items()})
        for spec in experiment.models:
            make(spec)
    except InputError as error:
        where = error.where.removeprefix("outputs").lstrip(".") or "experiment"
        raise InputError(f"{path}: {where}", error.found, error.expected, error.hint) from error
    except (TypeError, ValueError, OverflowError, AttributeError) as error:
        raise InputError(path, str(error), "values as in experiments/decline-2y.yaml") from error
    return experiment
