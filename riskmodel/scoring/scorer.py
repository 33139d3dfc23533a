"""Scoring of feature values by a released model: the same numbers for one row or many."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskmodel.catalogue import class_scheme
from riskmodel.forecasting.features import Features
from riskmodel.panel.panel import FloatArray
from riskmodel.scoring.driver_sums import DriverSums
from riskmodel.scoring.release import Release

#: Answers of every model for a row.
ANSWERS = ("p_decline", "expected_change", "lower80", "upper80")
#: Levels of the 80% interval.
INTERVAL = np.array([0.1, 0.9])


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
        """Names of the answers: chance, expected change, interval, and drivers where they are asked for."""
        labels = () if self.drivers is None else ("base", *self.drivers.names)
        return (*ANSWERS, *(f"driver_{name}" for name in labels))

    def __call__(self, values: FloatArray, deviation: FloatArray) -> dict[str, FloatArray]:
        """Score rows."""
        model, event = self.release.model, self.release.experiment.event
        # A value far out of reach overflows; that row has no number then, which is looked for afterwards.
        with np.errstate(over="ignore", invalid="ignore"):
            distribution = model.distribution(Features(model.names, values))
        if event.kind == "tipping":
            points = class_scheme(self.release.edition).cuts[event.to_class - 1] - deviation
        else:
            points = np.full(len(values), -event.more_than)
        lower, upper = distribution.quantiles(INTERVAL).T
        chance = distribution.cdf(points[:, None])[:, 0]
        answers = dict(zip(ANSWERS, (chance, distribution.mean(), lower, upper), strict=True))
        if self.drivers is not None:
            sums = self.drivers.sums(values)
            answers["driver_base"] = sums[:, -1]
            answers |= {f"driver_{name}": sums[:, column] for column, name in enumerate(self.drivers.names)}
        return answers
