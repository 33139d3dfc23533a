"""A points card: a risk that anybody can work out with pencil and paper.

Six things everybody can look up are each cut into bands, and a band is worth a whole number of points. The points
add up to a total of about 0 to 100; a table gives the chance that goes with a total. What is unknown counts as the
band in the middle.

Points come from one logistic regression of falling by more than a threshold on the bands. Its penalty works on the
step from a band to the next, so that a band without evidence of its own gets the points of its neighbour; bands of
equal points become one. The total becomes a distribution of the change by distribution regression. Reference for
scaling a regression to whole points: Sullivan, Massaro and D'Agostino (2004), "Presentation of multivariate data
for clinical use", Statistics in Medicine 23(10).

A worked example, with a small card made up for it:

==============================================  ================  ======
kenmerk                                         waarde            punten
==============================================  ================  ======
aantal inwoners                                 minder dan 200    30
..                                              200 tot 2.000     10
..                                              2.000 of meer     0
verandering van de stand bij de laatste meting  minder dan 0,00   0
..                                              0,00 tot 0,04     20
..                                              0,04 of meer      70
==============================================  ================  ======

A wijk of 150 inhabitants that rose by .02 gets 30 + 20 = 50 points. One of 5,000 inhabitants of which the last
change is not known gets 0 + 20, those of the middle band. Where the log-odds of a fall of more than .05 are
-4 + .04 times the total, the first has a chance of 1 / (1 + exp(4 - .04 * 50)) = 11.9%, the second of 3.9%.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.linear_model import LogisticRegression

from riskmodel.errors import InputError
from riskmodel.forecasting.distribution import ChangeDistribution
from riskmodel.forecasting.features import Features, Training
from riskmodel.forecasting.models.base import standardise
from riskmodel.forecasting.models.distribution_regression import curves_at, fit_ordered_curves, grid_of
from riskmodel.forecasting.models.points_card import QUANTITIES, Card, Part, bands_of
from riskmodel.forecasting.models.saved import SavedModel, names_of, number, numbers, rising
from riskmodel.panel.panel import FloatArray

#: Shares of the training examples below each cut: what is out of the ordinary is most telling.
CUTS_AT = (0.03, 0.2, 0.8, 0.97)
#: Points of the worst band of everything together, before rounding.
MOST = 100
#: Width of the rows of the table of chances.
ROW = 10
#: No band is worth more points than this.
HIGHEST = 10_000
#: What is learned beside the points, by attribute.
ARRAYS = ("grid", "centre", "spread", "intercepts", "slopes", "examples", "fell")


class Points(SavedModel):
    """Whole points per band of a few quantities; the chance of a fall rises with their total."""

    kind = "points"

    def __init__(
        self, features: Sequence[str] = tuple(QUANTITIES), more_than: float = 0.05, strength: float = 0.05
    ) -> None:
        unknown = [name for name in features if name not in QUANTITIES]
        if unknown or not features or len(set(features)) != len(features):
            raise InputError("points", f"features {list(features)}", f"some of {', '.join(QUANTITIES)}, each once")
        if not 0 < more_than < 1 or not strength > 0:
            raise InputError("points", f"more_than {more_than}, strength {strength}", "numbers above 0")
        self.looks_at = tuple(features)
        self.more_than = float(more_than)
        self.strength = float(strength)

    def fit(self, training: Training, thresholds: FloatArray) -> Self:
        """See :class:`~riskmodel.forecasting.models.base.ChangeModel`."""
        self.names = training.features.names
        self._check(training.features)
        fell = training.change < -self.more_than
        bare = [_part(name, training.features.column(name)) for name in self.looks_at]
        steps = np.column_stack([part.band(training.features.column(part.feature)) for part in bare])
        self.parts = _with_points(bare, steps, fell, training.weight, self.strength)
        total = self.total(training.features)
        self.grid = grid_of(training.change, np.append(thresholds, -self.more_than))
        self.centre, self.spread = np.array([np.median(total)]), np.array([np.std(total)])
        self.intercepts, self.slopes = fit_ordered_curves(
            self._scaled(total), training.change, training.weight, self.grid
        )
        row = total // ROW
        rows = self.highest // ROW + 1
        self.examples = np.bincount(row, minlength=rows)
        self.fell = np.bincount(row, weights=fell, minlength=rows).astype(int)
        return self

    def distribution(self, features: Features) -> ChangeDistribution:
        """See :class:`~riskmodel.forecasting.models.base.ChangeModel`."""
        return curves_at(self._scaled(self.total(features)), self.grid, self.intercepts, self.slopes)

    def total(self, features: Features) -> npt.NDArray[np.int_]:
        """Total of points, shape (rows,)."""
        self.check_features(features)
        each = [part.points_of(features.column(part.feature)) for part in self.parts]
        total: npt.NDArray[np.int_] = np.sum(each, axis=0)
        return total

    @property
    def highest(self) -> int:
        """Total of the worst band of everything."""
        return sum(max(part.points) for part in self.parts)

    def chance(self, totals: Sequence[int] | npt.NDArray[np.int_]) -> FloatArray:
        """Chance of falling by more than the card is about, for each total."""
        x = self._scaled(np.asarray(totals))
        points = np.full((len(x), 1), -self.more_than)
        return curves_at(x, self.grid, self.intercepts, self.slopes).cdf(points)[:, 0]

    def card(self) -> Card:
        """The tables with which anybody can work out a chance by hand."""
        totals = np.arange(len(self.examples)) * ROW
        chances = pd.DataFrame(
            {
                "from": totals,
                "to": np.minimum(totals + ROW - 1, self.highest),
                "chance_from": self.chance(totals),
                "chance_to": self.chance(np.minimum(totals + ROW - 1, self.highest)),
                "examples": self.examples,
                "fell": self.fell,
            }
        )
        each = [bands_of(part.feature, part.cuts, part.points, part.middle) for part in self.parts]
        return Card(self.more_than, pd.concat(each, ignore_index=True), chances)

    def as_dict(self) -> dict[str, Any]:
        """Everything learned, fit for JSON."""
        return {
            "features": list(self.names),
            "more_than": self.more_than,
            "strength": self.strength,
            "parts": [vars(part) for part in self.parts],
            **{key: getattr(self, key).tolist() for key in ARRAYS},
        }

    @classmethod
    def from_dict(cls, about: dict[str, Any]) -> Self:
        """The model that :meth:`as_dict` describes."""
        parts = tuple(
            Part(
                str(part["feature"]),
                tuple(numbers(part, "cuts", (None,)).tolist()),
                tuple(numbers(part, "points", (len(part["cuts"]) + 1,), 0, HIGHEST).astype(int).tolist()),
                int(number(part, "middle", 0, len(part["cuts"]))),
            )
            for part in about["parts"]
        )
        if not parts or any((np.diff(part.cuts) <= 0).any() for part in parts):
            raise ValueError("cuts that do not rise")
        looks_at = tuple(part.feature for part in parts)
        model = cls(looks_at, number(about, "more_than"), number(about, "strength", 0.0))
        model.names, model.parts = names_of(about), parts
        if set(looks_at) - set(model.names):
            raise ValueError(f"no feature {min(set(looks_at) - set(model.names))}")
        model.grid = rising(about, "grid")
        points, rows = len(model.grid), len(about["examples"])
        model.centre, model.spread = (numbers(about, key, (1,)) for key in ("centre", "spread"))
        model.intercepts = numbers(about, "intercepts", (points,))
        model.slopes = numbers(about, "slopes", (points, 1))
        model.examples, model.fell = (numbers(about, key, (rows,), 0).astype(int) for key in ("examples", "fell"))
        return model

    def _check(self, features: Features) -> None:
        missing = [name for name in self.looks_at if name not in features.names]
        if missing:
            raise InputError("points", f"no feature {missing[0]!r}", f"one of {', '.join(features.names)}")

    def _scaled(self, total: npt.NDArray[np.int_]) -> FloatArray:
        return standardise(total[:, None].astype(float), self.centre, self.spread)


def _part(feature: str, values: FloatArray) -> Part:
    """The bands of a quantity, cut at quantiles of the training examples; no points yet."""
    quantity = QUANTITIES[feature]
    known = values[~np.isnan(values)]
    cuts: tuple[float, ...] = ()
    middle = 0
    if len(known):
        rounded = quantity.rounded(quantity.to_reader(np.quantile(known, CUTS_AT)))
        # A cut below which or above which nothing lies would make a band without a single example.
        at = quantity.to_feature(rounded)
        cuts = tuple(float(cut) for cut in np.unique(rounded[(at > known.min()) & (at <= known.max())]))
        middle = int(np.searchsorted(quantity.to_feature(np.array(cuts)), np.median(known), side="right"))
    return Part(feature, cuts, (0,) * (len(cuts) + 1), middle)


def _with_points(
    parts: Sequence[Part],
    bands: npt.NDArray[np.intp],
    fell: npt.NDArray[np.bool_],
    weight: FloatArray,
    strength: float,
) -> tuple[Part, ...]:
    """The parts with whole points, from a regression on the steps between bands."""
    reached = [bands[:, [index]] > np.arange(len(part.cuts)) for index, part in enumerate(parts)]
    x = np.concatenate(reached, axis=1).astype(float)
    if not x.shape[1] or fell.all() or not fell.any():
        return tuple(_merged(part, np.zeros(len(part.points))) for part in parts)
    fitted = LogisticRegression(C=strength, solver="newton-cholesky", max_iter=200).fit(x, fell, weight)
    ends = np.cumsum([len(part.cuts) for part in parts])[:-1]
    worth = [np.cumsum([0.0, *steps]) for steps in np.split(fitted.coef_[0], ends)]
    above = [each - each.min() for each in worth]
    most = sum(each.max() for each in above)
    scale = MOST / most if most > 0 else 0.0
    return tuple(_merged(part, np.rint(each * scale)) for part, each in zip(parts, above, strict=True))


def _merged(part: Part, points: FloatArray) -> Part:
    """The part with these points; bands beside each other that are worth the same are one."""
    starts = np.append(True, np.diff(points) != 0)
    return Part(
        part.feature,
        tuple(cut for cut, is_start in zip(part.cuts, starts[1:], strict=True) if is_start),
        tuple(int(each) for each in points[starts]),
        int(np.cumsum(starts)[part.middle]) - 1,
    )
