"""What a check is: one methodological question, asked of a training and its backtest, with a plain answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskmodel.forecasting.backtest_record import Record
from riskmodel.forecasting.experiment import Experiment
from riskmodel.forecasting.features import Features, Training, features_of, training_of
from riskmodel.forecasting.origins import Origin
from riskmodel.panel.panel import FloatArray, Panel

Severity = Literal["error", "warning", "info"]
Outcome = Literal["passed", "failed", "not applicable"]


@dataclass(frozen=True)
class Finding:
    """Answer of one check.

    Attributes
    ----------
    code, title : str
        Of the check.
    severity : {"error", "warning", "info"}
        How bad a failure is: a failed error keeps a model from being promoted.
    outcome : {"passed", "failed", "not applicable"}
        What was found.
    message : str
        One sentence with the figures that matter.
    figures : mapping of str to float
        Named numbers for MLflow and the model card.
    """

    code: str
    title: str
    severity: Severity
    outcome: Outcome
    message: str
    figures: Mapping[str, float] = field(default_factory=dict)

    @property
    def line(self) -> str:
        """The finding on one line."""
        shown = self.severity if self.outcome == "failed" else self.outcome
        return f"{self.code} {shown:<14} {self.title}: {self.message}"


@dataclass(frozen=True)
class Stage:
    """What models learn from and forecast from at one origin.

    Attributes
    ----------
    origin : Origin
        The moment.
    training : Training
        Its examples.
    features : Features
        Of the areas with a score at the origin.
    areas : numpy.ndarray of str, shape (rows of features,)
        Codes of these areas.
    """

    origin: Origin
    training: Training
    features: Features
    areas: npt.NDArray[np.str_]


#: Makes the stage of an origin from a panel.
MakeStage = Callable[[Panel, Origin], Stage]


def stage_of(panel: Panel, origin: Origin) -> Stage:
    """Examples and features of an origin, as every model gets them."""
    there = ~np.isnan(panel.at("score", origin.wave))
    features = features_of(panel, origin)
    return Stage(
        origin=origin,
        training=training_of(panel, origin),
        features=Features(features.names, features.values[there]),
        areas=panel.areas[there],
    )


@dataclass(frozen=True)
class Context:
    """What checks look at.

    Attributes
    ----------
    experiment : Experiment
        The question.
    model : str
        Name of the model that is judged.
    panel : Panel
        Everything measured, also what was published after the origins.
    stages : tuple of Stage
        One for a training, one an origin for a backtest, earliest first.
    record : Record, optional
        The backtest of the same model on the same files.
    no_record : str
        Why there is none.
    importance : pandas.DataFrame, optional
        Mean absolute contributions: ``origin_date, feature, value``.
    reseeded : tuple of numpy.ndarray, each of shape (areas,)
        Chances of the event at the last stage from the model itself and from fits with other seeds.
    make_stage : callable
        How the stages were made, so that they can be made again on an altered panel.
    """

    experiment: Experiment
    model: str
    panel: Panel
    stages: tuple[Stage, ...] = ()
    record: Record | None = None
    no_record: str = "there is no backtest yet: riskmodel backtest experiments/NAME.yaml"
    importance: pd.DataFrame | None = None
    reseeded: tuple[FloatArray, ...] = ()
    make_stage: MakeStage = stage_of


class Check(Protocol):
    """A methodological check."""

    code: ClassVar[str]
    title: ClassVar[str]
    severity: ClassVar[Severity]

    def run(self, context: Context) -> Finding:
        """Look, and tell what was found."""
        ...


def passed(check: Check, message: str, figures: Mapping[str, float] | None = None) -> Finding:
    """The finding of a check that holds."""
    return Finding(check.code, check.title, check.severity, "passed", message, figures or {})


def failed(check: Check, message: str, figures: Mapping[str, float] | None = None) -> Finding:
    """The finding of a check that does not hold."""
    return Finding(check.code, check.title, check.severity, "failed", message, figures or {})


def not_applicable(check: Check, reason: str, figures: Mapping[str, float] | None = None) -> Finding:
    """The finding of a check that has nothing to look at."""
    return Finding(check.code, check.title, check.severity, "not applicable", reason, figures or {})


def judged_as(check: Check, holds: bool, message: str, figures: Mapping[str, float]) -> Finding:
    """Passed where it holds, failed where not."""
    return (passed if holds else failed)(check, message, figures)


def listed(names: list[str], shown: int = 3) -> str:
    """The first few names and how many more there are."""
    more = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {more} more" if more > 0 else "")
