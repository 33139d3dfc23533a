"""Scoring of feature values by a released model: the same numbers for one row or many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskmodel.catalogue import class_scheme
from riskmodel.forecasting.distribution import ChangeDistribution
from riskmodel.forecasting.features import Features
from riskmodel.forecasting.stage import readings_of
from riskmodel.forecasting.targets import READINGS, Event
from riskmodel.panel.panel import FloatArray
from riskmodel.scoring.driver_sums import DriverSums
from riskmodel.scoring.release import Release

#: Answers of every model for a row, besides chances.
NUMBERS = ("expected_change", "lower80", "upper80")
#: Chances that a row has no number for where the event cannot happen, as a recovery of what is not weak.
MAY_BE_EMPTY = frozenset(f"p_{name}" for name, event in READINGS.items() if len(event.from_classes) < 9)
#: Levels of the 80% interval.
INTERVAL = np.array([0.1, 0.9])


def answers_of(event: Event) -> tuple[str, ...]:
    """Names of what a model answers besides drivers: every reading, or the one chance it was trained to answer."""
    asked = tuple(READINGS) if event.kind in READINGS else ("decline",)
    return (*(f"p_{name}" for name in asked), *NUMBERS)


@dataclass(frozen=True)
class Scorer:
    """A released model, ready to score.

    A row's numbers do not depend on the rows beside it, so any division into batches gives the same bits.

    Attributes
    ----------
    release : Release
        The model.
    drivers : DriverSums, optional
        Sums of its drivers; None leaves them out.
    """

    release: Release
    drivers: DriverSums | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the answers: chances, expected change, interval, and drivers where they are asked for."""
        labels = () if self.drivers is None else ("base", *self.drivers.names)
        return (*answers_of(self.release.experiment.event), *(f"driver_{name}" for name in labels))

    def __call__(self, values: FloatArray, deviation: FloatArray) -> dict[str, FloatArray]:
        """Score rows."""
        model = self.release.model
        # A value far out of reach overflows; that row has no number then, which is looked for afterwards.
        with np.errstate(over="ignore", invalid="ignore"):
            distribution = model.distribution(Features(model.names, values))
        answers = self._chances(distribution, deviation)
        answers |= zip(NUMBERS, (distribution.mean(), *distribution.quantiles(INTERVAL).T), strict=True)
        if self.drivers is not None:
            sums = self.drivers.sums(values)
            answers["driver_base"] = sums[:, -1]
            answers |= {f"driver_{name}": sums[:, column] for column, name in enumerate(self.drivers.names)}
        return answers

    def _chances(self, distribution: ChangeDistribution, deviation: FloatArray) -> dict[str, FloatArray]:
        event, scheme = self.release.experiment.event, class_scheme(self.release.edition)
        if event.kind in READINGS:
            chances = readings_of(distribution, deviation, scheme)
            return {f"p_{name}": chance for name, chance in chances.items()}
        return {"p_decline": distribution.cdf(event.limits_at(deviation, scheme)[:, None])[:, 0]}
