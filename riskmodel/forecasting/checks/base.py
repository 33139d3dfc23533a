"""What checks of a model look at: a training, its backtest, and the panel behind both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from riskmodel.forecasting.backtest_record import Record
from riskmodel.forecasting.experiment import Experiment
from riskmodel.forecasting.origins import Origin
from riskmodel.forecasting.stage import Stage, stage_of
from riskmodel.panel.panel import FloatArray, Panel
from riskmodel.workspace.findings import Finding, Outcome, Severity

#: Makes the stage of an origin from a panel.
MakeStage = Callable[[Panel, Origin], Stage]


@dataclass(frozen=True)
class Context:
    """What checks look at.

    Attributes
    ----------
    experiment : Experiment
        The question.
    model : str
        Name of the model that is checked.
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


class Verdict(NamedTuple):
    """Answer of a check: the outcome, one sentence with the figures that matter, and these as named numbers."""

    outcome: Outcome
    message: str
    figures: Mapping[str, float]


@dataclass(frozen=True)
class ModelCheck:
    """A methodological question about a model, asked of its training and its backtest."""

    code: str
    title: str
    severity: Severity
    look: Callable[[Context], Verdict]

    def run(self, context: Context) -> Finding:
        """Look, and return what was found."""
        return Finding(self.code, self.title, self.severity, *self.look(context))


def passed_if(holds: bool, message: str, figures: Mapping[str, float]) -> Verdict:
    """Passed where it holds, failed where not."""
    return Verdict("passed" if holds else "failed", message, figures)


def not_applicable(reason: str, figures: Mapping[str, float] | None = None) -> Verdict:
    """Nothing to look at."""
    return Verdict("not applicable", reason, figures or {})


def listed(names: list[str], shown: int = 3) -> str:
    """The first few names and how many more there are."""
    more = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {more} more" if more > 0 else "")
