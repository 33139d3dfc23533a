"""Models behind one interface: ``fit`` on an origin's training examples, then a distribution of the change.

``make(spec)`` turns a line of an experiment into a model.
"""

from __future__ import annotations

from riskmodel.errors import InputError
from riskmodel.forecasting.models.base import ChangeModel, ModelSpec
from riskmodel.forecasting.models.lightgbm import LightGBM
from riskmodel.forecasting.models.markov import Markov
from riskmodel.forecasting.models.ordering import Ordering
from riskmodel.forecasting.models.points import Points
from riskmodel.forecasting.models.scorecard import Scorecard
from riskmodel.forecasting.models.structural import Structural

__all__ = ["ChangeModel", "ModelSpec", "make"]

KINDS: dict[str, type[ChangeModel]] = {
    "ordering": Ordering,
    "markov": Markov,
    "points": Points,
    "scorecard": Scorecard,
    "structural": Structural,
    "lightgbm": LightGBM,
}


def make(spec: ModelSpec) -> ChangeModel:
    """A new, unfitted model."""
    if spec.kind not in KINDS:
        raise InputError(f"model {spec.name!r}", f"kind {spec.kind!r}", f"one of {sorted(KINDS)}")
    try:
        return KINDS[spec.kind](**spec.parameters)
    except TypeError as error:
        raise InputError(f"model {spec.name!r}", str(error), f"parameters of kind {spec.kind!r}") from error
